//! What a run that was told from its journal still waits for.

use super::Engine;
use super::command::Command;
use super::node::statement_of;
use super::rollback::run_itself;
use super::state::{Attempts, NodeState, StepPhase};
use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::event::{Instance, InstanceId};
use wf_model::kind::Registry;
use wf_model::program::{EffectClause, Program, StatementId, UnknownAnswer, WorkflowId};
use wf_model::script::{Argument, Call};

/// An attempt that is under way.
#[derive(Clone, Debug)]
pub struct Running {
    /// The step.
    pub instance: Instance,
    /// Which attempt, from one.
    pub attempt: u32,
    /// What it does.
    pub call: Arc<Call>,
    /// Whose statement it is.
    pub workflow: WorkflowId,
    /// The step's statement.
    pub statement: StatementId,
    /// Whether it undoes the step.
    pub is_undo: bool,
}

impl Running {
    /// What its step says of an attempt of which nobody knows what became of it: `None` where somebody has to be asked. What may run
    /// twice runs again.
    #[must_use]
    pub fn answer_unasked<'a>(&self, program: &'a Program, kinds: &Registry) -> Option<&'a UnknownAnswer> {
        if self.may_run_twice(program, kinds) {
            return Some(&UnknownAnswer::Rerun);
        }
        let step = statement_of(program, self.workflow, self.statement)?.kind.step()?;
        step.clauses.unknown.as_ref().filter(|answer| !matches!(answer, UnknownAnswer::Ask))
    }

    /// Whether somebody uses the step's value.
    #[must_use]
    pub fn value_is_used(&self, program: &Program) -> bool {
        let statement = statement_of(program, self.workflow, self.statement);
        let (Some(value), Some(workflow)) =
            (statement.and_then(|statement| statement.value), program.workflows.get(self.workflow))
        else {
            return false;
        };
        workflow.first_uses(&BTreeSet::from([value])).contains_key(&value)
    }

    /// Whether it may run again without being asked for, as its step or its kind says; an undo may.
    #[must_use]
    pub fn may_run_twice(&self, program: &Program, kinds: &Registry) -> bool {
        let text = |name: &str| match self.call.arguments.iter().find(|(known, _)| **known == *name) {
            Some((_, Argument::Value(value))) => value.render(),
            Some((_, Argument::Script(_))) | None => None,
        };
        let step = statement_of(program, self.workflow, self.statement).and_then(|statement| statement.kind.step());
        self.is_undo
            || step.is_some_and(|step| matches!(step.clauses.effect, EffectClause::ReadsOnly))
            || kinds.get(&self.call.kind).is_some_and(|kind| kind.may_run_twice(text))
    }
}

impl Engine {
    /// Everything that was asked for and not answered: what a process that goes on with the run has to do, instead of the
    /// [`Engine::commands`] that led here. Attempts that were started are not among it, see [`Engine::running`].
    #[must_use]
    pub fn outstanding(&self) -> Vec<Command> {
        let starts = self.nodes.values().filter_map(|node| self.start_of(node.instance.id));
        let observations = self.parked.iter().map(|(id, parked)| {
            let wanted = parked.wanted.clone();
            let (place, occurrence, function) = (wanted.place, wanted.occurrence, wanted.function);
            Command::Observe { instance: self.named(*id), place, occurrence, function, arguments: wanted.arguments }
        });
        let timers = self.timers.iter().map(|((id, timer), due)| {
            let instance = self.named(*id).unwrap_or_else(run_itself);
            Command::WakeAt { instance, timer: *timer, due: *due }
        });
        let draw = |instance: &Instance, attempts: &Attempts| {
            attempts.drawing.map(|upper| Command::Draw { instance: instance.clone(), upper })
        };
        let of_bodies = self.bodies.values().filter_map(|run| draw(&run.instance, &run.attempts));
        let of_steps = self.nodes.values().filter_map(|node| draw(&node.instance, &node.step()?.attempts));
        let cached = self.nodes.values().filter_map(|node| self.caching_of(node));
        let locks = self.locks_asked_for();
        starts.chain(observations).chain(timers).chain(of_bodies).chain(of_steps).chain(cached).chain(locks).collect()
    }

    /// Attempts that started and have not ended, in the order in which their steps came to be. Where the machine was started since,
    /// `boot` being another one than the run's, starts that were not durable are not known: attempts that were announced count as well.
    #[must_use]
    pub fn running(&self, boot: Option<&str>) -> Vec<Running> {
        let power_lost = boot.is_none() || boot != self.boot.as_deref();
        let running = self.nodes.values().filter_map(|node| match (node.step()?.phase, node.instance.id) {
            (StepPhase::Announced | StepPhase::Running, id) => self.attempt_of(id),
            (StepPhase::Queued, id) if power_lost && self.queue.is_announced(id) => self.next_attempt(id),
            _ => None,
        });
        running.collect()
    }

    /// The attempt that a step is at.
    #[must_use]
    pub fn attempt_of(&self, id: InstanceId) -> Option<Running> {
        let node = self.nodes.get(&id)?;
        let step = node.step()?;
        Some(Running {
            instance: node.instance.clone(),
            attempt: step.attempts.number,
            call: step.call.clone()?,
            workflow: node.workflow,
            statement: node.statement,
            is_undo: node.undo.is_some(),
        })
    }

    /// The attempt that a step in the queue waits for.
    pub(super) fn next_attempt(&self, id: InstanceId) -> Option<Running> {
        let last = self.attempt_of(id)?;
        Some(Running { attempt: last.attempt.saturating_add(1), ..last })
    }

    /// What the attempt of a step that goes on does.
    #[must_use]
    pub fn call_of(&self, step: InstanceId) -> Option<Arc<Call>> {
        self.nodes.get(&step)?.step()?.call.clone()
    }

    fn start_of(&self, id: InstanceId) -> Option<Command> {
        let node = self.nodes.get(&id)?;
        let NodeState::Step(step) = &node.state else { return None };
        let call = step.call.clone().filter(|_| step.phase == StepPhase::Starting)?;
        let (instance, attempt, timeout) = (node.instance.clone(), step.attempts.number, step.time_from(self.now));
        Some(Command::Start { instance, attempt, call, timeout })
    }
}
