//! Runs JavaScript programs.

use crate::process::{Command, Language, Program, interpret, keep};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::Path;
use wf_model::event::Timestamp;
use wf_model::failure::Failure;
use wf_model::kind::Kind;
use wf_model::script::Call;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor};
use wf_runtime::simulation::Course;

/// Reads the values, before the program.
const START: &str = include_str!("start.cjs");

static JAVASCRIPT: Language = Language { name: "JavaScript", kind: super::kind, command };

/// Runs `javascript` steps.
#[derive(Clone, Copy, Debug)]
pub struct JavaScript;

impl Executor for JavaScript {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        interpret(attempt, &JAVASCRIPT).boxed()
    }

    fn simulate(&self, _: &Call, _: Timestamp, made: Course) -> Course {
        made.with("exit_code", Value::Int(0))
    }
}

fn command(program: &Program, scratch: &Path) -> Result<Command, Failure> {
    let start = scratch.join("start.cjs");
    keep(&start, START.as_bytes())?;
    let mut arguments = vec!["--require".into(), start.into()];
    let input = match program {
        Program::File(path) => {
            arguments.push(path.into());
            None
        }
        Program::Code(code) => {
            arguments.extend(["--input-type=module", "-"].map(Into::into));
            Some(code.clone().into_bytes())
        }
    };
    Ok(Command { name: "node".into(), arguments, input, ..Command::default() })
}
