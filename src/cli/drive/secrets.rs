//! The secrets of a run, which are read again by every process that goes on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use wf_model::diagnostic::Diagnostic;
use wf_model::expression::ValueId;
use wf_model::program::{Invocation, Program, Step, WorkflowId};
use wf_model::value::Value;
use wf_runtime::secrets::{Lookup, RunCommand, Secrets};

/// What was read for a run.
#[derive(Debug, Default)]
pub(crate) struct SecretValues {
    /// The values, by workflow and name.
    pub(crate) values: BTreeMap<(WorkflowId, ValueId), Value>,
    /// The variables that some of them came from.
    pub(crate) withheld: Vec<OsString>,
}

/// The secrets of a workflow and of all that it calls; a dry run starts none of the programs that would give one.
///
/// # Errors
/// Everything that cannot be read.
pub(crate) fn read(program: &Program, id: WorkflowId, dry_run: bool) -> Result<SecretValues, Vec<Diagnostic>> {
    let not_started = |_: &[std::sync::Arc<str>], _: &str| Ok(b"***".to_vec());
    let command: &RunCommand<'_> = if dry_run { &not_started } else { &wf_runtime::secrets::output };
    let lookup = Lookup { variable: &|name| std::env::var_os(name), command };
    let (mut found, mut problems) = (SecretValues::default(), Vec::new());
    for id in called(program, id) {
        let Some(workflow) = program.workflows.get(id) else { continue };
        match wf_runtime::secrets::read(workflow, lookup) {
            Ok(Secrets { values, withheld }) => {
                found.values.extend(values.into_iter().map(|(value, secret)| ((id, value), secret)));
                found.withheld.extend(withheld);
            }
            Err(diagnostics) => problems.extend(diagnostics),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// Those secrets of a workflow and of all that it calls that are there, and that no program has to be started for.
pub(crate) fn there(program: &Program, id: WorkflowId) -> SecretValues {
    let not_started = |_: &[std::sync::Arc<str>], _: &str| Err(String::new());
    let lookup = Lookup { variable: &|name| std::env::var_os(name), command: &not_started };
    let mut found = SecretValues::default();
    for id in called(program, id) {
        let Some(workflow) = program.workflows.get(id) else { continue };
        for secret in &workflow.secrets {
            let known = wf_runtime::secrets::value(secret, &workflow.here, lookup);
            found.values.extend(known.map(|known| ((id, secret.value), known)));
        }
    }
    found
}

/// A workflow and all that it calls.
pub(crate) fn called(program: &Program, id: WorkflowId) -> BTreeSet<WorkflowId> {
    let mut found = BTreeSet::new();
    let mut left = vec![id];
    while let Some(id) = left.pop() {
        let Some(workflow) = program.workflows.get(id).filter(|_| found.insert(id)) else { continue };
        let steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
        left.extend(steps.flat_map(Step::invocations).filter_map(Invocation::workflow));
    }
    found
}
