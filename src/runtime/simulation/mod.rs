//! A run without a world: what the engine asks for is answered by a script, on a clock that only moves when everybody waits.

mod made;
mod mocks;
mod outcomes;
pub mod rehearsal;
mod subject;
mod trial;

pub use mocks::Mocks;
pub use outcomes::Side;
pub use subject::Subject;
pub use trial::{Trial, Unmet, Unrunnable, trial};

use crate::dispatcher::{Asking, CacheAnswer, CachedValue, LockRequest, LockTable, Ticket};
use crate::engine::{CacheQuery, Command, Engine, IllegalTransition, Options, Running};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{
    Answer, AttemptOutcome, Awaited, CacheMiss, CancelCause, Event, EventKind, Instance, InstanceId, LockRefusal, LostAnswer,
    Timer, Timestamp,
};
use wf_model::expression::Function;
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Program, WorkflowId};
use wf_model::run::RunState;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// `run.id` of every simulated run.
const RUN: &str = "simulation";

/// How an attempt goes.
#[derive(Clone, Debug)]
pub struct Course {
    /// How long it takes.
    pub takes: Duration,
    /// How it ends.
    pub outcome: AttemptOutcome,
}

impl Course {
    /// An attempt that goes on until its time is over.
    fn timed_out(takes: Duration) -> Self {
        let failure = Failure { retryable: true, ..Failure::final_of(FailureKind::Timeout, "attempt ran out of time") };
        Self { takes, outcome: AttemptOutcome::Failed(failure) }
    }

    /// The same, where it succeeds, with another value of a field of the result.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        if let AttemptOutcome::Succeeded { result: Value::Map(fields), .. } = &mut self.outcome {
            Arc::make_mut(fields).insert(field.into(), value);
        }
        self
    }
}

/// What somebody gives a step that waits.
#[derive(Clone, Debug)]
pub struct Reply {
    /// How long the step has waited then.
    pub after: Duration,
    /// What it is given.
    pub given: Given,
}

/// What a step that waits is given.
#[derive(Clone, Debug)]
pub enum Given {
    /// An answer.
    Answer(Answer),
    /// A signal's data.
    Signal(Value),
}

impl Reply {
    /// Somebody answers, or sends a signal with that as its data.
    #[must_use]
    pub fn somebody(after: Duration, approved: bool, awaited: &Awaited) -> Self {
        let given = match awaited {
            Awaited::Signal { .. } => Given::Signal(Value::Bool(approved)),
            Awaited::Approval { .. } | Awaited::Gate { .. } => {
                Given::Answer(Answer { approved, by: "somebody".into(), choice: None, comment: None })
            }
        };
        Self { after, given }
    }
}

/// What happens to the run while a step goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// Its process dies.
    Crash,
    /// Somebody asks for its end.
    Cancel(CancelCause),
    /// Nothing more happens before the time of this body, or call of a workflow, is over.
    Timeout(Instance),
}

/// Answers for the world.
pub trait Cast {
    /// How an attempt of a step goes, which the engine is about to start and stops after `timeout`.
    fn attempt(&mut self, running: &Running, engine: &Engine, timeout: Option<Duration>) -> Course;

    /// What a call that looks outside sees at a time.
    ///
    /// # Errors
    /// Says why it sees nothing.
    fn observe(&mut self, function: Function, arguments: &[Value], now: Timestamp) -> Result<Value, Arc<str>>;

    /// What the cache says of a step.
    fn look_up(&mut self, _instance: &Instance, _query: &CacheQuery) -> CacheAnswer {
        CacheAnswer::Missed { reason: CacheMiss::New, digest: Some("digest".into()) }
    }

    /// What becomes of an attempt that was under way when the process of the run died; nobody can say where there is none.
    fn lost(&mut self, _running: &Running, _engine: &Engine) -> Option<LostAnswer> {
        Some(LostAnswer::Rerun)
    }

    /// When and how somebody gives a step what it waits for; nobody does where there is none.
    fn answer(&mut self, _running: &Running, awaited: &Awaited, _engine: &Engine) -> Option<Reply> {
        Some(Reply::somebody(Duration::from_seconds(1), true, awaited))
    }

    /// What happens to the run while an attempt goes on or waits, and how long after its start.
    fn interruption(&mut self, _running: &Running) -> Option<(Duration, Interruption)> {
        None
    }

