((comment) @injection.content
  (#set! injection.language "comment"))

; The shell of a step, of its undo, of a check: `${…}` in it is ours, and shows through.
((step
  kind: (callee) @_kind
  main: (string (content) @injection.content))
  (#eq? @_kind "shell")
  (#set! injection.language "bash")
  (#set! injection.combined))

((undo
  kind: (callee) @_kind
  main: (string (content) @injection.content))
  (#eq? @_kind "shell")
  (#set! injection.language "bash")
  (#set! injection.combined))

((on_unknown
  kind: (callee) @_kind
  main: (string (content) @injection.content))
  (#eq? @_kind "shell")
  (#set! injection.language "bash")
  (#set! injection.combined))

((attribute
  name: (identifier) @_name
  value: (string (content) @injection.content))
  (#eq? @_name "run")
  (#set! injection.language "bash")
  (#set! injection.combined))

; What other kinds run.
((step
  kind: (callee) @_kind
  main: (string (content) @injection.content))
  (#eq? @_kind "sql")
  (#set! injection.language "sql")
  (#set! injection.combined))

((step
  kind: (callee) @injection.language
  body: (body
    (attribute
      name: (identifier) @_name
      value: (string (content) @injection.content))))
  (#any-of? @injection.language "python" "javascript")
  (#eq? @_name "code")
  (#set! injection.combined))

((step
  kind: (callee) @injection.language
  main: (string (content) @injection.content))
  (#any-of? @injection.language "python" "javascript")
  (#set! injection.combined))

((attribute
  name: (identifier) @_name
  value: (string (content) @injection.content))
  (#eq? @_name "query")
  (#set! injection.language "sql")
  (#set! injection.combined))
