//! What a scenario shows that nobody can have meant.

use super::super::subject::Subject;
use super::fault::{FaultSort, Seen};
use super::safe_twice;
use super::scenario::Performed;
use crate::engine::PlannedAction;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind, LostAnswer, RollbackCause, SkipReason, without_places};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{BodyId, Effect, EffectClause, Statement, StatementId, StatementKind, Step, UnknownAnswer, WorkflowId};
use wf_model::run::{RunState, Status};
use wf_model::span::Span;

/// Something that goes wrong in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What sort it is.
    pub sort: FindingSort,
    /// The step that it is about, by its path.
    pub step: Arc<str>,
    /// Where it stands in the program.
    pub span: Span,
    /// What is wrong: one sentence.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// The sorts of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingSort {
    /// A step that can be undone is not.
    LeftBehind,
    /// A step that changes the world stays in a run that was rolled back, and says nothing of it.
    NothingUndoes,
    /// An undo cannot be carried out.
    UndoFails,
    /// An undo that ran twice may have done harm.
    UndoTwice,
    /// A step may have taken effect twice.
    TookEffectTwice,
    /// A loser of a race leaves something behind.
    LoserStays,
    /// The run waits for ever.
    WaitsForEver,
    /// An expression fails.
    ExpressionFails,
}

impl FindingSort {
    /// How reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftBehind => "left-behind",
            Self::NothingUndoes => "nothing-undoes",
            Self::UndoFails => "undo-fails",
            Self::UndoTwice => "undo-twice",
            Self::TookEffectTwice => "took-effect-twice",
            Self::LoserStays => "loser-stays",
            Self::WaitsForEver => "waits-for-ever",
            Self::ExpressionFails => "expression-fails",
        }
    }
}

/// Judges a scenario.
pub(super) struct Judge<'a> {
    pub(super) subject: &'a Subject,
    /// Whether handlers of the program roll back.
    pub(super) rolls_back: bool,
    /// The statements of handlers.
    pub(super) of_handlers: &'a BTreeSet<(WorkflowId, StatementId)>,
    pub(super) performed: &'a Performed,
}

