//! The order of statements: what each waits for, and circles in which statements wait for themselves.
//!
//! Edges are kept few. In a sequential body a statement waits for the frontier, which are those above that nobody above waits for, so a
//! chain of a thousand statements has 999 edges. What the block around a statement waits for is implied. Time is linear in
//! statements, uses and written dependencies.

mod circle;
mod edges;
mod findings;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
mod uses;

use crate::nesting::Tree;
use edges::Edges;
use foldhash::HashMap;
use wf_model::diagnostic::Diagnostic;
use wf_model::program::{StatementId, Workflow};
use wf_model::span::Span;

/// What a statement says of its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Depends {
    /// `depends on nothing`
    Nothing,
    /// `depends on a, b`: the statements with the places that name them.
    On(Vec<(StatementId, Span)>),
}

/// Fills [`wf_model::program::Statement::after`] of every statement, and reports uses of values that are not there yet and circles.
///
/// `depends` holds the statements that say something themselves; all others follow the written order of their body.
pub(crate) fn resolve(workflow: &mut Workflow, depends: &HashMap<StatementId, Depends>, diagnostics: &mut Vec<Diagnostic>) {
    let tree = Tree::new(workflow);
    let mut edges = Edges::new(workflow, &tree, depends);
    edges.add_dependencies();
    edges.add_values(diagnostics);
    edges.leave_implied_out();
    edges.add_written_order();
    let edges = edges.finish();
    circle::report(workflow, &tree, &edges, diagnostics);
    for (id, waits) in edges.into_dependencies() {
        if let Some(statement) = workflow.statements.get_mut(id) {
            statement.after = waits;
        }
    }
}
