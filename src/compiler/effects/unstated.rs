//! Steps that change the world and say nothing about it.

use super::scope::in_handler;
use super::{Check, Seen};
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::program::{Effect, EffectClause};
use wf_model::span::Span;

/// Reports a step that leaves open what a rollback or somebody who reads on should do about it.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let silent = seen.step.clauses.effect == EffectClause::Unstated && matches!(seen.effect, Effect::Changes { .. });
    if !silent || in_handler(&check.room.tree, seen.id) {
        return;
    }
    let handler = check.room.scopes.handler(&check.room.tree, seen.id);
    let rolled_back = handler.is_some() || check.covered;
    if !check.asks_for(strictness(rolled_back)) {
        return;
    }
    check.report(&EffectUnstated { step: seen.statement.title(), span: seen.statement.span, handler, rolled_back });
}

/// Nothing goes wrong for want of it where nothing is rolled back, so only a strict check asks.
fn strictness(rolled_back: bool) -> Strictness {
    if rolled_back { EffectUnstated::STRICTNESS } else { Strictness::STRICT_WARNING }
}

/// A changing step that says nothing of its effect.
struct EffectUnstated {
    step: String,
    span: Span,
    handler: Option<Span>,
    /// Whether a handler, here or of a caller, rolls it back.
    rolled_back: bool,
}

impl Finding for EffectUnstated {
    const SLUG: &'static str = "effect-unstated";
    const STRICTNESS: Strictness = Strictness::WARNING_THEN_ERROR;

    fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Self::at(self.span, format!("{} does not say what it does to the world", self.step))
            .with_help("Add `reads only`, `undo …` with what takes it back, or `no undo \"why\"`.");
        if !self.rolled_back {
            diagnostic.strictness = strictness(false);
            return diagnostic.labelled("nothing says whether it changes anything");
        }
        let diagnostic = diagnostic.labelled("a rollback would leave what it did");
        match self.handler {
            Some(handler) => diagnostic.with_label(handler, "this handler rolls back"),
            None => diagnostic,
        }
    }
}
