//! The tests of what compiles run, and its workflows can be rehearsed.

use crate::check::compile;
use std::sync::Arc;
use wf_compiler::Compilation;
use wf_runtime::simulation::rehearsal::{Manner, Unrehearsable, rehearse};
use wf_runtime::simulation::{Subject, trial};

/// Scenarios of a workflow that are rehearsed.
const SCENARIOS: usize = 30;

/// A text with more statements is left alone: what matters shows in small ones.
const LONGEST: usize = 4_000;

/// Runs every test of a text that compiles, and rehearses every workflow.
pub fn rehearsed(text: &str) {
    if text.len() > LONGEST {
        return;
    }
    let Compilation { program: Some(program), tests, .. } = compile(text) else { return };
    let subject = Arc::new(Subject::new(Arc::new(program), wf_steps::executors().clone()));
    for test in &tests {
        // Why a test cannot run is told to whoever wrote it.
        let _ = trial(&subject, test);
    }
    for (workflow, _) in subject.program.workflows.iter() {
        let manner = Manner { arguments: Vec::new(), most: SCENARIOS, depth: 1, seed: None };
        if let Err(Unrehearsable::Illegal(error)) = rehearse(&subject, workflow, &manner, &tests, &|| {}) {
            panic!("the engine refuses what follows from itself: {error}");
        }
    }
}
