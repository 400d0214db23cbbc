//! `agent` by a command beside the command.

use super::{measured, step, told};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::agent::Agent;

/// Questions of a round.
const QUESTIONS: usize = 20;

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
    let by_step = || {
        runtime.block_on(step(&agent, folder.path(), &attributes));
        // An attempt gets an empty scratch directory.
        for entry in fs::read_dir(folder.path()).expect("the folder").flatten() {
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    };
    told("agent, a command", measured(QUESTIONS, by_step, bare), None)
}
