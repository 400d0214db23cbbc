//! Steps: what they call, whether their result holds, and what becomes of a failure.

use super::Engine;
use super::evaluate::{Extras, Hindrance, Spot};
use super::node::statement_of;
use super::retry::Decision;
use super::state::{NodeState, Outcome, StepPhase, StepRun, Task};
use super::undo::action_of;
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, FailedInstance, InstanceId, LostAnswer, Timer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Callee, Invocation, Step, WorkflowId};
use wf_model::script::Call;
use wf_model::value::Value;

impl Engine {
    pub(super) fn prepare_step(
        &mut self,
        id: InstanceId,
        spot: Spot,
        workflow: WorkflowId,
        step: &Step,
    ) -> Result<(), Hindrance> {
        let clauses = &step.clauses;
        let within = clauses.retry.as_ref().and_then(|retry| retry.within.as_ref());
        let run = StepRun {
            timeout: self.evaluate_duration_of(spot, clauses.timeout.as_ref())?,
            within: self.evaluate_duration_of(spot, within)?,
            cache: self.evaluate_cache(spot, clauses.cache.as_deref())?,
            ..StepRun::default()
        };
        self.prepare_action(id, spot, workflow, &step.invocation, run)
    }

    /// Evaluates what a step or undo calls, and lets its first attempt start.
    pub(super) fn prepare_action(
        &mut self,
        id: InstanceId,
        spot: Spot,
        workflow: WorkflowId,
        invocation: &Invocation,
        mut run: StepRun,
    ) -> Result<(), Hindrance> {
        match &invocation.callee {
            Callee::Kind(kind) => {
                let call = self.build_call(spot, workflow, kind, invocation)?;
                run.call = Some(Arc::new(Call { is_unread: self.is_unread(id), ..call }));
            }
            Callee::Workflow(called) => {
                run.given = Arc::new(self.build_given(spot, invocation)?);
                self.cache_call(spot, (workflow, *called), &mut run)?;
            }
        }
        self.begin_action(id, run);
        Ok(())
    }