impl Judge<'_> {
    /// What is wrong in the scenario.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.failing_undos();
        // An undo that cannot run says itself why its step is left.
        if findings.is_empty() {
            findings.extend(self.left_behind());
        }
        findings.extend(self.nothing_undoes());
        findings.extend(self.twice());
        findings.extend(self.begun_again());
        findings.extend(self.waits_for_ever());
        findings.extend(self.failing_expressions());
        findings
    }

    fn statement(&self, workflow: WorkflowId, statement: StatementId) -> Option<&Statement> {
        self.subject.statement_at(workflow, statement)
    }

    /// The steps that began, with their statements.
    fn steps(&self) -> impl Iterator<Item = (InstanceId, &Seen, &Statement, &Step)> {
        self.performed.seen.iter().filter(|(_, seen)| !seen.is_undo).filter_map(|(id, seen)| {
            let statement = self.statement(seen.workflow, seen.statement)?;
            Some((*id, seen, statement, statement.kind.step()?))
        })
    }

    fn span_of(&self, step: &str) -> Span {
        let mut all = self.performed.seen.values();
        let seen = all.find(|seen| *seen.step == *step);
        let seen = seen.and_then(|seen| self.statement(seen.workflow, seen.statement));
        // What never began is known by its name alone.
        let name = without_places(step).rsplit('.').next().unwrap_or_default();
        let is_named = |statement: &&Statement| statement.name.as_deref() == Some(name);
        let mut workflows = self.subject.program.workflows.iter();
        let named =
            || workflows.find_map(|(_, workflow)| workflow.statements.iter().map(|(_, statement)| statement).find(is_named));
        seen.or_else(named).map(|statement| statement.span).unwrap_or_default()
    }

    fn about(&self, sort: FindingSort, step: &Arc<str>, message: String, help: &'static str) -> Finding {
        Finding { sort, step: step.clone(), span: self.span_of(step), message, help }
    }

    fn undo_is_faulted(&self) -> bool {
        self.performed.scenario.faults.iter().any(|fault| fault.is_undo && !matches!(fault.sort, FaultSort::Crashes))
    }

    /// Where handlers roll back, what failed is expected to be taken back.
    fn left_behind(&self) -> Vec<Finding> {
        let failed = matches!(self.performed.scenario.state, RunState::Failed | RunState::RollbackFailed);
        if !failed || !self.rolls_back || self.undo_is_faulted() {
            return Vec::new();
        }
        let message = |step: &str| format!("step {step} has an undo, and the run fails without it");
        let help = "Let a handler of a body around both steps roll back, before anything in it that can fail.";
        let left = self.performed.planned.iter().filter(|planned| {
            matches!(planned.action, PlannedAction::Undo(_) | PlannedAction::Workflow(..) | PlannedAction::Unseen { .. })
        });
        left.map(|planned| self.about(FindingSort::LeftBehind, &planned.step, message(&planned.step), help)).collect()
    }

    /// Whether a step changed the world, or may have, and says nothing of it; those of handlers clear up.
    fn leaves_something(&self, id: InstanceId, seen: &Seen, step: &Step) -> bool {
        if self.of_handlers.contains(&(seen.workflow, seen.statement)) {
            return false;
        }
        let changes = matches!(step.effect(self.subject.kinds()), Effect::Changes { .. });
        let began = self
            .performed
            .status(id)
            .is_some_and(|status| matches!(status, Status::Succeeded(_) | Status::Failed { .. } | Status::Cancelled(_)));
        changes && began && matches!(step.clauses.effect, EffectClause::Unstated)
    }

    fn nothing_undoes(&self) -> Vec<Finding> {
        let lost = |id| matches!(self.performed.status(id), Some(Status::Cancelled(SkipReason::LostRace)));
        let race = self.steps().filter(|(id, seen, _, step)| lost(*id) && self.leaves_something(*id, seen, step)).map(
            |(_, seen, ..)| {
                let message =
                    format!("step {} loses the race while it goes on, and nothing undoes what it did until then", seen.step);
                self.about(
                    FindingSort::LoserStays,
                    &seen.step,
                    message,
                    "Give it an `undo`, or say why none is needed: `no undo \"why\"`.",
                )
            },
        );
        let mut findings: Vec<Finding> = race.collect();
        if self.performed.scenario.state != RunState::RolledBack {
            return findings;
        }
        let (began, committed) = self.rollback();
        let stays = self.steps().filter(|(id, seen, _, step)| {
            *id < began && committed.is_none_or(|committed| *id > committed) && self.leaves_something(*id, seen, step)
        });
        findings.extend(stays.map(|(_, seen, ..)| {
            let message = format!("the run counts as rolled back, and what step {} did stays", seen.step);
            let help = "Give it an `undo`, or say why none is needed: `no undo \"why\"`, `reads only`.";
            self.about(FindingSort::NothingUndoes, &seen.step, message, help)
        }));
        findings
    }

    /// The first instance behind the beginning of the last rollback of a handler, and the last `checkpoint` or `commit` before it.
    fn rollback(&self) -> (InstanceId, Option<InstanceId>) {
        let mut events = self.performed.events.iter().rev();
        let began = events.find_map(|event| match &event.kind {
            EventKind::RollbackStarted { instance, cause: RollbackCause::Handler, .. } => Some(instance.id),
            _ => None,
        });
        let began = began.unwrap_or(InstanceId(0));
        let mut records = self.performed.record.instances.iter().rev();
        let bound =
            records.find(|(id, record)| **id < began && matches!(record.kind, InstanceKind::Checkpoint | InstanceKind::Commit));
        (began, bound.map(|(id, _)| *id))
    }

    fn failing_undos(&self) -> Vec<Finding> {
        let help = "Let the undo use only what is known when the step has begun, or say `when` there is something to undo.";
        let failing = self.performed.planned.iter().filter_map(|planned| match &planned.action {
            PlannedAction::Failing { failure, .. } => Some((planned.step.clone(), failure.message.clone())),
            _ => None,
        });
        let records = self.performed.record.instances.values();
        let failed = records.filter_map(|record| match (&record.kind, &record.status) {
            (InstanceKind::Undo(_), Status::Failed { cause, .. }) if is_of_expression(&cause.failure) => {
                Some((record.instance.path.clone(), cause.failure.message.clone()))
            }
            _ => None,
        });
        let told = |(step, why): (Arc<str>, Arc<str>)| {
            let message = format!("the undo of step {step} cannot run: {why}");
            self.about(FindingSort::UndoFails, &step, message, help)
        };
        failing.chain(failed).map(told).collect()
    }

    /// What may have happened twice.
    fn twice(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (_, seen, _, step) in self.steps().filter(|(_, seen, ..)| seen.attempts > 1) {
            if !safe_twice::step_does_harm(step, self.subject.kinds()) {
                continue;
            }
            let asked_for = matches!(step.clauses.unknown, Some(UnknownAnswer::Rerun));
            // Whoever asks for it says that it may run twice, but where the kind itself sees to that, and is not asked to.
            let has_way = safe_twice::has_way(step, self.subject.kinds());
            let message = if asked_for && has_way && self.was_lost(&seen.step) {
                format!("step {} runs again behind a crash, though its first attempt may have taken effect", seen.step)
            } else if (!asked_for || has_way) && self.was_tried_again(&seen.step) {
                format!("step {} is tried again, though its first attempt may have taken effect", seen.step)
            } else {
                continue;
            };
            let help = if has_way {
                "Say `once: true`, with which an attempt that finds what another one did changes nothing."
            } else {
                "Leave `retry` out, or send a key by which the other side knows it again, such as `$WF_KEY`, and say `on unknown rerun`."
            };
            findings.push(self.about(FindingSort::TookEffectTwice, &seen.step, message, help));
        }
        let crashes = |seen: &Seen| {
            let mut faults = self.performed.scenario.faults.iter();
            faults.any(|fault| fault.is_undo && fault.step == seen.step && fault.sort == FaultSort::Crashes)
        };
        for seen in self.performed.seen.values().filter(|seen| seen.is_undo && seen.attempts > 1 && crashes(seen)) {
            let undo = self.statement(seen.workflow, seen.statement).and_then(|statement| statement.kind.step()?.clauses.undo());
            let Some(harm) = undo.and_then(|undo| safe_twice::harm(&undo.invocation, self.subject.kinds())) else { continue };
            let message = format!("the undo of step {} runs twice where it is interrupted, and {harm}", seen.step);
            let help = "Write the undo so that a second time does no harm and does not fail.";
            findings.push(self.about(FindingSort::UndoTwice, &seen.step, message, help));
        }
        findings
    }

    /// Steps of a block that is tried again on top of what they did.
    fn begun_again(&self) -> Vec<Finding> {
        let records = &self.performed.record.instances;
        let is_block = |id: &InstanceId| {
            records.get(id).is_none_or(|record| !matches!(record.kind, InstanceKind::Step(_) | InstanceKind::Undo(_)))
        };
        let retried = |event: &Event| matches!(&event.kind, EventKind::RetryScheduled { instance, .. } if is_block(&instance.id));
        if !self.performed.events.iter().any(retried) {
            return Vec::new();
        }
        let undo_of = |step: InstanceId| {
            let mut records = records.iter();
            records.find(|(_, record)| record.kind == InstanceKind::Undo(step)).map(|(id, _)| *id)
        };
        let mut earlier: BTreeMap<(&Arc<str>, &[u64]), InstanceId> = BTreeMap::new();
        let mut findings = Vec::new();
        let matters = |step: &Step| step.clauses.undo().is_some() || safe_twice::step_does_harm(step, self.subject.kinds());
        for (id, seen, _, step) in self.steps().filter(|(.., step)| matters(step)) {
            let before = earlier.insert((&seen.step, self.rounds(id)), id);
            let Some(before) = before.filter(|before| matches!(self.performed.status(*before), Some(Status::Succeeded(_))))
            else {
                continue;
            };
            let stays = undo_of(before).is_none_or(|undo| undo > id);
            let asked_for = matches!(step.clauses.unknown, Some(UnknownAnswer::Rerun));
            if stays && !asked_for && !step.effect(self.subject.kinds()).may_run_twice() {
                let message = format!("the block around step {} is tried again on top of what the step did", seen.step);
                let help = "Add `on failure rollback` at the end of the block, so that each attempt begins clean.";
                findings.push(self.about(FindingSort::TookEffectTwice, &seen.step, message, help));
            }
        }
        findings
    }

    /// In which rounds of loops an instance stands.
    fn rounds(&self, id: InstanceId) -> &[u64] {
        let mut events = self.performed.events.iter();
        events
            .find_map(|event| match &event.kind {
                EventKind::Ready { instance, rounds, .. } if instance.id == id => Some(rounds.as_slice()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Whether an attempt of a step failed that had begun, and another came.
    fn was_tried_again(&self, path: &Arc<str>) -> bool {
        let retried = |event: &Event| matches!(&event.kind, EventKind::RetryScheduled { instance, .. } if instance.path == *path);
        self.performed.events.iter().any(retried)
    }

    /// Whether an attempt of a step was under way when its process died, and runs again.
    fn was_lost(&self, path: &Arc<str>) -> bool {
        let rerun = |event: &Event| matches!(&event.kind, EventKind::Lost { instance, answer: LostAnswer::Rerun, .. } if instance.path == *path);
        self.performed.events.iter().any(rerun)
    }

    /// Nothing can happen any more, and no fault says so.
    fn waits_for_ever(&self) -> Vec<Finding> {
        if self.performed.scenario.state != RunState::Paused {
            return Vec::new();
        }
        let records = || self.performed.record.instances.values();
        let locked = records().filter_map(|record| match &record.status {
            Status::Locked { lock, .. } => Some((record.instance.path.clone(), lock.clone())),
            _ => None,
        });
        let is_open = |event: &Event| matches!(event.kind, EventKind::HandlerOpened { .. });
        let rolled = |event: &Event| matches!(event.kind, EventKind::RollbackStarted { .. } | EventKind::RollbackWaits { .. });
        let events = &self.performed.events;
        let holds_up = self.rolls_back && events.iter().any(is_open) && !events.iter().any(rolled);
        let waiting = records().filter(|record| holds_up && matches!(record.status, Status::Waiting { .. })).map(|record| {
            let step = &record.instance.path;
            let message = format!("step {step} waits, for as long as it takes, before anything is rolled back");
            self.about(FindingSort::WaitsForEver, step, message, "Give it a `timeout`, or roll back before it.")
        });
        let help = "Wait for somebody outside of the lock, or give the wait a `timeout`.";
        let told = |(step, lock): (Arc<str>, Arc<str>)| {
            let message = format!("step {step} waits for lock {lock:?}, which nobody lets go");
            self.about(FindingSort::WaitsForEver, &step, message, help)
        };
        locked.map(told).chain(waiting).collect()
    }

    fn failing_expressions(&self) -> Vec<Finding> {
        let records = self.performed.record.instances.values();
        let failed = records.filter_map(|record| match (&record.kind, &record.status) {
            (InstanceKind::Undo(_), _) => None,
            (_, Status::Failed { cause, .. }) if is_of_expression(&cause.failure) && cause.path == record.instance.path => {
                Some((record.instance.path.clone(), cause.failure.clone()))
            }
            _ => None,
        });
        let help = "Use values only where they are there: behind `?? …`, or where a test `… != null` holds.";
        let told = |(step, failure): (Arc<str>, Failure)| {
            let message = format!("an expression of {step} fails: {}", failure.message);
            let span = failure.span.unwrap_or_else(|| self.span_of(&step));
            Finding { sort: FindingSort::ExpressionFails, step, span, message, help }
        };
        failed.map(told).collect()
    }
}

/// Whether an expression failed.
fn is_of_expression(failure: &Failure) -> bool {
    failure.kind == FailureKind::Engine && failure.span.is_some()
}

/// Whether a handler of these workflows rolls back.
pub(super) fn rolls_back(subject: &Subject) -> bool {
    let is_rollback = |(_, statement): (StatementId, &Statement)| matches!(statement.kind, StatementKind::Rollback(_));
    subject.program.workflows.iter().any(|(_, workflow)| workflow.statements.iter().any(is_rollback))
}

/// The statements of handlers.
pub(super) fn of_handlers(subject: &Subject) -> BTreeSet<(WorkflowId, StatementId)> {
    let mut all = BTreeSet::new();
    for (id, workflow) in subject.program.workflows.iter() {
        let of_bodies = workflow.bodies.iter().flat_map(|(_, body)| &body.handlers);
        let of_steps = workflow.statements.iter().flat_map(|(_, statement)| statement.kind.handlers());
        let mut left: Vec<BodyId> = of_bodies.chain(of_steps).map(|handler| handler.body).collect();
        while let Some(body) = left.pop() {
            for statement in workflow.bodies.get(body).map_or(&[][..], |body| &body.statements) {
                all.insert((id, *statement));
                left.extend(workflow.statements.get(*statement).map(|statement| statement.kind.bodies()).unwrap_or_default());
            }
        }
    }
    all
}
