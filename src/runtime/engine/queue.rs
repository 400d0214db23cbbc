//! Slots: how many attempts run at a time, and which comes first.

use super::Engine;
use super::command::Command;
use super::state::{NodeState, StepPhase, StepRun, Task};
use std::cmp::Reverse;
use wf_model::event::{InstanceId, Timer, Timestamp};
use wf_model::unit::Duration;

/// Kinds that only wait, so that their attempts hold no slot.
const WAITING_KINDS: [&str; 4] = ["approval", "gate", "signal", "sleep"];

/// Whether attempts of a kind only wait, so that they hold no slot.
#[must_use]
pub fn only_waits(kind: &str) -> bool {
    WAITING_KINDS.contains(&kind)
}

impl StepRun {
    /// How long an attempt that starts now may take.
    pub(super) fn time_from(&self, now: Timestamp) -> Option<Duration> {
        let since = self.attempts.since.unwrap_or(now);
        let left = self.within.map(|within| since.after(within).since(now));
        self.timeout.into_iter().chain(left).min()
    }
}

impl Engine {
    /// Lets a step's next attempt start as soon as there is a slot.
    pub(super) fn enqueue(&mut self, id: InstanceId) {
        let held_back = self.holds_back();
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let rank = node.rank;
        let NodeState::Step(step) = &mut node.state else { return };
        let Some(call) = &step.call else { return self.start_call(id) };
        if only_waits(&call.kind) && !held_back {
            return self.start(id, false);
        }
        step.phase = StepPhase::Queued;
        self.queued += 1;
        self.queue.push((rank, Reverse(id)));
    }

    /// Starts the attempts that there are slots for, the longest way behind first; whether any was started.
    pub(super) fn start_queued(&mut self) -> bool {
        let mut started = false;
        while self.taken < self.options.jobs && !self.holds_back() && !self.is_retelling() {
            let Some((_, Reverse(id))) = self.queue.pop() else { break };
            // What was skipped or cancelled meanwhile is still in the queue.
            if self.phase(id) == Some(StepPhase::Queued) {
                self.queued = self.queued.saturating_sub(1);
                self.start(id, true);
                started = true;
            }
        }
        started
    }

    pub(super) fn phase(&self, id: InstanceId) -> Option<StepPhase> {
        Some(self.nodes.get(&id)?.step()?.phase)
    }

    /// Gives a slot to an attempt that a story tells of.
    pub(super) fn start_told(&mut self, id: InstanceId) {
        if self.is_retelling() && self.phase(id) == Some(StepPhase::Queued) {
            self.queued = self.queued.saturating_sub(1);
            self.start(id, true);
        }
    }

    fn start(&mut self, id: InstanceId, slot: bool) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        let Some(call) = step.call.clone() else { return };
        (step.phase, step.result) = (StepPhase::Starting, None);
        step.attempts.number += 1;
        step.attempts.since.get_or_insert(now);
        let (instance, attempt, timeout) = (node.instance.clone(), step.attempts.number, step.time_from(now));
        self.going += 1;
        self.taken += usize::from(slot);
        self.command(Command::Start { instance, attempt, call, timeout });
    }

    /// An attempt has ended: its slot is free.
    pub(super) fn stop_counting(&mut self, id: InstanceId) {
        let Some(node) = self.nodes.get(&id) else { return };
        let NodeState::Step(step) = &node.state else { return };
        let waits = step.call.as_ref().is_some_and(|call| only_waits(&call.kind));
        self.going = self.going.saturating_sub(1);
        self.taken = self.taken.saturating_sub(usize::from(!waits));
    }

    /// Begins an attempt of a step that calls a workflow.
    fn start_call(&mut self, id: InstanceId) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        (step.phase, step.result) = (StepPhase::Idle, None);
        step.timed_out = false;
        step.attempts.number += 1;
        step.attempts.since.get_or_insert(now);
        let (instance, timeout) = (node.instance.clone(), step.time_from(now));
        step.limit = timeout;
        if let Some(timeout) = timeout {
            self.set_timer(instance, Timer::Timeout, now.after(timeout));
        }
        self.agenda.push_back(Task::Enter(id));
    }
}
