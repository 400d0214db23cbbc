//! What the engine keeps: statements that go on, bodies that are open, and the values around them.

use super::cache::CacheRun;
use super::table::{NumberMap, NumberSet};
use super::trace::{BodyTrace, Trace};
use super::undo::UndoRun;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use wf_model::event::{FailedInstance, Instance, InstanceId, SkipReason, Timestamp};
use wf_model::expression::{Function, Place, ValueId};
use wf_model::program::{BodyId, HandlerCause, StatementId, Wait, WorkflowId};
use wf_model::script::{Argument, Call};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Settings of a workflow by name.
pub(super) type Settings = Arc<Vec<(Arc<str>, Argument)>>;

/// Numbers frames; they come and go with iterations and calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FrameId(pub(super) u64);

/// The values of one call of a workflow or of one iteration of a loop in it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) workflow: WorkflowId,
    /// The frame around an iteration.
    pub(super) parent: Option<FrameId>,
    /// The loop whose iteration it is.
    pub(super) around: Option<StatementId>,
    /// What is missing was skipped or has not run: `null`.
    pub(super) values: NumberMap<ValueId, Value>,
    /// Watched statements that nobody has to wait for any more.
    pub(super) satisfied: NumberSet<StatementId>,
    /// Who waits for watched statements.
    pub(super) waiters: NumberMap<StatementId, Vec<Waiter>>,
    /// Watched statements that will not end well, each with the body inside which nobody can go on for that.
    pub(super) lost: NumberMap<StatementId, (InstanceId, FailedInstance)>,
    /// The settings of the workflow, once a step has asked for them.
    pub(super) settings: Option<Settings>,
    /// `failure`, in the frame of a handler.
    pub(super) failure: Option<Value>,
    /// `result`, in the frame of an undo.
    pub(super) result: Option<Value>,
}

/// A statement of an open body that waits for one of another body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) body: InstanceId,
    /// The attempt of that body.
    pub(super) attempt: u32,
    pub(super) position: usize,
}

/// The names of blocks and calls around something, and the places of loops.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) names: Arc<str>,
    pub(super) places: Arc<str>,
    /// The rounds of `repeat`s around it, from zero, the outermost first.
    pub(super) rounds: Arc<[u64]>,
}

impl Way {
    /// The path of something called `name` here.
    pub(super) fn to(&self, name: Option<&str>) -> Arc<str> {
        let names = self.names_to(name);
        match (&*names, &*self.places) {
            (_, "") => names,
            ("", _) => self.places.clone(),
            (names, places) => [names, places].concat().into(),
        }
    }

    /// The way inside of something called `name` here.
    pub(super) fn inside(&self, name: Option<&str>) -> Self {
        Self { names: self.names_to(name), ..self.clone() }
    }

    /// The way inside of iteration `index` here.
    pub(super) fn at(&self, index: u64) -> Self {
        Self { places: format!("{}[{index}]", self.places).into(), ..self.clone() }
    }

    /// The way inside of round `index` here.
    pub(super) fn in_round(&self, index: u64) -> Self {
        Self { rounds: self.rounds.iter().copied().chain([index]).collect(), ..self.clone() }
    }

    fn names_to(&self, name: Option<&str>) -> Arc<str> {
        match name {
            None => self.names.clone(),
            Some(name) if self.names.is_empty() => name.into(),
            Some(name) => format!("{}.{name}", self.names).into(),
        }
    }
}

/// How often something was tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    /// The one that goes on, from one; zero before the first.
    pub(super) number: u32,
    /// How many there may be, once one has failed that is tried again.
    pub(super) most: u32,
    /// When the first began.
    pub(super) since: Option<Timestamp>,
    /// Why the last failed.
    pub(super) cause: Option<FailedInstance>,
    /// The greatest delay, while it is being drawn.
    pub(super) drawing: Option<Duration>,
}

impl Attempts {
    /// Another one begins.
    pub(super) fn count(&mut self, now: Timestamp) {
        self.number += 1;
        self.since.get_or_insert(now);
    }
}

