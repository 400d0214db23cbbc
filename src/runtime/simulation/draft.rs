//! Programs for tests, written down as data.

use std::sync::Arc;
use wf_model::expression::{BinaryOperator, Expression, ExpressionKind, Reference, ValueId};
use wf_model::program::{
    Attribute, AttributeValue, Body, BodyClauses, BodyId, Branch, Cache, Callee, Continuation, Delay, Dependency,
    DependencyReason, EffectClause, Expectation, Export, ForEach, Handler, HandlerCause, If, Invocation, Iterator, Let, Lock,
    LockElse, Output, Parallel, Parameter, Program, Race, Repeat, Retry, Rollback, Statement, StatementId, StatementKind, Step,
    StepClauses, Table, Undo, ValueDeclaration, ValueOrigin, Wait, Workflow, WorkflowId,
};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// A workflow that is being written.
pub(crate) struct Draft {
    pub(crate) workflow: Workflow,
    open: Vec<(BodyId, bool)>,
    pub(crate) last: Option<StatementId>,
}

pub(crate) fn expression(kind: ExpressionKind) -> Expression {
    Expression { kind, type_: Type::Unknown, span: Span::default() }
}

pub(crate) fn literal(value: Value) -> Expression {
    expression(ExpressionKind::Literal(value))
}

pub(crate) fn int(value: i64) -> Expression {
    literal(Value::Int(value))
}

pub(crate) fn text(value: &str) -> Expression {
    literal(Value::string(value))
}

pub(crate) fn seconds(value: i64) -> Expression {
    literal(Value::Duration(Duration::from_seconds(value)))
}

pub(crate) fn holds(value: bool) -> Expression {
    literal(Value::Bool(value))
}

pub(crate) fn name(id: ValueId) -> Expression {
    expression(ExpressionKind::Reference(Reference::Value(id)))
}

pub(crate) fn equal(left: Expression, right: Expression) -> Expression {
    expression(ExpressionKind::Binary(BinaryOperator::Equal, Box::new(left), Box::new(right)))
}

pub(crate) fn field(base: Expression, name: &str) -> Expression {
    expression(ExpressionKind::Field(Box::new(base), name.into()))
}

pub(crate) fn numbers(count: i64) -> Expression {
    literal(Value::list((0..count).map(Value::Int)))
}

pub(crate) fn retry(times: i64) -> Retry {
    Retry { times: int(times), delay: None, within: None, when: None }
}

pub(crate) fn pausing(times: i64, pause: i64) -> Retry {
    Retry { delay: Some(Delay::Pause(seconds(pause))), ..retry(times) }
}

pub(crate) fn continued() -> Option<Continuation> {
    Some(Continuation { when: None })
}

pub(crate) fn expecting(condition: Expression) -> Expectation {
    Expectation { condition, message: None, text: "result.ok".into() }
}

/// `lock KEY max N else …`
pub(crate) fn lock(key: &str, max: i64, otherwise: LockElse) -> Lock {
    Lock { key: text(key), max: Some(int(max)), otherwise }
}

/// `cache inputs ["in/**"] outputs ["out"]`
pub(crate) fn cache() -> Cache {
    let patterns = |pattern: &str| literal(Value::list([Value::string(pattern)]));
    Cache { inputs: patterns("in/**"), outputs: patterns("out"), key: None }
}

/// Clauses of a step that can be undone; what its undo is given.
pub(crate) fn undoing(given: Vec<(&str, Expression)>) -> StepClauses {
    let attribute = |(name, value): (&str, Expression)| Attribute { name: name.into(), value: AttributeValue::Expression(value) };
    let attributes = given.into_iter().map(attribute).collect();
    let invocation = Invocation { callee: Callee::Kind("revert".into()), attributes, decode: None, span: Span::default() };
    let undo = Undo { invocation, when: None, timeout: None, retry: None };
    StepClauses { effect: EffectClause::Undo(Box::new(undo)), ..StepClauses::default() }
}

