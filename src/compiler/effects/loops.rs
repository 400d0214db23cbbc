//! Which values tell the iterations of a loop apart.

use crate::nesting::Tree;
use foldhash::{HashMap, HashSet};
use wf_model::expression::{Expression, ValueId};
use wf_model::program::{StatementId, StatementKind, Workflow};

/// Pairs of a value and a loop whose variables it is, or is made from by `let`s of the loop.
#[derive(Debug, Default)]
pub(super) struct Tellers(HashSet<(ValueId, StatementId)>);

impl Tellers {
    /// Follows the variables of all loops through the `let`s inside them.
    pub(super) fn new(workflow: &Workflow, tree: &Tree) -> Self {
        let mut users: HashMap<ValueId, Vec<(StatementId, ValueId)>> = HashMap::default();
        for (id, statement) in workflow.statements.iter() {
            let (StatementKind::Let(binding), Some(value)) = (&statement.kind, statement.value) else { continue };
            for source in binding.expression.walk().filter_map(Expression::named_value) {
                users.entry(source).or_default().push((id, value));
            }
        }
        let mut tellers = Self::default();
        for (each, statement) in workflow.statements.iter() {
            let StatementKind::ForEach(loop_) = &statement.kind else { continue };
            let mut left: Vec<_> =
                loop_.iterators.iter().flat_map(|iterator| [Some(iterator.item), iterator.index]).flatten().collect();
            while let Some(value) = left.pop() {
                if tellers.0.insert((value, each)) {
                    let inside = users.get(&value).into_iter().flatten().filter(|(id, _)| tree.holds(each, *id));
                    left.extend(inside.map(|(_, made)| made));
                }
            }
        }
        tellers
    }

    /// Whether `value` differs from one iteration of the loop `each` to the next.
    pub(super) fn tells(&self, value: ValueId, each: StatementId) -> bool {
        self.0.contains(&(value, each))
    }
}
