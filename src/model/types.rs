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

    /// Whether a channel is in it, at any depth.
    #[must_use]
    pub fn holds_channel(&self) -> bool {
        match self {
            Self::Channel => true,
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => inner.holds_channel(),
            Self::Record(fields) => fields.iter().any(|field| field.type_.holds_channel()),
            _ => false,
        }
    }

    /// Whether a `from` fits here, as it is or by the conversions that happen by themselves (§3).
    #[must_use]
    pub fn accepts(&self, from: &Self) -> bool {
        match (self, from) {
            (Self::Unknown, _) | (_, Self::Unknown | Self::Never) | (Self::Float, Self::Int) => true,
            (Self::Json, _) => !from.holds_secret() && !from.holds_channel(),
            (Self::Optional(inner), _) => inner.accepts(from.required()),
            (Self::String, _) => from.is_text(),
            (Self::Union(wider), Self::Union(members)) => members.iter().all(|member| wider.contains(member)),
            (Self::List(element), Self::List(other)) | (Self::Map(element), Self::Map(other)) => element.accepts(other),
            (Self::Record(fields), Self::Record(_)) => fields.iter().all(|field| field.accepts_of(from)),
            _ => self == from,
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

impl Field {
    /// Whether this field can be taken from a record of type `record`; an optional one may be missing there.
    fn accepts_of(&self, record: &Type) -> bool {
        record.field(&self.name).map_or(matches!(self.type_, Type::Optional(_)), |type_| self.type_.accepts(type_))
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

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn conversions_that_happen_by_themselves_are_accepted() {
        let narrow = Type::record([("a", Type::Float), ("b", Type::optional(Type::String))]);
        let wide = Type::record([("a", Type::Int), ("c", Type::Bool)]);
        for (target, from) in [
            (Type::Float, Type::Int),
            (Type::optional(Type::Int), Type::Int),
            (Type::optional(Type::Float), Type::optional(Type::Int)),
            (Type::optional(Type::Int), Type::null()),
            (Type::String, Type::Path),
            (Type::String, Type::union(["a"])),
            (Type::union(["a", "b"]), Type::union(["b"])),
            (Type::list(Type::Float), Type::list(Type::Int)),
            (Type::list(Type::Int), Type::list(Type::Never)),
            (Type::map(Type::String), Type::map(Type::Url)),
            (narrow, wide.clone()),
            (Type::Json, wide),
            (Type::Json, Type::null()),
            (Type::Int, Type::Unknown),
            (Type::Unknown, Type::Secret),
        ] {
            assert!(target.accepts(&from), "{target} takes {from}");
        }
    }

    #[test]
    fn all_else_needs_to_be_written_out() {
        for (target, from) in [
            (Type::Int, Type::Float),
            (Type::Int, Type::optional(Type::Int)),
            (Type::Path, Type::String),
            (Type::union(["a"]), Type::union(["a", "b"])),
            (Type::union(["a"]), Type::String),
            (Type::String, Type::Secret),
            (Type::String, Type::Json),
            (Type::Json, Type::list(Type::Secret)),
            (Type::Json, Type::record([("to", Type::Channel)])),
            (Type::record([("a", Type::Int)]), Type::record([])),
            (Type::map(Type::Int), Type::record([("a", Type::Int)])),
            (Type::Duration, Type::Int),
        ] {
            assert!(!target.accepts(&from), "{target} does not take {from}");
        }
    }
}
