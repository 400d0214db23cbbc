//! The methods of strings and paths; what is made of a secret stays one.

use super::Method;
use super::evaluate_methods::count;
use super::evaluate_operators::{finite, tainted_by, text_of};
use crate::value::{NotJson, Value};

type Outcome = Result<Value, String>;

/// Calls a method of a string, path or secret.
pub(super) fn text_method(method: Method, receiver: &Value, arguments: &[Value]) -> Option<Outcome> {
    let text = &**text_of(receiver)?;
    match arguments {
        [] => without_arguments(method, text, receiver),
        [argument] => with_one(method, text, receiver, argument),
        [from, to] if method == Method::Replace => {
            let replaced = text.replace(&**text_of(from)?, text_of(to)?);
            Some(Ok(tainted_by(&[receiver, from, to], &replaced)))
        }
        _ => None,
    }
}

fn without_arguments(method: Method, text: &str, receiver: &Value) -> Option<Outcome> {
    let same = |text: &str| Ok(tainted_by(&[receiver], text));
    Some(match method {
        Method::Length => Ok(count(text.chars().count())),
        Method::Upper => same(&text.to_uppercase()),
        Method::Lower => same(&text.to_lowercase()),
        Method::Trim => same(text.trim()),
        Method::Lines => Ok(Value::list(text.lines().map(|line| tainted_by(&[receiver], line)))),
        Method::ToInt => text.trim().parse().map(Value::Int).map_err(|_| "text is not an int".to_owned()),
        Method::ToFloat => text.trim().parse().map_err(|_| "text is not a float".to_owned()).and_then(finite),
        Method::ParseJson => parse_json(text),
        Method::Name => same(name(text)),
        Method::Stem => same(split_extension(name(text)).0),
        Method::Extension => same(split_extension(name(text)).1),
        Method::Parent => same(parent(text)),
        _ => return None,
    })
}

fn with_one(method: Method, text: &str, receiver: &Value, argument: &Value) -> Option<Outcome> {
    let other = &**text_of(argument)?;
    Some(match method {
        Method::Split if other.is_empty() => Err("separator is empty".to_owned()),
        Method::Split => Ok(Value::list(text.split(other).map(|piece| tainted_by(&[receiver], piece)))),
        Method::StartsWith => Ok(Value::Bool(text.starts_with(other))),
        Method::EndsWith => Ok(Value::Bool(text.ends_with(other))),
        Method::Contains => Ok(Value::Bool(text.contains(other))),
        _ => return None,
    })
}

fn parse_json(text: &str) -> Outcome {
    let told = |error: NotJson| if error.too_deep { format!("JSON {error}") } else { format!("text is not JSON: {error}") };
    Value::from_json_text(text).map_err(told)
}

fn name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A name that only begins with a dot has no extension.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, ""),
    }
}

fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None if path.starts_with('/') => "/",
        None => ".",
    }
}