/// A statement that goes on.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) instance: Instance,
    /// The open body that it stands in.
    pub(super) body: InstanceId,
    pub(super) position: usize,
    pub(super) statement: StatementId,
    pub(super) workflow: WorkflowId,
    pub(super) frame: FrameId,
    /// How much comes behind it.
    pub(super) rank: u32,
    /// Whether somebody was told that it is ready.
    pub(super) told: bool,
    pub(super) state: NodeState,
    /// What it did that can be undone.
    pub(super) trace: Trace,
    /// For the undo of a step, which stands in no body.
    pub(super) undo: Option<Box<UndoRun>>,
}

/// What a statement is at.
#[derive(Debug)]
pub(super) enum NodeState {
    /// It looks at its condition, or its first expressions.
    Preparing,
    /// A step.
    Step(Box<StepRun>),
    /// A block with one body, which is open under the same id.
    Block,
    /// `for each`
    Loop(Box<LoopRun>),
    /// `repeat`
    Repeat(RepeatRun),
    /// `rollback`
    Rollback,
}

/// A step that goes on.
#[derive(Debug, Default)]
pub(super) struct StepRun {
    pub(super) phase: StepPhase,
    pub(super) attempts: Attempts,
    pub(super) call: Option<Arc<Call>>,
    /// The params of a called workflow.
    pub(super) given: Arc<Vec<(Arc<str>, Value)>>,
    pub(super) timeout: Option<Duration>,
    pub(super) within: Option<Duration>,
    /// How long the call that goes on may take.
    pub(super) limit: Option<Duration>,
    /// Why it was asked to end.
    pub(super) stopping: Option<SkipReason>,
    /// Whether the workflow that it calls ran out of time.
    pub(super) timed_out: bool,
    /// What the action of the last attempt gave, and the step's value, before anybody else sees it.
    pub(super) result: Option<(Value, Value)>,
    /// What its `cache` says.
    pub(super) cache: Option<Box<CacheRun>>,
    /// Whether an attempt may have taken effect: it could be started.
    pub(super) touched: bool,
}

/// Where an attempt is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StepPhase {
    /// Between attempts: looking, drawing, pausing.
    #[default]
    Idle,
    /// It is looked whether an earlier success counts.
    Looking,
    /// It waits for a slot.
    Queued,
    /// Its start was asked for.
    Starting,
    /// It may start from now on.
    Announced,
    /// It runs.
    Running,
    /// It waits for somebody.
    Waiting,
    /// The workflow that it calls runs, in the open body under this id.
    Calling(InstanceId),
    /// It has succeeded, which is being kept.
    Keeping,
    /// Its attempts are used up; its handlers run.
    Settling,
}

/// A `for each` that goes on.
#[derive(Debug)]
pub(super) struct LoopRun {
    pub(super) lists: Vec<Value>,
    pub(super) total: u64,
    pub(super) next: u64,
    pub(super) limit: usize,
    pub(super) wait: Wait,
    pub(super) fail_fast: bool,
    /// Iterations that go on.
    pub(super) open: BTreeSet<InstanceId>,
    /// For each export, a list as long as the iterations that ended.
    pub(super) exports: Vec<Vec<Value>>,
    pub(super) race: RaceRun,
    pub(super) closed: Option<Closing>,
    pub(super) failure: Option<FailedInstance>,
    /// What the iteration that decided a race did.
    pub(super) winner: Option<Vec<BodyTrace>>,
}

/// A race that goes on.
#[derive(Debug, Default)]
pub(super) struct RaceRun {
    /// What a block's value is, once it is decided by a success.
    pub(super) won: Option<Value>,
    /// The position of the statement that decided it.
    pub(super) winner: Option<usize>,
    /// The first failure, where a success can still come.
    pub(super) failed: Option<FailedInstance>,
}

/// A `repeat` that goes on.
#[derive(Debug)]
pub(super) struct RepeatRun {
    /// The round that goes on or ended last, from zero.
    pub(super) round: u64,
    pub(super) max: u64,
    /// The round that goes on.
    pub(super) open: Option<InstanceId>,
}

/// Why nothing new starts somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// Something in it failed.
    Failed,
    /// A race is decided.
    Decided,
    /// It ran out of time.
    TimedOut,
    /// It was asked to end.
    Cancelled(SkipReason),
}

