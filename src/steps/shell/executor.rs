//! Runs shell text and programs.

use super::line::started;
use crate::process::{self, not_started};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use wf_model::event::Timestamp;
use wf_model::failure::Failure;
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor};
use wf_runtime::simulation::Course;

/// Runs `shell` steps.
#[derive(Clone, Copy, Debug)]
pub struct Shell;

impl Executor for Shell {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            match started(&attempt.call, "run", &attempt.scratch).and_then(|started| started.kept(&attempt.scratch)) {
                Ok(command) => process::perform(attempt, command).await,
                Err(failure) => Ended { outcome: Err(failure), decoded: None, leaked: false },
            }
        }
        .boxed()
    }

    fn simulate(&self, _: &Call, _: Timestamp, made: Course) -> Course {
        made.with("exit_code", Value::Int(0))
    }
}

/// Writes a file that only this user can read.
pub(super) fn keep(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write =
        || -> io::Result<()> { OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content) };
    write().map_err(|error| not_started(&format!("a value of the shell text cannot be passed by a file: {error}")))
}
