//! `wfc status RUN`: how a run stands or ended, as it told itself while it went on.

mod json;

use crate::exit::Exit;
use crate::files;
use crate::plan::remaining::{Following, Outlook};
use crate::report::run::{Format, RunReport};
use crate::report::{self, Output, printable_line};
use crate::runs;
use crate::store::{self, Problem};
use crate::time::{local, now};
use crate::waits::short;
use std::io;
use wf_model::event::EventKind;
use wf_model::run::RunRecord;
use wf_runtime::dispatcher::{Reporter as _, RunEnded};
use wf_store::{RunRow, Store};

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
        let outcome = self.show(output);
        store::ended(outcome, output)
    }

    fn show(&self, output: &mut Output) -> Result<Exit, Problem> {
        let (store, run) = store::found(&self.run)?;
        match self.format {
            runs::Format::Json => {
                json::write(store.history(&run.id)?, output)?;
                Ok(Exit::Done)
            }
            runs::Format::Human => tell(&store, &run, output),
        }
    }
}

/// Tells a run in the lines that it showed while it went on.
fn tell(store: &Store, run: &RunRow, output: &mut Output) -> Result<Exit, Problem> {
    let definition = store.definition(&run.id)?;
    let compilation = files::compiled(&definition);
    let Some(program) = compilation.program else {
        output.error("the file of the run does not check any more", "Use the wfc that ran it.")?;
        return Ok(Exit::Failed);
    };
    let plan = definition.plan.as_ref().map(|plan| format!(" by plan {}", short(plan))).unwrap_or_default();
    output.result(&format!("run {} of {} began {}{plan}\n", run.id, printable_line(&run.file), local(run.created_at)))?;
    let report = RunReport::told(Format::Human, false, &program, &compilation.sources);
    let (mut record, mut cancelled) = (RunRecord::default(), None);
    let mut following = Following::default();
    for events in store.history(&run.id)? {
        for event in events? {
            report.event(&event);
            following.event(&event);
            record.apply_of(&event, |_| false);
            if let EventKind::CancelRequested { cause } = event.kind {
                cancelled.get_or_insert(cause);
            }
        }
        output.result(&report.lines())?;
    }
    let ended = RunEnded { state: record.state, outputs: record.outputs, failure: record.cause, cancelled };
    if ended.state.is_final() {
        output.result(&report.summary(&ended, &run.id))?;
        output.result(&report.result(&ended, &run.id))?;
    } else {
        let is_held = store.is_held(&run.id);
        let running = following.running(now());
        output.result(&report::run::under_way(&running, is_held))?;
        let outlook = is_held.then(|| Outlook::of(run, &definition)).flatten();
        if let Some(left) = outlook.and_then(|outlook| outlook.left(&following, now())) {
            output.result(&format!("left: {}\n", report::run::left(&left)))?;
        }
        output.result(&format!("{}\n", runs::standing(store, run)))?;
    }
    Ok(Exit::Done)
}
