//! Which moments are tried, and what was met there.

use super::scene::{Fault, Kill, Scene, Victim};
use crate::numbers::Numbers;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use wf_model::event::{Event, EventKind, InstanceKind};
use wf_model::run::{RunRecord, Status, UndoStatus};

/// Calls that write, sync or move the journal, and the file that they are made to.
const CALLS: [(&str, &str); 5] =
    [("-wal", "pwrite64"), ("-wal", "fdatasync"), ("-wal", "fsync"), ("", "pwrite64"), ("", "fsync")];

/// Instants in the whole matrix, over all workflows.
const INSTANTS: u32 = 500;

/// A run that is killed, perhaps again while it goes on, and then comes to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) workflow: usize,
    pub(super) first: Kill,
    pub(super) second: Option<Kill>,
    /// Whether the last of these faults has to fire; behind most of the calls of a run that nothing disturbs, another one may
    /// have ended already.
    pub(super) must_fire: bool,
}

/// A kill at an instant of a run that takes so long.
fn instant(numbers: &mut Numbers, within: Duration) -> Kill {
    let time = within.mul_f64(numbers.below(1000) as f64 / 1000.0);
    let victim = [Victim::Guard, Victim::Inner, Victim::Both][numbers.below(3) as usize];
    Kill::After(time, victim)
}

/// What is known of a workflow before it is killed.
pub(super) struct Measured {
    pub(super) text: &'static str,
    /// How long it takes.
    pub(super) time: Duration,
}

/// The moments for one workflow.
pub(super) fn cases(workflow: usize, measured: &Measured, whole: bool, workflows: usize) -> Vec<Case> {
    let mut numbers = Numbers(workflow as u64);
    let mut cases = Vec::new();
    let counts = Scene::of(measured.text).calls(&["run", "main.wf"], &CALLS);
    for (index, ((file, call), count)) in CALLS.into_iter().zip(counts).enumerate() {
        let at = |number| Kill::At(Fault { file, call, number });
        let certain = (count * 3 / 5).max(1);
        let tried: Vec<u32> = match (whole, index) {
            (true, _) => (1..=count + 2).collect(),
            (false, 0) => (1..=7).map(|piece| (certain * piece / 7).max(1)).collect(),
            (false, 1) => vec![certain / 2 + 1],
            (false, _) if index % 4 == workflow % 4 => vec![certain],
            (false, _) => Vec::new(),
        };
        for number in tried.into_iter().filter(|_| count > 0) {
            let second = (number % 3 == 2).then(|| match number % 2 {
                0 => instant(&mut numbers, measured.time),
                _ => Kill::At(Fault { file: "-wal", call: "pwrite64", number: 1 + numbers.below(20) as u32 }),
            });
            cases.push(Case { workflow, first: at(number), second, must_fire: second.is_none() && number <= certain });
        }
    }
    let instants = if whole { INSTANTS.div_ceil(workflows as u32) } else { 4 };
    for number in 0..instants {
        let (first, second) = (instant(&mut numbers, measured.time), instant(&mut numbers, measured.time));
        cases.push(Case { workflow, first, second: (number % 3 == 0).then_some(second), must_fire: number % 3 != 0 });
    }
    cases
}

/// How a run stood when it was killed, in a word.
pub(super) fn standing(journal: Option<&[Event]>) -> &'static str {
    let Some(events) = journal else { return "before it was begun" };
    let record = RunRecord::of(events);
    let steps = || record.instances.values();
    let open = |event: &Event| match event.kind {
        EventKind::HandlerOpened { .. } => 1,
        EventKind::HandlerEnded { .. } => -1,
        _ => 0_i32,
    };
    let is_step = |kind: &InstanceKind| matches!(kind, InstanceKind::Step(_));
    let undo = |status| steps().any(|step| step.undo == status);
    match () {
        () if events.is_empty() => "begun, nothing happened",
        () if record.state.is_final() => "ended",
        () if undo(UndoStatus::Undoing) => "an undo runs",
        () if undo(UndoStatus::Planned) => "between undos",
        () if events.iter().map(open).sum::<i32>() > 0 => "a handler runs",
        () if steps().any(|step| matches!(step.status, Status::Retrying(_))) => "a retry waits",
        () if steps().any(|step| matches!(step.status, Status::Waiting { .. })) => "a step waits for somebody",
        () if steps().any(|step| is_step(&step.kind) && step.status == Status::Running) => "a step runs",
        () => "between steps",
    }
}

/// How many moments were met, by how the run stood and how it was killed.
#[derive(Default)]
pub(super) struct Tally {
    met: BTreeMap<(&'static str, &'static str), u32>,
    /// Faults behind the last call, which need not fire.
    pub(super) missed: u32,
}

impl Tally {
    pub(super) fn count(&mut self, how: &'static str, standing: &'static str) {
        *self.met.entry((standing, how)).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        other.met.iter().for_each(|(key, count)| *self.met.entry(*key).or_default() += count);
        self.missed += other.missed;
    }

    pub(super) fn total(&self) -> u32 {
        self.met.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((standing, how), count) in &self.met {
            writeln!(formatter, "{count:6}  {standing}, killed {how}")?;
        }
        write!(formatter, "{:6}  in all; {} faults stood behind the end of the run", self.total(), self.missed)
    }
}