    /// The delay that is drawn; at most `upper`.
    fn jitter(&mut self, upper: Duration) -> Duration {
        upper
    }
}

/// What comes at a time.
#[derive(Debug)]
enum Due {
    /// Something happens.
    Event(EventKind),
    /// The process of the run dies.
    Crash,
    /// The time of a body, or of a call of a workflow, is over.
    Timeout(Instance),
}

/// A simulated run.
pub struct Simulation<C> {
    engine: Engine,
    cast: C,
    clock: Timestamp,
    events: Vec<Event>,
    commands: Vec<Command>,
    due: BTreeMap<(Timestamp, u64), Due>,
    sequence: u64,
    attempts: BTreeMap<InstanceId, (Timestamp, u64)>,
    timers: BTreeMap<(InstanceId, Timer), (Timestamp, u64)>,
    locks: LockTable,
    tickets: BTreeMap<(InstanceId, Arc<str>), Ticket>,
    /// Who waits for which lock.
    waiting: BTreeMap<Ticket, (Instance, Arc<str>)>,
    /// Locks that another run holds until then.
    foreign: BTreeMap<(Timestamp, u64), Ticket>,
    crashed: bool,
    /// Steps of which nobody can say what became of them when the process of the run died.
    unknown: Vec<Arc<str>>,
}

impl<C: Cast> Simulation<C> {
    /// A run that begins at time zero.
    #[must_use]
    pub fn new(
        program: Arc<Program>,
        workflow: WorkflowId,
        arguments: Vec<(Arc<str>, Value)>,
        options: Options,
        cast: C,
    ) -> Self {
        Self::beginning(Timestamp::default(), program, workflow, arguments, options, cast)
    }

    /// A run that begins at a time.
    #[must_use]
    pub fn beginning(
        clock: Timestamp,
        program: Arc<Program>,
        workflow: WorkflowId,
        arguments: Vec<(Arc<str>, Value)>,
        options: Options,
        cast: C,
    ) -> Self {
        let name = program.workflows.get(workflow).map_or_else(|| "".into(), |workflow| workflow.name.clone());
        let started = EventKind::RunStarted {
            run: RUN.into(),
            workflow: name,
            arguments: arguments.clone(),
            directory: "/simulation".into(),
            boot: None,
        };
        let mut simulation = Self {
            engine: Engine::new(program, workflow, arguments, options),
            cast,
            clock,
            events: Vec::new(),
            commands: Vec::new(),
            due: BTreeMap::new(),
            sequence: 0,
            attempts: BTreeMap::new(),
            timers: BTreeMap::new(),
            locks: LockTable::default(),
            tickets: BTreeMap::new(),
            waiting: BTreeMap::new(),
            foreign: BTreeMap::new(),
            crashed: false,
            unknown: Vec::new(),
        };
        simulation.plan(Duration::default(), started);
        simulation
    }

    /// Goes on with a run whose process died behind these events, as soon as the last has happened.
    ///
    /// # Errors
    /// When they are not the beginning of such a run.
    #[cfg(test)]
    pub(crate) fn resumed(
        program: Arc<Program>,
        workflow: WorkflowId,
        arguments: Vec<(Arc<str>, Value)>,
        options: Options,
        cast: C,
        history: &[Event],
    ) -> Result<Self, IllegalTransition> {
        Self::resumed_at(Timestamp::default(), program, workflow, arguments, options, cast, history)
    }

    /// Goes on at a time with a run whose process died behind these events; of what was under way the cast says what became.
    ///
    /// # Errors
    /// When they are not the beginning of such a run.
    pub fn resumed_at(
        clock: Timestamp,
        program: Arc<Program>,
        workflow: WorkflowId,
        arguments: Vec<(Arc<str>, Value)>,
        options: Options,
        cast: C,
        history: &[Event],
    ) -> Result<Self, IllegalTransition> {
        let mut simulation = Self::new(program, workflow, arguments, options, cast);
        let Some(last) = history.last() else { return Ok(simulation) };
        for event in history {
            simulation.engine.apply(event)?;
        }
        (simulation.clock, simulation.events) = (clock.max(last.at), history.to_vec());
        simulation.taken_up()
    }

