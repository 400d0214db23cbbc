//! A run of the store that is to go on, with all that its process has to know again.

use super::definition::{self, Compiled};
use super::secrets;
use super::{Drive, Kept, Manner, NotRecalled, Resumed};
use crate::exit::Exit;
use crate::report::diagnostics::{Format as DiagnosticFormat, write};
use crate::report::printable_line;
use crate::report::{Look, Output};
use crate::store;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::diagnostic::Level;
use wf_model::program::{Callee, Program, Step, WorkflowId};
use wf_model::run::{RunState, waits_for_rollback};
use wf_runtime::dispatcher::{Assignments, RecallFailed};
use wf_runtime::engine::Options;
use wf_runtime::guard::Guarded;
use wf_store::{Definition, History, RunRow, Store, StoreError};

/// A run that may go on.
pub(crate) struct Again {
    pub(crate) run: RunRow,
    /// Whether something happened in it.
    pub(crate) has_begun: bool,
    store: Store,
    kept: Kept,
    /// What it went by, in order.
    definitions: Vec<Definition>,
    /// What it is to go by, where its journal does not know yet.
    change: Option<Definition>,
}

/// The same, with its program.
pub(crate) struct Ready {
    pub(crate) run: Arc<str>,
    pub(crate) program: Arc<Program>,
    pub(crate) has_begun: bool,
    pub(crate) drive: Drive,
    store: Store,
    change: Option<Definition>,
    version: Arc<str>,
}

impl Again {
    /// Takes a run, which is named as people name it; nobody else goes on with it from now on.
    ///
    /// # Errors
    /// When there is no such run, another process holds it, or the store cannot be used.
    pub(crate) fn take(meant: &str) -> Result<Self, StoreError> {
        let (store, run) = store::found(meant)?;
        let kept = Kept::take(store::open()?, &run.id)?;
        let (definitions, has_begun) = (store.definitions(&run.id)?, !store.history(&run.id)?.is_empty());
        Ok(Self { run, has_begun, store, kept, definitions, change: None })
    }

    /// What happened in it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn history(&self) -> Result<History<'_>, StoreError> {
        self.store.history(&self.run.id)
    }

    /// Whether it waits for somebody who asks for its rollback.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn waits_for_rollback(&self) -> Result<bool, StoreError> {
        let mut waits = false;
        if self.run.state == RunState::Paused {
            for events in self.history()? {
                waits = events?.iter().rev().find_map(|event| waits_for_rollback(&event.kind)).unwrap_or(waits);
            }
        }
        Ok(waits)
    }

    /// What it goes by.
    pub(crate) fn definition(&self) -> Option<&Definition> {
        self.definitions.last()
    }

    /// The file that it began with, as it was named.
    pub(crate) fn file(&self) -> &str {
        self.definition().map_or("", |definition| &definition.file)
    }

    /// The scratch directory of the run.
    pub(crate) fn directory(&self) -> PathBuf {
        self.store.scratch_path(&self.run.id)
    }

    /// Lets it go by something else, if all that happened stands in it.
    pub(crate) fn changed_to(self, definition: Definition) -> Self {
        Self { change: Some(definition), ..self }
    }

    /// The run as far as its journal tells, where it goes on from just there.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub(crate) fn resumed(self, guarded: Guarded, manner: &Manner, output: &mut Output) -> io::Result<Result<Resumed, Exit>> {
        match self.ready(guarded, manner, output)? {
            Ok(ready) => ready.recall(manner, output),
            Err(exit) => Ok(Err(exit)),
        }
    }

    /// Compiles what it goes by and reads its secrets again; what outlived its processes is ended.
    pub(crate) fn ready(self, guarded: Guarded, manner: &Manner, output: &mut Output) -> io::Result<Result<Ready, Exit>> {
        let Self { run, has_begun, store, kept, mut definitions, change } = self;
        definitions.extend(change.clone());
        let Some((definition, former)) = definitions.split_last() else { return Ok(Err(Exit::JournalDamaged)) };
        if let Some(problem) = manner.unwritable() {
            return output.note(&problem).map(|()| Err(Exit::Usage));
        }
        // What nobody waits for any more would go on beside what comes now.
        wf_runtime::process::end_survivors(&run.id);
        let unknown = |output: &mut Output| {
            let help = format!("Go on with the wfc that began it, {}.", definition.version);
            output.error("the file of the run does not check with this version", &help).map(|()| Err(Exit::Usage))
        };
        let Some(Compiled { program, workflow, sources }) = Compiled::of(definition, &run.workflow) else {
            return unknown(output);
        };
        if uses_containers(&program) {
            wf_steps::docker::end_containers(std::slice::from_ref(&run.id.to_string()), false);
        }
        let secrets = match secrets::read(&program, workflow, false) {
            Ok(secrets) => secrets,
            Err(problems) => {
                let look = Look::of(&io::stderr());
                output.note(&write(DiagnosticFormat::Text, &problems, &sources, Level::Basic, look))?;
                return Ok(Err(Exit::Usage));
            }
        };
        // As many steps at a time as is asked for now, else as when the run began.
        let began = u16::try_from(definition.jobs).ok().filter(|jobs| *jobs > 0);
        let jobs = Manner { jobs: manner.jobs.or(began), ..manner.clone() }.jobs(output)?;
        // What happened is told as it did: as many at a time as when it began, or as a resume says in between.
        let before = usize::try_from(definition.jobs).unwrap_or(usize::MAX);
        let Some(former) = definition::former(former, &run.workflow, before) else { return unknown(output) };
        let assignments = Assignments {
            program: program.clone(),
            workflow,
            arguments: definition.given(),
            options: Options { jobs: before, secrets: secrets.values, plan: definition.plan.clone() },
            run: run.id.clone(),
            folder: definition.folder.to_string().into(),
            shared: store.shared_path(Path::new(&*definition.folder), &definition.file, &run.workflow),
            directory: store.scratch_path(&run.id),
            withheld: secrets.withheld,
        };
        let drive = Drive { guarded, assignments, former, jobs: Some(jobs), sources, kept };
        let version = definition.version.clone();
        Ok(Ok(Ready { run: run.id, program, has_begun, drive, store, change, version }))
    }
}

