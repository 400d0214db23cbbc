//! How many steps did what.

use super::lines::Finished;
use super::lines::rounded;
use wf_model::event::Timestamp;
use wf_model::run::RunState;
use wf_model::unit::Duration;

/// What a run came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) started_at: Option<Timestamp>,
    /// When something happened last.
    pub(super) ended_at: Option<Timestamp>,
    pub(super) done: usize,
    /// Steps whose earlier success counted.
    pub(super) cached: usize,
    pub(super) failed: usize,
    pub(super) stopped: usize,
    pub(super) skipped: usize,
    pub(super) retries: usize,
    pub(super) undone: usize,
    /// Undos that failed, and those that did not run because of them.
    pub(super) not_undone: usize,
}

impl Tally {
    /// Counts a step that ended.
    pub(super) fn count(&mut self, finished: &Finished<'_>) {
        match finished {
            Finished::Done => self.done += 1,
            Finished::Cached { .. } => self.cached += 1,
            Finished::Failed { .. } => self.failed += 1,
            Finished::Stopped => self.stopped += 1,
            Finished::Undone => self.undone += 1,
            Finished::UndoFailed { .. } => self.not_undone += 1,
        }
    }

    /// How long the run took.
    pub(super) fn took(&self) -> Duration {
        self.ended_at.zip(self.started_at).map(|(ended, started)| ended.since(started)).unwrap_or_default()
    }

    /// `resume   3 steps had ended before`
    pub(super) fn resumed(&self) -> String {
        let ended = self.done + self.cached + self.failed + self.stopped + self.skipped;
        let plural = if ended == 1 { "" } else { "s" };
        format!("resume   {ended} step{plural} had ended before")
    }

    /// `succeeded in 3s200ms: 7 steps done, 1 skipped`
    pub(super) fn line(&self, state: RunState) -> String {
        let plural = if self.done == 1 { "" } else { "s" };
        let mut parts = vec![format!("{} step{plural} done", self.done)];
        let further = [
            (self.cached, "cached"),
            (self.failed, "failed"),
            (self.stopped, "stopped"),
            (self.skipped, "skipped"),
            (self.undone, "undone"),
            (self.not_undone, "not undone"),
        ];
        parts.extend(further.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        if self.retries > 0 {
            let plural = if self.retries == 1 { "retry" } else { "retries" };
            parts.push(format!("{} {plural}", self.retries));
        }
        // What was interrupted twice has not ended, and nothing goes on.
        let name = if state == RunState::Running { "killed" } else { state.name() };
        format!("{name} in {}: {}\n", rounded(self.took()), parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{RunState, Tally};

    #[test]
    fn what_did_not_happen_is_not_counted() {
        let tally = Tally { done: 1, skipped: 2, retries: 1, ..Tally::default() };
        assert_eq!(tally.line(RunState::Succeeded), "succeeded in 0s: 1 step done, 2 skipped, 1 retry\n");
    }
}