    /// Goes on with a run that was told to this engine; what was under way runs again.
    ///
    /// # Errors
    /// When it does not go on from there.
    #[cfg(test)]
    pub(crate) fn told(engine: Engine, cast: C, history: &[Event]) -> Result<Self, IllegalTransition> {
        let mut simulation = Self::new(engine.program().clone(), WorkflowId(0), Vec::new(), Options::default(), cast);
        simulation.engine = engine;
        simulation.clock = history.last().map(|last| last.at).unwrap_or_default();
        simulation.events = history.to_vec();
        simulation.taken_up()
    }

    fn taken_up(mut self) -> Result<Self, IllegalTransition> {
        let simulation = &mut self;
        simulation.due.clear();
        simulation.events.extend(simulation.engine.concluded());
        simulation.engine.commands();
        if simulation.engine.state().is_final() {
            return Ok(self);
        }
        for command in simulation.engine.held_locks() {
            let Command::Acquire { instance, lock, max, waits, insists } = command else { continue };
            let request = LockRequest { lock: lock.clone(), max, waits, insists };
            if let Asking::Holds(ticket) = simulation.locks.ask(&RUN.into(), &request) {
                simulation.tickets.insert((instance.id, lock), ticket);
            }
        }
        let outstanding = simulation.engine.outstanding();
        let mut lost = Vec::new();
        for running in simulation.engine.running(None) {
            match simulation.cast.lost(&running, &simulation.engine) {
                Some(answer) => lost.push((running, answer)),
                None => simulation.unknown.push(running.instance.path),
            }
        }
        if !simulation.unknown.is_empty() {
            return Ok(self);
        }
        simulation.answer_all(0);
        simulation.tell(EventKind::RunResumed { boot: None, jobs: None })?;
        for command in outstanding {
            simulation.perform(command)?;
        }
        for (lost, answer) in lost {
            simulation.tell(EventKind::Lost { instance: lost.instance, attempt: lost.attempt, answer })?;
        }
        Ok(self)
    }

    /// Asks for the end of the run after `delay`.
    pub fn cancel_after(&mut self, delay: Duration, cause: CancelCause) {
        self.plan(delay, EventKind::CancelRequested { cause });
    }

    /// Lets another run hold a lock from now on, until `time` has passed.
    pub fn hold_elsewhere(&mut self, lock: &str, run: &str, time: Duration) {
        let request = LockRequest { lock: lock.into(), max: u32::MAX, waits: false, insists: false };
        if let Asking::Holds(ticket) = self.locks.ask(&run.into(), &request) {
            self.sequence += 1;
            self.foreign.insert((self.clock.after(time), self.sequence), ticket);
        }
    }

    /// What happens next; what other runs do comes before it.
    fn next(&mut self) -> Option<((Timestamp, u64), Due)> {
        while let Some((&key, &ticket)) = self.foreign.first_key_value()
            && self.due.keys().next().is_none_or(|next| key < *next)
        {
            self.foreign.remove(&key);
            self.clock = self.clock.max(key.0);
            self.let_go(ticket);
        }
        self.due.pop_first()
    }

    /// Goes on until the run has ended or nothing is left that could happen.
    ///
    /// # Errors
    /// An event that the engine refuses is a mistake of one of the two.
    pub fn run(&mut self) -> Result<RunState, IllegalTransition> {
        loop {
            let Some(((at, _), due)) = self.next() else {
                if self.crashed || !self.engine.only_gates_wait() {
                    break;
                }
                self.tell(EventKind::PauseRequested)?;
                continue;
            };
            if self.engine.state().is_final() && !matches!(due, Due::Event(EventKind::RollbackRequested { .. })) {
                break;
            }
            self.clock = self.clock.max(at);
            match due {
                Due::Event(kind) => self.tell(kind)?,
                Due::Timeout(instance) => self.run_out(instance)?,
                Due::Crash => {
                    self.crashed = true;
                    self.due.clear();
                    break;
                }
            }
        }
        Ok(self.engine.state())
    }

    /// Everything that happened, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Everything that was asked for, in order.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The engine as it stands.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether the process of the run died.
    #[must_use]
    pub const fn has_crashed(&self) -> bool {
        self.crashed
    }

    /// The steps of which nobody can say what became of them, so that the run waits for somebody who does.
    #[must_use]
    pub fn unknown(&self) -> &[Arc<str>] {
        &self.unknown
    }

    /// The engine, what answered for the world, and everything that happened.
    pub fn into_parts(self) -> (Engine, C, Vec<Event>) {
        (self.engine, self.cast, self.events)
    }

    /// The virtual time.
    #[must_use]
    pub const fn clock(&self) -> Timestamp {
        self.clock
    }

