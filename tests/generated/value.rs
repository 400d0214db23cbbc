//! Values that somebody gives to a run, and whether values are what their types say.

use super::program::Writer;
use wf_model::types::Type;
use wf_model::value::{Value, fits_form};

impl Writer<'_> {
    /// A value that somebody gives.
    pub(super) fn value(&mut self, type_: &Type) -> Value {
        const INTS: [i64; 7] = [0, 1, 2, -1, 3, i64::MAX, i64::MIN];
        const TEXTS: [&str; 8] = ["", "a", "a,b", "12", " b\nc", "[1, {\"a\": 2}]", "$(exit 7)", "ä.5 'q' \"r\""];
        match type_ {
            Type::Int => Value::Int(self.tape().pick(&INTS)),
            Type::Float => Value::Float(self.tape().pick(&[0.0, 0.5, -1.5, 1e300, 3.0])),
            Type::Bool => Value::Bool(self.tape().percent(50)),
            Type::String => Value::string(self.tape().pick(&TEXTS)),
            Type::Path => Value::string(self.tape().pick(&["/a/b.txt", "/", "/x/.y"])),
            Type::Url => Value::string("https://example.com/a"),
            Type::Union(members) => Value::String(members[self.tape().below(members.len())].clone()),
            Type::Duration => Value::Duration(wf_model::unit::Duration { milliseconds: self.tape().pick(&INTS) }),
            Type::Size => Value::Size(wf_model::unit::Size { bytes: self.tape().pick(&INTS) }),
            Type::Json => match self.tape().below(4) {
                0 => Value::Null,
                1 => Value::list([Value::Int(1), Value::string("x")]),
                2 => Value::map([("a", Value::Int(1)), ("x", Value::map([("x", Value::Bool(true))]))]),
                _ => Value::Int(4),
            },
            Type::Optional(inner) => {
                if self.tape().percent(50) {
                    self.value(inner)
                } else {
                    Value::Null
                }
            }
            Type::List(element) => {
                let length = self.tape().below(4);
                Value::list((0..length).map(|_| self.value(element)).collect::<Vec<_>>())
            }
            Type::Map(element) => {
                let keys = ["a", "b", "x y"].into_iter().take(self.tape().below(4));
                Value::map(keys.map(|key| (key, self.value(element))).collect::<Vec<_>>())
            }
            Type::Record(fields) => {
                Value::map(fields.iter().map(|field| (&*field.name, self.value(&field.type_))).collect::<Vec<_>>())
            }
            Type::Unknown | Type::Never | Type::Secret | Type::Channel => Value::Null,
        }
    }
}

/// Whether a value is one of a type.
pub(super) fn is_of(value: &Value, type_: &Type) -> bool {
    match (type_, value) {
        (Type::Unknown, _)
        | (Type::Int, Value::Int(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Size, Value::Size(_))
        | (Type::Secret, Value::Secret(_))
        | (Type::Channel, Value::Channel(_))
        | (Type::Optional(_), Value::Null) => true,
        (Type::Float, Value::Float(number)) => number.is_finite(),
        (Type::String | Type::Path | Type::Url | Type::Union(_), Value::String(text)) => fits_form(text, type_),
        (Type::Optional(inner), _) => is_of(value, inner),
        (Type::List(element), Value::List(list)) => list.iter().all(|value| is_of(value, element)),
        (Type::Map(element), Value::Map(map)) => map.values().all(|value| is_of(value, element)),
        (Type::Record(fields), Value::Map(map)) => {
            fields.len() == map.len()
                && fields.iter().all(|field| map.get(&field.name).is_some_and(|value| is_of(value, &field.type_)))
        }
        (Type::Json, Value::List(list)) => list.iter().all(|value| is_of(value, type_)),
        (Type::Json, Value::Map(map)) => map.values().all(|value| is_of(value, type_)),
        (Type::Json, _) => !matches!(value, Value::Secret(_) | Value::Channel(_)),
        _ => false,
    }
}
