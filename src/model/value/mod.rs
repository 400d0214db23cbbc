//! Values at run time.

mod decode;
#[cfg(test)]
mod decode_tests;
mod hash;
mod json;
mod output;
mod path;
mod render;
#[cfg(test)]
mod tests;

pub use decode::{DEEPEST_JSON, DecodeError, NotJson, decode_json, decode_text, fits_form, parse_json};
pub use output::decode_output_file;
pub use path::{absolute, with_absolute_paths};

use crate::unit::{Duration, Size};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// What an expression evaluates to. Cheap to clone.
///
/// Paths, URLs and members of unions are [`Value::String`]; records and maps are both [`Value::Map`]; a `json` is whatever
/// variant its content is. Equality is by value and deep; the order of a map's keys does not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite float.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A span of time.
    Duration(Duration),
    /// A number of bytes.
    Size(Size),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// Values under keys, in order.
    Map(Arc<Map>),
    /// Tainted text.
    Secret(Secret),
    /// Where a notification goes: the function that made it and its arguments.
    Channel(Arc<Channel>),
}

/// Keys and values in the order in which they were written.
pub type Map = IndexMap<Arc<str>, Value>;

/// A destination such as `slack(url)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The function's name: `slack`, `email`, `webhook` or `desktop`.
    pub kind: Arc<str>,
    /// Its arguments in order; they may be secrets.
    pub arguments: Vec<Value>,
}

/// Text that never enters journal, plan, log or message. Shows itself as `***`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Arc<str>);

impl Secret {
    /// Taints a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself; every caller answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &Arc<str> {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl Value {
    /// The value with other texts and keys, at any depth; secrets and what is no text stay.
    #[must_use]
    pub fn map_texts(&self, text: &dyn Fn(&str) -> Self, key: &dyn Fn(&Arc<str>) -> Arc<str>) -> Self {
        match self {
            Self::String(content) => text(content),
            Self::List(elements) => Self::list(elements.iter().map(|element| element.map_texts(text, key))),
            Self::Map(map) => {
                Self::Map(Arc::new(map.iter().map(|(name, value)| (key(name), value.map_texts(text, key))).collect()))
            }
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Duration(_)
            | Self::Size(_)
            | Self::Secret(_)
            | Self::Channel(_) => self.clone(),
        }
    }

    /// Text.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// A list of these.
    #[must_use]
    pub fn list(elements: impl IntoIterator<Item = Self>) -> Self {
        Self::List(Arc::new(elements.into_iter().collect()))
    }

    /// A map or record of these.
    #[must_use]
    pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect()))
    }

    /// The text of a value, also where it is a secret; every caller answers for where it goes. Empty for what has none.
    #[must_use]
    pub fn exposed(&self) -> String {
        match self {
            Self::Secret(secret) => secret.expose().to_string(),
            other => other.render().unwrap_or_default(),
        }
    }

    /// The field or key `name` of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }
}
