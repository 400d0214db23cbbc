//! What methods do, by what their receiver is at run time.

use super::BinaryOperator;
use super::Method;
use super::evaluate_operators::{binary, compare, equal, finite, holds, number, overflow, text_of, whole};
use super::evaluate_text::text_method;
use crate::value::{Map, Secret, Value};
use std::cmp::Ordering;
use std::sync::Arc;

type Outcome = Result<Value, String>;

/// Calls a method.
pub(super) fn method(method: Method, receiver: &Value, arguments: &[Value]) -> Outcome {
    let done = match (method, receiver) {
        (Method::ToJson, Value::Secret(_) | Value::Channel(_)) => None,
        (Method::ToJson, _) => Some(Ok(Value::string(&receiver.to_json().to_string()))),
        (_, Value::List(list)) => list_method(method, list, arguments),
        (_, Value::Map(map)) => map_method(method, map, arguments),
        (_, Value::Duration(duration)) => {
            let seconds = duration.milliseconds as f64 / 1_000.0;
            match method {
                Method::Seconds => Some(finite(seconds)),
                Method::Minutes => Some(finite(seconds / 60.0)),
                _ => None,
            }
        }
        (_, Value::String(_) | Value::Secret(_)) => text_method(method, receiver, arguments),
        _ => number_method(method, receiver, arguments),
    };
    done.unwrap_or_else(|| Err(format!("value has no method `{}` with these arguments", method.name())))
}

/// A length as a value.
pub(super) fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn list_method(method: Method, list: &[Value], arguments: &[Value]) -> Option<Outcome> {
    let or_null = |value: Option<&Value>| Ok(value.cloned().unwrap_or(Value::Null));
    Some(match (method, arguments) {
        (Method::Length, []) => Ok(count(list.len())),
        (Method::First, []) => or_null(list.first()),
        (Method::Last, []) => or_null(list.last()),
        (Method::Reverse, []) => Ok(Value::list(list.iter().rev().cloned())),
        (Method::Sort, []) => sort(list),
        (Method::Unique, []) => Ok(unique(list)),
        (Method::Flatten, []) => flatten(list),
        (Method::Sum, []) => sum(list),
        (Method::Min, []) => extreme(list, Ordering::Less),
        (Method::Max, []) => extreme(list, Ordering::Greater),
        (Method::Contains, [part]) => Ok(Value::Bool(list.iter().any(|element| equal(element, part)))),
        (Method::Join, [separator]) => join(list, separator),
        _ => return None,
    })
}

fn sort(list: &[Value]) -> Outcome {
    // Looking at neighbours is enough: what orders with one value of a type orders with all of them.
    if list.iter().zip(list.iter().skip(1)).any(|(a, b)| compare(a, b).is_none()) {
        return Err("elements have no order".to_owned());
    }
    let mut sorted = list.to_vec();
    sorted.sort_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::list(sorted))
}

/// Texts, the usual elements, are looked up by hash; others by the JSON that they write, then compared.
fn unique(list: &[Value]) -> Value {
    let mut seen: std::collections::HashMap<String, Vec<&Value>> = std::collections::HashMap::new();
    let mut kept = Vec::new();
    for value in list {
        let alike = seen.entry(signature(value)).or_default();
        if !alike.iter().any(|other| equal(other, value)) {
            alike.push(value);
            kept.push(value.clone());
        }
    }
    Value::list(kept)
}

/// Equal values have equal signatures.
fn signature(value: &Value) -> String {
    match value {
        Value::Map(map) => map.len().to_string(),
        Value::List(list) => list.iter().map(signature).collect::<Vec<_>>().join(","),
        Value::Secret(secret) => secret.expose().to_string(),
        // Zero has two signs, and they are equal.
        _ => number(value).map_or_else(|| value.to_json().to_string(), |number| (number + 0.0).to_string()),
    }
}

fn flatten(list: &[Value]) -> Outcome {
    let mut flat = Vec::new();
    for element in list {
        let Value::List(inner) = element else { return Err("elements are not lists".to_owned()) };
        flat.extend(inner.iter().cloned());
    }
    Ok(Value::list(flat))
}

