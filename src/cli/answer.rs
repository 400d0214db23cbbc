//! `wfc approve RUN [STEP]` and `wfc reject RUN [STEP]`: answer what a step of a run asks.

use crate::exit::Exit;
use crate::plan::saved::{self, Saved};
use crate::report::{Output, printable_line};
use crate::store::{self, Problem};
use crate::user::user;
use crate::waits::{Sent, Wait, Waits, send, short, word};
use std::io;
use std::sync::Arc;
use wf_model::event::{Answer, EventKind, Message, without_places};
use wf_model::suggest::nearest;
use wf_store::{RunRow, Store, StoreError};

/// The shortest beginning of a hash that names a question.
const SHORTEST: usize = 4;

/// Approves what a step of a run asks, or lets the run pass a gate.
#[derive(Debug, clap::Args)]
pub struct Approve {
    #[command(flatten)]
    question: Question,
    /// The choice, where the step has some.
    #[arg(long, env = "WFC_CHOICE")]
    choice: Option<String>,
}

/// Rejects what a step of a run asks: the step fails.
#[derive(Debug, clap::Args)]
pub struct Reject {
    #[command(flatten)]
    question: Question,
}

/// What is answered.
#[derive(Debug, clap::Args)]
struct Question {
    /// The run: the beginning of its name, or `last`.
    run: String,
    /// The step that asks, by its path; may be left out where only one does.
    step: Option<String>,
    /// Why, for those who read about it later.
    #[arg(long, value_name = "TEXT", env = "WFC_COMMENT")]
    comment: Option<String>,
    /// The beginning of the hash of the question, as `wfc status` shows it: another one is not answered.
    #[arg(long, value_name = "HASH", env = "WFC_HASH")]
    hash: Option<String>,
    /// A kept plan: nothing is answered where the run is not of just this one.
    #[arg(long, value_name = "PLAN", env = "WFC_PLAN")]
    plan: Option<String>,
}

/// What somebody says.
struct Said<'a> {
    approved: bool,
    choice: Option<&'a str>,
}

/// Why nothing is answered, and what to do.
type Refusal = (String, String);

impl Approve {
    /// Answers it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let said = Said { approved: true, choice: self.choice.as_deref() };
        let outcome = self.question.answer(&said, output);
        store::ended(outcome, output)
    }
}

impl Reject {
    /// Answers it.
    ///
    /// # Errors
    /// Where stdout or stderr cannot be written.
    pub fn run(&self, output: &mut Output) -> io::Result<Exit> {
        let outcome = self.question.answer(&Said { approved: false, choice: None }, output);
        store::ended(outcome, output)
    }
}

impl Question {
    fn answer(&self, said: &Said<'_>, output: &mut Output) -> Result<Exit, Problem> {
        let (store, run) = store::found(&self.run)?;
        if run.state.is_final() {
            let help = "Nothing in it waits for an answer any more.";
            output.error(format!("run `{}` has ended: {}", run.id, run.state.name()), help)?;
            return Ok(Exit::Usage);
        }
        if let Some((message, help)) = self.plan.as_ref().map(|plan| refuses(plan, &run, &store)).transpose()?.flatten() {
            output.error(printable_line(&message), &printable_line(&help))?;
            return Ok(Exit::Usage);
        }
        let waits = Waits::of(&store, &run.id)?;
        let asking: Vec<&Wait> = waits.iter().filter(|wait| wait.awaited.message().is_some()).collect();
        let (approved, by) = (said.approved, user().into());
        let answer =
            Answer { approved, by, choice: said.choice.map(Into::into), comment: self.comment.as_deref().map(Into::into) };
        let wait = self.meant(&run, &asking).and_then(|wait| self.agreed(wait, &answer).map(|()| wait));
        match wait {
            Ok(wait) => told(&store, &run, wait, answer, output),
            Err((message, help)) => {
                output.error(printable_line(&message), &printable_line(&help))?;
                Ok(Exit::Usage)
            }
        }
    }

