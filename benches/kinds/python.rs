//! `python` beside `python3` with the same program.

use super::{measured, step, told};
use std::fs;
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::python::Python;

/// Programs of a round.
const PROGRAMS: usize = 5;

const CODE: &str = "print(1 + 1)";

fn bare() {
    let output = Command::new("python3").args(["-c", CODE]).stdin(Stdio::null()).output().expect("python3 is there");
    assert_eq!(output.stdout, b"2\n");
}

/// A program that prints a number.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let attributes = [("code", Value::string(CODE))];
    let by_step = || {
        runtime.block_on(step(&Python, folder.path(), &attributes));
        // An attempt gets an empty scratch directory.
        for entry in fs::read_dir(folder.path()).expect("the folder").flatten() {
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    };
    told("python, a program that prints", measured(PROGRAMS, by_step, bare), None)
}
