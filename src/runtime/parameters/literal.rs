//! Plain text and literals of the command line.

use super::notation;
use wf_model::types::Type;
use wf_model::value::{NotJson, Value, decode_json, decode_text, parse_json};

/// Reads the text of a flag, a variable or a prompt as `type_`.
///
/// Text is taken as it stands where text is wanted. A list stands in brackets, or is its elements between commas; what stands
/// in brackets or braces is JSON or what a program would write; `json` is JSON, or else a string, unless it begins as only JSON does.
pub(super) fn text(text: &str, type_: &Type) -> Result<Value, String> {
    match type_ {
        Type::Optional(inner) if text == "null" && !inner.is_text() => Ok(Value::Null),
        Type::Optional(inner) => self::text(text, inner),
        Type::List(element) if !text.trim_start().starts_with('[') => elements(text, element),
        Type::List(_) | Type::Map(_) | Type::Record(_) => json(text, type_),
        Type::Json => json_or_text(text),
        Type::Int | Type::Float | Type::Duration | Type::Size => number(text, type_),
        _ => plain(text, type_),
    }
}

/// Underscores may stand between digits; `80%` is a float.
fn number(text: &str, type_: &Type) -> Result<Value, String> {
    let written = notation::without_underscores(text.trim());
    let percent = written.strip_suffix('%').filter(|_| *type_ == Type::Float).and_then(|number| number.parse::<f64>().ok());
    match percent {
        Some(percent) => Ok(Value::Float(percent / 100.0)),
        None => plain(&written, type_).or_else(|_| plain(text, type_)),
    }
}

fn plain(text: &str, type_: &Type) -> Result<Value, String> {
    decode_text(text, type_).map_err(|error| match text.is_empty() {
        true => format!("expected {type_}, found an empty text"),
        false => error.to_string(),
    })
}

fn elements(text: &str, element: &Type) -> Result<Value, String> {
    if matches!(element.required(), Type::List(_) | Type::Map(_) | Type::Record(_)) {
        return json(text, &Type::list(element.clone()));
    }
    if text.is_empty() {
        return Ok(Value::list([]));
    }
    let values: Result<Vec<Value>, String> = text.split(',').map(|part| self::text(part.trim(), element)).collect();
    Ok(Value::list(values?))
}

fn json_or_text(text: &str) -> Result<Value, String> {
    match parse_json(text) {
        Ok(json) => Ok(Value::from_json(&json)),
        Err(error) if error.too_deep => Err(format!("it {error}")),
        Err(error) if text.trim_start().starts_with(['{', '[', '"']) => Err(format!("it begins as JSON and is none: {error}")),
        Err(_) => Ok(Value::string(text)),
    }
}

fn json(text: &str, type_: &Type) -> Result<Value, String> {
    let not_json = |error: NotJson| notation::parse(text).ok_or_else(|| format!("expected {type_} as JSON: {error}"));
    decoded(&parse_json(text).or_else(not_json)?, type_)
}

/// JSON as a value of a type; a field that a record type does not name was meant for something.
pub(super) fn decoded(json: &serde_json::Value, type_: &Type) -> Result<Value, String> {
    match notation::unknown_field(json, type_) {
        Some(problem) => Err(problem),
        None => decode_json(json, type_).map_err(|error| error.to_string()),
    }
}
