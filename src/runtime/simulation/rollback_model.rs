//! Rollbacks of random graphs whose process dies at random moments, against a model that knows nothing of the engine.

use super::draft::{Draft, lock, undoing};
use super::model::{self, Fate, Model};
use super::random::check_locks;
use super::tests::{failure, result};
use super::{Cast, Course, Simulation};
use crate::engine::{Engine, Options, Running};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, Event, EventKind, InstanceId, InstanceKind, LostAnswer, SettledUndo, Timestamp};
use wf_model::expression::Function;
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{EffectClause, HandlerCause, LockElse, Program, Rollback, StatementKind, StepClauses, Wait, WorkflowId};
use wf_model::run::{RunRecord, RunState, UndoStatus};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// How many rollbacks a run has, each after somebody mended something.
const ROUNDS: usize = 4;

/// A step of a random graph: on which earlier ones it depends, and how it and its undo go.
#[derive(Clone, Debug)]
struct Member {
    depends: BTreeSet<usize>,
    undo: bool,
    going: Going,
    /// In how many rollbacks its undo fails for good.
    stuck: usize,
    /// How many attempts of its undo fail otherwise.
    flaky: u32,
    takes: i64,
    /// The lock that it and its undo take.
    lock: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    Well,
    Fails,
    CannotStart,
}

/// Who asks for the rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// `on failure rollback`
    Handler,
    /// `on failure { rollback manually }` and somebody.
    Manually,
    /// Somebody, when the run has failed.
    Later,
}

/// A random graph, how it is written, and what happens around it.
#[derive(Clone, Debug)]
struct Graph {
    members: Vec<Member>,
    /// Whether some of the steps have a stage of their own, so that all dependencies lead from one body into another.
    staged: bool,
    asking: Asking,
    jobs: usize,
    /// For each rollback where the process dies, one death after the other.
    deaths: Vec<Vec<Index>>,
    /// For each rollback which of the undos that failed or were blocked somebody takes care of, and whether they are undone.
    settled: Vec<Vec<(Index, bool)>>,
    /// What becomes of steps that were under way.
    answers: Vec<u8>,
}

fn member() -> impl Strategy<Value = Member> {
    let depends = proptest::collection::btree_set(0..40_usize, 0..4);
    let going = prop_oneof![12 => Just(Going::Well), 2 => Just(Going::Fails), 1 => Just(Going::CannotStart)];
    let stuck = prop_oneof![8 => Just(0_usize), 1 => 1..=ROUNDS];
    let lock = proptest::option::weighted(0.3, any::<bool>());
    (depends, proptest::bool::weighted(0.7), going, stuck, 0..3_u32, 0..5_i64, lock)
        .prop_map(|(depends, undo, going, stuck, flaky, takes, lock)| Member { depends, undo, going, stuck, flaky, takes, lock })
}

fn graph() -> impl Strategy<Value = Graph> {
    let asking = prop_oneof![3 => Just(Asking::Handler), 1 => Just(Asking::Manually), 1 => Just(Asking::Later)];
    let deaths = proptest::collection::vec(proptest::collection::vec(any::<Index>(), 0..4), ROUNDS);
    let settled = proptest::collection::vec(proptest::collection::vec(any::<(Index, bool)>(), 0..3), ROUNDS);
    let around = (deaths, settled, proptest::collection::vec(0..3_u8, 16));
    (proptest::collection::vec(member(), 1..24), any::<bool>(), asking, 1..5_usize, around).prop_map(
        |(mut members, staged, asking, jobs, (deaths, settled, answers))| {
            for (index, member) in members.iter_mut().enumerate() {
                member.depends = member.depends.iter().filter(|_| index > 0).map(|on| on % index.max(1)).collect();
            }
            Graph { members, staged, asking, jobs, deaths, settled, answers }
        },
    )
}

fn number_of(path: &str) -> Option<usize> {
    path.strip_prefix('s')?.parse().ok()
}

/// How the steps of a graph go in one of its rollbacks.
#[derive(Clone)]
struct Troupe {
    graph: Arc<Graph>,
    round: usize,
}

impl Cast for Troupe {
    fn attempt(&mut self, running: &Running, _: &Engine, _: Option<Duration>) -> Course {
        let Running { instance, attempt, call, .. } = running;
        let attempt = *attempt;
        let Some(member) = number_of(&instance.path).and_then(|number| self.graph.members.get(number)) else {
            return Course { takes: Duration::default(), outcome: done() };
        };
        let outcome = match (&*call.kind == "revert" || call.undoes.is_some(), member.going) {
            (true, _) if self.round < member.stuck || attempt <= member.flaky => AttemptOutcome::Failed(failure()),
            (true, _) | (false, Going::Well) => done(),
            (false, Going::Fails) => AttemptOutcome::Failed(failure()),
            (false, Going::CannotStart) => AttemptOutcome::Failed(Failure::final_of(FailureKind::Spawn, "no such program")),
        };
        Course { takes: Duration::from_seconds(member.takes), outcome }
    }

