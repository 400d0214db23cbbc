//! `wfc run FILE[:WORKFLOW]`: runs a workflow that checks.

pub(crate) mod arguments;
pub(crate) mod asked;
pub(crate) mod findings;
mod parameter_file;
mod prompt;
pub(crate) mod select;

use crate::drive::{Drive, Kept, Manner};
use crate::exit::Exit;
use crate::guarded::guarded;
use crate::plan::{self, saved, saved::Saved};
use crate::report::diagnostics::Format as DiagnosticFormat;
use crate::report::plan::Format as PlanFormat;
use crate::report::run::Format;
use crate::report::{Output, printable_line};
use crate::store;
use crate::time::now;
use asked::{Asked, Ready, Secrets};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::io;
use wf_model::plan::Plan;
use wf_runtime::dispatcher::Assignments;
use wf_runtime::engine::Options;
use wf_runtime::guard::Guarded;
use wf_store::{NewRun, Store, StoreError};

/// Checks a workflow file and runs a workflow of it.
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    manner: Manner,
    /// Check everything, parameters too, show the plan, and run nothing.
    #[arg(long, env = "WFC_DRY_RUN")]
    dry_run: bool,
}

impl Run {
    /// Checks, binds parameters, reads secrets, runs, and shows what came of it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        if self.dry_run {
            return self.tell(output);
        }
        let Some(guarded) = guarded(output)? else { return Ok(Exit::Failed) };
        if let Some(saved) = Saved::read(&self.asked.file) {
            return self.run_saved(guarded, saved, output);
        }
        let found = match self.asked.find(self.findings(), output)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Exit::Usage);
        }
        let store = match store::open() {
            Ok(store) => store,
            Err(error) => return store::refuse(&error, output),
        };
        match self.asked.prepare(&found, Some(&store), Secrets::Read, self.findings(), output)? {
            Ok(prepared) => begin(guarded, store, (found, prepared), &self.manner, output),
            Err(exit) => Ok(exit),
        }
    }

    /// Runs what was planned, and nothing else.
    fn run_saved(&self, guarded: Guarded, saved: Result<Saved, &'static str>, output: &mut Output) -> io::Result<Exit> {
        let planned = match self.planned(saved, Secrets::Read, output)? {
            Ok((saved, found)) => (saved.plan().jobs, found),
            Err(exit) => return Ok(exit),
        };
        let store = match store::open() {
            Ok(store) => store,
            Err(error) => return store::refuse(&error, output),
        };
        let (jobs, found) = planned;
        let manner = Manner { jobs: self.manner.jobs.or(u16::try_from(jobs).ok()), ..self.manner.clone() };
        begin(guarded, store, found, &manner, output)
    }

    /// What was planned, where it can be run as it was.
    fn planned(
        &self,
        saved: Result<Saved, &'static str>,
        wanted: Secrets,
        output: &mut Output,
    ) -> io::Result<Result<(Saved, Ready), Exit>> {
        let name = printable_line(&self.asked.file);
        let saved = match saved {
            Ok(saved) => saved,
            Err(problem) => return saved::refuse(&name, problem, output).map(Err),
        };
        if self.asked.has_parameters() {
            let help = "Leave them out, or make another plan with them.";
            return output.error(format!("{name} is a plan, which has its parameters"), help).map(|()| Err(Exit::Usage));
        }
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Err(Exit::Usage));
        }
        let found = saved.find(&name, wanted, self.findings(), output)?;
        Ok(found.map(|found| (saved, found)))
    }

    /// Shows what would run.
    fn tell(&self, output: &mut Output) -> io::Result<Exit> {
        let plan = match Saved::read(&self.asked.file) {
            Some(saved) => self.planned(saved, Secrets::Look, output)?.map(|(saved, _)| saved.plan().clone()),
            None => self.plan(output)?,
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(exit) => return Ok(exit),
        };
        let format = match self.manner.format {
            Format::Json => PlanFormat::Json,
            Format::Human | Format::Github => PlanFormat::Text,
        };
        output.result(&format.write(&plan))?;
        output.note("nothing was started\n").map(|()| Exit::Done)
    }

    fn plan(&self, output: &mut Output) -> io::Result<Result<Plan, Exit>> {
        let found = match self.asked.find(self.findings(), output)? {
            Ok(found) => found,
            Err(exit) => return Ok(Err(exit)),
        };
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Err(Exit::Usage));
        }
        let prepared = self.asked.prepare(&found, None, Secrets::Look, self.findings(), output)?;
        let jobs = self.manner.jobs(output)?;
        Ok(prepared.map(|prepared| plan::of(&found, &prepared, jobs)))
    }

    /// How what is wrong with a file is shown.
    const fn findings(&self) -> DiagnosticFormat {
        match self.manner.format {
            Format::Github => DiagnosticFormat::Github,
            Format::Human | Format::Json => DiagnosticFormat::Text,
        }
    }
}

/// Begins a run, and goes on with it to its end.
fn begin(guarded: Guarded, store: Store, (found, prepared): Ready, manner: &Manner, output: &mut Output) -> io::Result<Exit> {
    let jobs = manner.jobs(output)?;
    let Some(workflow) = found.declared().map(|workflow| workflow.name.clone()) else { return Ok(Exit::Usage) };
    let directory = store.scratch_path(&prepared.id);
    let shared = store.shared_path(&prepared.folder, &found.file, &workflow);
    let definition = found.definition(&prepared, u32::try_from(jobs).unwrap_or(u32::MAX));
    let run = NewRun { id: prepared.id.clone(), workflow, created_at: now(), definition };
    let kept = match keep(store, &run) {
        Ok(kept) => kept,
        Err(error) => return store::refuse(&error, output),
    };
    drop(run);
    let assignments = Assignments {
        program: found.program,
        workflow: found.workflow,
        arguments: prepared.arguments.into_iter().map(|argument| (argument.name, argument.value)).collect(),
        options: Options { jobs, secrets: prepared.secrets.values, plan: prepared.plan },
        shared,
        directory,
        run: prepared.id,
        folder: prepared.folder,
        withheld: prepared.secrets.withheld,
    };
    Drive { guarded, assignments, former: Vec::new(), jobs: None, sources: found.compilation.sources, kept }.begin(manner, output)
}

/// Begins a run in the store, with all that it goes by.
fn keep(store: Store, run: &NewRun) -> Result<Kept, StoreError> {
    store.begin(run)?;
    Kept::take(store, &run.id)
}

/// How a parameter is given, where somebody wrote `name=value` or `--name=value` behind `wfc run`.
pub(crate) fn parameter_hint(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument || arguments.get(1)? != "run" {
        return None;
    }
    let Some(ContextValue::String(refused)) = error.get(ContextKind::InvalidArg) else { return None };
    let written = arguments.iter().filter_map(|argument| argument.to_str()).find(|argument| argument.starts_with(refused))?;
    let (name, value) = written.trim_start_matches('-').split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| format!("help: Give the parameter as `--param {}`.\n", printable_line(&format!("{name}={value}"))))
}
