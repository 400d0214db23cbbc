//! `wfc resume RUN`: goes on with a run whose process ended before the run did.

mod unknown;

use crate::drive::{Drive, Kept, Manner, Resumed, secrets};
use crate::exit::Exit;
use crate::files;
use crate::guarded::guarded;
use crate::report::diagnostics::{Format as DiagnosticFormat, write};
use crate::report::{Look, Output};
use crate::store;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use unknown::{Decided, Said, Unknown, said};
use wf_compiler::compile;
use wf_model::diagnostic::Level;
use wf_model::event::Event;
use wf_model::program::{Program, WorkflowId};
use wf_runtime::dispatcher::{Assignments, RecallFailed};
use wf_runtime::engine::Options;
use wf_runtime::guard::Guarded;
use wf_store::{Definition, RunRow, Store, StoreError};

/// Goes on with a run whose process ended before the run did.
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// What became of a step that was running when the process ended: `NAME=done`, `NAME=rerun` or `NAME=fail`.
    #[arg(long = "step", value_name = "NAME=ANSWER", value_parser = said)]
    steps: Vec<Said>,
    /// The value of a step that is said to be done.
    #[arg(long, value_name = "JSON", value_parser = json, requires = "steps")]
    value: Option<serde_json::Value>,
    #[command(flatten)]
    manner: Manner,
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A run that may go on.
struct Found {
    store: Store,
    run: RunRow,
    kept: Kept,
    definition: Definition,
    history: Vec<Event>,
}

impl Resume {
    /// Goes on with it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let Some(guarded) = guarded(output)? else { return Ok(Exit::Failed) };
        match self.found() {
            Ok(found) => self.go_on(guarded, found, output),
            Err(error) => store::refuse(&error, output),
        }
    }

    fn found(&self) -> Result<Found, StoreError> {
        let store = store::open()?;
        let run = store.find(&self.run)?;
        let kept = Kept::take(&store, &run.id)?;
        let (definition, history) = (store.definition(&run.id)?, store.events(&run.id)?);
        Ok(Found { store, run, kept, definition, history })
    }

    fn go_on(&self, guarded: Guarded, found: Found, output: &mut Output) -> io::Result<Exit> {
        let Found { store, run, kept, definition, history } = found;
        if run.state.is_final() {
            let help = format!("`wfc status {}` shows how. A new run begins with `wfc run {}`.", run.id, definition.file);
            output.error(format!("run `{}` has ended: {}", run.id, run.state.name()), &help)?;
            return Ok(Exit::Usage);
        }
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Exit::Usage);
        }
        // What outlived both processes of the run goes on without anybody who waits for it.
        wf_runtime::process::end_survivors(&run.id);
        let kinds = wf_steps::registry();
        let compilation = compile(&definition.file, &files::Kept(&definition), &kinds, Level::Basic);
        let program = compilation.program.map(Arc::new);
        let Some((program, workflow)) = program.and_then(|program| named(&program, &run.workflow).map(|id| (program, id))) else {
            let help = format!("Go on with the wfc that began it, {}.", definition.version);
            return output.error("the file of the run does not check with this version", &help).map(|()| Exit::Usage);
        };
        let secrets = match secrets::read(&program, workflow, false) {
            Ok(secrets) => secrets,
            Err(problems) => {
                let look = Look::of(&io::stderr());
                output.note(&write(DiagnosticFormat::Text, &problems, &compilation.sources, Level::Basic, look))?;
                return Ok(Exit::Usage);
            }
        };
        let jobs = self.jobs(&definition, output)?;
        let assignments = Assignments {
            program: program.clone(),
            workflow,
            arguments: definition.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect(),
            options: Options { jobs, secrets: secrets.values },
            run: run.id.clone(),
            folder: definition.folder.to_string().into(),
            directory: store.scratch_path(&run.id),
            withheld: secrets.withheld,
        };
        let drive = Drive { guarded, assignments, sources: compilation.sources, kept };
        if history.is_empty() {
            // Its process died before anything happened.
            return drive.begin(&self.manner, output);
        }
        match drive.recall(&self.manner, &history)? {
            Ok(resumed) => self.decided(resumed, &program, &run.id, output),
            Err(error) => refuse(&error, &definition.version, output),
        }
    }

    /// Goes on once it is known what became of what was under way.
    fn decided(&self, mut resumed: Resumed, program: &Program, run: &str, output: &mut Output) -> io::Result<Exit> {
        let kinds = wf_steps::registry();
        let running = resumed.running();
        let checked = BTreeMap::new();
        let mut unknown = Unknown { program, kinds: &kinds, said: &self.steps, value: self.value.as_ref(), checked };
        for attempt in &running {
            if unknown.is_to_be_checked(attempt)
                && let Some(checked) = resumed.check(attempt)
            {
                unknown.note(attempt, checked, output)?;
            }
        }
        match unknown.decide(&running, output)? {
            Decided::All(answers) => resumed.go_on(&answers, &self.manner, output),
            Decided::Wrong { message, help } => output.error(message, &help).map(|()| Exit::Usage),
            Decided::Open(steps) => {
                let plural = if steps.len() == 1 { "" } else { "s" };
                let names: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
                let message = format!(
                    "nobody knows whether step{plural} {} had its effect before the run's process ended",
                    names.join(", ")
                );
                let answers: Vec<String> = steps.iter().map(|step| format!(" --step '{step}=done|rerun|fail'")).collect();
                let help = format!("Look, then say so: wfc resume {run}{}", answers.concat());
                output.error(message, &help).map(|()| Exit::Waiting)
            }
        }
    }

    /// As many steps at a time as is asked for now, else as when the run began.
    fn jobs(&self, definition: &Definition, output: &mut Output) -> io::Result<usize> {
        let began = u16::try_from(definition.jobs).ok().filter(|jobs| *jobs > 0);
        Manner { jobs: self.manner.jobs.or(began), ..self.manner.clone() }.jobs(output)
    }
}

/// The workflow of a run.
fn named(program: &Program, name: &str) -> Option<WorkflowId> {
    program.workflows.iter().find(|(_, workflow)| *workflow.name == *name).map(|(id, _)| id)
}

fn refuse(error: &RecallFailed, version: &str, output: &mut Output) -> io::Result<Exit> {
    let (help, exit) = match error {
        RecallFailed::Illegal(_) => {
            (format!("Go on with the wfc that began it, {version}. The run was left as it is."), Exit::JournalDamaged)
        }
        RecallFailed::Secret { .. } => {
            ("See that the step can give it, then resume again. The run was left as it is.".to_owned(), Exit::Failed)
        }
    };
    output.error(format!("the run cannot go on: {error}"), &help)?;
    Ok(exit)
}
