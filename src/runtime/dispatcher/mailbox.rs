//! What other processes have to say to a run: signals, and answers to its questions. Messages are kept elsewhere until the run has taken
//! them into its journal, where their numbers tell which ones it has.

use super::Dispatcher;
use super::secrets::masked;
use std::collections::VecDeque;
use wf_model::event::{Answer, EventKind, Message};

/// Keeps messages for a run until it has taken them.
pub trait Mailbox: Send {
    /// Messages behind this one, in their order; not necessarily all.
    ///
    /// # Errors
    /// Why they cannot be read; nothing is lost then.
    fn behind(&mut self, last: u64) -> Result<Vec<(u64, Message)>, String>;

    /// Lets messages go up to this one: the run has them.
    fn taken(&mut self, last: u64);
}

/// Nobody says anything.
#[derive(Clone, Copy, Debug)]
pub struct NoMail;

impl Mailbox for NoMail {
    fn behind(&mut self, _: u64) -> Result<Vec<(u64, Message)>, String> {
        Ok(Vec::new())
    }

    fn taken(&mut self, _: u64) {}
}

impl Dispatcher {
    /// What has come since it was looked last. What cannot be read stays where it is.
    pub(super) fn messages(&mut self) -> Vec<EventKind> {
        let last = self.read.max(self.engine.messages());
        let messages = self.mailbox.behind(last).unwrap_or_default();
        self.has_mail = !messages.is_empty();
        let Some((number, _)) = messages.last() else { return Vec::new() };
        self.read = *number;
        messages.into_iter().map(|(number, message)| self.without_secrets(message.event(number))).collect()
    }

    /// What is still to be said before a run waits for whoever goes on with it: that it does, where nobody says anything.
    pub(super) fn last_words(&mut self) -> VecDeque<EventKind> {
        let mut said: VecDeque<EventKind> = self.messages().into();
        said.extend(self.asks());
        if said.is_empty() {
            self.paused = true;
            said.push_back(EventKind::PauseRequested);
        }
        said
    }

    /// Lets go what the journal has, and what does not fit.
    pub(super) fn let_messages_go(&mut self) {
        if self.read > self.let_go {
            self.let_go = self.read;
            self.mailbox.taken(self.read);
        }
    }

    /// Nothing that somebody says brings a secret into the journal.
    fn without_secrets(&self, message: EventKind) -> EventKind {
        let masker = self.secrets.masker();
        let text = |text: &str| masker.text(text).into();
        match message {
            EventKind::Signalled { message, name, data, by } => {
                EventKind::Signalled { message, name: text(&name), data: masked(&data, masker), by: text(&by) }
            }
            EventKind::Answered { message, instance, question, answer } => {
                let Answer { approved, by, choice, comment } = answer;
                let comment = comment.as_deref().map(text);
                let answer = Answer { approved, by, choice, comment };
                EventKind::Answered { message, instance, question, answer }
            }
            other => other,
        }
    }
}
