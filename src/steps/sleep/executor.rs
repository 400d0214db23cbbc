//! Waits.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;
use wf_model::event::AttemptOutcome;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor, Stop};
use wf_runtime::simulation::Course;

/// The wall clock may jump: nobody sleeps longer without looking at it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The shortest while whose end is written down, so that a process that goes on with the run need not begin it anew.
const SHORTEST_KEPT: Duration = Duration::from_secs(10);

/// The file that says when a while ends.
const DUE: &str = "due";

/// Runs `sleep` steps.
#[derive(Clone, Copy, Debug)]
pub struct Sleep;

impl Executor for Sleep {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, mut attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            let (duration, until) = (attempt.call.value("duration").cloned(), attempt.call.value("until").cloned());
            let waiting = wait(duration.as_ref(), until.as_ref(), &attempt.kept);
            let outcome = tokio::select! {
                waited = waiting => waited.map(|()| Value::map([])),
                Ok(_) = attempt.stop.wait_for(|stop| *stop != Stop::No) => {
                    // A further attempt begins anew.
                    let _ = fs::remove_dir_all(&attempt.kept);
                    Err(Failure::final_of(FailureKind::Signal, "was ended while it waited"))
                }
            };
            Ended { outcome, decoded: None, leaked: false }
        }
        .boxed()
    }

    fn simulate(&self, call: &Call, now: wf_model::event::Timestamp, made: Course) -> Course {
        let milliseconds = match (call.value("duration"), call.value("until")) {
            (Some(Value::Duration(duration)), _) => duration.milliseconds,
            (_, Some(Value::String(until))) => match time_of(until) {
                Ok(until) => until.as_millisecond().saturating_sub(now.milliseconds).max(0),
                Err(failure) => return Course { outcome: AttemptOutcome::Failed(failure), ..made },
            },
            _ => return made,
        };
        Course { takes: wf_model::unit::Duration { milliseconds }, ..made }
    }
}

/// The time that a text says.
fn time_of(until: &str) -> Result<Timestamp, Failure> {
    until.parse().map_err(|_| {
        let message = format!("`until` is {until:?}, which is no time as in \"2026-03-01T06:00:00Z\"");
        Failure::final_of(FailureKind::Engine, &message)
    })
}

async fn wait(duration: Option<&Value>, until: Option<&Value>, kept: &Path) -> Result<(), Failure> {
    if let Some(Value::Duration(duration)) = duration {
        wait_for(duration.to_std(), kept).await;
    }
    if let Some(Value::String(until)) = until {
        wait_until(time_of(until)?).await;
    }
    Ok(())
}

/// Waits for a while, or for what an earlier process left of it.
async fn wait_for(duration: Duration, kept: &Path) {
    if duration < SHORTEST_KEPT {
        return tokio::time::sleep(duration).await;
    }
    let due = fs::read_to_string(kept.join(DUE)).ok().and_then(|text| text.parse().ok());
    if let Some(due) = due {
        wait_until(due).await;
    } else {
        // Where that cannot be written down, a resumed run waits for all of it.
        let _ = keep(duration, kept);
        tokio::time::sleep(duration).await;
    }
    let _ = fs::remove_dir_all(kept);
}

fn keep(duration: Duration, kept: &Path) -> std::io::Result<()> {
    let due = Timestamp::now().checked_add(duration).map_err(std::io::Error::other)?;
    DirBuilder::new().recursive(true).mode(0o700).create(kept)?;
    let written = kept.join("due.new");
    fs::write(&written, due.to_string())?;
    fs::rename(written, kept.join(DUE))
}

async fn wait_until(until: Timestamp) {
    loop {
        let left = until.duration_since(Timestamp::now());
        if !left.is_positive() {
            return;
        }
        tokio::time::sleep(left.unsigned_abs().min(LONGEST_SLEEP)).await;
    }
}
