//! Statements: how they come to be, what they turn out to be, and how they end.

use super::Engine;
use super::body::body_of;
use super::evaluate::{Extras, Hindrance, Spot};
use super::numbering::Origin;
use super::state::{Node, NodeState, Outcome, Parked, StepPhase, StepRun, Task};
use super::trace::Trace;
use std::sync::Arc;
use wf_model::event::{EventKind, FailedInstance, Instance, InstanceId, InstanceKind, SkipReason};
use wf_model::failure::Failure;
use wf_model::program::{Callee, Program, Statement, StatementId, StatementKind, Workflow, WorkflowId};
use wf_model::value::Value;

/// The statement at a place of a program.
pub(super) fn statement_of(program: &Program, workflow: WorkflowId, statement: StatementId) -> Option<&Statement> {
    program.workflows.get(workflow)?.statements.get(statement)
}

/// What an instance of a statement is.
pub(super) fn kind_of(program: &Program, statement: &Statement) -> InstanceKind {
    match &statement.kind {
        StatementKind::Let(_) => InstanceKind::Let,
        StatementKind::Step(step) => match &step.invocation.callee {
            Callee::Kind(kind) => InstanceKind::Step(kind.clone()),
            Callee::Workflow(id) => InstanceKind::Call(
                program.workflows.get(*id).map_or_else(|| "".into(), |workflow: &Workflow| workflow.name.clone()),
            ),
        },
        StatementKind::If(_) => InstanceKind::If,
        StatementKind::Stage(_) => InstanceKind::Stage,
        StatementKind::Parallel(_) => InstanceKind::Parallel,
        StatementKind::ForEach(_) => InstanceKind::ForEach,
        StatementKind::Repeat(_) => InstanceKind::Repeat,
        StatementKind::Rollback(_) => InstanceKind::Rollback,
        StatementKind::Checkpoint(_) => InstanceKind::Checkpoint,
        StatementKind::Commit => InstanceKind::Commit,
    }
}

impl Node {
    /// What it is.
    fn kind(&self, program: &Program) -> Option<InstanceKind> {
        match &self.undo {
            Some(undo) => Some(InstanceKind::Undo(undo.of)),
            None => Some(kind_of(program, statement_of(program, self.workflow, self.statement)?)),
        }
    }

    /// The step or undo, where it has come to that.
    pub(super) fn step(&self) -> Option<&StepRun> {
        match &self.state {
            NodeState::Step(step) => Some(step),
            NodeState::Preparing | NodeState::Block | NodeState::Loop(_) | NodeState::Repeat(_) | NodeState::Rollback => None,
        }
    }

    pub(super) fn spot(&self) -> Spot {
        Spot { instance: self.instance.id, frame: self.frame }
    }
}

