//! What a program asks for that this version does not run, so that nothing starts which could not be finished.

use super::waiting::waits_for_somebody;
use std::collections::BTreeSet;
use wf_model::kind::Registry;
use wf_model::program::{Callee, Invocation, Program, Statement, StatementKind, Step, UnknownAnswer, Workflow, WorkflowId};
use wf_model::span::Span;

/// A construct that is not run yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// What it is, such as "kind `docker`".
    pub what: String,
    /// Where it stands.
    pub span: Span,
}

/// Lists every construct of a workflow, and of those that it calls, that is not run yet, in the order of the text of each.
#[must_use]
pub fn unsupported(program: &Program, workflow: WorkflowId, kinds: &Registry) -> Vec<Unsupported> {
    let mut search = Search { program, kinds, found: Vec::new(), calls: vec![workflow], seen: BTreeSet::new() };
    while let Some(id) = search.calls.pop() {
        if let (true, Some(workflow)) = (search.seen.insert(id), program.workflows.get(id)) {
            search.workflow(workflow);
        }
    }
    search.found.sort_by_key(|found| (found.span.source, found.span.start));
    search.found
}

struct Search<'a> {
    program: &'a Program,
    kinds: &'a Registry,
    found: Vec<Unsupported>,
    calls: Vec<WorkflowId>,
    seen: BTreeSet<WorkflowId>,
}

impl Search<'_> {
    fn add(&mut self, what: &str, span: Span) {
        self.found.push(Unsupported { what: what.to_owned(), span });
    }

    fn workflow(&mut self, workflow: &Workflow) {
        let mut open = vec![workflow.root];
        while let Some(body) = open.pop().and_then(|body| workflow.bodies.get(body)) {
            open.extend(body.handlers.iter().map(|handler| handler.body));
            for statement in body.statements.iter().filter_map(|id| workflow.statements.get(*id)) {
                self.statement(statement);
                open.extend(statement.kind.bodies());
                open.extend(statement.kind.handlers().iter().map(|handler| handler.body));
            }
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Step(step) => self.step(step),
            StatementKind::Rollback(_)
            | StatementKind::Checkpoint(_)
            | StatementKind::Commit
            | StatementKind::Let(_)
            | StatementKind::If(_)
            | StatementKind::Stage(_)
            | StatementKind::Parallel(_)
            | StatementKind::ForEach(_)
            | StatementKind::Repeat(_) => {}
        }
    }

    fn step(&mut self, step: &Step) {
        let clauses = &step.clauses;
        if let Some(UnknownAnswer::Check(check)) = &clauses.unknown {
            self.invocation(&check.invocation);
            // A check runs alone, before anybody can be heard.
            if waits(self.program, &check.invocation) {
                self.add("`on unknown check` with a step that waits for somebody", check.invocation.span);
            }
        }
        self.invocation(&step.invocation);
        if let Some(undo) = clauses.undo() {
            self.invocation(&undo.invocation);
        }
    }

    fn invocation(&mut self, invocation: &Invocation) {
        match &invocation.callee {
            Callee::Workflow(id) => self.calls.push(*id),
            Callee::Kind(kind) if self.kinds.get(kind).is_some_and(|kind| kind.runs) => {}
            Callee::Kind(kind) => self.add(&format!("kind `{kind}`"), invocation.span),
        }
    }
}

/// Whether something, or a step of the workflow that it calls, may wait for somebody.
fn waits(program: &Program, invocation: &Invocation) -> bool {
    let (mut calls, mut seen) = (Vec::new(), BTreeSet::new());
    if waits_itself(invocation, &mut calls) {
        return true;
    }
    while let Some(id) = calls.pop() {
        let Some(workflow) = program.workflows.get(id).filter(|_| seen.insert(id)) else { continue };
        let steps = workflow.statements.iter().filter_map(|(_, statement)| statement.kind.step());
        for step in steps {
            let undo = step.clauses.undo().map(|undo| &undo.invocation);
            if [Some(&step.invocation), undo].into_iter().flatten().any(|called| waits_itself(called, &mut calls)) {
                return true;
            }
        }
    }
    false
}

fn waits_itself(invocation: &Invocation, calls: &mut Vec<WorkflowId>) -> bool {
    match &invocation.callee {
        Callee::Workflow(id) => {
            calls.push(*id);
            false
        }
        Callee::Kind(kind) if **kind == *"gate" => invocation
            .attribute("otherwise")
            .is_some_and(|otherwise| !matches!(otherwise.value.constant_text().as_deref(), Some("abort" | "continue"))),
        Callee::Kind(kind) => waits_for_somebody(kind),
    }
}
