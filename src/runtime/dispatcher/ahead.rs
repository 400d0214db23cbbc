//! Which steps are announced before there are slots for them.

use crate::engine::Engine;
use crate::executor::Executors;
use std::sync::Arc;
use wf_model::event::Instance;

/// How many steps that may run twice are announced for each slot: a block of them costs one wait for the disk.
const BLOCK: usize = 16;

/// Announces steps ahead. After a loss of power an announced step may have started, so of those that may not run twice, which somebody
/// would be asked about, at most one for each slot is announced.
pub(super) struct Ahead {
    executors: Arc<Executors>,
}

impl Ahead {
    pub(super) fn new(executors: Arc<Executors>) -> Self {
        Self { executors }
    }

    /// What is to be announced now: nothing as long as there are announced steps in line for more than half of the slots, because one wait
    /// for the disk costs the same for one step as for several.
    pub(super) fn of(&self, engine: &Engine) -> Vec<(Instance, u32)> {
        let jobs = engine.options().jobs;
        if engine.announced() > jobs / 2 || !engine.has_queue() {
            return Vec::new();
        }
        let line = engine.in_line().take(jobs.saturating_mul(BLOCK)).enumerate();
        let due = line
            .take_while(|(place, (next, _))| *place < jobs || next.may_run_twice(engine.program(), self.executors.registry()));
        due.filter(|(_, (_, announced))| !announced).map(|(_, (next, _))| (next.instance, next.attempt)).collect()
    }
}
