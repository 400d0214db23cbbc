//! Slots: how many attempts run at a time, and which comes first.

use super::Engine;
use super::command::Command;
use super::outstanding::Running;
use super::state::{NodeState, StepPhase, StepRun, Task};
use super::waiting::awaited;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use wf_model::event::{InstanceId, Timer, Timestamp};
use wf_model::kind::only_waits;
use wf_model::unit::Duration;

/// Steps that wait for a slot, the longest way behind first, then the earliest.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: BTreeSet<(Reverse<u32>, InstanceId)>,
    /// Those whose attempt was announced ahead of a slot.
    announced: BTreeSet<InstanceId>,
}

impl Queue {
    fn push(&mut self, rank: u32, id: InstanceId) {
        self.line.insert((Reverse(rank), id));
    }

    fn pop(&mut self) -> Option<InstanceId> {
        let (_, id) = self.line.pop_first()?;
        self.announced.remove(&id);
        Some(id)
    }

    /// Takes out a step that waits no more.
    pub(super) fn remove(&mut self, rank: u32, id: InstanceId) {
        self.line.remove(&(Reverse(rank), id));
        self.announced.remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    pub(super) fn announce(&mut self, id: InstanceId) {
        self.announced.insert(id);
    }

    pub(super) fn is_announced(&self, id: InstanceId) -> bool {
        self.announced.contains(&id)
    }

    /// Where nothing more starts, nobody has to think later that what was announced did.
    pub(super) fn withdraw_announcements(&mut self) {
        self.announced.clear();
    }
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
        self.queue.push(rank, id);
    }

    /// Starts the attempts that there are slots for, the longest way behind first; whether any was started.
    pub(super) fn start_queued(&mut self) -> bool {
        let mut started = false;
        while self.taken < self.options.jobs && !self.holds_back() && !self.is_retelling() {
            let Some(id) = self.queue.pop() else { break };
            self.start(id, true);
            started = true;
        }
        started
    }

    /// First attempts that wait for a slot, those that come first first; and whether each was announced already.
    pub fn in_line(&self) -> impl Iterator<Item = (Running, bool)> {
        let first = |id: &InstanceId| self.next_attempt(*id).filter(|next| next.attempt == 1);
        self.queue.line.iter().filter_map(move |(_, id)| Some((first(id)?, self.queue.is_announced(*id))))
    }

    /// Whether anything waits for a slot.
    #[must_use]
    pub fn has_queue(&self) -> bool {
        self.queue.len() > 0
    }

    /// How many attempts that wait for a slot were announced.
    #[must_use]
    pub fn announced(&self) -> usize {
        self.queue.announced.len()
    }

    pub(super) fn phase(&self, id: InstanceId) -> Option<StepPhase> {
        Some(self.nodes.get(&id)?.step()?.phase)
    }

    /// Gives a slot to an attempt that a story tells of.
    pub(super) fn start_told(&mut self, id: InstanceId) {
        if self.is_retelling()
            && self.phase(id) == Some(StepPhase::Queued)
            && let Some(rank) = self.nodes.get(&id).map(|node| node.rank)
        {
            self.queue.remove(rank, id);
            self.start(id, true);
        }
    }

    fn start(&mut self, id: InstanceId, slot: bool) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let NodeState::Step(step) = &mut node.state else { return };
        let Some(call) = step.call.clone() else { return };
        if let Some(awaited) = awaited(&call) {
            return self.begin_wait(id, awaited);
        }
        let slot = slot && !only_waits(&call.kind);
        (step.phase, step.result) = (StepPhase::Starting, None);
        step.attempts.count(now);
        let (instance, attempt, timeout) = (node.instance.clone(), step.attempts.number, step.time_from(now));
        self.going += 1;
        self.taken += usize::from(slot);
        self.command(Command::Start { instance, attempt, call, timeout });
    }

    /// An attempt that was announced ahead of a slot counts as one that started.
    pub(super) fn count_announced(&mut self, id: InstanceId) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        self.queue.remove(node.rank, id);
        if let NodeState::Step(step) = &mut node.state {
            step.attempts.count(now);
        }
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
        step.attempts.count(now);
        let (instance, timeout) = (node.instance.clone(), step.time_from(now));
        step.limit = timeout;
        if let Some(timeout) = timeout {
            self.set_timer(instance, Timer::Timeout, now.after(timeout));
        }
        self.agenda.push_back(Task::Enter(id));
    }
}
