//! Parameters of a run: from wherever they are given to typed values, with everything that is wrong said at once.

mod findings;
mod literal;
mod notation;
#[cfg(test)]
mod tests;

use findings::{ConstraintBroken, ConstraintFailed, DefaultFailed, GivenTwice, Mismatch, Missing, NotGivable, Unknown};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, Function, GlobalId, Place, Scope, Stop, ValueId, evaluate};
use wf_model::program::{Parameter, Workflow};
use wf_model::types::Type;
use wf_model::value::{Value, with_absolute_paths};

/// Where a parameter's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--param`
    Flag,
    /// `--param name=@file`: the file.
    FlagFile(Arc<str>),
    /// `--params`: the file.
    File(Arc<str>),
    /// An environment variable: its name.
    Environment(Arc<str>),
    /// Typed at a prompt.
    Prompt,
    /// What a run has already.
    Run,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("--param"),
            Self::FlagFile(path) => write!(formatter, "--param, read from {path}"),
            Self::File(path) => write!(formatter, "the parameter file {path}"),
            Self::Environment(name) => write!(formatter, "the environment variable {name}"),
            Self::Prompt => formatter.write_str("the prompt"),
            Self::Run => formatter.write_str("the run"),
        }
    }
}

/// A value that somebody gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The parameter's name as it was given.
    pub name: String,
    /// The value.
    pub value: GivenValue,
    /// Where it came from.
    pub origin: Origin,
}

/// A value that has no type yet.
#[derive(Clone, Debug, PartialEq)]
pub enum GivenValue {
    /// The type's literal, or plain text.
    Text(String),
    /// JSON.
    Json(serde_json::Value),
}

/// What defaults and constraints may see beside earlier parameters.
pub trait Surroundings {
    /// The value of a file's `let`.
    fn global(&self, id: GlobalId) -> Option<Value>;
    /// The record `run`.
    fn run(&self) -> Option<Value>;
    /// Answers a call that looks outside.
    ///
    /// # Errors
    /// Where there is no answer.
    fn observe(&mut self, function: Function, arguments: &[Value]) -> Result<Value, String>;
    /// What relative paths of an origin are seen from: absolute.
    fn folder(&self, origin: &Origin) -> String;
}

/// Binds what was given to the parameters of `workflow`: the first source of a parameter counts, so give the strongest first;
/// several flags of one list are joined. Values come in the order of the parameters.
///
/// # Errors
/// Everything that is wrong, each with the declaration and the origin of the value.
pub fn bind(
    workflow: &Workflow,
    given: &[Given],
    surroundings: &mut dyn Surroundings,
) -> Result<Vec<(ValueId, Value)>, Vec<Diagnostic>> {
    let mut binding = Binding { values: BTreeMap::new(), surroundings, diagnostics: unknown(workflow, given), broken: false };
    let mut bound = Vec::new();
    for parameter in &workflow.parameters {
        let Some(value) = binding.parameter(parameter, given) else {
            binding.broken = true;
            continue;
        };
        binding.values.insert(parameter.value, value.clone());
        binding.constraint(parameter, given);
        bound.push((parameter.value, value));
    }
    if binding.diagnostics.is_empty() { Ok(bound) } else { Err(binding.diagnostics) }
}

/// The parameters that nobody gives and that have no default.
#[must_use]
pub fn missing<'a>(workflow: &'a Workflow, given: &[Given]) -> Vec<&'a Parameter> {
    let required = |parameter: &&Parameter| parameter.default.is_none() && !matches!(parameter.type_, Type::Optional(_));
    let absent = |parameter: &&Parameter| !given.iter().any(|given| *given.name == *parameter.name);
    workflow.parameters.iter().filter(required).filter(absent).collect()
}

/// What a run would find wrong with a text typed for one parameter, its condition included, beside what is given already.
pub fn wrong_with_text(
    workflow: &Workflow,
    given: &[Given],
    wanted: &Parameter,
    text: &str,
    surroundings: &mut dyn Surroundings,
) -> Option<Diagnostic> {
    let typed = Given { name: wanted.name.to_string(), value: GivenValue::Text(text.to_owned()), origin: Origin::Prompt };
    let given: Vec<Given> = given.iter().cloned().chain([typed]).collect();
    let mut binding = Binding { values: BTreeMap::new(), surroundings, diagnostics: Vec::new(), broken: false };
    for parameter in &workflow.parameters {
        let is_wanted = parameter.value == wanted.value;
        // What is wrong with the others is told when everything is bound.
        binding.diagnostics.clear();
        match binding.parameter(parameter, &given) {
            Some(value) => drop(binding.values.insert(parameter.value, value)),
            None => binding.broken = true,
        }
        if is_wanted {
            if binding.diagnostics.is_empty() {
                binding.constraint(parameter, &given);
            }
            break;
        }
    }
    binding.diagnostics.pop()
}

