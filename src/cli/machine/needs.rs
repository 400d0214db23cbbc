//! What the steps of a program need that only connecting to it can tell: databases, servers.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Builder;
use wf_model::expression::{Expression, GlobalId, Scope, ValueId, evaluate};
use wf_model::program::{AttributeValue, Callee, Invocation, Program, Workflow, WorkflowId};
use wf_model::span::Span;
use wf_model::value::Value;
use wf_runtime::executor::{Executor, Known};
use wf_runtime::need::Need;
use wf_runtime::secrets::{Lookup, value};

/// Asks for everything that the steps of a program need, all at once; each is asked once, and stands where it is first needed.
pub(super) fn of_steps(program: &Program) -> Vec<(Need, Span)> {
    let executors = wf_steps::executors();
    let mut asked: Vec<(Arc<dyn Executor>, Known, Span)> = Vec::new();
    for (id, workflow) in program.workflows.iter() {
        let names = Names::of(program, id);
        for (_, statement) in workflow.statements.iter() {
            for invocation in statement.kind.step().into_iter().flat_map(super::invocations) {
                let Callee::Kind(name) = &invocation.callee else { continue };
                let Some(executor) = executors.iter().find(|executor| *executor.kind().name == **name) else { continue };
                let known = names.known(program, workflow, invocation);
                if !asked.iter().any(|(other, same, _)| Arc::ptr_eq(other, executor) && *same == known) {
                    asked.push((Arc::clone(executor), known, invocation.span));
                }
            }
        }
    }
    answers(asked)
}

/// What the kinds need that the machine has or lacks, whatever steps say.
pub(crate) fn of_kinds() -> Vec<(&'static str, Vec<Need>)> {
    let executors = wf_steps::executors();
    let names = executors.iter().map(|executor| executor.kind().name);
    let found = together(executors.iter().map(|executor| executor.needs(None)).collect());
    names.zip(found).collect()
}

fn answers(asked: Vec<(Arc<dyn Executor>, Known, Span)>) -> Vec<(Need, Span)> {
    let spans: Vec<Span> = asked.iter().map(|(_, _, span)| *span).collect();
    let found = together(asked.into_iter().map(|(executor, known, _)| executor.needs(Some(known))).collect());
    let mut needs: Vec<(Need, Span)> = Vec::new();
    for (found, span) in found.into_iter().zip(spans) {
        for need in found {
            if !needs.iter().any(|(known, _)| *known == need) {
                needs.push((need, span));
            }
        }
    }
    needs
}

fn together(asking: Vec<futures_util::future::BoxFuture<'static, Vec<Need>>>) -> Vec<Vec<Need>> {
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(futures_util::future::join_all(asking)),
        Err(error) => {
            let remedy = wf_runtime::need::Remedy::Do("Try again when the machine has less to do.".to_owned());
            asking.iter().map(|_| vec![Need::lacking("machine", &format!("cannot be asked: {error}"), remedy.clone())]).collect()
        }
    }
}

/// What names mean before a run: `let`s of files, defaults of parameters, and secrets that need no program to be read.
struct Names {
    values: HashMap<ValueId, Value>,
    globals: HashMap<GlobalId, Value>,
}

impl Scope for Names {
    fn value(&self, id: ValueId) -> Option<Value> {
        self.values.get(&id).cloned()
    }

    fn global(&self, id: GlobalId) -> Option<Value> {
        self.globals.get(&id).cloned()
    }
}

impl Names {
    fn of(program: &Program, id: WorkflowId) -> Self {
        let mut names = Self { values: HashMap::new(), globals: HashMap::new() };
        for (id, global) in program.globals.iter() {
            if let Ok(value) = evaluate(&global.expression, &mut names) {
                names.globals.insert(id, value);
            }
        }
        let Some(workflow) = program.workflows.get(id) else { return names };
        let lookup = Lookup {
            variable: &|name: &str| -> Option<OsString> { std::env::var_os(name) },
            command: &|_, _| Err(String::new()),
        };
        for secret in &workflow.secrets {
            if let Some(found) = value(secret, &workflow.here, lookup) {
                names.values.insert(secret.value, found);
            }
        }
        for parameter in &workflow.parameters {
            let default = parameter.default.as_ref().map(|default| evaluate(default, &mut names));
            if let Some(Ok(value)) = default {
                names.values.insert(parameter.value, value);
            }
        }
        names
    }

    fn known(&self, program: &Program, workflow: &Workflow, invocation: &Invocation) -> Known {
        let attributes = invocation.attributes.iter().filter_map(|attribute| match &attribute.value {
            AttributeValue::Expression(expression) => Some((attribute.name.clone(), self.told(expression)?)),
            AttributeValue::Script(_) => None,
        });
        // Steps run where the file lies that is started.
        let here = program.workflows.iter().next().map_or(&*workflow.here, |(_, first)| &*first.here);
        let own = invocation.attribute("cwd").and_then(|cwd| cwd.expressions().next());
        let cwd = own.or(workflow.settings.cwd.as_ref()).and_then(|cwd| self.told(cwd)).and_then(|cwd| cwd.render());
        let folder: PathBuf = Path::new(here).join(cwd.unwrap_or_default());
        Known { attributes: attributes.collect(), folder }
    }

    /// The value of an expression, where it does not depend on a run.
    fn told(&self, expression: &Expression) -> Option<Value> {
        evaluate(expression, &mut Self { values: self.values.clone(), globals: self.globals.clone() }).ok()
    }
}
