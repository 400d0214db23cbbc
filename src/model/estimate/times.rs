//! How long the steps of a run took, as its events tell.

use crate::event::{Event, EventKind, InstanceId, InstanceKind, Timestamp, without_places};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Of a step in a loop not every time is kept, but so many at most, evenly spread.
const MOST: usize = 40;

/// What one run says of the times of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTimes {
    /// By the path of a step, without places of loops.
    pub steps: BTreeMap<Arc<str>, StepTimes>,
    /// By the path of a loop: how often its body ran, each time that it came to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rounds: BTreeMap<Arc<str>, u64>,
}

/// How long a step took, all of its attempts and the pauses between them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTimes {
    /// What the step was, as `Program::step_digest` says it; empty where that is not known.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub digest: Arc<str>,
    /// How often it ran.
    pub count: u64,
    /// Milliseconds, of so many times some.
    pub took: Vec<u64>,
}

impl StepTimes {
    fn add(&mut self, milliseconds: u64) {
        // Of every `stride` times one is kept; it doubles whenever too many are.
        let stride = self.count.div_ceil(MOST as u64).max(1).next_power_of_two();
        if self.count.is_multiple_of(stride) {
            self.took.push(milliseconds);
        }
        self.count += 1;
        if self.took.len() > MOST {
            let mut place = 0;
            self.took.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }
}

/// Reads the times off the events of a run, in their order; keeps nothing of what has ended.
#[derive(Debug, Default)]
pub struct Stopwatch {
    running: HashMap<InstanceId, Timestamp>,
    /// Undos have the paths of their steps.
    undos: HashSet<InstanceId>,
    steps: BTreeMap<Arc<str>, StepTimes>,
    /// By the path of a loop: how often its body ran, and how often the loop did.
    rounds: BTreeMap<Arc<str>, (u64, u64)>,
}

impl Stopwatch {
    /// Takes an event in.
    pub fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                self.undos.insert(instance.id);
            }
            EventKind::Ready { instance, kind: InstanceKind::ForEach | InstanceKind::Repeat, .. } => {
                self.rounds.entry(without_places(&instance.path).into()).or_default().1 += 1;
            }
            EventKind::Started { instance, .. } | EventKind::Waiting { instance, .. } if !self.undos.contains(&instance.id) => {
                self.running.entry(instance.id).or_insert(event.at);
            }
            EventKind::Succeeded { instance, .. } | EventKind::Failed { instance, continued: true, .. } => {
                if let Some(started) = self.running.remove(&instance.id) {
                    let took = u64::try_from(event.at.since(started).milliseconds).unwrap_or(0);
                    self.steps.entry(without_places(&instance.path).into()).or_default().add(took);
                }
            }
            // The time for which no process of the run lived is nobody's.
            EventKind::Failed { instance, .. } | EventKind::Cancelled { instance, .. } | EventKind::Lost { instance, .. } => {
                self.running.remove(&instance.id);
            }
            EventKind::IterationOpened { instance, .. } => {
                self.rounds.entry(without_places(&instance.path).into()).or_default().0 += 1;
            }
            _ => {}
        }
    }

    /// What was read.
    #[must_use]
    pub fn times(self) -> RunTimes {
        let rounds = self.rounds.into_iter().map(|(path, (rounds, loops))| (path, rounds.div_ceil(loops.max(1))));
        RunTimes { steps: self.steps, rounds: rounds.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::{StepTimes, Stopwatch};
    use crate::event::{Event, EventKind, Instance, InstanceId, InstanceKind, LostAnswer, Timestamp};
    use crate::value::Value;

    fn instance(id: u64, path: &str) -> Instance {
        Instance { id: InstanceId(id), path: path.into() }
    }

    #[test]
    fn all_attempts_count_together_and_what_never_ran_not() {
        let mut watch = Stopwatch::default();
        let mut at = |milliseconds, kind| watch.event(&Event { at: Timestamp { milliseconds }, kind });
        let (step, skipped) = (instance(1, "ship.release[2]"), instance(2, "cached"));
        at(1_000, EventKind::Started { instance: step.clone(), attempt: 1 });
        at(4_000, EventKind::Started { instance: step.clone(), attempt: 2 });
        at(6_000, EventKind::Succeeded { instance: step, value: Value::Null });
        at(7_000, EventKind::Succeeded { instance: skipped, value: Value::Null });
        let times = watch.times();
        let expected = StepTimes { digest: "".into(), count: 1, took: vec![5_000] };
        assert!(times.rounds.is_empty());
        assert_eq!(times.steps.into_iter().collect::<Vec<_>>(), [("ship.release".into(), expected)]);
    }

    #[test]
    fn the_time_for_which_a_run_was_dead_is_nobodys() {
        let mut watch = Stopwatch::default();
        let mut at = |milliseconds, kind| watch.event(&Event { at: Timestamp { milliseconds }, kind });
        let lost = instance(1, "build");
        at(1_000, EventKind::Started { instance: lost.clone(), attempt: 1 });
        at(90_000_000, EventKind::Lost { instance: lost.clone(), attempt: 1, answer: LostAnswer::Rerun });
        at(90_000_000, EventKind::Started { instance: lost.clone(), attempt: 2 });
        at(90_003_000, EventKind::Succeeded { instance: lost, value: Value::Null });
        assert_eq!(watch.times().steps.get("build").map(|times| times.took.clone()), Some(vec![3_000]));
    }

    #[test]
    fn undos_are_no_times_of_their_steps_and_rounds_are_those_of_one_loop() {
        let mut watch = Stopwatch::default();
        let mut at = |milliseconds, kind| watch.event(&Event { at: Timestamp { milliseconds }, kind });
        let undo = instance(2, "make");
        at(0, EventKind::Ready { instance: undo.clone(), kind: InstanceKind::Undo(InstanceId(1)), rounds: Vec::new() });
        at(1, EventKind::Started { instance: undo.clone(), attempt: 1 });
        at(9, EventKind::Succeeded { instance: undo, value: Value::Null });
        for outer in 0..2 {
            let each = instance(10 + outer, &format!("outer.inner[{outer}]"));
            at(10, EventKind::Ready { instance: each.clone(), kind: InstanceKind::ForEach, rounds: Vec::new() });
            for index in 0..3 {
                let iteration = instance(100 + 10 * outer + index, &format!("outer.inner[{outer}][{index}]"));
                at(11, EventKind::IterationOpened { instance: each.clone(), iteration, index });
            }
        }
        let times = watch.times();
        assert_eq!((times.steps.len(), times.rounds.get("outer.inner")), (0, Some(&3)));
    }

    #[test]
    fn of_a_million_times_few_are_kept_and_they_are_spread() {
        let mut times = StepTimes::default();
        (0..1_000_000).for_each(|milliseconds| times.add(milliseconds));
        assert!(times.count == 1_000_000 && (20..=40).contains(&times.took.len()), "{times:?}");
        let (first, last) = (times.took[0], times.took[times.took.len() - 1]);
        assert!(first == 0 && last > 900_000, "{times:?}");
    }
}
