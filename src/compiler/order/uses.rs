//! Which statement uses the value of which.

use foldhash::HashMap;
use wf_model::expression::{Expression, ExpressionKind, Reference, ValueId};
use wf_model::program::{StatementId, Workflow};
use wf_model::span::Span;

use crate::nesting::Tree;

/// One use of a value that another statement sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// Who uses it.
    pub(super) user: StatementId,
    /// Who sets it.
    pub(super) producer: StatementId,
    /// Where it is used.
    pub(super) span: Span,
}

/// Which statements set a value: more than one where branches of an `if` share a name.
type Producers = HashMap<ValueId, Vec<StatementId>>;

/// All uses of values by statements and by the clauses of their bodies, but for what a statement says of its own result.
pub(super) fn collect(workflow: &Workflow, tree: &Tree) -> Vec<Use> {
    let producers = producers(workflow);
    let mut uses = Vec::new();
    for (id, statement) in workflow.statements.iter() {
        add(&mut uses, &producers, id, statement.expressions(), false);
        add(&mut uses, &producers, id, statement.expressions_with_result(), true);
    }
    for (id, body) in workflow.bodies.iter() {
        if let Some(holder) = tree.container(id) {
            add(&mut uses, &producers, holder, body.clauses.expressions(), true);
        }
    }
    uses
}

fn producers(workflow: &Workflow) -> Producers {
    let mut producers = Producers::default();
    for (id, statement) in workflow.statements.iter() {
        if let Some(value) = statement.value {
            producers.entry(value).or_default().push(id);
        }
    }
    producers
}

/// Adds the uses in `expressions`; where `sees_itself` the user's own value is its result, for which nothing waits.
fn add<'a>(
    uses: &mut Vec<Use>,
    producers: &Producers,
    user: StatementId,
    expressions: impl Iterator<Item = &'a Expression>,
    sees_itself: bool,
) {
    for part in expressions.flat_map(Expression::walk) {
        let ExpressionKind::Reference(Reference::Value(value)) = &part.kind else { continue };
        for producer in producers.get(value).into_iter().flatten() {
            if !(sees_itself && *producer == user) {
                uses.push(Use { user, producer: *producer, span: part.span });
            }
        }
    }
}
