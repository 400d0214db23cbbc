//! `on unknown check`: what looks whether an attempt was done whose process died.

use super::Engine;
use super::evaluate::{Hindrance, Spot};
use super::node::statement_of;
use super::outstanding::Running;
use std::sync::Arc;
use wf_model::expression::Function;
use wf_model::program::{Callee, UnknownAnswer, UnknownCheck, WorkflowId};
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Answers calls that look outside.
pub type Look<'a> = dyn FnMut(Function, &[Value]) -> Result<Value, Arc<str>> + 'a;

/// What looks whether an attempt was done.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckCall {
    /// What it does.
    pub action: CheckAction,
    /// After how long to stop it: then it has not said anything.
    pub timeout: Option<Duration>,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckAction {
    /// It calls a kind.
    Kind(Arc<Call>),
    /// It calls a workflow, with these parameters by name.
    Workflow(WorkflowId, Vec<(Arc<str>, Value)>),
}

impl Engine {
    /// The run of a workflow that looks whether an attempt was done: its steps have numbers that no step of this run has.
    pub(crate) fn checking(&self, running: &Running, workflow: WorkflowId, given: Vec<(Arc<str>, Value)>) -> Self {
        let checking = Self::new(self.program.clone(), workflow, given, self.options.clone());
        Self { next_instance: running.instance.id.0.saturating_add(1) << 32, ..checking }
    }

    /// The call that looks whether an attempt under way was done, where its step says one; it is decoded as the step is. What it
    /// looks at outside is looked at now, and not remembered.
    ///
    /// # Errors
    /// Says in one lower case fact why it cannot be evaluated.
    pub fn check_call(&mut self, running: &Running, look: &mut Look<'_>) -> Option<Result<CheckCall, Arc<str>>> {
        let program = Arc::clone(&self.program);
        let spot = self.nodes.get(&running.instance.id)?.spot();
        let step = statement_of(&program, running.workflow, running.statement)?.kind.step()?;
        let Some(UnknownAnswer::Check(check)) = &step.clauses.unknown else { return None };
        let built = loop {
            match self.build_check(spot, running, check) {
                Err(Hindrance::Pending(wanted)) => {
                    let answer = look(wanted.function, &wanted.arguments);
                    let seen = self.observations.entry(spot.instance).or_default();
                    seen.insert((wanted.place, wanted.occurrence), answer);
                }
                Err(Hindrance::Failed(failure)) => break Err(failure.message),
                Ok(call) => break Ok(call),
            }
        };
        self.observations.remove(&spot.instance);
        Some(built)
    }

    fn build_check(&mut self, spot: Spot, running: &Running, check: &UnknownCheck) -> Result<CheckCall, Hindrance> {
        let timeout = self.evaluate_duration_of(spot, check.timeout.as_ref())?;
        let action = match &check.invocation.callee {
            Callee::Kind(kind) => {
                let call = self.build_call(spot, running.workflow, kind, &check.invocation)?;
                CheckAction::Kind(Arc::new(Call { decode: running.call.decode.clone(), ..call }))
            }
            Callee::Workflow(workflow) => CheckAction::Workflow(*workflow, self.build_given(spot, &check.invocation)?),
        };
        Ok(CheckCall { action, timeout })
    }
}
