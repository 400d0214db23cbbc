//! What a rehearsal begins with: parameters, and values of steps with which as many branches as possible are taken.

use super::super::made::{constants, fitted, made};
use super::super::mocks::Mock;
use super::super::subject::{Demands, Subject};
use super::super::trial::prepared;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind, Scope, UnaryOperator, ValueId, evaluate};
use wf_model::program::{BodyId, Parameter, StatementId, StatementKind, Workflow, WorkflowId};
use wf_model::test::Test;
use wf_model::types::Type;
use wf_model::value::Value;

/// What a run is given.
#[derive(Clone)]
pub(super) struct Arrangement {
    /// What people call it.
    pub(super) name: String,
    pub(super) subject: Arc<Subject>,
    pub(super) arguments: Vec<(Arc<str>, Value)>,
    pub(super) mocks: Vec<Mock>,
}

/// Values of parameters, and of nothing else.
struct Parameters(BTreeMap<ValueId, Value>);

impl Scope for Parameters {
    fn value(&self, id: ValueId) -> Option<Value> {
        self.0.get(&id).cloned()
    }
}

/// The arrangement with these arguments, and with made ones where none is given and there is no default.
///
/// # Errors
/// The parameters of which none could be made that fits.
pub(super) fn plain(
    subject: &Arc<Subject>,
    workflow: &Workflow,
    given: &[(Arc<str>, Value)],
) -> Result<Arrangement, Vec<Arc<str>>> {
    let mut arguments = given.to_vec();
    let mut wrong = Vec::new();
    for parameter in &workflow.parameters {
        let is_given = given.iter().any(|(name, _)| *name == parameter.name);
        if is_given || parameter.default.is_some() || matches!(parameter.type_, Type::Optional(_) | Type::Json) {
            continue;
        }
        let value = fitting(workflow, &arguments, parameter, made(&parameter.type_, 2), parameter.constraint.as_ref());
        if fits(workflow, &arguments, parameter, &value, parameter.constraint.as_ref()) == Some(false) {
            wrong.push(parameter.name.clone());
        }
        arguments.push((parameter.name.clone(), value));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Arrangement { name: named(&arguments), subject: subject.clone(), arguments, mocks: Vec::new() })
}

fn named(arguments: &[(Arc<str>, Value)]) -> String {
    arguments.iter().map(|(name, value)| format!("{name}={}", value.write_literal())).collect::<Vec<_>>().join(" ")
}

/// The values of parameters, defaults that need nothing else included.
fn values(workflow: &Workflow, arguments: &[(Arc<str>, Value)]) -> Parameters {
    let mut values = Parameters(BTreeMap::new());
    for parameter in &workflow.parameters {
        let given = arguments.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone());
        let default = || evaluate(parameter.default.as_ref()?, &mut values).ok();
        if let Some(value) = given.or_else(default) {
            values.0.insert(parameter.value, value);
        }
    }
    values
}

fn fits(
    workflow: &Workflow,
    arguments: &[(Arc<str>, Value)],
    parameter: &Parameter,
    value: &Value,
    condition: Option<&Expression>,
) -> Option<bool> {
    let mut values = values(workflow, arguments);
    values.0.insert(parameter.value, value.clone());
    match evaluate(condition?, &mut values) {
        Ok(Value::Bool(holds)) => Some(holds),
        _ => None,
    }
}

fn fitting(
    workflow: &Workflow,
    arguments: &[(Arc<str>, Value)],
    parameter: &Parameter,
    value: Value,
    condition: Option<&Expression>,
) -> Value {
    let demands: Vec<&Expression> = condition.into_iter().collect();
    let holds = |value: &Value, demand: &&Expression| fits(workflow, arguments, parameter, value, Some(demand));
    fitted(value, &parameter.type_, &demands, |demand| constants(demand), holds)
}

/// The arrangement of a test that runs the workflow.
pub(super) fn of_test(subject: &Arc<Subject>, test: &Test) -> Option<Arrangement> {
    let (arguments, mocks, subject) = prepared(subject, test).ok()?;
    Some(Arrangement { name: format!("test {:?}", &*test.name), subject, arguments, mocks })
}

