//! How a run shows itself while it goes on, and what it leaves behind.

mod json;
mod lines;
mod progress;
mod tally;

use super::Look;
use super::escape::{printable, printable_line};
use lines::Finished;
use progress::Screen;
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use tally::Tally;
use wf_model::event::{AttemptOutcome, Event, EventKind, Instance, InstanceId, InstanceKind, SkipReason, Timestamp};
use wf_model::program::Program;
use wf_model::run::RunState;
use wf_model::source::Sources;
use wf_model::value::Value;
use wf_runtime::dispatcher::{Reporter, RunEnded};
use wf_runtime::executor::Stream;

/// Lines of a step's command that are shown where it fails.
const LONGEST_COMMAND: usize = 8;

/// How progress and outputs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Progress on stderr, outputs as `name = value` on stdout.
    Human,
    /// Events as JSON lines on stderr, the outcome as one JSON object on stdout.
    Json,
    /// As human, with annotations and groups of GitHub Actions.
    Github,
}

/// Shows a run.
pub struct RunReport {
    format: Format,
    verbose: bool,
    steps: lines::Steps,
    state: Mutex<State>,
}

/// What the report keeps of a run.
struct State {
    screen: Screen,
    kinds: HashMap<InstanceId, InstanceKind>,
    open: HashMap<InstanceId, Open>,
    tally: Tally,
    /// Whether somebody asked the run to end.
    cancelled: bool,
}

/// A step that is under way.
struct Open {
    started_at: Timestamp,
    tail: lines::Tail,
}

impl RunReport {
    /// Shows runs of `program`.
    #[must_use]
    pub fn new(format: Format, verbose: bool, program: &Program, sources: &Sources) -> Self {
        let live = format == Format::Human && progress::is_live();
        let state = State {
            screen: Screen::new(live),
            kinds: HashMap::new(),
            open: HashMap::new(),
            tally: Tally::default(),
            cancelled: false,
        };
        Self { format, verbose, steps: lines::Steps::new(program, sources), state: Mutex::new(state) }
    }

