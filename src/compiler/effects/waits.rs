//! Checks of `on unknown` that would wait for somebody.

use super::{Check, Room, Seen};
use foldhash::HashSet;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::kind::{Registry, Waits};
use wf_model::program::{Callee, Invocation, Place, Step, UnknownAnswer, WorkflowId};
use wf_model::span::Span;

/// Reports a check that may wait: it runs before the run goes on, when nobody is heard.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let Some(UnknownAnswer::Check(found)) = &seen.step.clauses.unknown else { return };
    let waits = match &found.invocation.callee {
        Callee::Workflow(id) => check.waiting.contains(id),
        Callee::Kind(_) => waits(&found.invocation, check.room.kinds),
    };
    if waits {
        check.report(&CheckWaits { span: found.invocation.span });
    }
}

/// The workflows in which a step may wait for somebody, their own or one of those that they call.
pub(super) fn waiting(rooms: &[Room<'_>]) -> HashSet<WorkflowId> {
    let direct = |room: &&Room<'_>| room.steps().any(|seen| invocations(seen.step).any(|called| waits(called, room.kinds)));
    let mut waiting: HashSet<WorkflowId> = rooms.iter().filter(direct).map(|room| room.id).collect();
    // Calls make no circle; those who call are told of until nothing is new.
    let mut left: Vec<WorkflowId> = waiting.iter().copied().collect();
    let mut callers: Vec<Vec<WorkflowId>> = vec![Vec::new(); rooms.len()];
    for room in rooms {
        for callee in room.steps().flat_map(|seen| invocations(seen.step)).filter_map(Invocation::workflow) {
            callers.get_mut(callee.index()).into_iter().for_each(|callers| callers.push(room.id));
        }
    }
    while let Some(id) = left.pop() {
        left.extend(callers.get(id.index()).into_iter().flatten().filter(|caller| waiting.insert(**caller)));
    }
    waiting
}

/// What a step starts as it goes forward or back. Its check is reported of its own.
fn invocations(step: &Step) -> impl Iterator<Item = &Invocation> {
    [Some(&step.invocation), step.clauses.undo().map(|undo| &undo.invocation)].into_iter().flatten()
}

/// Whether a step of a kind may wait for somebody.
fn waits(invocation: &Invocation, kinds: &Registry) -> bool {
    let Callee::Kind(kind) = &invocation.callee else { return false };
    match kinds.get(kind).map(|kind| kind.waits) {
        None | Some(Waits::Never) => false,
        Some(Waits::Always) => true,
        Some(Waits::Unless { attribute, values }) => invocation
            .attribute(attribute)
            .is_some_and(|given| given.value.constant_text().is_none_or(|given| !values.contains(&&*given))),
    }
}

/// A check that may wait for somebody.
struct CheckWaits {
    span: Span,
}

impl Finding for CheckWaits {
    const SLUG: &'static str = "check-waits";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "a check of `on unknown` waits for somebody")
            .labelled("runs before the run goes on, when nobody is heard")
            .with_help("Ask in a step of the workflow, or leave the answer to whoever resumes the run: `on unknown ask`.")
    }
}
