//! Timers of a run, by the wall clock.

use std::collections::{BTreeMap, BTreeSet};
use wf_model::event::{EventKind, Instance, InstanceId, Timer, Timestamp};

/// What is to be woken, and when.
#[derive(Debug, Default)]
pub(super) struct Timers {
    order: BTreeSet<(Timestamp, InstanceId, Timer)>,
    set: BTreeMap<(InstanceId, Timer), (Timestamp, Instance)>,
}

impl Timers {
    pub(super) fn set(&mut self, instance: Instance, timer: Timer, due: Timestamp) {
        self.forget(instance.id, timer);
        self.order.insert((due, instance.id, timer));
        self.set.insert((instance.id, timer), (due, instance));
    }

    pub(super) fn forget(&mut self, id: InstanceId, timer: Timer) {
        if let Some((due, _)) = self.set.remove(&(id, timer)) {
            self.order.remove(&(due, id, timer));
        }
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(due, ..)| *due)
    }

    /// Takes one that is due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<EventKind> {
        let (due, id, timer) = *self.order.first()?;
        if due > now {
            return None;
        }
        self.order.pop_first();
        self.set.remove(&(id, timer)).map(|(_, instance)| EventKind::TimerWoke { instance, timer })
    }
}

#[cfg(test)]
mod tests {
    use super::{Instance, InstanceId, Timer, Timers, Timestamp};

    #[test]
    fn timers_wake_in_order_and_not_before() {
        let at = |milliseconds| Timestamp { milliseconds };
        let instance = |id| Instance { id: InstanceId(id), path: "".into() };
        let mut timers = Timers::default();
        timers.set(instance(1), Timer::Retry, at(20));
        timers.set(instance(2), Timer::Retry, at(10));
        timers.set(instance(3), Timer::Retry, at(5));
        timers.forget(InstanceId(3), Timer::Retry);
        assert_eq!((timers.next(), timers.take(at(9))), (Some(at(10)), None));
        let woken = timers.take(at(30)).unwrap();
        assert_eq!(woken.instance(), Some(&instance(2)));
        timers.set(instance(1), Timer::Retry, at(40));
        assert_eq!((timers.take(at(30)), timers.next()), (None, Some(at(40))));
    }
}
