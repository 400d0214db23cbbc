//! Makes files so, and gives them back.

use super::change::Change;
use super::kept::Kept;
use super::preview::preview;
use super::problem::failure;
use super::wish::Wish;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::Path;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor, Known, Stop};

/// Runs `file` steps.
#[derive(Clone, Copy, Debug)]
pub struct File;

impl Executor for File {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            // A file system may hang, or be far away; whoever asks the attempt to end waits until it holds nothing half-done.
            let performed = tokio::task::spawn_blocking(move || perform(&attempt)).await;
            let outcome =
                performed.unwrap_or_else(|_| Err(Failure::final_of(FailureKind::Engine, "executor gave up unexpectedly")));
            Ended { outcome, decoded: None, leaked: false }
        }
        .boxed()
    }

    fn preview(&self, step: &Known) -> Option<String> {
        preview(step)
    }
}

fn perform(attempt: &Attempt) -> Result<Value, Failure> {
    let wish = Wish::of(&attempt.call, &attempt.folder)?;
    let stopped = || *attempt.stop.borrow() != Stop::No;
    let change = Change { kept: Kept::at(&attempt.kept), stopped: &stopped };
    let changed = if attempt.call.undoes.is_some() { change.undo() } else { change.make(&wish) };
    let changed = changed.map_err(|problem| failure(&problem, &wish.path))?;
    Ok(Value::map([("changed", Value::Bool(changed)), ("path", path(&wish.path))]))
}

fn path(path: &Path) -> Value {
    Value::string(&path.to_string_lossy())
}
