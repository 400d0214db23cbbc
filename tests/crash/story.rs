//! What a journal and the log of the steps tell, and what has to hold of them.

use super::model::{Model, exit_code};
use super::plan::{Plan, is_around, parts};
use super::scene::Line;
use std::collections::{BTreeMap, BTreeSet};
use wf_model::event::{AttemptOutcome, Event, EventKind, InstanceId, InstanceKind, RollbackCause};
use wf_model::value::Value;

/// A step, the undo of one, or another statement, as the journal tells of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) path: String,
    /// What it undoes.
    pub(super) undoes: Option<u64>,
    is_step: bool,
    is_call: bool,
    is_commit: bool,
    is_checkpoint: bool,
    /// Places in the journal.
    pub(super) ready: usize,
    pub(super) touched: Option<usize>,
    pub(super) closed: Option<usize>,
    pub(super) succeeded: bool,
    attempts: BTreeMap<u32, Attempt>,
}

#[derive(Debug, Default)]
struct Attempt {
    started: bool,
    ended: bool,
    succeeded: bool,
}

/// A rollback as the journal tells it.
struct RolledBack<'a> {
    at: usize,
    path: &'a str,
    cause: RollbackCause,
    steps: BTreeSet<u64>,
}

/// A journal, by instances.
#[derive(Default)]
pub(super) struct Story<'a> {
    pub(super) told: BTreeMap<u64, Told>,
    rollbacks: Vec<RolledBack<'a>>,
    /// Steps that somebody took care of, and when.
    settled: Vec<(usize, u64)>,
    won: BTreeMap<u64, (String, usize)>,
    /// Iterations that succeeded.
    went_well: Vec<(&'a str, usize)>,
}

impl<'a> Story<'a> {
    pub(super) fn of(events: &'a [Event]) -> Self {
        let mut story = Self::default();
        for (at, event) in events.iter().enumerate() {
            story.see(at, &event.kind);
        }
        story
    }

    fn see(&mut self, at: usize, event: &'a EventKind) {
        match event {
            EventKind::Ready { instance, kind, .. } | EventKind::Skipped { instance, kind, .. } => {
                let told = self.told.entry(instance.id.0).or_default();
                (told.path, told.ready) = (instance.path.to_string(), at);
                match kind {
                    InstanceKind::Step(_) => told.is_step = true,
                    InstanceKind::Call(_) => (told.is_step, told.is_call) = (true, true),
                    InstanceKind::Undo(of) => told.undoes = Some(of.0),
                    InstanceKind::Commit => told.is_commit = true,
                    InstanceKind::Checkpoint => told.is_checkpoint = true,
                    _ => {}
                }
                if matches!(event, EventKind::Skipped { .. }) {
                    told.closed = Some(at);
                } else if told.is_call {
                    told.touched = Some(at);
                }
            }
            EventKind::Started { instance, attempt } => {
                let told = self.told.entry(instance.id.0).or_default();
                told.touched.get_or_insert(at);
                told.attempts.entry(*attempt).or_default().started = true;
            }
            EventKind::AttemptEnded { instance, attempt, outcome, .. } => {
                let told = self.told.entry(instance.id.0).or_default();
                let attempt = told.attempts.entry(*attempt).or_default();
                (attempt.ended, attempt.succeeded) = (true, matches!(outcome, AttemptOutcome::Succeeded { .. }));
                if !outcome.began() && told.attempts.len() == 1 {
                    told.touched = None;
                }
            }
            EventKind::Succeeded { instance, .. } | EventKind::Cached { instance, .. } => {
                let told = self.told.entry(instance.id.0).or_default();
                (told.closed, told.succeeded) = (Some(at), true);
            }
            EventKind::Failed { instance, .. } | EventKind::Cancelled { instance, .. } => {
                self.told.entry(instance.id.0).or_default().closed = Some(at);
            }
            EventKind::RaceWon { instance, winner: Value::String(winner) } => {
                self.won.insert(instance.id.0, (winner.to_string(), at));
            }
            // An attempt that was announced may have begun.
            EventKind::Lost { instance, .. } => {
                self.told.entry(instance.id.0).or_default().touched.get_or_insert(at);
            }
            EventKind::RollbackRequested { settled, .. } => {
                self.settled.extend(settled.iter().map(|settled| (at, settled.step.0)));
            }
            EventKind::IterationEnded { iteration, succeeded: true, .. } => self.went_well.push((&iteration.path, at)),
            EventKind::RollbackStarted { instance, cause, steps } => {
                let steps = steps.iter().map(|InstanceId(number)| *number).collect();
                self.rollbacks.push(RolledBack { at, path: &instance.path, cause: *cause, steps });
            }
            _ => {}
        }
    }

