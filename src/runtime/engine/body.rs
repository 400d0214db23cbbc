//! Open bodies: their statements become due as others end, until nothing is left or nothing more may start.

use super::Engine;
use super::evaluate::{Extras, Hindrance, Spot};
use super::node::statement_of;
use super::retry::Decision;
use super::rollback::RolledBack;
use super::state::{Attempts, BodyRun, Closing, FrameId, Node, NodeState, Outcome, Owner, RaceRun, StepPhase, Task, Waiter, Way};
use super::trace::BodyTrace;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use wf_model::event::{EventKind, FailedInstance, Instance, InstanceId, SkipReason, Timer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Body, BodyId, Program, StatementId, StatementKind, Wait, WorkflowId};
use wf_model::value::Value;

/// What a body is opened with.
pub(super) struct Opening {
    pub(super) instance: Instance,
    pub(super) owner: Owner,
    pub(super) workflow: WorkflowId,
    pub(super) body: BodyId,
    pub(super) frame: FrameId,
    pub(super) way: Way,
    pub(super) rank: u32,
    pub(super) wait: Wait,
    pub(super) max: usize,
}

/// What is left of a body that has ended.
pub(super) struct EndedBody {
    pub(super) instance: Instance,
    pub(super) frame: FrameId,
    pub(super) outcome: Outcome,
    pub(super) traces: Vec<BodyTrace>,
}

impl BodyRun {
    /// Whether statements may start in it.
    pub(super) fn takes_more(&self) -> bool {
        self.running && self.closed.is_none()
    }

    /// Takes the next statement that is held back and was not skipped meanwhile.
    pub(super) fn next_held(&mut self) -> Option<usize> {
        while let Some((_, std::cmp::Reverse(position))) = self.held.pop() {
            if self.begun.get(position) == Some(&false) {
                return Some(position);
            }
        }
        None
    }

    /// Whether it was asked to end, rather than that something in it failed or decided it.
    pub(super) const fn is_stopping(&self) -> bool {
        matches!(self.closed, Some(Closing::Cancelled(_) | Closing::TimedOut))
    }

    pub(super) fn spot(&self) -> Spot {
        Spot { instance: self.instance.id, frame: self.frame }
    }
}

pub(super) fn body_of(program: &Program, workflow: WorkflowId, body: BodyId) -> Option<&Body> {
    program.workflows.get(workflow)?.bodies.get(body)
}

impl Engine {
    pub(super) fn open_body(&mut self, opening: Opening) {
        let lenient = self.is_lenient(&opening);
        let Opening { instance, owner, workflow, body, frame, way, rank, wait, max } = opening;
        let id = instance.id;
        let run = BodyRun {
            instance,
            owner,
            workflow,
            body,
            frame,
            way,
            rank,
            waiting: Vec::new(),
            begun: Vec::new(),
            unfinished: 0,
            live: BTreeSet::new(),
            max,
            held: BinaryHeap::new(),
            wait,
            race: RaceRun::default(),
            closed: None,
            attempts: Attempts::default(),
            timeout: None,
            within: None,
            running: false,
            lenient,
            trace: BodyTrace::new(workflow, body),
            earlier: Vec::new(),
        };
        self.bodies.insert(id, run);
        self.when_told(id, Task::Open(id));
    }

