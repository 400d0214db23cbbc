//! Runs with executors that stand in for real kinds, on a clock that only moves when everybody waits.

use super::{
    Assignments, Canceller, Durability, Durable, Journal, JournalFailed, LocalLocks, LockRequest, Locks, Means, MemoryJournal,
    NoCache, NoMail, RealWorld, Recalling, Reporter, RunBroken, RunEnded, World, run,
};
use crate::engine::{Engine, Options};
use crate::executor::{Attempt, Ended, Executor, Executors, Runner, Stop, StopSignal, Stream};
use crate::simulation::draft::{
    Draft, continued, expression, field, literal, lock, name, numbers, retry, seconds, text, undoing,
};
use futures_util::future::BoxFuture;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use wf_model::event::{CancelCause, Event, EventKind, Instance, Timestamp};
use wf_model::expression::{ExpressionKind, Function, Place};
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::{EffectRule, Kind, Waits};
use wf_model::program::{Callee, Delay, HandlerCause, LockElse, Program, Retry, StatementKind, StepClauses, Wait, WorkflowId};
use wf_model::run::{RunRecord, RunState, UndoStatus};
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Secret, Value};

type Variables = Vec<(&'static str, String)>;

/// Does what its `do` says: `fail`, `panic`, `hang` until it is stopped, or nothing but write a line.
#[derive(Clone, Default)]
struct Puppet {
    seen: Arc<Mutex<Vec<Variables>>>,
    stops: Arc<Mutex<Vec<Stop>>>,
}

impl Executor for Puppet {
    fn kind(&self) -> Kind {
        Kind {
            name: "shell",
            doc: "",
            main: &[],
            main_optional: true,
            attributes: Vec::new(),
            result: Type::Unknown,
            decodes: None,
            effect: EffectRule::Reads,
            bounded: false,
            programs: &[],
            example: "",
            waits: Waits::Never,
        }
    }

    fn execute(&self, mut attempt: Attempt) -> BoxFuture<'static, Ended> {
        assert!(attempt.scratch.is_dir());
        self.seen.lock().unwrap().push(attempt.variables.clone());
        let stops = Arc::clone(&self.stops);
        Box::pin(async move {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            attempt.output.write(Stream::Out, b"line\n");
            let failure = Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, "exit code 1") };
            let outcome = match attempt.call.value("do") {
                Some(Value::String(word)) if &**word == "fail" => Err(failure),
                Some(Value::String(word)) if &**word == "panic" => panic!("a mistake"),
                Some(Value::String(word)) if &**word == "hang" => {
                    let stop = *attempt.stop.wait_for(|stop| *stop != Stop::No).await.unwrap();
                    stops.lock().unwrap().push(stop);
                    Err(failure)
                }
                said => Ok(Value::map([("said", said.cloned().unwrap_or(Value::Null))])),
            };
            Ended { outcome, decoded: None, leaked: false }
        })
    }
}

/// The same under the name that undos of tests have.
struct Revert(Puppet);

impl Executor for Revert {
    fn kind(&self) -> Kind {
        Kind { name: "revert", ..self.0.kind() }
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        self.0.execute(attempt)
    }
}

/// A clock that goes with the executor's timers.
struct PausedWorld(tokio::time::Instant);

impl World for PausedWorld {
    fn now(&self) -> Timestamp {
        Timestamp { milliseconds: i64::try_from(self.0.elapsed().as_millis()).unwrap() }
    }

    fn boot(&self) -> Option<Arc<str>> {
        Some("boot".into())
    }

    fn draw(&self, upper: Duration) -> Duration {
        Duration { milliseconds: upper.milliseconds / 2 }
    }

    fn observe(&self, function: Function, _: &[Value]) -> Result<Value, String> {
        if function == Function::Read { Ok(Value::string("from a file")) } else { Err("nothing is there".to_owned()) }
    }
}

#[derive(Default)]
struct Listener {
    events: Mutex<Vec<Event>>,
    lines: Mutex<Vec<String>>,
}

impl Reporter for Listener {
    fn event(&self, event: &Event) {
        self.events.lock().unwrap().push(event.clone());
    }

