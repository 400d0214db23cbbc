//! Effects, undo, retries and what a workflow for production should say: findings over the typed program.

mod asserted;
mod commands;
mod image;
mod loops;
mod options;
mod raw;
mod redirection;
mod retry;
mod scope;
mod secret;
mod sources;
#[cfg(test)]
mod tests;
mod tilde;
mod timeout;
mod undo;
mod unstated;
mod variables;
mod waits;

use crate::nesting::Tree;
use foldhash::HashSet;
use loops::Tellers;
use scope::Scopes;
use wf_model::diagnostic::{Diagnostic, Finding, Level, Strictness};
use wf_model::kind::Registry;
use wf_model::program::{Callee, Effect, Place, Program, Statement, StatementId, Step, Workflow, WorkflowId};

/// Reports what effects, undos, retries, timeouts and the like leave to be wished for, as far as the level asks for it.
pub(crate) fn check(program: &Program, kinds: &Registry, level: Level, diagnostics: &mut Vec<Diagnostic>) {
    let rooms: Vec<_> = program.workflows.iter().map(|(id, workflow)| Room::new(id, workflow, kinds)).collect();
    let (covered, waiting) = (covered(&rooms), waits::waiting(&rooms));
    for room in &rooms {
        let mut check = Check { room, covered: covered.contains(&room.id), waiting: &waiting, level, diagnostics };
        for seen in room.steps() {
            unstated::check(&mut check, &seen);
            undo::check(&mut check, &seen);
            timeout::check(&mut check, &seen);
            retry::check_step(&mut check, &seen);
            redirection::check(&mut check, &seen);
            secret::check(&mut check, &seen);
            options::check(&mut check, &seen);
            variables::check(&mut check, &seen);
            waits::check(&mut check, &seen);
        }
        retry::check_bodies(&mut check);
        image::check(&mut check);
        asserted::check(&mut check);
        raw::check(&mut check);
        sources::check(&mut check);
        tilde::check(&mut check);
        variables::check_setting(&mut check);
    }
}

/// A workflow with what is known of all of it.
struct Room<'a> {
    id: WorkflowId,
    workflow: &'a Workflow,
    kinds: &'a Registry,
    /// All steps, in the order of the table.
    steps: Vec<Seen<'a>>,
    tree: Tree,
    scopes: Scopes,
    tellers: Tellers,
}

/// A step with its place.
#[derive(Clone, Copy)]
struct Seen<'a> {
    id: StatementId,
    statement: &'a Statement,
    step: &'a Step,
    effect: Effect,
}

/// The pass over one workflow.
struct Check<'a, 'd> {
    room: &'a Room<'a>,
    /// Whether a handler of a workflow that calls this one rolls it back.
    covered: bool,
    /// The workflows that may wait for somebody.
    waiting: &'a HashSet<WorkflowId>,
    level: Level,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'a> Room<'a> {
    fn new(id: WorkflowId, workflow: &'a Workflow, kinds: &'a Registry) -> Self {
        let tree = Tree::new(workflow);
        let scopes = Scopes::new(workflow, &tree);
        let tellers = Tellers::new(workflow, &tree);
        let seen = |(id, statement): (StatementId, &'a Statement)| {
            let step = statement.kind.step()?;
            Some(Seen { id, statement, step, effect: step.effect(kinds) })
        };
        let steps = workflow.statements.iter().filter_map(seen).collect();
        Self { id, workflow, kinds, steps, tree, scopes, tellers }
    }

    /// All steps, in the order of the table.
    fn steps(&self) -> impl Iterator<Item = Seen<'a>> {
        self.steps.iter().copied()
    }
}

impl Check<'_, '_> {
    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    /// Whether the level shows a finding; what ten thousand steps do not say and nobody asks for costs nothing.
    fn asks_for(&self, strictness: Strictness) -> bool {
        strictness.at(self.level).is_some()
    }
}

/// The workflows that a caller rolls back: called where a handler does, or by a workflow that is itself rolled back.
fn covered(rooms: &[Room<'_>]) -> HashSet<WorkflowId> {
    let mut covered = HashSet::default();
    let mut left: Vec<WorkflowId> = Vec::new();
    for room in rooms {
        let rolled_back = |id| room.scopes.undoes(room.workflow, &room.tree, id);
        left.extend(calls(room).filter(|(id, _)| rolled_back(*id)).map(|(_, callee)| callee));
    }
    while let Some(workflow) = left.pop() {
        if covered.insert(workflow) {
            left.extend(rooms.get(workflow.index()).into_iter().flat_map(calls).map(|(_, callee)| callee));
        }
    }
    covered
}

/// The steps that call a workflow, with that workflow.
fn calls(room: &Room<'_>) -> impl Iterator<Item = (StatementId, WorkflowId)> {
    room.steps().filter_map(|seen| match seen.step.invocation.callee {
        Callee::Workflow(workflow) => Some((seen.id, workflow)),
        Callee::Kind(_) => None,
    })
}
