//! What comes from outside: whether it fits where the run stands, and what it changes.

use super::Engine;
use super::agenda::RUN;
use super::command::IllegalTransition;
use super::run::{record, resumed};
use super::state::{Closing, NodeState, Outcome, StepPhase, Task};
use wf_model::event::{Event, EventKind, Instance, InstanceId, SkipReason, Timer};
use wf_model::run::RunState;
use wf_model::unit::Duration;

pub(super) type Checked = Result<(), IllegalTransition>;

pub(super) fn refuse<T>(reason: impl Into<String>) -> Result<T, IllegalTransition> {
    Err(IllegalTransition::new(reason))
}

impl Engine {
    /// Refuses what does not fit; changes nothing.
    pub(super) fn check(&self, event: &Event) -> Checked {
        if let EventKind::RunStarted { workflow, .. } = &event.kind {
            return self.check_start(workflow);
        }
        if matches!(event.kind, EventKind::DefinitionChanged { .. }) {
            return if self.is_retelling() { Ok(()) } else { refuse("run goes by this definition already") };
        }
        if matches!(event.kind, EventKind::RollbackRequested { .. }) {
            return self.check_rollback();
        }
        if matches!(event.kind, EventKind::CancelRequested { .. } | EventKind::RunResumed { .. })
            && self.state == RunState::Paused
        {
            return Ok(());
        }
        // What only waited may end while a run pauses.
        if self.state != RunState::Running && !(self.pausing && self.state == RunState::Paused) {
            return refuse(format!("run is {}", self.state.name()));
        }
        match &event.kind {
            EventKind::Observed { instance, place, occurrence, function, .. } => {
                let id = instance.as_ref().map_or(RUN, |instance| instance.id);
                let wanted = self.parked.get(&id).map(|parked| &parked.wanted);
                let fits = wanted.is_some_and(|wanted| {
                    wanted.place == *place && wanted.occurrence == *occurrence && wanted.function == *function
                });
                if fits { Ok(()) } else { refuse("nobody asked for this observation") }
            }
            EventKind::JitterDrawn { instance, delay } => self.check_jitter(instance, *delay),
            EventKind::TimerWoke { instance, timer } => match self.timers.get(&(instance.id, *timer)) {
                Some(due) if self.now.max(event.at) >= *due => Ok(()),
                Some(_) => refuse("timer is not due"),
                None => refuse("there is no such timer"),
            },
            EventKind::Announced { instance, attempt } => self.check_attempt(instance, *attempt, Moment::Announcing),
            EventKind::Started { instance, attempt } => self.check_attempt(instance, *attempt, Moment::Starting),
            EventKind::AttemptEnded { instance, attempt, .. } => self.check_attempt(instance, *attempt, Moment::Ending),
            EventKind::Lost { instance, attempt, .. } => self.check_attempt(instance, *attempt, Moment::Losing),
            EventKind::LockAwaited { instance, lock, .. }
            | EventKind::LockAcquired { instance, lock }
            | EventKind::LockRefused { instance, lock, .. } => self.check_lock(instance, lock),
            EventKind::CacheHit { instance, .. } | EventKind::CacheMissed { instance, .. } => {
                self.check_caching(instance, StepPhase::Looking)
            }
            EventKind::CacheKept { instance, .. } => self.check_caching(instance, StepPhase::Keeping),
            EventKind::Signalled { message, .. } => self.check_signal(*message),
            EventKind::Answered { message, instance, question, answer } => {
                self.check_answer(*message, instance, question, answer)
            }
            // The others are concluded and never come here.
            _ => Ok(()),
        }
    }

    fn check_start(&self, workflow: &str) -> Checked {
        let own = self.program.workflows.get(self.workflow).map(|workflow| &*workflow.name);
        match (self.state, own) {
            (RunState::Queued, Some(own)) if own == workflow => Ok(()),
            (RunState::Queued, _) => refuse(format!("run is not of workflow `{workflow}`")),
            _ => refuse(format!("run is {}", self.state.name())),
        }
    }

    fn check_rollback(&self) -> Checked {
        match self.state {
            RunState::Paused if self.waits_for_rollback.is_some() => Ok(()),
            RunState::Failed | RunState::Cancelled => Ok(()),
            RunState::RollbackFailed if !self.left_over.is_empty() => Ok(()),
            state => refuse(format!("run is {}", state.name())),
        }
    }

    fn check_jitter(&self, instance: &Instance, delay: Duration) -> Checked {
        let step = self.nodes.get(&instance.id).and_then(|node| Some(&node.step()?.attempts));
        let attempts = step.or_else(|| self.bodies.get(&instance.id).map(|run| &run.attempts));
        match attempts.and_then(|attempts| attempts.drawing) {
            Some(upper) if (0..=upper.milliseconds).contains(&delay.milliseconds) => Ok(()),
            Some(upper) => refuse(format!("delay {delay} is not between 0s and {upper}")),
            None => refuse("nobody asked for a delay"),
        }
    }

    fn check_attempt(&self, instance: &Instance, attempt: u32, moment: Moment) -> Checked {
        let Some(node) = self.nodes.get(&instance.id).filter(|node| node.instance == *instance) else {
            return refuse(format!("step `{}` does not go on", instance.path));
        };
        let NodeState::Step(step) = &node.state else { return refuse(format!("`{}` is no step", instance.path)) };
        let number = step.attempts.number;
        let fits = match (moment, step.phase) {
            (Moment::Announcing, StepPhase::Queued) => attempt == number.saturating_add(1),
            (Moment::Starting, StepPhase::Queued) => self.is_retelling() && attempt == number.saturating_add(1),
            (Moment::Losing, StepPhase::Queued) => self.queue.is_announced(instance.id) && attempt == number.saturating_add(1),
            (Moment::Announcing, StepPhase::Starting)
            | (Moment::Starting, StepPhase::Starting | StepPhase::Announced)
            | (Moment::Ending | Moment::Losing, StepPhase::Starting | StepPhase::Announced | StepPhase::Running) => {
                attempt == number
            }
            _ => false,
        };
        if fits { Ok(()) } else { refuse(format!("attempt {attempt} of step `{}` is not at this point", instance.path)) }
    }

