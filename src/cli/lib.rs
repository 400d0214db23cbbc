//! The commands of `wfc`, one file each, and the reports that print.

pub mod answer;
pub mod cancel;
pub mod check;
pub mod delete;
mod difference;
pub mod docs;
pub mod doctor;
mod drive;
pub mod exit;
pub mod explain;
mod files;
mod fix;
pub mod fmt;
mod foresight;
mod guarded;
pub mod logs;
pub mod lsp;
mod machine;
pub mod plan;
pub mod report;
pub mod resume;
pub mod rollback;
pub mod run;
pub mod runbook;
pub mod runs;
pub mod signal;
pub mod stats;
pub mod status;
mod store;
pub mod test;
mod text;
mod time;
mod user;
mod waits;
pub mod why;

use clap::Parser;
use exit::Exit;
use report::Output;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

/// Compiles, checks and runs .wf operations workflows.
#[derive(Debug, Parser)]
#[command(name = "wfc", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Approves what a step of a run asks.
    Approve(answer::Approve),
    /// Ends a run.
    Cancel(cancel::Cancel),
    /// Checks workflow files: names, types, units, effects, secrets and quoting.
    Check(check::Check),
    /// Writes the reference of the step kinds.
    Docs(docs::Docs),
    /// Looks what can run on this machine, and says what mends what cannot.
    Doctor(doctor::Doctor),
    /// Shows the long form of a diagnostic, with an example before and after.
    Explain(explain::Explain),
    /// Formats workflow files; there are no options of taste.
    Fmt(fmt::Fmt),
    /// Checks a workflow file and runs a workflow of it.
    Run(Box<run::Run>),
    /// Shows what a run would do, in what order, and how long it would take.
    Plan(plan::Plan),
    /// Lets a run wait.
    Pause(cancel::Pause),
    /// Rejects what a step of a run asks.
    Reject(answer::Reject),
    /// Goes on with a run whose process ended before the run did.
    Resume(resume::Resume),
    /// Undoes what a run did that failed, was cancelled, or waits for it.
    Rollback(rollback::Rollback),
    /// Writes what a run did and the commands that undo it, as a script for a shell.
    Runbook(runbook::Runbook),
    /// Lists runs, the latest first.
    Runs(runs::Runs),
    /// Sends a signal to a run.
    Signal(signal::Signal),
    /// Tells how runs went, how long they take, and what holds them up.
    Stats(stats::Stats),
    /// Shows how a run stands or ended.
    Status(status::Status),
    /// Serves an editor on stdin and stdout, as a language server.
    Lsp(lsp::Lsp),
    /// Runs the tests of workflow files on a virtual clock; no step touches the world.
    Test(test::Test),
    /// Shows what the steps of a run wrote.
    Logs(logs::Logs),
    /// Says why a step ran when it did, waited, was skipped or tried again.
    Why(why::Why),
    /// Deletes runs with all that is kept of them.
    Delete(delete::Delete),
}

impl Command {
    fn run(&self, output: &mut Output) -> io::Result<Exit> {
        match self {
            Self::Approve(command) => command.run(output),
            Self::Reject(command) => command.run(output),
            Self::Cancel(command) => command.run(output),
            Self::Check(command) => command.run(output),
            Self::Docs(command) => command.run(output),
            Self::Doctor(command) => command.run(output),
            Self::Explain(command) => command.run(output),
            Self::Fmt(command) => command.run(output),
            Self::Run(command) => command.run(output),
            Self::Plan(command) => command.run(output),
            Self::Pause(command) => command.run(output),
            Self::Resume(command) => command.run(output),
            Self::Rollback(command) => command.run(output),
            Self::Runbook(command) => command.run(output),
            Self::Runs(command) => command.run(output),
            Self::Signal(command) => command.run(output),
            Self::Stats(command) => command.run(output),
            Self::Status(command) => command.run(output),
            Self::Lsp(command) => command.run(output),
            Self::Test(command) => command.run(output),
            Self::Logs(command) => command.run(output),
            Self::Why(command) => command.run(output),
            Self::Delete(command) => command.run(output),
        }
    }
}

/// Runs the command line of this process and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let mut output = Output::process();
    let arguments: Vec<OsString> = std::env::args_os().map(stdin_by_name).collect();
    let ended = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => arguments.command.run(&mut output),
        Err(error) => refuse(&error, &arguments, &mut output),
    };
    let exit = ended.unwrap_or_else(|error| {
        // Nothing is left to be told when stderr does not take this either.
        let _ = output.note(&format!("error: the output cannot be written: {error}\n"));
        Exit::Failed
    });
    exit.into()
}

/// `-:name`, a workflow of stdin, as an argument that is not taken for flags.
fn stdin_by_name(argument: OsString) -> OsString {
    match argument.to_str().and_then(|text| text.strip_prefix("-:")) {
        Some(name) => format!("{}:{name}", files::STDIN).into(),
        None => argument,
    }
}

/// Prints what clap has to say: help and version are results, everything else is wrong usage.
fn refuse(error: &clap::Error, arguments: &[OsString], output: &mut Output) -> io::Result<Exit> {
    let text = error.render().to_string();
    if error.use_stderr() {
        let text = text + &run::parameter_hint(error, arguments).unwrap_or_default();
        return output.note(&text).map(|()| Exit::Usage);
    }
    output.result(&text).map(|()| Exit::Done)
}
