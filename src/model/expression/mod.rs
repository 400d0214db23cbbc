//! Typed expressions, as the checker makes them and the engine evaluates them.

mod evaluate;
mod evaluate_convert;
mod evaluate_functions;
mod evaluate_methods;
mod evaluate_operators;
#[cfg(test)]
mod evaluate_tests;
mod evaluate_text;
mod evaluate_url;
mod walk;

pub use evaluate::{EvaluationError, Scope, Stop, evaluate, pattern_of};
pub use walk::Walk;

use crate::span::Span;
use crate::types::Type;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An expression whose names are resolved, whose types fit and whose conversions are written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// What it evaluates to.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Where it stands; failures at run time point there.
    pub span: Span,
}

/// The sorts of expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpressionKind {
    /// A constant.
    Literal(Value),
    /// Text with values in it, each rendered as §3 says; a secret among them makes the text a secret.
    Text(Vec<TextPart>),
    /// The text of a URL: a value that begins it goes in whole, all others are percent-encoded for their place.
    Url(Vec<TextPart>),
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `{ a: x }` or `{ "k": x }`: a record, map or json object.
    Map(Vec<(Arc<str>, Expression)>),
    /// A name.
    Reference(Reference),
    /// `base.name` on a record; on `json` a missing field is `null`.
    Field(Box<Expression>, Arc<str>),
    /// `base?.name`: where `base` is `null` the whole enclosing [`ExpressionKind::Chain`] is `null`.
    OptionalField(Box<Expression>, Arc<str>),
    /// `base?.method(…)`'s receiver: passes the value on, or ends the enclosing [`ExpressionKind::Chain`] with `null`.
    OptionalReceiver(Box<Expression>),
    /// The boundary of a chain with `?.` in it.
    Chain(Box<Expression>),
    /// `base[index]` on a list or a map; on `json` a missing element is `null`.
    Index(Box<Expression>, Box<Expression>),
    /// `receiver.method(arguments)`.
    Method(Method, Box<Expression>, Vec<Expression>),
    /// `function(arguments)`; `place` tells calls that look outside apart.
    Call(Function, Vec<Expression>, Place),
    /// `not x` and `-x`.
    Unary(UnaryOperator, Box<Expression>),
    /// `x op y`; `and`, `or` and `??` evaluate the right side only where it counts.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `if c then a else b`.
    Conditional(Box<Conditional>),
    /// `[element for item in list if condition]`.
    Comprehension(Box<Comprehension>),
    /// `x as T`, checked at run time.
    As(Box<Expression>),
    /// A conversion that happens by itself, to the type of this expression.
    Convert(Box<Expression>),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextPart {
    /// As written.
    Literal(Arc<str>),
    /// `${…}`.
    Value(Expression),
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// A declaration of the workflow.
    Value(ValueId),
    /// A `let` of a file.
    Global(GlobalId),
    /// A variable of a comprehension, counted from the outermost, in declaration order.
    Local(u32),
    /// `run`: a record.
    Run,
    /// `result`: what the step's action gave, in `expect` and in undos.
    Result,
    /// `failure`, in handlers and in the `when` of a retry or of `on failure continue`.
    Failure,
    /// `event`, in the `with` of a trigger.
    Event,
    /// In a test's `expect`: the outcome of the step or block at this path, such as `ship.health[1]`.
    Outcome(Arc<str>),
}

/// A value declaration of a workflow: its place in [`crate::program::Workflow::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ValueId(pub u32);

/// A `let` of a file: its place in [`crate::program::Program::globals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GlobalId(pub u32);

/// A call that looks outside: unique in the program, so that a run sees there once and for all what it saw first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub u32);

/// The parts of `if c then a else b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditional {
    /// A bool.
    pub condition: Expression,
    /// Where it holds.
    pub then: Expression,
    /// Where it does not.
    pub otherwise: Expression,
}

