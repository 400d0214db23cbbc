//! Asks whoever sits at the terminal what steps of a run ask, while the run goes on.

use crate::report::printable_line;
use crate::report::run::RunReport;
use crate::store;
use crate::user::user;
use crate::waits::{Wait, Waits};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp};
use std::collections::HashSet;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use wf_model::event::{Answer, Awaited, Event, EventKind, Instance, InstanceId, Message};
use wf_runtime::dispatcher::{Canceller, Reporter};
use wf_runtime::executor::Stream;

/// How often it is looked whether somebody typed something, or the question is answered elsewhere.
const LOOK: Duration = Duration::from_millis(100);

/// The longest line that somebody types.
const LONGEST: usize = 4 * 1024;

/// Sees a run go on, and asks what its steps ask.
pub(super) struct Asker {
    /// Who else sees it.
    next: Arc<dyn Reporter>,
    terminal: Terminal,
    events: OnceLock<Sender<Event>>,
}

/// What is asked with.
#[derive(Clone)]
pub(super) struct Terminal {
    pub(super) report: Arc<RunReport>,
    pub(super) canceller: Canceller,
    pub(super) run: Arc<str>,
}

impl Asker {
    pub(super) const fn new(next: Arc<dyn Reporter>, terminal: Terminal) -> Self {
        Self { next, terminal, events: OnceLock::new() }
    }
}

impl Reporter for Asker {
    fn event(&self, event: &Event) {
        self.next.event(event);
        // Most runs ask nothing.
        if matches!(event.kind, EventKind::Waiting { .. }) && self.events.get().is_none() {
            let (sender, events) = channel();
            let _ = self.events.set(sender);
            let terminal = self.terminal.clone();
            std::thread::spawn(move || Questions::new(terminal).ask(&events));
        }
        if let Some(events) = self.events.get().filter(|_| concerns(&event.kind)) {
            // A thread that has ended asks nothing more.
            let _ = events.send(event.clone());
        }
    }

    fn output(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        self.next.output(instance, attempt, stream, bytes);
    }
}

/// Whether an event may begin or end a question.
const fn concerns(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Waiting { .. }
            | EventKind::Answered { .. }
            | EventKind::TimerWoke { .. }
            | EventKind::Succeeded { .. }
            | EventKind::Failed { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Paused
            | EventKind::RunEnded { .. }
    )
}

/// The questions that are open.
struct Questions {
    terminal: Terminal,
    by: Arc<str>,
    waits: Waits,
    /// What was answered here, or is left to be answered elsewhere.
    settled: HashSet<(InstanceId, Arc<str>)>,
    /// What stands on the terminal.
    shown: Option<Wait>,
    typed: Vec<u8>,
}

impl Questions {
    fn new(terminal: Terminal) -> Self {
        let by = user().into();
        Self { terminal, by, waits: Waits::default(), settled: HashSet::new(), shown: None, typed: Vec::new() }
    }

    /// Asks until the run is over.
    fn ask(mut self, events: &Receiver<Event>) {
        loop {
            let patience = if self.shown.is_some() { Duration::ZERO } else { LOOK };
            match events.recv_timeout(patience) {
                Ok(event) if matches!(event.kind, EventKind::Paused | EventKind::RunEnded { .. }) => break,
                Ok(event) => {
                    self.waits.apply(&event);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.show();
            if self.shown.is_some()
                && let Some(line) = self.typed_line()
            {
                self.take(&line);
            }
        }
        self.terminal.report.prompt(None);
    }

    /// Puts the first question on the terminal that nobody has answered.
    fn show(&mut self) {
        let is_open = |wait: &&Wait| {
            let may_answer = match &wait.awaited {
                Awaited::Approval { approvers, .. } => approvers.is_empty() || approvers.contains(&self.by),
                // A run that only waits at gates ends its process.
                Awaited::Gate { .. } | Awaited::Signal { .. } => false,
            };
            may_answer && !self.settled.contains(&(wait.instance.id, wait.question.clone()))
        };
        let next = self.waits.iter().find(is_open).filter(|_| is_in_front()).cloned();
        if next != self.shown {
            if next.is_some() {
                // What was typed before the question was seen does not answer it.
                let _ = tcflush(io::stdin(), QueueSelector::IFlush);
                self.typed.clear();
            }
            self.terminal.report.prompt(next.as_ref().map(|wait| prompt(wait, None)).as_deref());
            self.shown = next;
        }
    }

    /// A line that somebody has typed; nothing within a moment, or where there is none.
    fn typed_line(&mut self) -> Option<String> {
        let stdin = io::stdin();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        let patience = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        if !poll(&mut ready, Some(&patience)).is_ok_and(|ready| ready > 0) || !is_in_front() {
            return None;
        }
        let mut block = [0; LONGEST];
        let read = rustix::io::read(&stdin, &mut block).unwrap_or_default();
        if read == 0 {
            // Whoever sat there leaves it to others.
            if let Some(wait) = self.shown.take() {
                self.settled.insert((wait.instance.id, wait.question));
            }
            self.terminal.report.prompt(None);
            return None;
        }
        self.typed.extend(block.get(..read).unwrap_or_default());
        let end = self.typed.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.typed.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim().to_owned())
    }

    /// Gives the run what somebody typed, or asks again.
    fn take(&mut self, line: &str) {
        let Some(wait) = self.shown.clone() else { return };
        let answer = read(line, &wait, &self.by);
        let refused = match &answer {
            Some(answer) => wait.awaited.refuses(answer),
            None => Some("that is no answer".to_owned()),
        };
        let Some(answer) = answer.filter(|_| refused.is_none()) else {
            return self.terminal.report.prompt(Some(&prompt(&wait, refused.as_deref())));
        };
        let message = Message::Answer { instance: wait.instance.clone(), question: wait.question.clone(), answer };
        let sent = store::open().and_then(|store| store.send(&self.terminal.run, &message));
        match sent {
            Ok(_) => {
                self.terminal.report.prompt(None);
                self.settled.insert((wait.instance.id, wait.question));
                self.shown = None;
                self.terminal.canceller.has_mail();
            }
            Err(error) => self.terminal.report.prompt(Some(&prompt(&wait, Some(&error.to_string())))),
        }
    }
}

/// Whether what is typed reaches this process, which a shell may have put into the background.
fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|front| front == getpgrp())
}

