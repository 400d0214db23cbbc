//! Runs whose process is killed at any moment go on as if nothing had happened.
//!
//! `wfc` itself is killed, at calls of the system that write the journal (by `strace`) and at random instants, and the run is resumed.
//! The slice that runs with all tests takes some of the moments; `WFC_CAMPAIGN=1` takes every write, every sync and 500 instants.

mod exactly_once;
mod graphs;
mod instants;
mod matrix;
mod messages;
mod model;
mod plan;
mod scene;
mod story;

use crate::cli::Outcome;
use matrix::{Case, Measured, Tally, cases, standing};
use plan::Plan;
use scene::{Kill, Scene};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use story::{Story, require};
use wf_model::event::Event;
use wf_model::run::{RunRecord, RunState};
use wf_model::value::Value;

/// The workflows: together they use every construct.
const WORKFLOWS: &[(&str, &str)] = &[
    ("sequence", include_str!("workflows/sequence.wf")),
    ("parallel", include_str!("workflows/parallel.wf")),
    ("loops", include_str!("workflows/loops.wf")),
    ("races", include_str!("workflows/races.wf")),
    ("calls", include_str!("workflows/calls.wf")),
    ("handlers", include_str!("workflows/handlers.wf")),
    ("cancel", include_str!("workflows/cancel.wf")),
    ("interrupted", include_str!("workflows/interrupted.wf")),
    ("rollback", include_str!("workflows/rollback.wf")),
    ("checkpoint", include_str!("workflows/checkpoint.wf")),
    ("stuck", include_str!("workflows/stuck.wf")),
    ("retries", include_str!("workflows/retries.wf")),
    ("unknown", include_str!("workflows/unknown.wf")),
    ("outside", include_str!("workflows/outside.wf")),
    ("secrets", include_str!("workflows/secrets.wf")),
    ("locks", include_str!("workflows/locks.wf")),
    ("cached", include_str!("workflows/cached.wf")),
    ("waits", include_str!("workflows/waits.wf")),
];

/// How often somebody answers what became of steps before it is clear that nobody will know.
const ANSWERS: usize = 20;

/// What comes of a run that nothing disturbs.
#[derive(Debug, PartialEq)]
struct Undisturbed {
    code: i32,
    stdout: String,
    state: RunState,
    outputs: Value,
}

/// A run that is killed and goes on, and everything that was seen of it when it was killed.
struct Witness<'a> {
    scene: Scene,
    plan: &'a Plan,
    /// The journal and the length of the log at each death.
    deaths: Vec<(Vec<Event>, usize)>,
    tally: Tally,
}

impl Witness<'_> {
    /// Kills a process of the run; whether it came to that.
    fn kill(&mut self, arguments: &[&str], kill: Kill) -> Result<bool, String> {
        if self.scene.killed(arguments, kill).is_some() {
            return Ok(false);
        }
        if kill.ends_steps() {
            self.scene.nothing_lives()?;
        }
        let journal = self.scene.journal();
        self.tally.count(kill.title(), standing(journal.as_deref()));
        let (events, log) = (journal.unwrap_or_default(), self.scene.log());
        Story::of(&events).tells_of(&log)?;
        self.deaths.push((events, log.len()));
        Ok(true)
    }

    /// What has to be done for the run to go on; nothing where it has ended.
    fn way_on(&self) -> Option<Vec<&'static str>> {
        match self.scene.journal() {
            None => Some(vec!["run", "main.wf"]),
            Some(events) if RunRecord::of(&events).state.is_final() => None,
            Some(_) => Some(vec!["resume", "last"]),
        }
    }

    /// Goes on to the end; what is asked is answered.
    fn finish(&self) -> Result<Option<Outcome>, String> {
        let mut answers: Vec<String> = Vec::new();
        for _ in 0..ANSWERS {
            let Some(way) = self.way_on() else { return Ok(None) };
            let arguments: Vec<&str> = way.into_iter().chain(answers.iter().map(String::as_str)).collect();
            let outcome = self.scene.ended(&arguments);
            if outcome.code != 5 {
                return Ok(Some(outcome));
            }
            let asked = outcome.stderr.split("--step '").skip(1).filter_map(|rest| rest.split_once("=done|"));
            answers = asked.map(|(step, _)| format!("--step={step}=rerun")).collect();
        }
        Err("it asks for ever".to_owned())
    }

    /// Whether it ended as a run that nothing disturbs, and what has to hold at every end.
    fn judge(&self, ended: Option<&Outcome>, undisturbed: &Undisturbed) -> Result<(), String> {
        let record = RunRecord::of(&self.scene.journal().unwrap_or_default());
        let here = Undisturbed {
            code: ended.map_or(undisturbed.code, |outcome| outcome.code),
            stdout: ended.map_or(&undisturbed.stdout, |outcome| &outcome.stdout).clone(),
            state: record.state,
            outputs: record.outputs,
        };
        let said = ended.map_or("", |outcome| &outcome.stderr);
        require(here == *undisturbed, || format!("{here:?}, not {undisturbed:?}\n{said}"))?;
        self.holds(here.code)
    }

    /// Everything that has to hold at the end of a run with this exit code.
    fn holds(&self, code: i32) -> Result<(), String> {
        self.scene.nothing_lives()?;
        let (events, log) = (self.scene.journal().unwrap_or_default(), self.scene.log());
        let story = Story::of(&events);
        story.tells_of(&log)?;
        story.ran_once(self.plan, &log)?;
        story.in_order(self.plan, &log)?;
        story.undone(self.plan, &log, code)?;
        instants::waits_are_kept(&events, false)?;
        story::resumes_are_counted(&events)?;
        for (journal, length) in &self.deaths {
            require(events.starts_with(journal), || "the journal has lost something".to_owned())?;
            Story::of(journal).stays_done(self.plan, log.get(*length..).unwrap_or_default())?;
        }
        story::one_at_a_time(&log)?;
        let told = serde_json::to_string(&events).expect("events are written");
        require(!told.contains("canary") && !self.scene.tells("canary"), || "the store tells a secret".to_owned())
    }
}

