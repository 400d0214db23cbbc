//! `wfc delete RUN…`: deletes runs, by name or by age.

use crate::exit::Exit;
use crate::report::{Output, printable_line, somebody_is_there};
use crate::time::{before, duration, local, now};
use crate::{runs, store};
use std::io::{self, BufRead as _};
use wf_model::unit::Duration;
use wf_store::{Retention, RunRow, Store, StoreError};

/// Deletes runs with all that is kept of them.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("rule").args(["older_than", "keep"]).multiple(true).conflicts_with("runs")))]
#[command(group(clap::ArgGroup::new("what").args(["runs", "older_than", "keep"]).multiple(true).required(true)))]
pub struct Delete {
    /// Runs: the beginnings of their names, or `last`.
    runs: Vec<String>,
    /// Runs that ended longer ago, such as `30d`.
    #[arg(long, value_name = "DURATION", value_parser = duration, env = "WFC_DELETE_OLDER_THAN")]
    older_than: Option<Duration>,
    /// Runs that ended, but not the latest N of each workflow.
    #[arg(long, value_name = "N", env = "WFC_DELETE_KEEP")]
    keep: Option<usize>,
    /// Only runs of this workflow.
    #[arg(long, value_name = "NAME", requires = "rule", env = "WFC_DELETE_WORKFLOW")]
    workflow: Option<String>,
    /// Say what would be deleted, and delete nothing.
    #[arg(long, env = "WFC_DRY_RUN")]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short, env = "WFC_YES")]
    yes: bool,
}

impl Delete {
    /// Deletes them.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let found = store::open().and_then(|store| self.found(&store).map(|runs| (store, runs)));
        let (store, runs) = match found {
            Ok(found) => found,
            Err(error) => return store::refuse(&error, output),
        };
        if runs.is_empty() {
            output.note("no runs to delete\n")?;
            return Ok(Exit::Done);
        }
        if self.dry_run {
            let lines: String = runs.iter().map(|run| format!("would delete {}\n", line(&store, run))).collect();
            output.result(&lines)?;
            return Ok(Exit::Done);
        }
        if !self.yes && !asked(&store, &runs, output)? {
            output.note("nothing was deleted\n")?;
            return Ok(Exit::Done);
        }
        self.delete(&store, &runs, output)
    }

    /// Deletes what can be; what cannot is said, and the others go.
    fn delete(&self, store: &Store, runs: &[RunRow], output: &mut Output) -> io::Result<Exit> {
        let (mut deleted, mut freed, mut exit) = (0, 0, Exit::Done);
        for run in runs {
            let size = store.size(&run.id);
            match store.delete(&run.id) {
                Ok(()) => (deleted, freed) = (deleted + 1, freed + size),
                // Another process was faster.
                Err(StoreError::UnknownRun(_)) => {}
                Err(StoreError::Held { .. }) if self.runs.is_empty() => {
                    output.note(&format!("note: run `{}` is held by another process, and stays\n", run.id))?;
                }
                Err(error) => exit = store::refuse(&error, output)?,
            }
        }
        match store.reclaim() {
            Ok(more) => freed += more,
            Err(error) => exit = store::refuse(&error, output)?,
        }
        output.result(&format!("deleted {}, {} freed\n", number(deleted), bytes(freed)))?;
        Ok(exit)
    }

    fn found(&self, store: &Store) -> Result<Vec<RunRow>, StoreError> {
        if self.runs.is_empty() {
            let ended_before = self.older_than.map(|age| before(age, now()));
            let retention = Retention { ended_before, keep: self.keep.unwrap_or(0), workflow: self.workflow.clone() };
            return store.expired(&retention);
        }
        let mut runs: Vec<RunRow> = Vec::new();
        for meant in &self.runs {
            let run = store.find(meant)?;
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        Ok(runs)
    }
}

/// `abc… of deploy (deploy.wf), succeeded, began 2026-01-01 12:00:00, 1.5 MB`
fn line(store: &Store, run: &RunRow) -> String {
    let (workflow, file) = (printable_line(&run.workflow), printable_line(&run.file));
    let (standing, began) = (runs::standing(store, run), local(run.created_at));
    format!("{} of {workflow} ({file}), {standing}, began {began}, {}", run.id, bytes(store.size(&run.id)))
}

/// `1.5 MB`
pub(crate) fn bytes(number: u64) -> String {
    let units = ["KB", "MB", "GB", "TB"];
    let fits = |power: u32| number < 1024_u64.pow(power + 1);
    let Some((power, unit)) = (1..).zip(units).find(|(power, _)| fits(*power)).filter(|_| number >= 1024) else {
        return if number < 1024 { format!("{number} B") } else { format!("{} TB", number >> 40) };
    };
    let tenths = number / (1024_u64.pow(power) / 10).max(1);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Asks whoever sits at a terminal; where nobody does, the command line is enough.
fn asked(store: &Store, runs: &[RunRow], output: &mut Output) -> io::Result<bool> {
    if !somebody_is_there() {
        return Ok(true);
    }
    for run in runs {
        output.note(&format!("{}\n", line(store, run)))?;
    }
    output.note(&format!("Delete {}? (y or n): ", number(runs.len())))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "yes"))
}

fn number(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_told_as_people_say_them() {
        let told = [0, 1023, 1024, 1_600_000, 3 << 30, 1 << 41].map(bytes);
        assert_eq!(told, ["0 B", "1023 B", "1.0 KB", "1.5 MB", "3.0 GB", "2.0 TB"]);
        assert!(!bytes(u64::MAX).is_empty());
    }
}
