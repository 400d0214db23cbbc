//! What simulated runs of a program have in common.

use super::Course;
use super::made::{constants, fitted, made};
use super::trial::mocked;
use crate::engine::{Engine, Running};
use crate::executor::Executors;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::AttemptOutcome;
use wf_model::expression::{Expression, ValueId};
use wf_model::kind::Registry;
use wf_model::program::{AttributeValue, Callee, Program, Statement, StatementId, StatementKind, Workflow, WorkflowId};
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Secret, Value};

/// How long an attempt takes of which nobody says more.
const USUAL: Duration = Duration::from_seconds(1);

/// A program whose runs are simulated.
pub struct Subject {
    /// The program.
    pub program: Arc<Program>,
    pub(super) executors: Arc<Executors>,
    /// What the program demands of the values of steps: conditions of loops, checks of gates, and what is expected of them.
    demands: Arc<Demands>,
    /// How many elements lists have that are made.
    elements: usize,
}

/// Conditions that mention a value.
pub(super) type Demands = BTreeMap<(WorkflowId, ValueId), Vec<Expression>>;

impl Subject {
    /// A program with the kinds of its steps.
    #[must_use]
    pub fn new(program: Arc<Program>, executors: Arc<Executors>) -> Self {
        let demands = Arc::new(demands(&program));
        Self { program, executors, demands, elements: 1 }
    }

    /// The same with another program, whose statements are those of the first; what was demanded of values still is.
    #[must_use]
    pub(super) fn with_program(&self, program: Arc<Program>) -> Self {
        Self { program, executors: self.executors.clone(), demands: self.demands.clone(), elements: self.elements }
    }

    /// The same for a rehearsal: of what nobody gave nothing is expected, and lists have two elements, a first and a last.
    #[must_use]
    pub(super) fn for_rehearsal(&self) -> Self {
        Self { elements: 2, ..self.with_program(mocked(self, &[])) }
    }

    /// The same where more is demanded of values.
    #[must_use]
    pub(super) fn demanding(&self, more: Demands) -> Self {
        let mut demands = Demands::clone(&self.demands);
        for (value, conditions) in more {
            demands.entry(value).or_default().extend(conditions);
        }
        Self {
            program: self.program.clone(),
            executors: self.executors.clone(),
            demands: Arc::new(demands),
            elements: self.elements,
        }
    }

    /// What is known of kinds.
    #[must_use]
    pub fn kinds(&self) -> &Registry {
        self.executors.registry()
    }

    /// A value for each secret.
    #[must_use]
    pub fn secrets(&self) -> BTreeMap<(WorkflowId, ValueId), Value> {
        let of_workflow = |(id, workflow): (WorkflowId, &Workflow)| {
            let secrets = workflow.secrets.iter();
            secrets.map(|secret| ((id, secret.value), Value::Secret(Secret::new(&secret.name)))).collect::<Vec<_>>()
        };
        self.program.workflows.iter().flat_map(of_workflow).collect()
    }

    /// The statement of an attempt.
    #[must_use]
    pub fn statement(&self, running: &Running) -> Option<&Statement> {
        self.statement_at(running.workflow, running.statement)
    }

    pub(super) fn statement_at(&self, workflow: WorkflowId, statement: StatementId) -> Option<&Statement> {
        self.program.workflows.get(workflow)?.statements.get(statement)
    }

    /// How long an attempt takes, as its step says, or usually.
    pub(super) fn usual_time(&self, running: &Running, engine: &Engine) -> Duration {
        let said = self.statement(running).and_then(|statement| statement.kind.step()?.clauses.estimate.as_ref());
        let said = said.filter(|_| !running.is_undo).and_then(|estimate| engine.sight(running.instance.id, estimate, None));
        match said {
            Some(Value::Duration(duration)) => duration,
            _ => USUAL,
        }
    }

