//! What is declared and never used, and what of a loop is used behind it.

use super::Check;
use crate::findings::Unused;
use foldhash::{HashMap, HashSet};
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind, Reference, ValueId};
use wf_model::program::{StatementKind, ValueOrigin};

impl Check<'_> {
    /// Reports params, secrets, lets and loop variables that nothing uses; a step is there for what it does.
    pub(super) fn report_unused(&mut self) {
        if !self.context.is_whole() {
            return;
        }
        let mut unused = Vec::new();
        for (id, value) in self.workflow.values.iter() {
            let what = match value.origin {
                ValueOrigin::Parameter => "parameter",
                ValueOrigin::Secret => "secret",
                ValueOrigin::Let => "let",
                ValueOrigin::LoopVariable | ValueOrigin::Step | ValueOrigin::Block => continue,
            };
            let reserved = matches!(&*value.name, "run" | "here" | "result" | "failure" | "event");
            if !reserved && !self.used.contains(&id) && !self.mentioned.contains(&value.name) {
                unused.push((what, value.name.clone(), value.span));
            }
        }
        for (what, name, span) in unused {
            self.report(&Unused { what, name: &name, span });
        }
    }

    /// Leaves out of the loops' values what nothing behind them uses, so that a loop over a million elements keeps little.
    pub(super) fn narrow_exports(&mut self) {
        let statements = self.workflow.statements.iter();
        let loops = statements.filter(|(_, statement)| matches!(statement.kind, StatementKind::ForEach(_)));
        let loops: Vec<_> = loops.map(|(id, statement)| (id, statement.value)).collect();
        if loops.is_empty() {
            return;
        }
        let mut uses: HashMap<ValueId, Option<HashSet<Arc<str>>>> = HashMap::default();
        for expression in self.workflow.expressions() {
            note(expression, &mut uses);
        }
        // Those around others come behind them: what one keeps of a loop inside is kept there as a whole.
        for (id, value) in loops.into_iter().rev() {
            let Some(statement) = self.workflow.statements.get_mut(id) else { continue };
            let StatementKind::ForEach(for_each) = &mut statement.kind else { continue };
            match value.and_then(|value| uses.get(&value)) {
                // The whole record is used.
                Some(None) => {}
                Some(Some(fields)) => for_each.exports.retain(|export| fields.contains(&export.name)),
                // A loop without a name has no value.
                None => for_each.exports.clear(),
            }
            uses.extend(for_each.exports.iter().map(|export| (export.value, None)));
        }
    }
}

/// Takes down which fields of each value an expression uses; `None` where it uses all.
fn note(expression: &Expression, uses: &mut HashMap<ValueId, Option<HashSet<Arc<str>>>>) {
    let mut left = vec![expression];
    while let Some(part) = left.pop() {
        if let ExpressionKind::Field(base, name) | ExpressionKind::OptionalField(base, name) = &part.kind
            && let ExpressionKind::Reference(Reference::Value(value)) = base.kind
        {
            if let Some(fields) = uses.entry(value).or_insert_with(|| Some(HashSet::default())) {
                fields.insert(name.clone());
            }
            continue;
        }
        if let ExpressionKind::Reference(Reference::Value(value)) = part.kind {
            uses.insert(value, None);
        }
        left.extend(part.parts());
    }
}
