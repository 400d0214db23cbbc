//! Handlers: what runs at the end of a body or step, once its attempts are used up.

use super::Engine;
use super::body::{Opening, body_of};
use super::node::statement_of;
use super::numbering::Origin;
use super::state::{FrameId, Outcome, Owner, Task, Way};
use std::collections::VecDeque;
use std::sync::Arc;
use wf_model::event::{EventKind, FailedInstance, Instance, InstanceId};
use wf_model::program::{BodyId, Handler, HandlerCause, Program, Wait, WorkflowId};
use wf_model::value::Value;

/// A body or step whose handlers run.
#[derive(Debug)]
pub(super) struct Handling {
    /// How it ends after them.
    outcome: Outcome,
    queue: VecDeque<(HandlerCause, BodyId)>,
    /// Whether a rollback in it could not undo everything.
    pub(super) rollback_failed: bool,
}

/// Where handlers run.
struct Surroundings {
    workflow: WorkflowId,
    frame: FrameId,
    way: Way,
    rank: u32,
}

/// The handlers that an outcome calls for, in the order in which they run.
pub(super) fn called_for(handlers: &[Handler], outcome: &Outcome) -> VecDeque<(HandlerCause, BodyId)> {
    let wanted = |cause: HandlerCause| match (cause, outcome) {
        (HandlerCause::Finally, _) => false,
        (HandlerCause::Failure, Outcome::Failed(_) | Outcome::Continued(_)) => true,
        (HandlerCause::Success, Outcome::Succeeded(_)) => true,
        (HandlerCause::Cancel, Outcome::Cancelled(_)) => true,
        (HandlerCause::FailureOrCancel, Outcome::Failed(_) | Outcome::Continued(_) | Outcome::Cancelled(_)) => true,
        (
            HandlerCause::Failure | HandlerCause::Success | HandlerCause::Cancel | HandlerCause::FailureOrCancel,
            Outcome::Succeeded(_) | Outcome::Failed(_) | Outcome::Continued(_) | Outcome::Cancelled(_) | Outcome::Skipped(_),
        ) => false,
    };
    let of_outcome = handlers.iter().filter(|handler| wanted(handler.cause));
    let last = handlers.iter().filter(|handler| handler.cause == HandlerCause::Finally);
    of_outcome.chain(last).map(|handler| (handler.cause, handler.body)).collect()
}

impl Engine {
    /// Runs the handlers of a body or step, then ends it; its attempts are used up.
    pub(super) fn settle_with_handlers(&mut self, owner: InstanceId, outcome: Outcome) {
        let program = Arc::clone(&self.program);
        let queue = called_for(self.handlers_of(&program, owner), &outcome);
        // What did not get its lock has not begun.
        if queue.is_empty() || self.lacks_lock(owner) {
            return self.settled(owner, outcome, false);
        }
        self.handlings.insert(owner, Handling { outcome, queue, rollback_failed: false });
        self.agenda.push_back(Task::Handle(owner));
    }

    /// Whether a body or step has come to its handlers, or to a rollback: then nothing asks it to end any more.
    pub(super) fn is_settling(&self, owner: InstanceId) -> bool {
        self.handlings.contains_key(&owner) || self.rollbacks.contains_key(&owner)
    }

