//! `wfc signal RUN NAME`: sends a signal to a run.

use crate::exit::Exit;
use crate::files;
use crate::report::{Output, printable_line};
use crate::store::{self, Problem};
use crate::user::user;
use crate::waits::{Sent, Waits, send, word};
use std::collections::BTreeSet;
use std::io;
use wf_model::event::{Awaited, Message};
use wf_model::program::{Callee, Invocation, Program, Step};
use wf_model::suggest::nearest;
use wf_model::value::decode_json;
use wf_store::{RunRow, Store};

/// The largest file that is sent.
const LARGEST: u64 = 1 << 20;

/// Sends a signal to a run: the step that waits for it goes on. One that nobody waits for is kept for the first step that will.
#[derive(Debug, clap::Args)]
pub struct Signal {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// The name of the signal.
    name: String,
    /// What comes with it, as JSON; `@FILE` reads it from a file, `@-` from stdin.
    #[arg(long, value_name = "JSON", env = "WFC_SIGNAL_DATA", allow_hyphen_values = true)]
    data: Option<String>,
}

impl Signal {
    /// Sends it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let outcome = self.send(output);
        store::ended(outcome, output)
    }

    fn send(&self, output: &mut Output) -> Result<Exit, Problem> {
        let (store, run) = store::found(&self.run)?;
        if run.state.is_final() {
            let help = "Nothing in it waits for a signal any more.";
            output.error(format!("run `{}` has ended: {}", run.id, run.state.name()), help)?;
            return Ok(Exit::Usage);
        }
        let data = match self.data.as_deref().map_or(Ok(serde_json::Value::Null), data) {
            Ok(data) => data,
            Err((message, help)) => {
                output.error(message, &help)?;
                return Ok(Exit::Usage);
            }
        };
        let definitions = store.definitions(&run.id)?;
        let program = definitions.last().and_then(|definition| files::compiled(definition).program);
        let refused = program.as_ref().and_then(|program| self.unknown(program, &run).or_else(|| self.misfit(program, &data)));
        if let Some((message, help)) = refused {
            output.error(message, &help)?;
            return Ok(Exit::Usage);
        }
        let message = Message::Signal { name: self.name.as_str().into(), data, by: user().into() };
        let awaited = self.is_awaited(&store, &run)?;
        let (_, sent) = send(&store, &run, &message)?;
        output.note(&self.told(&run, awaited, &sent))?;
        Ok(Exit::Done)
    }

    /// Why no step of the run could ever take the signal.
    fn unknown(&self, program: &Program, run: &RunRow) -> Option<(String, String)> {
        let names = signals(program).filter(|names| !names.contains(&self.name))?;
        let message = format!("no step of run `{}` waits for a signal `{}`", run.id, printable_line(&self.name));
        let help = match nearest(&self.name, names.iter().map(String::as_str)) {
            Some(near) => format!("Do you mean `{}`?", printable_line(near)),
            None if names.is_empty() => "There is no step of kind `signal` in it.".to_owned(),
            None => format!("Its steps wait for {}.", list(names.iter().map(String::as_str))),
        };
        Some((message, help))
    }

    /// Why the data fits none of the steps that could take the signal.
    fn misfit(&self, program: &Program, data: &serde_json::Value) -> Option<(String, String)> {
        let takes = |call: &&Invocation| {
            let name = call.attribute("name").and_then(|name| name.value.constant_text());
            name.is_none_or(|name| name == self.name)
        };
        let mut problem = None;
        for call in calls(program).filter(takes) {
            problem = Some(decode_json(data, call.decode.as_ref()?).err()?);
        }
        let message = format!("the data does not fit: {}", problem?);
        Some((message, "Nothing was sent. Send what the step asks for behind its `->`.".to_owned()))
    }

    fn is_awaited(&self, store: &Store, run: &RunRow) -> Result<bool, Problem> {
        let waits = Waits::of(store, &run.id)?;
        Ok(waits.iter().any(|wait| matches!(&wait.awaited, Awaited::Signal { name } if **name == *self.name)))
    }

    fn told(&self, run: &RunRow, awaited: bool, sent: &Sent) -> String {
        let name = printable_line(&self.name);
        let what = match sent {
            Sent::Taken if awaited => format!("signal `{name}` was taken"),
            Sent::Taken => format!("signal `{name}` is kept until a step waits for it"),
            Sent::Kept => format!("signal `{name}` is kept; the run takes it when it goes on: wfc resume {}", word(&run.id)),
            Sent::Unheard(error) => {
                format!("signal `{name}` is kept; the process of the run does not answer: {}", printable_line(&error.to_string()))
            }
        };
        format!("run {}: {what}\n", run.id)
    }
}

/// `a, b, c`, each as a name.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{}`", printable_line(name))).collect::<Vec<_>>().join(", ")
}

/// The names of the signals that steps of a program wait for; nothing where some are made up as it runs.
fn signals(program: &Program) -> Option<BTreeSet<String>> {
    calls(program).map(|call| call.attribute("name")?.value.constant_text()).collect()
}

/// What of a program waits for signals.
fn calls(program: &Program) -> impl Iterator<Item = &Invocation> {
    let statements = program.workflows.iter().flat_map(|(_, workflow)| workflow.statements.iter());
    let steps = statements.filter_map(|(_, statement)| statement.kind.step());
    steps.flat_map(Step::invocations).filter(|call| is_signal(call))
}

fn is_signal(call: &Invocation) -> bool {
    matches!(&call.callee, Callee::Kind(kind) if **kind == *"signal")
}

/// Reads `JSON` or `@FILE`.
fn data(written: &str) -> Result<serde_json::Value, (String, String)> {
    let text = match written.strip_prefix('@') {
        Some(file) => read(file).map_err(|error| {
            (format!("`{}` cannot be read: {error}", printable_line(file)), "Name a file with JSON in it.".to_owned())
        })?,
        None => written.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| {
        let help = "A text stands in quotes, which the shell takes away: --data '\"text\"'.";
        (format!("the data is no JSON: {error}"), help.to_owned())
    })
}

fn read(file: &str) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let source: Box<dyn io::Read> = if file == "-" { Box::new(io::stdin()) } else { Box::new(std::fs::File::open(file)?) };
    source.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST { Err(io::Error::other("it is larger than 1 MB")) } else { Ok(text) }
}
