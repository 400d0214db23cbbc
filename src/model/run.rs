//! How a run stands, as its events tell it: the same for a run that goes on and for one of last year.

use crate::event::{
    AttemptOutcome, Awaited, Event, EventKind, FailedInstance, Instance, InstanceId, InstanceKind, SettledUndo, SkipReason,
    Timestamp,
};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The states of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It has not begun.
    Queued,
    /// It goes on.
    Running,
    /// It waits for somebody.
    Paused,
    /// Everything that had to succeed did.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It failed, and what it did is undone.
    RolledBack,
    /// It failed, and something that it did could not be undone.
    RollbackFailed,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Paused,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::RolledBack,
        Self::RollbackFailed,
    ];

    /// How programs, journals and reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
            Self::RollbackFailed => "rollback_failed",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Paused => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::RolledBack | Self::RollbackFailed => true,
        }
    }
}

/// Whether a run waits behind an event for somebody who asks for its rollback; `None` where that is as before.
#[must_use]
pub const fn waits_for_rollback(event: &EventKind) -> Option<bool> {
    match event {
        EventKind::RollbackWaits { .. } => Some(true),
        EventKind::Paused | EventKind::RollbackRequested { .. } | EventKind::CancelRequested { .. } => Some(false),
        _ => None,
    }
}

/// How a step or block stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It waits for a slot or its first attempt.
    Ready,
    /// It waits for a lock.
    Locked {
        /// Its name.
        lock: Arc<str>,
        /// One of the runs that hold it, where that is known.
        holder: Option<Arc<str>>,
    },
    /// It waits for somebody.
    Waiting {
        /// For what.
        awaited: Awaited,
        /// What is asked, as the journal names it.
        question: Arc<str>,
        /// Until when; `None` for as long as it takes.
        due: Option<Timestamp>,
    },
    /// An attempt runs, or the block goes on.
    Running,
    /// It failed, and another attempt is due then.
    Retrying(Timestamp),
    /// It succeeded with this value.
    Succeeded(Value),
    /// It did not have to run, and has this value.
    Cached(Value),
    /// It failed.
    Failed {
        /// What failed first.
        cause: FailedInstance,
        /// Whether the run goes on all the same.
        continued: bool,
    },
    /// It did not run.
    Skipped(SkipReason),
    /// It was ended.
    Cancelled(SkipReason),
}

/// How the undo of a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoStatus {
    /// Nobody asked for it, or the step has none.
    #[default]
    None,
    /// A rollback will come to it.
    Planned,
    /// It goes on.
    Undoing,
    /// What the step did is undone.
    Undone,
    /// It failed for good.
    Failed,
    /// It did not run, because something that stands on the step could not be undone.
    Blocked,
    /// It did not run, because its `when` is false, or because somebody takes care of what the step did.
    Skipped,
}

/// A step or block of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRecord {
    /// Which.
    pub instance: Instance,
    /// What it is.
    pub kind: InstanceKind,
    /// How it stands.
    pub status: Status,
    /// How its undo stands.
    pub undo: UndoStatus,
    /// How many attempts have begun.
    pub attempts: u32,
    /// When it had nothing more to wait for, or was skipped.
    pub ready_at: Timestamp,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A run: the fold over its events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// `run.id`
    pub run: Arc<str>,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What failed first.
    pub cause: Option<FailedInstance>,
    /// Its outputs; `null` before it has succeeded.
    pub outputs: Value,
    /// Its steps and blocks, in the order in which they came to be.
    pub instances: BTreeMap<InstanceId, InstanceRecord>,
    /// Names of steps as their first attempts began.
    pub order: Vec<Arc<str>>,
}

impl Default for RunRecord {
    fn default() -> Self {
        Self {
            run: "".into(),
            workflow: "".into(),
            state: RunState::Queued,
            started_at: None,
            ended_at: None,
            cause: None,
            outputs: Value::Null,
            instances: BTreeMap::new(),
            order: Vec::new(),
        }
    }
}

