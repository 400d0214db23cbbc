//! What runs a step: one executor for each kind, called by the dispatcher alone.

use crate::need::{self, Need};
use crate::process::Environment;
use crate::simulation::Course;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use wf_model::event::Timestamp;
use wf_model::failure::Failure;
use wf_model::kind::{Kind, Registry};
use wf_model::script::Call;
use wf_model::value::Value;

/// A step kind that can run.
pub trait Executor: Send + Sync {
    /// What checker, completion and docs know of it.
    fn kind(&self) -> Kind;

    /// Runs one attempt to its end; returns soon after `attempt.stop` asks for it, with nothing of the attempt left running.
    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended>;

    /// The attributes that tell what one step needs beside what any step of the kind needs.
    fn needs_by(&self) -> &'static [&'static str] {
        &[]
    }

    /// Looks for what steps of the kind need beside this program: any step where `step` is `None`, otherwise what one step needs
    /// beside that, of which it is told what [`Self::needs_by`] names.
    fn needs(&self, step: Option<Known>) -> BoxFuture<'static, Vec<Need>> {
        let programs = if step.is_none() { self.kind().programs } else { &[] };
        join_all(programs.iter().map(|program| need::program(program))).boxed()
    }

    /// How an attempt goes in a test, where nothing of the world is touched; `made` is how one goes that succeeds, with a result that
    /// was made of the kind's type.
    fn simulate(&self, _call: &Call, _now: Timestamp, made: Course) -> Course {
        made
    }

    /// Tells what a step would change, where that can be told before anything runs: lines, such as a unified diff.
    fn preview(&self, _step: &Known) -> Option<String> {
        None
    }
}

/// A kind, and who runs its steps.
pub struct Runner {
    kind: Kind,
    executor: Option<Arc<dyn Executor>>,
}

impl Runner {
    /// An executor, which starts something.
    #[must_use]
    pub fn executor(executor: Arc<dyn Executor>) -> Self {
        Self { kind: executor.kind(), executor: Some(executor) }
    }

    /// The engine: steps of the kind only wait.
    #[must_use]
    pub fn engine(kind: Kind) -> Self {
        Self { kind, executor: None }
    }
}

/// All kinds, with what runs them.
pub struct Executors {
    registry: Registry,
    by_name: BTreeMap<&'static str, Arc<dyn Executor>>,
}

impl Executors {
    /// Takes them in; of two for one kind, the later counts.
    #[must_use]
    pub fn new(runners: Vec<Runner>) -> Self {
        let executed = runners.iter().filter_map(|runner| Some((runner.kind.name, runner.executor.clone()?)));
        Self { by_name: executed.collect(), registry: Registry::new(runners.into_iter().map(|runner| runner.kind)) }
    }

    /// What is known of the kinds, in the order in which they were given.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What runs a kind, unless the engine does.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn Executor>> {
        self.by_name.get(kind)
    }
}

/// What a file tells of a step before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// Attributes that are given, by name; `None` for those that only a run knows.
    pub attributes: Vec<(Arc<str>, Option<Value>)>,
    /// Where the step would run.
    pub folder: PathBuf,
}

impl Known {
    /// The same of these attributes alone.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.attributes.retain(|(name, _)| names.contains(&&**name));
        self
    }

    /// The value of an attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.attribute(name)?.as_ref()
    }

    /// Whether an attribute is given and only a run knows its value.
    #[must_use]
    pub fn is_open(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(Option::is_none)
    }

    fn attribute(&self, name: &str) -> Option<&Option<Value>> {
        self.attributes.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }
}

/// One attempt of a step.
pub struct Attempt {
    /// The kind with its arguments.
    pub call: Call,
    /// Where it runs, unless the call's `cwd` says otherwise: absolute.
    pub folder: PathBuf,
    /// An empty directory of this attempt alone; it goes away when the attempt has ended.
    pub scratch: PathBuf,
    /// A directory of the step in its run for what has to outlive the attempt, such as what undoes it: made by whoever needs it,
    /// gone when nobody can ask for an undo any more. The undo of a step whose kind undoes itself gets that of its step.
    pub kept: PathBuf,
    /// A directory that all runs of the workflow share, for what their steps have to know of each other: made by whoever needs it.
    pub shared: PathBuf,
    /// `WF_RUN`, `WF_STEP`, `WF_ATTEMPT`, `WF_KEY`; the executor adds `WF_OUTPUT`.
    pub variables: Vec<(&'static str, String)>,
    /// Variables that it inherits: those of this process but for what secrets are read from.
    pub inherited: Arc<Environment>,
    /// Secrets that must not show in anything that leaves the attempt.
    pub secrets: Arc<[Value]>,
    /// Where its output goes, masked, while it runs.
    pub output: Arc<dyn OutputSink>,
    /// Asks the attempt to end.
    pub stop: watch::Receiver<Stop>,
}

impl Attempt {
    /// What it is told of itself under a name such as `WF_KEY`.
    #[must_use]
    pub fn variable(&self, wanted: &str) -> &str {
        self.variables.iter().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
    }
}

/// Takes the output of a step; called with whole or partial lines, in order within each stream.
pub trait OutputSink: Send + Sync {
    /// Takes bytes that are masked already.
    fn write(&self, stream: Stream, bytes: &[u8]);
}

/// Which output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// stdout
    Out,
    /// stderr
    Error,
}

/// How much an attempt is asked to end; it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    #[default]
    No,
    /// Send this signal first, KILL after the grace of 10 s.
    Gracefully(StopSignal),
    /// KILL at once.
    Now,
}

/// The signal that asks a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// SIGHUP
    Hangup,
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The kind's result record, or why there is none.
    pub outcome: Result<Value, Failure>,
    /// What `-> T` asked for, decoded; `None` without it.
    pub decoded: Option<Value>,
    /// Whether a process that was left behind had to be ended.
    pub leaked: bool,
}