    fn output(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.lines.lock().unwrap().push(format!("{} {attempt} {stream:?} {text}", instance.path));
    }
}

/// A run with all that it left behind.
struct Stage {
    puppet: Puppet,
    journal: MemoryJournal,
    locks: LocalLocks,
    listener: Arc<Listener>,
    canceller: Canceller,
    options: Options,
}

impl Stage {
    fn new() -> Self {
        Self {
            puppet: Puppet::default(),
            journal: MemoryJournal::default(),
            locks: LocalLocks::default(),
            listener: Arc::default(),
            canceller: Canceller::default(),
            options: Options::default(),
        }
    }

    async fn play(&self, draft: Draft) -> Result<RunEnded, RunBroken> {
        self.play_with(draft, Box::new(self.journal.clone())).await
    }

    fn assignments(&self, program: Arc<Program>, directory: &Path) -> Assignments {
        Assignments {
            program,
            workflow: WorkflowId(0),
            arguments: Vec::new(),
            options: self.options.clone(),
            run: "r1".into(),
            folder: directory.to_owned(),
            shared: directory.join("shared"),
            directory: directory.to_owned(),
            withheld: Vec::new(),
        }
    }

    fn means(&self, journal: Box<dyn Journal>) -> Means {
        Means {
            threads: NonZero::<usize>::MIN,
            executors: Arc::new(Executors::new(vec![
                Runner::executor(Arc::new(self.puppet.clone())),
                Runner::executor(Arc::new(Revert(self.puppet.clone()))),
            ])),
            world: Arc::new(PausedWorld(tokio::time::Instant::now())),
            locks: Arc::new(self.locks.clone()),
            cache: Arc::new(NoCache),
            journal,
            reporter: self.listener.clone(),
            mailbox: Box::new(NoMail),
            asked: self.canceller.watch(),
        }
    }

    async fn play_with(&self, draft: Draft, journal: Box<dyn Journal>) -> Result<RunEnded, RunBroken> {
        let directory = tempfile::tempdir().unwrap();
        let assignments = self.assignments(draft.program(), directory.path());
        let program = assignments.program.clone();
        let ended = run(assignments, self.means(journal)).await;
        assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none(), "scratch directories are gone");
        let mut again = Engine::new(program, WorkflowId(0), Vec::new(), self.options.clone());
        for event in self.journal.events() {
            again.apply(&event).unwrap();
        }
        ended
    }

    fn seconds(&self) -> i64 {
        self.journal.events().last().unwrap().at.milliseconds / 1000
    }
}

fn saying(draft: &mut Draft, name: &str, word: &str, clauses: StepClauses) -> wf_model::program::StatementId {
    draft.call(name, Callee::Kind("shell".into()), vec![("do", text(word))], clauses)
}

#[tokio::test(start_paused = true)]
async fn a_run_gives_its_outputs_and_tells_everything_it_keeps() {
    let mut draft = Draft::new("main");
    let step = saying(&mut draft, "a", "hello", StepClauses::default());
    let step = draft.value_of(step);
    draft.output("said", field(name(step), "said"));
    let stage = Stage::new();
    let ended = stage.play(draft).await.unwrap();
    assert_eq!((ended.state, ended.failure), (RunState::Succeeded, None));
    assert_eq!(ended.outputs, Value::map([("said", Value::string("hello"))]));
    assert_eq!(*stage.listener.events.lock().unwrap(), stage.journal.events());
    assert_eq!(*stage.listener.lines.lock().unwrap(), ["a 1 Out line\n"]);
    let variables = &stage.puppet.seen.lock().unwrap()[0];
    let expected = [("WF_RUN", "r1"), ("WF_STEP", "a"), ("WF_ATTEMPT", "1"), ("WF_KEY", "r1-1")];
    assert!(variables.iter().map(|(key, value)| (*key, value.as_str())).eq(expected));
}