    fn observe(&mut self, _: Function, _: &[Value], _: Timestamp) -> Result<Value, Arc<str>> {
        Ok(Value::Null)
    }

    fn lost(&mut self, running: &Running, _: &Engine) -> Option<LostAnswer> {
        let number = running.instance.id.0 as usize + running.attempt as usize;
        let mut answers = self.graph.answers.iter().cycle();
        let asked = !running.is_undo && number_of(&running.instance.path).is_some();
        Some(match answers.nth(number).filter(|_| asked) {
            Some(0) => LostAnswer::Done(result("x")),
            Some(1) => LostAnswer::Failed,
            _ => LostAnswer::Rerun,
        })
    }
}

fn done() -> AttemptOutcome {
    AttemptOutcome::Succeeded { result: result("x"), decoded: None }
}

impl Graph {
    fn program(&self) -> Arc<Program> {
        let mut draft = Draft::new("main");
        draft.parallel(None, Wait::All, None, |draft| {
            let mut steps = Vec::new();
            for (index, member) in self.members.iter().enumerate() {
                let own = member.lock.map(|which| Box::new(lock(if which { "x" } else { "y" }, 1, LockElse::Wait)));
                let clauses = match member.undo {
                    // A kind that undoes itself is undone like any other.
                    true if index % 2 == 0 => StepClauses { effect: EffectClause::UndoesItself, ..StepClauses::default() },
                    true => undoing(Vec::new()),
                    false => StepClauses::default(),
                };
                let clauses = StepClauses { lock: own, ..clauses };
                let mut step = None;
                let name = format!("s{index}");
                if self.staged && index % 3 == 0 {
                    draft.stage(None, |draft| {
                        // Before the step's own, and where the step waits for nothing else, so that steps never wait in a circle.
                        let outer = member.lock.filter(|_| member.depends.is_empty());
                        draft.clauses().lock = outer.map(|_| lock("x", 1, LockElse::Wait));
                        step = Some(draft.step_with(&name, clauses));
                    });
                } else {
                    step = Some(draft.step_with(&name, clauses));
                }
                let step = step.unwrap();
                let depends: Vec<_> = member.depends.iter().filter_map(|on| steps.get(*on).copied()).collect();
                draft.after(step, &depends);
                steps.push(step);
            }
        });
        draft.step("end");
        match self.asking {
            Asking::Handler => draft.rolls_back(),
            Asking::Manually => draft.on(HandlerCause::Failure, |draft| {
                draft.add(None, StatementKind::Rollback(Rollback::Manually));
            }),
            Asking::Later => {}
        }
        draft.program()
    }

    /// Whether the first step depends on the second, at any distance.
    fn needs(&self, user: u64, on: u64) -> bool {
        let mut open = vec![user as usize];
        let mut found = BTreeSet::new();
        while let Some(index) = open.pop() {
            open.extend(self.members[index].depends.iter().filter(|on| found.insert(**on)));
        }
        found.contains(&(on as usize))
    }

    /// Goes on behind a history, dies again and again, and comes to an end.
    fn goes(
        self: &Arc<Self>,
        program: &Arc<Program>,
        round: usize,
        history: &mut Vec<Event>,
        request: Option<EventKind>,
    ) -> RunState {
        let options = Options { jobs: self.jobs, ..Options::default() };
        let resumed = |history: &[Event]| {
            let troupe = Troupe { graph: Arc::clone(self), round };
            Simulation::resumed(program.clone(), WorkflowId(0), Vec::new(), options.clone(), troupe, history).unwrap()
        };
        let mut kept = history.len();
        let mut simulation = resumed(history);
        if let Some(request) = request {
            kept = simulation.events().len();
            simulation.plan(Duration::default(), request);
        }
        let mut state = simulation.run().unwrap();
        for death in &self.deaths[round] {
            let events = simulation.events();
            if kept == events.len() {
                break;
            }
            kept += death.index(events.len() - kept) + 1;
            simulation = resumed(&events[..kept]);
            state = simulation.run().unwrap();
        }
        *history = simulation.events().to_vec();
        state
    }

    /// Those of the steps that somebody takes care of.
    fn settled(&self, round: usize, left: &BTreeSet<u64>) -> BTreeMap<u64, bool> {
        let left: Vec<u64> = left.iter().copied().collect();
        self.settled[round].iter().map(|(index, undone)| (*index.get(&left), *undone)).collect()
    }
}

/// What is known of the steps of a run, from what the engine was told.
#[derive(Default)]
struct Seen {
    /// May have taken effect.
    touched: BTreeSet<usize>,
    failed: bool,
    ids: BTreeMap<usize, InstanceId>,
    /// The first and last sign of an undo that runs.
    undos: BTreeMap<u64, (usize, usize)>,
}