    fn steps(&self) -> impl Iterator<Item = (u64, &Told)> {
        self.told.iter().filter(|(_, told)| told.is_step).map(|(key, told)| (*key, told))
    }

    fn path(&self, key: u64) -> &str {
        self.told.get(&key).map_or("?", |told| &told.path)
    }

    /// Everything that a step did is told before it does it.
    pub(super) fn tells_of(&self, log: &[Line]) -> Result<(), String> {
        for line in log.iter().filter(|line| line.begins()) {
            let attempt = self.told.get(&line.key).and_then(|told| told.attempts.get(&line.attempt));
            require(attempt.is_some_and(|attempt| attempt.started), || format!("the journal does not tell of {line:?}"))?;
        }
        Ok(())
    }

    /// Nothing whose end is told runs again: an attempt not at all, and what succeeded not as a further attempt.
    pub(super) fn stays_done(&self, plan: &Plan, later: &[Line]) -> Result<(), String> {
        for line in later.iter().filter(|line| line.begins()) {
            let Some(told) = self.told.get(&line.key) else { continue };
            let ended = told.attempts.get(&line.attempt).is_some_and(|attempt| attempt.ended);
            let again = plan.step(&line.path).is_some_and(|step| step.secret) && line.word == "begin";
            require(!(ended || told.succeeded) || again, || format!("{line:?} runs again"))?;
        }
        Ok(())
    }

    /// What succeeded ran once, whatever became of the attempts before.
    pub(super) fn ran_once(&self, plan: &Plan, log: &[Line]) -> Result<(), String> {
        for (key, told) in &self.told {
            let again = plan.step(&told.path).is_some_and(|step| step.secret) && told.undoes.is_none();
            for (number, _) in told.attempts.iter().filter(|(_, attempt)| attempt.succeeded && !again) {
                let of = |line: &&Line| line.key == *key && line.attempt == *number;
                let (begun, ended) = log.iter().filter(of).partition::<Vec<_>, _>(|line| line.begins());
                // Kinds that start no process write nothing.
                let silent = begun.is_empty() && parts(&told.path).0.last().is_some_and(|name| name.starts_with("quiet_"));
                let once = begun.len() == 1 && ended.len() == 1;
                require(once || silent, || format!("{} succeeded and ran as {begun:?} {ended:?}", told.path))?;
            }
        }
        Ok(())
    }

    /// Nothing began before what it follows had ended, in the journal and in what the steps wrote.
    pub(super) fn in_order(&self, plan: &Plan, log: &[Line]) -> Result<(), String> {
        let first = |key: u64| log.iter().position(|line| line.key == key && line.begins());
        let last = |key: u64| log.iter().rposition(|line| line.key == key);
        for (key, later) in self.steps() {
            let Some(began) = later.touched else { continue };
            for (other, earlier) in self.steps().filter(|(other, earlier)| *other != key && earlier.ready < began) {
                if plan.follows(&later.path, &earlier.path) != Some(true) || is_around(&later.path, &earlier.path) {
                    continue;
                }
                let (this, that) = (&later.path, &earlier.path);
                require(earlier.closed.is_some_and(|closed| closed < began), || format!("{this} began before {that} ended"))?;
                // A secret is in no journal: its step is asked again.
                let secret = plan.step(that).is_some_and(|step| step.secret);
                let written = secret || first(key).zip(last(other)).is_none_or(|(begins, ends)| ends < begins);
                require(written, || format!("{this} ran before {that} had run"))?;
            }
            self.nothing_is_missing(plan, later, began)?;
        }
        Ok(())
    }

