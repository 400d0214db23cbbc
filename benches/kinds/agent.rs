//! `agent` by a command beside the command.

use super::{empty, measured, step, told};
use std::io::Write;
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::agent::Agent;

/// Questions of each.
const QUESTIONS: usize = 200;

fn bare() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cat is there");
    child.stdin.take().expect("a pipe").write_all(b"a question").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.stdout, b"a question");
}

/// A question to a program that says it again.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let command = Value::List(vec![Value::string("cat")].into());
    let attributes = [("prompt", Value::string("a question")), ("command", command)];
    let agent = Agent::default();
    let by_step = async || {
        step("agent", &agent, folder.path(), &attributes).await;
        empty(folder.path());
    };
    told("agent, a command", measured(runtime, QUESTIONS, by_step, async || bare()), None)
}