#[tokio::test(start_paused = true)]
async fn steps_run_side_by_side_and_loops_within_their_jobs() {
    let mut draft = Draft::new("main");
    draft.each("e", numbers(10), Some(Wait::All), None, |draft, _| vec![saying(draft, "s", "x", StepClauses::default())]);
    let stage = Stage { options: Options { jobs: 5, ..Options::default() }, ..Stage::new() };
    assert_eq!(stage.play(draft).await.unwrap().state, RunState::Succeeded);
    assert_eq!(stage.seconds(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_is_tried_again_with_drawn_delays_and_then_said() {
    let mut draft = Draft::new("main");
    let delay = Some(Delay::Backoff { from: seconds(10), to: seconds(60) });
    saying(&mut draft, "a", "fail", StepClauses { retry: Some(Box::new(Retry { delay, ..retry(2) })), ..StepClauses::default() });
    let stage = Stage::new();
    let ended = stage.play(draft).await.unwrap();
    let failure = ended.failure.unwrap();
    assert_eq!((ended.state, &*failure.path, failure.attempts), (RunState::Failed, "a", 3));
    // Three attempts of a second, and half of ten and of twenty seconds between them.
    assert_eq!(stage.seconds(), 18);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_out_of_time_is_asked_to_end_and_fails() {
    let mut draft = Draft::new("main");
    saying(
        &mut draft,
        "a",
        "hang",
        StepClauses { timeout: Some(seconds(5)), continuation: continued(), ..StepClauses::default() },
    );
    let stage = Stage::new();
    assert_eq!(stage.play(draft).await.unwrap().state, RunState::Succeeded);
    assert_eq!(*stage.puppet.stops.lock().unwrap(), [Stop::Gracefully(StopSignal::Terminate)]);
    assert_eq!(stage.seconds(), 5);
    let kinds = stage.journal.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Failed { cause, .. } => Some(cause.failure.kind),
        _ => None,
    });
    assert!(kinds.eq([FailureKind::Timeout]));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_stops_its_steps_with_the_signal_it_got() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "hang", StepClauses::default());
    saying(&mut draft, "b", "x", StepClauses::default());
    let stage = Stage::new();
    let canceller = stage.canceller.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        canceller.ask(CancelCause::Hangup);
    });
    let ended = stage.play(draft).await.unwrap();
    assert_eq!((ended.state, ended.cancelled), (RunState::Cancelled, Some(CancelCause::Hangup)));
    assert_eq!(*stage.puppet.stops.lock().unwrap(), [Stop::Gracefully(StopSignal::Hangup)]);
    assert_eq!(stage.seconds(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_cancelled_before_it_began_starts_nothing() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "x", StepClauses::default());
    let stage = Stage::new();
    stage.canceller.ask(CancelCause::Interrupt);
    assert_eq!(stage.play(draft).await.unwrap().state, RunState::Cancelled);
    assert!(stage.puppet.seen.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_panics_fails_only_its_step() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "panic", StepClauses { continuation: continued(), ..StepClauses::default() });
    saying(&mut draft, "b", "x", StepClauses::default());
    let stage = Stage::new();
    assert_eq!(stage.play(draft).await.unwrap().state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_an_executor_fails_its_step() {
    let mut draft = Draft::new("main");
    draft.call("a", Callee::Kind("docker".into()), Vec::new(), StepClauses::default());
    let failure = Stage::new().play(draft).await.unwrap().failure.unwrap();
    assert_eq!(&*failure.failure.message, "kind `docker` is not known to this version");
}

#[tokio::test(start_paused = true)]
async fn what_a_run_sees_comes_from_its_world() {
    let look = |function| expression(ExpressionKind::Call(function, vec![text("file")], Place(1)));
    let mut draft = Draft::new("main");
    let read = draft.binding("read", look(Function::Read));
    let read = draft.value_of(read);
    draft.output("read", name(read));
    assert_eq!(Stage::new().play(draft).await.unwrap().outputs, Value::map([("read", Value::string("from a file"))]));
    let mut draft = Draft::new("main");
    draft.binding("seen", look(Function::Env));
    let failure = Stage::new().play(draft).await.unwrap().failure.unwrap();
    assert_eq!(&*failure.failure.message, "nothing is there");
}

#[tokio::test(start_paused = true)]
async fn a_secret_never_reaches_the_journal() {
    let mut draft = Draft::new("main");
    draft.binding("token", literal(Value::Secret(Secret::new("hunter2"))));
    let stage = Stage::new();
    stage.play(draft).await.unwrap();
    let written = serde_json::to_string(&stage.journal.events()).unwrap();
    assert!(written.contains("***") && !written.contains("hunter2"), "{written}");
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_step_that_gives_a_secret_is_one_too() {
    let mut draft = Draft::new("main");
    let step = saying(&mut draft, "a", "hunter2", StepClauses::default());
    if let StatementKind::Step(step) = &mut draft.statement(step).kind {
        step.invocation.decode = Some(Type::Secret);
    }
    let stage = Stage::new();
    stage.play(draft).await.unwrap();
    let ended = stage.journal.events().into_iter().find(|event| matches!(event.kind, EventKind::AttemptEnded { .. }));
    let written = serde_json::to_string(&ended).unwrap();
    assert!(written.contains("***") && !written.contains("hunter2"), "{written}");
}

/// Takes so many batches and no more.
struct Limited(u32, MemoryJournal);

impl Journal for Limited {
    fn append(&mut self, events: &[Event], durability: Durability) -> Result<(), JournalFailed> {
        let left = self.0.checked_sub(1).ok_or_else(|| JournalFailed { reason: "disk is full".to_owned() });
        self.0 = left?;
        self.1.append(events, durability)
    }

    fn sync(&mut self) {}

    fn durable(&self) -> watch::Receiver<Durable> {
        self.1.durable()
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_ends_the_steps_and_the_run() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        saying(draft, "a", "hang", StepClauses::default());
        saying(draft, "b", "x", StepClauses::default());
    });
    saying(&mut draft, "c", "x", StepClauses::default());
    let stage = Stage::new();
    let broken = stage.play_with(draft, Box::new(Limited(1, MemoryJournal::default()))).await.unwrap_err();
    assert_eq!(broken.to_string(), "journal cannot be written: disk is full");
    assert_eq!(*stage.puppet.stops.lock().unwrap(), [Stop::Now]);
    assert_eq!(stage.puppet.seen.lock().unwrap().len(), 2);
}

/// A run of every sort of wait: steps side by side, a retry with a delay, a loop, an undo behind a failure.
fn eventful() -> Arc<Program> {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        let locked = || Some(Box::new(lock("x", 1, LockElse::Wait)));
        let undone = undoing(vec![("do", text("undone"))]);
        saying(draft, "a", "x", StepClauses { lock: locked(), ..undone });
        let delay = Some(Delay::Backoff { from: seconds(10), to: seconds(60) });
        let again = Some(Box::new(Retry { delay, ..retry(1) }));
        let again = StepClauses { retry: again, lock: locked(), ..StepClauses::default() };
        saying(draft, "b", "fail", StepClauses { continuation: continued(), ..again });
    });
    draft.each("e", numbers(3), None, None, |draft, _| {
        draft.clauses().lock = Some(lock("x", 1, LockElse::Wait));
        vec![saying(draft, "s", "x", undoing(Vec::new()))]
    });
    saying(&mut draft, "end", "fail", StepClauses::default());
    draft.on(HandlerCause::Failure, |draft| {
        draft.rollback();
        saying(draft, "alert", "x", StepClauses::default());
    });
    draft.program()
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_process_died_at_any_batch_goes_on_where_it_was() {
    let program = eventful();
    let mut ends = Vec::new();
    for batches in 1.. {
        let stage = Stage::new();
        let directory = tempfile::tempdir().unwrap();
        let dying = Box::new(Limited(batches, stage.journal.clone()));
        let first = run(stage.assignments(program.clone(), directory.path()), stage.means(dying)).await;
        let free =
            stage.locks.acquire(LockRequest { lock: "x".into(), max: 1, waits: true, insists: false }, Box::new(|_| {})).await;
        assert!(free.is_ok(), "a run that ended holds nothing");
        drop(free);
        let history = stage.journal.events();
        let means = stage.means(Box::new(stage.journal.clone()));
        let mut recalling = Recalling::new(&stage.assignments(program.clone(), directory.path()), means, Vec::new());
        recalling.tell(&history).await.unwrap();
        let ended = recalling.told().go_on(&[]).await.unwrap();
        let events = stage.journal.events();
        let record = RunRecord::of(&events);
        let undone: Vec<(String, UndoStatus)> = (record.instances.values())
            .filter(|record| record.undo != UndoStatus::None)
            .map(|record| (record.instance.path.to_string(), record.undo))
            .collect();
        ends.push((ended.state, ended.failure.map(|cause| cause.path), undone));
        let successes = |path: &str| {
            let succeeded =
                |event: &&Event| matches!(&event.kind, EventKind::Succeeded { instance, .. } if *instance.path == *path);
            events.iter().filter(succeeded).count()
        };
        assert_eq!(["e.s[0]", "e.s[1]", "e.s[2]", "alert"].map(|path| successes(path) > 0), [true; 4]);
        if first.is_ok() {
            break;
        }
    }
    assert!(ends.len() > 10, "{} batches", ends.len());
    assert!(ends.iter().all(|end| Some(end) == ends.last()), "{ends:#?}");
    assert_eq!(ends[0].0, RunState::RolledBack);
}

#[test]
fn the_real_clock_and_chance_stay_in_bounds() {
    let world = RealWorld { folder: "/".into() };
    assert!(world.now().milliseconds > 1_600_000_000_000);
    assert!((0..100).all(|_| (0..=3).contains(&world.draw(Duration { milliseconds: 3 }).milliseconds)));
    assert_eq!(world.draw(Duration { milliseconds: -5 }).milliseconds, 0);
}

/// A journal whose disk is slow: what is appended becomes durable when somebody asks for it and a second has passed, or never.
struct Slow {
    kept: MemoryJournal,
    appended: u64,
    durable: Arc<watch::Sender<Durable>>,
    broken: bool,
}

impl Slow {
    fn new(kept: &MemoryJournal, broken: bool) -> Self {
        Self { kept: kept.clone(), appended: 0, durable: Arc::default(), broken }
    }
}

impl Journal for Slow {
    fn append(&mut self, events: &[Event], durability: Durability) -> Result<(), JournalFailed> {
        self.appended += 1;
        self.kept.append(events, durability)?;
        if durability == Durability::Now {
            self.sync();
        }
        Ok(())
    }

    fn sync(&mut self) {
        let (sender, appends) = (Arc::clone(&self.durable), self.appended);
        let failed = self.broken.then(|| JournalFailed { reason: "disk is gone".to_owned() });
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            sender.send_modify(|durable| *durable = Durable { appends: durable.appends.max(appends), failed });
        });
    }

    fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.subscribe()
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_and_nobody_is_told_before_it_is_durable() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "x", StepClauses::default());
    saying(&mut draft, "b", "x", StepClauses::default());
    let stage = Stage::new();
    let journal = Box::new(Slow::new(&stage.journal, false));
    let begun = tokio::time::Instant::now();
    assert_eq!(stage.play_with(draft, journal).await.unwrap().state, RunState::Succeeded);
    // A second for each step, one before each, because it must be durable that it may begin, and one before the end is told.
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(*stage.listener.events.lock().unwrap(), stage.journal.events());
}

