//! What the engine wants done, and how it refuses.

use crate::executor::Stop;
use std::sync::Arc;
use wf_model::event::{Instance, Timer, Timestamp};
use wf_model::expression::{Function, Place};
use wf_model::program::Contents;
use wf_model::run::RunState;
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Something to be done outside; each is answered by an event, but [`Command::Stop`], [`Command::Forget`],
/// [`Command::Release`], [`Command::Suspend`] and [`Command::Finish`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run an attempt: answered by started and attempt ended; it may be announced before.
    Start {
        /// The step.
        instance: Instance,
        /// Which attempt, from one.
        attempt: u32,
        /// What to do.
        call: Arc<Call>,
        /// After how long to stop it, as a failure of kind timeout.
        timeout: Option<Duration>,
    },
    /// Look outside: answered by observed.
    Observe {
        /// The statement that it is evaluated for.
        instance: Option<Instance>,
        /// Which call of the program.
        place: Place,
        /// Which of its calls in one evaluation, from zero.
        occurrence: u32,
        /// What to look at.
        function: Function,
        /// With what.
        arguments: Vec<Value>,
    },
    /// Wait: answered by timer woke.
    WakeAt {
        /// Whose timer.
        instance: Instance,
        /// Which.
        timer: Timer,
        /// When, and not before.
        due: Timestamp,
    },
    /// Give up a timer.
    Forget {
        /// Whose timer.
        instance: Instance,
        /// Which.
        timer: Timer,
    },
    /// Draw a delay, uniform in zero to `upper`: answered by jitter drawn.
    Draw {
        /// What is to be tried again.
        instance: Instance,
        /// The greatest delay.
        upper: Duration,
    },
    /// Take a lock: answered by lock acquired or refused; lock awaited may come before.
    Acquire {
        /// The step, or what the body belongs to that asks for it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
        /// How many may hold it at a time: at least one.
        max: u32,
        /// Whether to wait where others hold it.
        waits: bool,
        /// Whether others give way first where runs wait for each other.
        insists: bool,
    },
    /// Look whether a step need not run: answered by cache hit or missed.
    LookUp {
        /// The step.
        instance: Instance,
        /// What counts.
        query: Arc<CacheQuery>,
    },
    /// Keep the success of a step: answered by cache kept.
    Keep {
        /// The step.
        instance: Instance,
        /// What counts.
        query: Arc<CacheQuery>,
        /// What it is kept under, unless its inputs have changed since.
        digest: Arc<str>,
        /// The kind's result record.
        result: Value,
        /// What `-> T` asked for.
        decoded: Option<Value>,
    },
    /// Let a lock go, or give up waiting for it.
    Release {
        /// Who asked for it.
        instance: Instance,
        /// Its name.
        lock: Arc<str>,
    },
    /// Ask a running attempt to end; its end is still told.
    Stop {
        /// The step.
        instance: Instance,
        /// How much.
        stop: Stop,
    },
    /// Nothing goes on until somebody does something: the process may end, the run has not.
    Suspend,
    /// The run is over.
    Finish {
        /// How it ended.
        state: RunState,
        /// Its outputs: a record, `null` where it did not succeed.
        outputs: Value,
    },
}

/// What a step with a `cache` does.
#[derive(Clone, Debug, PartialEq)]
pub enum CachedAction {
    /// It calls a kind: with its attributes; secrets in them do not count.
    Kind(Arc<Call>),
    /// It calls a workflow.
    Workflow(CalledWorkflow),
}

impl CachedAction {
    /// The folder that it works in, relative to that of the run.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        match self {
            Self::Kind(call) => match call.value("cwd") {
                Some(Value::String(folder)) => Some(folder),
                _ => None,
            },
            Self::Workflow(called) => called.folder.as_deref(),
        }
    }

    /// What its result is decoded as.
    #[must_use]
    pub fn decode(&self) -> Option<&Type> {
        match self {
            Self::Kind(call) => call.decode.as_ref(),
            Self::Workflow(_) => None,
        }
    }
}

/// A workflow that a step with a `cache` calls.
#[derive(Clone, Debug, PartialEq)]
pub struct CalledWorkflow {
    /// What it is given, by name; secrets in it do not count.
    pub given: Arc<Vec<(Arc<str>, Value)>>,
    /// What it and all that it calls are made of.
    pub contents: Arc<Contents>,
    /// `cwd` of the workflow that the step stands in.
    pub folder: Option<Arc<str>>,
}

/// What an earlier success of a step has to agree in.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheQuery {
    /// Workflow and path of the step: what was kept under it last is what a change is told against.
    pub place: Arc<str>,
    /// What the step does.
    pub action: CachedAction,
    /// Patterns of what the step reads.
    pub inputs: Vec<Arc<str>>,
    /// Patterns of what it writes.
    pub outputs: Vec<Arc<str>>,
    /// What else counts.
    pub key: Option<Value>,
}

/// An event that cannot happen where the run stands; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event does not fit the run: {reason}")]
pub struct IllegalTransition {
    /// One fact, lower case, without a full stop.
    pub reason: String,
}

impl IllegalTransition {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
