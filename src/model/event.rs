//! What happens in a run: the one story that journal, status, reports and statistics are told from.
//!
//! An event is either *given* to the engine (something happened outside) or *concluded* by it (something follows from what
//! happened); [`EventKind::is_given`] tells them apart. Both are journaled in the order in which they came to be.

mod cache;
mod json;
mod wait;

pub use cache::{CacheChange, CacheMiss};
pub use wait::{Answer, Awaited, Message};

use crate::expression::{Function, Place};
use crate::failure::{Failure, FailureKind};
use crate::program::HandlerCause;
use crate::run::RunState;
use crate::unit::Duration;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A point in time: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01 UTC.
    pub milliseconds: i64,
}

/// Something that happened, and when; sequence numbers are the journal's.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When; the order of events is that of the journal, never that of their times.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// Numbers the instances of statements in a run, in the order in which they come to be; the same in every replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(pub u64);

/// A statement as it happens: each iteration, round, attempt of a body and call of a workflow makes its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instance {
    /// Unique in the run.
    pub id: InstanceId,
    /// Names of blocks and calls around it and its own, then the places of loops, such as `ship.health[1]`. What has no name
    /// is left out, so an unnamed block has the path of what is around it; rounds of a `repeat` share their paths.
    pub path: Arc<str>,
}

/// What an instance is an instance of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceKind {
    /// A `let`.
    Let,
    /// A step of a kind, by the kind's name.
    Step(Arc<str>),
    /// A step that calls a workflow, by the workflow's name.
    Call(Arc<str>),
    /// `if`
    If,
    /// `stage`
    Stage,
    /// `parallel`
    Parallel,
    /// `for each`
    ForEach,
    /// `repeat until`
    Repeat,
    /// The undo of a step, which is named; it has the step's path.
    Undo(InstanceId),
    /// `rollback`
    Rollback,
    /// `checkpoint`
    Checkpoint,
    /// `commit`
    Commit,
}

/// Why a statement did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its `when` is false.
    Condition,
    /// It stands in a branch that was not taken.
    BranchNotTaken,
    /// Something before it in its body failed.
    BodyFailed,
    /// The run or a block around it was cancelled.
    Cancelled,
    /// A race ended without it.
    LostRace,
    /// It undoes something that still stands under what could not be undone.
    Blocked,
    /// Its lock is held by others.
    Locked,
}

/// Why a rollback began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackCause {
    /// A handler says so.
    Handler,
    /// Its body is tried again, and its handler says so.
    Retry,
    /// What it undoes lost a race.
    LostRace,
    /// Somebody asked for it.
    Request,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// The action gave a result; `expect` is looked at afterwards.
    Succeeded {
        /// The kind's result record.
        result: Value,
        /// What `-> T` asked for.
        decoded: Option<Value>,
    },
    /// It failed.
    Failed(Failure),
    /// It was asked to end and did.
    Cancelled,
    /// It was asked to end before anything of it had begun.
    NeverBegan,
}

impl AttemptOutcome {
    /// Whether the attempt may have done something: it could be started, and was.
    #[must_use]
    pub const fn began(&self) -> bool {
        match self {
            Self::Succeeded { .. } | Self::Cancelled => true,
            Self::Failed(failure) => !matches!(failure.kind, FailureKind::Spawn),
            Self::NeverBegan => false,
        }
    }
}

/// What becomes of an attempt that was under way when the process of its run died.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LostAnswer {
    /// It runs again, as the next attempt.
    Rerun,
    /// It was done, with this value of the step.
    Done(Value),
    /// It failed.
    Failed,
}

/// Why a lock was not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockRefusal {
    /// Others hold it: one of the runs that do, where that is known.
    Held(Option<Arc<str>>),
    /// It cannot be taken, for this reason.
    Failed(Arc<str>),
}

/// A step that somebody takes care of, so that what it stands on can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledUndo {
    /// The step.
    pub step: InstanceId,
    /// Whether it was undone by hand; it stays as it is otherwise.
    pub undone: bool,
}

/// What a timer was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// The pause before the next attempt is over.
    Retry,
    /// The pause before the next round of a `repeat` is over.
    Round,
    /// The `timeout` of a block ran out.
    Timeout,
}

/// Who asked for the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelCause {
    /// SIGHUP
    Hangup,
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
    /// `wfc cancel`, the API or a trigger.
    Request,
}

