//! Rollbacks: undoing what the steps of a body did, in the reverse of the order in which they had to run.

use super::Engine;
use super::agenda::RUN;
use super::body::body_of;
use super::command::Command;
use super::handler::incomplete;
use super::numbering::Origin;
use super::retry::Decision;
use super::state::{NodeState, Outcome, Owner, Task};
use super::trace::{BodyTrace, Undoable, steps};
use super::undo_graph::{Due, UndoGraph};
use std::collections::VecDeque;
use std::sync::Arc;
use wf_model::event::{EventKind, Instance, InstanceId, InstanceKind, RollbackCause, SettledUndo, SkipReason};
use wf_model::program::{Rollback, StatementKind};
use wf_model::run::RunState;
use wf_model::value::Value;

/// A rollback that goes on.
#[derive(Debug)]
pub(super) struct RollbackRun {
    instance: Instance,
    then: Then,
    graph: UndoGraph,
    unfinished: usize,
    undone: u64,
    failed: u64,
    blocked: u64,
}

/// What comes after a rollback.
#[derive(Debug)]
pub(super) enum Then {
    /// The statement behind the `rollback`; the body or step whose handler it stands in.
    Statement(InstanceId, InstanceId),
    /// The next attempt of a body.
    Retry(InstanceId, Decision),
    /// The end of a race.
    Settle(InstanceId, Outcome),
    /// The end of the run; before it, what other rollbacks left.
    Request(VecDeque<UndoGraph>),
}

/// What of a run was rolled back by its handlers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RolledBack {
    /// Nothing, or only what the run went on from.
    #[default]
    Nothing,
    /// Blocks or steps of it.
    Inside,
    /// The run itself.
    Run,
}

impl Engine {
    /// Gets a `rollback` going.
    pub(super) fn prepare_rollback(&mut self, id: InstanceId, rollback: &Rollback) {
        self.tell_ready(id);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.state = NodeState::Rollback;
        let (instance, body) = (node.instance.clone(), node.body);
        let Some(owner) = self.handled(body) else {
            return self.end_statement(id, Outcome::Succeeded(Value::Null));
        };
        let traces = match rollback {
            Rollback::Everything => self.take_traces(owner, None),
            Rollback::To(checkpoint) => self.take_traces(owner, Some(checkpoint)),
            Rollback::Manually => return self.wait_for_request(id, instance, owner),
        };
        self.rolled_back = self.rolled_back.max(if owner == RUN { RolledBack::Run } else { RolledBack::Inside });
        self.begin_rollback(id, instance, RollbackCause::Handler, traces, Then::Statement(id, owner));
    }

    /// Lets the run wait until somebody asks for its rollback.
    fn wait_for_request(&mut self, id: InstanceId, instance: Instance, owner: InstanceId) {
        let steps = self.bodies.get(&owner).map(|run| steps(run.earlier.iter().chain([&run.trace]))).unwrap_or_default();
        self.conclude(EventKind::RollbackWaits { instance, steps });
        self.state = RunState::Paused;
        self.waits_for_rollback = Some(id);
        self.command(Command::Suspend);
    }

    /// Somebody asked for the rollback that waits, for that of a run which has ended, or once more for what undos left.
    pub(super) fn rollback_requested(&mut self, settled: &[SettledUndo]) {
        let failed = self.state == RunState::RollbackFailed;
        (self.state, self.rolled_back) = (RunState::Running, RolledBack::Run);
        if failed {
            self.rollback_failed = false;
            let mut left: VecDeque<UndoGraph> = self.left_over.drain(..).collect();
            left.iter_mut().for_each(|graph| graph.reopen(settled));
            return self.undo_left(left);
        }
        let Some(id) = self.waits_for_rollback.take() else {
            let traces = std::mem::take(&mut self.done);
            let then = Then::Request(VecDeque::new());
            return self.begin_rollback(RUN, run_itself(), RollbackCause::Request, traces, then);
        };
        let Some(node) = self.nodes.get(&id) else { return };
        let (instance, body) = (node.instance.clone(), node.body);
        let Some(owner) = self.handled(body) else { return };
        let traces = self.take_traces(owner, None);
        self.begin_rollback(id, instance, RollbackCause::Request, traces, Then::Statement(id, owner));
    }

    /// Goes on with the first rollback that left something, or ends the run where there is none.
    fn undo_left(&mut self, mut left: VecDeque<UndoGraph>) {
        let Some(graph) = left.pop_front() else {
            let cause = self.cause.clone();
            return self.finish(RunState::RolledBack, cause);
        };
        self.conclude(EventKind::RollbackStarted { instance: run_itself(), cause: RollbackCause::Request, steps: graph.steps() });
        self.go_on_rolling_back(RUN, run_itself(), graph, Then::Request(left));
    }

