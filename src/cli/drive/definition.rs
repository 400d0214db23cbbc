//! What a run goes by, compiled again, and what it went by before.

use super::again::named;
use super::secrets;
use crate::files;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::expression::ValueId;
use wf_model::program::{Program, WorkflowId};
use wf_model::source::Sources;
use wf_model::value::Value;
use wf_runtime::engine::{Engine, Options};
use wf_store::Definition;

/// A definition with its program.
pub(crate) struct Compiled {
    pub(crate) program: Arc<Program>,
    pub(crate) workflow: WorkflowId,
    pub(crate) sources: Sources,
}

/// The values of secrets, by workflow and name.
type SecretValues = BTreeMap<(WorkflowId, ValueId), Value>;

impl Compiled {
    /// Compiles the workflow of a run; `None` where this version refuses it.
    pub(crate) fn of(definition: &Definition, workflow: &str) -> Option<Self> {
        let compilation = files::compiled(definition);
        let program = Arc::new(compilation.program?);
        let workflow = named(&program, workflow)?;
        Some(Self { program, workflow, sources: compilation.sources })
    }

    /// An engine for a run that goes by it.
    pub(crate) fn engine(&self, definition: &Definition, jobs: usize, secrets: SecretValues) -> Engine {
        let options = Options { jobs, secrets, plan: definition.plan.clone() };
        Engine::new(self.program.clone(), self.workflow, definition.given(), options)
    }
}

/// Engines for what a run went by before, in their order; `None` where this version refuses one of them.
pub(crate) fn former(definitions: &[Definition], workflow: &str, jobs: usize) -> Option<Vec<Engine>> {
    let engine = |definition: &Definition| {
        let compiled = Compiled::of(definition, workflow)?;
        // A secret that is not declared any more may be gone from where it was; what it led to is in the journal.
        let secrets = secrets::read(&compiled.program, compiled.workflow, false).unwrap_or_default();
        Some(compiled.engine(definition, jobs, secrets.values))
    };
    definitions.iter().map(engine).collect()
}
