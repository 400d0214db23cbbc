//! Faults: what goes wrong in a scenario, and a cast that lets it.

use super::super::mocks::{Mocks, failure};
use super::super::{Cast, Course, Given, Interruption, Reply};
use crate::engine::{Engine, Running};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use wf_model::event::{Answer, AttemptOutcome, Awaited, CancelCause, Instance, InstanceId, LostAnswer, Timestamp};
use wf_model::expression::Function;
use wf_model::program::{StatementId, WorkflowId};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The step, by its path with all places in loops.
    pub step: Arc<str>,
    /// Whether it is the step's undo.
    pub is_undo: bool,
    /// What.
    pub sort: FaultSort,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultSort {
    /// Every attempt fails.
    Fails,
    /// The first attempt fails.
    FailsOnce,
    /// Every attempt runs out of time.
    TimesOut,
    /// The run is cancelled while it goes on.
    Cancelled,
    /// The process of the run dies while it goes on, and what became of it is as the step says.
    Crashes,
    /// The process dies, and it turns out that it was done.
    CrashesDone,
    /// The process dies, and it turns out that it was not done, so that it runs again.
    CrashesUndone,
    /// The process dies, and it turns out that it failed.
    CrashesFailed,
    /// The innermost block around it whose time is limited runs out of time while it goes on.
    BlockTimesOut,
    /// The outermost one does.
    OuterBlockTimesOut,
    /// Somebody says no.
    Rejected,
    /// Nobody says or sends anything.
    Unanswered,
}

impl FaultSort {
    const fn text(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::FailsOnce => "fails once",
            Self::TimesOut => "times out",
            Self::Cancelled => "is cancelled with the run",
            Self::Crashes => "crashes",
            Self::CrashesDone => "crashes, but was done",
            Self::CrashesUndone => "crashes, and was not done",
            Self::CrashesFailed => "crashes, and failed",
            Self::BlockTimesOut => "goes on until its block times out",
            Self::OuterBlockTimesOut => "goes on until the outermost block times out",
            Self::Rejected => "is rejected",
            Self::Unanswered => "gets no answer",
        }
    }

    const fn is_of_block(self) -> bool {
        matches!(self, Self::BlockTimesOut | Self::OuterBlockTimesOut)
    }

    const fn is_crash(self) -> bool {
        matches!(self, Self::Crashes | Self::CrashesDone | Self::CrashesUndone | Self::CrashesFailed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.is_undo { "undo of " } else { "" };
        write!(formatter, "{whose}{} {}", self.step, self.sort.text())
    }
}

/// A cast that lets faults happen.
pub(super) struct Faulty {
    pub(super) inner: Mocks,
    pub(super) faults: Vec<Fault>,
    /// Which of them happened.
    pub(super) fired: Vec<bool>,
    /// How long attempts that go on take.
    going: BTreeMap<InstanceId, Duration>,
    /// Every step and undo that began.
    pub(super) seen: BTreeMap<InstanceId, Seen>,
}

/// A step or undo that began.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) step: Arc<str>,
    pub(super) workflow: WorkflowId,
    pub(super) statement: StatementId,
    pub(super) is_undo: bool,
    /// Whether it waits for an answer, or for a signal.
    pub(super) waits: Option<Waits>,
    pub(super) has_timeout: bool,
    /// What is around it and has a limited time, the innermost first.
    pub(super) limited: Vec<Instance>,
    /// How many attempts began.
    pub(super) attempts: u32,
}

/// For what a step waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Answer,
    Signal,
}

impl Faulty {
    pub(super) fn new(inner: Mocks, faults: Vec<Fault>) -> Self {
        Self { inner, fired: vec![false; faults.len()], faults, going: BTreeMap::new(), seen: BTreeMap::new() }
    }

    fn see(&mut self, running: &Running, engine: &Engine, waits: Option<Waits>, has_timeout: bool) {
        let seen = Seen {
            step: running.instance.path.clone(),
            workflow: running.workflow,
            statement: running.statement,
            is_undo: running.is_undo,
            waits,
            has_timeout,
            limited: engine.limited_around(running.instance.id),
            attempts: 0,
        };
        self.seen.entry(running.instance.id).or_insert(seen).attempts = running.attempt;
    }

