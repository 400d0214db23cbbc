//! `if`, `stage` and `parallel`, races included.

use super::Engine;
use super::body::Opening;
use super::evaluate::{Extras, Hindrance, Spot};
use super::node::statement_of;
use super::state::{Closing, NodeState, Outcome, Owner};
use std::sync::Arc;
use wf_model::event::{EventKind, InstanceId, SkipReason};
use wf_model::program::{BodyId, If, StatementKind, Wait};
use wf_model::value::Value;

impl Engine {
    /// Opens the body of a block under the block's own id.
    pub(super) fn open_block(&mut self, id: InstanceId, body: BodyId, wait: Wait, max: usize) {
        self.tell_ready(id);
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.state = NodeState::Block;
        let name = statement_of(&program, node.workflow, node.statement).and_then(|statement| statement.name.as_deref());
        let Some(around) = self.bodies.get(&node.body) else { return };
        let opening = Opening {
            instance: node.instance.clone(),
            owner: Owner::Block,
            workflow: node.workflow,
            body,
            frame: node.frame,
            way: around.way.inside(name),
            rank: around.rank,
            wait,
            max,
        };
        self.open_body(opening);
    }

    pub(super) fn prepare_if(&mut self, id: InstanceId, spot: Spot, choice: &If) -> Result<(), Hindrance> {
        let mut taken = None;
        for (index, branch) in choice.branches.iter().enumerate() {
            if self.evaluate_bool(spot, &Extras::default(), &branch.condition)? {
                taken = Some((index, branch.body));
                break;
            }
        }
        let taken = taken.or_else(|| choice.otherwise.map(|body| (choice.branches.len(), body)));
        self.take_branch(id, choice, taken);
        Ok(())
    }

    fn take_branch(&mut self, id: InstanceId, choice: &If, taken: Option<(usize, BodyId)>) {
        let program = Arc::clone(&self.program);
        self.tell_ready(id);
        let Some(node) = self.nodes.get(&id) else { return };
        let (instance, workflow, frame) = (node.instance.clone(), node.workflow, node.frame);
        let name = statement_of(&program, workflow, node.statement).and_then(|statement| statement.name.as_deref());
        let Some(way) = self.bodies.get(&node.body).map(|around| around.way.inside(name)) else { return };
        let branch = taken.and_then(|(index, _)| u32::try_from(index).ok());
        self.conclude(EventKind::BranchTaken { instance, branch });
        let bodies = choice.branches.iter().map(|branch| branch.body).chain(choice.otherwise);
        for body in bodies.filter(|body| taken.is_none_or(|(_, taken)| taken != *body)) {
            let body = program.workflows.get(workflow).and_then(|workflow| workflow.bodies.get(body));
            let statements = body.map_or(&[][..], |body| &body.statements);
            self.skip((id, 0), workflow, statements, &way, SkipReason::BranchNotTaken);
            self.satisfy_all(workflow, frame, statements);
        }
        match taken {
            Some((_, body)) => self.open_block(id, body, Wait::All, usize::MAX),
            None => self.end_statement(id, Outcome::Succeeded(Value::Null)),
        }
    }

    /// A statement of a body has succeeded: where it is a race, that decides it.
    pub(super) fn win(&mut self, id: InstanceId, position: usize, value: &Value) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get_mut(&id).filter(|run| run.wait != Wait::All && run.closed.is_none()) else { return };
        let Some(workflow) = program.workflows.get(run.workflow) else { return };
        let place = workflow.bodies.get(run.body).and_then(|body| body.statements.get(position));
        let Some(branch) = place.and_then(|place| workflow.statements.get(*place)) else { return };
        if matches!(branch.kind, StatementKind::Let(_)) {
            return;
        }
        let block = self.nodes.get(&id).and_then(|node| workflow.statements.get(node.statement)).map(|block| &block.kind);
        let has_value =
            matches!(block, Some(StatementKind::Parallel(parallel)) if parallel.race.is_some_and(|race| race.has_value));
        let winner = branch.name.as_deref().map_or(Value::Null, Value::string);
        let value = has_value.then(|| ("value", value.clone()));
        run.race.winner = Some(position);
        run.race.won = Some(Value::map([("winner", winner.clone())].into_iter().chain(value)));
        let instance = run.instance.clone();
        self.conclude(EventKind::RaceWon { instance, winner });
        self.close(id, Closing::Decided, SkipReason::LostRace);
        self.stop_live(id, SkipReason::LostRace);
    }
}
