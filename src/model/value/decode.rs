//! Reading what comes from outside as a value of a type.

use super::render::is_identifier;
use super::{Map, Secret, Value};
use crate::types::{Field, Type};
use crate::unit::{Duration, Size};
use serde_json::Value as Json;
use std::sync::Arc;

/// What does not decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The type that was asked for at the place.
    pub expected: Type,
    /// Where, from the outermost value, such as `.images[2].tag`; empty for that value itself.
    pub place: String,
    /// What stood there instead, such as `a number`.
    pub found: String,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (expected, place, found) = (&self.expected, &self.place, &self.found);
        if place.is_empty() {
            write!(formatter, "expected {expected}, found {found}")
        } else {
            write!(formatter, "expected {expected} at `{place}`, found {found}")
        }
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    pub(super) fn new(expected: &Type, found: impl Into<String>) -> Self {
        Self { expected: expected.clone(), place: String::new(), found: found.into() }
    }

    /// What a message says that shows nothing of what was read.
    #[must_use]
    pub fn without_value(&self) -> String {
        let place = if self.place.is_empty() { String::new() } else { format!(" at `{}`", self.place) };
        format!("expected {}{place}, found something else", self.expected)
    }

    /// The same error, seen from the value that holds this one under `key`.
    pub(super) fn under(mut self, key: &str) -> Self {
        let step = if is_identifier(key) { format!(".{key}") } else { format!("[{key:?}]") };
        self.place.insert_str(0, &step);
        self
    }

    fn at(mut self, index: usize) -> Self {
        self.place.insert_str(0, &format!("[{index}]"));
        self
    }
}

/// Reads a JSON value as a `type_`; fields that a record type does not name are left out.
///
/// # Errors
/// Names the first place where another type was expected.
pub fn decode_json(json: &Json, type_: &Type) -> Result<Value, DecodeError> {
    let wrong = || DecodeError::new(type_, describe(json));
    match (type_, json) {
        (Type::Unknown | Type::Json, _) => Ok(Value::from_json(json)),
        (Type::Optional(_), Json::Null) => Ok(Value::Null),
        (Type::Optional(inner), _) => decode_json(json, inner),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Int, Json::Number(number)) => number.as_i64().map(Value::Int).ok_or_else(wrong),
        (Type::Float, Json::Number(number)) => number.as_f64().filter(|f| f.is_finite()).map(Value::Float).ok_or_else(wrong),
        (Type::List(element), Json::Array(elements)) => decode_list(elements, element),
        (Type::Map(element), Json::Object(object)) => decode_map(object, element),
        (Type::Record(fields), Json::Object(object)) => decode_record(object, fields),
        (Type::Duration | Type::Size, Json::String(text)) => decode_scalar(text, type_).map_err(|_| wrong()),
        (_, Json::String(text)) => string_like(text, type_).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// Reads a text as `-> T` does (§6): string-likes without the last line break, scalars parsed, `[string]` as its lines, all
/// else as JSON. A blank text is the `null` of an optional that is not a string.
///
/// # Errors
/// Names the first place where another type was expected.
pub fn decode_text(text: &str, type_: &Type) -> Result<Value, DecodeError> {
    match type_ {
        Type::Optional(inner) if text.trim().is_empty() && !matches!(**inner, Type::String | Type::Secret) => Ok(Value::Null),
        Type::Optional(inner) => decode_text(text, inner),
        Type::String | Type::Path | Type::Url | Type::Union(_) | Type::Secret => {
            let text = without_last_break(text);
            string_like(text, type_).ok_or_else(|| DecodeError::new(type_, shown(text)))
        }
        Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size => decode_scalar(text.trim(), type_),
        Type::List(element) if **element == Type::String => Ok(Value::list(text.lines().map(Value::string))),
        _ => decode_json(&parse(text, type_)?, type_),
    }
}

pub(super) fn parse(text: &str, type_: &Type) -> Result<Json, DecodeError> {
    parse_json(text).map_err(|error| {
        let found = match error.too_deep {
            _ if text.trim().is_empty() => shown(""),
            true => format!("JSON that {error}"),
            false => format!("text that is not JSON ({error})"),
        };
        DecodeError::new(type_, found)
    })
}

/// Why a text is not read as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// What the parser says, with line and column.
    message: String,
    /// Whether it is JSON as far as it was read, and nests too deep.
    pub too_deep: bool,
}

impl std::fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl NotJson {
    /// What `serde_json` says, in the words of this language.
    #[must_use]
    pub fn of(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let told = message.split(" at line ").next().unwrap_or_default();
        let place = format!("line {}, column {}", error.line(), error.column());
        // The parser has no other way to tell this one from the others.
        if told == "recursion limit exceeded" {
            return Self { message: format!("nests deeper than {DEEPEST_JSON} levels ({place})"), too_deep: true };
        }
        let told = match told {
            _ if error.is_eof() => "it ends too early",
            "expected ident" | "expected value" => "a value is expected",
            _ => told,
        };
        Self { message: format!("{told}, {place}"), too_deep: false }
    }
}

