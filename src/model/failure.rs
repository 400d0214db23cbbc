//! Why a step failed.

use crate::span::Span;
use crate::types::Type;
use crate::unit::Duration;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A failed attempt, as an executor reports it and `failure` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What sort it is.
    pub kind: FailureKind,
    /// One fact, lower case, without a full stop; no secret in it.
    pub message: Arc<str>,
    /// Of a process that exited by itself.
    pub exit_code: Option<i32>,
    /// Of an HTTP response.
    pub status: Option<i64>,
    /// The last lines of stderr, secrets masked.
    pub stderr: Arc<str>,
    /// Whether another attempt can get better.
    pub retryable: bool,
    /// How long whoever answered asks to be left alone; no retry comes earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// The line of the step's own code that failed, from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The expression that failed, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// The sorts of failure, as `failure.kind` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// An exit code that is not allowed.
    Exit,
    /// Ended by a signal.
    Signal,
    /// Out of time.
    Timeout,
    /// Could not be started.
    Spawn,
    /// Its output does not decode.
    Decode,
    /// An `expect` does not hold.
    Expect,
    /// An approval was rejected, or a gate did not pass.
    Rejected,
    /// No branch of a race succeeded.
    Race,
    /// A `repeat` ran out of rounds.
    Loop,
    /// A child workflow failed.
    Child,
    /// An expression failed, or the engine itself.
    Engine,
}

impl FailureKind {
    /// All of them, as the reference lists them.
    pub const ALL: [Self; 11] = [
        Self::Exit,
        Self::Signal,
        Self::Timeout,
        Self::Spawn,
        Self::Decode,
        Self::Expect,
        Self::Rejected,
        Self::Race,
        Self::Loop,
        Self::Child,
        Self::Engine,
    ];

    /// How programs write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::Spawn => "spawn",
            Self::Decode => "decode",
            Self::Expect => "expect",
            Self::Rejected => "rejected",
            Self::Race => "race",
            Self::Loop => "loop",
            Self::Child => "child",
            Self::Engine => "engine",
        }
    }
}

impl Failure {
    /// A failure without exit code, status or output that another attempt does not mend.
    #[must_use]
    pub fn final_of(kind: FailureKind, message: &str) -> Self {
        Self {
            kind,
            message: message.into(),
            exit_code: None,
            status: None,
            stderr: "".into(),
            retryable: false,
            retry_after: None,
            line: None,
            span: None,
        }
    }

    /// The failure of an expression, which another attempt does not mend.
    #[must_use]
    pub fn of_expression(span: Span, message: &str) -> Self {
        Self { span: Some(span), ..Self::final_of(FailureKind::Engine, message) }
    }

    /// The type of `failure` (§8).
    #[must_use]
    pub fn type_() -> Type {
        Type::record([
            ("step", Type::String),
            ("message", Type::String),
            ("kind", Type::union(FailureKind::ALL.map(FailureKind::name))),
            ("exit_code", Type::optional(Type::Int)),
            ("status", Type::optional(Type::Int)),
            ("attempts", Type::Int),
            ("stderr", Type::String),
        ])
    }

    /// The value of `failure`: of the step at `path`, after `attempts`.
    #[must_use]
    pub fn value(&self, path: &str, attempts: u32) -> Value {
        let number = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
        Value::map([
            ("step", Value::string(path)),
            ("message", Value::String(self.message.clone())),
            ("kind", Value::string(self.kind.name())),
            ("exit_code", number(self.exit_code.map(i64::from))),
            ("status", number(self.status)),
            ("attempts", Value::Int(i64::from(attempts))),
            ("stderr", Value::String(self.stderr.clone())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, FailureKind};
    use crate::types::Type;

    #[test]
    fn the_value_of_a_failure_has_the_fields_of_its_type() {
        let value = Failure::final_of(FailureKind::Timeout, "out of time").value("ship.health[1]", 2);
        let Type::Record(fields) = Failure::type_() else { panic!("a record") };
        assert!(fields.iter().all(|field| value.get(&field.name).is_some()));
        assert_eq!(value.get("kind"), Some(&crate::value::Value::string("timeout")));
    }
}
