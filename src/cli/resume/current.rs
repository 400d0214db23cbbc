//! `wfc resume --with-current`: a run goes on by its file as it is now.

use crate::difference::of_sources;
use crate::drive::again::{contradicted, named};
use crate::exit::Exit;
use crate::files::{self, Current};
use crate::report::diagnostics::Format;
use crate::report::{Output, printable, somebody_is_there};
use crate::run::arguments::{Seen, run_value};
use crate::run::findings::show;
use std::collections::BTreeMap;
use std::io::{self, BufRead as _};
use std::path::Path;
use wf_compiler::compile;
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::program::{Program, Workflow, WorkflowId};
use wf_runtime::dispatcher::RealWorld;
use wf_runtime::parameters::{Given, GivenValue, Origin, bind};
use wf_store::{Definition, StoredArgument};

/// The run that is to change what it goes by.
pub(super) struct Changing<'a> {
    pub(super) run: &'a str,
    pub(super) workflow: &'a str,
    /// Its scratch directory.
    pub(super) directory: &'a Path,
    /// What it goes by.
    pub(super) kept: &'a Definition,
}

/// What the file of a run is now.
pub(super) enum Now {
    /// As the run has it.
    Same,
    /// Another one, which checks.
    Other(Definition),
}

impl Changing<'_> {
    /// Reads and checks the file; shows in what it differs.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub(super) fn read(&self, output: &mut Output) -> io::Result<Result<Now, Exit>> {
        let Some(current) = Current::of(self.kept) else {
            let help = format!("Leave `--with-current` out: wfc resume {}", self.run);
            return output.error("the run was read from stdin, which is not there any more", &help).map(|()| Err(Exit::Usage));
        };
        let kinds = wf_steps::registry();
        let compilation = compile(&self.kept.file, &current, kinds, Level::Standard);
        show(Format::Text, &compilation, &compilation.diagnostics, output)?;
        let Some(program) = &compilation.program else { return Ok(Err(Exit::Usage)) };
        let (sources, resolutions) = current.take();
        let changes = of_sources(&self.kept.sources, &sources);
        if changes.is_empty() {
            output.note("current  the file is as the run has it\n")?;
            return Ok(Ok(Now::Same));
        }
        output.note(&printable(&changes))?;
        let Some(id) = named(program, self.workflow) else {
            let reason = format!("workflow `{}`, which runs, is not in the file any more", self.workflow);
            return contradicted(self.run, &[reason], output).map(Err);
        };
        let arguments = match self.arguments(program, id) {
            Ok(arguments) => arguments,
            Err(Unbound::Gone(reasons)) => return contradicted(self.run, &reasons, output).map(Err),
            Err(Unbound::Wrong(problems)) => {
                return show(Format::Text, &compilation, &problems, output).map(|()| Err(Exit::Usage));
            }
        };
        let version = env!("CARGO_PKG_VERSION").into();
        Ok(Ok(Now::Other(Definition { sources, resolutions, arguments, version, plan: None, ..self.kept.clone() })))
    }

    /// The parameters of the run for the changed workflow.
    fn arguments(&self, program: &Program, id: WorkflowId) -> Result<Vec<StoredArgument>, Unbound> {
        let Some(workflow) = program.workflows.get(id) else { return Err(Unbound::Wrong(Vec::new())) };
        let is_declared = |given: &&StoredArgument| workflow.parameters.iter().any(|parameter| parameter.name == given.name);
        let (known, gone): (Vec<_>, Vec<_>) = self.kept.arguments.iter().partition(is_declared);
        let gone = gone.into_iter().filter_map(|given| Some((given, given.origin.as_ref()?)));
        let gone: Vec<String> = gone
            .map(|(given, origin)| format!("parameter `{}`, given by {origin}, is not in the file any more", given.name))
            .collect();
        if !gone.is_empty() {
            return Err(Unbound::Gone(gone));
        }
        let given = known.iter().map(|known| Given {
            name: known.name.to_string(),
            value: GivenValue::Json(known.value.to_json()),
            origin: Origin::Run,
        });
        let given: Vec<Given> = given.collect();
        let world = RealWorld { folder: self.kept.folder.to_string().into() };
        let run = run_value(self.run, self.workflow, self.directory);
        let bound = bind(workflow, &given, &mut Seen::new(program, &world, run)).map_err(Unbound::Wrong)?;
        let before = self.types();
        let argument = |(value, decoded)| {
            let parameter = workflow.parameters.iter().find(|parameter| parameter.value == value)?;
            let name = parameter.name.clone();
            let kept = known.iter().find(|known| known.name == name);
            let same = kept.filter(|_| before.get(&*name).is_some_and(|type_| *type_ == parameter.type_.to_string()));
            let value = same.map_or(decoded, |kept| kept.value.clone());
            Some(StoredArgument { name, value, origin: kept.and_then(|kept| kept.origin.clone()) })
        };
        Ok(bound.into_iter().filter_map(argument).collect())
    }

    /// The types that the parameters had.
    fn types(&self) -> BTreeMap<String, String> {
        let program = files::compiled(self.kept).program;
        let workflow = program.as_ref().and_then(|program| program.workflows.get(named(program, self.workflow)?));
        let parameters = workflow.map_or(&[][..], |workflow: &Workflow| &workflow.parameters);
        parameters.iter().map(|parameter| (parameter.name.to_string(), parameter.type_.to_string())).collect()
    }
}

/// Why the parameters of a run do not fit a changed workflow.
enum Unbound {
    /// Some are not there any more.
    Gone(Vec<String>),
    /// Some have other types, do not fit their conditions, or are missing.
    Wrong(Vec<Diagnostic>),
}

/// Whether somebody wants the run to go on by the changed file; says what to do where nobody can be asked.
///
/// # Errors
/// Where stdout or stderr cannot be written.
pub(super) fn agreed(run: &str, output: &mut Output) -> io::Result<bool> {
    if !somebody_is_there() {
        let help = format!("If it may, as the difference shows it: wfc resume {run} --with-current --yes");
        output.error("nobody said whether the run may go on by the changed file", &help)?;
        return Ok(false);
    }
    output.note("Go on by the changed file? (y or n): ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let agreed = matches!(answer.trim(), "y" | "yes");
    if !agreed {
        output.note("The run was left as it is.\n")?;
    }
    Ok(agreed)
}