impl Seen {
    fn of(events: &[Event], since: usize) -> Self {
        let mut seen = Self::default();
        let mut of: BTreeMap<InstanceId, bool> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            let Some(instance) = event.kind.instance() else { continue };
            let Some(number) = number_of(&instance.path) else { continue };
            match &event.kind {
                EventKind::Ready { kind, .. } => _ = of.insert(instance.id, matches!(kind, InstanceKind::Undo(_))),
                EventKind::Started { .. } | EventKind::AttemptEnded { .. } | EventKind::Lost { .. } => match of[&instance.id] {
                    true if place < since => {}
                    true => seen.undos.entry(number as u64).or_insert((place, place)).1 = place,
                    false => seen.step(number, instance.id, &event.kind),
                },
                _ => {}
            }
        }
        seen
    }

    fn step(&mut self, number: usize, id: InstanceId, kind: &EventKind) {
        self.ids.insert(number, id);
        match kind {
            EventKind::AttemptEnded { attempt, outcome, .. } => {
                self.failed |= matches!(outcome, AttemptOutcome::Failed(_));
                if *attempt == 1 && !outcome.began() {
                    self.touched.remove(&number);
                }
            }
            EventKind::Lost { answer: LostAnswer::Failed, .. } => {
                self.failed = true;
                self.touched.insert(number);
            }
            _ => _ = self.touched.insert(number),
        }
    }
}

const fn exit_code(state: RunState) -> Option<i32> {
    match state {
        RunState::Succeeded => Some(0),
        RunState::Failed => Some(1),
        RunState::RolledBack => Some(3),
        RunState::RollbackFailed => Some(4),
        RunState::Paused => Some(5),
        RunState::Queued | RunState::Running | RunState::Cancelled => None,
    }
}

const fn status_of(fate: Fate) -> UndoStatus {
    match fate {
        Fate::Undone => UndoStatus::Undone,
        Fate::Failed => UndoStatus::Failed,
        Fate::Blocked => UndoStatus::Blocked,
    }
}

proptest! {
    #[test]
    fn rollbacks_are_the_set_and_the_order_of_the_model(graph in graph()) {
        let graph = Arc::new(graph);
        let (program, needs) = (graph.program(), |user, on| graph.needs(user, on));
        let (mut history, mut statuses) = (Vec::new(), vec![UndoStatus::None; graph.members.len()]);
        let mut code = exit_code(graph.goes(&program, 0, &mut history, None));
        let first = Seen::of(&history, 0);
        let acts = |index: &usize| graph.members[*index].undo;
        let mut left: BTreeSet<u64> = first.touched.iter().filter(|index| acts(index)).map(|index| *index as u64).collect();
        let mut since = 0;
        for round in 0..ROUNDS {
            if !first.failed {
                prop_assert_eq!((code, first.undos.len()), (Some(0), 0));
                break;
            }
            let mut settled = BTreeMap::new();
            if round > 0 {
                if left.is_empty() { break }
                settled = graph.settled(round, &left);
            } else if graph.asking != Asking::Handler {
                prop_assert_eq!(code, Some(if graph.asking == Asking::Manually { 5 } else { 1 }));
            }
            if round > 0 || graph.asking != Asking::Handler {
                since = history.len();
                let taken = settled.iter().map(|(step, undone)| SettledUndo { step: first.ids[&(*step as usize)], undone: *undone });
                let request = EventKind::RollbackRequested { settled: taken.collect(), reason: None };
                code = exit_code(graph.goes(&program, round, &mut history, Some(request)));
            }
            for (step, undone) in settled {
                left.remove(&step);
                statuses[step as usize] = if undone { UndoStatus::Undone } else { UndoStatus::Skipped };
            }
            let stuck = left.iter().copied().filter(|step| round < graph.members[*step as usize].stuck).collect();
            let model = Model { steps: &left, stuck: &stuck, needs: &needs };
            left.iter().for_each(|step| statuses[*step as usize] = status_of(model.fate(*step)));
            let record = RunRecord::of(&history);
            let status = |index: usize| record.at(&format!("s{index}")).map_or(UndoStatus::None, |record| record.undo);
            prop_assert_eq!((0..statuses.len()).map(status).collect::<Vec<_>>(), &statuses[..]);
            prop_assert_eq!(code, Some(model::exit_code(&model.left())));
            prop_assert_eq!(model.judge(&Seen::of(&history, since).undos), Ok(()));
            left = model.left();
        }
        let mut again = Engine::new(program, WorkflowId(0), Vec::new(), Options { jobs: graph.jobs, ..Options::default() });
        for event in &history {
            again.apply(event).unwrap();
        }
        prop_assert_eq!(again.kept(), [0; 7]);
        check_locks(&history);
    }
}
