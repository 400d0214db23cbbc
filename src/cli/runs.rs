//! `wfc runs`: what ran, the latest first.

use crate::exit::Exit;
use crate::report::{Output, aligned, printable_line};
use crate::store;
use crate::time::{before, duration, local, now, utc};
use crate::waits::{Wait, Waits};
use serde_json::json;
use std::io;
use wf_model::run::RunState;
use wf_model::unit::Duration;
use wf_store::{RunFilter, RunRow, Store, StoreError};

/// Lists runs, the latest first.
#[derive(Debug, clap::Args)]
pub struct Runs {
    /// Those of a workflow.
    #[arg(long, value_name = "NAME", env = "WFC_RUNS_WORKFLOW")]
    workflow: Option<String>,
    /// Those in a state, as it is listed.
    #[arg(long, value_name = "STATE", env = "WFC_RUNS_STATE", value_parser = standing_named)]
    state: Option<Standing>,
    /// Those that began at most so long ago, such as `2d`.
    #[arg(long, value_name = "DURATION", env = "WFC_RUNS_SINCE", value_parser = duration)]
    since: Option<Duration>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 20, env = "WFC_RUNS_LIMIT")]
    limit: u32,
    /// How they are written.
    #[arg(long, value_enum, default_value_t = Format::Human, env = "WFC_RUNS_FORMAT")]
    format: Format,
}

/// How lists of runs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table.
    Human,
    /// JSON.
    Json,
}

/// How a run stands: what its events say, and whether a process goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Is(RunState),
    /// Its events say that it goes on, and nobody goes on with it.
    Interrupted,
}

/// A run that nobody goes on with, though it has not ended.
const INTERRUPTED: &str = "interrupted";

fn standing_named(name: &str) -> Result<Standing, String> {
    if name == INTERRUPTED {
        return Ok(Standing::Interrupted);
    }
    let names = || RunState::ALL.map(RunState::name).join(", ");
    RunState::named(name).map(Standing::Is).ok_or_else(|| format!("states are {INTERRUPTED}, {}", names()))
}

impl Runs {
    /// Lists them.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let found = store::open().and_then(|store| self.found(&store).map(|runs| (store, runs)));
        let (store, runs) = match found {
            Ok(found) => found,
            // Where nothing can be kept, nothing was.
            Err(StoreError::NoPlace) => return store::refuse(&StoreError::NoPlace, output),
            Err(error) => return store::refuse(&error, output),
        };
        match self.format {
            Format::Json => {
                let runs: Vec<_> = runs.iter().map(|run| object(&store, run)).collect();
                output.result(&(serde_json::to_string_pretty(&runs).unwrap_or_default() + "\n"))?;
            }
            Format::Human if runs.is_empty() => output.note("no runs\n")?,
            Format::Human => output.result(&table(&store, &runs))?,
        }
        Ok(Exit::Done)
    }
}

impl Runs {
    fn found(&self, store: &Store) -> Result<Vec<RunRow>, StoreError> {
        let since = self.since.map(|since| before(since, now()));
        let filter = RunFilter { workflow: self.workflow.clone(), state: None, since, limit: Some(self.limit) };
        match self.state {
            None => store.runs(&filter),
            Some(Standing::Is(state @ (RunState::Queued | RunState::Running))) => {
                self.among(store, filter, &[state], state.name())
            }
            Some(Standing::Is(state)) => store.runs(&RunFilter { state: Some(state), ..filter }),
            Some(Standing::Interrupted) => self.among(store, filter, &[RunState::Running, RunState::Queued], INTERRUPTED),
        }
    }

    /// Runs in one of these states that are listed as `name`: only their locks tell.
    fn among(&self, store: &Store, filter: RunFilter, states: &[RunState], name: &str) -> Result<Vec<RunRow>, StoreError> {
        let mut found = Vec::new();
        for state in states {
            found.extend(store.runs(&RunFilter { state: Some(*state), limit: None, ..filter.clone() })?);
        }
        found.retain(|run| standing(store, run) == name);
        found.sort_by_key(|run| std::cmp::Reverse(run.created_at));
        found.truncate(self.limit as usize);
        Ok(found)
    }
}

/// How a run stands: one that nobody goes on with was interrupted.
pub(crate) fn standing(store: &Store, run: &RunRow) -> &'static str {
    match run.state {
        RunState::Queued | RunState::Running if !store.is_held(&run.id) => INTERRUPTED,
        state => state.name(),
    }
}

/// What a run that has not ended waits for that somebody can give it.
fn waits(store: &Store, run: &RunRow) -> Vec<Wait> {
    let open = if run.state.is_final() { None } else { Waits::of(store, &run.id).ok() };
    open.map(|open| open.iter().cloned().collect()).unwrap_or_default()
}

fn object(store: &Store, run: &RunRow) -> serde_json::Value {
    json!({
        "run": run.id,
        "workflow": run.workflow,
        "file": run.file,
        "state": standing(store, run),
        "created_at": utc(run.created_at),
        "ended_at": run.ended_at.map(utc),
        "waits": waits(store, run).iter().map(Wait::to_json).collect::<Vec<_>>(),
    })
}

fn table(store: &Store, runs: &[RunRow]) -> String {
    let mut rows = vec![["run", "state", "began", "took", "workflow", "file"].map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|run| {
        let took = run.ended_at.map_or_else(String::new, |ended| crate::report::run::rounded(ended.since(run.created_at)));
        let (workflow, file) = (printable_line(&run.workflow), printable_line(&run.file));
        let waits = if waits(store, run).is_empty() { "" } else { " (waits)" };
        vec![run.id.to_string(), format!("{}{waits}", standing(store, run)), local(run.created_at), took, workflow, file]
    }));
    aligned(&rows)
}
