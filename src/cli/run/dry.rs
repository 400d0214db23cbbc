//! What `--dry-run` says.

use crate::foresight::Foresight;
use crate::report::{printable, printable_line};
use std::fmt::Write as _;
use wf_model::program::{BodyId, Callee, Program, Statement, Workflow, WorkflowId};
use wf_store::StoredArgument;

/// What steps of a workflow would change, as far as that is known before anything runs.
pub(super) struct Previews<'a> {
    program: &'a Program,
    workflow: &'a Workflow,
    foresight: Foresight,
}

impl<'a> Previews<'a> {
    /// For a workflow with these arguments.
    pub(super) fn of(program: &'a Program, (id, workflow): (WorkflowId, &'a Workflow), arguments: &[StoredArgument]) -> Self {
        Self { program, workflow, foresight: Foresight::of(program, id, arguments) }
    }

    /// What a statement would change, in lines.
    fn of_statement(&self, statement: &Statement) -> Option<String> {
        let invocation = &statement.kind.step()?.invocation;
        let Callee::Kind(kind) = &invocation.callee else { return None };
        wf_steps::executors().get(kind)?.preview(&self.foresight.known(self.program, self.workflow, invocation))
    }
}

/// The parameters and the statements in written order, blocks indented, with what they would change.
pub(super) fn text(workflow: &Workflow, arguments: &[StoredArgument], previews: &Previews<'_>) -> String {
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
        for line in previews.of_statement(statement).as_deref().map(printable).iter().flat_map(|lines| lines.lines()) {
            let _ = writeln!(text, "{:indent$}{line}", "", indent = depth * 2 + 4);
        }
        for body in statement.kind.bodies().into_iter().rev() {
            push(workflow, body, depth + 1, &mut left);
        }
    }
    text
}

/// The same as one JSON object.
pub(super) fn json(workflow: &Workflow, arguments: &[StoredArgument], previews: &Previews<'_>) -> String {
    let parameters: serde_json::Map<_, _> =
        arguments.iter().map(|argument| (argument.name.to_string(), argument.value.to_json())).collect();
    let steps = workflow.statements.iter().filter(|(_, statement)| statement.kind.step().is_some());
    let steps: Vec<_> = steps.filter_map(|(_, statement)| statement.name.as_deref()).collect();
    let previews: serde_json::Map<_, _> = workflow
        .statements
        .iter()
        .filter_map(|(_, statement)| Some((statement.name.as_deref()?.to_owned(), previews.of_statement(statement)?.into())))
        .collect();
    let told = serde_json::json!({
        "workflow": &*workflow.name, "started": false, "parameters": parameters, "steps": steps, "previews": previews,
    });
    format!("{told}\n")
}

fn push<'a>(workflow: &'a Workflow, body: BodyId, depth: usize, left: &mut Vec<(usize, &'a Statement)>) {
    let Some(body) = workflow.bodies.get(body) else { return };
    left.extend(body.statements.iter().rev().filter_map(|id| Some((depth, workflow.statements.get(*id)?))));
}
