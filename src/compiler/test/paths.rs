//! The paths by which tests name steps (§10), and what a step is in an `expect`.

use crate::findings::{StepPath, UnknownMock};
use crate::index::Recorder;
use foldhash::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::kind::Registry;
use wf_model::program::{Callee, Output, Place as _, Statement, StatementId, StatementKind, Step, Workflow, WorkflowId};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::types::{Field, Type};
use wf_syntax::ast::{Expression, ExpressionKind};

/// The fields of an outcome, which win over steps of these names inside.
const FIELDS: [&str; 6] = ["status", "attempts", "started", "finished", "undone", "value"];

/// A step or a named block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) workflow: WorkflowId,
    pub(super) statement: StatementId,
    /// How many loops stand around it, from where its path begins.
    loops: usize,
}

/// What can be named in one place.
type Scope = BTreeMap<Arc<str>, Place>;

/// What an expression names.
pub(super) enum Named {
    /// Nothing that has a path.
    Nothing,
    /// A step or block, by the path that it has in a run.
    Place(Place, Arc<str>),
    /// Something that there is not.
    Wrong(Box<Diagnostic>),
}

/// The steps of a workflow, of the blocks in it and of the workflows that it calls, by path.
pub(super) struct Paths<'a> {
    workflow: WorkflowId,
    finished: &'a [Option<Workflow>],
    kinds: &'a Registry,
    recorder: &'a Recorder,
    /// What can be named in a workflow, or in a named block of it.
    scopes: HashMap<(WorkflowId, Option<StatementId>), Arc<Scope>>,
}

/// `.name[1][2]`
struct Segment<'e> {
    name: &'e Arc<str>,
    span: Span,
    indexes: Vec<&'e Expression>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(
        workflow: WorkflowId,
        finished: &'a [Option<Workflow>],
        kinds: &'a Registry,
        recorder: &'a Recorder,
    ) -> Self {
        Self { workflow, finished, kinds, recorder, scopes: HashMap::default() }
    }

    /// The names with which a path may begin.
    pub(super) fn first_names(&mut self) -> Vec<Arc<str>> {
        self.scope(self.workflow, None).keys().cloned().collect()
    }

    /// What a chain of names names; where `one` is asked for, every loop around it needs its number.
    pub(super) fn named(&mut self, expression: &Expression, one: bool) -> Named {
        let Some(segments) = segments(expression) else { return Named::Nothing };
        let Some((first, rest)) = segments.split_first() else { return Named::Nothing };
        let Some(&place) = self.scope(self.workflow, None).get(first.name) else { return Named::Nothing };
        let mut place = place;
        self.record(first, place);
        for segment in rest {
            let Some(inside) = self.inside(place) else { return Named::Nothing };
            match inside.get(segment.name) {
                Some(next) => {
                    place = Place { loops: place.loops + self.own_loops(place) + next.loops, ..*next };
                    self.record(segment, place);
                }
                None if FIELDS.contains(&&**segment.name) => return Named::Nothing,
                None => {
                    let near = near(segment.name, inside.keys().map(|name| &**name).chain(FIELDS));
                    return Named::Wrong(Box::new(UnknownMock { span: segment.span, near }.diagnostic()));
                }
            }
        }
        match written(&segments, place.loops, one) {
            Ok(path) => Named::Place(place, path),
            Err(problem) => Named::Wrong(Box::new(problem.diagnostic())),
        }
    }

    /// The step at a place; `None` where it is a block.
    pub(super) fn step(&self, place: Place) -> Option<&'a Step> {
        self.statement(place)?.kind.step()
    }

    /// What a step or block is in an `expect`.
    pub(super) fn outcome(&self, place: Place) -> Type {
        let [status, attempts, started, finished, undone, value] = FIELDS;
        let mut fields = vec![
            (status, Type::union(["succeeded", "failed", "skipped", "cancelled"])),
            (attempts, Type::Int),
            (started, Type::Duration),
            (finished, Type::Duration),
            (undone, Type::Bool),
        ];
        if let Some(step) = self.step(place) {
            fields.push((value, Type::optional(self.value(step))));
        }
        Type::record(fields)
    }

    /// What a step gives, secrets as the texts that they are in a test.
    pub(super) fn value(&self, step: &Step) -> Type {
        let type_ = match (&step.invocation.decode, &step.invocation.callee) {
            (Some(type_), _) => type_.clone(),
            (None, Callee::Kind(kind)) => self.kinds.get(kind).map_or(Type::Unknown, |kind| kind.result.clone()),
            (None, Callee::Workflow(workflow)) => self.outputs(*workflow),
        };
        if type_ == Type::Secret { Type::String } else { type_ }
    }

    /// The record of what a workflow gives.
    pub(super) fn outputs(&self, workflow: WorkflowId) -> Type {
        let field = |output: &Output| Field { name: output.name.clone(), type_: output.expression.type_.clone() };
        let outputs = self.workflow(workflow).map_or(&[] as &[Output], |workflow| &workflow.outputs);
        Type::Record(outputs.iter().map(field).collect())
    }

    fn workflow(&self, id: WorkflowId) -> Option<&'a Workflow> {
        self.finished.get(id.index())?.as_ref()
    }

    fn statement(&self, place: Place) -> Option<&'a Statement> {
        self.workflow(place.workflow)?.statements.get(place.statement)
    }

    /// Takes down what a name of a path means.
    fn record(&self, segment: &Segment<'_>, place: Place) {
        if let Some(workflow) = self.workflow(place.workflow) {
            self.recorder.named(segment.span, workflow.span, place.statement);
        }
    }

    fn own_loops(&self, place: Place) -> usize {
        self.statement(place).map_or(0, |statement| loops(&statement.kind))
    }

    /// What can be named inside a call or a named block; `None` for a step of a kind.
    fn inside(&mut self, place: Place) -> Option<Arc<Scope>> {
        match self.step(place).map(|step| &step.invocation.callee) {
            Some(Callee::Workflow(workflow)) => Some(self.scope(*workflow, None)),
            Some(Callee::Kind(_)) => None,
            None => Some(self.scope(place.workflow, Some(place.statement))),
        }
    }

    fn scope(&mut self, workflow: WorkflowId, block: Option<StatementId>) -> Arc<Scope> {
        if let Some(known) = self.scopes.get(&(workflow, block)) {
            return known.clone();
        }
        let scope = Arc::new(self.workflow(workflow).map(|known| names_in(known, workflow, block)).unwrap_or_default());
        self.scopes.insert((workflow, block), scope.clone());
        scope
    }
}

