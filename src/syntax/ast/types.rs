//! Types as written.

use crate::ast::Name;
use std::sync::Arc;
use wf_model::span::Span;

/// A type with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpression {
    /// What it says.
    pub kind: TypeKind,
    /// All of it.
    pub span: Span,
}

/// The forms of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `string`, `Build`
    Named(Arc<str>),
    /// `"a" | "b"`, also one of them alone; each with its place. A `|` between other types was reported.
    Union(Vec<(Arc<str>, Span)>),
    /// `[T]`
    List(Box<TypeExpression>),
    /// `[string: T]`
    Map(Box<TypeExpression>),
    /// `{ a: T, b: U }`
    Record(Vec<(Name, TypeExpression)>),
    /// `T?`
    Optional(Box<TypeExpression>),
    /// What could not be read; it was reported.
    Missing,
}
