//! Parameters from flags, a file and the environment, and what their defaults may see.

use super::parameter_file;
use crate::text::{self, Sort, Unreadable};
use std::path::Path;
use wf_model::expression::{EvaluationError, Function, GlobalId, Place, Scope, Stop, evaluate};
use wf_model::program::{Program, Workflow};
use wf_model::value::Value;
use wf_runtime::dispatcher::{RealWorld, World};
use wf_runtime::parameters::{Given, GivenValue, Origin, Surroundings, variable};

/// What was given, the strongest first: flags, then the file, then the environment.
pub(crate) fn given(workflow: &Workflow, flags: &[String], file: Option<&str>) -> Result<Vec<Given>, Unreadable> {
    let mut given = flags.iter().map(|flag| from_flag(flag)).collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = file {
        given.extend(from_file(file)?);
    }
    for parameter in &workflow.parameters {
        let name = variable(&parameter.name);
        if let Some(value) = std::env::var_os(&name) {
            let value = value.into_string().map_err(|_| Unreadable {
                message: format!("environment variable {name} is not UTF-8"),
                help: "Give the parameter with `--param`.".to_owned(),
            })?;
            let origin = Origin::Environment(name.into());
            given.push(Given { name: parameter.name.to_string(), value: GivenValue::Text(value), origin });
        }
    }
    Ok(given)
}

/// `name=value`, `name=@file`; `name=@@text` is the text `@text`.
fn from_flag(flag: &str) -> Result<Given, Unreadable> {
    let Some((name, value)) = flag.split_once('=') else {
        return Err(Unreadable {
            message: format!("`--param {}` has no value", flag.escape_debug()),
            help: "Write `--param NAME=VALUE`.".to_owned(),
        });
    };
    let name = name.trim().to_owned();
    match value.strip_prefix('@') {
        Some(text) if text.starts_with('@') => Ok(Given { name, value: GivenValue::Text(text.to_owned()), origin: Origin::Flag }),
        Some(path) => {
            let text = text::read_as(path, Sort::Plain)?;
            // As with a step's output, the last line break is the file's, not the value's.
            let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
            Ok(Given { name, value: GivenValue::Text(text.to_owned()), origin: Origin::FlagFile(path.into()) })
        }
        None => Ok(Given { name, value: GivenValue::Text(value.to_owned()), origin: Origin::Flag }),
    }
}

fn from_file(file: &str) -> Result<Vec<Given>, Unreadable> {
    let origin = Origin::File(file.into());
    let one = |(name, value)| Given { name, value: GivenValue::Json(value), origin: origin.clone() };
    Ok(parameter_file::read(file)?.into_iter().map(one).collect())
}

/// The record `run`, as it is before anything ran.
pub(crate) fn run_value(id: &str, workflow: &str, directory: &Path) -> Value {
    Value::map([
        ("id", Value::string(id)),
        ("workflow", Value::string(workflow)),
        ("started", Value::string(&jiff::Timestamp::now().to_string())),
        ("resumes", Value::Int(0)),
        ("dir", Value::string(&directory.to_string_lossy())),
    ])
}

/// What defaults and conditions of parameters see.
pub(crate) struct Seen<'a> {
    world: &'a RealWorld,
    run: Value,
    globals: Vec<Value>,
}

impl<'a> Seen<'a> {
    /// Evaluates the `let`s of the files; one that fails has no value, which the parameter that uses it says.
    pub(crate) fn new(program: &Program, world: &'a RealWorld, run: Value) -> Self {
        let mut seen = Self { world, run, globals: Vec::new() };
        for (_, global) in program.globals.iter() {
            let value = evaluate(&global.expression, &mut seen).unwrap_or(Value::Null);
            seen.globals.push(value);
        }
        seen
    }
}

impl Surroundings for Seen<'_> {
    fn global(&self, id: GlobalId) -> Option<Value> {
        self.globals.get(id.0 as usize).cloned()
    }

    fn run(&self) -> Option<Value> {
        Some(self.run.clone())
    }

    fn observe(&mut self, function: Function, arguments: &[Value]) -> Result<Value, String> {
        self.world.observe(function, arguments)
    }

    fn folder(&self, origin: &Origin) -> String {
        let current = std::env::current_dir().unwrap_or_else(|_| "/".into());
        let folder = match origin {
            Origin::File(file) if &**file != "-" => {
                let file = current.join(&**file);
                file.parent().map_or_else(|| current.clone(), Path::to_owned)
            }
            Origin::File(_) | Origin::Flag | Origin::FlagFile(_) | Origin::Environment(_) | Origin::Prompt | Origin::Run => {
                current
            }
        };
        folder.display().to_string()
    }
}

impl Scope for Seen<'_> {
    fn global(&self, id: GlobalId) -> Option<Value> {
        Surroundings::global(self, id)
    }

    fn observe(&mut self, _: Place, _: u32, function: Function, arguments: &[Value]) -> Result<Value, Stop> {
        let failed = |message: String| Stop::Failed(EvaluationError { span: Default::default(), message });
        self.world.observe(function, arguments).map_err(failed)
    }
}
