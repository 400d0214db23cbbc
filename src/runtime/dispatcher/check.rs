//! Looking whether an attempt was done whose process died, before the run goes on.

use super::reporter::Unheard;
use super::{Dispatcher, Recalled, attempt};
use crate::engine::{CheckCall, Running};
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, EventKind, LostAnswer};
use wf_model::failure::{Failure, FailureKind};
use wf_model::types::Type;
use wf_model::value::Value;

/// What a check says of an attempt that was under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// What became of it: it was done, or runs again.
    Known(LostAnswer),
    /// Nobody knows, because the check itself could not say, for this reason.
    Unclear(Arc<str>),
}

impl Recalled {
    /// Looks whether an attempt that was under way was done, where its step says how.
    pub async fn check(&mut self, running: &Running) -> Option<Checked> {
        self.dispatcher.check(running).await
    }
}

impl Dispatcher {
    async fn check(&mut self, running: &Running) -> Option<Checked> {
        let (world, masker) = (Arc::clone(&self.world), self.secrets.masker().clone());
        let mut look = |function, arguments: &[Value]| {
            let seen = world.observe(function, arguments).map(|value| super::secrets::masked(&value, &masker));
            seen.map_err(|message| masker.text(&message).into())
        };
        let CheckCall { call, timeout } = match self.engine.check_call(running, &mut look)? {
            Ok(call) => call,
            Err(message) => return Some(Checked::Unclear(message)),
        };
        if call.decode.as_ref().is_some_and(Type::holds_secret) {
            return Some(Checked::Unclear("its value is a secret, which is kept nowhere".into()));
        }
        let same_kind = call.kind == running.call.kind;
        let assignment = self.assignment(running.instance.clone(), running.attempt, call, timeout, Arc::new(Unheard));
        let EventKind::AttemptEnded { outcome, .. } = attempt::perform(assignment).await.ended else { return None };
        let checked = match outcome {
            AttemptOutcome::Succeeded { result, decoded } => {
                // The record of another kind is not the step's.
                let value = decoded.or_else(|| same_kind.then_some(result));
                Checked::Known(LostAnswer::Done(value.unwrap_or(Value::Null)))
            }
            AttemptOutcome::Failed(failure) if says_no(&failure) => Checked::Known(LostAnswer::Rerun),
            AttemptOutcome::Failed(failure) => Checked::Unclear(failure.message),
            AttemptOutcome::Cancelled | AttemptOutcome::NeverBegan => Checked::Unclear("it was ended".into()),
        };
        Some(checked)
    }
}

/// Whether a check ran to its end and says that it was not done, rather than that it could not look.
fn says_no(failure: &Failure) -> bool {
    match (failure.kind, failure.exit_code) {
        (FailureKind::Exit, Some(code)) => !matches!(code, 126 | 127),
        (FailureKind::Exit, None) => !failure.retryable,
        (FailureKind::Rejected, _) => true,
        (
            FailureKind::Signal
            | FailureKind::Timeout
            | FailureKind::Spawn
            | FailureKind::Decode
            | FailureKind::Expect
            | FailureKind::Race
            | FailureKind::Loop
            | FailureKind::Child
            | FailureKind::Engine,
            _,
        ) => false,
    }
}