    /// Evaluates the clauses of a body and starts it.
    pub(super) fn open(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id).filter(|run| run.closed.is_none()) else { return Ok(()) };
        let Some(body) = body_of(&program, run.workflow, run.body) else { return Ok(()) };
        let (spot, instance) = (run.spot(), run.instance.clone());
        let timeout = self.evaluate_duration_of(spot, body.clauses.timeout.as_ref())?;
        let within = self.evaluate_duration_of(spot, body.clauses.retry.as_ref().and_then(|retry| retry.within.as_ref()))?;
        let lock = self.lock_to_take(id, spot, body.clauses.lock.as_ref())?;
        if let Some(timeout) = timeout {
            let due = self.now.after(timeout);
            self.set_timer(instance, Timer::Timeout, due);
        }
        if let Some(run) = self.bodies.get_mut(&id) {
            (run.timeout, run.within) = (timeout, within);
        }
        match lock {
            Some(lock) => self.ask_for_lock(id, lock),
            None => self.start_body(id),
        }
        Ok(())
    }

    /// Starts the next attempt of a body.
    pub(super) fn start_body(&mut self, id: InstanceId) {
        let program = Arc::clone(&self.program);
        let now = self.now;
        let Some(run) = self.bodies.get_mut(&id) else { return };
        let Some(body) = body_of(&program, run.workflow, run.body) else { return };
        run.attempts.count(now);
        let (workflow, frame, attempt) = (run.workflow, run.frame, run.attempts.number);
        if attempt > 1 {
            self.reset(workflow, frame, body);
        }
        let waiting = self.waiting(id, workflow, frame, attempt, body);
        let Some(run) = self.bodies.get_mut(&id) else { return };
        (run.closed, run.race, run.running) = (None, RaceRun::default(), true);
        let trace = std::mem::replace(&mut run.trace, BodyTrace::new(workflow, run.body));
        run.earlier.extend(Some(trace).filter(|trace| !trace.is_empty()));
        run.held.clear();
        run.begun = vec![false; body.statements.len()];
        run.unfinished = body.statements.len();
        for (position, _) in waiting.iter().enumerate().filter(|(_, count)| **count == 0) {
            self.agenda.push_back(Task::Due(id, position));
        }
        run.waiting = waiting;
        self.advance(id);
    }

    /// For each statement of a body, for how many it waits.
    fn waiting(&mut self, id: InstanceId, workflow: WorkflowId, frame: FrameId, attempt: u32, body: &Body) -> Vec<u32> {
        let plan = self.plan(workflow);
        let mut waiting = Vec::with_capacity(body.statements.len());
        for (position, &statement) in body.statements.iter().enumerate() {
            let Some(place) = plan.place(statement) else {
                waiting.push(0);
                continue;
            };
            let mut count = place.predecessors;
            for &target in &place.outside {
                let around = plan.place(target).and_then(|place| place.around);
                count += u32::from(self.wait_for(frame, around, target, Waiter { body: id, attempt, position }));
            }
            waiting.push(count);
        }
        waiting
    }

    /// Makes a statement wait for one of another body; whether it has to.
    fn wait_for(&mut self, frame: FrameId, around: Option<StatementId>, target: StatementId, waiter: Waiter) -> bool {
        let mut at = frame;
        while let Some(current) = self.frames.get(&at) {
            if current.around == around {
                break;
            }
            let Some(parent) = current.parent else { return false };
            at = parent;
        }
        let Some(frame) = self.frames.get_mut(&at) else { return false };
        if frame.satisfied.contains(&target) {
            return false;
        }
        frame.waiters.entry(target).or_default().push(waiter);
        if let Some(cause) = self.stranding(at, target, waiter) {
            self.agenda.push_back(Task::Stranded(waiter, cause));
        }
        true
    }

    /// Forgets the values and ends of what stands in a body that begins again.
    pub(super) fn reset(&mut self, workflow: WorkflowId, frame: FrameId, body: &Body) {
        let program = Arc::clone(&self.program);
        let Some(frame) = self.frames.get_mut(&frame) else { return };
        let mut open: Vec<&Body> = vec![body];
        while let Some(body) = open.pop() {
            for &id in &body.statements {
                let Some(statement) = statement_of(&program, workflow, id) else { continue };
                if let Some(value) = statement.value {
                    frame.values.remove(&value);
                }
                frame.satisfied.remove(&id);
                frame.lost.remove(&id);
                // What a `for each` declares lives in the frames of its iterations.
                if !matches!(statement.kind, StatementKind::ForEach(_)) {
                    open.extend(statement.kind.bodies().into_iter().filter_map(|body| body_of(&program, workflow, body)));
                }
            }
        }
    }

    /// Takes in that a statement of a body has ended.
    pub(super) fn ended(&mut self, id: InstanceId, node: InstanceId, position: usize, outcome: &Outcome) {
        let Some(run) = self.bodies.get_mut(&id) else { return };
        run.live.remove(&node);
        run.unfinished = run.unfinished.saturating_sub(1);
        match outcome {
            Outcome::Succeeded(value) => {
                self.satisfy(id, position);
                self.win(id, position, value);
            }
            Outcome::Skipped(SkipReason::Condition | SkipReason::BranchNotTaken | SkipReason::Locked) => {
                self.satisfy(id, position);
            }
            Outcome::Continued(cause) => {
                self.satisfy(id, position);
                self.forgive(id, position, cause);
            }
            Outcome::Failed(cause) => self.lose(id, position, cause),
            Outcome::Skipped(_) => self.give_up_at(id, position),
            Outcome::Cancelled(_) => {}
        }
        self.advance(id);
    }

    /// Nobody has to wait any more for the statement at `position`.
    fn satisfy(&mut self, id: InstanceId, position: usize) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id) else { return };
        let (workflow, frame) = (run.workflow, run.frame);
        let Some(&statement) = body_of(&program, workflow, run.body).and_then(|body| body.statements.get(position)) else {
            return;
        };
        let plan = self.plan(workflow);
        let Some(place) = plan.place(statement) else { return };
        for &successor in &place.successors {
            self.release(id, successor);
        }
        if place.watched {
            self.satisfy_watched(frame, statement);
        }
    }

    /// One statement fewer to wait for.
    fn release(&mut self, id: InstanceId, position: usize) {
        let Some(count) = self.bodies.get_mut(&id).and_then(|run| run.waiting.get_mut(position)) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.agenda.push_back(Task::Due(id, position));
        }
    }

    fn satisfy_watched(&mut self, frame: FrameId, statement: StatementId) {
        let Some(frame) = self.frames.get_mut(&frame) else { return };
        if !frame.satisfied.insert(statement) {
            return;
        }
        for waiter in frame.waiters.remove(&statement).unwrap_or_default() {
            if self.bodies.get(&waiter.body).is_some_and(|run| run.attempts.number == waiter.attempt) {
                self.release(waiter.body, waiter.position);
            }
        }
    }

    /// What stands inside a block that has ended has ended too, whether it ran or not.
    pub(super) fn satisfy_inside(&mut self, node: &Node) {
        let plan = self.plan(node.workflow);
        for &inside in plan.place(node.statement).map_or(&[][..], |place| &place.watched_inside) {
            self.satisfy_watched(node.frame, inside);
        }
    }

    /// Nobody has to wait for statements that will not run, nor for what stands inside them.
    pub(super) fn satisfy_all(&mut self, workflow: WorkflowId, frame: FrameId, statements: &[StatementId]) {
        let plan = self.plan(workflow);
        for &statement in statements {
            let Some(place) = plan.place(statement) else { continue };
            for &watched in place.watched_inside.iter().chain(place.watched.then_some(&statement)) {
                self.satisfy_watched(frame, watched);
            }
        }
    }

    /// Lets nothing more start in a body; what waits for its first start is skipped.
    pub(super) fn close(&mut self, id: InstanceId, closing: Closing, reason: SkipReason) {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get_mut(&id) else { return };
        let failed = closing == Closing::Failed;
        match run.closed {
            Some(Closing::Cancelled(_) | Closing::TimedOut) => return,
            Some(Closing::Failed | Closing::Decided) if matches!(closing, Closing::Failed | Closing::Decided) => return,
            Some(Closing::Failed | Closing::Decided) | None => run.closed = Some(closing),
        }
        let statements = body_of(&program, run.workflow, run.body).map_or(&[][..], |body| &body.statements);
        let unstarted: Vec<StatementId> =
            statements.iter().zip(&run.begun).filter(|(_, begun)| !**begun).map(|(statement, _)| *statement).collect();
        run.begun.fill(true);
        run.unfinished = run.unfinished.saturating_sub(unstarted.len());
        let (workflow, way, attempt) = (run.workflow, run.way.clone(), run.attempts.number);
        let live: Vec<InstanceId> = run.live.iter().copied().collect();
        for node in live {
            if self.nodes.get(&node).is_some_and(|node| node.is_unstarted()) {
                self.end_statement(node, Outcome::Skipped(reason));
            }
        }
        self.skip((id, attempt), workflow, &unstarted, &way, reason);
        if failed {
            self.give_up_on(id, &unstarted);
        }
    }

    /// Sees whether a body is over, or has room for statements that are held back.
    pub(super) fn advance(&mut self, id: InstanceId) {
        let Some(run) = self.bodies.get_mut(&id).filter(|run| run.running) else { return };
        if run.live.is_empty() && (run.unfinished == 0 || run.closed.is_some()) {
            run.running = false;
            self.agenda.push_back(Task::Drained(id));
            return;
        }
        for _ in run.live.len()..run.max.min(run.live.len().saturating_add(run.held.len())) {
            let Some(position) = run.next_held() else { break };
            self.agenda.push_back(Task::Due(id, position));
        }
    }

    /// Decides what becomes of a body in which everything has ended.
    pub(super) fn drained(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        // A body that was asked to end when everything in it just had is told so twice.
        if self.is_settling(id) {
            return Ok(());
        }
        let Some(run) = self.bodies.get_mut(&id) else { return Ok(()) };
        let path = run.instance.path.clone();
        let attempts = run.attempts.number;
        match &run.closed {
            Some(Closing::Cancelled(reason)) => {
                let outcome = Outcome::Cancelled(*reason);
                self.settle_body(id, outcome);
                Ok(())
            }
            Some(Closing::TimedOut) => {
                let failure = self.bodies.get(&id).map(|run| self.body_out_of_time(run));
                let failure = failure.unwrap_or_else(|| Failure::final_of(FailureKind::Timeout, "block ran out of time"));
                self.settle_body(id, Outcome::Failed(FailedInstance { path, failure, attempts }));
                Ok(())
            }
            Some(Closing::Failed) => match run.attempts.cause.clone() {
                Some(cause) => self.retry_body(id, cause),
                None => Ok(()),
            },
            Some(Closing::Decided) | None => match (run.race.won.take(), run.race.failed.take()) {
                (None, Some(first)) => {
                    let message =
                        format!("no branch succeeded; the first failure: {}{}", whose(&first.path), first.failure.message);
                    let failure = Failure { retryable: true, ..Failure::final_of(FailureKind::Race, &message) };
                    self.retry_body(id, FailedInstance { path, failure, attempts })
                }
                // What uses the winner may rely on it.
                (None, None) if run.wait != Wait::All => {
                    let failure = Failure::final_of(FailureKind::Race, "nothing raced: no branch ran");
                    self.retry_body(id, FailedInstance { path, failure, attempts })
                }
                (won, _) => {
                    self.body_succeeded(id, won.unwrap_or(Value::Null));
                    Ok(())
                }
            },
        }
    }

    /// Settles a body that has succeeded; what the losers of a race did is undone first.
    fn body_succeeded(&mut self, id: InstanceId, value: Value) {
        let Some(run) = self.bodies.get_mut(&id) else { return };
        let outcome = Outcome::Succeeded(value);
        let Some(winner) = run.race.winner else { return self.settle_body(id, outcome) };
        let mut losers = run.trace.take();
        run.trace.statements.extend(losers.statements.remove_entry(&winner));
        let (instance, losers) = (run.instance.clone(), vec![losers]);
        self.undo_losers(id, instance, losers, outcome);
    }

    /// Runs the handlers of a body whose attempts are used up, then ends it.
    pub(super) fn settle_body(&mut self, id: InstanceId, outcome: Outcome) {
        let Some(run) = self.bodies.get_mut(&id) else { return };
        let (instance, drawing) = (run.instance.clone(), run.attempts.drawing.take());
        self.drawing -= usize::from(drawing.is_some());
        self.drop_waits(&instance);
        self.settle_with_handlers(id, outcome);
    }

    fn retry_body(&mut self, id: InstanceId, cause: FailedInstance) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id) else { return Ok(()) };
        let retry = body_of(&program, run.workflow, run.body).and_then(|body| body.clauses.retry.as_ref());
        let decision = self.decide(run.spot(), retry, &run.attempts, run.within, &cause)?;
        let most = self.most_attempts(run.spot(), retry)?;
        if decision == Decision::GiveUp {
            self.settle_body(id, Outcome::Failed(cause));
            return Ok(());
        }
        let Some(run) = self.bodies.get_mut(&id) else { return Ok(()) };
        (run.attempts.cause, run.attempts.most) = (Some(cause), most);
        match self.rollback_before_retry(id) {
            Some(rollback) => self.roll_back_and_retry(id, &rollback, decision),
            None => self.follow(id, decision),
        }
        Ok(())
    }

    /// Ends a failed body as its `on failure continue` says.
    pub(super) fn forgive_body(&mut self, id: InstanceId, cause: FailedInstance) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(run) = self.bodies.get(&id) else { return Ok(()) };
        let clauses = body_of(&program, run.workflow, run.body).map(|body| &body.clauses);
        let extras = Extras { failure: Some(cause.failure.value(&cause.path, cause.attempts)), ..Extras::default() };
        let continued = match clauses.and_then(|clauses| clauses.continuation.as_ref()) {
            Some(continuation) => self.holds(run.spot(), &extras, continuation.when.as_ref())?,
            None => false,
        };
        self.end_body(id, if continued { Outcome::Continued(cause) } else { Outcome::Failed(cause) });
        Ok(())
    }

    /// Ends a failed body whose `on failure continue` cannot be looked at.
    pub(super) fn fail_settled_body(&mut self, id: InstanceId, failure: Failure) {
        let Some(cause) = self.cause_in(id, failure) else { return };
        self.end_body(id, Outcome::Failed(cause));
    }

    /// A failure of a body's own.
    fn cause_in(&self, id: InstanceId, failure: Failure) -> Option<FailedInstance> {
        let run = self.bodies.get(&id)?;
        Some(FailedInstance { path: run.instance.path.clone(), failure, attempts: run.attempts.number })
    }

    /// Fails a body whose own expressions failed.
    pub(super) fn fail_body(&mut self, id: InstanceId, failure: Failure) {
        let Some(cause) = self.cause_in(id, failure) else { return };
        self.settle_body(id, Outcome::Failed(cause));
    }

    fn keep_trace(&mut self, node: InstanceId, traces: Vec<BodyTrace>) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.trace.inside.extend(traces);
        }
    }

    /// Ends a body; what it belongs to hears of it.
    pub(super) fn end_body(&mut self, id: InstanceId, outcome: Outcome) {
        let Some(mut run) = self.bodies.remove(&id) else { return };
        self.drop_waits(&run.instance);
        self.let_go(id);
        if let Outcome::Continued(cause) = &outcome {
            self.rolled_back = RolledBack::Nothing;
            if run.owner != Owner::Block {
                let (instance, cause) = (run.instance.clone(), cause.clone());
                self.conclude(EventKind::Failed { instance, cause, continued: true });
            }
        }
        let traces = std::mem::take(&mut run.earlier).into_iter().chain([run.trace.take()]);
        let traces: Vec<BodyTrace> = traces.filter(|trace| !trace.is_empty()).collect();
        match run.owner {
            Owner::Run => {
                self.done = traces;
                self.root_ended(outcome);
            }
            // What handlers do is the end of a story: nobody goes back on it.
            Owner::Handler(owner, cause) => self.handler_ended(owner, cause, run.instance, run.frame, outcome),
            Owner::Block => {
                self.keep_trace(id, traces);
                self.end_statement(id, outcome);
            }
            Owner::Call(node) => {
                self.keep_trace(node, traces);
                self.call_ended(node, run.frame, outcome);
            }
            Owner::Iteration(node, index) => {
                self.iteration_ended(node, index, EndedBody { instance: run.instance, frame: run.frame, outcome, traces });
            }
            Owner::Round(node, index) => {
                self.keep_trace(node, traces);
                self.round_ended(node, run.instance, index, outcome);
            }
        }
    }
}

impl Node {
    /// Whether nothing of it has happened outside.
    pub(super) fn is_unstarted(&self) -> bool {
        match &self.state {
            NodeState::Preparing => true,
            NodeState::Step(step) => matches!(step.phase, StepPhase::Looking | StepPhase::Queued) && step.attempts.number == 0,
            NodeState::Block | NodeState::Loop(_) | NodeState::Repeat(_) | NodeState::Rollback => false,
        }
    }
}

/// What failed, before how; nothing where it has no name.
fn whose(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}
