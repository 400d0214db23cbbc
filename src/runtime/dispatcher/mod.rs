//! The dispatcher: it owns the engine, tells it what happens, keeps the events, and does what becomes due.
//!
//! Whatever follows from events that arrive together is appended at once, and only then is anything done. An append outlives this
//! process at once and a loss of power a little later. A step begins once it is durable that it may, and with it, since the journal is
//! durable from its beginning on, everything that it depends on; nobody is told of what is not durable. So that steps need not wait for
//! the disk, those next in line are announced before there are slots for them.

mod ahead;
mod attempt;
mod cache;
mod cancel;
mod check;
mod driver;
mod effect;
mod held;
mod journal;
mod lanes;
mod locks;
mod mailbox;
mod name_pattern;
mod paths;
mod recall;
mod reporter;
mod secrets;
#[cfg(test)]
mod tests;
mod timers;
mod world;

pub use attempt::kept_beside;
pub use cache::{CacheAnswer, CacheWish, CachedValue, NoCache, StepCache};
pub use cancel::{Asked, Canceller};
pub use check::Checked;
pub use journal::{Durability, Durable, Journal, JournalFailed, MemoryJournal};
pub use lanes::STACK;
pub use locks::{Asking, HeldLock, LocalLocks, LockRequest, LockTable, Locks, OnWait, Ticket};
pub use mailbox::{Mailbox, NoMail};
pub use paths::fitting;
pub use recall::{RecallFailed, Recalled, Recalling};
pub use reporter::{Reporter, Silence};
pub(crate) use world::time;
pub use world::{RealWorld, World, boot};

use crate::engine::{Engine, IllegalTransition, Options};
use crate::executor::{Executors, OutputSink, Stop};
use crate::process::Environment;
use ahead::Ahead;
use attempt::{Assignment, Scratches, Surroundings, ask};
use driver::{Driver, Post};
use effect::Effect;
use held::Held;
use lanes::Lanes;
use locks::Holdings;
use secrets::KnownSecrets;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use timers::Timers;
use tokio::sync::{Semaphore, mpsc, watch};
use wf_model::event::{AttemptOutcome, CancelCause, Event, EventKind, FailedInstance, Instance, InstanceId, Timestamp};
use wf_model::program::{Program, WorkflowId};
use wf_model::run::RunState;
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Timers go by the wall clock, which may jump: nobody sleeps longer without looking at it.
const LONGEST_SLEEP: std::time::Duration = std::time::Duration::from_secs(30);

/// How long what is durable may wait to be told.
const LONGEST_UNTOLD: std::time::Duration = std::time::Duration::from_millis(20);

/// How many ends of attempts are taken in together, so that what they lead to stays small.
const LARGEST_BATCH: usize = 256;

/// What is to be run.
pub struct Assignments {
    /// The checked program.
    pub program: Arc<Program>,
    /// The workflow that runs.
    pub workflow: WorkflowId,
    /// Parameters by name; defaults may be left out.
    pub arguments: Vec<(Arc<str>, Value)>,
    /// How many at a time, and the secrets.
    pub options: Options,
    /// `run.id`.
    pub run: Arc<str>,
    /// Where steps run unless they say otherwise, and what paths are relative to: absolute.
    pub folder: PathBuf,
    /// What all runs of the workflow share, for what their steps have to know of each other; need not be there.
    pub shared: PathBuf,
    /// `run.dir`: exists, belongs to the run alone, and is removed by whoever made it.
    pub directory: PathBuf,
    /// Variables of this process that steps do not inherit.
    pub withheld: Vec<OsString>,
}

impl Assignments {
    /// The run before anything happened.
    fn engine(&self) -> Engine {
        Engine::new(self.program.clone(), self.workflow, self.arguments.clone(), self.options.clone())
    }
}