/// Lists and objects of a JSON text nest no deeper: `serde_json` goes into itself for each.
pub const DEEPEST_JSON: usize = 127;

/// Reads a text as JSON, of bounded depth.
///
/// # Errors
/// Where it is none, or nests deeper than [`DEEPEST_JSON`].
pub fn parse_json(text: &str) -> Result<Json, NotJson> {
    serde_json::from_str(text).map_err(|error| NotJson::of(&error))
}

fn decode_list(elements: &[Json], type_: &Type) -> Result<Value, DecodeError> {
    let decoded =
        elements.iter().enumerate().map(|(index, element)| decode_json(element, type_).map_err(|error| error.at(index)));
    Ok(Value::List(Arc::new(decoded.collect::<Result<_, _>>()?)))
}

fn decode_map(object: &serde_json::Map<String, Json>, type_: &Type) -> Result<Value, DecodeError> {
    let mut map = Map::with_capacity(object.len());
    for (key, json) in object {
        map.insert(key.as_str().into(), decode_json(json, type_).map_err(|error| error.under(key))?);
    }
    Ok(Value::Map(Arc::new(map)))
}

fn decode_record(object: &serde_json::Map<String, Json>, fields: &[Field]) -> Result<Value, DecodeError> {
    decode_fields(fields, |field| object.get(&*field.name).map(|json| decode_json(json, &field.type_)))
}

/// Builds a record from what `decode` gives for each field; only an optional one may be missing.
pub(super) fn decode_fields(
    fields: &[Field],
    decode: impl Fn(&Field) -> Option<Result<Value, DecodeError>>,
) -> Result<Value, DecodeError> {
    let mut map = Map::with_capacity(fields.len());
    for field in fields {
        let value = match decode(field) {
            Some(decoded) => decoded,
            None if matches!(field.type_, Type::Optional(_) | Type::Json) => Ok(Value::Null),
            None => Err(DecodeError::new(&field.type_, "nothing")),
        };
        map.insert(field.name.clone(), value.map_err(|error| error.under(&field.name))?);
    }
    Ok(Value::Map(Arc::new(map)))
}

/// Reads a text without blanks around it as a number, bool, duration or size.
fn decode_scalar(text: &str, type_: &Type) -> Result<Value, DecodeError> {
    let value = match type_ {
        Type::Int => text.parse().ok().map(Value::Int),
        Type::Float => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
        Type::Bool => text.parse().ok().map(Value::Bool),
        Type::Duration => Duration::parse_signed(text).map(Value::Duration),
        _ => Size::parse_signed(text).map(Value::Size),
    };
    value.ok_or_else(|| DecodeError::new(type_, shown(text)))
}

/// The text as a value of a type that is a string at run time, where its form fits.
fn string_like(text: &str, type_: &Type) -> Option<Value> {
    match type_ {
        Type::Secret => Some(Value::Secret(Secret::new(text))),
        _ => fits_form(text, type_).then(|| Value::string(text)),
    }
}

/// Whether a string has the form that a string-like type asks for.
#[must_use]
pub fn fits_form(text: &str, type_: &Type) -> bool {
    match type_ {
        Type::String => true,
        Type::Path => !text.is_empty() && !text.contains('\0'),
        Type::Url => is_url(text),
        Type::Union(members) => members.iter().any(|member| **member == *text),
        _ => false,
    }
}

/// Asks for `scheme://host`, with a scheme as RFC 3986 spells it and without blanks or control characters. Databases in files and
/// files themselves have no host: `sqlite:path`, `file:///path`.
fn is_url(text: &str) -> bool {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return false;
    }
    if ["sqlite:", "file:///"].iter().any(|begin| text.len() > begin.len() && text.starts_with(begin)) {
        return true;
    }
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !host.is_empty()
        && !host.starts_with(':')
}

pub(super) fn without_last_break(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}

/// A text as a message shows it: the beginning will do.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "no output".to_owned();
    }
    let (beginning, more) = beginning(text);
    format!("`{}{more}`", beginning.escape_debug())
}

/// A string of JSON as a message shows it.
fn quoted(text: &str) -> String {
    let (beginning, more) = beginning(text);
    format!("{beginning:?}{more}")
}

fn beginning(text: &str) -> (String, &'static str) {
    let beginning: String = text.chars().take(40).collect();
    let more = if beginning.len() < text.len() { "…" } else { "" };
    (beginning, more)
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => format!("the string {}", quoted(text)),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}