    fn handlers_of<'a>(&self, program: &'a Program, owner: InstanceId) -> &'a [Handler] {
        if let Some(run) = self.bodies.get(&owner) {
            return body_of(program, run.workflow, run.body).map_or(&[], |body| &body.handlers);
        }
        let node = self.nodes.get(&owner);
        let statement = node.and_then(|node| statement_of(program, node.workflow, node.statement));
        statement.map_or(&[], |statement| statement.kind.handlers())
    }

    /// Begins the next handler of a body or step, or ends it after the last.
    pub(super) fn handle(&mut self, owner: InstanceId) {
        let Some(handling) = self.handlings.get_mut(&owner) else { return };
        let Some((cause, body)) = handling.queue.pop_front() else {
            if let Some(Handling { outcome, rollback_failed, .. }) = self.handlings.remove(&owner) {
                self.settled(owner, outcome, rollback_failed);
            }
            return;
        };
        let failure = match &handling.outcome {
            Outcome::Failed(cause) | Outcome::Continued(cause) => cause.failure.value(&cause.path, cause.attempts),
            Outcome::Succeeded(_) | Outcome::Cancelled(_) | Outcome::Skipped(_) => Value::Null,
        };
        let Some(Surroundings { workflow, frame: parent, way, rank }) = self.surroundings_of(owner) else { return };
        let (id, frame) = (self.next_id(Origin::Handler(owner, cause)), self.new_frame(workflow, Some(parent)));
        let around = self.frames.get(&parent).and_then(|frame| frame.around);
        if let Some(frame) = self.frames.get_mut(&frame) {
            (frame.around, frame.failure) = (around, Some(failure));
        }
        let handler = Instance { id, path: way.to(None) };
        let instance = self.named(owner);
        self.conclude(EventKind::HandlerOpened { instance, handler: handler.clone(), cause });
        let (owner, wait, max) = (Owner::Handler(owner, cause), Wait::All, usize::MAX);
        self.open_body(Opening { instance: handler, owner, workflow, body, frame, way, rank, wait, max });
    }

    fn surroundings_of(&self, owner: InstanceId) -> Option<Surroundings> {
        if let Some(run) = self.bodies.get(&owner) {
            let (workflow, frame, way, rank) = (run.workflow, run.frame, run.way.clone(), run.rank);
            return Some(Surroundings { workflow, frame, way, rank });
        }
        let node = self.nodes.get(&owner)?;
        let way = self.bodies.get(&node.body)?.way.clone();
        Some(Surroundings { workflow: node.workflow, frame: node.frame, way, rank: node.rank })
    }

    /// A handler has ended.
    pub(super) fn handler_ended(
        &mut self,
        owner: InstanceId,
        cause: HandlerCause,
        handler: Instance,
        frame: FrameId,
        outcome: Outcome,
    ) {
        let program = Arc::clone(&self.program);
        self.frames.remove(&frame);
        self.conclude(EventKind::HandlerEnded { handler });
        if let (HandlerCause::Success, Outcome::Failed(failed)) = (cause, outcome) {
            let handlers = self.handlers_of(&program, owner);
            if let Some(handling) = self.handlings.get_mut(&owner) {
                handling.outcome = Outcome::Failed(failed);
                handling.queue = called_for(handlers, &handling.outcome);
            }
        }
        self.agenda.push_back(Task::Handle(owner));
    }

    /// Ends a body or step after its handlers.
    fn settled(&mut self, owner: InstanceId, outcome: Outcome, rollback_failed: bool) {
        let is_body = self.bodies.contains_key(&owner);
        match outcome {
            // What could not be undone is nothing to go on from.
            Outcome::Failed(cause) if !rollback_failed => {
                self.agenda.push_back(if is_body { Task::Forgive(owner, cause) } else { Task::Excuse(owner, cause) });
            }
            outcome if is_body => self.end_body(owner, outcome),
            outcome => self.end_statement(owner, outcome),
        }
    }

    /// Whose handler a body stands in, at any depth of blocks.
    pub(super) fn handled(&self, body: InstanceId) -> Option<InstanceId> {
        let mut at = body;
        loop {
            let run = self.bodies.get(&at)?;
            let node = match run.owner {
                Owner::Handler(owner, _) => return Some(owner),
                Owner::Run | Owner::Call(_) => return None,
                Owner::Block => at,
                Owner::Iteration(node, _) | Owner::Round(node, _) => node,
            };
            at = self.nodes.get(&node)?.body;
        }
    }

    /// Whether failures of statements in a body that is opened are only recorded: in handlers, except of blocks that say
    /// themselves what a failure means.
    pub(super) fn is_lenient(&self, opening: &Opening) -> bool {
        let around = match opening.owner {
            Owner::Handler(_, cause) => return cause != HandlerCause::Success,
            Owner::Run | Owner::Call(_) => return false,
            Owner::Block => self.nodes.get(&opening.instance.id),
            Owner::Iteration(node, _) | Owner::Round(node, _) => self.nodes.get(&node),
        };
        let lenient = around.and_then(|node| self.bodies.get(&node.body)).is_some_and(|run| run.lenient);
        let own = body_of(&self.program, opening.workflow, opening.body);
        lenient && own.is_some_and(|body| body.clauses.retry.is_none() && body.handlers.is_empty()) && opening.wait == Wait::All
    }
}

/// What a rollback that could not undo everything fails with.
pub(super) fn incomplete(path: Arc<str>, left: u64) -> FailedInstance {
    let steps = if left == 1 { "1 step".to_owned() } else { format!("{left} steps") };
    let message = format!("rollback left {steps} that could not be undone");
    let failure = wf_model::failure::Failure::final_of(wf_model::failure::FailureKind::Engine, &message);
    FailedInstance { path, failure, attempts: 1 }
}
