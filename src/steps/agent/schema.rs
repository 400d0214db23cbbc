//! What a model is told of the type that is asked for: a JSON schema.

use serde_json::{Map, Value as Json, json};
use wf_model::types::Type;

/// The name of the only property where an answer is no record: a model is asked for an object in any case.
pub(super) const ONLY: &str = "value";

/// A type as a JSON schema whose root is an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) json: Json,
    /// Whether an endpoint can hold a model to it: every object in it has known properties only.
    pub(super) strict: bool,
}

impl Schema {
    /// The schema for a type; `None` where text as it is is asked for.
    pub(super) fn of(type_: &Type) -> Option<Self> {
        if is_text(type_) {
            return None;
        }
        let mut strict = true;
        let inner = schema(type_, &mut strict);
        let json = if matches!(type_, Type::Record(_)) { inner } else { object([(ONLY, inner)]) };
        Some(Self { json, strict })
    }
}

/// Whether any text is an answer.
pub(super) fn is_text(type_: &Type) -> bool {
    matches!(type_.required(), Type::String | Type::Path | Type::Url | Type::Secret)
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let properties: Map<String, Json> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn schema(type_: &Type, strict: &mut bool) -> Json {
    match type_ {
        Type::String | Type::Secret => json!({ "type": "string" }),
        Type::Path => json!({ "type": "string", "description": "a path" }),
        Type::Url => json!({ "type": "string", "description": "a URL" }),
        Type::Int => json!({ "type": "integer" }),
        Type::Float => json!({ "type": "number" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Duration => json!({ "type": "string", "description": "a span of time such as 90s, 5m or 1h30m" }),
        Type::Size => json!({ "type": "string", "description": "a number of bytes such as 512KB, 64MB or 2GB" }),
        Type::Union(members) => json!({ "type": "string", "enum": members.iter().map(|member| &**member).collect::<Vec<_>>() }),
        Type::List(element) => json!({ "type": "array", "items": schema(element, strict) }),
        Type::Record(fields) => {
            object(fields.iter().map(|field| (&*field.name, schema(&field.type_, strict))).collect::<Vec<_>>())
        }
        Type::Optional(inner) => json!({ "anyOf": [schema(inner, strict), { "type": "null" }] }),
        Type::Map(element) => {
            *strict = false;
            json!({ "type": "object", "additionalProperties": schema(element, strict) })
        }
        Type::Json | Type::Unknown | Type::Never | Type::Channel => {
            *strict = false;
            json!({})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;
    use serde_json::json;
    use wf_model::types::Type;

    #[test]
    fn records_are_objects_with_all_their_fields() {
        let type_ = Type::record([
            ("severity", Type::union(["low", "high"])),
            ("lines", Type::list(Type::Int)),
            ("note", Type::optional(Type::String)),
        ]);
        let schema = Schema::of(&type_).unwrap();
        let expected = json!({
            "type": "object",
            "properties": {
                "severity": { "type": "string", "enum": ["low", "high"] },
                "lines": { "type": "array", "items": { "type": "integer" } },
                "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            },
            "required": ["severity", "lines", "note"],
            "additionalProperties": false,
        });
        assert_eq!((schema.json, schema.strict), (expected, true));
    }

    #[test]
    fn what_is_no_record_stands_in_an_object() {
        let schema = Schema::of(&Type::Bool).unwrap();
        assert_eq!(schema.json["properties"], json!({ "value": { "type": "boolean" } }));
        assert!(!Schema::of(&Type::map(Type::Int)).unwrap().strict && !Schema::of(&Type::Json).unwrap().strict);
        for type_ in [Type::String, Type::Secret, Type::optional(Type::Url)] {
            assert_eq!(Schema::of(&type_), None);
        }
    }
}
