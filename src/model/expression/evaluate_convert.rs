//! Conversions that happen by themselves, and the check of `as`.

use crate::types::{Field, Type};
use crate::value::{Map, Secret, Value, fits_form};
use std::sync::Arc;

/// Longer text is cut in messages.
const LONGEST_SHOWN: usize = 40;

/// Converts a value whose type fits: integers become floats, records lose the fields that are not asked for and get `null`
/// for optional ones they lack.
pub(super) fn convert(value: Value, type_: &Type) -> Value {
    match (type_, value) {
        (Type::Float, Value::Int(value)) => Value::Float(value as f64),
        // Text beside a secret, as in the branches of a condition.
        (Type::Secret, Value::String(text)) => Value::Secret(Secret::new(&text)),
        (Type::Optional(inner), value) => convert(value, inner),
        (Type::List(element), Value::List(list)) => Value::list(list.iter().map(|value| convert(value.clone(), element))),
        (Type::Map(element), Value::Map(map)) => {
            Value::Map(Arc::new(map.iter().map(|(key, value)| (key.clone(), convert(value.clone(), element))).collect::<Map>()))
        }
        (Type::Record(fields), Value::Map(map)) => {
            let taken = |field: &Field| {
                let value = map.get(&field.name).cloned().unwrap_or(Value::Null);
                (field.name.clone(), convert(value, &field.type_))
            };
            Value::Map(Arc::new(fields.iter().map(taken).collect::<Map>()))
        }
        (_, value) => value,
    }
}

/// Passes on a value that is of a type; a whole number counts as a float, because JSON does not tell them apart.
pub(super) fn is_of(value: Value, type_: &Type) -> Result<Value, String> {
    match mismatch(&value, type_, "") {
        None => Ok(convert(value, type_)),
        Some(Mismatch { place, expected, found }) if place.is_empty() => Err(format!("{found} is not of type {expected}")),
        Some(Mismatch { place, expected, found }) => Err(format!("{found} at `{place}` is not of type {expected}")),
    }
}

/// The first place whose value is not of its type.
struct Mismatch {
    place: String,
    expected: Type,
    found: String,
}

/// A value as a message shows it; long ones are cut.
fn shown(value: &Value) -> String {
    match value {
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "an object".to_owned(),
        Value::Secret(_) => "a secret".to_owned(),
        Value::Channel(_) => "a channel".to_owned(),
        Value::String(text) => {
            let beginning: String = text.chars().take(LONGEST_SHOWN).collect();
            let more = if beginning.len() < text.len() { "…" } else { "" };
            format!("value {}{more}", Value::string(&beginning).write_literal())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Duration(_) | Value::Size(_) => {
            format!("value {}", value.write_literal())
        }
    }
}

fn mismatch(value: &Value, type_: &Type, place: &str) -> Option<Mismatch> {
    match (type_, value) {
        (Type::Unknown, _) | (Type::Optional(_), Value::Null) => None,
        (Type::Optional(inner), _) => mismatch(value, inner, place),
        (Type::List(element), Value::List(list)) => {
            list.iter().enumerate().find_map(|(index, value)| mismatch(value, element, &format!("{place}[{index}]")))
        }
        (Type::Map(element), Value::Map(map)) => {
            map.iter().find_map(|(key, value)| mismatch(value, element, &format!("{place}.{key}")))
        }
        (Type::Record(fields), Value::Map(map)) => fields.iter().find_map(|field| {
            let value = map.get(&field.name).unwrap_or(&Value::Null);
            mismatch(value, &field.type_, &format!("{place}.{}", field.name))
        }),
        _ => (!is_scalar_of(value, type_)).then(|| Mismatch {
            place: place.to_owned(),
            expected: type_.clone(),
            found: shown(value),
        }),
    }
}

fn is_scalar_of(value: &Value, type_: &Type) -> bool {
    match (type_, value) {
        (Type::Json, _) => !matches!(value, Value::Secret(_) | Value::Channel(_)),
        (_, Value::String(text)) => fits_form(text, type_),
        (Type::Int | Type::Float, Value::Int(_))
        | (Type::Float, Value::Float(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Size, Value::Size(_))
        | (Type::Secret, Value::Secret(_))
        | (Type::Channel, Value::Channel(_)) => true,
        _ => false,
    }
}
