//! Steps that are taken as done though their value is used.

use super::Check;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::UnknownAnswer;
use wf_model::span::Span;

/// Reports `on unknown done` where there would be no value for those who use it.
pub(super) fn check(check: &mut Check<'_, '_>) {
    let done = |unknown: &Option<UnknownAnswer>| matches!(unknown, Some(UnknownAnswer::Done));
    let steps: Vec<_> = check.room.steps().filter(|seen| done(&seen.step.clauses.unknown)).collect();
    if steps.is_empty() {
        return;
    }
    let used = check.room.workflow.first_uses(&steps.iter().filter_map(|seen| seen.statement.value).collect());
    for seen in steps {
        if let Some(used) = seen.statement.value.and_then(|value| used.get(&value)) {
            check.report(&ValueAsserted { step: seen.statement.title(), span: seen.statement.span, used: *used });
        }
    }
}

/// A step that may be taken as done without having given its value.
struct ValueAsserted {
    step: String,
    span: Span,
    used: Span,
}

impl Finding for ValueAsserted {
    const SLUG: &'static str = "value-asserted";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} is taken as done, but its value is used", self.step))
            .labelled("`on unknown done` gives no value")
            .with_label(self.used, "the value is used here")
            .with_help("Use `on unknown check …`, which finds out and gives the value, or `on unknown ask`.")
    }
}
