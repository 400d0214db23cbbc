//! One scenario: a run in which faults happen, and what became of it.

use super::super::mocks::Mocks;
use super::super::outcomes::state;
use super::super::subject::Subject;
use super::super::trial::{Played, play};
use super::arrangement::Arrangement;
use super::fault::{Fault, Faulty, Seen};
use crate::engine::{IllegalTransition, Planned, PlannedAction};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind};
use wf_model::failure::FailureKind;
use wf_model::program::WorkflowId;
use wf_model::run::{RunRecord, RunState, Status, UndoStatus};

/// A run in which faults happened.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Names it in every rehearsal of the same program.
    pub seed: String,
    /// What the run is given.
    pub arrangement: String,
    /// What went wrong.
    pub faults: Vec<Fault>,
    /// Which faults did not happen.
    pub unfired: Vec<Fault>,
    /// After how many events the process died, where it did for that.
    pub dies_behind: Option<usize>,
    /// How the run ended, `paused` where it waits for somebody.
    pub state: RunState,
    /// Steps as they started, in that order.
    pub order: Vec<Arc<str>>,
    /// Steps that were undone, in that order.
    pub undone: Vec<Arc<str>>,
    /// Steps with an undo that were left as they are.
    pub left: Vec<Arc<str>>,
    /// Handlers that ran, in that order: `on failure of ship`.
    pub handlers: Vec<String>,
    /// Everything that happened, where the scenario was asked for by its seed.
    pub events: Vec<Event>,
}

/// A scenario with what it was judged by.
pub(super) struct Performed {
    pub(super) scenario: Scenario,
    /// Everything that happened.
    pub(super) events: Vec<Event>,
    pub(super) record: RunRecord,
    pub(super) seen: BTreeMap<InstanceId, Seen>,
    pub(super) planned: Vec<Planned>,
}

/// Performs a scenario.
pub(super) fn perform(
    arrangement: &Arrangement,
    workflow: WorkflowId,
    faults: &[Fault],
    history: Option<&[Event]>,
) -> Result<Performed, IllegalTransition> {
    let mocks = Mocks::new(arrangement.subject.clone(), arrangement.mocks.clone());
    let cast = Faulty::new(mocks, faults.to_vec());
    let played = play(&arrangement.subject, workflow, &arrangement.arguments, cast, history)?;
    let Played { events, engine, cast, .. } = played;
    let record = RunRecord::of(&events);
    let state = state(&record);
    let kept = kept(&arrangement.subject, &record, &cast.seen);
    // A run that waits for somebody has left nothing yet.
    let planned = if state == RunState::Paused { Vec::new() } else { engine.runbook(None)? };
    let unfired = cast.faults.iter().zip(&cast.fired).filter(|(_, fired)| !**fired).map(|(fault, _)| fault.clone()).collect();
    let mut left: Vec<Arc<str>> = planned.iter().filter(|planned| is_left(planned)).map(|planned| planned.step.clone()).collect();
    left.extend(kept.into_iter().filter(|step| !left.contains(step)).collect::<Vec<_>>());
    let scenario = Scenario {
        seed: seed(&arrangement.name, faults, history.map(<[Event]>::len)),
        arrangement: arrangement.name.clone(),
        faults: faults.to_vec(),
        unfired,
        dies_behind: history.map(<[Event]>::len),
        state,
        order: record.order.clone(),
        undone: undone(&events, &record),
        left,
        handlers: handlers(&events),
        events: Vec::new(),
    };
    Ok(Performed { scenario, events, record, seen: cast.seen, planned })
}

fn is_left(planned: &Planned) -> bool {
    match planned.action {
        PlannedAction::Undo(_) | PlannedAction::Workflow(..) | PlannedAction::Unseen { .. } | PlannedAction::Failing { .. } => {
            true
        }
        PlannedAction::Nothing { .. } | PlannedAction::Handler => false,
    }
}

/// Steps with an undo that a rollback passed over: a `checkpoint` or a `commit` keeps what they did.
fn kept(subject: &Subject, record: &RunRecord, seen: &BTreeMap<InstanceId, Seen>) -> Vec<Arc<str>> {
    if !matches!(record.state, RunState::RolledBack | RunState::RollbackFailed) {
        return Vec::new();
    }
    let has_undo = |seen: &Seen| {
        let step = subject.statement_at(seen.workflow, seen.statement).and_then(|statement| statement.kind.step());
        step.is_some_and(|step| step.clauses.is_undoable())
    };
    let took_effect = |status: &Status| match status {
        Status::Succeeded(_) | Status::Cached(_) => true,
        Status::Failed { cause, .. } => cause.failure.kind != FailureKind::Spawn,
        _ => false,
    };
    let is_untouched = |id: &InstanceId| {
        let instance = record.instances.get(id);
        instance.is_some_and(|instance| instance.undo == UndoStatus::None && took_effect(&instance.status))
    };
    let is_kept = |(id, seen): &(&InstanceId, &Seen)| !seen.is_undo && is_untouched(id) && has_undo(seen);
    seen.iter().filter(is_kept).map(|(_, seen)| seen.step.clone()).collect()
}

/// A short name of a scenario: what it is given and what goes wrong, hashed.
fn seed(arrangement: &str, faults: &[Fault], dies_behind: Option<usize>) -> String {
    let mut hasher = blake3::Hasher::new();
    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    hasher.update(format!("{:?}", (arrangement, faults, dies_behind)).as_bytes());
    hasher.finalize().to_hex().chars().take(8).collect()
}

fn undone(events: &[Event], record: &RunRecord) -> Vec<Arc<str>> {
    let ended = |event: &Event| {
        let EventKind::Succeeded { instance, .. } = &event.kind else { return None };
        match record.instances.get(&instance.id)?.kind {
            InstanceKind::Undo(step) => {
                let step = record.instances.get(&step)?;
                (step.undo == UndoStatus::Undone).then(|| step.instance.path.clone())
            }
            _ => None,
        }
    };
    events.iter().filter_map(ended).collect()
}

fn handlers(events: &[Event]) -> Vec<String> {
    let opened = |event: &Event| {
        let EventKind::HandlerOpened { handler, cause, .. } = &event.kind else { return None };
        let whose = if handler.path.is_empty() { String::new() } else { format!(" of {}", handler.path) };
        Some(format!("{}{whose}", cause.text()))
    };
    events.iter().filter_map(opened).collect()
}

impl Performed {
    /// The status of an instance.
    pub(super) fn status(&self, id: InstanceId) -> Option<&Status> {
        self.record.instances.get(&id).map(|record| &record.status)
    }
}
