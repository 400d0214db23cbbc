//! `wfc stats`: how runs went, how long they and their steps take, and what holds them up.

mod json;
mod story;
mod sums;
mod text;
mod took;

use crate::exit::Exit;
use crate::report::{Output, printable_line};
use crate::runs::Format;
use crate::store::{self, Problem};
use crate::time::{before, duration, now};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use story::Story;
use sums::Sums;
use wf_model::event::Timestamp;
use wf_model::unit::Duration;
use wf_store::{RunFilter, RunRow, Store, StoreError};

/// Tells how runs went: how often they succeed, how long they and their steps take, and what holds them up.
#[derive(Debug, clap::Args)]
pub struct Stats {
    /// Those of a workflow.
    #[arg(long, value_name = "NAME", env = "WFC_STATS_WORKFLOW")]
    workflow: Option<String>,
    /// Those that began at most so long ago.
    #[arg(long, value_name = "DURATION", default_value = "30d", env = "WFC_STATS_SINCE", value_parser = duration)]
    since: Duration,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Human, env = "WFC_STATS_FORMAT")]
    format: Format,
}

/// What is told of all runs since a time.
struct Statistics {
    since: Timestamp,
    until: Timestamp,
    /// By workflow and file.
    workflows: BTreeMap<(Arc<str>, Arc<str>), Sums>,
    /// Runs whose journals cannot be read, and why.
    unread: Vec<(Arc<str>, String)>,
}

impl Stats {
    /// Tells it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let outcome = self.told(output);
        store::ended(outcome, output)
    }

    fn told(&self, output: &mut Output) -> Result<Exit, Problem> {
        let store = store::open()?;
        let until = now();
        let since = before(self.since, until);
        let filter = RunFilter { workflow: self.workflow.clone(), state: None, since: Some(since), limit: None };
        let mut statistics = Statistics { since, until, workflows: BTreeMap::new(), unread: Vec::new() };
        // The earliest first, as trends go.
        for run in store.runs(&filter)?.iter().rev() {
            statistics.add(&store, run)?;
        }
        match self.format {
            Format::Json => output.result(&statistics.json())?,
            Format::Human if statistics.workflows.is_empty() => output.note("no runs\n")?,
            Format::Human => output.result(&statistics.text())?,
        }
        for (run, problem) in &statistics.unread {
            output.note(&format!("run {run} is not counted: {}\n", printable_line(problem)))?;
        }
        Ok(Exit::Done)
    }
}

impl Statistics {
    fn add(&mut self, store: &Store, run: &RunRow) -> Result<(), StoreError> {
        let key = (Arc::clone(&run.workflow), Arc::clone(&run.file));
        if !run.state.is_final() {
            self.workflows.entry(key).or_default().open += 1;
            return Ok(());
        }
        match story(store, run) {
            Ok(story) => self.workflows.entry(key).or_default().add(run, &story),
            // It was deleted meanwhile.
            Err(StoreError::UnknownRun(_)) => {}
            Err(error @ StoreError::Damaged { .. }) => self.unread.push((Arc::clone(&run.id), error.to_string())),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn story(store: &Store, run: &RunRow) -> Result<Story, StoreError> {
    let mut story = Story::default();
    for events in store.history(&run.id)? {
        events?.iter().for_each(|event| story.apply(event));
    }
    Ok(story)
}