/// What a run is given to work with.
pub struct Means {
    /// Runs steps.
    pub executors: Arc<Executors>,
    /// Clock, chance, environment and files.
    pub world: Arc<dyn World>,
    /// Gives it its locks.
    pub locks: Arc<dyn Locks>,
    /// Keeps successes of steps.
    pub cache: Arc<dyn StepCache>,
    /// Keeps the events.
    pub journal: Box<dyn Journal>,
    /// Is told of them once they are kept.
    pub reporter: Arc<dyn Reporter>,
    /// How many threads wait for its steps at most, each with the steps that it has.
    pub threads: NonZero<usize>,
    /// What other processes have to say to it.
    pub mailbox: Box<dyn Mailbox>,
    /// Asks the run to end.
    pub asked: watch::Receiver<Asked>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnded {
    /// In which state.
    pub state: RunState,
    /// Its outputs: a record where it succeeded, `null` otherwise.
    pub outputs: Value,
    /// What failed first.
    pub failure: Option<FailedInstance>,
    /// Who asked it to end, where somebody did.
    pub cancelled: Option<CancelCause>,
}

/// Why a run could not be brought to an end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunBroken {
    /// Its events cannot be kept; its steps were ended.
    #[error(transparent)]
    Journal(#[from] JournalFailed),
    /// A lock that the run held before cannot be taken again.
    #[error("lock that the run held cannot be taken again: {0}")]
    Lock(Arc<str>),
    /// A mistake of this program ended it.
    #[error("the run gave up unexpectedly")]
    GaveUp,
    /// Something happened that cannot happen: a mistake of this program.
    #[error(transparent)]
    Engine(#[from] IllegalTransition),
}

/// Runs a workflow to its end.
///
/// # Errors
/// When events cannot be kept, or do not fit; all attempts have been ended then.
pub async fn run(assignments: Assignments, means: Means) -> Result<RunEnded, RunBroken> {
    driven(Dispatcher::new(&assignments, means), assignments).await
}

/// Lets a dispatcher run a workflow to its end.
async fn driven(mut dispatcher: Dispatcher, assignments: Assignments) -> Result<RunEnded, RunBroken> {
    let driver = dispatcher.driver();
    let started = EventKind::RunStarted {
        run: assignments.run,
        workflow: dispatcher.name(),
        arguments: assignments.arguments,
        directory: dispatcher.surroundings.scratches.directory().to_string_lossy().into(),
        boot: dispatcher.world.boot(),
    };
    let run = async move {
        let outcome = dispatcher.go_on(started).await;
        if outcome.is_err() {
            dispatcher.end_attempts().await;
        }
        outcome
    };
    driver.until_end(run).await
}

struct Dispatcher {
    engine: Engine,
    executors: Arc<Executors>,
    world: Arc<dyn World>,
    locks: Arc<dyn Locks>,
    holdings: Holdings,
    cache: Arc<dyn StepCache>,
    /// Bounds how many ask it at a time.
    caching: Arc<Semaphore>,
    journal: Box<dyn Journal>,
    /// How many batches were appended to it.
    appends: u64,
    durable: watch::Receiver<Durable>,
    held: Held,
    ahead: Ahead,
    reporter: Arc<dyn Reporter>,
    mailbox: Box<dyn Mailbox>,
    /// The last message that was read, and the last that was let go.
    read: u64,
    let_go: u64,
    /// How often somebody said that there are messages.
    mail: u64,
    /// Whether there may be more messages.
    has_mail: bool,
    asked: watch::Receiver<Asked>,
    /// How often the engine was told that the run is to end.
    told: u32,
    /// Whether the engine was told that the run is to wait.
    paused: bool,
    surroundings: Arc<Surroundings>,
    secrets: KnownSecrets,
    attempts: BTreeMap<InstanceId, Arc<watch::Sender<Stop>>>,
    timers: Timers,
    latest: Timestamp,
    inbox: mpsc::UnboundedReceiver<EventKind>,
    post: Post,
    lanes: Lanes,
    failure: Option<FailedInstance>,
    cancelled: Option<CancelCause>,
    /// Whether nothing goes on until somebody does something.
    suspended: bool,
}

impl Dispatcher {
    fn new(assignments: &Assignments, means: Means) -> Self {
        let Assignments { arguments, options, run, folder, shared, directory, withheld, .. } = assignments;
        let surroundings = Surroundings {
            run: run.clone(),
            folder: folder.clone(),
            shared: shared.clone(),
            scratches: Scratches::new(directory.clone()),
            inherited: Arc::new(Environment::of_this_process(withheld)),
        };
        let (post, inbox) = Post::new(Arc::<Driver>::default());
        let durable = means.journal.durable();
        let appends = durable.borrow().appends;
        Self {
            engine: assignments.engine(),
            ahead: Ahead::new(Arc::clone(&means.executors)),
            executors: means.executors,
            world: means.world,
            locks: means.locks,
            holdings: Holdings::default(),
            cache: means.cache,
            caching: Arc::new(Semaphore::new(cache::MOST_AT_A_TIME)),
            journal: means.journal,
            appends,
            durable,
            held: Held::default(),
            reporter: means.reporter,
            mailbox: means.mailbox,
            read: 0,
            let_go: 0,
            mail: 0,
            has_mail: false,
            asked: means.asked,
            told: 0,
            paused: false,
            surroundings: Arc::new(surroundings),
            secrets: KnownSecrets::new(options.secrets.values().chain(arguments.iter().map(|(_, value)| value))),
            attempts: BTreeMap::new(),
            timers: Timers::default(),
            latest: Timestamp::default(),
            inbox,
            post,
            lanes: Lanes::new(means.threads),
            failure: None,
            cancelled: None,
            suspended: false,
        }
    }

    fn driver(&self) -> Arc<Driver> {
        self.post.driver()
    }

    fn name(&self) -> Arc<str> {
        self.engine.workflow().map_or_else(|| "".into(), |workflow| workflow.name.clone())
    }

    async fn go_on(&mut self, started: EventKind) -> Result<RunEnded, RunBroken> {
        let mut happened = VecDeque::from([started]);
        happened.extend(self.asks());
        self.take_in(happened, Vec::new())?;
        self.until_ended().await
    }

    async fn until_ended(&mut self) -> Result<RunEnded, RunBroken> {
        self.release()?;
        while !self.engine.state().is_final() && !self.suspended {
            if self.engine.only_gates_wait() {
                let last_words = self.last_words();
                self.take_in(last_words, Vec::new())?;
                self.release()?;
                continue;
            }
            self.tell_standstill();
            let happened = self.wait().await;
            self.take_in(happened, Vec::new())?;
            self.release()?;
        }
        self.flush().await?;
        let (state, outputs) = (self.engine.state(), self.engine.outputs().clone());
        Ok(RunEnded { state, outputs, failure: self.failure.take(), cancelled: self.cancelled })
    }

    /// Tells and does what waited for what is durable now.
    fn release(&mut self) -> Result<(), RunBroken> {
        let Durable { appends, failed } = self.durable.borrow_and_update().clone();
        if let Some(failed) = failed {
            return Err(failed.into());
        }
        while let Some(waiting) = self.held.released(appends) {
            self.tell(&waiting.events);
            waiting.effects.into_iter().for_each(|effect| self.perform(effect));
        }
        Ok(())
    }

    /// Waits until everything is durable and told.
    async fn flush(&mut self) -> Result<(), RunBroken> {
        self.journal.sync();
        while !self.held.is_empty() {
            // A journal that is gone tells nothing more.
            let gone = |_| JournalFailed { reason: "its writer has ended".to_owned() };
            self.durable.changed().await.map_err(gone)?;
            self.release()?;
        }
        Ok(())
    }

    /// Waits until something happens; takes in with it what has happened meanwhile.
    async fn wait(&mut self) -> VecDeque<EventKind> {
        let mut happened = VecDeque::new();
        let now = self.now();
        let pause = self.timers.next().map(|due| due.since(now).to_std().min(LONGEST_SLEEP));
        // What is only to be told is told with the next news, or a little later: each wait for the disk would wake a thread for it.
        let telling = (!self.held.is_empty()).then_some(LONGEST_UNTOLD);
        let pause = pause.into_iter().chain(telling).chain(self.has_mail.then_some(std::time::Duration::ZERO)).min();
        let holds_effects = self.held.has_effects();
        tokio::select! {
            Some(kind) = self.inbox.recv() => happened.push_back(kind),
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            Ok(()) = self.asked.changed() => {}
            Ok(()) = self.durable.changed(), if holds_effects => {}
        }
        while happened.len() < LARGEST_BATCH
            && let Ok(kind) = self.inbox.try_recv()
        {
            happened.push_back(kind);
        }
        let now = self.now();
        while let Some(woken) = self.timers.take(now) {
            happened.push_back(woken);
        }
        happened.extend(self.asks());
        if self.has_mail {
            happened.extend(self.messages());
        }
        happened
    }

    /// The time, which never goes back in a run.
    fn now(&mut self) -> Timestamp {
        self.latest = self.latest.max(self.world.now());
        self.latest
    }

    /// What was asked for since the engine was told last.
    fn asks(&mut self) -> Vec<EventKind> {
        let Asked { times, cause, pause, mail } = *self.asked.borrow_and_update();
        self.has_mail |= std::mem::replace(&mut self.mail, mail) != mail;
        let cause = cause.unwrap_or(CancelCause::Request);
        // A third time says nothing that the second did not.
        let more = times.min(2).saturating_sub(self.told);
        self.told += more;
        if more > 0 {
            self.cancelled.get_or_insert(cause);
        }
        let pause = (pause && !std::mem::replace(&mut self.paused, pause)).then_some(EventKind::PauseRequested);
        pause.into_iter().chain((0..more).map(|_| EventKind::CancelRequested { cause })).collect()
    }

    /// Tells the engine what happened, keeps it with all that follows, and does what is due.
    fn take_in(&mut self, mut happened: VecDeque<EventKind>, mut effects: Vec<Effect>) -> Result<(), RunBroken> {
        let mut batch = Vec::new();
        while let Some(kind) = happened.pop_front() {
            self.apply(kind, &mut batch, &mut happened, &mut effects)?;
        }
        let ahead = self.announce_ahead(&mut batch)?;
        let next = self.appends + u64::from(!batch.is_empty());
        let due = self.due(effects, next);
        let durability = if ahead || due.iter().any(|(after, _)| *after == next) { Durability::Now } else { Durability::Soon };
        if !batch.is_empty() {
            self.journal.append(&batch, durability)?;
            self.appends = next;
            self.held.tell(next, batch);
        } else if durability == Durability::Now {
            self.journal.sync();
        }
        self.let_messages_go();
        self.do_all(due);
        Ok(())
    }

    fn apply(
        &mut self,
        kind: EventKind,
        batch: &mut Vec<Event>,
        happened: &mut VecDeque<EventKind>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), IllegalTransition> {
        let event = Event { at: self.now(), kind };
        match self.engine.apply(&event) {
            Ok(()) => {}
            Err(_) if may_be_stale(&event.kind) => return Ok(()),
            Err(refused) => return Err(refused),
        }
        self.note_end(&event.kind);
        batch.push(event);
        let concluded = self.engine.concluded();
        // What it waits for may be there already.
        self.has_mail |= concluded.iter().any(|event| matches!(event.kind, EventKind::Waiting { .. }));
        batch.extend(concluded);
        for command in self.engine.commands() {
            self.sort(command, happened, effects);
        }
        Ok(())
    }

    /// Announces the steps that come next, so that they can start as soon as there is a slot; whether there were any.
    fn announce_ahead(&mut self, batch: &mut Vec<Event>) -> Result<bool, IllegalTransition> {
        let ahead = self.ahead.of(&self.engine);
        for (instance, attempt) in &ahead {
            self.held.announce(instance.id, self.appends + 1);
            let event = Event { at: self.now(), kind: EventKind::Announced { instance: instance.clone(), attempt: *attempt } };
            self.engine.apply(&event)?;
            batch.push(event);
        }
        Ok(!ahead.is_empty())
    }

    fn note_end(&mut self, kind: &EventKind) {
        let EventKind::AttemptEnded { instance, outcome, .. } = kind else { return };
        self.attempts.remove(&instance.id);
        if let AttemptOutcome::Succeeded { decoded: Some(value), .. } = outcome {
            self.secrets.learn(value);
        }
    }

    fn tell(&mut self, batch: &[Event]) {
        for event in batch {
            if let EventKind::RunEnded { cause, .. } = &event.kind {
                self.failure.clone_from(cause);
            }
            self.reporter.event(event);
        }
    }

    /// What an attempt has to know.
    fn assignment(
        &self,
        instance: Instance,
        attempt: u32,
        call: Arc<Call>,
        timeout: Option<Duration>,
        output: Arc<dyn OutputSink>,
    ) -> Assignment {
        let stop = Arc::new(watch::Sender::new(Stop::No));
        let executor = self.executors.get(&call.kind).cloned();
        let (surroundings, secrets) = (Arc::clone(&self.surroundings), self.secrets.of(&call));
        Assignment { instance, attempt, call, timeout, executor, surroundings, secrets, output, stop }
    }

    /// Ends all attempts at once and waits for them, where the run cannot go on.
    async fn end_attempts(&mut self) {
        for stop in self.attempts.values() {
            ask(stop, Stop::Now);
        }
        while !self.attempts.is_empty() {
            let Some(kind) = self.inbox.recv().await else { return };
            if let EventKind::AttemptEnded { instance, .. } = kind {
                self.attempts.remove(&instance.id);
            }
        }
    }
}

/// Whether what asked for an event may be gone when it arrives.
const fn may_be_stale(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Observed { .. }
            | EventKind::JitterDrawn { .. }
            | EventKind::TimerWoke { .. }
            | EventKind::CancelRequested { .. }
            | EventKind::LockAwaited { .. }
            | EventKind::LockAcquired { .. }
            | EventKind::LockRefused { .. }
            | EventKind::CacheHit { .. }
            | EventKind::CacheMissed { .. }
            | EventKind::Signalled { .. }
            | EventKind::Answered { .. }
    )
}
