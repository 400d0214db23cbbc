//! Clauses and handlers of steps and bodies.

use crate::expression::Expression;
use crate::program::{BodyId, Invocation};
use crate::span::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What stands around a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepClauses {
    /// For each attempt: a duration.
    pub timeout: Option<Expression>,
    /// Further attempts; boxed like `cache` and `lock`, because few steps have them and all three are large.
    pub retry: Option<Box<Retry>>,
    /// What has to hold of the result, in written order.
    pub expectations: Vec<Expectation>,
    /// What the step does to the world.
    pub effect: EffectClause,
    /// `on failure continue`.
    pub continuation: Option<Continuation>,
    /// `cache`.
    pub cache: Option<Box<Cache>>,
    /// `lock`.
    pub lock: Option<Box<Lock>>,
    /// `estimate`: a duration.
    pub estimate: Option<Expression>,
    /// `on unknown`.
    pub unknown: Option<UnknownAnswer>,
    /// Handlers in written order.
    pub handlers: Vec<Handler>,
}

/// `retry N times …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// How many further attempts: an int.
    pub times: Expression,
    /// How long to wait before each.
    pub delay: Option<Delay>,
    /// Bounds all of it: a duration.
    pub within: Option<Expression>,
    /// Whether to try again; sees `failure`.
    pub when: Option<Expression>,
}

/// How long a retry waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delay {
    /// From the end of one attempt to the start of the next: a duration.
    Pause(Expression),
    /// Before attempt n uniform in [0, min(cap, base·2^(n-1))]: two durations.
    Backoff {
        /// The base.
        from: Expression,
        /// The cap.
        to: Expression,
    },
}

/// `expect COND else "message"`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// A bool; sees `result` and the step's own value.
    pub condition: Expression,
    /// What to say when it does not hold.
    pub message: Option<Expression>,
    /// The text of the condition, for the message that says it failed.
    pub text: Arc<str>,
}

/// What a step says of its effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectClause {
    /// Nothing; the kind's rule counts.
    #[default]
    Unstated,
    /// Nothing, and the kind undoes itself.
    UndoesItself,
    /// `reads only`
    ReadsOnly,
    /// `no undo "why"`
    NoUndo(Arc<str>),
    /// `undo KIND …`
    Undo(Box<Undo>),
}

/// `undo KIND … when COND { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// What undoes the step.
    pub invocation: Invocation,
    /// Whether there is something to undo.
    pub when: Option<Expression>,
    /// For each attempt: a duration.
    pub timeout: Option<Expression>,
    /// Attempts; three when it says nothing.
    pub retry: Option<Retry>,
}

/// `on failure continue when COND`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// Which failures; sees `failure`.
    pub when: Option<Expression>,
}

/// `cache inputs [globs] outputs [globs] key EXPR`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// Patterns of what it reads.
    pub inputs: Expression,
    /// Patterns of what it writes.
    pub outputs: Expression,
    /// What else counts.
    pub key: Option<Expression>,
}

/// `lock EXPR max N else …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Its name: text.
    pub key: Expression,
    /// How many may hold it: an int, 1 when left out.
    pub max: Option<Expression>,
    /// What happens when it is held.
    pub otherwise: LockElse,
}

/// What happens when a lock is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockElse {
    /// It waits, first come first served.
    #[default]
    Wait,
    /// It is skipped.
    Skip,
    /// It fails.
    Fail,
}

/// What to do with a step that was running when the run died.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownAnswer {
    /// Run it again.
    Rerun,
    /// Take it as done.
    Done,
    /// Take it as failed.
    Fail,
    /// Ask somebody.
    Ask,
    /// Look: success means that it was done.
    Check(Box<UnknownCheck>),
}

/// `on unknown check KIND … { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownCheck {
    /// What looks.
    pub invocation: Invocation,
    /// How long it may take: a duration.
    pub timeout: Option<Expression>,
}

/// `on failure { … }` and the like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// When it runs.
    pub cause: HandlerCause,
    /// What it does.
    pub body: BodyId,
    /// Its head.
    pub span: Span,
}

/// When a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandlerCause {
    /// `on failure`
    Failure,
    /// `on success`
    Success,
    /// `on cancel`
    Cancel,
    /// `on failure or cancel`
    FailureOrCancel,
    /// `finally`
    Finally,
}

impl HandlerCause {
    /// How it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Failure => "on failure",
            Self::Success => "on success",
            Self::Cancel => "on cancel",
            Self::FailureOrCancel => "on failure or cancel",
            Self::Finally => "finally",
        }
    }
}
