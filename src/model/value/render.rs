//! Values as text: in interpolations and as the literals of the language.

use super::Value;
use std::fmt::Write;

/// Words that are never names, so a key spelled like one is quoted.
const RESERVED: [&str; 11] = ["true", "false", "null", "and", "or", "not", "in", "as", "if", "then", "else"];

impl Value {
    /// The value as interpolation writes it (§3), a secret as `***`; `None` for what has no text of its own: `null`, lists,
    /// maps, records and channels.
    #[must_use]
    pub fn render(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(float(*value)),
            Self::String(text) => Some(text.to_string()),
            Self::Duration(duration) => Some(duration.to_string()),
            Self::Size(size) => Some(size.to_string()),
            Self::Secret(_) => Some("***".to_owned()),
            Self::Null | Self::List(_) | Self::Map(_) | Self::Channel(_) => None,
        }
    }

    /// The value as a program would write it, on one line; a secret is `***` and a channel shows its function only.
    #[must_use]
    pub fn write_literal(&self) -> String {
        let mut text = String::new();
        self.write_into(&mut text);
        text
    }

    fn write_into(&self, text: &mut String) {
        match self {
            Self::String(value) => write_quoted(text, value),
            Self::List(elements) => write_list(text, elements),
            Self::Map(map) => write_map(text, map),
            Self::Channel(channel) => {
                text.push_str(&channel.kind);
                text.push_str("(…)");
            }
            _ => text.push_str(&self.render().unwrap_or_else(|| "null".to_owned())),
        }
    }
}

/// Always with a point, never with an exponent, because the language knows none.
fn float(value: f64) -> String {
    let text = value.to_string();
    if text.contains('.') || !value.is_finite() { text } else { format!("{text}.0") }
}

fn write_list(text: &mut String, elements: &[Value]) {
    text.push('[');
    for (index, element) in elements.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        element.write_into(text);
    }
    text.push(']');
}

fn write_map(text: &mut String, map: &super::Map) {
    if map.is_empty() {
        return text.push_str("{}");
    }
    for (index, (key, value)) in map.iter().enumerate() {
        text.push_str(if index == 0 { "{ " } else { ", " });
        if is_identifier(key) {
            text.push_str(key)
        } else {
            write_quoted(text, key)
        }
        text.push_str(": ");
        value.write_into(text);
    }
    text.push_str(" }");
}

/// Whether a key can stand without quotes.
pub(super) fn is_identifier(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&key)
}

fn write_quoted(text: &mut String, value: &str) {
    text.push('"');
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '$' if characters.peek() == Some(&'{') => text.push_str("\\$"),
            // Writing to a string cannot fail.
            _ if character.is_control() => drop(write!(text, "\\u{{{:X}}}", u32::from(character))),
            _ => text.push(character),
        }
    }
    text.push('"');
}
