//! Hand-made workflows for tests of single passes.

use foldhash::HashMap;
use wf_model::expression::{Expression, ExpressionKind, Reference, ValueId};
use wf_model::program::{
    Attribute, AttributeValue, Body, BodyId, Callee, ForEach, Handler, HandlerCause, Invocation, Iterator, Parallel, Statement,
    StatementId, StatementKind, Step, StepClauses, ValueDeclaration, ValueOrigin, Wait, Workflow,
};
use wf_model::span::{SourceId, Span};
use wf_model::types::Type;
use wf_model::value::Value;

/// A workflow that grows statement by statement.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) workflow: Workflow,
    pub(crate) depends: HashMap<StatementId, crate::order::Depends>,
    spans: usize,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let mut workflow = Workflow::empty("main".into(), "/".into(), Span::default());
        workflow.bodies.add(Body::default());
        Self { workflow, depends: HashMap::default(), spans: 0 }
    }

    pub(crate) fn root(&self) -> BodyId {
        self.workflow.root
    }

    /// A span that no other has.
    pub(crate) fn span(&mut self) -> Span {
        self.spans += 10;
        Span::new(SourceId(0), self.spans, self.spans + 5)
    }

    pub(crate) fn value(&mut self, name: &str, type_: Type, origin: ValueOrigin) -> ValueId {
        let span = self.span();
        self.workflow.values.add(ValueDeclaration { name: name.into(), type_, origin, span })
    }

    pub(crate) fn statement(&mut self, body: BodyId, name: &str, kind: StatementKind) -> StatementId {
        let value = Some(self.value(name, Type::String, ValueOrigin::Step));
        let span = self.span();
        let statement = Statement { name: Some(name.into()), doc: None, value, after: Vec::new(), when: None, kind, span };
        let id = self.workflow.statements.add(statement);
        self.workflow.bodies.get_mut(body).unwrap().statements.push(id);
        id
    }

    /// A `shell` step.
    pub(crate) fn step(&mut self, body: BodyId, name: &str) -> StatementId {
        let span = self.span();
        let invocation = Invocation { callee: Callee::Kind("shell".into()), attributes: Vec::new(), decode: None, span };
        let step = Step { invocation, clauses: StepClauses::default() };
        self.statement(body, name, StatementKind::Step(Box::new(step)))
    }

    pub(crate) fn step_mut(&mut self, step: StatementId) -> &mut Step {
        match &mut self.workflow.statements.get_mut(step).unwrap().kind {
            StatementKind::Step(step) => step,
            other => panic!("not a step: {other:?}"),
        }
    }

    fn block(&mut self, body: BodyId, name: &str, kind: impl FnOnce(BodyId) -> StatementKind) -> (StatementId, BodyId) {
        let inside = self.workflow.bodies.add(Body::default());
        (self.statement(body, name, kind(inside)), inside)
    }

    pub(crate) fn stage(&mut self, body: BodyId, name: &str) -> (StatementId, BodyId) {
        self.block(body, name, StatementKind::Stage)
    }

    pub(crate) fn parallel(&mut self, body: BodyId, name: &str, wait: Wait) -> (StatementId, BodyId) {
        self.block(body, name, |body| StatementKind::Parallel(Parallel { wait, max: None, body, race: None }))
    }

    /// A sequential loop over nothing, with the variable `NAME_item`.
    pub(crate) fn for_each(&mut self, body: BodyId, name: &str) -> (StatementId, BodyId) {
        let item = self.value(&format!("{name}_item"), Type::String, ValueOrigin::LoopVariable);
        let list = self.expression(ExpressionKind::List(Vec::new()));
        let iterators = vec![Iterator { index: None, item, list }];
        let each = |body| ForEach { iterators, parallel: None, max: None, body, exports: Vec::new() };
        self.block(body, name, |body| StatementKind::ForEach(Box::new(each(body))))
    }

    /// A handler of a body.
    pub(crate) fn handler(&mut self, of: BodyId, cause: HandlerCause) -> BodyId {
        let body = self.workflow.bodies.add(Body::default());
        let span = self.span();
        self.workflow.bodies.get_mut(of).unwrap().handlers.push(Handler { cause, body, span });
        body
    }

    pub(crate) fn expression(&mut self, kind: ExpressionKind) -> Expression {
        Expression { kind, type_: Type::String, span: self.span() }
    }

    pub(crate) fn text(&mut self, text: &str) -> Expression {
        self.expression(ExpressionKind::Literal(Value::string(text)))
    }

    /// What names the value of a statement.
    pub(crate) fn reference(&mut self, to: StatementId) -> Expression {
        let value = self.workflow.statements.get(to).unwrap().value.unwrap();
        self.expression(ExpressionKind::Reference(Reference::Value(value)))
    }

    pub(crate) fn set(&mut self, step: StatementId, name: &str, value: Expression) {
        let attribute = Attribute { name: name.into(), value: AttributeValue::Expression(value) };
        self.step_mut(step).invocation.attributes.push(attribute);
    }

    /// Lets a step use the value of another statement.
    pub(crate) fn uses(&mut self, user: StatementId, producer: StatementId) {
        let reference = self.reference(producer);
        self.set(user, "stdin", reference);
    }

    /// Gives a statement `depends on …`, or `depends on nothing`.
    pub(crate) fn depends(&mut self, user: StatementId, on: &[StatementId]) {
        let names: Vec<_> = on.iter().map(|on| (*on, self.span())).collect();
        let depends = if names.is_empty() { crate::order::Depends::Nothing } else { crate::order::Depends::On(names) };
        self.depends.insert(user, depends);
    }
}