impl RunRecord {
    /// The run that these events tell.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.apply(event));
        record
    }

    /// The latest instance at a path, such as `ship.health[1]`; undos share the paths of their steps, and what never has a name
    /// that of the block around it: they are not meant.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&InstanceRecord> {
        let records = self.instances.values().rev();
        let mut named = records.filter(|record| has_name(&record.kind));
        named.find(|record| *record.instance.path == *path)
    }

    /// Takes the next event in; what it says nothing about stays.
    pub fn apply(&mut self, event: &Event) {
        self.apply_of(event, |_| true);
    }

    /// The same, of only some instances: a record of all that a long run did is as long as its history.
    pub fn apply_of(&mut self, event: &Event, is_meant: impl Fn(&Instance) -> bool) {
        let begins = match &event.kind {
            EventKind::Ready { instance, .. }
            | EventKind::Skipped { instance, .. }
            | EventKind::LetEvaluated { instance, .. } => Some(instance),
            _ => None,
        };
        if begins.is_none_or(is_meant) {
            self.take(event);
        }
    }

    fn take(&mut self, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::RunStarted { run, workflow, .. } => {
                (self.run, self.workflow) = (run.clone(), workflow.clone());
                (self.state, self.started_at) = (RunState::Running, Some(at));
            }
            EventKind::RunEnded { state, cause } => {
                (self.state, self.ended_at) = (*state, Some(at));
                self.cause.clone_from(cause);
            }
            EventKind::OutputsEvaluated { instance: None, outputs } => self.outputs = outputs.clone(),
            EventKind::Ready { instance, kind, .. } => {
                let status = if is_block(kind) { Status::Running } else { Status::Ready };
                self.begin(instance, kind.clone(), status, at);
            }
            EventKind::Skipped { instance, kind, reason } => {
                self.begin(instance, kind.clone(), Status::Skipped(*reason), at);
                self.end(instance, Status::Skipped(*reason), at);
            }
            EventKind::LetEvaluated { instance, value } => {
                let status = Status::Succeeded(value.clone());
                self.begin(instance, InstanceKind::Let, status.clone(), at);
                self.end(instance, status, at);
            }
            EventKind::Started { instance, attempt } => self.start(instance, *attempt, at),
            EventKind::Waiting { instance, attempt, .. } => self.wait(instance, *attempt, event),
            EventKind::Lost { instance, .. } | EventKind::AttemptEnded { instance, outcome: AttemptOutcome::Failed(_), .. } => {
                self.set(instance, Status::Ready);
            }
            EventKind::LockAwaited { instance, lock, holder } => {
                self.set(instance, Status::Locked { lock: lock.clone(), holder: holder.clone() });
            }
            EventKind::LockAcquired { instance, .. } => self.unlock(instance),
            EventKind::RetryScheduled { instance, due, .. } => self.set(instance, Status::Retrying(*due)),
            EventKind::Cached { instance, value } => self.end(instance, Status::Cached(value.clone()), at),
            EventKind::Succeeded { instance, value } => self.end(instance, Status::Succeeded(value.clone()), at),
            EventKind::Failed { instance, cause, continued } => {
                self.end(instance, Status::Failed { cause: cause.clone(), continued: *continued }, at);
            }
            EventKind::Cancelled { instance, reason } => self.end(instance, Status::Cancelled(*reason), at),
            EventKind::RollbackStarted { steps, .. } => {
                for step in steps {
                    self.set_undo(*step, UndoStatus::Planned);
                }
            }
            EventKind::Paused | EventKind::RollbackWaits { .. } => self.state = RunState::Paused,
            EventKind::RollbackRequested { settled, .. } => {
                (self.state, self.ended_at) = (RunState::Running, None);
                for SettledUndo { step, undone } in settled {
                    self.set_undo(*step, if *undone { UndoStatus::Undone } else { UndoStatus::Skipped });
                }
            }
            EventKind::RunResumed { .. } => self.state = RunState::Running,
            EventKind::PauseRequested
            | EventKind::Signalled { .. }
            | EventKind::Answered { .. }
            | EventKind::DefinitionChanged { .. }
            | EventKind::LockRefused { .. }
            | EventKind::CacheHit { .. }
            | EventKind::CacheMissed { .. }
            | EventKind::CacheKept { .. }
            | EventKind::LockReleased { .. }
            | EventKind::HandlerOpened { .. }
            | EventKind::HandlerEnded { .. }
            | EventKind::RollbackEnded { .. }
            | EventKind::CancelRequested { .. }
            | EventKind::Observed { .. }
            | EventKind::JitterDrawn { .. }
            | EventKind::TimerWoke { .. }
            | EventKind::Announced { .. }
            | EventKind::AttemptEnded { .. }
            | EventKind::BranchTaken { .. }
            | EventKind::ListEvaluated { .. }
            | EventKind::IterationOpened { .. }
            | EventKind::IterationEnded { .. }
            | EventKind::RaceWon { .. }
            | EventKind::OutputsEvaluated { .. } => {}
        }
    }

    fn begin(&mut self, instance: &Instance, kind: InstanceKind, status: Status, at: Timestamp) {
        if let InstanceKind::Undo(step) = kind {
            self.set_undo(step, UndoStatus::Undoing);
        }
        let record = InstanceRecord {
            instance: instance.clone(),
            kind,
            status,
            undo: UndoStatus::None,
            attempts: 0,
            ready_at: at,
            started_at: None,
            ended_at: None,
        };
        self.instances.entry(instance.id).or_insert(record);
    }

    fn start(&mut self, instance: &Instance, attempt: u32, at: Timestamp) {
        let Some(record) = self.instances.get_mut(&instance.id) else { return };
        (record.status, record.attempts) = (Status::Running, attempt);
        if record.started_at.is_none() {
            record.started_at = Some(at);
            if matches!(record.kind, InstanceKind::Undo(_)) {
                return;
            }
            self.order.push(instance.path.clone());
        }
    }

    fn wait(&mut self, instance: &Instance, attempt: u32, event: &Event) {
        self.start(instance, attempt, event.at);
        let EventKind::Waiting { awaited, question, due, .. } = &event.kind else { return };
        self.set(instance, Status::Waiting { awaited: awaited.clone(), question: question.clone(), due: *due });
    }

    /// What waited for a lock goes on.
    fn unlock(&mut self, instance: &Instance) {
        let Some(record) = self.instances.get_mut(&instance.id) else { return };
        record.status = if is_block(&record.kind) { Status::Running } else { Status::Ready };
    }

    fn set(&mut self, instance: &Instance, status: Status) {
        if let Some(record) = self.instances.get_mut(&instance.id) {
            record.status = status;
        }
    }

    fn end(&mut self, instance: &Instance, status: Status, at: Timestamp) {
        let Some(record) = self.instances.get_mut(&instance.id) else { return };
        let undo = match &status {
            Status::Succeeded(_) | Status::Cached(_) => UndoStatus::Undone,
            Status::Skipped(SkipReason::Blocked) => UndoStatus::Blocked,
            Status::Skipped(_) => UndoStatus::Skipped,
            Status::Failed { .. } | Status::Cancelled(_) => UndoStatus::Failed,
            Status::Ready | Status::Locked { .. } | Status::Waiting { .. } | Status::Running | Status::Retrying(_) => {
                UndoStatus::Undoing
            }
        };
        (record.status, record.ended_at) = (status, Some(at));
        if let InstanceKind::Undo(step) = record.kind {
            self.set_undo(step, undo);
        }
    }

    fn set_undo(&mut self, step: InstanceId, status: UndoStatus) {
        if let Some(record) = self.instances.get_mut(&step) {
            record.undo = status;
        }
    }
}

