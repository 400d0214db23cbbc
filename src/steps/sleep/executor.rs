//! Waits.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::time::Duration;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor, Stop};

/// The wall clock may jump: nobody sleeps longer without looking at it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Runs `sleep` steps.
#[derive(Clone, Copy, Debug)]
pub struct Sleep;

impl Executor for Sleep {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, mut attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            let waiting = wait(attempt.call.value("duration").cloned(), attempt.call.value("until").cloned());
            let outcome = tokio::select! {
                waited = waiting => waited.map(|()| Value::map([])),
                Ok(_) = attempt.stop.wait_for(|stop| *stop != Stop::No) => {
                    Err(Failure::final_of(FailureKind::Signal, "was ended while it waited"))
                }
            };
            Ended { outcome, decoded: None, leaked: false }
        }
        .boxed()
    }
}

async fn wait(duration: Option<Value>, until: Option<Value>) -> Result<(), Failure> {
    if let Some(Value::Duration(duration)) = duration {
        tokio::time::sleep(duration.to_std()).await;
    }
    if let Some(Value::String(until)) = until {
        wait_until(&until).await?;
    }
    Ok(())
}

async fn wait_until(text: &str) -> Result<(), Failure> {
    let until: Timestamp = text.parse().map_err(|_| {
        let message = format!("`until` is {text:?}, which is no time as in \"2026-03-01T06:00:00Z\"");
        Failure::final_of(FailureKind::Engine, &message)
    })?;
    loop {
        let left = until.duration_since(Timestamp::now());
        if !left.is_positive() {
            return Ok(());
        }
        tokio::time::sleep(left.unsigned_abs().min(LONGEST_SLEEP)).await;
    }
}
