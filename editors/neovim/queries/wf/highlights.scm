; Later patterns win.

(identifier) @variable

[
  (comment)
  (doc_comment)
] @comment

(comment) @spell
(doc_comment) @comment.documentation

; ------------------------------------------------------------------------------------------------------------------ words

[
  "use" "as" "type" "workflow" "test" "param" "secret" "let" "output" "from" "env" "file" "command" "where"
  "step" "depends" "on" "nothing" "when" "if" "then" "else" "stage" "parallel" "wait" "all" "any" "first" "max"
  "for" "each" "in" "repeat" "until" "times" "pause" "rollback" "manually" "to" "checkpoint"
  "timeout" "estimate" "retry" "backoff" "within" "expect" "reads" "only" "no" "undo" "failure" "continue" "fail" "fast"
  "cache" "inputs" "outputs" "key" "lock" "skip" "unknown" "rerun" "done" "ask" "check"
  "or" "cancel" "success" "finally" "trigger" "catch" "up" "signed" "by" "timezone" "overlap" "settle" "with"
  "run" "mock" "succeeds" "fails" "out" "crashes" "gives" "after"
] @keyword

(commit) @keyword

(binary operator: [ "and" "or" "not" "in" "contains" "matches" ] @keyword.operator)
(unary "not" @keyword.operator)

[
  "=" "==" "!=" "<" "<=" ">" ">=" "&&" "||" "??" ".." "+" "-" "*" "/" "%" "!" "->" "|" "?"
] @operator

[ "{" "}" "[" "]" "(" ")" ] @punctuation.bracket
[ "," ":" "." "?." ] @punctuation.delimiter

; ------------------------------------------------------------------------------------------------------------------ names

(workflow name: (identifier) @function)
(run workflow: (identifier) @function)
(callee (identifier) @function.call)
(call function: (identifier) @function.builtin)
(member field: (identifier) @function.method arguments: (arguments))
(member field: (identifier) @variable.member !arguments)
(attribute name: (identifier) @property)
(pair key: (identifier) @property)
(type_field name: (identifier) @property)
(param name: (identifier) @variable.parameter)
(module (identifier) @module)
(use alias: (identifier) @module)
(use name: (identifier) @function)
(type_declaration name: (identifier) @type.definition)
(named_type (identifier) @type)
(map_type key: (identifier) @type)
(checkpoint name: (identifier) @label)
(rollback to: (identifier) @label)
(trigger kind: (identifier) @function.call)

; --------------------------------------------------------------------------------------------------------------- literals

[ (integer) (duration) (size) (percent) ] @number
(float) @number.float
(constant) @constant.builtin
((constant) @boolean
  (#any-of? @boolean "true" "false"))
(string) @string
(pair key: (string) @property)
[ (escape) (block_escape) ] @string.escape
(interpolation [ "${" "}" ] @punctuation.special) @none