/// The environment variable that gives the parameter `name`: `WFC_PARAM_VERSION`.
#[must_use]
pub fn variable(name: &str) -> String {
    format!("WFC_PARAM_{}", name.to_uppercase())
}

fn unknown(workflow: &Workflow, given: &[Given]) -> Vec<Diagnostic> {
    let names = || workflow.parameters.iter().map(|parameter| &*parameter.name);
    let strangers = given.iter().filter(|given| !names().any(|name| name == given.name));
    strangers.map(|given| Unknown { workflow, given }.diagnostic()).collect()
}

struct Binding<'a> {
    values: BTreeMap<ValueId, Value>,
    surroundings: &'a mut dyn Surroundings,
    diagnostics: Vec<Diagnostic>,
    /// Whether an earlier parameter has no value, so that a default that uses it says nothing more.
    broken: bool,
}

impl Binding<'_> {
    fn parameter(&mut self, parameter: &Parameter, given: &[Given]) -> Option<Value> {
        let mut mine = given.iter().filter(|given| given.name == *parameter.name);
        match mine.next() {
            Some(first) => self.given(parameter, first, mine),
            None => self.default(parameter),
        }
    }

    fn given<'g>(&mut self, parameter: &Parameter, first: &Given, rest: impl Iterator<Item = &'g Given>) -> Option<Value> {
        if parameter.type_.holds_secret() {
            self.diagnostics.push(NotGivable { parameter }.diagnostic());
            return None;
        }
        let mut value = self.read(parameter, first)?;
        for further in rest.filter(|further| matches!(further.origin, Origin::Flag | Origin::FlagFile(_))) {
            let Value::List(elements) = &value else {
                self.diagnostics.push(GivenTwice { parameter }.diagnostic());
                return None;
            };
            if let Value::List(more) = self.read(parameter, further)? {
                value = Value::list(elements.iter().chain(more.iter()).cloned());
            }
        }
        Some(value)
    }

    fn read(&mut self, parameter: &Parameter, given: &Given) -> Option<Value> {
        let read = match &given.value {
            GivenValue::Text(text) => literal::text(text, &parameter.type_),
            GivenValue::Json(json) => literal::decoded(json, &parameter.type_),
        };
        let folder = self.surroundings.folder(&given.origin);
        let report = |problem| self.diagnostics.push(Mismatch { parameter, given, problem }.diagnostic());
        read.map(|value| with_absolute_paths(value, &parameter.type_, &folder)).map_err(report).ok()
    }

    fn default(&mut self, parameter: &Parameter) -> Option<Value> {
        let Some(default) = &parameter.default else {
            if matches!(parameter.type_, Type::Optional(_)) {
                return Some(Value::Null);
            }
            let secret = parameter.type_.holds_secret();
            self.diagnostics.push(if secret {
                NotGivable { parameter }.diagnostic()
            } else {
                Missing { parameter }.diagnostic()
            });
            return None;
        };
        match self.evaluate(default) {
            Ok(value) => Some(value),
            Err(problem) if self.broken => {
                drop(problem);
                None
            }
            Err(problem) => {
                self.diagnostics.push(DefaultFailed { parameter, problem }.diagnostic());
                None
            }
        }
    }

    fn constraint(&mut self, parameter: &Parameter, given: &[Given]) {
        let Some(constraint) = &parameter.constraint else { return };
        let origin = given.iter().find(|given| given.name == *parameter.name).map(|given| &given.origin);
        match self.evaluate(constraint) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => {
                let value = self.values.get(&parameter.value).cloned().unwrap_or(Value::Null);
                self.diagnostics.push(ConstraintBroken { parameter, value, origin, constraint: constraint.span }.diagnostic());
            }
            Err(_) if self.broken => {}
            Err(problem) => {
                self.diagnostics.push(ConstraintFailed { parameter, problem, constraint: constraint.span }.diagnostic())
            }
        }
    }

    fn evaluate(&mut self, expression: &Expression) -> Result<Value, String> {
        evaluate(expression, self).map_err(|stop| match stop {
            Stop::Failed(error) => error.message,
            Stop::Pending => "a value is not there yet".to_owned(),
        })
    }
}

impl Scope for Binding<'_> {
    fn value(&self, id: ValueId) -> Option<Value> {
        self.values.get(&id).cloned()
    }

    fn global(&self, id: GlobalId) -> Option<Value> {
        self.surroundings.global(id)
    }

    fn run(&self) -> Option<Value> {
        self.surroundings.run()
    }

    fn observe(&mut self, _: Place, _: u32, function: Function, arguments: &[Value]) -> Result<Value, Stop> {
        let failed = |message| Stop::Failed(wf_model::expression::EvaluationError { span: Default::default(), message });
        self.surroundings.observe(function, arguments).map_err(failed)
    }
}
