//! What `--dry-run` says.

use crate::report::printable_line;
use std::fmt::Write as _;
use wf_model::program::{BodyId, Statement, Workflow};
use wf_store::StoredArgument;

/// The parameters and the statements in written order, blocks indented.
pub(super) fn text(workflow: &Workflow, arguments: &[StoredArgument]) -> String {
    let mut text = format!("workflow {} would run; nothing was started\n", workflow.name);
    for StoredArgument { name, value, .. } in arguments {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  param {name} = {}", printable_line(&value.write_literal()));
    }
    // Deeper bodies come first off the stack, so that a block is followed by what stands in it.
    let mut left: Vec<(usize, &Statement)> = Vec::new();
    push(workflow, workflow.root, 1, &mut left);
    while let Some((depth, statement)) = left.pop() {
        let _ = writeln!(text, "{:indent$}{}", "", statement.title(), indent = depth * 2);
        for body in statement.kind.bodies().into_iter().rev() {
            push(workflow, body, depth + 1, &mut left);
        }
    }
    text
}

/// The same as one JSON object.
pub(super) fn json(workflow: &Workflow, arguments: &[StoredArgument]) -> String {
    let parameters: serde_json::Map<_, _> =
        arguments.iter().map(|argument| (argument.name.to_string(), argument.value.to_json())).collect();
    let steps = workflow.statements.iter().filter(|(_, statement)| statement.kind.step().is_some());
    let steps: Vec<_> = steps.filter_map(|(_, statement)| statement.name.as_deref()).collect();
    let told = serde_json::json!({ "workflow": &*workflow.name, "started": false, "parameters": parameters, "steps": steps });
    format!("{told}\n")
}

fn push<'a>(workflow: &'a Workflow, body: BodyId, depth: usize, left: &mut Vec<(usize, &'a Statement)>) {
    let Some(body) = workflow.bodies.get(body) else { return };
    left.extend(body.statements.iter().rev().filter_map(|id| Some((depth, workflow.statements.get(*id)?))));
}
