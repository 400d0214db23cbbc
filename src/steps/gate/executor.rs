//! Lets a run go on, or not.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use wf_model::event::{AttemptOutcome, Timestamp};
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor};
use wf_runtime::simulation::Course;

/// Runs `gate` steps.
#[derive(Clone, Copy, Debug)]
pub struct Gate;

impl Executor for Gate {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        ready(Ended { outcome: outcome(&attempt.call), decoded: None, leaked: false }).boxed()
    }

    fn simulate(&self, call: &Call, _: Timestamp, _: Course) -> Course {
        let outcome = match outcome(call) {
            Ok(result) => AttemptOutcome::Succeeded { result, decoded: None },
            Err(failure) => AttemptOutcome::Failed(failure),
        };
        Course { takes: Duration::default(), outcome }
    }
}

fn outcome(call: &Call) -> Result<Value, Failure> {
    let passed = call.value("check") == Some(&Value::Bool(true));
    if passed || call.value("otherwise") == Some(&Value::string("continue")) {
        return Ok(Value::map([("passed", Value::Bool(passed))]));
    }
    let message = call.value("message").and_then(Value::render);
    Err(Failure::final_of(FailureKind::Rejected, message.as_deref().unwrap_or("the check of the gate does not hold")))
}
