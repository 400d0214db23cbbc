//! Secrets that a step gives.

use super::{Check, Seen};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::{Callee, Effect};
use wf_model::span::Span;

/// Reports a step that gives a secret and changes the world: its value is not journaled, so a resumed run runs it again.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let gives_secret = seen.step.invocation.decode.as_ref().is_some_and(wf_model::types::Type::holds_secret);
    if gives_secret && matches!(seen.effect, Effect::Changes { .. } | Effect::UndoesItself) {
        check.report(&SecretOfChangingStep { step: seen.statement.title(), span: seen.statement.span });
    }
    let waits = matches!(&seen.step.invocation.callee, Callee::Kind(kind) if **kind == *"signal");
    if gives_secret && waits {
        check.report(&SecretOfSignal { step: seen.statement.title(), span: seen.statement.span });
    }
}

/// A step that would take a secret from a message, which is kept.
struct SecretOfSignal {
    step: String,
    span: Span,
}

impl Finding for SecretOfSignal {
    const SLUG: &'static str = "secret-of-signal";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} takes a secret from a signal", self.step))
            .labelled("what a signal brings is kept in the journal")
            .with_help("Declare it with `secret NAME from …`, and let the signal say when it is there.")
    }
}

/// A step whose value cannot be kept and that must not run twice.
struct SecretOfChangingStep {
    step: String,
    span: Span,
}

impl Finding for SecretOfChangingStep {
    const SLUG: &'static str = "secret-of-changing-step";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("{} gives a secret and may change the world", self.step))
            .labelled("a resumed run runs it again, because a secret is never journaled")
            .with_help(
                "Add `reads only` where running it twice does no harm, or split it: one step changes, another reads the secret.",
            )
    }
}
