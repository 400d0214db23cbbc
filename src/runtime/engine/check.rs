//! `on unknown check`: what looks whether an attempt was done whose process died.

use super::Engine;
use super::evaluate::Hindrance;
use super::node::statement_of;
use super::outstanding::Running;
use std::sync::Arc;
use wf_model::expression::Function;
use wf_model::program::{Callee, UnknownAnswer};
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Answers calls that look outside.
pub type Look<'a> = dyn FnMut(Function, &[Value]) -> Result<Value, Arc<str>> + 'a;

/// What looks whether an attempt was done.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckCall {
    /// What it does.
    pub call: Arc<Call>,
    /// After how long to stop it: then it has not said anything.
    pub timeout: Option<Duration>,
}

impl Engine {
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
        let Callee::Kind(kind) = &check.invocation.callee else { return None };
        let built = loop {
            let timeout = self.evaluate_duration_of(spot, check.timeout.as_ref());
            let built =
                timeout.and_then(|timeout| Ok((timeout, self.build_call(spot, running.workflow, kind, &check.invocation)?)));
            match built {
                Err(Hindrance::Pending(wanted)) => {
                    let answer = look(wanted.function, &wanted.arguments);
                    let seen = self.observations.entry(spot.instance).or_default();
                    seen.insert((wanted.place, wanted.occurrence), answer);
                }
                Err(Hindrance::Failed(failure)) => break Err(failure.message),
                Ok((timeout, call)) => {
                    let call = Arc::new(Call { decode: running.call.decode.clone(), ..call });
                    break Ok(CheckCall { call, timeout });
                }
            }
        };
        self.observations.remove(&spot.instance);
        Some(built)
    }
}
