//! The engine: a pure function from what happened in a run to what is to be done next.
//!
//! It is told events and concludes others from them; it never looks at a clock, a random number or the world, and nothing
//! depends on the order of a hash table, so the same given events always lead to the same conclusions and commands. The cost of an
//! event is that of what changes by it. Work inside is a queue of tasks, never recursion, so the length of a chain and the depth of
//! a program do not matter to the stack.

mod agenda;
mod block;
mod body;
mod cache;
mod call;
mod cancel;
mod check;
mod command;
mod evaluate;
mod failing;
mod given;
mod handler;
mod limit;
mod lock;
mod loops;
mod node;
mod numbering;
mod outstanding;
mod plan;
mod queue;
mod retelling;
mod retry;
mod rollback;
mod run;
mod runbook;
mod state;
mod step;
mod table;
mod teller;
mod trace;
mod undo;
mod undo_graph;
mod waiting;

pub use check::{CheckAction, CheckCall, Look};
pub use command::{CacheQuery, CachedAction, CalledWorkflow, Command, IllegalTransition};
pub use lock::Standstill;
pub use outstanding::Running;
pub use runbook::{Planned, PlannedAction};
pub use teller::Teller;
pub use waiting::waits_for_somebody;

use handler::Handling;
use lock::LockRun;
use numbering::Numbering;
use plan::Plan;
use queue::Queue;
use retelling::Retelling;
use rollback::{RollbackRun, RolledBack};
use state::{BodyRun, Frame, FrameId, Node, Observations, Parked, Task};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use table::Table;
use trace::BodyTrace;
use undo_graph::UndoGraph;
use waiting::Waits;
use wf_model::event::{Event, FailedInstance, Instance, InstanceId, Timer, Timestamp};
use wf_model::expression::ValueId;
use wf_model::program::{Contents, Program, Workflow, WorkflowId};
use wf_model::run::RunState;
use wf_model::value::Value;

/// How a run is driven.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many attempts run at a time; at least one does. Steps that only wait do not count.
    pub jobs: usize,
    /// Values of the `secret`s of all workflows that may be called.
    pub secrets: BTreeMap<(WorkflowId, ValueId), Value>,
    /// The hash of the kept plan that the run is of; what it asks is asked for that plan alone.
    pub plan: Option<Arc<str>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { jobs: 4, secrets: BTreeMap::new(), plan: None }
    }
}

/// A run as far as it has come.
#[derive(Debug)]
pub struct Engine {
    program: Arc<Program>,
    workflow: WorkflowId,
    arguments: Vec<(Arc<str>, Value)>,
    options: Options,
    plans: BTreeMap<WorkflowId, Arc<Plan>>,
    /// What workflows are made of that steps with a `cache` call.
    contents: BTreeMap<WorkflowId, Arc<Contents>>,
    state: RunState,
    now: Timestamp,
    run: Value,
    globals: Vec<Value>,
    /// The frame of the run's own workflow.
    root: Option<FrameId>,
    outputs: Value,
    next_instance: u64,
    /// What instances came to be for, where the run changes what it goes by.
    numbering: Option<Box<Numbering>>,
    /// What is being told that happened under another definition.
    retelling: Option<Box<Retelling>>,
    next_frame: u64,
    frames: Table<FrameId, Frame>,
    nodes: Table<InstanceId, Node>,
    bodies: Table<InstanceId, BodyRun>,
    observations: BTreeMap<InstanceId, Observations>,
    parked: BTreeMap<InstanceId, Parked>,
    timers: BTreeMap<(InstanceId, Timer), Timestamp>,
    /// Locks that are held or were asked for, by the step or body that they are for.
    locks: BTreeMap<InstanceId, LockRun>,
    /// How many of them were asked for and are not held.
    awaited_locks: usize,
    /// Steps that are being looked up or kept.
    caching: usize,
    agenda: VecDeque<Task>,
    queue: Queue,
    /// Since which start of the machine the run goes on.
    boot: Option<Arc<str>>,
    /// Attempts that hold a slot.
    taken: usize,
    /// Attempts that were asked for and have not ended.
    going: usize,
    /// Delays that are being drawn.
    drawing: usize,
    /// Steps that wait for somebody, and what came for them.
    waits: Waits,
    expandable: BTreeSet<(std::cmp::Reverse<u32>, InstanceId)>,
    /// Bodies and steps whose handlers run.
    handlings: BTreeMap<InstanceId, Handling>,
    rollbacks: BTreeMap<InstanceId, RollbackRun>,
    rolled_back: RolledBack,
    /// Whether something could not be undone.
    rollback_failed: bool,
    /// Rollbacks that left something, in the order in which they ended.
    left_over: Vec<UndoGraph>,
    /// The `rollback manually` that waits.
    waits_for_rollback: Option<InstanceId>,
    /// What the ended run did and nobody has undone.
    done: Vec<BodyTrace>,
    /// Why the run failed.
    cause: Option<FailedInstance>,
    cancelled: u32,
    /// Whether nothing new starts until somebody goes on with the run.
    pausing: bool,
    /// Where undos are written down instead of being begun: what is planned so far.
    planned: Option<Vec<Planned>>,
    concluded: VecDeque<Event>,
    commands: Vec<Command>,
}