/// `go: yes or no? `
fn prompt(wait: &Wait, problem: Option<&str>) -> String {
    let choices = wait.awaited.choices();
    let yes = if choices.is_empty() { "yes".to_owned() } else { choices.join(", ") };
    let problem = problem.map(|problem| format!(" ({problem})")).unwrap_or_default();
    printable_line(&format!("{}: {yes} or no, and why{problem}? ", wait.instance.path))
}

/// What a line says: `yes`, `no` or a choice, and behind it a comment.
fn read(line: &str, wait: &Wait, by: &Arc<str>) -> Option<Answer> {
    let behind = |word: &str| {
        let rest = line.strip_prefix(word)?;
        let ends = rest.is_empty() || rest.starts_with([' ', ',', ':']);
        ends.then(|| rest.trim_start_matches([' ', ',', ':']).trim().to_owned())
    };
    let answer = |approved: bool, choice: Option<Arc<str>>, comment: String| {
        let comment = (!comment.is_empty()).then(|| comment.into());
        Answer { approved, by: by.clone(), choice, comment }
    };
    let mut choices: Vec<&Arc<str>> = wait.awaited.choices().iter().collect();
    // One may begin with another.
    choices.sort_by_key(|choice| std::cmp::Reverse(choice.len()));
    let chosen = choices.iter().find_map(|choice| Some(answer(true, Some((*choice).clone()), behind(choice)?)));
    let plain = || ["yes", "y"].iter().find_map(|word| Some(answer(true, None, behind(word)?)));
    let rejected = || ["no", "n"].iter().find_map(|word| Some(answer(false, None, behind(word)?)));
    chosen.or_else(|| plain().filter(|_| choices.is_empty())).or_else(rejected)
}

#[cfg(test)]
mod tests {
    use super::{Wait, prompt, read};
    use wf_model::event::{Awaited, Instance, InstanceId};

    fn wait(choices: &[&str]) -> Wait {
        let choices = choices.iter().map(|choice| (*choice).into()).collect();
        let awaited = Awaited::Approval { message: "Ship?".into(), approvers: Vec::new(), choices, lenient: false };
        let instance = Instance { id: InstanceId(1), path: "go".into() };
        Wait::new(instance, awaited, "abc".into())
    }

    fn said(line: &str, choices: &[&str]) -> Option<(bool, Option<String>, Option<String>)> {
        let answer = read(line, &wait(choices), &"ada".into())?;
        Some((answer.approved, answer.choice.map(|text| text.to_string()), answer.comment.map(|text| text.to_string())))
    }

    #[test]
    fn a_line_says_yes_or_no_and_why() {
        assert_eq!(said("yes", &[]), Some((true, None, None)));
        assert_eq!(said("y, it is fine", &[]), Some((true, None, Some("it is fine".to_owned()))));
        assert_eq!(said("no: a freeze", &[]), Some((false, None, Some("a freeze".to_owned()))));
        for nothing in ["", "yesterday", "nope", "maybe"] {
            assert_eq!(said(nothing, &[]), None, "{nothing}");
        }
    }

    #[test]
    fn a_choice_is_named() {
        let choices = ["eu", "eu west", "no"];
        assert_eq!(said("eu west", &choices), Some((true, Some("eu west".to_owned()), None)));
        assert_eq!(said("eu first", &choices), Some((true, Some("eu".to_owned()), Some("first".to_owned()))));
        assert_eq!(said("yes", &choices), None);
        assert_eq!(said("no", &choices), Some((true, Some("no".to_owned()), None)));
        assert_eq!(said("no", &["eu"]), Some((false, None, None)));
        assert_eq!(prompt(&wait(&["eu", "us"]), None), "go: eu, us or no, and why? ");
    }
}
