//! What a step asks of its container.

use super::mount;
use crate::process::{given, not_started};
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use std::collections::HashMap;
use std::path::Path;
use wf_model::failure::Failure;
use wf_model::script::{Argument, Call};
use wf_model::value::Value;
use wf_runtime::executor::Attempt;
use wf_runtime::script::render;

/// Where files of the step stand in the container.
pub(super) const FOLDER: &str = "/.wfc";

/// The file of `$WF_OUTPUT` in the container.
pub(super) const OUTPUT: &str = "output";

/// A longer text goes by a file: Linux takes no argument of more than 128 KiB.
const LONGEST_ARGUMENT: usize = 100_000;

/// Processors are counted in billionths.
const BILLION: f64 = 1e9;

/// A container as it is asked for, and the files that have to be in its folder.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) body: ContainerCreateBody,
    /// By name; `None` is the empty file of `$WF_OUTPUT`.
    pub(super) files: Vec<(String, Option<Vec<u8>>)>,
}

/// What runs in the container.
#[derive(Debug, Default)]
struct Command {
    entrypoint: Option<Vec<String>>,
    arguments: Option<Vec<String>>,
    variables: Vec<(String, Vec<u8>)>,
    files: Vec<(String, Vec<u8>)>,
    /// Whether a shell is the first process, which hears no request to end unless another stands before it.
    shell: bool,
}

impl Request {
    /// Reads a call.
    pub(super) fn of(attempt: &Attempt, image: &str, folder: &Path) -> Result<Self, Failure> {
        let call = &attempt.call;
        let command = command(call)?;
        let mut files: Vec<_> = command.files.into_iter().map(|(name, content)| (name, Some(content))).collect();
        if call.decode.is_some() {
            files.push((OUTPUT.to_owned(), None));
        }
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: command.entrypoint,
            cmd: command.arguments,
            env: Some(variables(attempt, command.variables)?),
            user: text(call, "user"),
            working_dir: text(call, "workdir"),
            labels: Some(labels(attempt)),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            host_config: Some(limits(call, folder, command.shell)?),
            ..ContainerCreateBody::default()
        };
        Ok(Self { body, files })
    }
}

/// An attribute as text.
pub(super) fn text(call: &Call, name: &str) -> Option<String> {
    call.value(name).map(Value::exposed)
}

/// An attribute that is one text or a list of them.
pub(super) fn texts(call: &Call, name: &str) -> Option<Vec<String>> {
    match call.value(name)? {
        Value::List(elements) => Some(elements.iter().map(Value::exposed).collect()),
        value => Some(vec![value.exposed()]),
    }
}

/// `run` behind `entrypoint`; each stands alone where the other is not given.
fn command(call: &Call) -> Result<Command, Failure> {
    let entrypoint = texts(call, "entrypoint");
    let command = match call.argument("run") {
        None => Command::default(),
        Some(Argument::Script(script)) => {
            let rendered = render(script, Path::new(FOLDER)).map_err(|error| not_started(&error.to_string()))?;
            shell(rendered.text, rendered.variables, rendered.files)?
        }
        Some(Argument::Value(Value::List(words))) => {
            if words.is_empty() {
                return Err(not_started("`run` is an empty list: its first element is the program"));
            }
            Command { arguments: texts(call, "run"), ..Command::default() }
        }
        // The checker lets through `raw(…)` and text that is always the same, in which there is no value to place.
        Some(Argument::Value(value)) => shell(value.exposed(), Vec::new(), Vec::new())?,
    };
    let Some(entrypoint) = entrypoint else {
        // What a step runs is not what the image's own entry point makes of it.
        return Ok(Command { entrypoint: command.arguments, arguments: None, ..command });
    };
    Ok(Command { entrypoint: Some(entrypoint), shell: false, ..command })
}

/// The shell of the image with a text to run.
fn shell(text: String, variables: Vec<(String, Vec<u8>)>, mut files: Vec<(String, Vec<u8>)>) -> Result<Command, Failure> {
    if text.contains('\0') {
        return Err(not_started("the shell text holds a NUL character"));
    }
    let words = if text.len() > LONGEST_ARGUMENT {
        files.push(("script".to_owned(), text.into_bytes()));
        vec!["-eu".to_owned(), format!("{FOLDER}/script")]
    } else {
        vec!["-eu".to_owned(), "-c".to_owned(), text]
    };
    let arguments = std::iter::once("/bin/sh".to_owned()).chain(words).collect();
    Ok(Command { entrypoint: None, arguments: Some(arguments), variables, files, shell: true })
}

/// The variables of `env`, of the attempt, and of the command; of two with one name the later one counts.
fn variables(attempt: &Attempt, command: Vec<(String, Vec<u8>)>) -> Result<Vec<String>, Failure> {
    let output = if attempt.call.decode.is_some() { format!("{FOLDER}/{OUTPUT}") } else { "/dev/null".to_owned() };
    let mut all: Vec<(String, String)> = Vec::new();
    let own = attempt.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let of = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let given = given(&attempt.call)?.into_iter();
    let given = given.map(|(name, value)| (name.to_string_lossy().into_owned(), of(value.into_encoded_bytes())));
    let command = command.into_iter().map(|(name, value)| (name, of(value)));
    for (name, value) in given.chain(own).chain([("WF_OUTPUT".to_owned(), output)]).chain(command) {
        if value.contains('\0') {
            return Err(not_started(&format!("variable `{name}` holds a NUL character, which no variable of a process can")));
        }
        all.retain(|(earlier, _)| *earlier != name);
        all.push((name, value));
    }
    Ok(all.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}

/// Who started it, for people and for what has to be ended later.
fn labels(attempt: &Attempt) -> HashMap<String, String> {
    let of = |wanted: &str| attempt.variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
    let labels = [("wfc.run", "WF_RUN"), ("wfc.step", "WF_STEP"), ("wfc.attempt", "WF_ATTEMPT")];
    labels.into_iter().map(|(label, name)| (label.to_owned(), of(name).unwrap_or_default())).collect()
}

/// What it may use of its machine.
fn limits(call: &Call, folder: &Path, shell: bool) -> Result<HostConfig, Failure> {
    let memory = match call.value("memory") {
        Some(Value::Size(size)) => Some(size.bytes),
        _ => None,
    };
    let mounts = texts(call, "mounts").unwrap_or_default();
    Ok(HostConfig {
        // Its output is kept by the run; an engine that keeps it too is ten times as slow.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        network_mode: text(call, "network").filter(|network| network != "bridge"),
        nano_cpus: cpus(call),
        memory,
        // Without it, as much again may be swapped.
        memory_swap: memory,
        init: shell.then_some(true),
        mounts: Some(mounts.iter().map(|mount| mount::read(mount, folder)).collect::<Result<_, _>>()?),
        ..HostConfig::default()
    })
}

fn cpus(call: &Call) -> Option<i64> {
    let cpus = match call.value("cpus")? {
        Value::Float(cpus) => *cpus,
        #[expect(clippy::cast_precision_loss, reason = "nobody has that many processors")]
        Value::Int(cpus) => *cpus as f64,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "what is too large stays too large")]
    Some((cpus * BILLION).round() as i64)
}