    /// What goes wrong with an attempt.
    fn fault(&self, running: &Running, wanted: impl Fn(FaultSort) -> bool) -> Option<(usize, FaultSort)> {
        let mut faults = self.faults.iter().enumerate();
        let is_meant = |fault: &Fault| *fault.step == *running.instance.path && fault.is_undo == running.is_undo;
        let (place, fault) = faults.find(|(_, fault)| is_meant(fault) && wanted(fault.sort))?;
        Some((place, fault.sort))
    }

    fn fires(&mut self, place: usize) {
        if let Some(fired) = self.fired.get_mut(place) {
            *fired = true;
        }
    }
}

impl Cast for Faulty {
    fn attempt(&mut self, running: &Running, engine: &Engine, timeout: Option<Duration>) -> Course {
        self.see(running, engine, None, timeout.is_some());
        let course = self.inner.attempt(running, engine, timeout);
        let first = running.attempt == 1;
        let ends = |sort: FaultSort| match sort {
            FaultSort::Fails | FaultSort::TimesOut => true,
            FaultSort::FailsOnce => first,
            _ => false,
        };
        let course = match self.fault(running, ends) {
            None => course,
            Some((place, sort)) => {
                self.fires(place);
                match sort {
                    FaultSort::TimesOut => Course::timed_out(timeout.unwrap_or(course.takes)),
                    _ => Course { outcome: AttemptOutcome::Failed(failure(Some("failed in the rehearsal"))), ..course },
                }
            }
        };
        self.going.insert(running.instance.id, course.takes);
        course
    }

    fn observe(&mut self, function: Function, arguments: &[Value], now: Timestamp) -> Result<Value, Arc<str>> {
        self.inner.observe(function, arguments, now)
    }

    fn lost(&mut self, running: &Running, engine: &Engine) -> Option<LostAnswer> {
        let sort = self.fault(running, FaultSort::is_crash).map(|(_, sort)| sort);
        match sort {
            Some(FaultSort::CrashesDone) => Some(LostAnswer::Done(self.inner.value_of(running))),
            Some(FaultSort::CrashesUndone) => Some(LostAnswer::Rerun),
            Some(FaultSort::CrashesFailed) => Some(LostAnswer::Failed),
            // Of what else went on, whoever is asked says that it was not done.
            _ => self.inner.lost(running, engine).or(Some(LostAnswer::Rerun)),
        }
    }

    fn answer(&mut self, running: &Running, awaited: &Awaited, engine: &Engine) -> Option<Reply> {
        let waits = if matches!(awaited, Awaited::Signal { .. }) { Waits::Signal } else { Waits::Answer };
        self.see(running, engine, Some(waits), false);
        let reply = self.inner.answer(running, awaited, engine);
        let after = reply.as_ref().map(|reply| reply.after).unwrap_or_default();
        self.going.insert(running.instance.id, after);
        match self.fault(running, |sort| matches!(sort, FaultSort::Rejected | FaultSort::Unanswered)) {
            None => reply,
            Some((place, sort)) => {
                self.fires(place);
                let by = match awaited {
                    Awaited::Approval { approvers, .. } => approvers.first().cloned(),
                    Awaited::Gate { .. } | Awaited::Signal { .. } => None,
                };
                let by = by.unwrap_or_else(|| "somebody".into());
                let answer = Answer { approved: false, by, choice: None, comment: None };
                (sort == FaultSort::Rejected).then_some(Reply { after, given: Given::Answer(answer) })
            }
        }
    }

    fn interruption(&mut self, running: &Running) -> Option<(Duration, Interruption)> {
        let wanted = |sort: FaultSort| sort.is_crash() || sort.is_of_block() || sort == FaultSort::Cancelled;
        let (place, sort) = self.fault(running, wanted)?;
        // What runs again after a crash, or is undone after the end was asked for, is let go on.
        if self.fired.get(place) == Some(&true) {
            return None;
        }
        let takes = self.going.get(&running.instance.id).copied().unwrap_or_default();
        let limited = self.seen.get(&running.instance.id).map_or(&[][..], |seen| &seen.limited);
        let interruption = match sort {
            FaultSort::BlockTimesOut => Interruption::Timeout(limited.first()?.clone()),
            FaultSort::OuterBlockTimesOut => Interruption::Timeout(limited.last()?.clone()),
            FaultSort::Cancelled => Interruption::Cancel(CancelCause::Interrupt),
            _ => Interruption::Crash,
        };
        self.fires(place);
        Some((Duration { milliseconds: takes.milliseconds / 2 }, interruption))
    }

    fn jitter(&mut self, upper: Duration) -> Duration {
        self.inner.jitter(upper)
    }
}
