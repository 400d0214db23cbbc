//! What a condition says about values that may be missing.

use std::collections::BTreeSet;
use wf_model::expression::{BinaryOperator, UnaryOperator};
use wf_syntax::ast::{Expression, ExpressionKind};

/// Names and fields, such as `before` and `event.path`, that are known not to be `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    paths: BTreeSet<String>,
}

impl Facts {
    /// Whether `path` is known not to be `null`.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Takes more in.
    pub(crate) fn learn(&mut self, more: Self) {
        self.paths.extend(more.paths);
    }
}

/// What is known where `condition` is `outcome`.
pub(crate) fn facts_when(condition: &Expression, outcome: bool) -> Facts {
    let mut facts = Facts::default();
    collect(condition, outcome, &mut facts);
    facts
}

fn collect(condition: &Expression, outcome: bool, facts: &mut Facts) {
    match &condition.kind {
        ExpressionKind::Parenthesised(inner) => collect(inner, outcome, facts),
        ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => collect(operand, !outcome, facts),
        ExpressionKind::Binary { operator, left, right, .. } => match (operator, outcome) {
            (BinaryOperator::And, true) | (BinaryOperator::Or, false) => {
                collect(left, outcome, facts);
                collect(right, outcome, facts);
            }
            (BinaryOperator::NotEqual, true) | (BinaryOperator::Equal, false) => match (&left.bare().kind, &right.bare().kind) {
                (_, ExpressionKind::Null) => present(left, facts),
                (ExpressionKind::Null, _) => present(right, facts),
                _ => {}
            },
            _ => {}
        },
        _ => {}
    }
}

/// A chain that is not `null` has no part before a `?.` that is.
fn present(expression: &Expression, facts: &mut Facts) {
    let mut inner = expression.bare();
    facts.paths.extend(path(inner));
    while let ExpressionKind::Field { base, .. } | ExpressionKind::Method { receiver: base, .. } = &inner.kind {
        inner = base.bare();
        facts.paths.extend(path(inner));
    }
}

/// `a.b` of a name or a field of one.
pub(super) fn path(expression: &Expression) -> Option<String> {
    match &expression.bare().kind {
        ExpressionKind::Name(name) => Some(name.to_string()),
        ExpressionKind::Field { base, name, .. } => Some(format!("{}.{}", path(base)?, name.text)),
        _ => None,
    }
}
