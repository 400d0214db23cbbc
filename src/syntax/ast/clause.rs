//! Clauses and handlers.

use crate::ast::{Body, Expression, Invocation};
use wf_model::program::{HandlerCause, LockElse};
use wf_model::span::Span;

/// A clause with the place where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// All of it.
    pub span: Span,
}

/// The sorts of clause.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// `timeout D`
    Timeout(Expression),
    /// `retry N times …`
    Retry(Box<Retry>),
    /// `expect COND else "message"`
    Expect {
        /// What has to hold.
        condition: Expression,
        /// What to say otherwise.
        message: Option<Expression>,
    },
    /// `reads only`
    ReadsOnly,
    /// `no undo "why"`
    NoUndo(Expression),
    /// `undo KIND …`
    Undo(Box<Invocation>),
    /// `on failure continue when COND`
    OnFailureContinue(Option<Expression>),
    /// `fail fast`
    FailFast,
    /// `cache inputs … outputs … key …`
    Cache {
        /// What it reads.
        inputs: Expression,
        /// What it writes.
        outputs: Expression,
        /// What else counts.
        key: Option<Expression>,
    },
    /// `lock EXPR max N else …`
    Lock {
        /// Its name.
        key: Expression,
        /// How many may hold it.
        max: Option<Expression>,
        /// What happens when it is held.
        otherwise: LockElse,
    },
    /// `estimate D`
    Estimate(Expression),
    /// `on unknown …`
    OnUnknown(Unknown),
}

/// `retry N times …`
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How many further attempts.
    pub times: Expression,
    /// `pause D` or `backoff D to D`
    pub delay: Option<Delay>,
    /// `within D`
    pub within: Option<Expression>,
    /// `when COND`
    pub when: Option<Expression>,
}

/// How long a retry waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// `pause D`
    Pause(Expression),
    /// `backoff D to D`
    Backoff(Expression, Expression),
}

/// What `on unknown` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// `rerun`
    Rerun,
    /// `done`
    Done,
    /// `fail`
    Fail,
    /// `ask`
    Ask,
    /// `check KIND …`
    Check(Box<Invocation>),
}

/// `on failure { … }` and the like.
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    /// When it runs.
    pub cause: HandlerCause,
    /// Its statements; the short form `on failure rollback` has one without braces.
    pub body: Body,
    /// Its head.
    pub head: Span,
    /// All of it.
    pub span: Span,
}
