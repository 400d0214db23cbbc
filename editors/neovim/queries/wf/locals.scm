[ (workflow) (test) (body) ] @local.scope

(step name: (identifier) @local.definition.var)
(let name: (identifier) @local.definition.var)
(param name: (identifier) @local.definition.parameter)
(secret name: (identifier) @local.definition.var)
(iterator item: (identifier) @local.definition.var)
(iterator index: (identifier) @local.definition.var)
(workflow name: (identifier) @local.definition.function)

(identifier) @local.reference
