//! What a run tells of its steps: how long each took and waited, and which of them the end of the run waited for.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::Arc;
use wf_model::event::{Event, EventKind, Instance, InstanceId, InstanceKind, Timer, Timestamp, without_places};
use wf_model::unit::Duration;

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// One of the steps that run at a time ends.
    Slot,
    Lock,
    /// An answer or a signal comes.
    Somebody,
    /// The pause before the next attempt is over.
    Retry,
}

/// For how long steps waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// For one of the steps that run at a time to end.
    pub(super) slots: i64,
    /// For locks.
    pub(super) locks: i64,
    /// For somebody who answers, or sends a signal.
    pub(super) somebody: i64,
    /// Before further attempts.
    pub(super) retries: i64,
}

impl Waits {
    fn add(&mut self, wait: Wait, time: Duration) {
        let sum = match wait {
            Wait::Slot => &mut self.slots,
            Wait::Lock => &mut self.locks,
            Wait::Somebody => &mut self.somebody,
            Wait::Retry => &mut self.retries,
        };
        *sum = sum.saturating_add(time.milliseconds.max(0));
    }
}

impl AddAssign for Waits {
    fn add_assign(&mut self, other: Self) {
        self.slots += other.slots;
        self.locks += other.locks;
        self.somebody += other.somebody;
        self.retries += other.retries;
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeded,
    Cached,
    Failed,
    Cancelled,
}

/// A step that ended, or the undo of one.
#[derive(Clone, Debug)]
pub(super) struct Done {
    /// Its path without places in loops.
    pub(super) path: Arc<str>,
    /// Its kind; nothing where it undoes a step.
    pub(super) kind: Option<Arc<str>>,
    pub(super) ending: Ending,
    pub(super) attempts: u32,
    /// From its first attempt to its end; nothing where none began.
    pub(super) took: Option<Duration>,
    pub(super) waits: Waits,
    /// From when nothing before it was open any more to its end.
    whole: Duration,
    /// Places in the journal.
    ready: usize,
    ended: usize,
}

/// A step that has not ended.
struct Open {
    path: Arc<str>,
    kind: Option<Arc<str>>,
    ready_at: Timestamp,
    ready: usize,
    began_at: Option<Timestamp>,
    attempts: u32,
    waits: Waits,
}

/// What a run tells, event by event.
#[derive(Default)]
pub(super) struct Story {
    open: HashMap<InstanceId, Open>,
    /// What steps and blocks wait for, and since when.
    waiting: HashMap<InstanceId, (Wait, Timestamp)>,
    number: usize,
    /// Steps as they ended.
    pub(super) done: Vec<Done>,
    /// What blocks waited for.
    pub(super) waits: Waits,
    /// Further attempts of blocks.
    pub(super) retries: u64,
    pub(super) rollbacks: u64,
}

impl Story {
    /// Takes the next event in.
    pub(super) fn apply(&mut self, event: &Event) {
        self.number += 1;
        let at = event.at;
        match &event.kind {
            EventKind::Ready { instance, kind, .. } => self.begin(instance, kind, at),
            EventKind::LockAwaited { instance, .. } => self.wait(instance, Some(Wait::Lock), at),
            EventKind::RetryScheduled { instance, .. } => {
                self.retries += u64::from(!self.open.contains_key(&instance.id));
                self.wait(instance, Some(Wait::Retry), at);
            }
            EventKind::LockAcquired { instance, .. } | EventKind::TimerWoke { instance, timer: Timer::Retry } => {
                let is_step = self.open.contains_key(&instance.id);
                self.wait(instance, is_step.then_some(Wait::Slot), at);
            }
            EventKind::Started { instance, attempt } => self.attempt(instance, *attempt, None, at),
            EventKind::Waiting { instance, attempt, .. } => self.attempt(instance, *attempt, Some(Wait::Somebody), at),
            EventKind::LockRefused { instance, .. } | EventKind::Answered { instance, .. } => self.wait(instance, None, at),
            EventKind::Succeeded { instance, .. } => self.end(instance, Ending::Succeeded, at),
            EventKind::Cached { instance, .. } => self.end(instance, Ending::Cached, at),
            EventKind::Failed { instance, .. } => self.end(instance, Ending::Failed, at),
            EventKind::Cancelled { instance, .. } => self.end(instance, Ending::Cancelled, at),
            EventKind::RollbackStarted { .. } => self.rollbacks += 1,
            _ => {}
        }
    }

    fn begin(&mut self, instance: &Instance, kind: &InstanceKind, at: Timestamp) {
        let kind = match kind {
            InstanceKind::Step(kind) => Some(Arc::clone(kind)),
            InstanceKind::Undo(_) => None,
            _ => return,
        };
        let path = without_places(&instance.path).into();
        let (ready, waits) = (self.number, Waits::default());
        self.open.insert(instance.id, Open { path, kind, ready_at: at, ready, began_at: None, attempts: 0, waits });
        self.wait(instance, Some(Wait::Slot), at);
    }

    /// Something waits for something else from now on, or for nothing.
    fn wait(&mut self, instance: &Instance, next: Option<Wait>, at: Timestamp) {
        let before = match next {
            Some(wait) => self.waiting.insert(instance.id, (wait, at)),
            None => self.waiting.remove(&instance.id),
        };
        if let Some((wait, since)) = before {
            let waits = self.open.get_mut(&instance.id).map_or(&mut self.waits, |open| &mut open.waits);
            waits.add(wait, at.since(since));
        }
    }

    fn attempt(&mut self, instance: &Instance, attempt: u32, next: Option<Wait>, at: Timestamp) {
        self.wait(instance, next, at);
        if let Some(open) = self.open.get_mut(&instance.id) {
            open.began_at.get_or_insert(at);
            open.attempts = attempt;
        }
    }

    fn end(&mut self, instance: &Instance, ending: Ending, at: Timestamp) {
        self.wait(instance, None, at);
        let Some(open) = self.open.remove(&instance.id) else { return };
        let Open { path, kind, ready_at, ready, began_at, attempts, waits } = open;
        let (took, whole) = (began_at.map(|began| at.since(began)), at.since(ready_at));
        self.done.push(Done { path, kind, ending, attempts, took, waits, whole, ready, ended: self.number });
    }

    /// The steps of the critical path, from the last to the first, each with the time that the run waited for it: a step becomes ready
    /// as the last of those before it ends.
    pub(super) fn critical(&self) -> Vec<(&Done, Duration)> {
        let mut path = Vec::new();
        let mut before = self.done.as_slice();
        while let Some((step, earlier)) = before.split_last() {
            path.push((step, step.whole));
            let ended = earlier.partition_point(|other| other.ended < step.ready);
            before = earlier.get(..ended).unwrap_or_default();
        }
        path
    }
}
