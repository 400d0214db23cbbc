//! Runs Python programs.

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

/// Reads the values, and runs the program as the one that was started.
const START: &str = include_str!("start.py");

static PYTHON: Language = Language { name: "Python", kind: super::kind, command };

/// Runs `python` steps.
#[derive(Clone, Copy, Debug)]
pub struct Python;

impl Executor for Python {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        interpret(attempt, &PYTHON).boxed()
    }

    fn simulate(&self, _: &Call, _: Timestamp, made: Course) -> Course {
        made.with("exit_code", Value::Int(0))
    }
}

fn command(program: &Program, scratch: &Path) -> Result<Command, Failure> {
    let (sort, path) = match program {
        Program::File(path) => ("file", path.clone()),
        Program::Code(code) => {
            let path = scratch.join("code.py");
            keep(&path, unindented(code).as_bytes())?;
            ("code", path)
        }
    };
    let start = scratch.join("start.py");
    keep(&start, START.as_bytes())?;
    let arguments = vec!["-X".into(), "utf8".into(), start.into(), sort.into(), path.into()];
    Ok(Command { name: "python3".into(), arguments, ..Command::default() })
}

/// The code without the indentation that all its lines share, so that it may stand indented in a block string.
fn unindented(code: &str) -> String {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut written = code.lines().filter(|line| !line.trim().is_empty());
    let first = written.next().unwrap_or_default();
    let common = |line: &str| first.bytes().zip(line.bytes()).take_while(|(one, other)| one == other).count();
    let width = written.map(|line| common(line).min(indentation(line))).fold(indentation(first), usize::min);
    let without = |line: &str| line.get(width.min(indentation(line))..).unwrap_or_default().to_owned();
    code.split_inclusive('\n').map(without).collect()
}

#[cfg(test)]
mod tests {
    use super::unindented;

    #[test]
    fn indentation_that_all_lines_share_goes() {
        for (code, expected) in [
            ("", ""),
            ("print(1)", "print(1)"),
            ("  a\n    b\n", "a\n  b\n"),
            ("  a\n\n \n  b", "a\n\n\nb"),
            ("  a\nb\n", "  a\nb\n"),
            ("\ta\n  b\n", "\ta\n  b\n"),
            ("\t\ta\r\n\tb\r\n", "\ta\r\nb\r\n"),
        ] {
            assert_eq!(unindented(code), expected, "{code:?}");
        }
    }
}
