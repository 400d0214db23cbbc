//! What is asked for: a workflow of a file, with parameters.

use super::prompt::Prompt;
use super::{arguments, findings, select};
use crate::drive::again::named;
use crate::drive::secrets::{self, SecretValues};
use crate::exit::Exit;
use crate::files::Remembered;
use crate::machine::{Machine, missing_interpreters};
use crate::report::Output;
use crate::report::diagnostics::Format;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_compiler::plan::Request;
use wf_compiler::{Compilation, compile};
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::program::{Program, Workflow, WorkflowId};
use wf_model::value::Value;
use wf_runtime::dispatcher::RealWorld;
use wf_runtime::mask::Masker;
use wf_store::{Definition, Resolution, Store, StoredArgument, StoredSource, new_id};

/// A workflow of a file, with parameters.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Asked {
    /// The file; `FILE:WORKFLOW` where it has several workflows. `-` is stdin.
    pub(crate) file: String,
    /// A parameter: its type's literal or plain text. Again for further elements of a list; `NAME=@FILE` reads a file.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// A JSON file with parameters by name.
    #[arg(long = "params", value_name = "FILE", env = "WFC_PARAMS")]
    parameter_file: Option<String>,
}

/// The workflow in a program that checks.
pub(crate) struct Found {
    pub(crate) compilation: Compilation,
    pub(crate) program: Arc<Program>,
    pub(crate) workflow: WorkflowId,
    /// The file without the name of the workflow.
    pub(crate) file: String,
    /// What was read for it, and how that was named.
    read: (Vec<StoredSource>, Vec<Resolution>),
}

impl Found {
    /// The workflow of a name in what was compiled.
    pub(crate) fn named(
        mut compilation: Compilation,
        workflow: &str,
        file: &str,
        read: (Vec<StoredSource>, Vec<Resolution>),
    ) -> Option<Self> {
        let program = Arc::new(compilation.program.take()?);
        let workflow = named(&program, workflow)?;
        Some(Self { compilation, program, workflow, file: file.to_owned(), read })
    }

    /// What a run goes by.
    pub(crate) fn definition(&self, prepared: &Prepared, jobs: u32) -> Definition {
        let (sources, resolutions) = self.read.clone();
        Definition {
            file: self.file.as_str().into(),
            folder: prepared.folder.to_string_lossy().into(),
            sources,
            resolutions,
            arguments: prepared.arguments.clone(),
            jobs,
            version: env!("CARGO_PKG_VERSION").into(),
            plan: prepared.plan.clone(),
        }
    }

    /// What a plan of it is made of.
    pub(crate) fn request<'a>(&'a self, arguments: &'a [(Arc<str>, Value)], jobs: u32) -> Request<'a> {
        Request {
            program: &self.program,
            workflow: self.workflow,
            sources: &self.compilation.sources,
            kinds: wf_steps::registry(),
            file: &self.file,
            arguments,
            jobs,
        }
    }

    /// The declaration of the workflow.
    pub(crate) fn declared(&self) -> Option<&Workflow> {
        self.program.workflows.get(self.workflow)
    }
}

/// What a run is given.
pub(crate) struct Prepared {
    pub(crate) id: Arc<str>,
    pub(crate) arguments: Vec<StoredArgument>,
    pub(crate) secrets: SecretValues,
    pub(crate) folder: PathBuf,
    /// Hides the secrets.
    pub(crate) masker: Masker,
    /// The hash of the kept plan that it is.
    pub(crate) plan: Option<Arc<str>>,
}

/// A workflow, and what a run of it is given.
pub(crate) type Ready = (Found, Prepared);

/// How secrets are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// All of them have to be there.
    Read,
    /// As [`Self::Read`], but no program is started for one.
    Look,
    /// Those that are there are hidden.
    Hide,
}

impl Asked {
    /// Whether somebody gives parameters.
    pub(crate) const fn has_parameters(&self) -> bool {
        !self.parameters.is_empty() || self.parameter_file.is_some()
    }

    /// Finds the workflow; what is wrong with its file is shown.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(crate) fn find(&self, format: Format, output: &mut Output) -> io::Result<Result<Found, Exit>> {
        let (file, wanted) = select::split(&self.file);
        let kinds = wf_steps::registry();
        let files = Remembered::new();
        let mut compilation = compile(file, &files, kinds, Level::Standard);
        findings::show(format, &compilation, &compilation.diagnostics, output)?;
        let read = files.take();
        let Some(program) = compilation.program.take().map(Arc::new) else { return Ok(Err(Exit::Usage)) };
        let workflow = match select::workflow(&program, file, wanted) {
            Ok((id, _)) => id,
            Err(message) => return output.note(&message).map(|()| Err(Exit::Usage)),
        };
        let missing = missing_interpreters(&program, workflow, kinds, &Machine::this());
        if !missing.is_empty() {
            return findings::show(format, &compilation, &missing, output).map(|()| Err(Exit::Usage));
        }
        Ok(Ok(Found { compilation, program, workflow, file: file.to_owned(), read }))
    }

    /// Parameters and secrets; everything that is wrong with them at once is shown.
    ///
    /// # Errors
    /// Where stderr cannot be written.
    pub(crate) fn prepare(
        &self,
        found: &Found,
        store: Option<&Store>,
        wanted: Secrets,
        format: Format,
        output: &mut Output,
    ) -> io::Result<Result<Prepared, Exit>> {
        let prepared = self.bind(found, store, wanted, output)?;
        prepared.map_or_else(
            |problems| findings::show(format, &found.compilation, &problems, output).map(|()| Err(Exit::Usage)),
            |prepared| Ok(Ok(prepared)),
        )
    }

    fn bind(
        &self,
        found: &Found,
        store: Option<&Store>,
        wanted: Secrets,
        output: &mut Output,
    ) -> io::Result<Result<Prepared, Vec<Diagnostic>>> {
        let Some(workflow) = found.declared() else { return Ok(Err(Vec::new())) };
        let (program, sources) = (&found.program, &found.compilation.sources);
        let given = match arguments::given(workflow, &self.parameters, self.parameter_file.as_deref()) {
            Ok(given) => given,
            Err(problem) => {
                output.error(problem.message, &problem.help)?;
                return Ok(Err(Vec::new()));
            }
        };
        let (folder, run_id) = (folder_of(&found.file), new_id());
        let world = RealWorld { folder: folder.clone() };
        let directory = store.map_or_else(std::env::temp_dir, |store| store.scratch_path(&run_id));
        let run_value = arguments::run_value(&run_id, &workflow.name, &directory);
        let mut surroundings = arguments::Seen::new(program, &world, run_value);
        let given = Prompt { workflow, sources, surroundings: &mut surroundings }.complete(given, output)?;
        let bound = wf_runtime::parameters::bind(workflow, &given, &mut surroundings);
        let secrets = match wanted {
            Secrets::Read => secrets::read(program, found.workflow, false),
            Secrets::Look => secrets::read(program, found.workflow, true),
            Secrets::Hide => Ok(secrets::there(program, found.workflow)),
        };
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
        Ok(Ok(Prepared { id: run_id, arguments, secrets, folder, masker, plan: None }))
    }
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
