//! What `--dry-run` says.

use crate::report::printable_line;
use std::fmt::Write as _;
use std::sync::Arc;
use wf_model::program::{BodyId, Statement, StatementKind, Workflow};
use wf_model::value::Value;

/// The parameters and the statements in written order, blocks indented.
pub(super) fn text(workflow: &Workflow, arguments: &[(Arc<str>, Value)]) -> String {
    let mut text = format!("workflow {} would run; nothing was started\n", workflow.name);
    for (name, value) in arguments {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  param {name} = {}", printable_line(&value.write_literal()));
    }
    // Deeper bodies come first off the stack, so that a block is followed by what stands in it.
    let mut left: Vec<(usize, &Statement)> = Vec::new();
    push(workflow, workflow.root, 1, &mut left);
    while let Some((depth, statement)) = left.pop() {
        let _ = writeln!(text, "{:indent$}{}", "", statement.title(), indent = depth * 2);
        for body in bodies(&statement.kind).into_iter().rev() {
            push(workflow, body, depth + 1, &mut left);
        }
    }
    text
}

fn push<'a>(workflow: &'a Workflow, body: BodyId, depth: usize, left: &mut Vec<(usize, &'a Statement)>) {
    let Some(body) = workflow.bodies.get(body) else { return };
    left.extend(body.statements.iter().rev().filter_map(|id| Some((depth, workflow.statements.get(*id)?))));
}

fn bodies(kind: &StatementKind) -> Vec<BodyId> {
    match kind {
        StatementKind::If(if_) => if_.branches.iter().map(|branch| branch.body).chain(if_.otherwise).collect(),
        StatementKind::Stage(body) => vec![*body],
        StatementKind::Parallel(parallel) => vec![parallel.body],
        StatementKind::ForEach(for_each) => vec![for_each.body],
        StatementKind::Repeat(repeat) => vec![repeat.body],
        StatementKind::Let(_)
        | StatementKind::Step(_)
        | StatementKind::Rollback(_)
        | StatementKind::Checkpoint(_)
        | StatementKind::Commit => Vec::new(),
    }
}