/// A body that is open.
#[derive(Debug)]
pub(super) struct BodyRun {
    pub(super) instance: Instance,
    pub(super) owner: Owner,
    pub(super) workflow: WorkflowId,
    pub(super) body: BodyId,
    pub(super) frame: FrameId,
    pub(super) way: Way,
    /// How much comes behind the body.
    pub(super) rank: u32,
    /// For each statement, for how many it waits.
    pub(super) waiting: Vec<u32>,
    /// For each statement, whether it has begun or was skipped.
    pub(super) begun: Vec<bool>,
    /// How many statements have not ended.
    pub(super) unfinished: usize,
    /// Statements that go on.
    pub(super) live: BTreeSet<InstanceId>,
    /// How many may go on at a time.
    pub(super) max: usize,
    /// Statements that are due when others have ended: rank, then written order.
    pub(super) held: BinaryHeap<(u32, std::cmp::Reverse<usize>)>,
    pub(super) wait: Wait,
    pub(super) race: RaceRun,
    pub(super) closed: Option<Closing>,
    pub(super) attempts: Attempts,
    pub(super) timeout: Option<Duration>,
    pub(super) within: Option<Duration>,
    /// Whether its statements run, rather than it waits for its first or next attempt.
    pub(super) running: bool,
    /// Whether failures of its statements are only recorded.
    pub(super) lenient: bool,
    /// What this attempt did that can be undone.
    pub(super) trace: BodyTrace,
    /// What earlier attempts did, and nobody has undone.
    pub(super) earlier: Vec<BodyTrace>,
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The run.
    Run,
    /// A block: the node with the body's own id.
    Block,
    /// A step that calls a workflow.
    Call(InstanceId),
    /// An iteration of a `for each`.
    Iteration(InstanceId, u64),
    /// A round of a `repeat`.
    Round(InstanceId, u64),
    /// A handler of a body or step.
    Handler(InstanceId, HandlerCause),
}

/// How a statement or body ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// With a value.
    Succeeded(Value),
    /// Without having run.
    Skipped(SkipReason),
    /// With a failure.
    Failed(FailedInstance),
    /// With a failure that `on failure continue` takes.
    Continued(FailedInstance),
    /// Because it had to.
    Cancelled(SkipReason),
}

/// Something that the engine still has to do before an event is dealt with.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// Evaluate what holds for the whole run and open its body.
    Begin,
    /// Evaluate the run's outputs.
    Conclude,
    /// A statement has nothing to wait for.
    Due(InstanceId, usize),
    /// Look at a statement's condition and get it going.
    Prepare(InstanceId),
    /// Get a step going whose lock is held.
    Act(InstanceId),
    /// Look again at a gate that did not pass.
    Recheck(InstanceId),
    /// Look at a step's expectations.
    Judge(InstanceId),
    /// Decide whether a step is tried again.
    Reconsider(InstanceId, FailedInstance),
    /// End a failed step, which is not tried again.
    Excuse(InstanceId, FailedInstance),
    /// End a failed body, which is not tried again.
    Forgive(InstanceId, FailedInstance),
    /// Evaluate the parameters of a called workflow and open its body.
    Enter(InstanceId),
    /// Evaluate the outputs of a called workflow.
    Leave(InstanceId, FrameId),
    /// Evaluate the clauses of a body and start it.
    Open(InstanceId),
    /// Everything in a body has ended.
    Drained(InstanceId),
    /// A statement has ended.
    Ended { body: InstanceId, node: InstanceId, position: usize, outcome: Outcome },
    /// A statement will not end well, so that what waits for it will not run.
    Never(InstanceId, usize, FailedInstance),
    /// A statement waits for another that will not end well.
    Stranded(Waiter, FailedInstance),
    /// Look at the condition of a `repeat`.
    Until(InstanceId),
    /// Begin the next round of a `repeat`.
    Round(InstanceId),
    /// See whether a loop is over.
    LoopOver(InstanceId),
    /// Begin the next handler of a body or step, or end it.
    Handle(InstanceId),
    /// End a rollback.
    RollbackOver(InstanceId),
}

/// A task that waits for an observation.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) task: Task,
    pub(super) wanted: Wanted,
}

/// A call that looks outside and has no answer yet.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) place: Place,
    pub(super) occurrence: u32,
    pub(super) function: Function,
    pub(super) arguments: Vec<Value>,
}

/// What calls that look outside have answered in the evaluations of one task.
pub(super) type Observations = BTreeMap<(Place, u32), Result<Value, Arc<str>>>;