    /// How an attempt ends that succeeds, whatever its kind would say by itself.
    pub(super) fn made_outcome(&self, running: &Running) -> AttemptOutcome {
        let result = self.kinds().get(&running.call.kind).map(|kind| made(&kind.result, self.elements));
        AttemptOutcome::Succeeded {
            result: result.unwrap_or_else(|| Value::map([])),
            decoded: running.call.decode.as_ref().map(|type_| made(type_, self.elements)),
        }
    }

    /// How an attempt goes that succeeds.
    pub(super) fn success(&self, running: &Running, engine: &Engine) -> Course {
        let type_ = self.kinds().get(&running.call.kind).map(|kind| kind.result.clone()).unwrap_or(Type::record([]));
        let outcome = self.made_outcome(running);
        let course = Course { takes: self.usual_time(running, engine), outcome };
        let Some(executor) = self.executors.get(&running.call.kind) else {
            return self.fitting(running, engine, &type_, course);
        };
        let known = self.kinds().get(&running.call.kind).is_some_and(|kind| kind.bounded);
        let course = executor.simulate(&running.call, engine.now(), course);
        // What ends by itself in a time that the program knows does what the program says.
        if known { course } else { self.fitting(running, engine, &type_, course) }
    }

    /// The same with a value of which holds what the program demands of it, as far as one can be found.
    fn fitting(&self, running: &Running, engine: &Engine, type_: &Type, course: Course) -> Course {
        let own = self.statement(running).and_then(|statement| statement.value);
        let demands = own.and_then(|own| self.demands.get(&(running.workflow, own)));
        let (Some(own), Some(demands), AttemptOutcome::Succeeded { result, decoded }) = (own, demands, &course.outcome) else {
            return course;
        };
        if running.is_undo {
            return course;
        }
        let holds = |value: &Value, demand: &Expression| {
            let result = if decoded.is_some() { result } else { value };
            match engine.sight(running.instance.id, demand, Some((own, value, result)))? {
                Value::Bool(holds) => Some(holds),
                _ => None,
            }
        };
        let outcome = match (decoded, &running.call.decode) {
            (Some(value), Some(type_)) => {
                let value = fitted(value.clone(), type_, demands, constants, holds);
                AttemptOutcome::Succeeded { result: result.clone(), decoded: Some(value) }
            }
            _ => AttemptOutcome::Succeeded { result: fitted(result.clone(), type_, demands, constants, holds), decoded: None },
        };
        Course { outcome, ..course }
    }

    /// The value of a step that is known to be done.
    pub(super) fn value_of(&self, running: &Running) -> Value {
        let kind = || self.kinds().get(&running.call.kind).map(|kind| &kind.result);
        running.call.decode.as_ref().or_else(kind).map_or(Value::Null, |type_| made(type_, self.elements))
    }
}

/// For each value, the conditions that mention it.
fn demands(program: &Program) -> Demands {
    let mut demands = Demands::new();
    for (id, workflow) in program.workflows.iter() {
        for (_, statement) in workflow.statements.iter() {
            for condition in conditions(statement) {
                let mut mentioned: Vec<ValueId> = condition.walk().filter_map(Expression::named_value).collect();
                let own = condition.walk().any(Expression::is_result).then_some(statement.value).flatten();
                mentioned.extend(own);
                mentioned.sort_unstable();
                mentioned.dedup();
                for value in mentioned {
                    demands.entry((id, value)).or_default().push(condition.clone());
                }
            }
        }
    }
    demands
}

/// What has to hold for a run to go on.
fn conditions(statement: &Statement) -> Vec<&Expression> {
    match &statement.kind {
        StatementKind::Repeat(repeat) => vec![&repeat.until],
        StatementKind::Step(step) => {
            let expected = step.clauses.expectations.iter().map(|expected| &expected.condition);
            let is_gate = matches!(&step.invocation.callee, Callee::Kind(kind) if **kind == *"gate");
            let check = step.invocation.attribute("check").filter(|_| is_gate).and_then(|check| match &check.value {
                AttributeValue::Expression(check) => Some(check),
                AttributeValue::Script(_) => None,
            });
            expected.chain(check).collect()
        }
        _ => Vec::new(),
    }
}