#[tokio::test(start_paused = true)]
async fn steps_that_were_announced_ahead_wait_for_no_disk() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        (0..6).for_each(|_| _ = saying(draft, "s", "x", StepClauses::default()));
    });
    let stage = Stage { options: Options { jobs: 2, ..Options::default() }, ..Stage::new() };
    let journal = Box::new(Slow::new(&stage.journal, false));
    let begun = tokio::time::Instant::now();
    assert_eq!(stage.play_with(draft, journal).await.unwrap().state, RunState::Succeeded);
    // Only the first two, and the end, wait.
    assert_eq!(begun.elapsed().as_secs(), 5);
    let announced = |event: &Event| matches!(event.kind, EventKind::Announced { .. });
    assert_eq!(stage.journal.events().iter().filter(|event| announced(event)).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_ends_the_run_and_what_is_not_durable_is_told_to_nobody() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "x", StepClauses::default());
    let stage = Stage::new();
    let broken = stage.play_with(draft, Box::new(Slow::new(&stage.journal, true))).await.unwrap_err();
    assert_eq!(broken.to_string(), "journal cannot be written: disk is gone");
    assert!(stage.puppet.seen.lock().unwrap().is_empty() && stage.listener.events.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_cancelled_while_its_start_waits_never_begins() {
    let mut draft = Draft::new("main");
    saying(&mut draft, "a", "x", StepClauses::default());
    let stage = Stage::new();
    let canceller = stage.canceller.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        canceller.ask(CancelCause::Interrupt);
    });
    let ended = stage.play_with(draft, Box::new(Slow::new(&stage.journal, false))).await.unwrap();
    assert_eq!(ended.state, RunState::Cancelled);
    assert!(stage.puppet.seen.lock().unwrap().is_empty());
}