impl Engine {
    /// The run of `workflow` before anything happened; `arguments` give parameters by name.
    #[must_use]
    pub fn new(program: Arc<Program>, workflow: WorkflowId, arguments: Vec<(Arc<str>, Value)>, options: Options) -> Self {
        let options = Options { jobs: options.jobs.max(1), ..options };
        Self {
            program,
            workflow,
            arguments,
            options,
            plans: BTreeMap::new(),
            contents: BTreeMap::new(),
            state: RunState::Queued,
            now: Timestamp::default(),
            run: Value::Null,
            globals: Vec::new(),
            root: None,
            outputs: Value::Null,
            next_instance: 1,
            numbering: None,
            retelling: None,
            next_frame: 0,
            frames: Table::default(),
            nodes: Table::default(),
            bodies: Table::default(),
            observations: BTreeMap::new(),
            parked: BTreeMap::new(),
            timers: BTreeMap::new(),
            locks: BTreeMap::new(),
            awaited_locks: 0,
            caching: 0,
            agenda: VecDeque::new(),
            queue: Queue::default(),
            boot: None,
            taken: 0,
            going: 0,
            drawing: 0,
            waits: Waits::default(),
            expandable: BTreeSet::new(),
            handlings: BTreeMap::new(),
            rollbacks: BTreeMap::new(),
            rolled_back: RolledBack::Nothing,
            rollback_failed: false,
            left_over: Vec::new(),
            waits_for_rollback: None,
            done: Vec::new(),
            cause: None,
            cancelled: 0,
            pausing: false,
            planned: None,
            concluded: VecDeque::new(),
            commands: Vec::new(),
        }
    }

    /// Takes in what happened. A concluded event is only taken where it is the next one that the engine has concluded itself, so a
    /// journal can be told as it stands.
    ///
    /// # Errors
    /// Refuses an event that cannot happen where the run stands, and has changed nothing then.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        if !event.kind.is_given() {
            return self.confirm(event);
        }
        self.check(event)?;
        self.now = self.now.max(event.at);
        self.take(&event.kind);
        self.settle();
        Ok(())
    }

    /// Whether what was looked up or drawn is still wanted: what asked for it may have been cancelled meanwhile. An answer that is
    /// not is dropped, never journaled.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        event.kind.is_given() && self.check(event).is_ok()
    }

    /// What follows from the events taken in so far and was not given out or confirmed yet, in order.
    pub fn concluded(&mut self) -> Vec<Event> {
        self.concluded.drain(..).collect()
    }

    /// What is to be done and was not given out yet, in order.
    pub fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// How the run stands.
    #[must_use]
    pub const fn state(&self) -> RunState {
        self.state
    }

    /// Whether the run waits for somebody who asks for its rollback.
    #[must_use]
    pub const fn waits_for_rollback(&self) -> bool {
        self.waits_for_rollback.is_some()
    }

    /// Whether somebody asked for the end of the run.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        self.cancelled > 0
    }

    /// The run's outputs: a record once it has succeeded, `null` before.
    #[must_use]
    pub const fn outputs(&self) -> &Value {
        &self.outputs
    }

    /// The clock of the run: the latest time that an event told.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The program that runs.
    #[must_use]
    pub const fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The workflow that runs; `None` where the program does not hold it.
    #[must_use]
    pub fn workflow(&self) -> Option<&Workflow> {
        self.program.workflows.get(self.workflow)
    }

    /// What the run was given.
    #[must_use]
    pub fn arguments(&self) -> &[(Arc<str>, Value)] {
        &self.arguments
    }

    /// How the run is driven.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// How much is still kept: statements, bodies, frames beside the run's own, observations, tasks that wait, timers, attempts.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> [usize; 7] {
        let frames = self.frames.len() - usize::from(self.root.is_some());
        let settling = self.handlings.len() + self.rollbacks.len();
        let waiting = self.parked.len()
            + self.queue.len()
            + self.drawing
            + self.expandable.len()
            + settling
            + self.locks.len()
            + self.caching;
        let going = self.going + self.taken;
        [self.nodes.len(), self.bodies.len(), frames, self.observations.len(), waiting, self.timers.len(), going]
    }

    fn confirm(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        let Some(next) = self.concluded.front() else {
            return Err(IllegalTransition::new("nothing more follows from what happened"));
        };
        if next.kind != event.kind && !same_in_journal(next, event) {
            return Err(IllegalTransition::new(format!("something else follows from what happened: {:?}", next.kind)));
        }
        self.concluded.pop_front();
        Ok(())
    }

    fn plan(&mut self, workflow: WorkflowId) -> Arc<Plan> {
        let program = &self.program;
        let plan = || Arc::new(program.workflows.get(workflow).map(Plan::new).unwrap_or_default());
        self.plans.entry(workflow).or_insert_with(plan).clone()
    }

    fn conclude(&mut self, kind: wf_model::event::EventKind) {
        self.concluded.push_back(Event { at: self.now, kind });
    }

    fn command(&mut self, command: Command) {
        self.commands.push(command);
    }

    fn set_timer(&mut self, instance: Instance, timer: Timer, due: Timestamp) {
        self.timers.insert((instance.id, timer), due);
        self.command(Command::WakeAt { instance, timer, due });
    }

    fn forget_timer(&mut self, instance: &Instance, timer: Timer) {
        if self.timers.remove(&(instance.id, timer)).is_some() {
            self.command(Command::Forget { instance: instance.clone(), timer });
        }
    }
}

/// Secrets are `***` in a journal, so events that hold some are compared as they are written.
fn same_in_journal(left: &Event, right: &Event) -> bool {
    let written = |event: &Event| serde_json::to_value(&event.kind).ok();
    written(left).is_some_and(|left| Some(left) == written(right))
}
