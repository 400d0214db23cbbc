[
  (body)
  (record)
  (record_type)
  (list)
  (arguments)
  (parenthesised)
] @indent.begin

[ "}" "]" ")" ] @indent.branch @indent.end

(string) @indent.auto
(comment) @indent.auto
