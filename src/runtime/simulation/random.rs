//! Random programs: whatever is written and however it goes, a run ends, refuses nothing of its own and can be told again.

use super::draft::{
    Draft, cache, continued, expecting, expression, field, holds, int, lock, name, numbers, pausing, program, retry, seconds,
    text, undoing,
};
use super::instants::waits_are_kept;
use super::{Cast, Course, Due, Reply, Simulation};
use crate::dispatcher::{CacheAnswer, CachedValue};
use crate::engine::{CacheQuery, Command, Engine, Options, Running};
use proptest::prelude::*;
use std::sync::Arc;
use wf_model::event::{
    AttemptOutcome, Awaited, CacheMiss, CancelCause, Event, EventKind, Instance, InstanceId, LostAnswer, Timer, Timestamp,
};
use wf_model::expression::{ExpressionKind, Function, Place, Reference};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Callee, Delay, HandlerCause, Lock, LockElse, Retry, StatementId, StepClauses, Wait, WorkflowId};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// A statement of a random program.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Step(Clauses),
    Let(bool),
    Call(Clauses),
    Stage(BodyClauses, Vec<Piece>),
    Choice(bool, Vec<Piece>, Vec<Piece>),
    Parallel(BodyClauses, u8, Option<i64>, Vec<Piece>),
    Each(BodyClauses, i64, Option<u8>, Option<i64>, Vec<Piece>),
    Repeat(BodyClauses, i64, bool, Vec<Piece>),
}

#[derive(Clone, Debug)]
pub(super) struct Clauses {
    retry: u8,
    timeout: Option<i64>,
    continued: bool,
    expected: bool,
    when: u8,
    kind: u8,
    undo: bool,
    handler: u8,
    lock: u8,
    cached: bool,
}

#[derive(Clone, Debug)]
pub(super) struct BodyClauses {
    retry: u8,
    timeout: Option<i64>,
    continued: bool,
    fail_fast: bool,
    handler: u8,
    lock: u8,
}

fn clauses() -> impl Strategy<Value = Clauses> {
    let options = (0..5_u8, proptest::option::weighted(0.2, 0..4_i64), proptest::bool::weighted(0.2));
    let effect = (any::<bool>(), 0..20_u8, 0..24_u8, proptest::bool::weighted(0.3));
    (options, proptest::bool::weighted(0.9), 0..12_u8, 0..8_u8, effect).prop_map(
        |((retry, timeout, continued), expected, when, kind, (undo, handler, lock, cached))| Clauses {
            retry,
            timeout,
            continued,
            expected,
            when,
            kind,
            undo,
            handler,
            lock,
            cached,
        },
    )
}

fn body_clauses() -> impl Strategy<Value = BodyClauses> {
    let options = (0..8_u8, proptest::option::weighted(0.2, 0..9_i64), proptest::bool::weighted(0.2));
    let rest = (0..12_u8, 0..16_u8);
    (options, proptest::bool::weighted(0.2), rest).prop_map(|((retry, timeout, continued), fail_fast, (handler, lock))| {
        BodyClauses { retry, timeout, continued, fail_fast, handler, lock }
    })
}

pub(super) fn piece() -> impl Strategy<Value = Piece> {
    let leaf = prop_oneof![
        6 => clauses().prop_map(Piece::Step),
        1 => any::<bool>().prop_map(Piece::Let),
        1 => clauses().prop_map(Piece::Call),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let inside = || proptest::collection::vec(inner.clone(), 0..4);
        let max = || proptest::option::of(1..4_i64);
        prop_oneof![
            (body_clauses(), inside()).prop_map(|(clauses, inside)| Piece::Stage(clauses, inside)),
            (any::<bool>(), inside(), inside()).prop_map(|(holds, then, other)| Piece::Choice(holds, then, other)),
            (body_clauses(), 0..5_u8, max(), inside()).prop_map(|(c, wait, max, inside)| Piece::Parallel(c, wait, max, inside)),
            (body_clauses(), 0..4_i64, proptest::option::of(0..5_u8), max(), inside())
                .prop_map(|(c, count, wait, max, inside)| Piece::Each(c, count, wait, max, inside)),
            (body_clauses(), 1..4_i64, any::<bool>(), inside())
                .prop_map(|(c, max, ends, inside)| Piece::Repeat(c, max, ends, inside)),
        ]
    })
}

