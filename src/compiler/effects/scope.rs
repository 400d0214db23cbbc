//! Where a rollback reaches.

use crate::nesting::{Owner, Tree};
use foldhash::HashMap;
use wf_model::program::{BodyId, StatementId, StatementKind, Wait, Workflow};
use wf_model::span::Span;

/// The bodies and steps whose handlers roll back, with the heads of those handlers.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    bodies: HashMap<BodyId, Span>,
    steps: HashMap<StatementId, Span>,
}

impl Scopes {
    /// Finds all `rollback` statements.
    pub(super) fn new(workflow: &Workflow, tree: &Tree) -> Self {
        let mut scopes = Self::default();
        for (id, statement) in workflow.statements.iter() {
            if matches!(statement.kind, StatementKind::Rollback(_)) {
                scopes.add(workflow, tree, id);
            }
        }
        scopes
    }

    fn add(&mut self, workflow: &Workflow, tree: &Tree, rollback: StatementId) {
        let Some((handler, owner)) = tree.bodies_around(rollback).last() else { return };
        let head =
            |handlers: &[wf_model::program::Handler]| handlers.iter().find(|known| known.body == handler).map(|known| known.span);
        match owner {
            Owner::BodyHandler(body) => {
                let span = workflow.bodies.get(body).and_then(|body| head(&body.handlers));
                self.bodies.entry(body).or_insert(span.unwrap_or_default());
            }
            Owner::StepHandler(step) => {
                let span = workflow.statements.get(step).and_then(|statement| head(statement.kind.handlers()));
                self.steps.entry(step).or_insert(span.unwrap_or_default());
            }
            Owner::Workflow | Owner::Block(_) => {}
        }
    }

    /// The head of the innermost handler that rolls a step back.
    pub(super) fn handler(&self, tree: &Tree, step: StatementId) -> Option<Span> {
        let around = || tree.bodies_around(step).find_map(|(body, _)| self.bodies.get(&body).copied());
        self.steps.get(&step).copied().or_else(around)
    }

    /// Whether a handler rolls `step` back before the block whose body is `outermost` ends.
    pub(super) fn handler_within(&self, tree: &Tree, step: StatementId, outermost: BodyId) -> bool {
        let mut inside = true;
        let around = tree.bodies_around(step).take_while(|(body, _)| std::mem::replace(&mut inside, *body != outermost));
        self.steps.contains_key(&step) || around.into_iter().any(|(body, _)| self.bodies.contains_key(&body))
    }

    /// Whether anything may undo a step: a handler, or a race that it loses.
    pub(super) fn undoes(&self, workflow: &Workflow, tree: &Tree, step: StatementId) -> bool {
        let race = |owner| match owner {
            Owner::Block(block) => workflow.statements.get(block).is_some_and(|statement| is_race(&statement.kind)),
            Owner::Workflow | Owner::StepHandler(_) | Owner::BodyHandler(_) => false,
        };
        self.handler(tree, step).is_some() || tree.bodies_around(step).any(|(_, owner)| race(owner))
    }
}

/// Whether losers of the block are cancelled and undone.
fn is_race(kind: &StatementKind) -> bool {
    let wait = match kind {
        StatementKind::Parallel(parallel) => Some(parallel.wait),
        StatementKind::ForEach(each) => each.parallel,
        _ => None,
    };
    matches!(wait, Some(Wait::Any | Wait::First))
}

/// Whether a statement stands in a handler.
pub(super) fn in_handler(tree: &Tree, statement: StatementId) -> bool {
    tree.bodies_around(statement).last().is_some_and(|(_, owner)| owner != Owner::Workflow)
}
