//! The types of `language.md` §3.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// Of something that was already reported; fits everywhere, so that one mistake costs one diagnostic.
    Unknown,
    /// Of no value: the element of `[]`, and `null` is `Optional(Never)`.
    Never,
    /// Text.
    String,
    /// A 64-bit integer.
    Int,
    /// A finite 64-bit float.
    Float,
    /// `true` or `false`.
    Bool,
    /// A span of time.
    Duration,
    /// A number of bytes.
    Size,
    /// A path; a string at run time.
    Path,
    /// A URL; a string at run time.
    Url,
    /// One of the listed strings; a string at run time.
    Union(Arc<[Arc<str>]>),
    /// Values of one type in an order.
    List(Arc<Type>),
    /// Values of one type under string keys, in an order.
    Map(Arc<Type>),
    /// Values under known names.
    Record(Arc<[Field]>),
    /// The type or `null`; never directly inside another `Optional`.
    Optional(Arc<Type>),
    /// Any JSON value.
    Json,
    /// A tainted string.
    Secret,
    /// Where a notification goes.
    Channel,
}

/// A field of a record type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    #[serde(rename = "type")]
    pub type_: Type,
}

impl Type {
    /// A list of `element`.
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// A map with `element` values.
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `inner?`; an optional stays as it is, and so do `json`, which already holds `null`, and an unknown.
    #[must_use]
    pub fn optional(inner: Self) -> Self {
        match inner {
            Self::Optional(_) | Self::Json | Self::Unknown => inner,
            _ => Self::Optional(Arc::new(inner)),
        }
    }

    /// A record with these fields.
    #[must_use]
    pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Record(fields.into_iter().map(|(name, type_)| Field { name: name.into(), type_ }).collect())
    }

    /// A union of these strings.
    #[must_use]
    pub fn union<'a>(members: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Union(members.into_iter().map(Arc::from).collect())
    }

    /// The type of `null`.
    #[must_use]
    pub fn null() -> Self {
        Self::optional(Self::Never)
    }

    /// The type without its `?`.
    #[must_use]
    pub fn required(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            _ => self,
        }
    }

    /// Whether it is a string at run time that is not tainted.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String | Self::Path | Self::Url | Self::Union(_))
    }

    /// Whether a secret is in it, at any depth.
    #[must_use]
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => inner.holds_secret(),
            Self::Record(fields) => fields.iter().any(|field| field.type_.holds_secret()),
            _ => false,
        }
    }

    /// The field called `name` of a record type.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(fields) => fields.iter().find(|field| &*field.name == name).map(|field| &field.type_),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    /// Writes the type as the language does.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => formatter.write_str("unknown"),
            Self::Never => formatter.write_str("nothing"),
            Self::String => formatter.write_str("string"),
            Self::Int => formatter.write_str("int"),
            Self::Float => formatter.write_str("float"),
            Self::Bool => formatter.write_str("bool"),
            Self::Duration => formatter.write_str("duration"),
            Self::Size => formatter.write_str("size"),
            Self::Path => formatter.write_str("path"),
            Self::Url => formatter.write_str("url"),
            Self::Json => formatter.write_str("json"),
            Self::Secret => formatter.write_str("secret"),
            Self::Channel => formatter.write_str("channel"),
            Self::Union(members) => write_union(formatter, members),
            Self::List(element) => write!(formatter, "[{element}]"),
            Self::Map(element) => write!(formatter, "[string: {element}]"),
            Self::Record(fields) => write_record(formatter, fields),
            Self::Optional(inner) if **inner == Self::Never => formatter.write_str("null"),
            Self::Optional(inner) if matches!(**inner, Self::Union(_)) => write!(formatter, "({inner})?"),
            Self::Optional(inner) => write!(formatter, "{inner}?"),
        }
    }
}

fn write_union(formatter: &mut fmt::Formatter<'_>, members: &[Arc<str>]) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        let separator = if index == 0 { "" } else { " | " };
        write!(formatter, "{separator}\"{member}\"")?;
    }
    Ok(())
}

fn write_record(formatter: &mut fmt::Formatter<'_>, fields: &[Field]) -> fmt::Result {
    if fields.is_empty() {
        return formatter.write_str("{}");
    }
    for (index, field) in fields.iter().enumerate() {
        let separator = if index == 0 { "{ " } else { ", " };
        write!(formatter, "{separator}{}: {}", field.name, field.type_)?;
    }
    formatter.write_str(" }")
}
