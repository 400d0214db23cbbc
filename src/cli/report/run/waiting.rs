//! What is said of steps that wait for somebody.

use super::State;
use crate::report::escape::printable_line;
use crate::time::local;
use crate::waits::{short, word};
use wf_model::event::{Answer, Awaited, Event, EventKind, Instance, Timestamp};

impl State {
    /// What a step waits for, or what somebody answered.
    pub(super) fn waits(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Waiting { instance, awaited, question, due, .. } => {
                self.begins_to_wait(instance, event.at);
                self.asks(instance, awaited, question, *due);
            }
            EventKind::Answered { instance, answer, .. } => self.answered(instance, answer),
            _ => {}
        }
    }

    fn begins_to_wait(&mut self, instance: &Instance, at: Timestamp) {
        let open = self.open.entry(instance.id).or_default();
        open.ended_at = *open.started_at.get_or_insert(at);
    }

    /// What a step waits for, and the command that gives it.
    fn asks(&self, instance: &Instance, awaited: &Awaited, question: &str, due: Option<Timestamp>) {
        let until = due.map(|due| format!(" until {}", local(due))).unwrap_or_default();
        let (run, step) = (word(self.locked.run()), word(&instance.path));
        let title = self.title(instance);
        let (line, commands) = match awaited {
            Awaited::Approval { message, choices, .. } => {
                let choice = if choices.is_empty() { String::new() } else { format!(" --choice {}", list(choices)) };
                let answer = format!("wfc approve {run} {step}{choice} | wfc reject {run} {step}");
                (format!("{title}: for an approval{until}: {message}"), answer)
            }
            Awaited::Gate { message } => {
                let answer = format!("wfc approve {run} {step} | wfc reject {run} {step} | wfc resume {run}");
                (format!("{title}: at a gate{until}: {message}"), answer)
            }
            Awaited::Signal { name } => {
                (format!("{title}: for signal `{name}`{until}"), format!("wfc signal {run} {}", word(name)))
            }
        };
        let asks = awaited.message().map(|_| format!(" (asks {})", short(question)));
        self.screen.line(&format!("waits    {}", printable_line(&line)));
        self.screen.line(&format!("         {}{}", printable_line(&commands), asks.unwrap_or_default()));
    }

    /// What somebody answered.
    fn answered(&self, instance: &Instance, answer: &Answer) {
        let what = if answer.approved { "approved" } else { "rejected" };
        let choice = answer.choice.as_ref().map(|choice| format!(", choosing {choice}")).unwrap_or_default();
        let comment = answer.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
        let line = format!("answer   {}: {what} by {}{choice}{comment}", self.title(instance), answer.by);
        self.screen.line(&printable_line(&line));
    }
}

fn list(choices: &[std::sync::Arc<str>]) -> String {
    choices.iter().map(|choice| word(choice)).collect::<Vec<_>>().join("|")
}
