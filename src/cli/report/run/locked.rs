//! What is said of locks that others hold.

use super::State;
use crate::report::escape::printable_line;
use std::collections::HashMap;
use std::sync::Arc;
use wf_model::event::{Instance, InstanceId, LockRefusal};

/// What is kept of locks: why steps and blocks did not get theirs, until it is said.
#[derive(Default)]
pub(super) struct Locked {
    /// The run that is told of.
    run: Option<Arc<str>>,
    reasons: HashMap<InstanceId, String>,
}

impl Locked {
    /// Takes down which run is told of.
    pub(super) fn begin(&mut self, run: &Arc<str>) {
        self.run = Some(Arc::clone(run));
    }

    /// The run that is told of.
    pub(super) fn run(&self) -> &str {
        self.run.as_deref().unwrap_or("last")
    }

    /// ``lock `prod` is held by run x``
    pub(super) fn held(&self, lock: &str, holder: Option<&Arc<str>>) -> String {
        match holder {
            None => format!("lock `{lock}` is held"),
            holder if holder == self.run.as_ref() => format!("lock `{lock}` is held by this run"),
            Some(run) => format!("lock `{lock}` is held by run {run}"),
        }
    }

    /// Takes a refusal down.
    pub(super) fn add(&mut self, id: InstanceId, lock: &str, refusal: &LockRefusal) {
        if let LockRefusal::Held(holder) = refusal {
            let reason = self.held(lock, holder.as_ref());
            self.reasons.insert(id, reason);
        }
    }

    /// Why a step or block did not get its lock.
    pub(super) fn take(&mut self, id: InstanceId) -> Option<String> {
        self.reasons.remove(&id)
    }
}

impl State {
    pub(super) fn lock_awaited(&mut self, instance: &Instance, lock: &str, holder: Option<&Arc<str>>) {
        let line = format!("waits    {}: {}", self.title(instance), self.locked.held(lock, holder));
        self.screen.line(&printable_line(&line));
    }

    /// Of a step or block it is said when it is skipped or has failed; of the run and of iterations nothing else is said.
    pub(super) fn lock_refused(&mut self, instance: &Instance, lock: &str, refusal: &LockRefusal) {
        self.locked.add(instance.id, lock, refusal);
        if !self.known.contains_key(&instance.id)
            && let Some(reason) = self.locked.take(instance.id)
        {
            let line = format!("locked   {}: {reason}", self.title(instance));
            self.screen.line(&printable_line(&line));
        }
    }
}
