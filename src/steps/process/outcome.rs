//! What the end of a process means for its step.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use wf_model::failure::{Failure, FailureKind};
use wf_model::types::Type;
use wf_model::value::{Secret, Value, decode_output_file, decode_text};
use wf_runtime::executor::{Attempt, Ended};
use wf_runtime::mask::Masker;
use wf_runtime::process::{Exit, Finished, KEPT};

/// Bytes of stderr that a failure shows at most.
const LONGEST_STDERR: usize = 8 * 1024;

/// Lines of stderr that a failure shows at most.
const STDERR_LINES: usize = 20;

/// Knows when a process has done what its step asks for.
pub(crate) struct Judge {
    allowed: Vec<i64>,
    decode: Option<Type>,
    output_file: PathBuf,
    masker: Masker,
}

impl Judge {
    pub(crate) fn new(attempt: &Attempt, masker: Masker) -> Self {
        let code = |value: &Value| if let Value::Int(code) = value { Some(*code) } else { None };
        let allowed = match attempt.call.value("allow_exit") {
            Some(Value::List(codes)) => codes.iter().filter_map(code).collect(),
            _ => Vec::new(),
        };
        Self { allowed, decode: attempt.call.decode.clone(), output_file: attempt.scratch.join("output"), masker }
    }

    /// The file that `$WF_OUTPUT` names.
    pub(crate) fn output_file(&self) -> &Path {
        &self.output_file
    }

    /// Whether what the step gives is a secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.decode.as_ref().is_some_and(Type::holds_secret)
    }

    /// The step's end.
    pub(crate) fn ended(&self, finished: Finished) -> Ended {
        let leaked = finished.leaked;
        let (outcome, decoded) = match self.outcome(finished) {
            Ok((result, decoded)) => (Ok(result), decoded),
            Err(failure) => (Err(failure), None),
        };
        Ended { outcome, decoded, leaked }
    }

    fn outcome(&self, finished: Finished) -> Result<(Value, Option<Value>), Failure> {
        let Finished { exit, out, error, .. } = finished;
        let cut = out.dropped > 0;
        let (out, error) = (out.text(), error.text());
        let code = done(exit, &self.allowed, &error)?;
        let decoded = match &self.decode {
            Some(type_) => Some(self.decode(type_, &out, cut).map_err(|message| not_decoded(&message, &error))?),
            None => None,
        };
        let out = if self.is_secret() { Value::Secret(Secret::new(&out)) } else { Value::string(&out) };
        let result = Value::map([("stdout", out), ("stderr", Value::string(&error)), ("exit_code", Value::Int(code.into()))]);
        Ok((result, decoded))
    }

    /// The value that the step gives: from the file that it wrote, else from stdout.
    fn decode(&self, type_: &Type, out: &str, cut: bool) -> Result<Value, String> {
        let decoded = match self.written()? {
            Some(text) => decode_output_file(&text, type_),
            None if cut => {
                return Err(format!("stdout is larger than the {KEPT} bytes that are kept; write large data to a file"));
            }
            None => decode_text(out, type_),
        };
        decoded.map_err(|error| if self.is_secret() { error.without_value() } else { self.masker.text(&error.to_string()) })
    }

    /// What the step wrote to the file of `$WF_OUTPUT`, masked unless it is a secret.
    fn written(&self) -> Result<Option<String>, String> {
        let text = written(&self.output_file)?;
        Ok(text.map(|text| if self.is_secret() { text } else { self.masker.text(&text) }))
    }
}

/// What a process wrote to a file that is meant for it, such as that of `$WF_OUTPUT`; blank is nothing.
pub(crate) fn written(path: &Path) -> Result<Option<String>, String> {
    let unread = |error: io::Error| format!("the file of `$WF_OUTPUT` cannot be read: {error}");
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    let mut content = Vec::new();
    file.take(KEPT as u64 + 1).read_to_end(&mut content).map_err(unread)?;
    if content.len() > KEPT {
        return Err(format!("the file of `$WF_OUTPUT` is larger than {KEPT} bytes"));
    }
    let text = String::from_utf8(content).map_err(|_| "the file of `$WF_OUTPUT` is not UTF-8".to_owned())?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// The exit code of a process that did what it should: 0 or an allowed one.
pub(super) fn done(exit: Exit, allowed: &[i64], stderr: &str) -> Result<i32, Failure> {
    match exit {
        Exit::Code(code) if code == 0 || allowed.contains(&i64::from(code)) => Ok(code),
        Exit::Code(code) => Err(failed(code, stderr)),
        Exit::Signal(signal) => Err(signalled(signal, stderr)),
    }
}

fn failed(code: i32, stderr: &str) -> Failure {
    let (reason, retryable) = match code {
        126 => (" (the program cannot be executed)", false),
        127 => (" (a program is not on the `PATH`)", false),
        _ => ("", true),
    };
    Failure {
        exit_code: Some(code),
        retryable,
        stderr: last_lines(stderr).into(),
        ..Failure::final_of(FailureKind::Exit, &format!("exit code {code}{reason}"))
    }
}

fn signalled(signal: i32, stderr: &str) -> Failure {
    // rustix writes `Signal::KILL`.
    let named = rustix::process::Signal::from_named_raw(signal).map(|signal| format!("{signal:?}"));
    let name = named.as_deref().and_then(|name| name.trim_matches('"').strip_prefix("Signal::"));
    let name = name.map_or_else(|| signal.to_string(), |name| format!("SIG{name}"));
    let failure = Failure::final_of(FailureKind::Signal, &format!("ended by signal {name}"));
    Failure { retryable: true, stderr: last_lines(stderr).into(), ..failure }
}

fn not_decoded(message: &str, stderr: &str) -> Failure {
    Failure { stderr: last_lines(stderr).into(), ..Failure::final_of(FailureKind::Decode, message) }
}

/// The end of a text, cut between lines where there are some.
pub(crate) fn last_lines(text: &str) -> String {
    let mut start = text.trim_end().rmatch_indices('\n').nth(STDERR_LINES - 1).map_or(0, |(index, _)| index + 1);
    start = start.max(text.len().saturating_sub(LONGEST_STDERR));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default().to_owned()
}