    /// The step that is meant among those that ask something.
    fn meant<'a>(&self, run: &RunRow, asking: &[&'a Wait]) -> Result<&'a Wait, Refusal> {
        let names = || asking.iter().map(|wait| format!("`{}`", wait.instance.path)).collect::<Vec<_>>().join(", ");
        let Some(step) = &self.step else {
            return match asking {
                [wait] => Ok(wait),
                [] => {
                    let help = format!("`wfc status {}` shows how it stands.", run.id);
                    Err((format!("no step of run `{}` asks anything", run.id), help))
                }
                _ => Err((format!("several steps of run `{}` ask something", run.id), format!("Name one of {}.", names()))),
            };
        };
        let is = |plain: bool| {
            move |wait: &&&Wait| {
                let path = &*wait.instance.path;
                if plain { without_places(path) == step } else { path == step }
            }
        };
        if let Some(wait) = asking.iter().find(is(false)) {
            return Ok(wait);
        }
        let mut alike = asking.iter().filter(is(true));
        match (alike.next(), alike.next()) {
            (Some(wait), None) => Ok(wait),
            (Some(_), Some(_)) => Err((format!("several steps are called `{step}`"), format!("Name one of {}.", names()))),
            (None, _) => {
                let near = nearest(step, asking.iter().map(|wait| &*wait.instance.path));
                let help = match near {
                    Some(near) => format!("Do you mean `{near}`?"),
                    None if asking.is_empty() => format!("`wfc status {}` shows how the run stands.", run.id),
                    None => format!("Those that ask are {}.", names()),
                };
                Err((format!("step `{step}` of run `{}` asks nothing", run.id), help))
            }
        }
    }

    /// Whether the question is the one that is meant, and the answer one that may be given.
    fn agreed(&self, wait: &Wait, answer: &Answer) -> Result<(), Refusal> {
        let path = &wait.instance.path;
        if let Some(hash) = &self.hash {
            if hash.len() < SHORTEST {
                let message = format!("`{hash}` is too short for the hash of a question");
                return Err((message, format!("Give at least {SHORTEST} of its characters.")));
            }
            if !wait.question.starts_with(hash.as_str()) {
                let help = format!("It asks {} now; `wfc status` shows it.", short(&wait.question));
                return Err((format!("step `{path}` asks something else than `{hash}`"), help));
            }
        }
        wait.awaited.refuses(answer).map_or(Ok(()), |reason| {
            let choices = wait.awaited.choices();
            let help = if choices.is_empty() {
                "`wfc status` shows what it asks, and whom.".to_owned()
            } else {
                format!("Choose with `--choice`: {}.", choices.iter().map(|choice| word(choice)).collect::<Vec<_>>().join(", "))
            };
            Err((format!("step `{path}` takes no such answer: {reason}"), help))
        })
    }
}

/// Why a run is not of a kept plan.
fn refuses(name: &str, run: &RunRow, store: &Store) -> Result<Option<Refusal>, StoreError> {
    let planned = match Saved::read(name) {
        Some(Ok(saved)) => saved.hash().clone(),
        Some(Err(problem)) => return Ok(Some((format!("{name} cannot be used: {problem}"), saved::AGAIN.to_owned()))),
        None => return Ok(Some((format!("{name} is no plan"), "Name the file that `wfc plan --out` wrote.".to_owned()))),
    };
    let help = match store.definition(&run.id)?.plan {
        Some(plan) if plan == planned => return Ok(None),
        Some(plan) => format!("It is of plan {}.", short(&plan)),
        None => format!("It goes by a file and not by a plan; `wfc run {name}` would."),
    };
    Ok(Some((format!("run `{}` is not of plan {}, which {name} holds", run.id, short(&planned)), help)))
}

/// Gives the answer to the run, and says what became of it.
fn told(store: &Store, run: &RunRow, wait: &Wait, answer: Answer, output: &mut Output) -> Result<Exit, Problem> {
    let (instance, question) = (wait.instance.clone(), wait.question.clone());
    let (step, approved) = (printable_line(&instance.path), answer.approved);
    let (number, sent) = send(store, run, &Message::Answer { instance, question, answer })?;
    let what = if approved { "approved" } else { "rejected" };
    let note = match sent {
        Sent::Taken if counts(store, &run.id, number)? => format!("step `{step}` is {what}"),
        Sent::Taken => {
            let help = "Look at what it asks now, if it still does: `wfc status` shows it.";
            output.error(format!("step `{step}` did not wait for this answer any more"), help)?;
            return Ok(Exit::Failed);
        }
        Sent::Kept => format!("step `{step}` is {what} once the run goes on: wfc resume {}", word(&run.id)),
        Sent::Unheard(error) => {
            let error = printable_line(&error.to_string());
            format!("the answer is kept; the process of the run does not answer: {error}")
        }
    };
    output.note(&format!("run {}: {note}\n", run.id))?;
    Ok(Exit::Done)
}

/// Whether a message that a run has taken counted for it.
fn counts(store: &Store, run: &Arc<str>, number: u64) -> Result<bool, Problem> {
    for events in store.history(run)? {
        if events?.iter().any(|event| matches!(event.kind, EventKind::Answered { message, .. } if message == number)) {
            return Ok(true);
        }
    }
    Ok(false)
}
