//! What a step of this kind starts, before it is started: its program, arguments, variables, files and input.

use super::executor::keep;
use crate::process::{self, Command, not_started};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use wf_model::failure::Failure;
use wf_model::script::{Argument, Call, Script};
use wf_model::value::Value;
use wf_runtime::script::render;

/// The shell of steps that name none.
const DEFAULT_SHELL: &str = "/bin/sh";

/// A longer text goes by a file: Linux takes no argument of more than 128 KiB.
const LONGEST_ARGUMENT: usize = 100_000;

/// A command as it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it runs: absolute.
    pub folder: PathBuf,
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What `env` adds to the variables that it inherits.
    pub environment: Vec<(OsString, OsString)>,
    /// Variables that win over all others.
    pub variables: Vec<(String, Vec<u8>)>,
    /// Files that have to be in the scratch folder while it runs, by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// What it reads on its standard input.
    pub input: Option<Vec<u8>>,
    /// Exit codes beside 0 that count as success.
    pub allowed: Vec<i64>,
}

/// What a call starts; it runs in `folder` unless it says otherwise, and its files are taken to stand in `scratch`.
///
/// # Errors
/// Why nothing can be started.
pub fn line(call: &Call, folder: &Path, scratch: &Path) -> Result<Line, Failure> {
    let Started { command, files } = started(call, "run", scratch)?;
    let allowed = match call.value("allow_exit") {
        Some(Value::List(codes)) => {
            codes.iter().filter_map(|code| if let Value::Int(code) = code { Some(*code) } else { None }).collect()
        }
        _ => Vec::new(),
    };
    Ok(Line {
        folder: process::folder(call, folder),
        program: command.name,
        arguments: command.arguments,
        environment: process::given(call)?,
        variables: command.variables,
        files,
        input: call.value("stdin").map(|value| value.exposed().into_bytes()),
        allowed,
    })
}

/// A command, and the files that it reads.
pub(crate) struct Started {
    command: Command,
    files: Vec<(String, Vec<u8>)>,
}

impl Started {
    /// Writes the files.
    pub(crate) fn kept(self, scratch: &Path) -> Result<Command, Failure> {
        for (name, content) in &self.files {
            keep(&scratch.join(name), content)?;
        }
        Ok(self.command)
    }
}

/// What an attribute of a call starts, with files in `scratch`.
pub(crate) fn started(call: &Call, attribute: &str, scratch: &Path) -> Result<Started, Failure> {
    match call.argument(attribute) {
        Some(Argument::Script(script)) => text(script, call, scratch),
        Some(Argument::Value(Value::List(words))) => program(words, attribute),
        // The checker lets through `raw(…)` and text that is always the same, in which there is no value to place.
        Some(Argument::Value(value)) => {
            let text = value.exposed();
            shell(text, Vec::new(), Vec::new(), call, scratch)
        }
        None => Err(not_started(&format!("there is no `{attribute}`"))),
    }
}

/// A program with its arguments, without a shell.
fn program(words: &[Value], attribute: &str) -> Result<Started, Failure> {
    let mut words = words.iter().map(|word| OsString::from(word.exposed()));
    let name =
        words.next().ok_or_else(|| not_started(&format!("`{attribute}` is an empty list: its first element is the program")))?;
    Ok(Started { command: Command { name, arguments: words.collect(), ..Command::default() }, files: Vec::new() })
}

/// Shell text whose values go over as variables or files.
fn text(script: &Script<Value>, call: &Call, scratch: &Path) -> Result<Started, Failure> {
    let rendered = render(script, scratch).map_err(|error| not_started(&error.to_string()))?;
    shell(rendered.text, rendered.variables, rendered.files, call, scratch)
}

/// The shell of the step with a text to run.
fn shell(
    text: String,
    variables: Vec<(String, Vec<u8>)>,
    mut files: Vec<(String, Vec<u8>)>,
    call: &Call,
    scratch: &Path,
) -> Result<Started, Failure> {
    let written = match call.value("shell") {
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
        arguments.push(scratch.join("script").into());
        files.push(("script".to_owned(), text.into_bytes()));
    } else {
        arguments.extend(["-c".into(), OsString::from(text)]);
    }
    Ok(Started { command: Command { name: name.into(), arguments, variables, input: None }, files })
}

fn is_bash(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|name| name == "bash")
}
