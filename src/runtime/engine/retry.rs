//! Whether and when something is tried again: steps and bodies alike.

use super::Engine;
use super::command::Command;
use super::evaluate::{Extras, Hindrance, Spot};
use super::state::{Attempts, NodeState};
use wf_model::event::{EventKind, FailedInstance, Instance, InstanceId, Timer};
use wf_model::program::{Delay, Retry};
use wf_model::unit::Duration;

/// What comes after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing.
    GiveUp,
    /// Another one after a random delay of at most this.
    Draw(Duration),
    /// Another one after this.
    After(Duration),
}

impl Engine {
    /// Decides what comes after attempt `attempts.number` failed with `cause`.
    pub(super) fn decide(
        &self,
        spot: Spot,
        retry: Option<&Retry>,
        attempts: &Attempts,
        within: Option<Duration>,
        cause: &FailedInstance,
    ) -> Result<Decision, Hindrance> {
        let Some(retry) = retry.filter(|_| cause.failure.retryable) else { return Ok(Decision::GiveUp) };
        let times = self.evaluate_count(spot, &retry.times, 0)?;
        let extras = Extras { failure: Some(cause.failure.value(&cause.path, cause.attempts)), ..Extras::default() };
        if attempts.number > times || !self.holds(spot, &extras, retry.when.as_ref())? {
            return Ok(Decision::GiveUp);
        }
        let floor = cause.failure.retry_after.unwrap_or_default();
        let decision = match &retry.delay {
            None => Decision::After(floor),
            Some(Delay::Pause(pause)) => Decision::After(self.evaluate_duration(spot, pause)?.max(floor)),
            Some(Delay::Backoff { from, to }) => {
                let (base, cap) = (self.evaluate_duration(spot, from)?, self.evaluate_duration(spot, to)?);
                Decision::Draw(bound(base, cap, attempts.number))
            }
        };
        Ok(match decision {
            Decision::After(delay) if self.is_too_late(attempts, within, delay) => Decision::GiveUp,
            // The delay may come out as the least that there is, so only what is over by then is too late.
            Decision::Draw(_) if self.is_too_late(attempts, within, floor) => Decision::GiveUp,
            decision => decision,
        })
    }

    /// How many attempts there may be, the first one included.
    pub(super) fn most_attempts(&self, spot: Spot, retry: Option<&Retry>) -> Result<u32, Hindrance> {
        let times = retry.map(|retry| self.evaluate_count(spot, &retry.times, 0)).transpose()?;
        Ok(times.unwrap_or_default().saturating_add(1))
    }

    /// Whether an attempt after `delay` would begin when `within` is over.
    pub(super) fn is_too_late(&self, attempts: &Attempts, within: Option<Duration>, delay: Duration) -> bool {
        let (Some(within), Some(since)) = (within, attempts.since) else { return false };
        self.now.after(delay) >= since.after(within)
    }

    /// Does what was decided, once `attempts.cause` says why.
    pub(super) fn follow(&mut self, id: InstanceId, decision: Decision) {
        match decision {
            Decision::GiveUp => {}
            Decision::Draw(upper) => {
                let Some((instance, attempts)) = self.attempts_of(id) else { return };
                attempts.drawing = Some(upper);
                self.drawing += 1;
                self.command(Command::Draw { instance, upper });
            }
            Decision::After(delay) => self.schedule(id, delay),
        }
    }

    /// Schedules the next attempt.
    pub(super) fn schedule(&mut self, id: InstanceId, delay: Duration) {
        let due = self.now.after(delay);
        let Some((instance, attempts)) = self.attempts_of(id) else { return };
        let (attempt, most, cause) = (attempts.number.saturating_add(1), attempts.most, attempts.cause.clone());
        let Some(FailedInstance { failure, .. }) = cause else { return };
        self.conclude(EventKind::RetryScheduled { instance: instance.clone(), attempt, most, delay, due, failure });
        if delay.milliseconds > 0 {
            self.set_timer(instance, Timer::Retry, due);
        } else {
            self.try_again(id);
        }
    }

    /// Starts the next attempt.
    pub(super) fn try_again(&mut self, id: InstanceId) {
        if self.nodes.get(&id).is_some_and(|node| matches!(node.state, NodeState::Step(_))) {
            self.enqueue(id);
        } else {
            self.start_body(id);
        }
    }

    /// The attempts of a step or of a body.
    pub(super) fn attempts_of(&mut self, id: InstanceId) -> Option<(Instance, &mut Attempts)> {
        if let Some(node) = self.nodes.get_mut(&id)
            && let NodeState::Step(step) = &mut node.state
        {
            return Some((node.instance.clone(), &mut step.attempts));
        }
        self.bodies.get_mut(&id).map(|run| (run.instance.clone(), &mut run.attempts))
    }
}

/// The greatest delay after failed attempt `number`: `min(cap, base·2^(number-1))`.
fn bound(base: Duration, cap: Duration, number: u32) -> Duration {
    let doubled = 1_i64.checked_shl(number.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(i64::MAX);
    Duration { milliseconds: base.milliseconds.saturating_mul(doubled).min(cap.milliseconds) }
}

#[cfg(test)]
mod tests {
    use super::{Duration, bound};

    #[test]
    fn delays_double_up_to_the_cap() {
        let (base, cap) = (Duration::from_seconds(5), Duration::from_seconds(60));
        let bounds: Vec<i64> = (1..=6).map(|number| bound(base, cap, number).milliseconds / 1000).collect();
        assert_eq!(bounds, [5, 10, 20, 40, 60, 60]);
        assert_eq!(bound(base, cap, u32::MAX), cap);
        assert_eq!(bound(Duration::default(), cap, 9), Duration::default());
    }
}