const fn wait(number: u8) -> Wait {
    match number {
        0 => Wait::Any,
        1 => Wait::First,
        _ => Wait::All,
    }
}

fn retry_of(number: u8) -> Option<Retry> {
    match number {
        0 => Some(retry(2)),
        1 => Some(pausing(2, 3)),
        2 => {
            let delay = Some(Delay::Backoff { from: seconds(1), to: seconds(3) });
            Some(Retry { delay, within: Some(seconds(8)), ..retry(3) })
        }
        _ => None,
    }
}

/// Few names, so that programs are in each other's way, and their own.
fn lock_of(number: u8) -> Option<Lock> {
    let (key, max, otherwise) = match number {
        0 | 1 => ("x", 1, LockElse::Wait),
        2 => ("y", 1, LockElse::Wait),
        3 => ("z", 2, LockElse::Wait),
        4 => ("x", 1, LockElse::Skip),
        5 => ("y", 1, LockElse::Fail),
        _ => return None,
    };
    Some(lock(key, max, otherwise))
}

const fn cause_of(number: u8) -> Option<HandlerCause> {
    match number {
        0 | 1 => Some(HandlerCause::Failure),
        2 => Some(HandlerCause::FailureOrCancel),
        3 => Some(HandlerCause::Cancel),
        4 => Some(HandlerCause::Success),
        5 => Some(HandlerCause::Finally),
        _ => None,
    }
}

fn fill_handler(draft: &mut Draft, number: u32, handler: u8) {
    draft.step(&format!("h{number}"));
    if matches!(handler, 0 | 2) {
        draft.rollback();
        draft.step(&format!("i{number}"));
    }
}

/// Writes pieces into drafts; `before` are statements that others may wait for, each on its own.
struct Writer {
    names: u32,
    before: Vec<StatementId>,
    edges: Vec<(StatementId, StatementId)>,
    seed: u32,
}

impl Writer {
    fn chance(&mut self, one_in: u32) -> bool {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.seed >> 16).is_multiple_of(one_in)
    }

    fn pieces(&mut self, draft: &mut Draft, pieces: &[Piece]) {
        for piece in pieces {
            let known = self.before.len();
            let id = self.piece(draft, piece);
            if self.chance(4)
                && let Some(on) = self.before.get(self.seed as usize % known.max(1)).copied().filter(|_| known > 0)
            {
                self.edges.push((id, on));
            }
            self.before.push(id);
        }
    }

    fn body(&mut self, draft: &mut Draft, clauses: &BodyClauses, pieces: &[Piece]) {
        let own = draft.clauses();
        own.retry = retry_of(clauses.retry);
        own.timeout = clauses.timeout.map(seconds);
        own.continuation = if clauses.continued { continued() } else { None };
        own.fail_fast = clauses.fail_fast;
        own.lock = lock_of(clauses.lock);
        self.pieces(draft, pieces);
        if let Some(cause) = cause_of(clauses.handler) {
            self.names += 1;
            let number = self.names;
            draft.on(cause, |draft| fill_handler(draft, number, clauses.handler));
        }
    }

    fn step(&mut self, draft: &mut Draft, clauses: &Clauses, callee: Callee) -> StatementId {
        let parts = StepClauses {
            retry: retry_of(clauses.retry).map(Box::new),
            timeout: clauses.timeout.map(seconds),
            lock: lock_of(clauses.lock).map(Box::new),
            cache: clauses.cached.then(|| Box::new(cache())),
            continuation: if clauses.continued { continued() } else { None },
            expectations: vec![expecting(holds(clauses.expected))],
            ..if clauses.undo { undoing(Vec::new()) } else { StepClauses::default() }
        };
        let look = expression(ExpressionKind::Call(Function::Env, vec![text("X")], Place(self.names)));
        let id = draft.call(
            &format!("s{}", self.names),
            callee,
            vec![("region", look), ("name", text("s")), ("otherwise", text("pause"))],
            parts,
        );
        draft.statement(id).when = (clauses.when == 0).then(|| holds(false));
        if let Some(cause) = cause_of(clauses.handler) {
            let number = self.names;
            draft.on_step(id, cause, |draft| fill_handler(draft, number, clauses.handler));
        }
        id
    }

    fn piece(&mut self, draft: &mut Draft, piece: &Piece) -> StatementId {
        self.names += 1;
        let label = format!("b{}", self.names);
        match piece {
            Piece::Step(clauses) => {
                let kind = ["shell", "shell", "shell", "sleep", "sleep", "gate", "signal", "approval"];
                let kind = kind[usize::from(clauses.kind) % kind.len()];
                self.step(draft, clauses, Callee::Kind(kind.into()))
            }
            Piece::Call(clauses) => self.step(draft, clauses, Callee::Workflow(WorkflowId(1))),
            Piece::Let(good) => {
                let index = expression(ExpressionKind::Index(Box::new(numbers(1)), Box::new(int(i64::from(!good)))));
                draft.binding(&label, index)
            }
            Piece::Stage(clauses, inside) => draft.stage(Some(&label), |draft| self.body(draft, clauses, inside)),
            Piece::Choice(condition, then, other) => {
                let writer = std::cell::RefCell::new(self);
                let fill = |draft: &mut Draft, pieces: &[Piece]| writer.borrow_mut().pieces(draft, pieces);
                draft.choice(holds(*condition), |draft| fill(draft, then), |draft| fill(draft, other))
            }
            Piece::Parallel(clauses, kind, max, inside) => {
                draft.parallel(Some(&label), wait(*kind), *max, |draft| self.body(draft, clauses, inside))
            }
            Piece::Each(clauses, count, kind, max, inside) => {
                draft.each(&label, numbers(*count), kind.map(wait), *max, |draft, _| {
                    self.body(draft, clauses, inside);
                    vec![draft.step(&format!("{label}x"))]
                })
            }
            Piece::Repeat(clauses, max, ends, inside) => draft.repeat(*max, Some(1), |draft| {
                self.body(draft, clauses, inside);
                holds(*ends)
            }),
        }
    }
}

