//! `wfc runs`: what ran, the latest first.

use crate::exit::Exit;
use crate::report::{Output, printable_line};
use crate::store;
use serde_json::json;
use std::io;
use wf_model::event::Timestamp;
use wf_model::run::RunState;
use wf_store::{RunFilter, RunRow, Store, StoreError};

/// Lists runs, the latest first.
#[derive(Debug, clap::Args)]
pub struct Runs {
    /// Those of a workflow.
    #[arg(long, value_name = "NAME", env = "WFC_RUNS_WORKFLOW")]
    workflow: Option<String>,
    /// Those in a state.
    #[arg(long, value_name = "STATE", env = "WFC_RUNS_STATE", value_parser = state)]
    state: Option<RunState>,
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

fn state(name: &str) -> Result<RunState, String> {
    let names = || RunState::ALL.map(RunState::name).join(", ");
    RunState::named(name).ok_or_else(|| format!("states are {}", names()))
}

impl Runs {
    /// Lists them.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let filter = RunFilter { workflow: self.workflow.clone(), state: self.state, since: None, limit: Some(self.limit) };
        let found = store::open().and_then(|store| store.runs(&filter).map(|runs| (store, runs)));
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

/// How a run stands: one that nobody goes on with was interrupted.
pub(crate) fn standing(store: &Store, run: &RunRow) -> &'static str {
    match run.state {
        RunState::Queued | RunState::Running if !store.is_held(&run.id) => "interrupted",
        state => state.name(),
    }
}

/// A time as people of this machine read it.
pub(crate) fn local(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(time.milliseconds).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn utc(time: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time.milliseconds).unwrap_or_default().to_string()
}

fn object(store: &Store, run: &RunRow) -> serde_json::Value {
    json!({
        "run": run.id,
        "workflow": run.workflow,
        "file": run.file,
        "state": standing(store, run),
        "created_at": utc(run.created_at),
        "ended_at": run.ended_at.map(utc),
    })
}

fn table(store: &Store, runs: &[RunRow]) -> String {
    let mut rows = vec![["run", "state", "began", "took", "workflow", "file"].map(str::to_owned)];
    rows.extend(runs.iter().map(|run| {
        let took = run.ended_at.map_or_else(String::new, |ended| crate::report::run::rounded(ended.since(run.created_at)));
        let (workflow, file) = (printable_line(&run.workflow), printable_line(&run.file));
        [run.id.to_string(), standing(store, run).to_owned(), local(run.created_at), took, workflow, file]
    }));
    let widths: Vec<usize> = (0..rows.first().map_or(0, |row| row.len()))
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
