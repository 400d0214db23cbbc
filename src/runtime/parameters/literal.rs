//! Plain text and literals of the command line.

use wf_model::types::Type;
use wf_model::value::{Value, decode_json, decode_text, parse_json};

/// Reads the text of a flag, a variable or a prompt as `type_`.
///
/// Text is taken as it stands where text is wanted. A list is JSON in brackets, or its elements between commas; maps, records
/// and lists of lists are JSON; `json` is JSON, or else a string, unless it begins as only JSON does.
pub(super) fn text(text: &str, type_: &Type) -> Result<Value, String> {
    match type_ {
        Type::Optional(inner) if text == "null" && !inner.is_text() => Ok(Value::Null),
        Type::Optional(inner) => self::text(text, inner),
        Type::List(element) if !text.trim_start().starts_with('[') => elements(text, element),
        Type::List(_) | Type::Map(_) | Type::Record(_) => json(text, type_),
        Type::Json => json_or_text(text),
        _ => decode_text(text, type_).map_err(|error| error.to_string()),
    }
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
    let json = parse_json(text).map_err(|error| format!("expected {type_} as JSON: {error}"))?;
    decode_json(&json, type_).map_err(|error| error.to_string())
}