    /// Takes down what is drawn for steps under way.
    pub fn finish(&self) {
        self.state().screen.finish();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A thread that panicked while it reported left nothing that could not be shown.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line that stands below everything: how the run ended, how long it took, how many steps did what.
    #[must_use]
    pub fn summary(&self, ended: &RunEnded) -> String {
        if self.format == Format::Json {
            return String::new();
        }
        let state = self.state();
        let mut text = String::new();
        if let Some(cause) = &ended.failure {
            // A block without a name has no path; what failed in it was shown.
            let whose = if cause.path.is_empty() { String::new() } else { format!("{}: ", cause.path) };
            let line = printable_line(&format!("{whose}{}", self.steps.message(&cause.failure)));
            if self.format == Format::Github {
                text += &format!("::error title=run failed::{}\n", lines::annotation(&line));
            } else if state.tally.failed != 1 || cause.failure.kind != wf_model::failure::FailureKind::Exit {
                text += &format!("cause    {line}\n");
            }
        }
        text + &state.tally.line(ended.state)
    }

    fn show(&self, state: &mut State, event: &Event) {
        if let EventKind::AttemptEnded { instance, leaked: true, .. } = &event.kind {
            let text = format!("leaked   {}: processes that it left running were ended", printable_line(&instance.path));
            state.screen.line(&text);
        }
        match &event.kind {
            EventKind::RunStarted { workflow, .. } => {
                state.tally.started_at = Some(event.at);
                state.screen.line(&format!("run      {}", printable_line(workflow)));
            }
            EventKind::Ready { instance, kind } => {
                state.kinds.insert(instance.id, kind.clone());
            }
            EventKind::Started { instance, .. } => self.started(state, instance, event.at),
            EventKind::AttemptEnded { outcome: AttemptOutcome::Failed(_), instance, .. } => {
                let tail = state.open.get_mut(&instance.id).map(|open| std::mem::take(&mut open.tail));
                self.attempt_failed(state, instance, tail);
            }
            EventKind::RetryScheduled { instance, attempt, delay, failure, .. } => {
                state.tally.retries += 1;
                let what = lines::title(instance, state.kinds.get(&instance.id));
                let text = format!("{what}: {}; attempt {attempt} in {delay}", self.steps.message(failure));
                state.screen.line(&format!("retry    {}", printable_line(&text)));
            }
            EventKind::Succeeded { instance, .. } => self.ended(state, instance, event.at, Finished::Done),
            EventKind::Failed { instance, cause, continued } => {
                let message = self.steps.message(&cause.failure);
                let finished = if *continued { Finished::Continued(&message) } else { Finished::Failed(&message) };
                self.ended(state, instance, event.at, finished);
            }
            EventKind::Cancelled { instance, .. } => self.ended(state, instance, event.at, Finished::Stopped),
            EventKind::Skipped { instance, kind, reason } => self.skipped(state, instance, kind, *reason),
            EventKind::CancelRequested { .. } => {
                let again = std::mem::replace(&mut state.cancelled, true);
                state.screen.line(if again {
                    "cancel   running steps are ended at once"
                } else {
                    "cancel   nothing new starts; running steps are asked to end (once more ends them at once)"
                });
            }
            EventKind::RunEnded { .. } => state.tally.ended_at = Some(event.at),
            EventKind::RunResumed
            | EventKind::Observed { .. }
            | EventKind::JitterDrawn { .. }
            | EventKind::TimerWoke { .. }
            | EventKind::Announced { .. }
            | EventKind::AttemptEnded { .. }
            | EventKind::LetEvaluated { .. }
            | EventKind::BranchTaken { .. }
            | EventKind::ListEvaluated { .. }
            | EventKind::IterationOpened { .. }
            | EventKind::IterationEnded { .. }
            | EventKind::RaceWon { .. }
            | EventKind::OutputsEvaluated { .. } => {}
        }
    }

    fn started(&self, state: &mut State, instance: &Instance, at: Timestamp) {
        state.open.entry(instance.id).or_insert_with(|| Open { started_at: at, tail: lines::Tail::default() });
        state.screen.begin(instance.id, &printable_line(&instance.path));
    }

    /// What an attempt that failed was, and the end of its output, are shown at once.
    fn attempt_failed(&self, state: &mut State, instance: &Instance, tail: Option<lines::Tail>) {
        let tail = tail.unwrap_or_default().text();
        let written = self.steps.of(&instance.path);
        let github = self.format == Format::Github;
        let mut text = String::new();
        if github {
            text += &format!("::group::output of {}\n", lines::annotation(&instance.path));
        }
        let place = written.map(|written| format!(" ({})", printable_line(&written.place))).unwrap_or_default();
        text += &format!("output   {}{place}\n", printable_line(&instance.path));
        let command = written.map(|written| printable(written.command.trim())).unwrap_or_default();
        for line in command.lines().take(LONGEST_COMMAND) {
            text += &format!("       $ {line}\n");
        }
        if command.lines().count() > LONGEST_COMMAND {
            text += "       $ …\n";
        }
        // With `-v` the output was shown already.
        for line in printable(&tail).lines().filter(|_| !self.verbose) {
            text += &format!("       | {line}\n");
        }
        if github {
            text += "::endgroup::\n";
        }
        if !tail.is_empty() || !command.is_empty() {
            state.screen.line(text.trim_end_matches('\n'));
        }
    }

    fn ended(&self, state: &mut State, instance: &Instance, at: Timestamp, finished: Finished<'_>) {
        state.screen.end(instance.id);
        let open = state.open.remove(&instance.id);
        let kind = state.kinds.remove(&instance.id);
        let Some(InstanceKind::Step(_)) = kind else { return };
        state.tally.count(&finished);
        let took = open.map(|open| at.since(open.started_at));
        state.screen.line(&finished.line(&instance.path, took));
    }

    fn skipped(&self, state: &mut State, instance: &Instance, kind: &InstanceKind, reason: SkipReason) {
        if !matches!(kind, InstanceKind::Step(_)) {
            return;
        }
        state.tally.skipped += 1;
        let why = match reason {
            SkipReason::Condition => "its `when` is false",
            SkipReason::BranchNotTaken => "its branch is not taken",
            SkipReason::BodyFailed => "something before it failed",
            SkipReason::Cancelled => "cancelled",
            SkipReason::LostRace => "the race is over",
        };
        if self.verbose || reason == SkipReason::Condition {
            state.screen.line(&format!("skipped  {} ({why})", printable_line(&instance.path)));
        }
    }
}

impl Reporter for RunReport {
    fn event(&self, event: &Event) {
        let mut state = self.state();
        if self.format == Format::Json {
            state.screen.line(&serde_json::to_string(event).unwrap_or_default());
            return;
        }
        self.show(&mut state, event);
    }

    fn output(&self, instance: &Instance, _attempt: u32, _stream: Stream, bytes: &[u8]) {
        let mut state = self.state();
        let Some(open) = state.open.get_mut(&instance.id) else { return };
        let whole = open.tail.take(bytes, self.verbose);
        if self.verbose && self.format != Format::Json {
            for line in whole {
                let text = format!("       | {}: {}", printable_line(&instance.path), printable_line(&line));
                state.screen.line(&text);
            }
        }
    }
}

/// What stands on stdout when a run is over.
#[must_use]
pub fn result(format: Format, ended: &RunEnded, id: &str) -> String {
    if format == Format::Json {
        return json::result(ended, id);
    }
    let Value::Map(outputs) = &ended.outputs else { return String::new() };
    if ended.state != RunState::Succeeded {
        return String::new();
    }
    outputs.iter().map(|(name, value)| format!("{name} = {}\n", shown(value))).collect()
}

/// A value on one line: text of one line as it is, everything else as programs write it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains(|c: char| c.is_control()) => printable_line(text),
        _ => printable_line(&value.write_literal()),
    }
}

/// What stderr takes.
fn look() -> Look {
    Look::of(&io::stderr())
}