    fn tell(&mut self, kind: EventKind) -> Result<(), IllegalTransition> {
        let event = Event { at: self.clock, kind: numbered(kind, self.engine.messages() + 1) };
        if matches!(
            event.kind,
            EventKind::Observed { .. }
                | EventKind::JitterDrawn { .. }
                | EventKind::LockAcquired { .. }
                | EventKind::LockAwaited { .. }
                | EventKind::LockRefused { .. }
                | EventKind::CacheHit { .. }
                | EventKind::CacheMissed { .. }
                | EventKind::Signalled { .. }
                | EventKind::Answered { .. }
        ) && !self.engine.wants(&event)
        {
            return Ok(());
        }
        self.engine.apply(&event)?;
        let told = self.events.len();
        self.events.push(event);
        self.events.extend(self.engine.concluded());
        self.answer_all(told);
        for command in self.engine.commands() {
            self.commands.push(command.clone());
            self.perform(command)?;
        }
        Ok(())
    }

    /// Lets somebody give what steps wait for as the events from this one on tell.
    fn answer_all(&mut self, from: usize) {
        let waiting = self.events.iter().skip(from).filter(|event| matches!(event.kind, EventKind::Waiting { .. }));
        for Event { at, kind } in waiting.cloned().collect::<Vec<_>>() {
            let EventKind::Waiting { instance, attempt, awaited, question, .. } = kind else { continue };
            let going = self.engine.attempt_of(instance.id).filter(|going| going.attempt == attempt);
            let Some(running) = going else { continue };
            let reply = self.cast.answer(&running, &awaited, &self.engine);
            self.interrupt(&running, at);
            let Some(Reply { after, given }) = reply else { continue };
            let kind = match (given, awaited) {
                (Given::Signal(data), Awaited::Signal { name }) => {
                    EventKind::Signalled { message: 0, name, data, by: "somebody".into() }
                }
                (Given::Answer(answer), Awaited::Approval { .. } | Awaited::Gate { .. }) => {
                    EventKind::Answered { message: 0, instance, question, answer }
                }
                (Given::Signal(_) | Given::Answer(_), _) => continue,
            };
            self.plan(at.after(after).since(self.clock), kind);
        }
    }

    /// Lets happen what happens to the run while an attempt that began at a time goes on.
    fn interrupt(&mut self, running: &Running, began: Timestamp) {
        let Some((after, interruption)) = self.cast.interruption(running) else { return };
        let due = match interruption {
            Interruption::Crash => Due::Crash,
            Interruption::Cancel(cause) => Due::Event(EventKind::CancelRequested { cause }),
            Interruption::Timeout(instance) => Due::Timeout(instance),
        };
        self.put(began.after(after).since(self.clock), due);
    }

    /// Lets the time of a body, or of a call of a workflow, be over, unless it has ended.
    fn run_out(&mut self, instance: Instance) -> Result<(), IllegalTransition> {
        let timer = Timer::Timeout;
        let Some(key) = self.timers.remove(&(instance.id, timer)) else { return Ok(()) };
        self.due.remove(&key);
        self.clock = self.clock.max(key.0);
        self.tell(EventKind::TimerWoke { instance, timer })
    }

    fn perform(&mut self, command: Command) -> Result<(), IllegalTransition> {
        match command {
            Command::Start { instance, attempt, timeout, .. } => return self.start(instance, attempt, timeout),
            Command::Observe { instance, place, occurrence, function, arguments } => {
                let answer = self.cast.observe(function, &arguments, self.clock);
                self.plan(Duration::default(), EventKind::Observed { instance, place, occurrence, function, answer });
            }
            Command::WakeAt { instance, timer, due } => {
                let key = self.plan(due.since(self.clock), EventKind::TimerWoke { instance: instance.clone(), timer });
                self.timers.insert((instance.id, timer), key);
            }
            Command::Forget { instance, timer } => {
                if let Some(key) = self.timers.remove(&(instance.id, timer)) {
                    self.due.remove(&key);
                }
            }
            Command::Draw { instance, upper } => {
                let delay = self.cast.jitter(upper);
                self.plan(Duration::default(), EventKind::JitterDrawn { instance, delay });
            }
            Command::Acquire { instance, lock, max, waits, insists } => {
                self.acquire(instance, LockRequest { lock, max, waits, insists });
            }
            Command::LookUp { instance, query } => {
                let kind = match self.cast.look_up(&instance, &query) {
                    CacheAnswer::Hit { from, value, restored, digest } => {
                        let CachedValue { result, decoded } = value;
                        EventKind::CacheHit { instance, from, result, decoded, restored, digest }
                    }
                    CacheAnswer::Missed { reason, digest } => EventKind::CacheMissed { instance, reason, digest },
                };
                self.plan(Duration::default(), kind);
            }
            Command::Keep { instance, .. } => {
                self.plan(Duration::default(), EventKind::CacheKept { instance, problem: None });
            }
            Command::Release { instance, lock } => {
                if let Some(ticket) = self.tickets.remove(&(instance.id, lock)) {
                    self.let_go(ticket);
                }
            }
            Command::Stop { instance, .. } => self.stop(&instance),
            Command::Suspend | Command::Finish { .. } => {}
        }
        Ok(())
    }