impl Ready {
    /// Tells the run what its journal tells.
    pub(crate) fn recall(self, manner: &Manner, output: &mut Output) -> io::Result<Result<Resumed, Exit>> {
        let history = self.store.history(&self.run).map_err(NotRecalled::from);
        match history.and_then(|history| self.drive.recall(manner, history, self.change.is_some())) {
            Ok(resumed) => Ok(Ok(resumed)),
            Err(NotRecalled::Contradicted(reasons)) => contradicted(&self.run, &reasons, output).map(Err),
            Err(NotRecalled::Problem(problem)) => store::ended(Err(problem), output).map(Err),
            Err(NotRecalled::Recall(error)) => refuse(&error, &self.version, output).map(Err),
        }
    }
}

/// Says why what happened in a run does not stand in the changed file.
///
/// # Errors
/// Where stderr cannot be written.
pub(crate) fn contradicted(run: &str, reasons: &[String], output: &mut Output) -> io::Result<Exit> {
    for reason in reasons {
        output.note(&format!("refused  {}\n", printable_line(reason)))?;
    }
    let help = format!("Change the file so that it does, or go on by what the run has: wfc resume {run}");
    output.error("what already happened does not stand in the changed file", &help)?;
    Ok(Exit::Usage)
}

/// The workflow of a run.
pub(crate) fn named(program: &Program, name: &str) -> Option<WorkflowId> {
    program.workflows.iter().find(|(_, workflow)| *workflow.name == *name).map(|(id, _)| id)
}

fn refuse(error: &RecallFailed, version: &str, output: &mut Output) -> io::Result<Exit> {
    let (help, exit) = match error {
        RecallFailed::Illegal(_) => {
            (format!("Go on with the wfc that began it, {version}. The run was left as it is."), Exit::JournalDamaged)
        }
        RecallFailed::Secret { .. } => {
            ("See that the step can give it, then try again. The run was left as it is.".to_owned(), Exit::Failed)
        }
    };
    output.error(format!("the run cannot go on: {error}"), &help)?;
    Ok(exit)
}

/// Whether steps of a program run in containers, which outlive the processes that started them.
fn uses_containers(program: &Program) -> bool {
    let statements = program.workflows.iter().flat_map(|(_, workflow)| workflow.statements.iter());
    let mut invocations = statements.filter_map(|(_, statement)| statement.kind.step()).flat_map(Step::invocations);
    invocations.any(|invocation| matches!(&invocation.callee, Callee::Kind(kind) if **kind == *"docker"))
}