    /// What the attempts of a body or step did, which counts as undone from now on.
    fn take_traces(&mut self, owner: InstanceId, checkpoint: Option<&str>) -> Vec<BodyTrace> {
        if let Some(run) = self.bodies.get_mut(&owner) {
            return match checkpoint {
                Some(checkpoint) => vec![run.trace.take_after(checkpoint)],
                None => run.earlier.drain(..).chain([run.trace.take()]).collect(),
            };
        }
        let Some(node) = self.nodes.get_mut(&owner) else { return Vec::new() };
        let (workflow, position, trace) = (node.workflow, node.position, std::mem::take(&mut node.trace));
        let Some(body) = self.bodies.get(&node.body).map(|run| run.body) else { return Vec::new() };
        let mut traces = BodyTrace::new(workflow, body);
        traces.statements.insert(position, trace);
        vec![traces]
    }

    /// Undoes what the attempts of a body did.
    pub(super) fn begin_rollback(
        &mut self,
        id: InstanceId,
        instance: Instance,
        cause: RollbackCause,
        traces: Vec<BodyTrace>,
        then: Then,
    ) {
        let steps = steps(&traces);
        self.conclude(EventKind::RollbackStarted { instance: instance.clone(), cause, steps });
        let program = Arc::clone(&self.program);
        let graph = UndoGraph::new(&program, &mut |workflow| self.plan(workflow), traces);
        self.go_on_rolling_back(id, instance, graph, then);
    }

    fn go_on_rolling_back(&mut self, id: InstanceId, instance: Instance, graph: UndoGraph, then: Then) {
        let (unfinished, first) = (graph.left(), graph.first());
        let run = RollbackRun { instance, then, graph, unfinished, undone: 0, failed: 0, blocked: 0 };
        self.rollbacks.insert(id, run);
        self.go_on_undoing(id, first.into());
    }

    /// Does what there is to do at vertices that wait for nothing more, and at those that come due by it.
    fn go_on_undoing(&mut self, id: InstanceId, mut due: VecDeque<usize>) {
        while let Some(vertex) = due.pop_front() {
            let Some(run) = self.rollbacks.get_mut(&id) else { return };
            let well = match run.graph.take(vertex) {
                Due::Undo(undoable) if self.planned.is_some() => {
                    self.plan_undo(*undoable);
                    true
                }
                Due::Undo(undoable) => {
                    self.begin_undo(id, vertex, *undoable);
                    continue;
                }
                Due::Nothing => true,
                Due::Blocked(undoable) => {
                    run.blocked += u64::from(undoable.is_some());
                    if let Some(undoable) = undoable {
                        self.tell_blocked(&undoable);
                    }
                    false
                }
            };
            due.extend(self.vertex_ended(id, vertex, well));
        }
    }

    fn vertex_ended(&mut self, id: InstanceId, vertex: usize, well: bool) -> Vec<usize> {
        let Some(run) = self.rollbacks.get_mut(&id) else { return Vec::new() };
        run.unfinished = run.unfinished.saturating_sub(1);
        if run.unfinished == 0 {
            self.agenda.push_back(Task::RollbackOver(id));
        }
        run.graph.ended(vertex, well)
    }

    fn tell_blocked(&mut self, undoable: &Undoable) {
        let instance = Instance { id: self.next_id(Origin::Undo(undoable.instance.id)), path: undoable.instance.path.clone() };
        let kind = InstanceKind::Undo(undoable.instance.id);
        self.conclude(EventKind::Skipped { instance, kind, reason: SkipReason::Blocked });
    }

    /// The undo of a step has ended.
    pub(super) fn undo_ended(&mut self, id: InstanceId, vertex: usize, outcome: &Outcome) {
        let Some(run) = self.rollbacks.get_mut(&id) else { return };
        let well = match outcome {
            Outcome::Succeeded(_) | Outcome::Skipped(_) | Outcome::Continued(_) => true,
            Outcome::Failed(_) | Outcome::Cancelled(_) => false,
        };
        run.undone += u64::from(well);
        run.failed += u64::from(!well);
        let due = self.vertex_ended(id, vertex, well);
        self.go_on_undoing(id, due.into());
    }

    /// Ends a rollback.
    pub(super) fn rollback_over(&mut self, id: InstanceId) {
        let Some(run) = self.rollbacks.remove(&id) else { return };
        let RollbackRun { instance, then, undone, failed, blocked, graph, .. } = run;
        let path = instance.path.clone();
        self.conclude(EventKind::RollbackEnded { instance, undone, failed, blocked });
        let left = failed + blocked;
        self.rollback_failed |= left > 0;
        if graph.left() > 0 {
            self.left_over.push(graph);
        }
        match then {
            Then::Statement(node, owner) if left > 0 => {
                self.mark_stuck(owner);
                if let Some(handling) = self.handlings.get_mut(&owner) {
                    handling.rollback_failed = true;
                }
                self.end_statement(node, Outcome::Failed(incomplete(path, left)));
            }
            Then::Statement(node, _) => self.end_statement(node, Outcome::Succeeded(Value::Null)),
            Then::Retry(body, decision) => self.after_retry_rollback(body, decision, left),
            Then::Settle(owner, outcome) => {
                if left > 0 {
                    self.mark_stuck(owner);
                }
                self.settle_race(owner, outcome);
            }
            Then::Request(others) if self.rollback_failed => {
                // Those stand around what could not be undone.
                self.left_over.extend(others);
                let cause = self.cause.clone();
                self.finish(RunState::RollbackFailed, cause);
            }
            Then::Request(others) => self.undo_left(others),
        }
    }

