//! `python` beside `python3` with the same program.

use super::{empty, measured, step, told};
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::python::Python;

/// Programs of each.
const PROGRAMS: usize = 50;

const CODE: &str = "print(1 + 1)";

fn bare() {
    let output = Command::new("python3").args(["-c", CODE]).stdin(Stdio::null()).output().expect("python3 is there");
    assert_eq!(output.stdout, b"2\n");
}

/// A program that prints a number.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let attributes = [("code", Value::string(CODE))];
    let by_step = async || {
        step("python", &Python, folder.path(), &attributes).await;
        empty(folder.path());
    };
    told("python, a program that prints", measured(runtime, PROGRAMS, by_step, async || bare()), None)
}
