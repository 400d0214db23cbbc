//! Steps that may hang.

use super::{Check, Seen};
use crate::nesting::Tree;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::program::{Callee, StatementId, Workflow};
use wf_model::span::Span;

/// Reports a step that nothing ends: neither its own `timeout` nor one of a block around it.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let clauses = &seen.step.clauses;
    if clauses.timeout.is_some() || ends_by_itself(check, seen) {
        return;
    }
    if let Some(retry) = &clauses.retry
        && retry.within.is_none()
    {
        check.report(&RetryWithoutTimeout { step: seen.statement.title(), span: seen.statement.span });
    } else if check.asks_for(TimeoutMissing::STRICTNESS) && !bounded_around(check.room.workflow, &check.room.tree, seen.id) {
        check.report(&TimeoutMissing { step: seen.statement.title(), span: seen.statement.span });
    }
}

/// Whether the kind says so; a workflow's own steps answer for themselves.
fn ends_by_itself(check: &Check<'_, '_>, seen: &Seen<'_>) -> bool {
    match &seen.step.invocation.callee {
        Callee::Kind(name) => check.room.kinds.get(name).is_none_or(|kind| kind.bounded),
        Callee::Workflow(_) => true,
    }
}

fn bounded_around(workflow: &Workflow, tree: &Tree, step: StatementId) -> bool {
    let mut bodies = tree.bodies_around(step).filter_map(|(body, _)| workflow.bodies.get(body));
    bodies.any(|body| body.clauses.timeout.is_some())
}

/// A step that is tried again, but of which no attempt ever has to end.
struct RetryWithoutTimeout {
    step: String,
    span: Span,
}

impl Finding for RetryWithoutTimeout {
    const SLUG: &'static str = "retry-without-timeout";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} has a retry and no timeout", self.step))
            .labelled("an attempt that hangs is never tried again")
            .with_help("Add a `timeout`, which counts for each attempt.")
    }
}

/// A step that may run for ever.
struct TimeoutMissing {
    step: String,
    span: Span,
}

impl Finding for TimeoutMissing {
    const SLUG: &'static str = "timeout-missing";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} has no timeout", self.step))
            .labelled("it may hang for ever")
            .with_help("Add a `timeout` to the step, or to a block around it.")
    }
}