/// The sum of elements; that of none is up to the type of the expression.
fn sum(list: &[Value]) -> Outcome {
    let Some((first, rest)) = list.split_first() else { return Ok(Value::Int(0)) };
    if matches!(first, Value::String(_) | Value::Secret(_) | Value::List(_)) {
        return Err("elements have no sum".to_owned());
    }
    rest.iter().try_fold(first.clone(), |sum, element| binary(BinaryOperator::Add, &sum, element))
}

fn extreme(list: &[Value], wanted: Ordering) -> Outcome {
    let Some((first, rest)) = list.split_first() else { return Ok(Value::Null) };
    let mut best = first;
    for element in rest {
        if compare(element, best).ok_or("elements have no order")? == wanted {
            best = element;
        }
    }
    Ok(best.clone())
}

fn join(list: &[Value], separator: &Value) -> Outcome {
    let mut tainted = matches!(separator, Value::Secret(_));
    let between = text_of(separator).ok_or("separator is not a string")?;
    let mut text = String::new();
    for (index, element) in list.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { between });
        tainted |= matches!(element, Value::Secret(_));
        match text_of(element) {
            Some(part) => text.push_str(part),
            None => text.push_str(&element.render().ok_or("element has no text of its own")?),
        }
    }
    Ok(if tainted { Value::Secret(Secret::new(&text)) } else { Value::string(&text) })
}

fn map_method(method: Method, map: &Arc<Map>, arguments: &[Value]) -> Option<Outcome> {
    Some(match (method, arguments) {
        (Method::Length, []) => Ok(count(map.len())),
        (Method::Keys, []) => Ok(Value::list(map.keys().cloned().map(Value::String))),
        (Method::Values, []) => Ok(Value::list(map.values().cloned())),
        (Method::Has, [key]) => holds(&Value::Map(map.clone()), key).map(Value::Bool),
        _ => return None,
    })
}

fn number_method(method: Method, receiver: &Value, arguments: &[Value]) -> Option<Outcome> {
    Some(match (method, receiver, arguments) {
        (Method::Abs, Value::Int(value), []) => value.checked_abs().map(Value::Int).ok_or_else(overflow),
        (Method::Abs, Value::Float(value), []) => Ok(Value::Float(value.abs())),
        (Method::Round, Value::Int(value), []) => Ok(Value::Int(*value)),
        (Method::Round, Value::Float(value), []) => finite(value.round()),
        (Method::Round, Value::Int(value), [Value::Int(digits)]) => round_int(*value, *digits),
        (Method::Round, Value::Float(value), [Value::Int(digits)]) => round_float(*value, *digits),
        _ => return None,
    })
}

/// Digits before the point count as negative: `1250.round(-2)` is `1300`, halves away from zero.
fn round_int(value: i64, digits: i64) -> Outcome {
    if digits >= 0 {
        return Ok(Value::Int(value));
    }
    let power = u32::try_from(digits.unsigned_abs()).ok().and_then(|digits| 10_i128.checked_pow(digits));
    let Some(power) = power.filter(|power| *power <= 10_i128.pow(19)) else { return Ok(Value::Int(0)) };
    let half = if value < 0 { -power / 2 } else { power / 2 };
    let rounded = (i128::from(value) + half) / power * power;
    i64::try_from(rounded).map(Value::Int).map_err(|_| overflow())
}

/// Rounds what is written, so that `2.675.round(2)` goes by the float's exact value and never leaves its range.
fn round_float(value: f64, digits: i64) -> Outcome {
    if digits < 0 {
        return whole(value).and_then(|value| round_int(value, digits)).and_then(|value| finite(number(&value).unwrap_or(0.0)));
    }
    let digits = usize::try_from(digits.min(340)).unwrap_or(340);
    if digits == 0 {
        return finite(value.round());
    }
    format!("{value:.digits$}").parse().map_err(|_| overflow()).and_then(finite)
}
