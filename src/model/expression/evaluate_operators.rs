//! What operators do with values.

use super::BinaryOperator as Operator;
use crate::types::Type;
use crate::unit::{Duration, Size};
use crate::value::{Secret, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// No range or joined list has more elements.
const MOST_ELEMENTS: usize = 10_000_000;

/// No joined text has more bytes.
const LONGEST_TEXT: usize = 1 << 28;

type Outcome = Result<Value, String>;

pub(super) fn not(operand: &Value) -> Outcome {
    match operand {
        Value::Bool(value) => Ok(Value::Bool(!value)),
        _ => Err("`not` needs a bool".to_owned()),
    }
}

pub(super) fn negate(operand: &Value) -> Outcome {
    let value = match operand {
        Value::Int(value) => value.checked_neg().map(Value::Int),
        Value::Float(value) => Some(Value::Float(-value)),
        Value::Duration(value) => value.milliseconds.checked_neg().map(duration),
        Value::Size(value) => value.bytes.checked_neg().map(size),
        _ => return Err("`-` needs a number, duration or size".to_owned()),
    };
    value.ok_or_else(overflow)
}

/// Applies an operator whose sides are both evaluated.
pub(super) fn binary(operator: Operator, left: &Value, right: &Value) -> Outcome {
    match operator {
        Operator::Equal => Ok(Value::Bool(equal(left, right))),
        Operator::NotEqual => Ok(Value::Bool(!equal(left, right))),
        Operator::Less => ordered(left, right, Ordering::is_lt),
        Operator::LessOrEqual => ordered(left, right, Ordering::is_le),
        Operator::Greater => ordered(left, right, Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(left, right, Ordering::is_ge),
        Operator::In => holds(right, left).map(Value::Bool),
        Operator::NotIn => holds(right, left).map(|held| Value::Bool(!held)),
        Operator::Contains => holds(left, right).map(Value::Bool),
        Operator::Range => range(left, right),
        Operator::Add => add(left, right),
        Operator::Subtract => subtract(left, right),
        Operator::Multiply => multiply(left, right),
        Operator::Divide => divide(left, right),
        Operator::Remainder => remainder(left, right),
        Operator::And | Operator::Or | Operator::Default | Operator::Matches => {
            Err("operator is evaluated with its expression".to_owned())
        }
    }
}

/// Deep equality by value; an integer equals the float of the same value.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => compare(left, right) == Some(Ordering::Equal),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len() && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// The order of two values of one ordered type; strings go by code point.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::Size(left), Value::Size(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Float(right)) => compare_exactly(*left, *right),
        (Value::Float(left), Value::Int(right)) => compare_exactly(*right, *left).map(Ordering::reverse),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

/// Compares by exact value: beyond 2^53 an integer would lose its last digits as a float.
fn compare_exactly(left: i64, right: f64) -> Option<Ordering> {
    let limit = 9_223_372_036_854_775_808.0;
    if right.is_nan() {
        return None;
    }
    if right >= limit {
        return Some(Ordering::Less);
    }
    if right < -limit {
        return Some(Ordering::Greater);
    }
    // Within the limits the cast is exact but for what stands behind the point.
    let by_whole = left.cmp(&(right.trunc() as i64));
    Some(by_whole.then_with(|| 0.0.partial_cmp(&right.fract()).unwrap_or(Ordering::Equal)))
}

fn ordered(left: &Value, right: &Value, test: fn(Ordering) -> bool) -> Outcome {
    compare(left, right).map(|order| Value::Bool(test(order))).ok_or_else(|| "values have no order".to_owned())
}

/// Whether a text holds a text, a list an element, a map a key.
pub(super) fn holds(whole: &Value, part: &Value) -> Result<bool, String> {
    match (whole, part) {
        (Value::List(list), _) => Ok(list.iter().any(|element| equal(element, part))),
        (Value::Map(map), Value::String(key)) => Ok(map.contains_key(key)),
        _ => match (text_of(whole), text_of(part)) {
            (Some(whole), Some(part)) => Ok(whole.contains(&**part)),
            _ => Err("value cannot hold another".to_owned()),
        },
    }
}

fn range(first: &Value, last: &Value) -> Outcome {
    let (Value::Int(first), Value::Int(last)) = (first, last) else { return Err("a range goes from int to int".to_owned()) };
    let length = i128::from(*last) - i128::from(*first) + 1;
    if usize::try_from(length.max(0)).map_or(true, |length| length > MOST_ELEMENTS) {
        return Err(format!("range has {length} elements, more than {MOST_ELEMENTS}"));
    }
    Ok(Value::list((*first..=*last).map(Value::Int)))
}

fn add(left: &Value, right: &Value) -> Outcome {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Duration(a), Value::Duration(b)) => a.milliseconds.checked_add(b.milliseconds).map(duration).ok_or_else(overflow),
        (Value::Size(a), Value::Size(b)) => a.bytes.checked_add(b.bytes).map(size).ok_or_else(overflow),
        (Value::List(a), Value::List(b)) if a.len().saturating_add(b.len()) > MOST_ELEMENTS => {
            Err(format!("list has more than {MOST_ELEMENTS} elements"))
        }
        (Value::List(a), Value::List(b)) => Ok(Value::list(a.iter().chain(b.iter()).cloned())),
        _ => match (text_of(left), text_of(right)) {
            (Some(a), Some(b)) if a.len().saturating_add(b.len()) > LONGEST_TEXT => Err("text is longer than 256MB".to_owned()),
            (Some(a), Some(b)) => Ok(tainted_by(&[left, right], &format!("{a}{b}"))),
            _ => floats(left, right, |a, b| a + b),
        },
    }
}