    fn start(&mut self, instance: Instance, attempt: u32, timeout: Option<Duration>) -> Result<(), IllegalTransition> {
        let Some(running) = self.engine.attempt_of(instance.id) else { return Ok(()) };
        let mut course = self.cast.attempt(&running, &self.engine, timeout);
        if let Some(timeout) = timeout.filter(|timeout| *timeout < course.takes) {
            course = Course::timed_out(timeout);
        }
        let ended = EventKind::AttemptEnded { instance: instance.clone(), attempt, outcome: course.outcome, leaked: false };
        let key = self.plan(course.takes, ended);
        self.attempts.insert(instance.id, key);
        self.interrupt(&running, self.clock);
        self.tell(EventKind::Announced { instance: instance.clone(), attempt })?;
        self.tell(EventKind::Started { instance, attempt })
    }

    fn stop(&mut self, instance: &Instance) {
        let Some(key) = self.attempts.remove(&instance.id) else { return };
        if let Some(Due::Event(EventKind::AttemptEnded { instance, attempt, leaked, .. })) = self.due.remove(&key) {
            let outcome = AttemptOutcome::Cancelled;
            self.plan(Duration::default(), EventKind::AttemptEnded { instance, attempt, outcome, leaked });
        }
    }

    fn acquire(&mut self, instance: Instance, request: LockRequest) {
        let lock = request.lock.clone();
        let kind = match self.locks.ask(&RUN.into(), &request) {
            Asking::Holds(ticket) => {
                self.tickets.insert((instance.id, lock.clone()), ticket);
                EventKind::LockAcquired { instance, lock }
            }
            Asking::Waits(ticket, holder) => {
                self.tickets.insert((instance.id, lock.clone()), ticket);
                self.waiting.insert(ticket, (instance.clone(), lock.clone()));
                EventKind::LockAwaited { instance, lock, holder }
            }
            Asking::Refused(holder) => EventKind::LockRefused { instance, lock, refusal: LockRefusal::Held(holder) },
        };
        self.plan(Duration::default(), kind);
    }

    fn let_go(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
        for granted in self.locks.let_go(ticket) {
            if let Some((instance, lock)) = self.waiting.remove(&granted) {
                self.plan(Duration::default(), EventKind::LockAcquired { instance, lock });
            }
        }
    }

    fn plan(&mut self, delay: Duration, kind: EventKind) -> (Timestamp, u64) {
        self.put(delay, Due::Event(kind))
    }

    fn put(&mut self, delay: Duration, due: Due) -> (Timestamp, u64) {
        self.sequence += 1;
        let key = (self.clock.after(delay).max(self.clock), self.sequence);
        self.due.insert(key, due);
        key
    }
}

/// A message with its number.
fn numbered(mut kind: EventKind, number: u64) -> EventKind {
    if let EventKind::Signalled { message, .. } | EventKind::Answered { message, .. } = &mut kind {
        *message = number;
    }
    kind
}

#[cfg(test)]
mod cache_tests;
#[cfg(test)]
pub(crate) mod draft;
#[cfg(test)]
#[path = "../../../tests/crash/instants.rs"]
mod instants;
#[cfg(test)]
mod lock_tests;
#[cfg(test)]
#[path = "../../../tests/crash/model.rs"]
mod model;
#[cfg(test)]
mod random;
#[cfg(test)]
mod retelling_tests;
#[cfg(test)]
mod rollback_model;
#[cfg(test)]
mod rollback_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waiting_tests;