/// How many loops a block is.
fn loops(kind: &StatementKind) -> usize {
    usize::from(matches!(kind, StatementKind::ForEach(_)))
}

/// The names in a workflow or in a block of it; blocks without a name are left out of paths.
fn names_in(workflow: &Workflow, id: WorkflowId, block: Option<StatementId>) -> Scope {
    let mut names = Scope::new();
    let of_block = |block: StatementId| workflow.statements.get(block).map(|statement| statement.kind.bodies());
    let bodies = block.map_or_else(|| vec![workflow.root], |block| of_block(block).unwrap_or_default());
    let mut left: Vec<_> = bodies.into_iter().map(|body| (body, 0)).collect();
    while let Some((body, around)) = left.pop() {
        let Some(body) = workflow.bodies.get(body) else { continue };
        left.extend(body.handlers.iter().map(|handler| (handler.body, around)));
        for statement_id in &body.statements {
            let Some(statement) = workflow.statements.get(*statement_id) else { continue };
            left.extend(statement.kind.handlers().iter().map(|handler| (handler.body, around)));
            match &statement.name {
                Some(name) if !matches!(statement.kind, StatementKind::Let(_)) => {
                    names.entry(name.clone()).or_insert(Place { workflow: id, statement: *statement_id, loops: around });
                }
                _ => {
                    let around = around + loops(&statement.kind);
                    left.extend(statement.kind.bodies().into_iter().map(|body| (body, around)));
                }
            }
        }
    }
    names
}

/// The segments of `a.b[1]`; `None` for what is no chain of names and indexes.
fn segments(expression: &Expression) -> Option<Vec<Segment<'_>>> {
    let mut segments = Vec::new();
    let mut indexes = Vec::new();
    let mut inner = expression;
    loop {
        match &inner.kind {
            ExpressionKind::Index { base, index } => {
                indexes.insert(0, &**index);
                inner = base;
            }
            ExpressionKind::Field { base, name, optional: false } => {
                segments.push(Segment { name: &name.text, span: name.span, indexes: std::mem::take(&mut indexes) });
                inner = base;
            }
            ExpressionKind::Name(name) => {
                segments.push(Segment { name, span: inner.span, indexes });
                segments.reverse();
                return Some(segments);
            }
            _ => return None,
        }
    }
}

/// The path as it stands in a run, names first and then the numbers of all loops around.
fn written(segments: &[Segment<'_>], loops: usize, one: bool) -> Result<Arc<str>, StepPath> {
    let mut path = segments.iter().map(|segment| &**segment.name).collect::<Vec<_>>().join(".");
    let Some((last, before)) = segments.split_last() else { return Ok(path.into()) };
    if let Some(index) = before.iter().flat_map(|segment| &segment.indexes).next() {
        return Err(StepPath::number_inside(index.span, &path));
    }
    for (position, index) in last.indexes.iter().enumerate() {
        match index.bare().kind {
            ExpressionKind::Int(number) if position < loops => path += &format!("[{number}]"),
            ExpressionKind::Int(_) => return Err(StepPath::number_too_many(index.span, loops)),
            _ => return Err(StepPath::number_calculated(index.span)),
        }
    }
    if one && last.indexes.len() < loops {
        return Err(StepPath::number_missing(last.span, &path));
    }
    Ok(path.into())
}