fn subtract(left: &Value, right: &Value) -> Outcome {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.checked_sub(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Duration(a), Value::Duration(b)) => a.milliseconds.checked_sub(b.milliseconds).map(duration).ok_or_else(overflow),
        (Value::Size(a), Value::Size(b)) => a.bytes.checked_sub(b.bytes).map(size).ok_or_else(overflow),
        _ => floats(left, right, |a, b| a - b),
    }
}

fn multiply(left: &Value, right: &Value) -> Outcome {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.checked_mul(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Duration(a), by) | (by, Value::Duration(a)) => scale(a.milliseconds, by).map(duration),
        (Value::Size(a), by) | (by, Value::Size(a)) => scale(a.bytes, by).map(size),
        _ => floats(left, right, |a, b| a * b),
    }
}

fn divide(left: &Value, right: &Value) -> Outcome {
    if is_zero(right) {
        return Err("division by zero".to_owned());
    }
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.checked_div(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Duration(a), Value::Duration(b)) => finite(a.milliseconds as f64 / b.milliseconds as f64),
        (Value::Size(a), Value::Size(b)) => finite(a.bytes as f64 / b.bytes as f64),
        (Value::Duration(a), by) => share(a.milliseconds, by).map(duration),
        (Value::Size(a), by) => share(a.bytes, by).map(size),
        _ => floats(left, right, |a, b| a / b),
    }
}

fn remainder(left: &Value, right: &Value) -> Outcome {
    if is_zero(right) {
        return Err("division by zero".to_owned());
    }
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.checked_rem(*b).map(Value::Int).ok_or_else(overflow),
        _ => floats(left, right, |a, b| a % b),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(value) | Value::Duration(Duration { milliseconds: value }) | Value::Size(Size { bytes: value }) => *value == 0,
        Value::Float(value) => *value == 0.0,
        _ => false,
    }
}

fn scale(amount: i64, by: &Value) -> Result<i64, String> {
    match by {
        Value::Int(by) => amount.checked_mul(*by).ok_or_else(overflow),
        Value::Float(by) => whole(amount as f64 * by),
        _ => Err("operands do not fit".to_owned()),
    }
}

fn share(amount: i64, by: &Value) -> Result<i64, String> {
    match by {
        Value::Int(by) => amount.checked_div(*by).ok_or_else(overflow),
        Value::Float(by) => whole(amount as f64 / by),
        _ => Err("operands do not fit".to_owned()),
    }
}

/// The nearest integer, where 64 bits hold it.
pub(super) fn whole(value: f64) -> Result<i64, String> {
    let limit = 9_223_372_036_854_775_808.0;
    let rounded = value.round();
    // The cast is exact within the limits, and the limits keep NaN out.
    if rounded >= -limit && rounded < limit { Ok(rounded as i64) } else { Err(overflow()) }
}

fn floats(left: &Value, right: &Value, apply: fn(f64, f64) -> f64) -> Outcome {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => finite(apply(left, right)),
        _ => Err("operands do not fit".to_owned()),
    }
}

/// Zero as a type writes it: the sum of no elements.
pub(super) fn nothing_of(type_: &Type) -> Value {
    match type_ {
        Type::Float => Value::Float(0.0),
        Type::Duration => duration(0),
        Type::Size => size(0),
        _ => Value::Int(0),
    }
}

pub(super) fn finite(value: f64) -> Outcome {
    if value.is_finite() { Ok(Value::Float(value)) } else { Err("float is not finite".to_owned()) }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// The text of a string or secret; what is made of it goes through [`tainted_by`].
pub(super) fn text_of(value: &Value) -> Option<&Arc<str>> {
    match value {
        Value::String(text) => Some(text),
        Value::Secret(secret) => Some(secret.expose()),
        _ => None,
    }
}

/// A text made of these values: a secret where one of them is.
pub(super) fn tainted_by(values: &[&Value], text: &str) -> Value {
    if values.iter().any(|value| matches!(value, Value::Secret(_))) {
        Value::Secret(Secret::new(text))
    } else {
        Value::string(text)
    }
}

pub(super) fn overflow() -> String {
    "result does not fit into 64 bits".to_owned()
}

fn duration(milliseconds: i64) -> Value {
    Value::Duration(Duration { milliseconds })
}

fn size(bytes: i64) -> Value {
    Value::Size(Size { bytes })
}
