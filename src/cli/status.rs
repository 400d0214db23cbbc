//! `wfc status RUN`: how a run stands or ended, as it told itself while it went on.

use crate::exit::Exit;
use crate::files;
use crate::report::Output;
use crate::report::run::{Format, RunReport};
use crate::time::local;
use crate::{runs, store};
use std::io;
use wf_model::event::{Event, EventKind};
use wf_model::run::RunRecord;
use wf_runtime::dispatcher::{Reporter as _, RunEnded};
use wf_store::{RunRow, Store, StoreError};

/// Shows how a run stands or ended.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = runs::Format::Human, env = "WFC_STATUS_FORMAT")]
    format: runs::Format,
}

impl Status {
    /// Shows it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        match self.found() {
            Ok((store, run, events)) => match self.format {
                runs::Format::Json => {
                    let record = serde_json::to_string_pretty(&RunRecord::of(&events)).unwrap_or_default();
                    output.result(&(record + "\n")).map(|()| Exit::Done)
                }
                runs::Format::Human => tell(&store, &run, &events, output),
            },
            Err(error) => store::refuse(&error, output),
        }
    }

    fn found(&self) -> Result<(Store, RunRow, Vec<Event>), StoreError> {
        let store = store::open()?;
        let run = store.find(&self.run)?;
        let events = store.events(&run.id)?;
        Ok((store, run, events))
    }
}

/// Tells a run in the lines that it showed while it went on.
fn tell(store: &Store, run: &RunRow, events: &[Event], output: &mut Output) -> io::Result<Exit> {
    let definition = match store.definition(&run.id) {
        Ok(definition) => definition,
        Err(error) => return store::refuse(&error, output),
    };
    let compilation = files::compiled(&definition);
    let Some(program) = compilation.program else {
        return output.error("the file of the run does not check any more", "Use the wfc that ran it.").map(|()| Exit::Failed);
    };
    output.result(&format!("run {} of {} began {}\n", run.id, run.file, local(run.created_at)))?;
    let report = RunReport::told(Format::Human, false, &program, &compilation.sources);
    events.iter().for_each(|event| report.event(event));
    output.result(&report.lines())?;
    let record = RunRecord::of(events);
    let cancelled = events.iter().find_map(|event| match event.kind {
        EventKind::CancelRequested { cause } => Some(cause),
        _ => None,
    });
    let ended = RunEnded { state: record.state, outputs: record.outputs, failure: record.cause, cancelled };
    if ended.state.is_final() {
        output.result(&report.summary(&ended, &run.id))?;
        output.result(&report.result(&ended, &run.id))?;
    } else {
        output.result(&format!("{}\n", runs::standing(store, run)))?;
    }
    Ok(Exit::Done)
}
