//! What many runs of a workflow tell together.

use super::story::{Done, Ending, Story, Waits};
use super::took::{Slow, Took};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::run::RunState;
use wf_store::RunRow;

/// Runs of one workflow of one file.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// How many of those that ended did so in each state.
    pub(super) ended: BTreeMap<&'static str, u64>,
    /// How many have not ended.
    pub(super) open: u64,
    /// Of those that succeeded.
    pub(super) took: Took,
    /// The run of the latest of them.
    latest: Option<Arc<str>>,
    pub(super) waits: Waits,
    pub(super) retries: u64,
    /// Runs that undid something.
    pub(super) rollbacks: u64,
    /// By their paths without places in loops.
    pub(super) steps: BTreeMap<Arc<str>, Step>,
    /// Lengths of all critical paths together, in milliseconds.
    critical: i64,
}

/// What a step does in all runs.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The latest that it had.
    pub(super) kind: Arc<str>,
    /// How often it ran.
    pub(super) ran: u64,
    /// How often an earlier success counted.
    pub(super) cached: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) retries: u64,
    pub(super) undone: u64,
    pub(super) undo_failed: u64,
    /// Of those that succeeded.
    pub(super) took: Took,
    /// The run of the latest of them.
    latest: Option<Arc<str>>,
    pub(super) waits: Waits,
    /// For how long runs waited for it, in milliseconds.
    critical: i64,
}

impl Sums {
    /// Takes a run in that has ended; later ones come later.
    pub(super) fn add(&mut self, run: &RunRow, story: &Story) {
        *self.ended.entry(run.state.name()).or_default() += 1;
        self.rollbacks += u64::from(story.rollbacks > 0);
        self.retries += story.retries;
        self.waits += story.waits;
        for done in &story.done {
            self.waits += done.waits;
            self.retries += u64::from(done.attempts.saturating_sub(1));
            self.steps.entry(Arc::clone(&done.path)).or_default().add(done, &run.id);
        }
        if run.state != RunState::Succeeded {
            return;
        }
        if let Some(ended) = run.ended_at {
            self.took.add(ended.since(run.created_at));
            self.latest = Some(Arc::clone(&run.id));
        }
        for (done, time) in story.critical() {
            let time = time.milliseconds.max(0);
            self.critical += time;
            self.steps.entry(Arc::clone(&done.path)).or_default().critical += time;
        }
    }

    /// How many ended.
    pub(super) fn number(&self) -> u64 {
        self.ended.values().sum()
    }

    /// How many percent of those that ended succeeded.
    pub(super) fn success(&self) -> Option<u64> {
        let succeeded = self.ended.get(RunState::Succeeded.name()).copied().unwrap_or_default();
        (succeeded * 100).checked_div(self.number())
    }

    /// How many percent of the critical paths a step is.
    pub(super) fn share(&self, step: &Step) -> i64 {
        (step.critical * 100).checked_div(self.critical).unwrap_or_default()
    }

    /// The latest run, where it took far longer than those before.
    pub(super) fn slow(&self) -> Option<(Slow, &Arc<str>)> {
        self.took.slow().zip(self.latest.as_ref())
    }

    /// The steps, those first that runs wait for longest.
    pub(super) fn by_share(&self) -> Vec<(&Arc<str>, &Step)> {
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by_key(|(_, step)| std::cmp::Reverse(step.critical));
        steps
    }
}

impl Step {
    /// The latest time, where it is far longer than those before, and the run that it was in.
    pub(super) fn slow(&self) -> Option<(Slow, &Arc<str>)> {
        self.took.slow().zip(self.latest.as_ref())
    }

    fn add(&mut self, done: &Done, run: &Arc<str>) {
        let Some(kind) = &done.kind else {
            self.undone += u64::from(done.ending == Ending::Succeeded);
            self.undo_failed += u64::from(done.ending == Ending::Failed);
            return;
        };
        self.kind = Arc::clone(kind);
        self.ran += u64::from(done.attempts > 0);
        self.retries += u64::from(done.attempts.saturating_sub(1));
        self.waits += done.waits;
        match done.ending {
            Ending::Succeeded => {
                if let Some(took) = done.took {
                    self.took.add(took);
                    self.latest = Some(Arc::clone(run));
                }
            }
            Ending::Cached => self.cached += 1,
            Ending::Failed => self.failed += 1,
            Ending::Cancelled => self.cancelled += 1,
        }
    }
}