/// The parts of a comprehension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comprehension {
    /// What becomes an element.
    pub element: Expression,
    /// The local that holds the index, or the key of a map.
    pub index: Option<u32>,
    /// The local that holds the item, or the value of a map.
    pub item: u32,
    /// What is gone through: a list or a map.
    pub list: Expression,
    /// Which items count.
    pub condition: Option<Expression>,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnaryOperator {
    /// `not`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryOperator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `contains`
    Contains,
    /// `matches`: the right side is a regular expression.
    Matches,
    /// `??`
    Default,
    /// `..`
    Range,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// Defines an enum of names with its table, so that every name stands once.
macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $enum { $($(#[$variant_doc])* $variant),* }

        impl $enum {
            /// All of them, as the reference lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// How programs write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The one that programs write as `name`.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|candidate| candidate.name() == name)
            }
        }
    };
}

names! {
    /// The functions of §4 and the channels of §11.
    Function {
        /// `env("NAME")` → `string?`; looks outside.
        Env = "env",
        /// `read("file")` → `string`; looks outside.
        Read = "read",
        /// `glob("a/**/*.csv")` → `[path]`, sorted; looks outside.
        Glob = "glob",
        /// `now()` → RFC 3339, `now("%Y-%m-%d")`; looks outside.
        Now = "now",
        /// `uuid()` → `string`; looks outside.
        Uuid = "uuid",
        /// `hash(s)` → BLAKE3 as hex.
        Hash = "hash",
        /// `min(a, b)`.
        Min = "min",
        /// `max(a, b)`.
        Max = "max",
        /// `raw(x)`: text that may stand as code.
        Raw = "raw",
        /// `reveal(s)`: a secret's text as a plain string.
        Reveal = "reveal",
        /// `slack(url)` → `channel`.
        Slack = "slack",
        /// `email(to, smtp)` → `channel`.
        Email = "email",
        /// `webhook(url)`, `webhook(url, key)` → `channel`.
        Webhook = "webhook",
        /// `desktop()` → `channel`.
        Desktop = "desktop",
    }
}

impl Function {
    /// Whether its answer depends on the world, so that it is journaled.
    #[must_use]
    pub const fn looks_outside(self) -> bool {
        matches!(self, Self::Env | Self::Read | Self::Glob | Self::Now | Self::Uuid)
    }
}

names! {
    /// The methods of §4; which types have which is the checker's table.
    Method {
        /// Number of characters, elements or keys.
        Length = "length",
        /// Upper case.
        Upper = "upper",
        /// Lower case.
        Lower = "lower",
        /// Without blanks at both ends.
        Trim = "trim",
        /// Lines without their breaks.
        Lines = "lines",
        /// Pieces between a separator.
        Split = "split",
        /// Every occurrence replaced.
        Replace = "replace",
        /// Whether it begins with a text.
        StartsWith = "starts_with",
        /// Whether it ends with a text.
        EndsWith = "ends_with",
        /// Whether a text or element is in it.
        Contains = "contains",
        /// The integer it spells; fails otherwise.
        ToInt = "to_int",
        /// The float it spells; fails otherwise.
        ToFloat = "to_float",
        /// The JSON it spells; fails otherwise.
        ParseJson = "parse_json",
        /// The first element or `null`.
        First = "first",
        /// The last element or `null`.
        Last = "last",
        /// Elements joined by a separator.
        Join = "join",
        /// Elements in ascending order.
        Sort = "sort",
        /// Elements without repetitions, first occurrences kept.
        Unique = "unique",
        /// Elements in reverse order.
        Reverse = "reverse",
        /// A list of lists as one list.
        Flatten = "flatten",
        /// The sum of numbers, durations or sizes.
        Sum = "sum",
        /// The least element or `null`.
        Min = "min",
        /// The greatest element or `null`.
        Max = "max",
        /// The keys of a map.
        Keys = "keys",
        /// The values of a map.
        Values = "values",
        /// Whether a map has a key.
        Has = "has",
        /// Rounded to n digits.
        Round = "round",
        /// Without its sign.
        Abs = "abs",
        /// A duration in seconds.
        Seconds = "seconds",
        /// A duration in minutes.
        Minutes = "minutes",
        /// A path's last part.
        Name = "name",
        /// A path's last part without its extension.
        Stem = "stem",
        /// A path's extension without the dot.
        Extension = "extension",
        /// A path without its last part.
        Parent = "parent",
        /// The value as JSON text.
        ToJson = "to_json",
    }
}
