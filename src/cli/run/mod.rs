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
use crate::plan;
use crate::report::diagnostics::Format as DiagnosticFormat;
use crate::report::plan::Format as PlanFormat;
use crate::report::run::Format;
use crate::report::{Output, printable_line};
use crate::store;
use crate::time::now;
use asked::{Asked, Found, Prepared, Secrets};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::io;
use wf_runtime::dispatcher::Assignments;
use wf_runtime::engine::Options;
use wf_runtime::guard::Guarded;
use wf_store::{Definition, NewRun, Store, StoreError};

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
            Ok(prepared) => self.begin(guarded, store, found, prepared, output),
            Err(exit) => Ok(exit),
        }
    }

    /// Shows what would run.
    fn tell(&self, output: &mut Output) -> io::Result<Exit> {
        let found = match self.asked.find(self.findings(), output)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Exit::Usage);
        }
        let prepared = match self.asked.prepare(&found, None, Secrets::Look, self.findings(), output)? {
            Ok(prepared) => prepared,
            Err(exit) => return Ok(exit),
        };
        let plan = plan::of(&found, &prepared, self.manner.jobs(output)?);
        let format = match self.manner.format {
            Format::Json => PlanFormat::Json,
            Format::Human | Format::Github => PlanFormat::Text,
        };
        output.result(&format.write(&plan))?;
        output.note("nothing was started\n").map(|()| Exit::Done)
    }

    fn begin(&self, guarded: Guarded, store: Store, found: Found, prepared: Prepared, output: &mut Output) -> io::Result<Exit> {
        let jobs = self.manner.jobs(output)?;
        let Some(workflow) = found.declared().map(|workflow| workflow.name.clone()) else { return Ok(Exit::Usage) };
        let directory = store.scratch_path(&prepared.id);
        let shared = store.shared_path(&prepared.folder, &found.file, &workflow);
        let Found { compilation, program, workflow: id, file, files } = found;
        let (sources, resolutions) = files.take();
        let definition = Definition {
            file: file.into(),
            folder: prepared.folder.to_string_lossy().into(),
            sources,
            resolutions,
            arguments: prepared.arguments.clone(),
            jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
            version: env!("CARGO_PKG_VERSION").into(),
        };
        let run = NewRun { id: prepared.id.clone(), workflow, created_at: now(), definition };
        let kept = match keep(store, &run) {
            Ok(kept) => kept,
            Err(error) => return store::refuse(&error, output),
        };
        let assignments = Assignments {
            program,
            workflow: id,
            arguments: prepared.arguments.into_iter().map(|argument| (argument.name, argument.value)).collect(),
            options: Options { jobs, secrets: prepared.secrets.values },
            shared,
            directory,
            run: prepared.id,
            folder: prepared.folder,
            withheld: prepared.secrets.withheld,
        };
        Drive { guarded, assignments, former: Vec::new(), jobs: None, sources: compilation.sources, kept }
            .begin(&self.manner, output)
    }

    /// How what is wrong with a file is shown.
    const fn findings(&self) -> DiagnosticFormat {
        match self.manner.format {
            Format::Github => DiagnosticFormat::Github,
            Format::Human | Format::Json => DiagnosticFormat::Text,
        }
    }
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