impl Draft {
    pub(crate) fn new(name: &str) -> Self {
        let workflow = Workflow::empty(name.into(), "/".into(), Span::default());
        let mut draft = Self { workflow, open: Vec::new(), last: None };
        let root = draft.new_body();
        draft.open.push((root, true));
        draft
    }

    pub(crate) fn program(self) -> Arc<Program> {
        program([self])
    }

    pub(crate) fn value(&mut self, name: &str) -> ValueId {
        let (type_, origin, span) = (Type::Unknown, ValueOrigin::Step, Span::default());
        self.workflow.values.add(ValueDeclaration { name: name.into(), type_, origin, span })
    }

    pub(crate) fn parameter(&mut self, name: &str, default: Option<Expression>) -> ValueId {
        let value = self.value(name);
        let (type_, span) = (Type::Unknown, Span::default());
        let parameter = Parameter { name: name.into(), doc: None, value, type_, default, constraint: None, span };
        self.workflow.parameters.push(parameter);
        value
    }

    pub(crate) fn output(&mut self, name: &str, expression: Expression) {
        self.workflow.outputs.push(Output { name: name.into(), doc: None, expression });
    }

    fn new_body(&mut self) -> BodyId {
        self.workflow.bodies.add(Body::default())
    }

    /// Adds a statement to the open body, behind the one before it where the body is sequential.
    pub(crate) fn add(&mut self, name: Option<&str>, kind: StatementKind) -> StatementId {
        let (body, sequential) = *self.open.last().unwrap();
        let value = name.map(|name| self.value(name));
        let before = self.workflow.bodies.get(body).and_then(|body| body.statements.last().copied());
        let after = before.filter(|_| sequential);
        let after = after.map(|on| Dependency { on, reason: DependencyReason::WrittenOrder }).into_iter().collect();
        let statement = Statement { name: name.map(Arc::from), doc: None, value, after, when: None, kind, span: Span::default() };
        let id = self.workflow.statements.add(statement);
        self.workflow.bodies.get_mut(body).unwrap().statements.push(id);
        self.last = Some(id);
        id
    }

    pub(crate) fn statement(&mut self, id: StatementId) -> &mut Statement {
        self.workflow.statements.get_mut(id).unwrap()
    }

    pub(crate) fn value_of(&self, id: StatementId) -> ValueId {
        self.workflow.statements.get(id).unwrap().value.unwrap()
    }

    pub(crate) fn after(&mut self, id: StatementId, on: &[StatementId]) {
        let dependency = |on: &StatementId| Dependency { on: *on, reason: DependencyReason::DependsOn };
        self.statement(id).after = on.iter().map(dependency).collect();
    }

    pub(crate) fn step(&mut self, name: &str) -> StatementId {
        self.step_with(name, StepClauses::default())
    }

    pub(crate) fn step_with(&mut self, name: &str, clauses: StepClauses) -> StatementId {
        self.call(name, Callee::Kind("shell".into()), Vec::new(), clauses)
    }

    pub(crate) fn call(
        &mut self,
        name: &str,
        callee: Callee,
        given: Vec<(&str, Expression)>,
        clauses: StepClauses,
    ) -> StatementId {
        let attribute =
            |(name, value): (&str, Expression)| Attribute { name: name.into(), value: AttributeValue::Expression(value) };
        let attributes = given.into_iter().map(attribute).collect();
        let invocation = Invocation { callee, attributes, decode: None, span: Span::default() };
        self.add(Some(name), StatementKind::Step(Box::new(Step { invocation, clauses })))
    }

    pub(crate) fn binding(&mut self, name: &str, expression: Expression) -> StatementId {
        self.add(Some(name), StatementKind::Let(Let { expression }))
    }

    /// Fills a body; gives what its clauses can be set on.
    fn inside(&mut self, sequential: bool, fill: impl FnOnce(&mut Self)) -> BodyId {
        let body = self.new_body();
        self.open.push((body, sequential));
        fill(self);
        self.open.pop();
        body
    }

    pub(crate) fn clauses(&mut self) -> &mut BodyClauses {
        let (body, _) = *self.open.last().unwrap();
        &mut self.workflow.bodies.get_mut(body).unwrap().clauses
    }

