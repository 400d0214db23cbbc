//! What a run waits for that only somebody can give it.

use crate::drive::control::{self, Request};
use crate::report::printable_line;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wf_model::event::{Awaited, Event, EventKind, Instance, InstanceId, Message, Timestamp};
use wf_store::{RunRow, Store, StoreError};

/// How often it is looked whether a run has taken a message.
const LOOK: Duration = Duration::from_millis(10);

/// How long it is waited for that.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of the hash of a question is shown.
const SHORT: usize = 12;

/// A step that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The step.
    pub(crate) instance: Instance,
    /// Which attempt of it.
    attempt: u32,
    /// Since when.
    at: Timestamp,
    /// What it waits for.
    pub(crate) awaited: Awaited,
    /// The hash of what it asks.
    pub(crate) question: Arc<str>,
    /// Until when.
    pub(crate) due: Option<Timestamp>,
}

/// The steps of a run that wait, as its events tell.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    open: BTreeMap<InstanceId, Wait>,
}

impl Waits {
    /// Those of a run that is kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn of(store: &Store, run: &str) -> Result<Self, StoreError> {
        let mut waits = Self::default();
        for events in store.history(run)? {
            events?.iter().for_each(|event| waits.apply(event));
        }
        Ok(waits)
    }

    /// Takes the next event in.
    pub(crate) fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Waiting { instance, attempt, awaited, question, due } => {
                let (instance, awaited, question) = (instance.clone(), awaited.clone(), question.clone());
                let wait = Wait { instance, attempt: *attempt, at: event.at, awaited, question, due: *due };
                self.open.insert(wait.instance.id, wait);
            }
            EventKind::Answered { instance, .. }
            | EventKind::TimerWoke { instance, .. }
            | EventKind::RetryScheduled { instance, .. }
            | EventKind::Succeeded { instance, .. }
            | EventKind::Failed { instance, .. }
            | EventKind::Cancelled { instance, .. } => _ = self.open.remove(&instance.id),
            EventKind::RunEnded { .. } => self.open.clear(),
            _ => {}
        }
    }

    /// All of them, in the order in which they came to be.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Wait> {
        self.open.values()
    }
}

impl Wait {
    /// What a step waits for.
    #[cfg(test)]
    pub(crate) fn new(instance: Instance, awaited: Awaited, question: Arc<str>) -> Self {
        Self { instance, attempt: 1, at: Timestamp::default(), awaited, question, due: None }
    }

    /// What told that it waits.
    pub(crate) fn event(&self) -> Event {
        let Self { instance, attempt, at, awaited, question, due } = self.clone();
        Event { at, kind: EventKind::Waiting { instance, attempt, awaited, question, due } }
    }

    /// What is shown of it as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let (sort, signal) = match &self.awaited {
            Awaited::Approval { .. } => ("approval", None),
            Awaited::Gate { .. } => ("gate", None),
            Awaited::Signal { name } => ("signal", Some(name)),
        };
        json!({
            "step": self.instance.path,
            "for": sort,
            "signal": signal,
            "message": self.awaited.message(),
            "choices": self.awaited.choices(),
            "question": self.question,
            "until": self.due.map(crate::time::utc),
        })
    }
}

/// The beginning of the hash of a question.
pub(crate) fn short(question: &str) -> &str {
    question.get(..SHORT).unwrap_or(question)
}

/// A word of a command as it is typed in a shell.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+');
    let text = printable_line(text);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// What became of a message.
pub(crate) enum Sent {
    /// The run has taken it in; whether it counted stands in its journal.
    Taken,
    /// It is kept for whoever goes on with the run.
    Kept,
    /// It is kept, and the process of the run does not answer, for this reason.
    Unheard(io::Error),
}

/// Keeps a message for a run, and waits until the run has taken it in where a process goes on with it.
///
/// # Errors
/// When the store cannot be used, or takes no more.
pub(crate) fn send(store: &Store, run: &RunRow, message: &Message) -> Result<(u64, Sent), StoreError> {
    let number = store.send(&run.id, message)?;
    let since = Instant::now();
    let mut problem = None;
    while store.is_unread(number)? {
        if !store.is_held(&run.id) {
            return Ok((number, Sent::Kept));
        }
        // The process may not listen yet, or not any more.
        problem = control::ask(&store.folder(&run.id), Request::Messages).err().or(problem);
        if since.elapsed() > PATIENCE {
            let silent = || io::Error::other("it does not look at its messages");
            return Ok((number, Sent::Unheard(problem.unwrap_or_else(silent))));
        }
        std::thread::sleep(LOOK);
    }
    Ok((number, Sent::Taken))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        assert_eq!([word("ship.go"), word("go[1]"), word("it's"), word("")], ["ship.go", "'go[1]'", "'it'\\''s'", "''"]);
    }
}