/// Whether the path of something ends with its own name, where it has one.
const fn has_name(kind: &InstanceKind) -> bool {
    match kind {
        InstanceKind::Undo(_) | InstanceKind::Rollback | InstanceKind::Checkpoint | InstanceKind::Commit => false,
        InstanceKind::Let
        | InstanceKind::Step(_)
        | InstanceKind::Call(_)
        | InstanceKind::If
        | InstanceKind::Stage
        | InstanceKind::Parallel
        | InstanceKind::ForEach
        | InstanceKind::Repeat => true,
    }
}

/// Whether something goes on as soon as it is ready, without attempts of its own.
const fn is_block(kind: &InstanceKind) -> bool {
    match kind {
        InstanceKind::Let | InstanceKind::Step(_) | InstanceKind::Undo(_) => false,
        InstanceKind::Rollback
        | InstanceKind::Checkpoint
        | InstanceKind::Commit
        | InstanceKind::Call(_)
        | InstanceKind::If
        | InstanceKind::Stage
        | InstanceKind::Parallel
        | InstanceKind::ForEach
        | InstanceKind::Repeat => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{RunRecord, RunState, Status};
    use crate::event::{AttemptOutcome, Event, EventKind, Instance, InstanceId, InstanceKind, SkipReason, Timestamp};
    use crate::failure::{Failure, FailureKind};
    use crate::unit::Duration;
    use crate::value::Value;

    #[test]
    fn a_state_is_written_as_it_is_named() {
        for state in [RunState::Queued, RunState::Succeeded, RunState::RolledBack, RunState::RollbackFailed] {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{:?}", state.name()));
        }
    }

    fn instance(id: u64, path: &str) -> Instance {
        Instance { id: InstanceId(id), path: path.into() }
    }

    #[test]
    fn a_run_is_what_its_events_tell() {
        let step = instance(1, "build");
        let failure = Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, "exit code 1") };
        let ended = |attempt, outcome| EventKind::AttemptEnded { instance: step.clone(), attempt, outcome, leaked: false };
        let succeeded = AttemptOutcome::Succeeded { result: Value::Null, decoded: None };
        let (delay, due) = (Duration::from_seconds(1), Timestamp { milliseconds: 1_003 });
        let kinds = [
            EventKind::RunStarted {
                run: "r1".into(),
                workflow: "main".into(),
                arguments: Vec::new(),
                directory: "/".into(),
                boot: None,
            },
            EventKind::Ready { instance: step.clone(), kind: InstanceKind::Step("shell".into()), rounds: Vec::new() },
            EventKind::Started { instance: step.clone(), attempt: 1 },
            ended(1, AttemptOutcome::Failed(failure.clone())),
            EventKind::RetryScheduled { instance: step.clone(), attempt: 2, most: 3, delay, due, failure },
            EventKind::Started { instance: step.clone(), attempt: 2 },
            ended(2, succeeded),
            EventKind::Succeeded { instance: step.clone(), value: Value::Int(7) },
            EventKind::Skipped { instance: instance(2, "ship"), kind: InstanceKind::Stage, reason: SkipReason::Condition },
            EventKind::OutputsEvaluated { instance: None, outputs: Value::map([("n", Value::Int(7))]) },
            EventKind::RunEnded { state: RunState::Succeeded, cause: None },
        ];
        let events = kinds.into_iter().zip(0..).map(|(kind, milliseconds)| Event { at: Timestamp { milliseconds }, kind });
        let events: Vec<Event> = events.collect();
        let before = RunRecord::of(&events[..5]);
        assert_eq!(before.at("build").unwrap().status, Status::Retrying(due));
        let record = RunRecord::of(&events);
        let build = record.at("build").unwrap();
        assert_eq!((&build.status, build.attempts), (&Status::Succeeded(Value::Int(7)), 2));
        let times = [Some(build.ready_at), build.started_at, build.ended_at].map(|at| at.unwrap().milliseconds);
        assert_eq!(times, [1, 2, 7]);
        assert_eq!(record.at("ship").unwrap().status, Status::Skipped(SkipReason::Condition));
        assert_eq!((record.state, record.outputs.get("n"), record.order.len()), (RunState::Succeeded, Some(&Value::Int(7)), 1));
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record);
    }
}
