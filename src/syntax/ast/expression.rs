//! Expressions as written.

use crate::ast::{Name, TypeExpression};
use std::sync::Arc;
use wf_model::expression::{BinaryOperator, UnaryOperator};
use wf_model::span::Span;
use wf_model::unit::{Duration, Size};

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// All of it; a parenthesised one with its parentheses.
    pub span: Span,
}

/// The sorts of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `3`, `1_000`; one that is too large was reported and is [`ExpressionKind::Missing`].
    Int(i64),
    /// `0.8`, `80%`
    Float(f64),
    /// `1h30m`
    Duration(Duration),
    /// `64MB`
    Size(Size),
    /// A string of any sort.
    Text(Text),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{ a: x, "k": y }`
    Record(Vec<(Key, Expression)>),
    /// `name`
    Name(Arc<str>),
    /// `base.name`, `base?.name`
    Field {
        /// What stands before the dot.
        base: Box<Expression>,
        /// What stands behind it.
        name: Name,
        /// Whether the dot is `?.`.
        optional: bool,
    },
    /// `receiver.name(arguments)`, `receiver?.name(arguments)`
    Method {
        /// What stands before the dot.
        receiver: Box<Expression>,
        /// The method.
        name: Name,
        /// What stands in the parentheses.
        arguments: Vec<Expression>,
        /// Whether the dot is `?.`.
        optional: bool,
    },
    /// `base[index]`
    Index {
        /// What stands before the bracket.
        base: Box<Expression>,
        /// What stands in it.
        index: Box<Expression>,
    },
    /// `name(arguments)`
    Call {
        /// The function.
        name: Name,
        /// What stands in the parentheses.
        arguments: Vec<Expression>,
    },
    /// `base as T`
    As {
        /// What is looked at.
        base: Box<Expression>,
        /// What it has to be.
        type_: TypeExpression,
    },
    /// `not x`, `-x`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// What it is applied to.
        operand: Box<Expression>,
    },
    /// `x + y`
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Where it stands.
        operator_span: Span,
        /// Before it.
        left: Box<Expression>,
        /// Behind it.
        right: Box<Expression>,
    },
    /// `if c then a else b`
    Conditional(Box<Conditional>),
    /// `[element for item in list if condition]`
    Comprehension(Box<Comprehension>),
    /// `(x)`
    Parenthesised(Box<Expression>),
    /// What could not be read; it was reported.
    Missing,
}

/// The key of an entry of a `{…}` literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Without quotes.
    pub text: Arc<str>,
    /// Whether it is written as a string.
    pub quoted: bool,
    /// Where, quotes included.
    pub span: Span,
}

/// The parts of `if c then a else b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    /// Behind `if`.
    pub condition: Expression,
    /// Behind `then`.
    pub then: Expression,
    /// Behind `else`.
    pub otherwise: Expression,
}

/// The parts of `[element for index, item in list if condition]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// Before `for`.
    pub element: Expression,
    /// The index, or the key of a map.
    pub index: Option<Name>,
    /// The element, or the value of a map.
    pub item: Name,
    /// Behind `in`.
    pub list: Expression,
    /// Behind `if`.
    pub condition: Option<Expression>,
}

/// A string: its quotes and what stands between them, escapes resolved and a block's indentation removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// How it is written.
    pub quotes: Quotes,
    /// Literal parts and values in turn; no two literal parts side by side, none empty.
    pub parts: Vec<TextPart>,
}

/// How a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// `"…"`
    Double,
    /// `'…'`
    Single,
    /// `"""…"""`
    BlockDouble,
    /// `'''…'''`
    BlockSingle,
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Text as it means.
    Literal {
        /// Escapes resolved.
        text: String,
        /// Where it stands as written.
        span: Span,
    },
    /// `${…}`
    Value {
        /// What stands in the braces.
        expression: Expression,
        /// From the `$` to the closing brace.
        span: Span,
    },
}

impl Text {
    /// The values in it.
    pub fn values(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            TextPart::Literal { .. } => None,
            TextPart::Value { expression, .. } => Some(expression),
        })
    }

    /// The text where nothing is interpolated.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Literal { text, .. }] => Some(text),
            _ => None,
        }
    }
}

impl Expression {
    /// The expressions that this one consists of.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Null
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::Size(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::Missing => Vec::new(),
            ExpressionKind::Text(text) => text.values().collect(),
            ExpressionKind::List(elements) | ExpressionKind::Call { arguments: elements, .. } => elements.iter().collect(),
            ExpressionKind::Record(entries) => entries.iter().map(|(_, value)| value).collect(),
            ExpressionKind::Field { base: inner, .. }
            | ExpressionKind::As { base: inner, .. }
            | ExpressionKind::Unary { operand: inner, .. }
            | ExpressionKind::Parenthesised(inner) => vec![inner],
            ExpressionKind::Method { receiver, arguments, .. } => std::iter::once(&**receiver).chain(arguments).collect(),
            ExpressionKind::Index { base: first, index: second } | ExpressionKind::Binary { left: first, right: second, .. } => {
                vec![first, second]
            }
            ExpressionKind::Conditional(inner) => vec![&inner.condition, &inner.then, &inner.otherwise],
            ExpressionKind::Comprehension(inner) => [&inner.element, &inner.list].into_iter().chain(&inner.condition).collect(),
        }
    }

    /// The names that stand in it, each with its place.
    #[must_use]
    pub fn names(&self) -> Vec<(&str, Span)> {
        let (mut names, mut left) = (Vec::new(), vec![self]);
        while let Some(part) = left.pop() {
            if let ExpressionKind::Name(name) = &part.kind {
                names.push((&**name, part.span));
            }
            left.extend(part.parts());
        }
        names
    }

    /// What it is behind any parentheses.
    #[must_use]
    pub fn bare(&self) -> &Self {
        let mut inner = self;
        while let ExpressionKind::Parenthesised(next) = &inner.kind {
            inner = next;
        }
        inner
    }

    /// The text of a string without interpolation.
    #[must_use]
    pub fn plain_text(&self) -> Option<&str> {
        match &self.bare().kind {
            ExpressionKind::Text(text) => text.plain(),
            _ => None,
        }
    }
}
