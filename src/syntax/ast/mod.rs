//! The tree of a file: what was written, with the place of everything, before any name means something.

mod clause;
mod expression;
mod statement;
mod types;

pub use clause::{Clause, ClauseKind, Delay, Handler, Retry, Unknown};
pub use expression::{Comprehension, Conditional, Expression, ExpressionKind, Key, Quotes, Text, TextPart};
pub use statement::{
    Attribute, Block, BlockKind, Body, Branch, Concurrency, Depends, Doc, Entry, File, If, Invocation, Item, Iterator, Let, Mock,
    MockOutcome, Output, Param, Rollback, RollbackExtent, Secret, SecretSource, Step, Test, TestRun, Trigger, TriggerOption,
    TypeDeclaration, Use, UseTarget, Workflow,
};
pub use types::{TypeExpression, TypeKind};

use std::sync::Arc;
use wf_model::span::Span;

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As written; where it was misspelt in form (`my-step`), as it should have been (`my_step`).
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
}
