//! What the expectations of a test see: the run, and what became of its steps.

use std::sync::Arc;
use wf_model::event::Timestamp;
use wf_model::expression::{Expression, ExpressionKind, Reference, Scope, evaluate};
use wf_model::run::{InstanceRecord, RunRecord, RunState, Status, UndoStatus};
use wf_model::span::Span;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// A run that is over, or waits.
pub(super) struct Outcomes<'a> {
    pub(super) record: &'a RunRecord,
    /// When nothing more happened.
    pub(super) end: Timestamp,
}

/// A part of a condition that did not hold, with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The part.
    pub span: Span,
    /// What it was; why it had none.
    pub value: Result<Value, String>,
}

impl Outcomes<'_> {
    /// How long the run has taken.
    pub(super) fn duration(&self) -> Duration {
        self.end.since(self.began())
    }

    fn began(&self) -> Timestamp {
        self.record.started_at.unwrap_or(self.end)
    }

    fn since_began(&self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::Null, |at| Value::Duration(at.since(self.began())))
    }

    fn of(&self, record: &InstanceRecord) -> Value {
        let value = match &record.status {
            Status::Succeeded(value) | Status::Cached(value) => value.clone(),
            _ => Value::Null,
        };
        Value::map([
            ("status", status(&record.status).map_or(Value::Null, Value::string)),
            ("attempts", Value::Int(i64::from(record.attempts))),
            ("started", self.since_began(record.started_at)),
            ("finished", self.since_began(record.ended_at.filter(|_| record.started_at.is_some()))),
            ("undone", Value::Bool(record.undo == UndoStatus::Undone)),
            ("value", plain(&value)),
        ])
    }

    /// The parts of a condition that have a value of their own, outermost first, each once.
    pub(super) fn sides(&mut self, condition: &Expression) -> Vec<Side> {
        let mut sides: Vec<Side> = Vec::new();
        let mut left = vec![condition];
        while let Some(part) = left.pop() {
            if is_named(part) {
                let value = evaluate(part, self).map_err(|stop| why(&stop));
                let side = Side { span: part.span, value };
                if !sides.contains(&side) {
                    sides.push(side);
                }
            } else {
                left.extend(part.parts().into_iter().rev());
            }
        }
        sides
    }
}

/// Whether an expression is a name with fields and indexes behind it.
fn is_named(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Reference(Reference::Local(_)) => false,
        ExpressionKind::Reference(_) => true,
        ExpressionKind::Field(base, _)
        | ExpressionKind::OptionalField(base, _)
        | ExpressionKind::OptionalReceiver(base)
        | ExpressionKind::Chain(base)
        | ExpressionKind::Index(base, _) => is_named(base),
        _ => false,
    }
}

/// Why an evaluation gave no value, in one lower case fact.
pub(super) fn why(stop: &wf_model::expression::Stop) -> String {
    match stop {
        wf_model::expression::Stop::Failed(error) => error.message.clone(),
        wf_model::expression::Stop::Pending => "a test cannot look outside".to_owned(),
    }
}

/// How a step ended, as an expectation names it.
const fn status(status: &Status) -> Option<&'static str> {
    match status {
        Status::Succeeded(_) | Status::Cached(_) => Some("succeeded"),
        Status::Failed { .. } => Some("failed"),
        Status::Skipped(_) => Some("skipped"),
        Status::Cancelled(_) => Some("cancelled"),
        Status::Ready | Status::Locked { .. } | Status::Waiting { .. } | Status::Running | Status::Retrying(_) => None,
    }
}

/// Secrets are plain texts in a test.
fn plain(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => Value::String(secret.expose().clone()),
        Value::List(elements) => Value::list(elements.iter().map(plain)),
        Value::Map(map) => Value::Map(Arc::new(map.iter().map(|(name, value)| (name.clone(), plain(value))).collect())),
        _ => value.clone(),
    }
}

/// How a run ended, as an expectation names it.
pub(super) const fn state(record: &RunRecord) -> RunState {
    if record.state.is_final() { record.state } else { RunState::Paused }
}

impl Scope for Outcomes<'_> {
    fn run(&self) -> Option<Value> {
        Some(Value::map([
            ("status", Value::string(state(self.record).name())),
            ("duration", Value::Duration(self.duration())),
            ("order", Value::list(self.record.order.iter().map(|path| Value::String(path.clone())))),
            ("outputs", plain(&self.record.outputs)),
        ]))
    }

    fn outcome(&self, path: &str) -> Option<Value> {
        let nothing = || {
            Value::map([
                ("status", Value::string("skipped")),
                ("attempts", Value::Int(0)),
                ("started", Value::Null),
                ("finished", Value::Null),
                ("undone", Value::Bool(false)),
                ("value", Value::Null),
            ])
        };
        Some(self.record.at(path).map_or_else(nothing, |record| self.of(record)))
    }
}
