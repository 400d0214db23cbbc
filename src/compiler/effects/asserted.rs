//! Steps that are taken as done though their value is used.

use super::Check;
use foldhash::{HashMap, HashSet};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, ExpressionKind, Reference, ValueId};
use wf_model::program::{StatementKind, UnknownAnswer, Workflow};
use wf_model::span::Span;

/// Reports `on unknown done` where there would be no value for those who use it.
pub(super) fn check(check: &mut Check<'_, '_>) {
    let done = |unknown: &Option<UnknownAnswer>| matches!(unknown, Some(UnknownAnswer::Done));
    let steps: Vec<_> = check.room.steps().filter(|seen| done(&seen.step.clauses.unknown)).collect();
    if steps.is_empty() {
        return;
    }
    let used = first_uses(check.room.workflow, &steps.iter().filter_map(|seen| seen.statement.value).collect());
    for seen in steps {
        if let Some(used) = seen.statement.value.and_then(|value| used.get(&value)) {
            check.report(&ValueAsserted { step: seen.statement.title(), span: seen.statement.span, used: *used });
        }
    }
}

/// Where each of `values` is used first by another statement, an output or behind its loop.
fn first_uses(workflow: &Workflow, values: &HashSet<ValueId>) -> HashMap<ValueId, Span> {
    let mut first = HashMap::default();
    for (_, statement) in workflow.statements.iter() {
        let others = |(value, _): &(ValueId, Span)| Some(*value) != statement.value;
        let expressions = statement.expressions().chain(statement.expressions_with_result());
        for (value, span) in expressions.flat_map(names).filter(others) {
            first.entry(value).or_insert(span);
        }
        if let StatementKind::ForEach(each) = &statement.kind {
            each.exports.iter().for_each(|export| _ = first.entry(export.value).or_insert(statement.span));
        }
    }
    let clauses = workflow.bodies.iter().flat_map(|(_, body)| body.clauses.expressions());
    for (value, span) in clauses.chain(workflow.outputs.iter().map(|output| &output.expression)).flat_map(names) {
        first.entry(value).or_insert(span);
    }
    first.retain(|value, _| values.contains(value));
    first
}

fn names(expression: &Expression) -> impl Iterator<Item = (ValueId, Span)> {
    expression.walk().filter_map(|part| match part.kind {
        ExpressionKind::Reference(Reference::Value(value)) => Some((value, part.span)),
        _ => None,
    })
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
