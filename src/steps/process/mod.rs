//! What kinds that start a process share: their descriptors, and how the process ends as a step.

mod environment;
mod interpreted;
mod outcome;

pub(crate) use environment::given;
use environment::variables;
pub(crate) use interpreted::{Language, Program, interpret, keep};
use outcome::done;
pub(crate) use outcome::{Judge, last_lines, written};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::{Attribute, TextSyntax};
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Ended};
use wf_runtime::mask::Masker;
use wf_runtime::process::{self, Captured, Finished, GRACE, KEPT, KEPT_UNREAD, Surroundings};

/// `env`
pub(crate) fn env() -> Attribute {
    let doc = "Variables of the environment, added to those that the step inherits; they win over those of the workflow.";
    Attribute::new("env", [Type::map(Type::String)], doc).taking_secrets()
}

/// `cwd`
pub(crate) fn cwd() -> Attribute {
    let doc =
        "The directory that it runs in: by default the `cwd` of the workflow, else the directory of the file that was started.";
    Attribute::new("cwd", [Type::Path], doc).reading_paths()
}

/// The attributes of kinds whose program an interpreter reads, in a language with these words.
pub(crate) fn interpreted(reserved: &'static [&'static str]) -> Vec<Attribute> {
    vec![
        Attribute::new("code", [Type::String], "The program's text, which takes no `${…}`: values come in through `inputs`.")
            .read_as(TextSyntax::Code),
        Attribute::new("file", [Type::Path], "The file that holds the program, instead of `code`.").reading_paths(),
        Attribute::new("inputs", [Type::map(Type::Json)], "Values for the program, each under a variable of its name.")
            .with_default("{}")
            .naming_variables(reserved),
        env(),
        cwd(),
    ]
}

/// What a process gives.
pub(crate) fn result() -> Type {
    Type::record([("stdout", Type::String), ("stderr", Type::String), ("exit_code", Type::Int)])
}

/// What a step starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Command {
    /// The program.
    pub(crate) name: OsString,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Variables that win over all others.
    pub(crate) variables: Vec<(String, Vec<u8>)>,
    /// What it reads instead of the call's `stdin`.
    pub(crate) input: Option<Vec<u8>>,
}

/// Runs a command as an attempt: with the environment, directory and input that it says, to the value that it asks for.
pub(crate) async fn perform(attempt: Attempt, command: Command) -> Ended {
    match start(attempt, command).await {
        Ok(ended) => ended,
        Err(failure) => Ended { outcome: Err(failure), decoded: None, leaked: false },
    }
}

async fn start(attempt: Attempt, command: Command) -> Result<Ended, Failure> {
    let masker = Masker::of_values(&attempt.secrets);
    let judge = Judge::new(&attempt, masker.clone());
    let kept = if attempt.call.is_unread { KEPT_UNREAD } else { KEPT };
    let finished = run(&attempt, command, judge.output_file(), Kept { masker, secret_out: judge.is_secret(), kept }).await?;
    Ok(judge.ended(finished))
}

/// Runs a command of an attempt to a good end; gives what it wrote to stdout, and whether something that it left behind had to be ended.
pub(crate) async fn finished(attempt: &Attempt, command: Command, output_file: &Path) -> Result<(Captured, bool), Failure> {
    let secret_out = attempt.call.decode.as_ref().is_some_and(Type::holds_secret);
    let kept = Kept { masker: Masker::of_values(&attempt.secrets), secret_out, kept: KEPT };
    let Finished { exit, out, error, leaked } = run(attempt, command, output_file, kept).await?;
    done(exit, &[], &error.text())?;
    Ok((out, leaked))
}

/// What is kept of the output of a process.
struct Kept {
    masker: Masker,
    secret_out: bool,
    kept: usize,
}

async fn run(attempt: &Attempt, command: Command, output_file: &Path, kept: Kept) -> Result<Finished, Failure> {
    let program = process::Program {
        inherited: Arc::clone(&attempt.inherited),
        environment: variables(attempt, output_file, command.variables)?,
        folder: folder(&attempt.call, &attempt.folder),
        input: command.input.or_else(|| attempt.call.value("stdin").map(|value| value.exposed().into_bytes())),
        name: command.name,
        arguments: command.arguments,
    };
    let Kept { masker, secret_out, kept } = kept;
    let (sink, stop) = (Arc::clone(&attempt.output), attempt.stop.clone());
    process::run(program, Surroundings { masker, sink, secret_out, kept, stop, grace: GRACE }).await
}

/// Where it runs: `cwd` as the file of the workflow sees it.
pub(crate) fn folder(call: &Call, around: &Path) -> PathBuf {
    match call.value("cwd") {
        Some(Value::String(path)) => around.join(&**path),
        _ => around.to_owned(),
    }
}

/// A process that cannot be started as it is asked for.
pub(crate) fn not_started(message: &str) -> Failure {
    Failure::final_of(FailureKind::Spawn, message)
}
