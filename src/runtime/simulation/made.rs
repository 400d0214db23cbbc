//! Values that nobody gave: what a step without a mock gives, of the type that it has.

use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::types::Type;
use wf_model::unit::{Duration, Size};
use wf_model::value::{Channel, Map, Secret, Value};

/// The text that is made.
pub(super) const MADE: &str = "made";

/// A value of a type; lists have so many elements.
pub(super) fn made(type_: &Type, elements: usize) -> Value {
    match type_ {
        Type::Unknown | Type::Never => Value::Null,
        Type::String | Type::Path => Value::string(MADE),
        Type::Url => Value::string("https://made.invalid/"),
        Type::Int => Value::Int(1),
        Type::Float => Value::Float(1.0),
        Type::Bool => Value::Bool(true),
        Type::Duration => Value::Duration(Duration::from_seconds(1)),
        Type::Size => Value::Size(Size { bytes: 1 }),
        Type::Union(members) => members.first().map_or(Value::Null, |member| Value::String(member.clone())),
        Type::List(element) => Value::list(vec![made(element, elements); elements]),
        Type::Map(element) => Value::map([(MADE, made(element, elements))]),
        Type::Record(fields) => {
            Value::Map(Arc::new(fields.iter().map(|field| (field.name.clone(), made(&field.type_, elements))).collect()))
        }
        Type::Optional(inner) => made(inner, elements),
        Type::Json => Value::map([]),
        Type::Secret => Value::Secret(Secret::new(MADE)),
        Type::Channel => Value::Channel(Arc::new(Channel { kind: "desktop".into(), arguments: Vec::new() })),
    }
}

/// Changes a made value until as many demands hold of it as one change for each can make hold; `holds` says of a value whether a demand
/// does, `None` where that cannot be told.
pub(super) fn fitted<D>(
    mut value: Value,
    type_: &Type,
    demands: &[D],
    literals: impl Fn(&D) -> Vec<Value>,
    holds: impl Fn(&Value, &D) -> Option<bool>,
) -> Value {
    for (place, demand) in demands.iter().enumerate() {
        if holds(&value, demand) != Some(false) {
            continue;
        }
        let earlier = demands.get(..place).unwrap_or_default();
        let spoils = |changed: &Value| {
            earlier.iter().any(|other| holds(&value, other) == Some(true) && holds(changed, other) == Some(false))
        };
        let fits = |changed: &Value| holds(changed, demand) == Some(true) && !spoils(changed);
        if let Some(changed) = variations(&value, type_, &literals(demand)).into_iter().find(fits) {
            value = changed;
        }
    }
    value
}

/// The constants of an expression, and what lies next to them.
pub(super) fn constants(expression: &Expression) -> Vec<Value> {
    let literal = |part: &Expression| match &part.kind {
        ExpressionKind::Literal(value) => Some(value.clone()),
        _ => None,
    };
    expression.walk().filter_map(literal).flat_map(neighbours).collect()
}

/// The value and those beside it.
fn neighbours(value: Value) -> Vec<Value> {
    let beside = match &value {
        Value::Int(number) => [number.saturating_add(1), number.saturating_sub(1)].map(Value::Int).to_vec(),
        Value::Float(number) => [number + 1.0, number - 1.0, number / 2.0].map(Value::Float).to_vec(),
        Value::Duration(duration) => {
            [1, -1].map(|step| Value::Duration(Duration { milliseconds: duration.milliseconds.saturating_add(step) })).to_vec()
        }
        Value::Size(size) => {
            [size.bytes.saturating_add(1), size.bytes.saturating_sub(1)].map(|bytes| Value::Size(Size { bytes })).to_vec()
        }
        _ => Vec::new(),
    };
    [value].into_iter().chain(beside).collect()
}

/// The value with one of its parts another.
fn variations(value: &Value, type_: &Type, literals: &[Value]) -> Vec<Value> {
    let same = |wanted: fn(&Value) -> bool| literals.iter().filter(move |literal| wanted(literal)).cloned();
    match (type_, value) {
        (Type::Record(fields), Value::Map(map)) => {
            let of_field = |field: &wf_model::types::Field| {
                let inner = map.get(&field.name).cloned().unwrap_or(Value::Null);
                let changed = variations(&inner, &field.type_, literals);
                changed.into_iter().map(|inner| with(map, &field.name, inner)).collect::<Vec<_>>()
            };
            fields.iter().flat_map(of_field).collect()
        }
        (Type::Optional(inner), _) => {
            let mut all = vec![Value::Null];
            all.extend(variations(&made(inner, 1), inner, literals));
            all
        }
        (Type::Bool, _) => vec![Value::Bool(false), Value::Bool(true)],
        (Type::Union(members), _) => members.iter().map(|member| Value::String(member.clone())).collect(),
        (Type::List(element), _) => {
            let one = made(element, 1);
            let mut all = vec![Value::list([]), Value::list([one.clone(), one.clone()]), Value::list(vec![one; 8])];
            all.extend(variations(&made(element, 1), element, literals).into_iter().map(|element| Value::list([element])));
            all
        }
        (Type::Int, _) => same(|literal| matches!(literal, Value::Int(_))).collect(),
        (Type::Float, _) => {
            let float = |literal: &Value| match literal {
                #[expect(clippy::cast_precision_loss, reason = "it is only a value to try")]
                Value::Int(number) => Some(Value::Float(*number as f64)),
                Value::Float(_) => Some(literal.clone()),
                _ => None,
            };
            literals.iter().filter_map(float).collect()
        }
        (Type::String | Type::Path | Type::Url, _) => same(|literal| matches!(literal, Value::String(_)))
            .chain([Value::string(""), Value::string("1"), Value::string("made\nmade\nmade")])
            .collect(),
        (Type::Duration, _) => same(|literal| matches!(literal, Value::Duration(_))).collect(),
        (Type::Size, _) => same(|literal| matches!(literal, Value::Size(_))).collect(),
        (Type::Json, _) => literals.to_vec(),
        (Type::Unknown | Type::Never | Type::Map(_) | Type::Secret | Type::Channel | Type::Record(_), _) => Vec::new(),
    }
}

/// The map with another value under a key.
fn with(map: &Map, key: &Arc<str>, value: Value) -> Value {
    let mut map = map.clone();
    map.insert(key.clone(), value);
    Value::Map(Arc::new(map))
}

#[cfg(test)]
mod tests {
    use super::{fitted, made};
    use wf_model::types::Type;
    use wf_model::value::Value;

    #[test]
    fn a_value_is_changed_until_what_is_demanded_holds() {
        let type_ = Type::record([("ok", Type::Bool), ("count", Type::Int), ("state", Type::union(["up", "down"]))]);
        let demands = [("ok", Value::Bool(false)), ("count", Value::Int(7)), ("state", Value::string("down"))];
        let holds = |value: &Value, (field, wanted): &(&str, Value)| Some(value.get(field) == Some(wanted));
        let value = fitted(made(&type_, 1), &type_, &demands, |(_, wanted)| vec![wanted.clone()], holds);
        assert_eq!(value, Value::map(demands));
    }

    #[test]
    fn what_cannot_be_told_or_made_stays() {
        let value = fitted(Value::Int(1), &Type::Int, &[()], |()| vec![Value::Int(5)], |_, ()| None);
        assert_eq!(value, Value::Int(1));
        let value = fitted(Value::Int(1), &Type::Int, &[()], |()| vec![Value::Int(5)], |_, ()| Some(false));
        assert_eq!(value, Value::Int(1));
    }
}