    /// Adds a handler to the open body.
    pub(crate) fn on(&mut self, cause: HandlerCause, fill: impl FnOnce(&mut Self)) {
        let body = self.inside(true, fill);
        let (open, _) = *self.open.last().unwrap();
        self.workflow.bodies.get_mut(open).unwrap().handlers.push(Handler { cause, body, span: Span::default() });
    }

    /// Adds a handler to a step.
    pub(crate) fn on_step(&mut self, id: StatementId, cause: HandlerCause, fill: impl FnOnce(&mut Self)) {
        let body = self.inside(true, fill);
        let StatementKind::Step(step) = &mut self.statement(id).kind else { return };
        step.clauses.handlers.push(Handler { cause, body, span: Span::default() });
    }

    /// A step with an undo, which is of the kind `revert`.
    pub(crate) fn undoable(&mut self, name: &str) -> StatementId {
        self.step_with(name, undoing(Vec::new()))
    }

    /// Adds `on failure rollback` to the open body.
    pub(crate) fn rolls_back(&mut self) {
        self.on(HandlerCause::Failure, |draft| {
            draft.rollback();
        });
    }

    pub(crate) fn rollback(&mut self) -> StatementId {
        self.add(None, StatementKind::Rollback(Rollback::Everything))
    }

    pub(crate) fn stage(&mut self, name: Option<&str>, fill: impl FnOnce(&mut Self)) -> StatementId {
        let body = self.inside(true, fill);
        self.add(name, StatementKind::Stage(body))
    }

    pub(crate) fn choice(
        &mut self,
        condition: Expression,
        then: impl FnOnce(&mut Self),
        otherwise: impl FnOnce(&mut Self),
    ) -> StatementId {
        let body = self.inside(true, then);
        let otherwise = Some(self.inside(true, otherwise));
        self.add(None, StatementKind::If(If { branches: vec![Branch { condition, body }], otherwise }))
    }

    pub(crate) fn parallel(
        &mut self,
        name: Option<&str>,
        wait: Wait,
        max: Option<i64>,
        fill: impl FnOnce(&mut Self),
    ) -> StatementId {
        let body = self.inside(false, fill);
        let race = (wait != Wait::All).then_some(Race { has_value: true });
        self.add(name, StatementKind::Parallel(Parallel { wait, max: max.map(int), body, race }))
    }

    /// A loop over `list`; `fill` gets the variable, and the step called `export` inside is kept.
    pub(crate) fn each(
        &mut self,
        name: &str,
        list: Expression,
        parallel: Option<Wait>,
        max: Option<i64>,
        fill: impl FnOnce(&mut Self, ValueId) -> Vec<StatementId>,
    ) -> StatementId {
        let item = self.value("item");
        let mut kept = Vec::new();
        let body = self.inside(true, |draft| kept = fill(draft, item));
        let export = |id: StatementId| {
            let statement = self.workflow.statements.get(id).unwrap();
            Export { name: statement.name.clone().unwrap(), value: statement.value.unwrap() }
        };
        let exports = kept.into_iter().map(export).collect();
        let iterators = vec![Iterator { index: None, item, list }];
        let each = ForEach { iterators, parallel, max: max.map(int), body, exports };
        self.add(Some(name), StatementKind::ForEach(Box::new(each)))
    }

    pub(crate) fn repeat(&mut self, max: i64, pause: Option<i64>, fill: impl FnOnce(&mut Self) -> Expression) -> StatementId {
        let mut until = None;
        let body = self.inside(true, |draft| until = Some(fill(draft)));
        let repeat = Repeat { until: until.unwrap(), pause: pause.map(seconds), max: int(max), body };
        self.add(Some("again"), StatementKind::Repeat(Box::new(repeat)))
    }
}

pub(crate) fn program(drafts: impl IntoIterator<Item = Draft>) -> Arc<Program> {
    let mut workflows: Table<WorkflowId, Workflow> = Table::default();
    for draft in drafts {
        workflows.add(draft.workflow);
    }
    Arc::new(Program { workflows, globals: Table::default(), sources: Vec::new() })
}
