//! What a file tells of what its steps need of the machine.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use wf_model::expression::{Expression, GlobalId, Scope, ValueId, evaluate};
use wf_model::program::{AttributeValue, Invocation, Program, StatementKind, Workflow, WorkflowId};
use wf_model::value::Value;
use wf_runtime::executor::Known;
use wf_runtime::secrets::{Lookup, value};

/// What names mean before a run: parameters, `let`s, and secrets that no program has to be started for.
pub(crate) struct Foresight {
    values: HashMap<ValueId, Value>,
    globals: HashMap<GlobalId, Value>,
}

struct Seen<'a>(&'a Foresight);

impl Scope for Seen<'_> {
    fn value(&self, id: ValueId) -> Option<Value> {
        self.0.values.get(&id).cloned()
    }

    fn global(&self, id: GlobalId) -> Option<Value> {
        self.0.globals.get(&id).cloned()
    }
}

impl Foresight {
    /// For a workflow whose parameters have their defaults.
    pub(crate) fn of(program: &Program, id: WorkflowId) -> Self {
        let mut names = Self { values: HashMap::new(), globals: HashMap::new() };
        for (id, global) in program.globals.iter() {
            if let Ok(value) = evaluate(&global.expression, &mut Seen(&names)) {
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
            let default = parameter.default.as_ref().and_then(|default| names.told(default));
            if let Some(value) = default {
                names.values.insert(parameter.value, value);
            }
        }
        // A `let` may stand before those that it uses.
        while names.take_lets(workflow) {}
        names
    }

    /// Takes in what can be evaluated; whether anything was new.
    fn take_lets(&mut self, workflow: &Workflow) -> bool {
        let before = self.values.len();
        for (_, statement) in workflow.statements.iter() {
            if let (StatementKind::Let(found), Some(id)) = (&statement.kind, statement.value)
                && !self.values.contains_key(&id)
                && let Some(value) = self.told(&found.expression)
            {
                self.values.insert(id, value);
            }
        }
        self.values.len() > before
    }

    /// What is known of a step.
    pub(crate) fn known(&self, program: &Program, workflow: &Workflow, invocation: &Invocation) -> Known {
        let attributes = invocation.attributes.iter().map(|attribute| match &attribute.value {
            AttributeValue::Expression(expression) => (attribute.name.clone(), self.told(expression)),
            AttributeValue::Script(_) => (attribute.name.clone(), None),
        });
        // Steps run where the file lies that is started.
        let here = program.workflows.iter().next().map_or(&*workflow.here, |(_, first)| &*first.here);
        let own = invocation.attribute("cwd").and_then(|cwd| cwd.expressions().next());
        let cwd = own.or(workflow.settings.cwd.as_ref()).and_then(|cwd| self.told(cwd)).and_then(|cwd| cwd.render());
        let folder = Path::new(here).join(cwd.unwrap_or_default());
        Known { attributes: attributes.collect(), folder }
    }

    /// The value of an expression, where it does not depend on a run.
    fn told(&self, expression: &Expression) -> Option<Value> {
        evaluate(expression, &mut Seen(self)).ok()
    }
}