    fn after_retry_rollback(&mut self, body: InstanceId, decision: Decision, left: u64) {
        let Some(run) = self.bodies.get(&body) else { return };
        if left > 0 {
            self.mark_stuck(body);
            let Some(cause) = self.bodies.get(&body).and_then(|run| run.attempts.cause.clone()) else { return };
            self.settle_with_handlers(body, Outcome::Failed(cause));
        } else if run.is_stopping() {
            self.agenda.push_back(Task::Drained(body));
        } else {
            self.follow(body, decision);
        }
    }

    /// What the steps of a body or step depended on must not be undone any more.
    fn mark_stuck(&mut self, owner: InstanceId) {
        if let Some(run) = self.bodies.get_mut(&owner) {
            run.trace.stuck = true;
        } else if let Some(node) = self.nodes.get_mut(&owner) {
            node.trace.stuck = true;
        }
    }

    /// Whether the handlers of a body roll back, so that its further attempts begin on clean ground; up to which checkpoint.
    pub(super) fn rollback_before_retry(&self, body: InstanceId) -> Option<Rollback> {
        let run = self.bodies.get(&body)?;
        let workflow = self.program.workflows.get(run.workflow)?;
        let outcome = Outcome::Failed(run.attempts.cause.clone()?);
        let handlers = &body_of(&self.program, run.workflow, run.body)?.handlers;
        let mut statements = super::handler::called_for(handlers, &outcome)
            .into_iter()
            .filter_map(|(_, body)| workflow.bodies.get(body))
            .flat_map(|body| &body.statements)
            .filter_map(|statement| workflow.statements.get(*statement));
        statements.find_map(|statement| match &statement.kind {
            StatementKind::Rollback(Rollback::Manually) => None,
            StatementKind::Rollback(rollback) => Some(rollback.clone()),
            _ => None,
        })
    }

    /// Undoes what a failed attempt of a body did, then tries it again.
    pub(super) fn roll_back_and_retry(&mut self, body: InstanceId, rollback: &Rollback, decision: Decision) {
        let Some(instance) = self.bodies.get(&body).map(|run| run.instance.clone()) else { return };
        let traces = match rollback {
            Rollback::To(checkpoint) => self.take_traces(body, Some(checkpoint)),
            Rollback::Everything | Rollback::Manually => self.take_traces(body, None),
        };
        if traces.iter().all(BodyTrace::is_empty) {
            return self.follow(body, decision);
        }
        self.begin_rollback(body, instance, RollbackCause::Retry, traces, Then::Retry(body, decision));
    }

    /// Ends a race after what its losers did is undone.
    pub(super) fn undo_losers(&mut self, owner: InstanceId, instance: Instance, losers: Vec<BodyTrace>, outcome: Outcome) {
        if losers.iter().all(BodyTrace::is_empty) {
            return self.settle_race(owner, outcome);
        }
        self.begin_rollback(owner, instance, RollbackCause::LostRace, losers, Then::Settle(owner, outcome));
    }

    fn settle_race(&mut self, owner: InstanceId, outcome: Outcome) {
        if self.bodies.contains_key(&owner) {
            self.settle_with_handlers(owner, outcome);
        } else {
            self.end_statement(owner, outcome);
        }
    }

    /// What came before a `commit` is not undone any more, in its body and in those around it up to the workflow's own.
    pub(super) fn commit(&mut self, id: InstanceId) {
        let Some((mut body, mut position)) = self.nodes.get(&id).map(|node| (node.body, node.position)) else { return };
        let program = Arc::clone(&self.program);
        while let Some(run) = self.bodies.get(&body) {
            let plan = self.plan(run.workflow);
            let Some(run) = self.bodies.get_mut(&body) else { return };
            let statements = body_of(&program, run.workflow, run.body).map_or(&[][..], |body| &body.statements);
            let before = plan.before(statements, position);
            run.trace.statements.retain(|position, _| !before.contains(position));
            run.earlier.clear();
            let node = match run.owner {
                Owner::Run | Owner::Call(_) | Owner::Handler(..) => return,
                Owner::Block => body,
                Owner::Iteration(node, _) | Owner::Round(node, _) => node,
            };
            let Some(node) = self.nodes.get_mut(&node) else { return };
            if node.trace.side_by_side.is_none() {
                node.trace.inside.clear();
            }
            (body, position) = (node.body, node.position);
        }
    }

    /// How a run ends that failed.
    pub(super) fn state_after_failure(&self) -> RunState {
        let nothing_left = steps(&self.done).is_empty();
        match self.rolled_back {
            _ if self.rollback_failed => RunState::RollbackFailed,
            RolledBack::Run => RunState::RolledBack,
            RolledBack::Inside if nothing_left => RunState::RolledBack,
            RolledBack::Inside | RolledBack::Nothing => RunState::Failed,
        }
    }
}

/// The run, where an event names an instance.
pub(super) fn run_itself() -> Instance {
    Instance { id: RUN, path: "".into() }
}
