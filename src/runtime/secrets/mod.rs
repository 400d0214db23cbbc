//! Secrets of a run, read from their sources before anything starts.

mod findings;
#[cfg(test)]
mod tests;

use findings::{FailedSource, SecretMissing};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::ValueId;
use wf_model::program::{SecretDeclaration, SecretSource, Workflow};
use wf_model::value::{Secret, Value};

/// What the secrets of a workflow came to.
#[derive(Debug, Default)]
pub struct Secrets {
    /// A [`Value::Secret`] for each declaration.
    pub values: Vec<(ValueId, Value)>,
    /// Variables of this process that steps must not inherit.
    pub withheld: Vec<OsString>,
}

/// Starts a program in a folder; gives what it writes to stdout, or why it gave nothing.
pub type RunCommand<'a> = dyn Fn(&[Arc<str>], &str) -> Result<Vec<u8>, String> + 'a;

/// Where secrets are looked for.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// Looks into the environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Starts programs: [`output`].
    pub command: &'a RunCommand<'a>,
}

/// Reads every secret of `workflow`.
///
/// # Errors
/// A diagnostic for every secret that has no value, which says what each source lacked. None holds anything of a secret's text.
pub fn read(workflow: &Workflow, lookup: Lookup<'_>) -> Result<Secrets, Vec<Diagnostic>> {
    let mut secrets = Secrets { values: Vec::new(), withheld: withheld(workflow) };
    let mut diagnostics = Vec::new();
    for declaration in &workflow.secrets {
        match first(declaration, &workflow.here, lookup) {
            Ok(text) => secrets.values.push((declaration.value, Value::Secret(Secret::new(&text)))),
            Err(failed) => diagnostics.push(SecretMissing { declaration, failed }.diagnostic()),
        }
    }
    if diagnostics.is_empty() { Ok(secrets) } else { Err(diagnostics) }
}

/// What a secret comes to, if one of its sources gives it.
#[must_use]
pub fn value(declaration: &SecretDeclaration, here: &str, lookup: Lookup<'_>) -> Option<Value> {
    first(declaration, here, lookup).ok().map(|text| Value::Secret(Secret::new(&text)))
}

/// The variables that secrets may be read from, also those that another source came before.
fn withheld(workflow: &Workflow) -> Vec<OsString> {
    let sources = workflow.secrets.iter().flat_map(|declaration| &declaration.sources);
    sources.filter_map(SecretSource::variable).map(OsString::from).collect()
}

/// The text of the first source that has one.
fn first(declaration: &SecretDeclaration, here: &str, lookup: Lookup<'_>) -> Result<String, Vec<FailedSource>> {
    let mut failed = Vec::new();
    for source in &declaration.sources {
        match text(source, here, lookup) {
            Ok(text) => return Ok(text),
            Err(problem) => failed.push(FailedSource { source: source.clone(), problem }),
        }
    }
    Err(failed)
}

fn text(source: &SecretSource, here: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let bytes = match source {
        SecretSource::Environment(name) => {
            let value = (lookup.variable)(name).ok_or("is not set")?;
            return not_empty(value.into_string().map_err(|_| "is not UTF-8 text")?);
        }
        SecretSource::File(path) => fs::read(Path::new(here).join(&**path)).map_err(|error| reason(&error))?,
        SecretSource::Command(words) => (lookup.command)(words, here)?,
    };
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text")?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    not_empty(text.to_owned())
}

fn not_empty(text: String) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text) }
}

/// What a program writes to stdout; its stderr goes to ours, because programs such as `pass` ask there.
///
/// # Errors
/// Why it gave nothing, in words.
pub fn output(words: &[Arc<str>], here: &str) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("names no program".to_owned()) };
    let mut command = Command::new(&**program);
    command.args(arguments.iter().map(|argument| &**argument)).current_dir(here).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| reason(&error))?;
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(code) => Err(format!("exited with code {code}")),
        None => Err("was ended by a signal".to_owned()),
    }
}

/// Why something could not be opened, in words.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        std::io::ErrorKind::PermissionDenied => "must not be read by this user".to_owned(),
        _ => error.to_string(),
    }
}
