//! `wfc run FILE[:WORKFLOW]`: runs a workflow that checks.

mod arguments;
mod dry;
mod findings;
mod limits;
mod parameter_file;
mod prompt;
mod select;

use crate::check::has_error;
use crate::exit::Exit;
use crate::files::Disk;
use crate::report::diagnostics::{Format as DiagnosticFormat, write};
use crate::report::run::{Format, RunReport};
use crate::report::{Look, Output, printable_line};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use findings::NotRunYet;
use prompt::Prompt;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_compiler::{Compilation, compile};
use wf_model::diagnostic::{Diagnostic, Finding, Level};
use wf_model::event::CancelCause;
use wf_model::program::{Callee, Program, StatementKind, Workflow, WorkflowId};
use wf_model::run::RunState;
use wf_model::source::Sources;
use wf_model::value::Value;
use wf_runtime::dispatcher::{Assignments, Canceller, Means, NoJournal, RealWorld, RunBroken, RunEnded};
use wf_runtime::engine::{Options, unsupported};
use wf_runtime::guard::Guarded;
use wf_runtime::mask::Masker;
use wf_runtime::secrets::{Lookup, RunCommand, Secrets};

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
    /// How many steps run at a time; by default the number of processors, at least 4.
    #[arg(long, value_name = "N", env = "WFC_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// A file that takes the outputs as JSON.
    #[arg(long, value_name = "FILE", env = "WFC_OUTPUT")]
    output: Option<PathBuf>,
    /// How progress and outputs are written.
    #[arg(long, value_enum, default_value_t = Format::Human, env = "WFC_FORMAT")]
    format: Format,
    /// Check everything, parameters too, say what would run, and run nothing.
    #[arg(long, env = "WFC_DRY_RUN")]
    dry_run: bool,
    /// Show the output of steps that succeed too.
    #[arg(long, short, env = "WFC_VERBOSE")]
    verbose: bool,
}

/// A run that has everything it needs.
struct Prepared {
    program: Arc<Program>,
    workflow: WorkflowId,
    arguments: Vec<(Arc<str>, Value)>,
    secrets: BTreeMap<(WorkflowId, wf_model::expression::ValueId), Value>,
    withheld: Vec<OsString>,
    folder: PathBuf,
    directory: tempfile::TempDir,
    id: Arc<str>,
}

