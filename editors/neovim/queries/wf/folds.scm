[
  (body)
  (record)
  (list)
  (string)
  (arguments)
] @fold