    /// Changes what an event that fits changes at once; the rest is left to the agenda.
    pub(super) fn take(&mut self, kind: &EventKind) {
        match kind {
            EventKind::RunStarted { run, workflow, directory, boot, .. } => {
                self.boot.clone_from(boot);
                self.state = RunState::Running;
                self.run = record(run, workflow, self.now, directory);
                self.agenda.push_back(Task::Begin);
            }
            EventKind::RunResumed { boot, jobs } => {
                self.boot.clone_from(boot);
                if let Some(jobs) = jobs {
                    self.options.jobs = usize::try_from(*jobs).unwrap_or(usize::MAX).max(1);
                }
                self.run = resumed(&self.run);
                self.cancelled = self.cancelled.min(1);
                if self.waits_for_rollback.is_none() {
                    (self.state, self.pausing) = (RunState::Running, false);
                }
                self.look_at_gates();
            }
            EventKind::DefinitionChanged { .. } => self.end_retelling(),
            EventKind::PauseRequested => {
                self.pausing = true;
                self.queue.withdraw_announcements();
            }
            EventKind::RollbackRequested { settled, .. } => self.rollback_requested(settled),
            EventKind::CancelRequested { cause } => self.cancel(*cause),
            EventKind::Observed { instance, place, occurrence, answer, .. } => {
                let id = instance.as_ref().map_or(RUN, |instance| instance.id);
                self.observations.entry(id).or_default().insert((*place, *occurrence), answer.clone());
                if let Some(parked) = self.parked.remove(&id) {
                    self.agenda.push_back(parked.task);
                }
            }
            EventKind::JitterDrawn { instance, delay } => self.jitter_drawn(instance.id, *delay),
            EventKind::TimerWoke { instance, timer } => self.timer_woke(instance, *timer),
            EventKind::Announced { instance, .. } => self.move_on(instance.id, StepPhase::Announced),
            EventKind::Started { instance, .. } => {
                self.start_told(instance.id);
                self.move_on(instance.id, StepPhase::Running);
            }
            EventKind::AttemptEnded { instance, outcome, .. } => self.attempt_ended(instance.id, outcome),
            EventKind::Lost { instance, answer, .. } => self.lost(instance.id, answer),
            EventKind::LockAcquired { instance, .. } => self.lock_acquired(instance.id),
            EventKind::CacheHit { instance, result, decoded, digest, .. } => {
                self.cache_hit(instance.id, (result, decoded.as_ref()), digest);
            }
            EventKind::CacheMissed { instance, digest, .. } => self.cache_missed(instance.id, digest.as_ref()),
            EventKind::CacheKept { instance, .. } => self.cache_kept(instance.id),
            EventKind::Signalled { message, name, data, .. } => self.signalled(*message, name, data),
            EventKind::Answered { message, instance, answer, .. } => self.take_answer(*message, instance.id, answer),
            EventKind::LockRefused { instance, refusal, .. } => self.lock_refused(instance.id, refusal),
            // The others are concluded and never come here.
            _ => {}
        }
    }

    /// An announcement ahead of a slot leaves a step in the queue.
    fn move_on(&mut self, id: InstanceId, phase: StepPhase) {
        let Some(NodeState::Step(step)) = self.nodes.get_mut(&id).map(|node| &mut node.state) else { return };
        if step.phase == StepPhase::Queued {
            self.queue.announce(id);
        } else {
            step.phase = phase;
        }
    }

    fn jitter_drawn(&mut self, id: InstanceId, delay: Duration) {
        self.drawing = self.drawing.saturating_sub(1);
        let Some((_, attempts)) = self.attempts_of(id) else { return };
        attempts.drawing = None;
        let attempts = attempts.clone();
        let floor = attempts.cause.as_ref().and_then(|cause| cause.failure.retry_after).unwrap_or_default();
        let delay = delay.max(floor);
        let within = self.within_of(id);
        if !self.is_too_late(&attempts, within, delay) {
            return self.schedule(id, delay);
        }
        let Some(cause) = attempts.cause else { return };
        let outcome = Outcome::Failed(cause);
        if self.bodies.contains_key(&id) {
            self.settle_body(id, outcome);
        } else {
            self.settle_step(id, outcome);
        }
    }

    fn within_of(&self, id: InstanceId) -> Option<Duration> {
        match self.nodes.get(&id).map(|node| &node.state) {
            Some(NodeState::Step(step)) => step.within,
            _ => self.bodies.get(&id).and_then(|run| run.within),
        }
    }

    fn timer_woke(&mut self, instance: &Instance, timer: Timer) {
        self.timers.remove(&(instance.id, timer));
        match timer {
            Timer::Retry => self.try_again(instance.id),
            Timer::Round => self.agenda.push_back(Task::Round(instance.id)),
            Timer::Timeout if self.bodies.contains_key(&instance.id) => {
                self.close(instance.id, Closing::TimedOut, SkipReason::Cancelled);
                self.stop_body(instance.id, SkipReason::Cancelled);
            }
            Timer::Timeout => self.call_timed_out(instance.id),
        }
    }
}

/// What is said of an attempt.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Announcing,
    Starting,
    Ending,
    /// It may have started when its process died.
    Losing,
}
