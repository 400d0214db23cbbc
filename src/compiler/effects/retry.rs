//! Retries that may do harm.

use super::{Check, Seen};
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::program::{BodyId, Effect, EffectClause, UnknownAnswer};
use wf_model::span::Span;

/// Reports a retry of a step that may have changed the world before it failed.
pub(super) fn check_step(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let clauses = &seen.step.clauses;
    if clauses.retry.is_some() && !may_repeat(seen) {
        check.report(&RetryMayRepeat { step: seen.statement.title(), span: seen.statement.span });
    }
}

/// Reports bodies that are run again on top of what their steps did.
pub(super) fn check_bodies(check: &mut Check<'_, '_>) {
    for seen in check.room.steps().filter(leaves_something) {
        let room = check.room;
        let retried = |body: &BodyId| room.workflow.bodies.get(*body).is_some_and(|body| body.clauses.retry.is_some());
        let mut bodies = room.tree.bodies_around(seen.id).map(|(body, _)| body);
        let Some(body) = bodies.find(retried) else { continue };
        if !room.scopes.handler_within(&room.tree, seen.id, body) {
            let retry = room.workflow.bodies.get(body).and_then(|body| body.clauses.retry.as_ref());
            let retry = retry.map(|retry| retry.times.span).unwrap_or_default();
            check.report(&RetryWithoutRollback { step: seen.statement.title(), span: seen.statement.span, retry });
        }
    }
}

fn may_repeat(seen: &Seen<'_>) -> bool {
    let asked_for = matches!(seen.step.clauses.unknown, Some(UnknownAnswer::Rerun));
    asked_for || seen.effect.may_run_twice() || matches!(seen.effect, Effect::Inside(_))
}

/// Whether a rollback could take back what the step did, or nobody knows.
fn leaves_something(seen: &Seen<'_>) -> bool {
    !may_repeat(seen) && !matches!(seen.step.clauses.effect, EffectClause::NoUndo(_))
}

/// A changing step that is tried again, though nobody said that it may run twice.
struct RetryMayRepeat {
    step: String,
    span: Span,
}

impl Finding for RetryMayRepeat {
    const SLUG: &'static str = "retry-may-repeat";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a retry of {} may do its work twice", self.step))
            .labelled("a failed attempt may have changed something already")
            .with_help("Say `on unknown rerun` where running twice does no harm, for example because of the key in `$WF_KEY`.")
    }
}

/// A body that is run again though its steps left something behind.
struct RetryWithoutRollback {
    step: String,
    span: Span,
    retry: Span,
}

impl Finding for RetryWithoutRollback {
    const SLUG: &'static str = "retry-without-rollback";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a retry of the block runs {} again on top of what it did", self.step))
            .labelled("it changes the world")
            .with_label(self.retry, "the block is tried again")
            .with_help("Add `on failure rollback` at the end of the block, so that each attempt begins clean.")
    }
}
