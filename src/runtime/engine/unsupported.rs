//! What a program asks for that this version does not run, so that nothing starts which could not be finished.

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
    let mut search = Search { kinds, found: Vec::new(), calls: vec![workflow], seen: BTreeSet::new() };
    while let Some(id) = search.calls.pop() {
        if let (true, Some(workflow)) = (search.seen.insert(id), program.workflows.get(id)) {
            search.workflow(workflow);
        }
    }
    search.found.sort_by_key(|found| (found.span.source, found.span.start));
    search.found
}

struct Search<'a> {
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
        // A check runs before the run goes on, alone.
        if let Some(UnknownAnswer::Check(check)) = &clauses.unknown {
            match check.invocation.callee {
                Callee::Workflow(_) => self.add("`on unknown check` with a workflow", check.invocation.span),
                Callee::Kind(_) => self.invocation(&check.invocation),
            }
        }
        self.invocation(&step.invocation);
        if let Some(undo) = clauses.undo() {
            self.invocation(&undo.invocation);
        }
    }

    fn invocation(&mut self, invocation: &Invocation) {
        let otherwise =
            invocation.attribute("otherwise").filter(|_| matches!(&invocation.callee, Callee::Kind(kind) if **kind == *"gate"));
        if let Some(otherwise) = otherwise
            && !matches!(otherwise.value.constant_text().as_deref(), Some("abort" | "continue"))
        {
            self.add("`otherwise: \"pause\"`", invocation.span);
        }
        match &invocation.callee {
            Callee::Workflow(id) => self.calls.push(*id),
            Callee::Kind(kind) if self.kinds.get(kind).is_some_and(|kind| kind.runs) => {}
            Callee::Kind(kind) => self.add(&format!("kind `{kind}`"), invocation.span),
        }
    }
}