/// Two steps beside each other for one slot, so that the second is announced while the first runs; and the history until then.
fn one_ahead() -> (Arc<Program>, Vec<Event>) {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        saying(draft, "a", "x", StepClauses::default());
        saying(draft, "b", "x", StepClauses::default());
    });
    let program = draft.program();
    let mut engine = Engine::new(program.clone(), WorkflowId(0), Vec::new(), Options { jobs: 1, ..Options::default() });
    let mut events = Vec::new();
    let mut tell = |kind| {
        let event = Event { at: Timestamp::default(), kind };
        engine.apply(&event).unwrap();
        events.push(event);
        events.extend(engine.concluded());
        engine.in_line().map(|(next, _)| next.instance).next()
    };
    let (run, workflow, directory, boot) = ("r1".into(), "main".into(), "/".into(), Some("boot".into()));
    let waits = tell(EventKind::RunStarted { run, workflow, arguments: Vec::new(), directory, boot }).unwrap();
    let first = Instance { id: wf_model::event::InstanceId(waits.id.0 - 1), path: "a".into() };
    tell(EventKind::Started { instance: first, attempt: 1 });
    tell(EventKind::Announced { instance: waits, attempt: 1 });
    (program, events)
}

#[test]
fn what_was_announced_is_in_doubt_after_a_loss_of_power_alone() {
    let (program, events) = one_ahead();
    let mut engine = Engine::new(program, WorkflowId(0), Vec::new(), Options { jobs: 1, ..Options::default() });
    events.iter().for_each(|event| engine.apply(event).unwrap());
    let in_doubt = |engine: &Engine, boot| -> Vec<String> {
        engine.running(boot).iter().map(|running| running.instance.path.to_string()).collect()
    };
    assert_eq!(in_doubt(&engine, Some("boot")), ["a"]);
    for later in [Some("another"), None] {
        assert_eq!(in_doubt(&engine, later), ["a", "b"]);
    }
    // Whoever pauses a run starts nothing more, so nothing that was announced can have started.
    engine.apply(&Event { at: Timestamp::default(), kind: EventKind::PauseRequested }).unwrap();
    assert_eq!(in_doubt(&engine, Some("another")), ["a"]);
}