impl Engine {
    /// Makes the statement at `position` of an open body go on, unless nothing may start there or there is no room.
    pub(super) fn due(&mut self, id: InstanceId, position: usize) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id) else { return };
        if !run.takes_more() || run.begun.get(position) != Some(&false) {
            return;
        }
        if run.live.len() < run.max {
            return self.begin_statement(id, position);
        }
        let (workflow, base) = (run.workflow, run.rank);
        let statement = body_of(&program, workflow, run.body).and_then(|body| body.statements.get(position)).copied();
        let plan = self.plan(workflow);
        let rank = statement.and_then(|statement| plan.place(statement)).map_or(0, |place| place.rank).saturating_add(base);
        if let Some(run) = self.bodies.get_mut(&id) {
            run.held.push((rank, std::cmp::Reverse(position)));
        }
    }

    /// Makes a statement go on that is held back by the `max` of its body; whether there was one. Nothing of the blocks that
    /// take the room runs when this is asked: they wait for what is held back.
    pub(super) fn begin_held(&mut self) -> bool {
        let next = self.bodies.iter_mut().filter(|(_, run)| run.takes_more()).find_map(|(id, run)| Some((id, run.next_held()?)));
        let Some((id, position)) = next else { return false };
        self.begin_statement(id, position);
        true
    }

    fn begin_statement(&mut self, body_id: InstanceId, position: usize) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&body_id) else { return };
        let workflow = run.workflow;
        let statement = body_of(&program, workflow, run.body).and_then(|body| body.statements.get(position));
        let Some(&id) = statement else { return };
        let origin = Origin::Statement { around: body_id, attempt: run.attempts.number, workflow, statement: id };
        let (plan, instance_id) = (self.plan(workflow), self.next_id(origin));
        let Some(run) = self.bodies.get_mut(&body_id) else { return };
        if let Some(begun) = run.begun.get_mut(position) {
            *begun = true;
        }
        run.live.insert(instance_id);
        let rank = plan.place(id).map_or(0, |place| place.rank).saturating_add(run.rank);
        let name = statement_of(&program, workflow, id).and_then(|statement| statement.name.as_deref());
        let instance = Instance { id: instance_id, path: run.way.to(name) };
        let (frame, state) = (run.frame, NodeState::Preparing);
        let trace = Trace::default();
        let node = Node {
            instance,
            body: body_id,
            position,
            statement: id,
            workflow,
            frame,
            rank,
            told: false,
            state,
            trace,
            undo: None,
        };
        self.nodes.insert(instance_id, node);
        self.when_told(instance_id, Task::Prepare(instance_id));
    }

    /// Looks at a statement's condition and gets it going.
    pub(super) fn prepare(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let (spot, workflow) = (node.spot(), node.workflow);
        if node.undo.is_some() {
            return self.prepare_undo(id, spot);
        }
        let Some(statement) = statement_of(&program, workflow, node.statement) else { return Ok(()) };
        if !self.holds(spot, &Extras::default(), statement.when.as_ref())? {
            self.end_statement(id, Outcome::Skipped(SkipReason::Condition));
            return Ok(());
        }
        match &statement.kind {
            StatementKind::Let(binding) => {
                let value = self.evaluate(spot, &Extras::default(), &binding.expression)?;
                self.end_statement(id, Outcome::Succeeded(value));
                Ok(())
            }
            StatementKind::Step(step) => match self.lock_to_take(id, spot, step.clauses.lock.as_deref())? {
                Some(lock) => {
                    self.tell_ready(id);
                    self.ask_for_lock(id, lock);
                    Ok(())
                }
                None => self.prepare_step(id, spot, workflow, step),
            },
            StatementKind::If(choice) => self.prepare_if(id, spot, choice),
            StatementKind::Stage(body) => {
                self.open_block(id, *body, wf_model::program::Wait::All, usize::MAX);
                Ok(())
            }
            StatementKind::Parallel(parallel) => {
                let max = self.evaluate_max(spot, parallel.max.as_ref())?;
                self.open_block(id, parallel.body, parallel.wait, max);
                Ok(())
            }
            StatementKind::ForEach(each) => self.prepare_loop(id, spot, each),
            StatementKind::Repeat(repeat) => self.prepare_repeat(id, spot, repeat),
            StatementKind::Rollback(rollback) => {
                self.prepare_rollback(id, rollback);
                Ok(())
            }
            StatementKind::Checkpoint(name) => {
                self.reach(id, name);
                Ok(())
            }
            StatementKind::Commit => {
                self.commit(id);
                self.tell_ready(id);
                self.end_statement(id, Outcome::Succeeded(Value::Null));
                Ok(())
            }
        }
    }

    /// Tells, once, that a statement goes on.
    pub(super) fn tell_ready(&mut self, id: InstanceId) {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.told) else { return };
        node.told = true;
        let (instance, kind) = (node.instance.clone(), node.kind(&program));
        if let Some(kind) = kind {
            let rounds = self.nodes.get(&id).map_or_else(Vec::new, |node| self.rounds_of(node));
            self.conclude(EventKind::Ready { instance, kind, rounds });
        }
    }

    /// The rounds of `repeat`s in which a statement stands.
    fn rounds_of(&self, node: &Node) -> Vec<u64> {
        let around = self.bodies.get(&node.body).map(|run| &run.way);
        let way = node.undo.as_ref().map(|undo| &undo.way).or(around);
        way.map_or_else(Vec::new, |way| way.rounds.to_vec())
    }

    /// Ends a statement: its value is there, everybody is told, and its body hears of it.
    pub(super) fn end_statement(&mut self, id: InstanceId, outcome: Outcome) {
        let program = Arc::clone(&self.program);
        let Some(mut node) = self.nodes.remove(&id) else { return };
        self.drop_waits(&node.instance);
        self.let_go(id);
        self.drop_counts(&node);
        if let Some(undo) = &node.undo {
            self.tell_end(&node, InstanceKind::Undo(undo.of), &outcome);
            self.frames.remove(&node.frame);
            return self.undo_ended(undo.rollback, undo.vertex, &outcome);
        }
        let body = self.bodies.get_mut(&node.body);
        let outcome = match outcome {
            Outcome::Failed(cause) if body.as_ref().is_some_and(|run| run.lenient) => Outcome::Continued(cause),
            outcome => outcome,
        };
        if let (Some(run), false) = (body, node.trace.is_empty()) {
            run.trace.statements.insert(node.position, std::mem::take(&mut node.trace));
        }
        let Some(statement) = statement_of(&program, node.workflow, node.statement) else { return };
        if let (Outcome::Succeeded(value), Some(name), Some(frame)) =
            (&outcome, statement.value, self.frames.get_mut(&node.frame))
        {
            frame.values.insert(name, value.clone());
        }
        self.tell_end(&node, kind_of(&program, statement), &outcome);
        match outcome {
            Outcome::Succeeded(_)
            | Outcome::Continued(_)
            | Outcome::Skipped(SkipReason::Condition | SkipReason::BranchNotTaken | SkipReason::Locked) => {
                self.satisfy_inside(&node)
            }
            Outcome::Skipped(_) | Outcome::Failed(_) | Outcome::Cancelled(_) => {}
        }
        self.agenda.push_back(Task::Ended { body: node.body, node: id, position: node.position, outcome });
    }

    fn tell_end(&mut self, node: &Node, kind: InstanceKind, outcome: &Outcome) {
        let instance = node.instance.clone();
        let untold = !node.told && matches!(outcome, Outcome::Failed(_) | Outcome::Continued(_) | Outcome::Cancelled(_));
        if untold {
            let rounds = self.rounds_of(node);
            self.conclude(EventKind::Ready { instance: instance.clone(), kind: kind.clone(), rounds });
        }
        let told = match outcome {
            Outcome::Succeeded(value) if kind == InstanceKind::Let => EventKind::LetEvaluated { instance, value: value.clone() },
            Outcome::Succeeded(value) if node.is_cached() => EventKind::Cached { instance, value: value.clone() },
            Outcome::Succeeded(value) => EventKind::Succeeded { instance, value: value.clone() },
            Outcome::Skipped(reason) => EventKind::Skipped { instance, kind, reason: *reason },
            Outcome::Failed(cause) => EventKind::Failed { instance, cause: cause.clone(), continued: false },
            Outcome::Continued(cause) => EventKind::Failed { instance, cause: cause.clone(), continued: true },
            Outcome::Cancelled(reason) => EventKind::Cancelled { instance, reason: *reason },
        };
        self.conclude(told);
    }

    /// Fails a statement whose own expressions failed; `forgivable` where its `on failure continue` may be asked.
    pub(super) fn fail_node(&mut self, id: InstanceId, failure: Failure, forgivable: bool) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let path = node.instance.path.clone();
        let attempts = node.step().map_or(0, |step| step.attempts.number);
        let cause = FailedInstance { path, failure, attempts };
        let is_step = matches!(&node.state, NodeState::Preparing | NodeState::Step(_));
        if forgivable && is_step {
            self.agenda.push_back(Task::Reconsider(id, cause));
        } else {
            self.end_statement(id, Outcome::Failed(cause));
        }
    }

    /// A `checkpoint` is reached.
    fn reach(&mut self, id: InstanceId, name: &Arc<str>) {
        self.tell_ready(id);
        let Some(node) = self.nodes.get(&id) else { return };
        if let Some(run) = self.bodies.get_mut(&node.body) {
            run.trace.checkpoints.push((name.clone(), node.position));
        }
        self.end_statement(id, Outcome::Succeeded(Value::Null));
    }

    /// Skips statements that have not begun, of an attempt of a body or of no attempt of an `if`.
    pub(super) fn skip(
        &mut self,
        (around, attempt): (InstanceId, u32),
        workflow: WorkflowId,
        statements: &[StatementId],
        way: &super::state::Way,
        reason: SkipReason,
    ) {
        let program = Arc::clone(&self.program);
        for &id in statements {
            let Some(statement) = statement_of(&program, workflow, id) else { continue };
            let kind = kind_of(&program, statement);
            let origin = Origin::Statement { around, attempt, workflow, statement: id };
            let instance = Instance { id: self.next_id(origin), path: way.to(statement.name.as_deref()) };
            self.conclude(EventKind::Skipped { instance, kind, reason });
        }
    }

    /// Lets go of timers, observations and tasks that belong to something that has ended.
    pub(super) fn drop_waits(&mut self, instance: &Instance) {
        use wf_model::event::Timer;
        for timer in [Timer::Retry, Timer::Round, Timer::Timeout] {
            self.forget_timer(instance, timer);
        }
        if let Some(Parked { task: Task::Leave(_, frame), .. }) = self.parked.remove(&instance.id) {
            self.frames.remove(&frame);
        }
        self.observations.remove(&instance.id);
        self.stop_waiting(instance.id);
    }

    fn drop_counts(&mut self, node: &Node) {
        let NodeState::Step(step) = &node.state else { return };
        if step.phase == StepPhase::Queued {
            self.queue.remove(node.rank, node.instance.id);
        }
        self.caching = self.caching.saturating_sub(usize::from(step.phase.is_caching()));
        if step.attempts.drawing.is_some() {
            self.drawing = self.drawing.saturating_sub(1);
        }
    }

    /// The value of a name in a frame.
    pub(super) fn value_in(&self, frame: super::state::FrameId, id: wf_model::expression::ValueId) -> Value {
        self.frames.get(&frame).and_then(|frame| frame.values.get(&id)).cloned().unwrap_or(Value::Null)
    }
}
