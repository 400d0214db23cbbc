//! `wfc run FILE[:WORKFLOW]`: runs a workflow that checks.

pub(crate) mod arguments;
mod dry;
pub(crate) mod findings;
mod parameter_file;
mod prompt;
mod select;

use crate::drive::secrets::{self, SecretValues};
use crate::drive::{Drive, Kept, Manner};
use crate::exit::Exit;
use crate::files::Remembered;
use crate::guarded::guarded;
use crate::machine::{Machine, missing_interpreters};
use crate::report::diagnostics::Format as DiagnosticFormat;
use crate::report::run::Format;
use crate::report::{Output, printable_line};
use crate::store;
use crate::time::now;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use dry::Previews;
use prompt::Prompt;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_compiler::{Compilation, compile};
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::program::{Program, Workflow, WorkflowId};
use wf_model::source::Sources;
use wf_model::value::Value;
use wf_runtime::dispatcher::{Assignments, RealWorld};
use wf_runtime::engine::Options;
use wf_runtime::mask::Masker;
use wf_store::{Definition, NewRun, Store, StoreError, StoredArgument, new_id};

/// Checks a workflow file and runs a workflow of it.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The file; `FILE:WORKFLOW` where it has several workflows. `-` is stdin.
    file: String,
    /// A parameter: its type's literal or plain text. Again for further elements of a list; `NAME=@FILE` reads a file.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// A JSON file with parameters by name.
    #[arg(long = "params", value_name = "FILE", env = "WFC_PARAMS")]
    parameter_file: Option<String>,
    #[command(flatten)]
    manner: Manner,
    /// Check everything, parameters too, say what would run, and run nothing.
    #[arg(long, env = "WFC_DRY_RUN")]
    dry_run: bool,
}

/// What a run is given.
struct Prepared {
    id: Arc<str>,
    arguments: Vec<StoredArgument>,
    secrets: SecretValues,
    folder: PathBuf,
}

impl Run {
    /// Checks, binds parameters, reads secrets, runs, and shows what came of it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let guarded = if self.dry_run { None } else { guarded(output)? };
        if guarded.is_none() && !self.dry_run {
            return Ok(Exit::Failed);
        }
        let (file, wanted) = select::split(&self.file);
        let kinds = wf_steps::registry();
        let files = Remembered::new();
        let mut compilation = compile(file, &files, kinds, Level::Standard);
        self.show(&compilation, &compilation.diagnostics, output)?;
        let Some(program) = compilation.program.take().map(Arc::new) else { return Ok(Exit::Usage) };
        let (id, workflow) = match select::workflow(&program, file, wanted) {
            Ok(found) => found,
            Err(message) => return output.note(&message).map(|()| Exit::Usage),
        };
        let missing = missing_interpreters(&program, id, kinds, &Machine::this());
        if !missing.is_empty() {
            return self.show(&compilation, &missing, output).map(|()| Exit::Usage);
        }
        if let Some(problem) = self.manner.unwritable() {
            return output.note(&problem).map(|()| Exit::Usage);
        }
        let store = if self.dry_run { None } else { Some(store::open()) };
        let store = match store.transpose() {
            Ok(store) => store,
            Err(error) => return store::refuse(&error, output),
        };
        let prepared = match self.prepare(&program, &compilation.sources, (id, workflow), file, store.as_ref(), output)? {
            Ok(prepared) => prepared,
            Err(problems) => return self.show(&compilation, &problems, output).map(|()| Exit::Usage),
        };
        let Some((store, guarded)) = store.zip(guarded) else {
            let previews = Previews::of(&program, (id, workflow), &prepared.arguments);
            let told = match self.manner.format {
                Format::Json => dry::json(workflow, &prepared.arguments, &previews),
                Format::Human | Format::Github => dry::text(workflow, &prepared.arguments, &previews),
            };
            return output.result(&told).map(|()| Exit::Done);
        };
        let jobs = self.manner.jobs(output)?;
        let directory = store.scratch_path(&prepared.id);
        let shared = store.shared_path(&prepared.folder, file, &workflow.name);
        let kept = match self.keep(&prepared, file, workflow, jobs, files, store) {
            Ok(kept) => kept,
            Err(error) => return store::refuse(&error, output),
        };
        let assignments = Assignments {
            program: program.clone(),
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

    /// Begins the run in the store, with all that it goes by.
    fn keep(
        &self,
        prepared: &Prepared,
        file: &str,
        workflow: &Workflow,
        jobs: usize,
        files: Remembered,
        store: Store,
    ) -> Result<Kept, StoreError> {
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
        let (id, workflow) = (prepared.id.clone(), workflow.name.clone());
        store.begin(&NewRun { id: id.clone(), workflow, created_at: now(), definition })?;
        Kept::take(store, &id)
    }

    fn show(&self, compilation: &Compilation, diagnostics: &[Diagnostic], output: &mut Output) -> io::Result<()> {
        let format = match self.manner.format {
            Format::Github => DiagnosticFormat::Github,
            Format::Human | Format::Json => DiagnosticFormat::Text,
        };
        findings::show(format, compilation, diagnostics, output)
    }

    /// Parameters and secrets; everything that is wrong with them at once.
    fn prepare(
        &self,
        program: &Arc<Program>,
        sources: &Sources,
        (id, workflow): (WorkflowId, &Workflow),
        file: &str,
        store: Option<&Store>,
        output: &mut Output,
    ) -> io::Result<Result<Prepared, Vec<Diagnostic>>> {
        let given = match arguments::given(workflow, &self.parameters, self.parameter_file.as_deref()) {
            Ok(given) => given,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(Err(Vec::new()));
            }
        };
        let (folder, run_id) = (folder_of(file), new_id());
        let world = RealWorld { folder: folder.clone() };
        let directory = store.map_or_else(std::env::temp_dir, |store| store.scratch_path(&run_id));
        let run_value = arguments::run_value(&run_id, &workflow.name, &directory);
        let mut surroundings = arguments::Seen::new(program, &world, run_value);
        let given = Prompt { workflow, sources, surroundings: &mut surroundings }.complete(given, output)?;
        let bound = wf_runtime::parameters::bind(workflow, &given, &mut surroundings);
        let secrets = secrets::read(program, id, self.dry_run);
        let known: Vec<Value> = secrets.iter().flat_map(|secrets| secrets.values.values().cloned()).collect();
        let masker = Masker::of_values(&known);
        let (bound, secrets) = match (bound, secrets) {
            (Ok(bound), Ok(secrets)) => (bound, secrets),
            (bound, secrets) => {
                let mut problems = bound.err().unwrap_or_default();
                // A secret that was given as a parameter by mistake is not to be told.
                problems.iter_mut().for_each(|problem| problem.message = masker.text(&problem.message));
                problems.extend(secrets.err().unwrap_or_default());
                return Ok(Err(problems));
            }
        };
        let argument = |(id, value)| {
            let name = workflow.parameters.iter().find(|parameter| parameter.value == id)?.name.clone();
            let origin = given.iter().find(|given| *given.name == *name).map(|given| given.origin.to_string().into());
            Some(StoredArgument { name, value, origin })
        };
        let arguments = bound.into_iter().filter_map(argument).collect();
        Ok(Ok(Prepared { id: run_id, arguments, secrets, folder }))
    }
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

/// The directory of the file, where steps run.
fn folder_of(file: &str) -> PathBuf {
    let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    if file == "-" {
        return current;
    }
    let path = std::fs::canonicalize(file).unwrap_or_else(|_| current.join(file));
    path.parent().map_or(current, Path::to_owned)
}
