//! How long a run that goes on still takes.

use super::world::Now;
use crate::drive::secrets::SecretValues;
use crate::run::asked::{Found, Prepared};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use wf_compiler::Compilation;
use wf_compiler::plan::{Progress, remaining};
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind, Timestamp, without_places};
use wf_model::unit::Duration;
use wf_runtime::mask::Masker;
use wf_store::{Definition, RunRow};

/// Follows the events of a run.
#[derive(Default)]
pub(crate) struct Following {
    over: HashMap<Arc<str>, u64>,
    running: HashMap<InstanceId, (Arc<str>, Timestamp)>,
    /// Undos have the paths of their steps.
    undos: HashSet<InstanceId>,
    goes_back: bool,
}

impl Following {
    /// Takes the next event in.
    pub(crate) fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                self.undos.insert(instance.id);
            }
            EventKind::Started { instance, .. } | EventKind::Waiting { instance, .. } if !self.undos.contains(&instance.id) => {
                self.running.entry(instance.id).or_insert_with(|| (without_places(&instance.path).into(), event.at));
            }
            EventKind::Succeeded { instance, .. }
            | EventKind::Cached { instance, .. }
            | EventKind::Failed { instance, .. }
            | EventKind::Cancelled { instance, .. }
            | EventKind::Skipped { instance, .. } => {
                self.running.remove(&instance.id);
                if !self.undos.contains(&instance.id) {
                    *self.over.entry(without_places(&instance.path).into()).or_default() += 1;
                }
            }
            EventKind::RollbackStarted { .. } | EventKind::CancelRequested { .. } => self.goes_back = true,
            _ => {}
        }
    }

    /// P50 and P90 of what is left of a run at a time; `None` where it goes back, or its file does not check any more.
    pub(crate) fn left(
        &self,
        run: &RunRow,
        definition: &Definition,
        compilation: Compilation,
        now: Timestamp,
    ) -> Option<(Duration, Duration)> {
        if self.goes_back {
            return None;
        }
        let read = (definition.sources.clone(), definition.resolutions.clone());
        let found = Found::named(compilation, &run.workflow, &definition.file, read)?;
        let prepared = Prepared {
            id: run.id.clone(),
            arguments: definition.arguments.clone(),
            secrets: SecretValues::default(),
            folder: definition.folder.to_string().into(),
            masker: Masker::of_values(&[]),
        };
        let given = definition.given();
        let request = found.request(&given, definition.jobs);
        let mut progress = Progress::default();
        progress.over.extend(self.over.iter().map(|(path, count)| (path.clone(), *count)));
        progress.running.extend(self.running.values().map(|(path, since)| (path.clone(), now.since(*since))));
        Some(remaining(&request, &mut Now::of(&found, &prepared), &progress))
    }
}
