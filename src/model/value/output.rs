//! The file that a step writes its value to (`$WF_OUTPUT`).

use super::Value;
use super::decode::{DecodeError, decode_fields, decode_json, decode_text, parse};
use crate::types::Type;
use indexmap::IndexMap;
use std::sync::Arc;

/// Reads the file named by `$WF_OUTPUT`: `key=value` lines, `key<<END` for several lines, or one JSON object. A type without
/// keys is read from the key `value`. `docs/decisions/0002-decoding.md` has the details.
///
/// # Errors
/// Names the key, or the line that is neither form.
pub fn decode_output_file(text: &str, type_: &Type) -> Result<Value, DecodeError> {
    let keyed = matches!(type_.required(), Type::Record(_) | Type::Map(_) | Type::Json | Type::Unknown);
    if text.trim_start().starts_with('{') {
        let json = parse(text, type_)?;
        return match json.get("value") {
            _ if keyed => decode_json(&json, type_),
            Some(value) => decode_json(value, type_).map_err(|error| error.under("value")),
            None => Err(DecodeError::new(type_, "nothing").under("value")),
        };
    }
    let entries = entries(text).map_err(|found| DecodeError::new(type_, found))?;
    decode_entries(&entries, type_.required())
}

fn decode_entries(entries: &IndexMap<&str, String>, type_: &Type) -> Result<Value, DecodeError> {
    let each = |type_: &Type| {
        let decode = |(key, text): (&&str, &String)| {
            let value = decode_text(text, type_).map_err(|error| error.under(key))?;
            Ok((Arc::from(*key), value))
        };
        Ok(Value::Map(Arc::new(entries.iter().map(decode).collect::<Result<_, _>>()?)))
    };
    match type_ {
        Type::Record(fields) => {
            decode_fields(fields, |field| entries.get(&*field.name).map(|text| decode_text(text, &field.type_)))
        }
        Type::Map(element) => each(element),
        Type::Json | Type::Unknown => each(&Type::String),
        _ => match entries.get("value") {
            Some(text) => decode_text(text, type_).map_err(|error| error.under("value")),
            None => Err(DecodeError::new(type_, "nothing").under("value")),
        },
    }
}

/// The keys of a file with their texts; a key that comes again replaces the earlier one.
fn entries(text: &str) -> Result<IndexMap<&str, String>, String> {
    let mut found = IndexMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        let (key, rest) = split_key(line).ok_or_else(|| format!("line {number}, which is neither `key=value` nor `key<<END`"))?;
        let value = match rest {
            Rest::Value(value) => value.to_owned(),
            Rest::Until(end) => here_document(&mut lines, end).ok_or_else(|| format!("no line `{end}` to end line {number}"))?,
        };
        found.insert(key, value);
    }
    Ok(found)
}

enum Rest<'a> {
    Value(&'a str),
    Until(&'a str),
}

/// Splits at the first `=` or `<<`, whichever comes first.
fn split_key(line: &str) -> Option<(&str, Rest<'_>)> {
    let value = line.split_once('=');
    let (key, rest) = match (line.split_once("<<"), value) {
        (Some((key, end)), Some((other, _))) if key.len() < other.len() => (key, Rest::Until(end.trim())),
        (_, Some((key, value))) => (key, Rest::Value(value)),
        (Some((key, end)), None) => (key, Rest::Until(end.trim())),
        (None, None) => return None,
    };
    let whole = !key.trim().is_empty() && !matches!(rest, Rest::Until(""));
    whole.then_some((key.trim(), rest))
}

fn here_document<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, end: &str) -> Option<String> {
    let mut held = Vec::new();
    for (_, line) in lines {
        if line == end {
            return Some(held.join("\n"));
        }
        held.push(line);
    }
    None
}