    /// Every step in the same body that it follows has its end in the journal, if only as one that was skipped.
    fn nothing_is_missing(&self, plan: &Plan, later: &Told, began: usize) -> Result<(), String> {
        for name in plan.beside(&later.path) {
            let there = self.steps().any(|(_, earlier)| {
                earlier.closed.is_some_and(|closed| closed < began) && parts(&earlier.path).0.last() == Some(&&**name)
            });
            require(there, || format!("{} began, and {name} has not ended", later.path))?;
        }
        Ok(())
    }
}

/// Steps that share a lock do not run side by side, nor do their undos.
pub(super) fn one_at_a_time(log: &[Line]) -> Result<(), String> {
    let is_locked = |line: &&Line| parts(&line.path).0.last().is_some_and(|name| name.starts_with("locked_"));
    let locked = || log.iter().filter(is_locked);
    for (first, second) in locked().zip(locked().skip(1)) {
        let ends = log.iter().any(|line| !line.begins() && (line.key, line.attempt) == (first.key, first.attempt));
        let beside = first.begins() && ends && (first.key, first.attempt) != (second.key, second.attempt);
        require(!beside, || format!("{first:?} and {second:?} run side by side"))?;
    }
    Ok(())
}

/// Steps that print `run.resumes` print how often the run had been resumed when they had nothing more to wait for.
pub(super) fn resumes_are_counted(events: &[Event]) -> Result<(), String> {
    let (mut resumes, mut told) = (0, BTreeMap::new());
    for event in events {
        match &event.kind {
            EventKind::RunResumed { .. } => resumes += 1,
            EventKind::Ready { instance, .. } => _ = told.insert(instance.id, resumes),
            EventKind::Succeeded { instance, value } if instance.path.contains("resumed_") => {
                let expected = Value::Int(told.get(&instance.id).copied().unwrap_or_default());
                require(*value == expected, || format!("{} gives {value:?}, not {expected:?}", instance.path))?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Line {
    pub(super) fn begins(&self) -> bool {
        self.word == "begin" || self.word == "undo"
    }
}

pub(super) fn require(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

/// What a rollback has to undo, and in which order.
impl Story<'_> {
    /// Holds every rollback to what it covers, and what the steps wrote and the exit code of the run to that.
    pub(super) fn undone(&self, plan: &Plan, log: &[Line], code: i32) -> Result<(), String> {
        let (mut tried, mut left) = (BTreeSet::new(), BTreeSet::new());
        for rollback in &self.rollbacks {
            self.settled.iter().filter(|(at, _)| *at < rollback.at).for_each(|(_, step)| _ = left.remove(step));
            let again = rollback.cause == RollbackCause::Request;
            let expected = if again { left.clone() } else { self.covered(plan, rollback, &tried) };
            let paths = |keys: &BTreeSet<u64>| keys.iter().map(|key| self.path(*key).to_owned()).collect::<Vec<_>>();
            require(expected == rollback.steps, || {
                format!("{} is undone, not {:?}", paths(&rollback.steps).join(", "), paths(&expected))
            })?;
            left.retain(|step| !expected.contains(step));
            left.extend(self.undone_in_order(plan, rollback, log)?);
            tried.extend(expected);
        }
        let expected = exit_code(&left);
        require((code == 4) == (expected == 4), || format!("exit code {code}, and {expected} of the model"))?;
        let planned = |line: &&Line| line.word == "undo" && !tried.contains(&self.subject(line));
        require(!log.iter().any(|line| planned(&line)), || "something is undone that no rollback covers".to_owned())
    }

    /// Every step with an undo that may have done something, inside what is rolled back, and is not bounded or undone.
    fn covered(&self, plan: &Plan, rollback: &RolledBack<'_>, undone: &BTreeSet<u64>) -> BTreeSet<u64> {
        let winner = |path: &str| {
            let mut won = self.won.iter().filter(|(id, (_, at))| *at <= rollback.at && self.path(**id) == rollback.path);
            let mut rounds = self.went_well.iter().filter(|(round, at)| *at <= rollback.at && is_around(rollback.path, round));
            rollback.cause == RollbackCause::LostRace
                && (won.any(|(_, (winner, _))| parts(path).0.contains(&winner.as_str()))
                    || rounds.any(|(round, _)| is_around(round, path)))
        };
        let eligible = self.steps().filter(|(key, told)| {
            let step = plan.step(&told.path);
            step.is_some_and(|step| step.undo && !step.in_handler)
                && told.touched.is_some_and(|at| at < rollback.at && !self.bounded(plan, rollback, &told.path, at))
                && is_around(rollback.path, &told.path)
                && !winner(&told.path)
                && !undone.contains(key)
        });
        eligible.map(|(key, _)| key).collect()
    }

    /// Whether a point of no return, or the checkpoint that is gone back to, lies between.
    fn bounded(&self, plan: &Plan, rollback: &RolledBack<'_>, path: &str, began: usize) -> bool {
        let within = |told: &Told| told.ready < rollback.at && began < told.ready && told.succeeded;
        let commits = self.told.values().filter(|told| told.is_commit && is_around(&told.path, path));
        let checkpoints = self.told.values().filter(|told| told.is_checkpoint && rollback.path.is_empty());
        let meant = |told: &&Told| plan.back_to.as_deref().is_some() && rollback.cause == RollbackCause::Handler && within(told);
        commits.into_iter().any(within) || checkpoints.into_iter().any(|told| meant(&told))
    }

    /// The step that a line of an undo is about.
    fn subject(&self, line: &Line) -> u64 {
        self.told.get(&line.key).and_then(|told| told.undoes).unwrap_or(line.key)
    }

    /// Holds what the steps wrote to the model; gives those that it leaves. What somebody asks for again can be undone by then.
    fn undone_in_order(&self, plan: &Plan, rollback: &RolledBack<'_>, log: &[Line]) -> Result<BTreeSet<u64>, String> {
        let steps = &rollback.steps;
        let is_stuck = |key: &u64| parts(self.path(*key)).0.last().is_some_and(|name| name.starts_with("stuck_"));
        let stuck = steps.iter().copied().filter(|key| is_stuck(key) && rollback.cause != RollbackCause::Request).collect();
        let needs = |user: u64, on: u64| {
            let follows = plan.follows(self.path(user), self.path(on));
            follows.unwrap_or_else(|| self.told[&on].touched < self.told[&user].touched)
        };
        let mut seen = BTreeMap::new();
        for (at, line) in log.iter().enumerate().filter(|(_, line)| line.word.starts_with("undo")) {
            let step = self.subject(line);
            let ready = self.told.get(&line.key).map_or(0, |undo| undo.ready);
            let meant = self.rollbacks.iter().rfind(|earlier| earlier.at < ready && earlier.steps.contains(&step));
            if meant.is_some_and(|meant| meant.at == rollback.at) {
                seen.entry(step).or_insert((at, at)).1 = at;
            }
        }
        let model = Model { steps, stuck: &stuck, needs: &needs };
        model.judge(&seen).map_err(|problem| {
            let named = steps.iter().map(|step| format!("{step}: {}", self.path(*step))).collect::<Vec<_>>();
            format!("{problem}, of {}", named.join(", "))
        })?;
        Ok(model.left())
    }
}