    /// Lets the first attempt of a step or undo start.
    pub(super) fn begin_action(&mut self, id: InstanceId, run: StepRun) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.state = NodeState::Step(Box::new(run));
        }
        self.tell_ready(id);
        if !self.look_up(id) {
            self.enqueue(id);
        }
    }

    /// Whether nobody reads the value of a step.
    fn is_unread(&mut self, id: InstanceId) -> bool {
        let Some(node) = self.nodes.get(&id).filter(|node| node.undo.is_none()) else { return false };
        let (workflow, statement) = (node.workflow, node.statement);
        self.plan(workflow).place(statement).is_some_and(|place| place.is_unread)
    }

    /// Takes in how an attempt ended.
    pub(super) fn attempt_ended(&mut self, id: InstanceId, outcome: &AttemptOutcome) {
        self.stop_counting(id);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        step.touched |= step.phase == StepPhase::Running && outcome.began();
        step.phase = StepPhase::Idle;
        if let Some(reason) = step.stopping {
            return self.settle_step(id, Outcome::Cancelled(reason));
        }
        match outcome {
            AttemptOutcome::Succeeded { result, decoded } => {
                let value = decoded.clone().unwrap_or_else(|| result.clone());
                step.result = Some((result.clone(), value));
                self.agenda.push_back(Task::Judge(id));
            }
            AttemptOutcome::Failed(failure) => self.attempt_failed(id, failure.clone()),
            AttemptOutcome::Cancelled | AttemptOutcome::NeverBegan => {
                let failure = Failure::final_of(FailureKind::Signal, "attempt was ended from outside");
                self.attempt_failed(id, Failure { retryable: true, ..failure });
            }
        }
    }

    /// Takes in what becomes of an attempt whose process died; it may have taken effect, and it counts.
    pub(super) fn lost(&mut self, id: InstanceId, answer: &LostAnswer) {
        if self.phase(id) == Some(StepPhase::Queued) {
            self.count_announced(id);
        } else {
            self.stop_counting(id);
        }
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        (step.phase, step.touched) = (StepPhase::Idle, true);
        if let Some(reason) = step.stopping {
            return self.settle_step(id, Outcome::Cancelled(reason));
        }
        match answer {
            LostAnswer::Rerun => self.enqueue(id),
            // There is no result that an `expect` could look at; somebody did.
            LostAnswer::Done(value) => {
                self.keep_nothing_around(id);
                self.settle_step(id, Outcome::Succeeded(value.clone()));
            }
            LostAnswer::Failed => {
                let failure = Failure::final_of(FailureKind::Engine, "run died while the attempt was under way");
                self.attempt_failed(id, Failure { retryable: true, ..failure });
            }
        }
    }

    /// Looks at a step's expectations; without a miss it has succeeded.
    pub(super) fn judge(&mut self, id: InstanceId) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let NodeState::Step(run) = &node.state else { return Ok(()) };
        let Some((result, value)) = run.result.clone().filter(|_| run.phase == StepPhase::Idle) else { return Ok(()) };
        let (spot, workflow, statement) = (node.spot(), node.workflow, node.statement);
        let own = statement_of(&program, workflow, statement).and_then(|statement| statement.value);
        let extras = Extras { result: Some(result), own: own.map(|own| (own, value.clone())), failure: None };
        for expectation in action_of(&program, node).map_or(&[][..], |action| action.expectations) {
            if self.evaluate_bool(spot, &extras, &expectation.condition)? {
                continue;
            }
            if self.distrust_cache(id) {
                return Ok(());
            }
            let message = match &expectation.message {
                None => format!("expectation does not hold: {}", expectation.text),
                Some(message) => match self.evaluate(spot, &extras, message)? {
                    Value::String(text) => text.to_string(),
                    other => other.render().unwrap_or_else(|| other.write_literal()),
                },
            };
            let failure = Failure { retryable: true, ..Failure::final_of(FailureKind::Expect, &message) };
            self.attempt_failed(id, failure);
            return Ok(());
        }
        self.step_succeeded(id, value);
        Ok(())
    }

    /// Ends a step or undo whose attempts are used up, after its handlers.
    pub(super) fn settle_step(&mut self, id: InstanceId, outcome: Outcome) {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if node.undo.is_some() {
            return self.end_statement(id, outcome);
        }
        let (instance, frame, rank) = (node.instance.clone(), node.frame, node.rank);
        let own = statement_of(&program, node.workflow, node.statement).and_then(|statement| statement.value);
        self.trace_step(id);
        self.drop_waits(&instance);
        if let Some(NodeState::Step(step)) = self.nodes.get_mut(&id).map(|node| &mut node.state) {
            if step.phase == StepPhase::Queued {
                self.queue.remove(rank, id);
            }
            self.caching -= usize::from(step.phase.is_caching());
            self.drawing -= usize::from(step.attempts.drawing.take().is_some());
            step.phase = StepPhase::Settling;
        }
        // Handlers see it already.
        if let (Some(own), Outcome::Succeeded(value)) = (own, &outcome) {
            self.set(frame, own, value.clone());
        }
        self.settle_with_handlers(id, outcome);
    }

    pub(super) fn attempt_failed(&mut self, id: InstanceId, failure: Failure) {
        let Some(node) = self.nodes.get(&id) else { return };
        let NodeState::Step(step) = &node.state else { return };
        let cause = FailedInstance { path: node.instance.path.clone(), failure, attempts: step.attempts.number };
        self.attempt_failed_because(id, cause);
    }

    pub(super) fn attempt_failed_because(&mut self, id: InstanceId, cause: FailedInstance) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        step.phase = StepPhase::Idle;
        let instance = node.instance.clone();
        self.forget_timer(&instance, Timer::Timeout);
        self.agenda.push_back(Task::Reconsider(id, cause));
    }

    /// Tries a failed step again, or ends it.
    pub(super) fn reconsider(&mut self, id: InstanceId, cause: &FailedInstance) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let Some(action) = action_of(&program, node) else {
            self.end_statement(id, Outcome::Failed(cause.clone()));
            return Ok(());
        };
        if let NodeState::Step(run) = &node.state {
            if run.phase == StepPhase::Settling {
                return Ok(());
            }
            let decision = self.decide(node.spot(), action.retry.as_deref(), &run.attempts, run.within, cause)?;
            if decision != Decision::GiveUp {
                let most = self.most_attempts(node.spot(), action.retry.as_deref())?;
                if let Some((_, attempts)) = self.attempts_of(id) {
                    (attempts.cause, attempts.most) = (Some(cause.clone()), most);
                }
                self.follow(id, decision);
                return Ok(());
            }
        }
        self.settle_step(id, Outcome::Failed(cause.clone()));
        Ok(())
    }

    /// Ends a failed step as its `on failure continue` says.
    pub(super) fn excuse(&mut self, id: InstanceId, cause: &FailedInstance) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let clauses = statement_of(&program, node.workflow, node.statement).and_then(|statement| statement.kind.step());
        let extras = Extras { failure: Some(cause.failure.value(&cause.path, cause.attempts)), ..Extras::default() };
        let continued = match clauses.and_then(|step| step.clauses.continuation.as_ref()) {
            Some(continuation) => self.holds(node.spot(), &extras, continuation.when.as_ref())?,
            None => false,
        };
        let outcome = if continued { Outcome::Continued(cause.clone()) } else { Outcome::Failed(cause.clone()) };
        self.end_statement(id, outcome);
        Ok(())
    }

    /// The body of the workflow that a step calls has ended.
    pub(super) fn call_ended(&mut self, id: InstanceId, frame: super::state::FrameId, outcome: Outcome) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        step.phase = StepPhase::Idle;
        let (stopping, timed_out) = (step.stopping, step.timed_out);
        if let (Outcome::Succeeded(_) | Outcome::Continued(_) | Outcome::Skipped(_), None, false) =
            (&outcome, stopping, timed_out)
        {
            return self.agenda.push_back(Task::Leave(id, frame));
        }
        self.frames.remove(&frame);
        match (outcome, stopping) {
            (_, Some(reason)) => self.settle_step(id, Outcome::Cancelled(reason)),
            (Outcome::Failed(cause), None) if !timed_out => {
                let failure = Failure { kind: FailureKind::Child, ..cause.failure };
                self.attempt_failed_because(id, FailedInstance { failure, ..cause });
            }
            (Outcome::Cancelled(reason), None) if !timed_out => self.settle_step(id, Outcome::Cancelled(reason)),
            (_, None) => {
                let failure = self.call_out_of_time(id);
                self.attempt_failed(id, failure);
            }
        }
    }
}