/// A workflow as it goes undisturbed.
struct Subject {
    name: &'static str,
    measured: Measured,
    plan: Plan,
    undisturbed: Undisturbed,
}

impl Subject {
    fn of(name: &'static str, text: &'static str) -> Self {
        let (scene, plan) = (Scene::of(text), Plan::of(text));
        let witness = Witness { scene, plan: &plan, deaths: Vec::new(), tally: Tally::default() };
        let begun = Instant::now();
        let outcome = witness.finish().expect("nobody disturbs it").expect("it has not ended yet");
        let time = begun.elapsed();
        let record = RunRecord::of(&witness.scene.journal().expect("it was begun"));
        let (code, stdout) = (outcome.code, outcome.stdout.clone());
        let undisturbed = Undisturbed { code, stdout, state: record.state, outputs: record.outputs };
        if let Err(problem) = witness.judge(Some(&outcome), &undisturbed) {
            panic!("{name}, undisturbed: {problem}\n{}\n{}", outcome.stderr, witness.told());
        }
        Self { name, measured: Measured { text, time }, plan, undisturbed }
    }

    /// Kills a run, goes on with it, and looks whether anything can be seen of that.
    fn holds(&self, case: &Case) -> Result<Tally, String> {
        let mut first = Some(case.first);
        while let Some(kill) = first {
            let scene = Scene::of(self.measured.text);
            let mut witness = Witness { scene, plan: &self.plan, deaths: Vec::new(), tally: Tally::default() };
            let outcome = witness.goes(&Case { first: kill, ..*case }, &self.undisturbed);
            let told = |problem| format!("{} {kill:?} {:?}: {problem}\n{}", self.name, case.second, witness.told());
            if outcome.map_err(told)? || !case.must_fire && kill.earlier().is_none() {
                return Ok(witness.tally);
            }
            first = kill.earlier();
        }
        Err(format!("{} {case:?}: the fault did not fire", self.name))
    }
}

impl Witness<'_> {
    /// Whether the run could be killed as the case says.
    fn goes(&mut self, case: &Case, undisturbed: &Undisturbed) -> Result<bool, String> {
        let first = self.kill(&["run", "main.wf"], case.first)?;
        let second = match case.second.filter(|_| first).zip(self.way_on()) {
            Some((second, way)) => self.kill(&way, second)?,
            None => true,
        };
        self.tally.missed += u32::from(!first || !second);
        let ended = self.finish()?;
        self.judge(ended.as_ref(), undisturbed)?;
        Ok(first && (second || !case.must_fire))
    }

    /// The journal and the log, for people.
    fn told(&self) -> String {
        let events = self.scene.journal().unwrap_or_default();
        let events = events.iter().map(|event| format!("{:?}", event.kind)).collect::<Vec<_>>().join("\n");
        let log = self.scene.log().iter().map(|line| format!("{line:?}")).collect::<Vec<_>>().join("\n");
        format!("{events}\n{log}")
    }
}

/// Does something with each of a list, several at a time.
fn each<T: Sync, R: Send>(list: &[T], work: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = list.get(index) else { return };
                    let result = work(index, item);
                    done.lock().expect("nobody panics with it").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("all ended");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[test]
#[allow(clippy::print_stdout, reason = "which moments were met belongs to the result")]
fn a_killed_run_goes_on_as_if_nothing_had_happened() {
    let whole = std::env::var_os("WFC_CAMPAIGN").is_some();
    let subjects = each(WORKFLOWS, |_, (name, text)| Subject::of(name, text));
    let cases = each(&subjects, |index, subject| cases(index, &subject.measured, whole, subjects.len()));
    let groups = if whole { cases } else { vec![cases.concat()] };
    let (mut tally, mut problems) = (Tally::default(), Vec::new());
    let mut tried = 0;
    for group in &groups {
        tried += group.len();
        let known = problems.len();
        for outcome in each(group, |_, case| subjects[case.workflow].holds(case)) {
            match outcome {
                Ok(met) => tally.add(&met),
                Err(problem) => problems.push(problem),
            }
        }
        // A long campaign shows what it has so far.
        println!("{tried} runs of {} workflows were killed, {} did not go on:\n{tally}", subjects.len(), problems.len());
        problems.iter().skip(known).take(3).for_each(|problem| println!("{problem}\n"));
    }
    assert!(problems.is_empty(), "{} of {tried} runs did not go on", problems.len());
}