#[test]
fn an_attempt_that_may_have_started_counts() {
    let (program, events) = one_ahead();
    let mut engine = Engine::new(program, WorkflowId(0), Vec::new(), Options { jobs: 1, ..Options::default() });
    events.iter().for_each(|event| engine.apply(event).unwrap());
    let [first, second] = engine.running(None).try_into().unwrap();
    let mut tell = |kind| engine.apply(&Event { at: Timestamp::default(), kind }).map(|()| engine.commands());
    tell(EventKind::RunResumed { boot: Some("another".into()), jobs: None }).unwrap();
    let lost = |running: &crate::engine::Running| EventKind::Lost {
        instance: running.instance.clone(),
        attempt: running.attempt,
        answer: wf_model::event::LostAnswer::Rerun,
    };
    tell(lost(&second)).unwrap();
    let started = tell(lost(&first)).unwrap();
    let attempts: Vec<(String, u32)> = (started.iter())
        .filter_map(|command| match command {
            crate::engine::Command::Start { instance, attempt, .. } => Some((instance.path.to_string(), *attempt)),
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [("a".to_owned(), 2)]);
    let again =
        tell(EventKind::Lost { instance: second.instance.clone(), attempt: 2, answer: wf_model::event::LostAnswer::Failed });
    assert!(again.is_err(), "it was not announced again");
}
