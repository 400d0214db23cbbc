//! What the world looks like now, for plans.

use super::history::History;
use crate::run::asked::{Found, Prepared};
use crate::store;
use crate::why::missed;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wf_compiler::plan::{self, CacheQuestion, Outlook, StepName, StepOutline};
use wf_model::estimate::{Basis, Distribution};
use wf_model::expression::Function;
use wf_model::plan::CacheOutlook;
use wf_model::program::Program;
use wf_model::value::Value;
use wf_runtime::dispatcher::{CacheWish, RealWorld, World};
use wf_runtime::engine::{CacheQuery, CachedAction, CalledWorkflow};
use wf_runtime::executor::Known;
use wf_runtime::mask::Masker;
use wf_store::Cache;

/// The machine as it is now.
pub(super) struct Now {
    world: RealWorld,
    folder: PathBuf,
    masker: Masker,
    /// Without a store nothing was kept.
    cache: Option<Cache>,
    program: Arc<Program>,
    history: History,
}

impl Now {
    /// For a run that would be given this; what earlier runs say is looked up for so long.
    pub(super) fn of(found: &Found, prepared: &Prepared, patience: Duration) -> Self {
        let folder = prepared.folder.clone();
        let store = store::existing();
        let history = store.as_ref().map(|store| History::of(found, store, patience)).unwrap_or_default();
        Self {
            world: RealWorld { folder: folder.clone() },
            folder,
            masker: prepared.masker.clone(),
            cache: store.map(|store| store.cache()),
            program: found.program.clone(),
            history,
        }
    }
}

impl Outlook for Now {
    fn observe(&mut self, function: Function, arguments: &[Value]) -> Option<Value> {
        match function {
            Function::Env | Function::Read | Function::Glob => self.world.observe(function, arguments).ok(),
            // They answer otherwise each time.
            _ => None,
        }
    }

    fn preview(&mut self, step: &StepOutline<'_>) -> Option<String> {
        let executor = wf_steps::executors().get(step.kind)?;
        let folder = self.folder.join(step.cwd.unwrap_or_default());
        executor.preview(&Known { attributes: step.attributes.to_vec(), folder })
    }

    fn cached(&mut self, question: CacheQuestion) -> Option<CacheOutlook> {
        let CacheQuestion { place, action, inputs, outputs, key } = question;
        let action = match action {
            plan::CachedAction::Kind(call) => CachedAction::Kind(Arc::new(call)),
            plan::CachedAction::Workflow { workflow, given, folder } => {
                let contents = Arc::new(self.program.contents(workflow));
                CachedAction::Workflow(CalledWorkflow { given: Arc::new(given), contents, folder })
            }
        };
        let query = CacheQuery { place: place.into(), action, inputs, outputs, key };
        let folder = query.action.folder().map_or_else(|| self.folder.clone(), |own| self.folder.join(own));
        let wish = CacheWish { run: "".into(), folder, query: Arc::new(query) };
        Some(match self.cache.as_ref()?.foresee(&wish) {
            Ok(run) => CacheOutlook { hit: Some(true), reason: format!("run {run} did the same").into() },
            Err(reason) => CacheOutlook { hit: Some(false), reason: missed(&reason).into() },
        })
    }

    fn history(&mut self, step: &StepName<'_>) -> Option<(Distribution, Basis)> {
        self.history.takes(&self.program, step)
    }

    fn rounds(&mut self, path: &str) -> Option<u64> {
        self.history.rounds(path)
    }

    fn mask(&self, text: &str) -> String {
        self.masker.text(text)
    }
}
