//! Runs shell text and programs.

use crate::process::{self, Command, bytes, not_started};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use wf_model::failure::Failure;
use wf_model::kind::Kind;
use wf_model::script::{Argument, Script};
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended, Executor};
use wf_runtime::script::render;

/// The shell of steps that name none.
const DEFAULT_SHELL: &str = "/bin/sh";

/// A longer text goes by a file: Linux takes no argument of more than 128 KiB.
const LONGEST_ARGUMENT: usize = 100_000;

/// Runs `shell` steps.
#[derive(Clone, Copy, Debug)]
pub struct Shell;

impl Executor for Shell {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            match command(&attempt) {
                Ok(command) => process::perform(attempt, command).await,
                Err(failure) => Ended { outcome: Err(failure), decoded: None, leaked: false },
            }
        }
        .boxed()
    }
}

fn command(attempt: &Attempt) -> Result<Command, Failure> {
    match attempt.call.argument("run") {
        Some(Argument::Script(script)) => text(script, attempt),
        Some(Argument::Value(Value::List(words))) => program(words),
        // The checker lets through `raw(…)` and text that is always the same, in which there is no value to place.
        Some(Argument::Value(value)) => shell(String::from_utf8_lossy(&bytes(value)).into_owned(), Vec::new(), attempt),
        None => Err(not_started("there is no `run`")),
    }
}

/// A program with its arguments, without a shell.
fn program(words: &[Value]) -> Result<Command, Failure> {
    let mut words = words.iter().map(|word| OsString::from_vec(bytes(word)));
    let name = words.next().ok_or_else(|| not_started("`run` is an empty list: its first element is the program"))?;
    Ok(Command { name, arguments: words.collect(), variables: Vec::new() })
}

/// Shell text whose values go over as variables or files.
fn text(script: &Script<Value>, attempt: &Attempt) -> Result<Command, Failure> {
    let rendered = render(script, &attempt.scratch).map_err(|error| not_started(&error.to_string()))?;
    for (name, content) in &rendered.files {
        keep(&attempt.scratch.join(name), content)?;
    }
    shell(rendered.text, rendered.variables, attempt)
}

/// The shell of the step with a text to run.
fn shell(text: String, variables: Vec<(String, Vec<u8>)>, attempt: &Attempt) -> Result<Command, Failure> {
    let written = match attempt.call.value("shell") {
        Some(Value::String(shell)) => shell.to_string(),
        _ => DEFAULT_SHELL.to_owned(),
    };
    let mut words = written.split_whitespace();
    let name = words.next().ok_or_else(|| not_started("`shell` is empty: name a shell, such as \"bash\""))?;
    let mut arguments: Vec<OsString> = words.map(OsString::from).collect();
    if is_bash(name) {
        arguments.extend(["-euo", "pipefail"].map(OsString::from));
    } else {
        arguments.push("-eu".into());
    }
    if text.contains('\0') {
        return Err(not_started("the shell text holds a NUL character"));
    }
    if text.len() > LONGEST_ARGUMENT {
        let file = attempt.scratch.join("script");
        keep(&file, text.as_bytes())?;
        arguments.push(file.into());
    } else {
        arguments.extend(["-c".into(), OsString::from(text)]);
    }
    Ok(Command { name: name.into(), arguments, variables })
}

fn is_bash(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|name| name == "bash")
}

/// Writes a file that only this user can read.
fn keep(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write =
        || -> io::Result<()> { OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content) };
    write().map_err(|error| not_started(&format!("a value of the shell text cannot be passed by a file: {error}")))
}