impl Run {
    /// Checks, binds parameters, reads secrets, runs, and shows what came of it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        // No thread runs yet.
        let guarded = if self.dry_run { None } else { Some(wf_runtime::guard::start()?) };
        let (file, wanted) = select::split(&self.file);
        let kinds = wf_steps::registry();
        let mut compilation = compile(file, &Disk::default(), &kinds, Level::Standard);
        self.show(&compilation, &compilation.diagnostics, output)?;
        let Some(program) = compilation.program.take().map(Arc::new) else { return Ok(Exit::Usage) };
        let (id, workflow) = match select::workflow(&program, file, wanted) {
            Ok(found) => found,
            Err(message) => return output.note(&message).map(|()| Exit::Usage),
        };
        let missing: Vec<Diagnostic> =
            unsupported(&program, id, &kinds).iter().map(|construct| NotRunYet { construct }.diagnostic()).collect();
        if !missing.is_empty() {
            return self.show(&compilation, &missing, output).map(|()| Exit::Usage);
        }
        if let Some(problem) = self.output.as_deref().and_then(unwritable) {
            return output.note(&problem).map(|()| Exit::Usage);
        }
        let prepared = match self.prepare(&program, &compilation.sources, (id, workflow), file, output)? {
            Ok(prepared) => prepared,
            Err(problems) => return self.show(&compilation, &problems, output).map(|()| Exit::Usage),
        };
        let Some(guarded) = guarded else {
            let told = match self.format {
                Format::Json => dry::json(workflow, &prepared.arguments),
                Format::Human | Format::Github => dry::text(workflow, &prepared.arguments),
            };
            return output.result(&told).map(|()| Exit::Done);
        };
        self.perform(&guarded, prepared, &compilation, output)
    }

    fn show(&self, compilation: &Compilation, diagnostics: &[Diagnostic], output: &mut Output) -> io::Result<()> {
        let format = match self.format {
            Format::Github => DiagnosticFormat::Github,
            Format::Human | Format::Json => DiagnosticFormat::Text,
        };
        // Warnings of a file that runs are for `wfc check`.
        let level = if has_error(diagnostics, Level::Standard) { Level::Standard } else { Level::Basic };
        output.note(&write(format, diagnostics, &compilation.sources, level, Look::of(&io::stderr())))
    }

    /// Parameters and secrets; everything that is wrong with them at once.
    fn prepare(
        &self,
        program: &Arc<Program>,
        sources: &Sources,
        (id, workflow): (WorkflowId, &Workflow),
        file: &str,
        output: &mut Output,
    ) -> io::Result<Result<Prepared, Vec<Diagnostic>>> {
        let given = match arguments::given(workflow, &self.parameters, self.parameter_file.as_deref()) {
            Ok(given) => given,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(Err(Vec::new()));
            }
        };
        let folder = folder_of(file);
        let directory = match tempfile::Builder::new().prefix("wfc-").tempdir() {
            Ok(directory) => directory,
            Err(error) => {
                let message =
                    format!("the run's scratch directory cannot be made in {}: {error}", std::env::temp_dir().display());
                output.error(message, "Name another directory in the variable TMPDIR. Nothing was started.")?;
                return Ok(Err(Vec::new()));
            }
        };
        let run_id: Arc<str> = uuid::Uuid::now_v7().to_string().into();
        let world = RealWorld { folder: folder.clone() };
        let mut surroundings =
            arguments::Seen::new(program, &world, arguments::run_value(&run_id, &workflow.name, directory.path()));
        let given = Prompt { workflow, sources, surroundings: &mut surroundings }.complete(given, output)?;
        let bound = wf_runtime::parameters::bind(workflow, &given, &mut surroundings);
        let secrets = self.read_secrets(program, id);
        let known: Vec<Value> = secrets.iter().flat_map(|(values, _)| values.values().cloned()).collect();
        let masker = Masker::of_values(&known);
        let (bound, (secrets, withheld)) = match (bound, secrets) {
            (Ok(bound), Ok(secrets)) => (bound, secrets),
            (bound, secrets) => {
                let mut problems = bound.err().unwrap_or_default();
                // A secret that was given as a parameter by mistake is not to be told.
                problems.iter_mut().for_each(|problem| problem.message = masker.text(&problem.message));
                problems.extend(secrets.err().unwrap_or_default());
                return Ok(Err(problems));
            }
        };
        let name_of =
            |value| workflow.parameters.iter().find(|parameter| parameter.value == value).map(|parameter| parameter.name.clone());
        let arguments = bound.into_iter().filter_map(|(value, bound)| Some((name_of(value)?, bound))).collect();
        Ok(Ok(Prepared { program: program.clone(), workflow: id, arguments, secrets, withheld, folder, directory, id: run_id }))
    }

    /// The secrets of a workflow and of all that it calls; a dry run starts none of the programs that would give one.
    fn read_secrets(&self, program: &Program, id: WorkflowId) -> Result<SecretValues, Vec<Diagnostic>> {
        let not_started = |_: &[Arc<str>], _: &str| Ok(b"***".to_vec());
        let command: &RunCommand<'_> = if self.dry_run { &not_started } else { &wf_runtime::secrets::output };
        let lookup = Lookup { variable: &|name| std::env::var_os(name), command };
        let mut values = BTreeMap::new();
        let (mut withheld, mut problems) = (Vec::new(), Vec::new());
        for id in called(program, id) {
            let Some(workflow) = program.workflows.get(id) else { continue };
            match wf_runtime::secrets::read(workflow, lookup) {
                Ok(Secrets { values: read, withheld: names }) => {
                    values.extend(read.into_iter().map(|(value, secret)| ((id, value), secret)));
                    withheld.extend(names);
                }
                Err(diagnostics) => problems.extend(diagnostics),
            }
        }
        if problems.is_empty() { Ok((values, withheld)) } else { Err(problems) }
    }

    fn perform(&self, guarded: &Guarded, prepared: Prepared, compilation: &Compilation, output: &mut Output) -> io::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
        let (jobs, fewer) = limits::jobs(self.jobs.map_or_else(default_jobs, usize::from));
        if let Some(note) = fewer.filter(|_| self.format != Format::Json) {
            output.note(&note)?;
        }
        let report = Arc::new(RunReport::new(self.format, self.verbose, &prepared.program, &compilation.sources));
        let ended = runtime.block_on(async {
            let canceller = Canceller::default();
            canceller.ask_on_signals(guarded)?;
            let assignments = Assignments {
                program: prepared.program.clone(),
                workflow: prepared.workflow,
                arguments: prepared.arguments,
                options: Options { jobs, secrets: prepared.secrets },
                run: prepared.id.clone(),
                folder: prepared.folder.clone(),
                directory: prepared.directory.path().to_owned(),
                withheld: prepared.withheld,
            };
            let means = Means {
                executors: wf_steps::executors(),
                world: Arc::new(RealWorld { folder: prepared.folder }),
                journal: Box::new(NoJournal),
                reporter: report.clone(),
                asked: canceller.watch(),
            };
            Ok::<_, io::Error>(wf_runtime::dispatcher::run(assignments, means).await)
        })?;
        // What is still being looked up must not keep the process.
        runtime.shutdown_background();
        report.finish();
        match ended {
            Ok(ended) => self.conclude(&ended, &prepared.id, &report, output),
            Err(RunBroken::Journal(error)) => {
                output.error(format!("the run was ended: {error}"), "Nothing more was started.")?;
                Ok(Exit::JournalUnwritable)
            }
            Err(RunBroken::Engine(error)) => {
                output.error(format!("the run was ended by a mistake of wfc: {error}"), "Please report it.")?;
                Ok(Exit::Failed)
            }
        }
    }

    fn conclude(&self, ended: &RunEnded, id: &str, report: &RunReport, output: &mut Output) -> io::Result<Exit> {
        // The run is over, whether somebody reads about it or not.
        let _ = output.note(&report.summary(ended));
        output.result(&report.result(ended, id))?;
        if let Some(path) = &self.output
            && ended.state == RunState::Succeeded
        {
            let json = serde_json::to_string_pretty(&ended.outputs.to_json()).unwrap_or_default() + "\n";
            if let Err(error) = std::fs::write(path, json) {
                let help = "The run succeeded; its outputs stand above.";
                output.error(format!("{} cannot be written: {error}", path.display()), help)?;
                return Ok(Exit::Failed);
            }
        }
        Ok(exit(ended))
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

/// Why a file for the outputs could not be written when the run is over.
fn unwritable(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (reason, help) = if path.is_dir() {
        ("it is a directory", "Name a file in it.")
    } else if !folder.is_dir() {
        ("its directory is not there", "Make the directory first.")
    } else {
        return None;
    };
    Some(format!("error: {} cannot be written: {reason}\nhelp: {help} Nothing was started.\n", path.display()))
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

fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(4, usize::from).max(4)
}

type SecretValues = (BTreeMap<(WorkflowId, wf_model::expression::ValueId), Value>, Vec<OsString>);

/// A workflow and all that it calls.
fn called(program: &Program, id: WorkflowId) -> BTreeSet<WorkflowId> {
    let mut found = BTreeSet::new();
    let mut left = vec![id];
    while let Some(id) = left.pop() {
        let Some(workflow) = program.workflows.get(id).filter(|_| found.insert(id)) else { continue };
        for (_, statement) in workflow.statements.iter() {
            let StatementKind::Step(step) = &statement.kind else { continue };
            let undo = step.clauses.undo().map(|undo| &undo.invocation);
            left.extend([Some(&step.invocation), undo].into_iter().flatten().filter_map(|invocation| match invocation.callee {
                Callee::Workflow(callee) => Some(callee),
                Callee::Kind(_) => None,
            }));
        }
    }
    found
}

fn exit(ended: &RunEnded) -> Exit {
    match ended.state {
        RunState::Succeeded => Exit::Done,
        RunState::RolledBack => Exit::RolledBack,
        RunState::RollbackFailed => Exit::RollbackFailed,
        RunState::Paused => Exit::Waiting,
        // What was interrupted twice has not ended, and nothing goes on.
        RunState::Cancelled | RunState::Running => match ended.cancelled {
            Some(CancelCause::Hangup) => Exit::Signal(1),
            Some(CancelCause::Interrupt) => Exit::Signal(2),
            Some(CancelCause::Terminate) => Exit::Signal(15),
            Some(CancelCause::Request) | None => Exit::Failed,
        },
        RunState::Failed | RunState::Queued => Exit::Failed,
    }
}