pub(super) fn write(pieces: &[Piece], seed: u32) -> Arc<wf_model::program::Program> {
    let mut child = Draft::new("child");
    let region = child.parameter("region", None);
    child.undoable("inside");
    child.output("region", name(region));
    let mut writer = Writer { names: 0, before: Vec::new(), edges: Vec::new(), seed };
    let mut main = Draft::new("main");
    writer.pieces(&mut main, pieces);
    let handler = u8::try_from(seed % 8).unwrap_or_default();
    if let Some(cause) = cause_of(handler) {
        main.on(cause, |draft| fill_handler(draft, 0, handler));
    }
    for (user, on) in writer.edges {
        let statement = main.statement(user);
        statement.after.push(wf_model::program::Dependency { on, reason: wf_model::program::DependencyReason::DependsOn });
    }
    let run = expression(ExpressionKind::Reference(Reference::Run));
    main.output("id", field(run, "id"));
    program([main, child])
}

/// Goes as a seed says, each attempt on its own.
#[derive(Clone, Copy)]
pub(super) struct Fate(pub(super) u64);

impl Fate {
    fn of(self, path: &str, attempt: u32) -> u64 {
        let mut hash = self.0 ^ u64::from(attempt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for byte in path.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        hash >> 20
    }
}

impl Cast for Fate {
    fn attempt(&mut self, running: &Running, _: &Engine, _: Option<Duration>) -> Course {
        let Running { instance, attempt, call, .. } = running;
        let attempt = *attempt;
        let fate = self.of(&format!("{} {}", call.kind, instance.path), attempt);
        let failure = |retryable| Failure { retryable, ..Failure::final_of(FailureKind::Exit, "exit code 1") };
        let outcome = match fate % 7 {
            0 => AttemptOutcome::Failed(failure(true)),
            1 if fate.is_multiple_of(3) => AttemptOutcome::Failed(failure(false)),
            _ => AttemptOutcome::Succeeded { result: Value::map([]), decoded: None },
        };
        Course { takes: Duration::from_seconds(i64::try_from(fate / 7 % 4).unwrap()), outcome }
    }

    fn look_up(&mut self, instance: &Instance, _: &CacheQuery) -> CacheAnswer {
        let digest = Some(Arc::from("digest"));
        match self.of(&instance.path, 0) % 4 {
            0 => {
                let value = CachedValue { result: Value::map([]), decoded: None };
                CacheAnswer::Hit { from: "earlier".into(), value, restored: 0, digest: "digest".into() }
            }
            1 => CacheAnswer::Missed { reason: CacheMiss::Lost, digest: None },
            _ => CacheAnswer::Missed { reason: CacheMiss::New, digest },
        }
    }