/// What failed, for reports and for the value `failure`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedInstance {
    /// The step or block that failed first.
    pub path: Arc<str>,
    /// How.
    pub failure: Failure,
    /// How many attempts it had.
    pub attempts: u32,
}

/// The sorts of event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Given: a run began.
    RunStarted {
        /// `run.id`
        run: Arc<str>,
        /// The workflow's name.
        workflow: Arc<str>,
        /// What it was given, secrets included, which are journaled as `***`; defaults are not in it.
        arguments: Vec<(Arc<str>, Value)>,
        /// `run.dir`: a scratch directory of the run.
        directory: Arc<str>,
        /// Since which start of the machine; `None` where it does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<Arc<str>>,
    },
    /// Given: another process goes on with the run.
    RunResumed {
        /// Since which start of the machine; `None` where it does not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot: Option<Arc<str>>,
        /// How many attempts run at a time from here on; `None` for as many as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jobs: Option<u32>,
    },
    /// Given: the run goes by another definition from here on, in which all that happened so far stands.
    DefinitionChanged {
        /// BLAKE3 of the definition as the store keeps it, in hex.
        definition: Arc<str>,
    },
    /// Given: somebody wants the run to end.
    CancelRequested {
        /// Who.
        cause: CancelCause,
    },
    /// Given: somebody wants nothing new to start; the run waits once what runs has ended.
    PauseRequested,
    /// Given: somebody wants what the run did to be undone: by a rollback that waits for it, after the end of the run, or once more
    /// where undos failed.
    RollbackRequested {
        /// Steps that are not undone again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settled: Vec<SettledUndo>,
        /// Why, in somebody's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// Given: what a call that looks outside saw, once and for all.
    Observed {
        /// The statement that it was evaluated for; `None` for parameters and `let`s of files.
        instance: Option<Instance>,
        /// Which call of the program.
        place: Place,
        /// Which of its calls in one evaluation, from zero.
        occurrence: u32,
        /// What was called.
        function: Function,
        /// What it answered, or why it could not.
        answer: Result<Value, Arc<str>>,
    },
    /// Given: the random delay of a retry was drawn.
    JitterDrawn {
        /// What is to be tried again.
        instance: Instance,
        /// The delay.
        delay: Duration,
    },
    /// Given: a timer ran out.
    TimerWoke {
        /// Whose.
        instance: Instance,
        /// Which.
        timer: Timer,
    },
    /// Given: an attempt may start from now on; left out where its start is durable before it begins. A step that waits for a slot may
    /// be announced before there is one.
    Announced {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
    },
    /// Given: an attempt started.
    Started {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
    },
    /// Given: an attempt ended.
    AttemptEnded {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
        /// How.
        outcome: AttemptOutcome,
        /// Whether a process that was left behind had to be ended.
        leaked: bool,
    },
    /// Given: an attempt was under way when the process of its run died, and this becomes of it.
    Lost {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
        /// What.
        answer: LostAnswer,
    },
    /// Given: a lock that was asked for is held by others, so that the statement waits for it.
    LockAwaited {
        /// The step, or what the body belongs to that asked for it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
        /// One of the runs that hold it, where that is known.
        holder: Option<Arc<str>>,
    },
    /// Given: a lock is held from now on.
    LockAcquired {
        /// The step, or what the body belongs to that asked for it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
    },
    /// Given: a lock is not to be had.
    LockRefused {
        /// The step, or what the body belongs to that asked for it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
        /// Why.
        refusal: LockRefusal,
    },
    /// Given: a step succeeded before with all that its `cache` names as it is now; its outputs are there.
    CacheHit {
        /// The step.
        instance: Instance,
        /// The run in which it did.
        from: Arc<str>,
        /// The kind's result record.
        result: Value,
        /// What `-> T` asked for.
        decoded: Option<Value>,
        /// How many outputs were missing or another, and were restored.
        restored: u64,
        /// What it is kept under.
        digest: Arc<str>,
    },
    /// Given: a step with a `cache` has to run.
    CacheMissed {
        /// The step.
        instance: Instance,
        /// Why.
        reason: CacheMiss,
        /// What its success can be kept under; `None` where it cannot.
        digest: Option<Arc<str>>,
    },
    /// Given: the success of a step with a `cache` was kept.
    CacheKept {
        /// The step.
        instance: Instance,
        /// Why it was not.
        problem: Option<Arc<str>>,
    },
    /// Given: somebody sent a signal to the run; it is kept until a step takes it.
    Signalled {
        /// Numbers the messages that a run gets.
        message: u64,
        /// The name of the signal.
        name: Arc<str>,
        /// What came with it.
        data: Value,
        /// Who sent it.
        by: Arc<str>,
    },
    /// Given: somebody answered the question of a step.
    Answered {
        /// Numbers the messages that a run gets.
        message: u64,
        /// The step.
        instance: Instance,
        /// What was asked, as [`EventKind::Waiting`] names it.
        question: Arc<str>,
        /// What was answered.
        answer: Answer,
    },
    /// Concluded: an attempt of a step waits for somebody.
    Waiting {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
        /// For what.
        awaited: Awaited,
        /// BLAKE3, in hex, of what is asked and of the definition that asks it.
        question: Arc<str>,
        /// Until when; `None` for as long as it takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// Concluded: a step need not run, because an earlier success counts.
    Cached {
        /// The step.
        instance: Instance,
        /// The value of its name.
        value: Value,
    },
    /// Concluded: a lock is held no more.
    LockReleased {
        /// The step, or what the body belongs to that held it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
    },
    /// Concluded: everything before the statement has ended and its `when` holds. The first event of an instance, unless it
    /// is skipped or is a `let` that has its value.
    Ready {
        /// The step or block.
        instance: Instance,
        /// What it is.
        kind: InstanceKind,
        /// In which rounds of `repeat`s it stands, from zero, the outermost first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rounds: Vec<u64>,
    },
    /// Concluded: the statement will not run.
    Skipped {
        /// The step or block.
        instance: Instance,
        /// What it is.
        kind: InstanceKind,
        /// Why.
        reason: SkipReason,
    },
    /// Concluded: another attempt comes.
    RetryScheduled {
        /// The step, or the block whose body is tried again.
        instance: Instance,
        /// Which attempt comes, from two.
        attempt: u32,
        /// How many there may be, the first one included.
        most: u32,
        /// How long it waits.
        delay: Duration,
        /// When it is due.
        due: Timestamp,
        /// Why the last attempt failed.
        failure: Failure,
    },
    /// Concluded: a step or block succeeded.
    Succeeded {
        /// The step or block.
        instance: Instance,
        /// The value of its name; `null` for a block without one.
        value: Value,
    },
    /// Concluded: a step or block failed for good.
    Failed {
        /// The step or block.
        instance: Instance,
        /// What failed first; the path is the instance's own unless something inside it failed.
        cause: FailedInstance,
        /// Whether `on failure continue` takes it, so that the run goes on.
        continued: bool,
    },
    /// Concluded: a step or block was ended because the run was cancelled, a block was timed out or failed fast, or a race was
    /// lost.
    Cancelled {
        /// The step or block.
        instance: Instance,
        /// Why.
        reason: SkipReason,
    },
    /// Concluded: a `let` has its value.
    LetEvaluated {
        /// The `let`.
        instance: Instance,
        /// Its value.
        value: Value,
    },
    /// Concluded: an `if` has chosen.
    BranchTaken {
        /// The `if`.
        instance: Instance,
        /// Which branch, from zero; the number behind the last condition is the `else`; `None` where none is taken.
        branch: Option<u32>,
    },
    /// Concluded: the lists of a `for each` are known.
    ListEvaluated {
        /// The loop.
        instance: Instance,
        /// A list or map for each iterator.
        lists: Vec<Value>,
        /// How many iterations there are.
        iterations: u64,
    },
    /// Concluded: an iteration of a `for each` or a round of a `repeat` began.
    IterationOpened {
        /// The loop.
        instance: Instance,
        /// The iteration itself, such as `ship[1]`: a retry or timeout of the loop's body is its.
        iteration: Instance,
        /// Which, from zero.
        index: u64,
    },
    /// Concluded: an iteration or a round ended.
    IterationEnded {
        /// The loop.
        instance: Instance,
        /// The iteration itself.
        iteration: Instance,
        /// Which, from zero.
        index: u64,
        /// Whether it succeeded.
        succeeded: bool,
    },
    /// Concluded: a race is decided.
    RaceWon {
        /// The block.
        instance: Instance,
        /// What `NAME.winner` is: a branch's name or an element; `null` for a branch without a name.
        winner: Value,
    },
    /// Concluded: a handler began.
    HandlerOpened {
        /// The step or block that it belongs to; `None` for the run's own.
        instance: Option<Instance>,
        /// The handler itself; its path is that of what it belongs to.
        handler: Instance,
        /// Why it runs.
        cause: HandlerCause,
    },
    /// Concluded: a handler ended.
    HandlerEnded {
        /// The handler.
        handler: Instance,
    },
    /// Concluded: nothing runs any more, and nothing starts until somebody goes on with the run.
    Paused,
    /// Concluded: a rollback began.
    RollbackStarted {
        /// The `rollback`, the body that is tried again, the race, or the run.
        instance: Instance,
        /// Why.
        cause: RollbackCause,
        /// The steps that are to be undone, in the order in which they began.
        steps: Vec<InstanceId>,
    },
    /// Concluded: a rollback that somebody has to ask for waits.
    RollbackWaits {
        /// The `rollback manually`.
        instance: Instance,
        /// The steps that would be undone, in the order in which they began.
        steps: Vec<InstanceId>,
    },
    /// Concluded: a rollback ended.
    RollbackEnded {
        /// As in its beginning.
        instance: Instance,
        /// How many undos succeeded, or had nothing to do.
        undone: u64,
        /// How many failed for good.
        failed: u64,
        /// How many did not run because of those.
        blocked: u64,
    },
    /// Concluded: the outputs of a workflow are known.
    OutputsEvaluated {
        /// The step that calls it; `None` for the run's own.
        instance: Option<Instance>,
        /// A record.
        outputs: Value,
    },
    /// Concluded: the run is over.
    RunEnded {
        /// How.
        state: RunState,
        /// What failed first, also where the run was rolled back.
        cause: Option<FailedInstance>,
    },
}

impl EventKind {
    /// Whether it came from outside; everything else follows from those that did.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        match self {
            Self::RunStarted { .. }
            | Self::RunResumed { .. }
            | Self::DefinitionChanged { .. }
            | Self::CancelRequested { .. }
            | Self::PauseRequested
            | Self::RollbackRequested { .. }
            | Self::Observed { .. }
            | Self::JitterDrawn { .. }
            | Self::TimerWoke { .. }
            | Self::Announced { .. }
            | Self::Started { .. }
            | Self::AttemptEnded { .. }
            | Self::Lost { .. }
            | Self::LockAwaited { .. }
            | Self::LockAcquired { .. }
            | Self::LockRefused { .. }
            | Self::CacheHit { .. }
            | Self::CacheMissed { .. }
            | Self::CacheKept { .. }
            | Self::Signalled { .. }
            | Self::Answered { .. } => true,
            Self::Ready { .. }
            | Self::Skipped { .. }
            | Self::RetryScheduled { .. }
            | Self::Succeeded { .. }
            | Self::Failed { .. }
            | Self::Cancelled { .. }
            | Self::LetEvaluated { .. }
            | Self::BranchTaken { .. }
            | Self::ListEvaluated { .. }
            | Self::IterationOpened { .. }
            | Self::IterationEnded { .. }
            | Self::RaceWon { .. }
            | Self::LockReleased { .. }
            | Self::Waiting { .. }
            | Self::Cached { .. }
            | Self::HandlerOpened { .. }
            | Self::HandlerEnded { .. }
            | Self::Paused
            | Self::RollbackStarted { .. }
            | Self::RollbackWaits { .. }
            | Self::RollbackEnded { .. }
            | Self::OutputsEvaluated { .. }
            | Self::RunEnded { .. } => false,
        }
    }

    /// The statement that it is about.
    #[must_use]
    pub const fn instance(&self) -> Option<&Instance> {
        match self {
            Self::RunStarted { .. }
            | Self::RunResumed { .. }
            | Self::DefinitionChanged { .. }
            | Self::CancelRequested { .. }
            | Self::PauseRequested
            | Self::Paused
            | Self::RollbackRequested { .. }
            | Self::Signalled { .. }
            | Self::RunEnded { .. } => None,
            Self::Observed { instance, .. } | Self::OutputsEvaluated { instance, .. } | Self::HandlerOpened { instance, .. } => {
                instance.as_ref()
            }
            Self::HandlerEnded { handler } => Some(handler),
            Self::JitterDrawn { instance, .. }
            | Self::TimerWoke { instance, .. }
            | Self::Announced { instance, .. }
            | Self::Started { instance, .. }
            | Self::AttemptEnded { instance, .. }
            | Self::Lost { instance, .. }
            | Self::LockAwaited { instance, .. }
            | Self::LockAcquired { instance, .. }
            | Self::LockRefused { instance, .. }
            | Self::LockReleased { instance, .. }
            | Self::CacheHit { instance, .. }
            | Self::CacheMissed { instance, .. }
            | Self::CacheKept { instance, .. }
            | Self::Answered { instance, .. }
            | Self::Waiting { instance, .. }
            | Self::Cached { instance, .. }
            | Self::Ready { instance, .. }
            | Self::Skipped { instance, .. }
            | Self::RetryScheduled { instance, .. }
            | Self::Succeeded { instance, .. }
            | Self::Failed { instance, .. }
            | Self::Cancelled { instance, .. }
            | Self::LetEvaluated { instance, .. }
            | Self::BranchTaken { instance, .. }
            | Self::ListEvaluated { instance, .. }
            | Self::IterationOpened { instance, .. }
            | Self::IterationEnded { instance, .. }
            | Self::RollbackStarted { instance, .. }
            | Self::RollbackWaits { instance, .. }
            | Self::RollbackEnded { instance, .. }
            | Self::RaceWon { instance, .. } => Some(instance),
        }
    }
}

