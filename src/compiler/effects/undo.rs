//! Undos that never run, that may miss a value, or that undo the same thing over and over.

use super::scope::in_handler;
use super::{Check, Seen};
use crate::nesting::Owner;
use foldhash::HashSet;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{BinaryOperator, Expression, ExpressionKind, Reference, ValueId};
use wf_model::kind::TextSyntax;
use wf_model::program::{Attribute, AttributeValue, Callee, StatementKind, Undo};
use wf_model::span::Span;
use wf_model::types::Type;

/// Reports what is wrong with the undo of a step.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let Some(undo) = seen.step.clauses.undo() else { return };
    let room = check.room;
    let step = seen.statement.title();
    let covered = check.covered && !in_handler(&room.tree, seen.id);
    if !covered && !room.scopes.undoes(room.workflow, &room.tree, seen.id) {
        check.report(&UndoNeverRun { step: step.clone(), span: undo.invocation.span });
    }
    if let Some((span, by_default)) = missing_value(check, seen, undo) {
        check.report(&UndoValueMayBeMissing { step: step.clone(), span, by_default });
    }
    if let Some((variable, each)) = forgotten_variable(check, seen, undo) {
        check.report(&UndoIgnoresLoop { step, span: undo.invocation.span, variable, each });
    }
}

/// Where an undo uses a value that its step may not have, and whether an empty text stands in for it.
fn missing_value(check: &Check<'_, '_>, seen: &Seen<'_>, undo: &Undo) -> Option<(Span, bool)> {
    let own = Own(seen.statement.value);
    if undo.when.as_ref().is_some_and(|when| own.is_in(when)) {
        return None;
    }
    undo.invocation.attributes.iter().find_map(|attribute| {
        let names_a_place = names_a_place(check, undo, attribute);
        attribute.expressions().find_map(|expression| own.missing(expression, names_a_place))
    })
}

/// Whether the text of an attribute says what is undone, so that an empty piece makes it another thing: a path, a URL, a command.
fn names_a_place(check: &Check<'_, '_>, undo: &Undo, attribute: &Attribute) -> bool {
    let place = |type_: &Type| matches!(type_.required(), Type::Path | Type::Url);
    let Callee::Kind(kind) = &undo.invocation.callee else { return attribute.expressions().any(|part| place(&part.type_)) };
    let known = check.room.kinds.get(kind).and_then(|kind| kind.attribute(&attribute.name));
    let of_kind = known.is_some_and(|known| known.text == TextSyntax::Shell || known.types.iter().any(place));
    of_kind || matches!(attribute.value, AttributeValue::Script(_))
}

/// What a step gave, by the value that it sets or as `result`.
#[derive(Clone, Copy)]
struct Own(Option<ValueId>);

impl Own {
    fn is(self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Reference(Reference::Value(value)) => Some(*value) == self.0,
            ExpressionKind::Reference(Reference::Result) => true,
            _ => false,
        }
    }

    fn is_in(self, expression: &Expression) -> bool {
        expression.walk().any(|part| self.is(part))
    }

    fn missing(self, expression: &Expression, names_a_place: bool) -> Option<(Span, bool)> {
        let mut left = vec![expression];
        while let Some(part) = left.pop() {
            match &part.kind {
                ExpressionKind::Binary(BinaryOperator::Default, value, default) => {
                    let empty = default.constant_text().is_some_and(|text| text.is_empty());
                    if empty && names_a_place {
                        return Some((part.span, true));
                    }
                    left.extend((!self.is_in(value)).then_some(&**value));
                    left.push(default);
                }
                ExpressionKind::Conditional(choice) if self.is_in(&choice.condition) => {}
                _ if self.is(part) && !matches!(part.type_, Type::Optional(_)) => return Some((part.span, false)),
                _ => left.extend(part.parts()),
            }
        }
        None
    }
}

/// The variable of the innermost loop whose variables an undo never names, and the loop's head.
fn forgotten_variable(check: &Check<'_, '_>, seen: &Seen<'_>, undo: &Undo) -> Option<(String, Span)> {
    let room = check.room;
    let owners = room.tree.bodies_around(seen.id).filter_map(|(_, owner)| match owner {
        Owner::Block(block) => room.workflow.statements.get(block).map(|statement| (block, statement)),
        Owner::Workflow | Owner::StepHandler(_) | Owner::BodyHandler(_) => None,
    });
    let own = Own(seen.statement.value);
    if undo.expressions().any(|expression| own.is_in(expression)) {
        // What the step gave belongs to its iteration.
        return None;
    }
    let named: HashSet<_> = undo.expressions().flat_map(Expression::walk).filter_map(Expression::named_value).collect();
    owners.into_iter().find_map(|(id, statement)| {
        let StatementKind::ForEach(each) = &statement.kind else { return None };
        if named.iter().any(|value| room.tellers.tells(*value, id)) {
            return None;
        }
        let first = each.iterators.first().and_then(|iterator| room.workflow.values.get(iterator.item))?;
        Some((first.name.to_string(), statement.span))
    })
}

/// An undo that no handler and no race ever runs.
struct UndoNeverRun {
    step: String,
    span: Span,
}

impl Finding for UndoNeverRun {
    const SLUG: &'static str = "undo-never-run";
    const STRICTNESS: Strictness = Strictness::WARNING_THEN_ERROR;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the undo of {} never runs", self.step))
            .labelled("no handler around the step rolls back")
            .with_help("Add `on failure rollback` at the end of the body.")
    }
}

/// An undo that may undo something else, or nothing, because a value is not there.
struct UndoValueMayBeMissing {
    step: String,
    span: Span,
    /// Whether an empty text stands in for the value.
    by_default: bool,
}

impl Finding for UndoValueMayBeMissing {
    const SLUG: &'static str = "undo-value-may-be-missing";
    const STRICTNESS: Strictness = Strictness::WARNING_THEN_ERROR;

    fn diagnostic(&self) -> Diagnostic {
        let label = if self.by_default { "an empty text names something else" } else { "`null` where the step gave no value" };
        Self::at(self.span, format!("the undo of {} uses a value that may be missing", self.step))
            .labelled(label)
            .with_help("Add `when … != null` to the undo, so that it undoes only what is known to have happened.")
    }
}

/// An undo that does the same in every iteration.
struct UndoIgnoresLoop {
    step: String,
    span: Span,
    variable: String,
    each: Span,
}

impl Finding for UndoIgnoresLoop {
    const SLUG: &'static str = "undo-ignores-loop";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("the undo of {} never names `{}`, the variable of its loop", self.step, self.variable))
            .labelled("each iteration undoes the same")
            .with_label(self.each, "the loop")
            .with_help(format!("Use `{}` in the undo, so that each iteration takes back what it did itself.", self.variable))
    }
}