    fn answer(&mut self, running: &Running, awaited: &Awaited, _: &Engine) -> Option<Reply> {
        let fate = self.of(&format!("answer {}", running.instance.path), running.attempt);
        let after = Duration::from_seconds(i64::try_from(fate / 3 % 5).unwrap());
        Some(Reply::somebody(after, !fate.is_multiple_of(3), awaited))
    }

    fn observe(&mut self, _: Function, _: &[Value], _: Timestamp) -> Result<Value, Arc<str>> {
        Ok(Value::string("seen"))
    }

    fn lost(&mut self, running: &Running, _: &Engine) -> Option<LostAnswer> {
        Some(match self.of(&running.instance.path, running.attempt) % 4 {
            0 if !running.is_undo => LostAnswer::Done(Value::map([])),
            1 if !running.is_undo => LostAnswer::Failed,
            _ => LostAnswer::Rerun,
        })
    }

    fn jitter(&mut self, upper: Duration) -> Duration {
        Duration { milliseconds: upper.milliseconds / 2 }
    }
}

/// Nothing is left over once a run has ended: each step that was told ready or started has an end.
pub(super) fn check_ends(events: &[Event]) {
    let mut open = std::collections::BTreeSet::new();
    for event in events {
        let Some(instance) = event.kind.instance() else { continue };
        match &event.kind {
            EventKind::Succeeded { .. } | EventKind::Cached { .. } | EventKind::Cancelled { .. } | EventKind::Started { .. } => {
                assert!(open.contains(&instance.id), "{} was never ready", instance.path);
            }
            _ => {}
        }
        match &event.kind {
            EventKind::Ready { .. } => assert!(open.insert(instance.id), "{} is ready twice", instance.path),
            EventKind::Succeeded { .. } | EventKind::Cached { .. } | EventKind::Cancelled { .. } => {
                open.remove(&instance.id);
            }
            EventKind::Failed { .. } | EventKind::Skipped { .. } => {
                open.remove(&instance.id);
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "without an end: {open:?}");
}

/// No lock is held more often than it may be, in the order in which it was asked for, and none in the end.
pub(super) fn check_locks(events: &[Event]) {
    let mut held: std::collections::BTreeMap<Arc<str>, Vec<InstanceId>> = std::collections::BTreeMap::new();
    let mut waiting: Vec<(Arc<str>, InstanceId)> = Vec::new();
    for event in events {
        let id = event.kind.instance().map_or(InstanceId(0), |instance| instance.id);
        match &event.kind {
            EventKind::LockAwaited { lock, .. } => waiting.push((lock.clone(), id)),
            EventKind::LockAcquired { lock, .. } => {
                let holders = held.entry(lock.clone()).or_default();
                holders.push(id);
                assert!(holders.len() <= if **lock == *"z" { 2 } else { 1 }, "{lock} is held by {holders:?}");
                if waiting.iter().any(|(_, waiter)| *waiter == id) {
                    let first = waiting.iter().find(|(name, _)| name == lock);
                    assert_eq!(first.map(|(_, waiter)| *waiter), Some(id), "{lock}");
                }
            }
            EventKind::LockReleased { lock, .. } => {
                held.entry(lock.clone()).or_default().retain(|holder| *holder != id);
                // An undo that gives back what it has gives up waiting as well.
                waiting.retain(|(_, waiter)| *waiter != id);
            }
            _ => {}
        }
        match &event.kind {
            EventKind::IterationEnded { iteration, .. } => waiting.retain(|(_, waiter)| *waiter != iteration.id),
            EventKind::RunResumed { .. } => waiting.clear(),
            EventKind::LockAcquired { .. }
            | EventKind::Skipped { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Failed { .. } => waiting.retain(|(_, waiter)| *waiter != id),
            _ => {}
        }
    }
    assert!(held.values().all(Vec::is_empty), "{held:?}");
}

/// What has succeeded or was undone is never started again.
pub(super) fn check_once(events: &[Event]) {
    let mut over = std::collections::BTreeSet::new();
    for event in events {
        let Some(instance) = event.kind.instance() else { continue };
        match &event.kind {
            EventKind::Succeeded { .. }
            | EventKind::Cached { .. }
            | EventKind::Failed { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Skipped { .. } => {
                assert!(over.insert(instance.id), "{} ends twice", instance.path);
            }
            EventKind::Started { .. } => assert!(!over.contains(&instance.id), "{} starts after its end", instance.path),
            _ => {}
        }
    }
}

/// A journal tells the same story when it is read again.
fn check_written(events: &[Event]) {
    let text = serde_json::to_string(events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Event>>(&text).unwrap(), events);
}

/// As many attempts of shell steps run at a time as there are jobs.
fn check_slots(commands: &[Command], events: &[Event], jobs: usize) {
    let slots: std::collections::BTreeSet<(InstanceId, u32)> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Start { instance, attempt, call, .. } if &*call.kind == "shell" => Some((instance.id, *attempt)),
            _ => None,
        })
        .collect();
    let mut running = 0_usize;
    for event in events {
        match &event.kind {
            EventKind::Started { instance, attempt } if slots.contains(&(instance.id, *attempt)) => running += 1,
            EventKind::AttemptEnded { instance, attempt, .. } if slots.contains(&(instance.id, *attempt)) => running -= 1,
            _ => {}
        }
        assert!(running <= jobs);
    }
}

/// What happens to a process of a run until it dies: behind so many seconds.
#[derive(Clone, Debug)]
struct Life {
    cancels: Vec<i64>,
    pauses: Option<i64>,
    death: prop::sample::Index,
}

fn life() -> impl Strategy<Value = Life> {
    let cancels = prop_oneof![3 => Just(Vec::new()), 1 => proptest::collection::vec(0..9_i64, 1..3)];
    (cancels, proptest::option::weighted(0.2, 0..9_i64), any::<prop::sample::Index>()).prop_map(|(cancels, pauses, death)| Life {
        cancels,
        pauses,
        death,
    })
}

impl Life {
    /// Goes on with a run until its process ends, because the run has ended, pauses, or was interrupted twice.
    fn live(&self, simulation: &mut Simulation<Fate>) {
        if simulation.engine().state().is_final() {
            return;
        }
        for &seconds in &self.cancels {
            simulation.cancel_after(Duration::from_seconds(seconds), CancelCause::Interrupt);
        }
        if let Some(seconds) = self.pauses {
            simulation.plan(Duration::from_seconds(seconds), EventKind::PauseRequested);
        }
        while let Some(((at, _), Due::Event(kind))) = simulation.next() {
            simulation.clock = simulation.clock.max(at);
            let known = simulation.commands.len();
            simulation.tell(kind).unwrap();
            let ends = |command: &Command| matches!(command, Command::Suspend | Command::Finish { .. });
            if simulation.commands.iter().skip(known).any(ends) {
                return;
            }
        }
    }
}

proptest! {
    #[test]
    fn every_run_ends_and_can_be_told_again(
        pieces in proptest::collection::vec(piece(), 0..6),
        seed in any::<u32>(),
        jobs in 1..4_usize,
        cancel in proptest::option::weighted(0.3, 0..12_i64),
        elsewhere in proptest::option::weighted(0.3, 0..5_i64),
    ) {
        let program = write(&pieces, seed);
        let options = Options { jobs, ..Options::default() };
        let fate = Fate(u64::from(seed));
        let mut simulation = Simulation::new(program.clone(), WorkflowId(0), Vec::new(), options.clone(), fate);
        if let Some(seconds) = elsewhere {
            simulation.hold_elsewhere("x", "other", Duration::from_seconds(seconds));
        }
        if let Some(seconds) = cancel {
            simulation.cancel_after(Duration::from_seconds(seconds), CancelCause::Terminate);
        }
        let state = simulation.run().unwrap();
        prop_assert!(state.is_final(), "{state:?}: {:#?}", simulation.engine());
        let stuck = simulation.events().iter().any(|event| format!("{:?}", event.kind).contains("wait for each other"));
        prop_assert!(!stuck);
        prop_assert_eq!(simulation.engine().kept(), [0; 7]);
        check_ends(simulation.events());
        check_written(simulation.events());
        check_slots(simulation.commands(), simulation.events(), jobs);
        check_locks(simulation.events());
        let mut again = Engine::new(program, WorkflowId(0), Vec::new(), options);
        for event in simulation.events() {
            again.apply(event).unwrap();
        }
        prop_assert_eq!(again.commands(), simulation.commands());
        prop_assert_eq!(format!("{again:?}").len(), format!("{:?}", simulation.engine()).len());
    }

    #[test]
    fn a_run_that_died_anywhere_goes_on_to_an_end(
        pieces in proptest::collection::vec(piece(), 0..6),
        seed in any::<u32>(),
        jobs in 1..4_usize,
        lives in proptest::collection::vec(life(), 1..4),
    ) {
        let program = write(&pieces, seed);
        let options = Options { jobs, ..Options::default() };
        let fate = Fate(u64::from(seed));
        let resumed = |history: &[Event]| {
            Simulation::resumed(program.clone(), WorkflowId(0), Vec::new(), options.clone(), fate, history).unwrap()
        };
        let mut history = Vec::new();
        for life in &lives {
            let mut simulation = resumed(&history);
            life.live(&mut simulation);
            history = simulation.events().to_vec();
            history.truncate(life.death.index(history.len()) + 1);
            let mut last = resumed(&history);
            let state = last.run().unwrap();
            prop_assert!(state.is_final(), "{state:?} {:#?}", last.engine());
            check_ends(last.events());
            check_written(last.events());
            check_once(last.events());
            check_locks(last.events());
            prop_assert_eq!(waits_are_kept(last.events(), true), Ok(()));
            prop_assert_eq!(last.engine().kept(), [0; 7]);
        }
    }

    #[test]
    fn what_nobody_asked_for_is_refused_without_a_panic(
        pieces in proptest::collection::vec(piece(), 1..4),
        wrong in proptest::collection::vec((0..20_u64, 0..3_u32, 0..6_u8), 1..40),
    ) {
        let mut simulation = Simulation::new(write(&pieces, 7), WorkflowId(0), Vec::new(), Options::default(), Fate(7));
        simulation.run().unwrap();
        let mut engine = Engine::new(simulation.engine().program().clone(), WorkflowId(0), Vec::new(), Options::default());
        let mut wrong = wrong.into_iter();
        for event in simulation.events() {
            if let Some((id, attempt, kind)) = wrong.next() {
                let instance = Instance { id: InstanceId(id), path: "s1".into() };
                let kind = match kind {
                    0 => EventKind::Started { instance, attempt },
                    1 => EventKind::AttemptEnded { instance, attempt, outcome: AttemptOutcome::Cancelled, leaked: false },
                    2 => EventKind::TimerWoke { instance, timer: Timer::Retry },
                    3 => EventKind::JitterDrawn { instance, delay: Duration::from_seconds(99) },
                    4 => EventKind::Failed {
                        instance,
                        cause: wf_model::event::FailedInstance {
                            path: "".into(),
                            failure: Failure::final_of(FailureKind::Exit, "made up"),
                            attempts: 1,
                        },
                        continued: false,
                    },
                    _ => EventKind::RunEnded { state: wf_model::run::RunState::Paused, cause: None },
                };
                let before = format!("{engine:?}");
                if engine.apply(&Event { at: Timestamp { milliseconds: i64::MAX }, kind }).is_ok() {
                    return Ok(());
                }
                prop_assert_eq!(before, format!("{engine:?}"));
            }
            engine.apply(event).unwrap();
        }
    }
}

/// Found by the tests above: the stage had just ended when it lost the race, and its handlers ran while the run went on.
#[test]
fn a_loser_that_had_just_ended_is_ended_once() {
    let (retry, timeout, continued, fail_fast) = (0, None, false, false);
    let clauses = |expected| {
        let (when, kind, undo, handler) = (0, 3, false, 0);
        Clauses { retry, timeout, continued, expected, when, kind, undo, handler, lock: 9, cached: false }
    };
    let body = |handler| BodyClauses { retry, timeout, continued, fail_fast, handler, lock: 9 };
    let choice = Piece::Choice(false, vec![Piece::Step(clauses(false)), Piece::Step(clauses(false))], Vec::new());
    let race = Piece::Parallel(body(0), 0, None, vec![choice, Piece::Stage(body(2), Vec::new())]);
    let seed = 1_370_954_966;
    let program = write(&[Piece::Call(clauses(true)), race], seed);
    let mut simulation = Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), Fate(u64::from(seed)));
    simulation.run().unwrap();
    check_ends(simulation.events());
}
