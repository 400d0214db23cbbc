//! `wfc rollback RUN`: undoes what a run did, where its handlers left that to somebody, or could not.

use crate::drive::again::Again;
use crate::drive::{Manner, Way};
use crate::exit::Exit;
use crate::guarded::guarded;
use crate::report::{Output, printable_line};
use crate::store;
use std::io;
use wf_model::event::{InstanceId, SettledUndo};
use wf_model::run::{RunRecord, RunState, UndoStatus};
use wf_model::suggest::nearest;
use wf_store::StoreError;

/// Undoes what a run did that failed, was cancelled, or waits for it.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// Try undos that failed once more, then those that were blocked by them.
    #[arg(long)]
    retry: bool,
    /// A step whose undo failed and that stays as it is, so that what it stands on can be undone. Implies `--retry` for the others.
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// A step that was undone by hand. Implies `--retry` for the others.
    #[arg(long, value_name = "STEP")]
    done: Vec<String>,
    /// Why; kept in the journal.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    manner: Manner,
}

impl Rollback {
    /// Undoes it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        // No thread runs yet.
        let Some(guarded) = guarded(output)? else { return Ok(Exit::Failed) };
        let again = match Again::take(&self.run) {
            Ok(again) => again,
            Err(error) => return store::refuse(&error, output),
        };
        let record = match self.record(&again) {
            Ok(record) => record,
            Err(error) => return store::refuse(&error, output),
        };
        let settled = match self.settled(&again, &record) {
            Ok(settled) => settled,
            Err((message, help)) => return output.error(message, &help).map(|()| Exit::Usage),
        };
        match again.resumed(guarded, &self.manner, output)? {
            Ok(resumed) => {
                let reason = self.reason.as_deref().map(Into::into);
                resumed.go_on(Way::Back { settled, reason }, &self.manner, output)
            }
            Err(exit) => Ok(exit),
        }
    }

    fn mends(&self) -> bool {
        self.retry || !self.skip.is_empty() || !self.done.is_empty()
    }

    /// What the run did, where that is asked for.
    fn record(&self, again: &Again) -> Result<RunRecord, StoreError> {
        if self.skip.is_empty() && self.done.is_empty() {
            return Ok(RunRecord::default());
        }
        again.history()?.record()
    }

    /// The steps that somebody takes care of.
    ///
    /// # Errors
    /// Why the run cannot be rolled back so, and what to do.
    fn settled(&self, again: &Again, record: &RunRecord) -> Result<Vec<SettledUndo>, (String, String)> {
        let run = &again.run.id;
        match again.run.state {
            RunState::RollbackFailed if !self.mends() => {
                return Err((
                    format!("run `{run}` was rolled back, and undos failed"),
                    format!(
                        "Mend what they failed of, then `wfc rollback {run} --retry`; `--skip STEP` leaves a step as it is, `--done STEP` says that it was undone by hand."
                    ),
                ));
            }
            RunState::RollbackFailed => {}
            state if self.mends() => {
                return Err((
                    format!("run `{run}` is {}: no undo of it failed for good", state.name()),
                    format!(
                        "`wfc rollback {run}` undoes what it did; `--retry`, `--skip` and `--done` are for undos that failed."
                    ),
                ));
            }
            RunState::Succeeded | RunState::RolledBack => {
                return Err((
                    format!("run `{run}` has ended: {}", again.run.state.name()),
                    "There is nothing to roll back: that is for runs that failed, were cancelled, or wait for it.".to_owned(),
                ));
            }
            RunState::Queued if !again.has_begun => {
                let help = format!("`wfc resume {run}` begins it, `wfc delete {run}` forgets it.");
                return Err((format!("run `{run}` did nothing yet"), help));
            }
            RunState::Queued | RunState::Running | RunState::Paused | RunState::Failed | RunState::Cancelled => {}
        }
        let named = [(&self.skip, false), (&self.done, true)];
        let named = named.into_iter().flat_map(|(steps, undone)| steps.iter().map(move |step| (step, undone)));
        named.map(|(step, undone)| Ok(SettledUndo { step: find(record, step)?, undone })).collect()
    }
}

/// The step whose undo failed or was blocked.
fn find(record: &RunRecord, step: &str) -> Result<InstanceId, (String, String)> {
    let stuck = || {
        let stuck = |undo| matches!(undo, UndoStatus::Failed | UndoStatus::Blocked);
        record.instances.values().filter(move |record| stuck(record.undo))
    };
    if let Some(found) = stuck().find(|record| *record.instance.path == *step) {
        return Ok(found.instance.id);
    }
    let names: Vec<&str> = stuck().map(|record| &*record.instance.path).collect();
    let help = match nearest(step, names.iter().copied()) {
        Some(near) => format!("Do you mean `{near}`?"),
        None => format!("Not undone are {}.", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    Err((format!("the undo of step `{}` neither failed nor was blocked", printable_line(step)), help))
}