impl Timestamp {
    /// The point `delay` later; saturates.
    #[must_use]
    pub const fn after(self, delay: Duration) -> Self {
        Self { milliseconds: self.milliseconds.saturating_add(delay.milliseconds) }
    }

    /// How long after `earlier` this is; negative where it is before; saturates.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration { milliseconds: self.milliseconds.saturating_sub(earlier.milliseconds) }
    }
}

/// `ship.health` of `ship.health[1]`
#[must_use]
pub fn without_places(path: &str) -> &str {
    path.find('[').and_then(|place| path.get(..place)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::{AttemptOutcome, Event, EventKind, Instance, InstanceId, Timestamp};
    use crate::expression::{Function, Place};
    use crate::unit::Duration;
    use crate::value::{Secret, Value};

    fn instance() -> Instance {
        Instance { id: InstanceId(7), path: "ship.health[1]".into() }
    }

    fn at(kind: EventKind) -> Event {
        Event { at: Timestamp { milliseconds: 12 }, kind }
    }

    #[test]
    fn an_event_is_read_back_as_it_was_written() {
        let result = Value::map([("stdout", Value::string("x")), ("exit_code", Value::Int(0))]);
        let outcome = AttemptOutcome::Succeeded { result, decoded: None };
        let ended = at(EventKind::AttemptEnded { instance: instance(), attempt: 1, outcome, leaked: false });
        let answer = Err("file is not there".into());
        let (place, function) = (Place(3), Function::Read);
        let observed = at(EventKind::Observed { instance: None, place, occurrence: 0, function, answer });
        for event in [ended, observed, at(EventKind::RunResumed { boot: None, jobs: None })] {
            let text = serde_json::to_string(&event).unwrap();
            assert!(text.starts_with(r#"{"at":12,"event":""#), "{text}");
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in ["[]", "{}", r#"{"at":12}"#, r#"{"event":"run-resumed","at":12}"#, r#"{"at":12,"event":"started"}"#] {
            assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
        }
        let more = r#"{"at":12,"event":"run-resumed","later":[1]}"#;
        assert_eq!(serde_json::from_str::<Event>(more).unwrap(), at(EventKind::RunResumed { boot: None, jobs: None }));
    }

    #[test]
    fn a_secret_is_not_written() {
        let event = at(EventKind::LetEvaluated { instance: instance(), value: Value::Secret(Secret::new("hunter2")) });
        let text = serde_json::to_string(&event).unwrap();
        assert!(text.starts_with(r#"{"at":12,"event":"let-evaluated","instance":{"id":7,"path":"ship.health[1]"}"#), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn times_saturate() {
        let last = Timestamp { milliseconds: i64::MAX };
        assert_eq!(last.after(Duration::from_seconds(1)), last);
        assert_eq!(Timestamp { milliseconds: i64::MIN }.since(last).milliseconds, i64::MIN);
    }
}