/// Conditions that lead to a statement which no run has reached: each with the workflow that it stands in.
pub(super) fn ways_to(
    subject: &Subject,
    workflows: &BTreeSet<WorkflowId>,
    reached: &BTreeSet<(WorkflowId, StatementId)>,
) -> Vec<(WorkflowId, Expression)> {
    let mut ways = Vec::new();
    for id in workflows {
        let Some(workflow) = subject.program.workflows.get(*id) else { continue };
        let mut left = vec![workflow.root];
        while let Some(body) = left.pop() {
            for statement_id in workflow.bodies.get(body).map_or(&[][..], |body| &body.statements) {
                let Some(statement) = workflow.statements.get(*statement_id) else { continue };
                let was = |body: BodyId| reaches(workflow, *id, body, reached);
                if let Some(condition) = statement.when.as_ref().filter(|_| !reached.contains(&(*id, *statement_id))) {
                    ways.push((*id, condition.clone()));
                }
                if let StatementKind::If(choice) = &statement.kind {
                    let mut before: Vec<&Expression> = Vec::new();
                    for branch in &choice.branches {
                        if !was(branch.body) {
                            ways.extend(before.iter().map(|condition| (*id, negated(condition))));
                            ways.push((*id, branch.condition.clone()));
                        }
                        before.push(&branch.condition);
                    }
                    if choice.otherwise.is_some_and(|body| !was(body)) {
                        ways.extend(before.iter().map(|condition| (*id, negated(condition))));
                    }
                }
                left.extend(statement.kind.bodies());
            }
        }
    }
    ways
}

/// Whether a step of a body, or inside it, was reached.
fn reaches(workflow: &Workflow, id: WorkflowId, body: BodyId, reached: &BTreeSet<(WorkflowId, StatementId)>) -> bool {
    let mut left = vec![body];
    let mut has_steps = false;
    while let Some(body) = left.pop() {
        for statement in workflow.bodies.get(body).map_or(&[][..], |body| &body.statements) {
            let Some(found) = workflow.statements.get(*statement) else { continue };
            has_steps |= found.kind.step().is_some();
            if reached.contains(&(id, *statement)) {
                return true;
            }
            left.extend(found.kind.bodies());
        }
    }
    !has_steps
}

fn negated(condition: &Expression) -> Expression {
    let kind = ExpressionKind::Unary(UnaryOperator::Not, Box::new(condition.clone()));
    Expression { kind, type_: Type::Bool, span: condition.span }
}

impl Arrangement {
    /// The same where a condition holds, as far as parameters of the workflow and values of steps decide it.
    pub(super) fn towards(&self, root: WorkflowId, workflow: &Workflow, (id, condition): &(WorkflowId, Expression)) -> Self {
        let mut arguments = self.arguments.clone();
        if *id == root {
            for parameter in &workflow.parameters {
                if !condition.walk().any(|part| part.named_value() == Some(parameter.value)) {
                    continue;
                }
                let Some(now) = values(workflow, &arguments).0.get(&parameter.value).cloned() else { continue };
                let both = parameter.constraint.iter().chain([condition]).collect::<Vec<_>>();
                let holds = |value: &Value, demand: &&Expression| fits(workflow, &arguments, parameter, value, Some(demand));
                let value = fitted(now.clone(), &parameter.type_, &both, |demand| constants(demand), holds);
                if value != now {
                    arguments.retain(|(name, _)| *name != parameter.name);
                    arguments.push((parameter.name.clone(), value));
                }
            }
        }
        let mut demands = Demands::default();
        for value in condition.walk().filter_map(Expression::named_value) {
            demands.entry((*id, value)).or_default().push(condition.clone());
        }
        let subject = Arc::new(self.subject.demanding(demands));
        Self { name: named(&arguments), subject, arguments, mocks: self.mocks.clone() }
    }
}
