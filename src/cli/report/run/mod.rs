//! How a run shows itself while it goes on, and what it leaves behind.

mod cached;
mod expected;
mod json;
mod left;
mod lines;
mod locked;
pub(super) mod progress;
mod quiet;
mod tally;
mod waiting;

use super::Look;
use super::escape::{printable, printable_line};
pub(crate) use expected::{left, under_way};
use left::Ledger;
pub(crate) use lines::rounded;
use lines::{Finished, Title};
use locked::Locked;
use progress::Screen;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Mutex, PoisonError};
use tally::Tally;
use wf_model::event::{
    AttemptOutcome, Event, EventKind, FailedInstance, Instance, InstanceId, InstanceKind, SkipReason, Timestamp,
};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::Program;
use wf_model::run::RunState;
use wf_model::source::Sources;
use wf_model::unit::Duration;
use wf_model::value::Value;
use wf_runtime::dispatcher::{Reporter, RunEnded};
use wf_runtime::executor::Stream;

/// What is said where a run is to wait.
const PAUSES: &str = "pause    nothing new starts; the run waits once what runs has ended";

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
    known: HashMap<InstanceId, Known>,
    open: HashMap<InstanceId, Open>,
    tally: Tally,
    /// The step that failed last and why, as the cause of a run would say it.
    told: String,
    /// How often somebody asked the run to end.
    cancelled: u32,
    /// Whether somebody has to ask for its rollback.
    waits_for_rollback: bool,
    /// What has to be undone.
    ledger: Ledger,
    /// The handlers and rollbacks under way.
    cleaning: Cleaning,
    locked: Locked,
    /// Steps whose earlier success counts: the run in which it was, and how many outputs were restored.
    hits: HashMap<InstanceId, (String, u64)>,
}

/// The handlers and rollbacks under way, which go on when the run is cancelled.
#[derive(Default)]
struct Cleaning {
    /// Those of the run itself.
    of_run: HashSet<InstanceId>,
    /// Those of steps and blocks.
    inside: HashSet<InstanceId>,
}

/// What was said of a step or block when it was ready.
struct Known {
    kind: InstanceKind,
    rounds: Vec<u64>,
}

/// A step that is under way.
#[derive(Default)]
struct Open {
    /// When its first attempt started; `None` as long as that is not told.
    started_at: Option<Timestamp>,
    /// Lines that it wrote before it was told that it started.
    early: Vec<String>,
    /// When its last attempt ended; handlers of its own come behind it.
    ended_at: Timestamp,
    /// What the attempt that goes on wrote.
    tail: lines::Tail,
    /// What the attempt before it wrote, until it is shown.
    ended: Option<lines::Tail>,
}

impl State {
    /// Whether it undoes a step.
    fn is_undo(&self, instance: &Instance) -> bool {
        self.known.get(&instance.id).is_some_and(|known| matches!(known.kind, InstanceKind::Undo(_)))
    }

    /// What a step or block is called.
    fn title(&self, instance: &Instance) -> Title {
        let known = self.known.get(&instance.id);
        let (kind, rounds) = known.map(|known| (known.kind.clone(), known.rounds.clone())).unzip();
        Title { path: instance.path.clone(), kind, rounds: rounds.unwrap_or_default() }
    }
}

impl RunReport {
    /// Shows a run of `program` as it goes on.
    #[must_use]
    pub fn new(format: Format, verbose: bool, program: &Program, sources: &Sources) -> Self {
        Self::on(screen(format), format, verbose, program, sources)
    }

    /// Tells what happened in a run, for [`RunReport::lines`].
    #[must_use]
    pub fn told(format: Format, verbose: bool, program: &Program, sources: &Sources) -> Self {
        Self::on(Screen::Kept(Mutex::default()), format, verbose, program, sources)
    }

    /// The lines of what was told since they were taken last.
    #[must_use]
    pub fn lines(&self) -> String {
        self.state().screen.kept()
    }

    /// Is told what was shown before, then [`RunReport::go_on`] shows what comes.
    #[must_use]
    pub fn before(format: Format, verbose: bool, program: &Program, sources: &Sources) -> Self {
        Self::on(Screen::Nowhere, format, verbose, program, sources)
    }

    /// Shows what happens from now on.
    pub fn go_on(&self) {
        self.state().screen = screen(self.format);
    }

    fn on(screen: Screen, format: Format, verbose: bool, program: &Program, sources: &Sources) -> Self {
        let state = State {
            screen,
            known: HashMap::new(),
            open: HashMap::new(),
            tally: Tally::default(),
            told: String::new(),
            cancelled: 0,
            waits_for_rollback: false,
            ledger: Ledger::new(program),
            cleaning: Cleaning::default(),
            locked: Locked::default(),
            hits: HashMap::new(),
        };
        Self { format, verbose, steps: lines::Steps::new(program, sources), state: Mutex::new(state) }
    }

    /// Asks somebody something below everything, or nothing any more.
    pub(crate) fn prompt(&self, prompt: Option<&str>) {
        self.state().screen.prompt(prompt);
    }

    /// Takes down what is drawn for steps under way.
    pub fn finish(&self) {
        let mut state = self.state();
        state.open.clear();
        state.screen.finish();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A thread that panicked while it reported left nothing that could not be shown.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines that stand below everything: how the run ended, how long it took, how many steps did what, and how it can go on.
    #[must_use]
    pub fn summary(&self, ended: &RunEnded, run: &str) -> String {
        if self.format == Format::Json {
            return String::new();
        }
        let state = self.state();
        let mut text = String::new();
        if let Some(cause) = &ended.failure {
            // A block without a name has no path; what failed in it was shown.
            let whose = if cause.path.is_empty() { String::new() } else { format!("{}: ", cause.path) };
            let line = printable_line(&format!("{whose}{}", self.steps.message(&cause.path, false, &cause.failure)));
            if self.format == Format::Github {
                text += &lines::error(self.steps.place(cause).as_ref(), &line);
            } else if state.tally.failed != 1 || line != state.told {
                text += &format!("cause    {line}\n");
            }
        }
        text += &state.tally.line(ended.state);
        if rolls_back(ended.state) {
            text += &left::lines(&state.ledger.left());
        }
        text += &left::ways_on(ended.state, &state.ledger, state.waits_for_rollback, run);
        text
    }

    /// What stands on stdout when a run is over.
    #[must_use]
    pub fn result(&self, ended: &RunEnded, id: &str) -> String {
        if self.format == Format::Json {
            let place = ended.failure.as_ref().and_then(|cause| self.steps.place(cause));
            let left = if rolls_back(ended.state) { self.state().ledger.left() } else { Vec::new() };
            return json::result(ended, id, place.map(|place| place.to_string()), &left);
        }
        let Value::Map(outputs) = &ended.outputs else { return String::new() };
        if ended.state != RunState::Succeeded {
            return String::new();
        }
        outputs.iter().map(|(name, value)| format!("{name} = {}\n", shown(value))).collect()
    }

    fn show(&self, state: &mut State, event: &Event) {
        if let EventKind::AttemptEnded { instance, leaked: true, .. } = &event.kind {
            let text = format!("leaked   {}: processes that it left running were ended", printable_line(&instance.path));
            state.screen.line(&text);
        }
        match &event.kind {
            EventKind::RunStarted { workflow, run, .. } => {
                state.tally.started_at = Some(event.at);
                state.locked.begin(run);
                state.screen.line(&format!("run      {} ({run})", printable_line(workflow)));
            }
            EventKind::RunResumed { .. } => state.screen.line(&state.tally.resumed()),
            EventKind::DefinitionChanged { .. } => state.screen.line("changed  the run goes by the changed file from here on"),
            EventKind::Lost { instance, .. } => drop(state.open.remove(&instance.id)),
            EventKind::Ready { instance, kind, rounds } => {
                state.known.insert(instance.id, Known { kind: kind.clone(), rounds: rounds.clone() });
            }
            EventKind::Started { instance, .. } => self.started(state, instance, event.at),
            EventKind::Waiting { .. } | EventKind::Answered { .. } => state.waits(event),
            EventKind::AttemptEnded { outcome, instance, .. } => self.attempt_ended(state, instance, outcome, event.at),
            EventKind::RetryScheduled { instance, attempt, most, delay, failure, .. } => {
                let attempts = format!("attempt {} of {most}", attempt.saturating_sub(1));
                self.retried(state, instance, (&attempts, failure), *delay);
            }
            EventKind::Succeeded { instance, .. } => self.ended(state, instance, Finished::Done),
            EventKind::CacheHit { instance, from, restored, .. } => state.found(instance, from, *restored),
            EventKind::CacheMissed { instance, reason, .. } => state.missed(instance, reason, self.verbose),
            EventKind::CacheKept { instance, problem: Some(problem) } => state.not_kept(instance, problem),
            EventKind::Cached { instance, .. } => {
                let (from, restored) = state.hits.remove(&instance.id).unwrap_or_default();
                self.ended(state, instance, Finished::Cached { from: &from, restored });
            }
            EventKind::Failed { instance, cause, continued } => self.failed(state, instance, cause, *continued),
            EventKind::Cancelled { instance, .. } => self.ended(state, instance, Finished::Stopped),
            EventKind::Skipped { instance, kind, reason } => self.skipped(state, instance, kind, *reason),
            EventKind::CancelRequested { .. } => {
                state.cancelled += 1;
                state.screen.line(if state.cancelled > 1 { ENDED_AT_ONCE } else { state.cleaning.on_cancel() });
            }
            EventKind::PauseRequested => state.screen.line(PAUSES),
            EventKind::HandlerOpened { instance, cause, .. } if self.verbose => {
                let whose = instance.as_ref().map(|instance| format!(" of {}", state.title(instance))).unwrap_or_default();
                state.screen.line(&format!("handler  {}{whose}", cause.text()));
            }
            EventKind::RollbackStarted { instance, cause, steps } => {
                let line = lines::rollback(&state.title(instance), *cause, steps.len());
                state.screen.line(&line);
            }
            EventKind::LockAwaited { instance, lock, holder } => state.lock_awaited(instance, lock, holder.as_ref()),
            EventKind::LockRefused { instance, lock, refusal } => state.lock_refused(instance, lock, refusal),
            EventKind::RollbackWaits { steps, .. } => {
                state.waits_for_rollback = true;
                state.screen.line(&lines::rollback_waits(&state.ledger.paths(steps)));
            }
            EventKind::RollbackRequested { reason, .. } => {
                (state.waits_for_rollback, state.tally.not_undone) = (false, 0);
                if let Some(reason) = reason {
                    state.screen.line(&format!("reason   {}", printable_line(reason)));
                }
            }
            EventKind::LockAcquired { .. }
            | EventKind::Signalled { .. }
            | EventKind::CacheKept { problem: None, .. }
            | EventKind::LockReleased { .. }
            | EventKind::Paused
            | EventKind::RunEnded { .. }
            | EventKind::HandlerOpened { .. }
            | EventKind::HandlerEnded { .. }
            | EventKind::RollbackEnded { .. }
            | EventKind::Observed { .. }
            | EventKind::JitterDrawn { .. }
            | EventKind::TimerWoke { .. }
            | EventKind::Announced { .. }
            | EventKind::LetEvaluated { .. }
            | EventKind::BranchTaken { .. }
            | EventKind::ListEvaluated { .. }
            | EventKind::IterationOpened { .. }
            | EventKind::IterationEnded { .. }
            | EventKind::RaceWon { .. }
            | EventKind::OutputsEvaluated { .. } => {}
        }
    }

    fn failed(&self, state: &mut State, instance: &Instance, cause: &FailedInstance, continued: bool) {
        let (message, attempts) = (self.steps.message(&cause.path, state.is_undo(instance), &cause.failure), cause.attempts);
        // A block that passes on what failed inside it has nothing to say of its own.
        let own = cause.path == instance.path;
        // An iteration is never said to be ready.
        let block = state.known.get(&instance.id).is_none_or(|known| lines::is_block(&known.kind));
        if block && (continued || own && cause.failure.kind == FailureKind::Timeout) {
            let whose = if own { String::new() } else { format!("{}: ", printable_line(&cause.path)) };
            let line = Finished::Failed { message: &(whose + &message), attempts, continued };
            let title = state.title(instance).to_string();
            state.screen.line(&line.line(&title, &[], None));
        }
        self.ended(state, instance, Finished::Failed { message: &message, attempts, continued });
    }

    fn started(&self, state: &mut State, instance: &Instance, at: Timestamp) {
        let open = state.open.entry(instance.id).or_default();
        open.ended_at = *open.started_at.get_or_insert(at);
        let early = std::mem::take(&mut open.early);
        state.screen.begin(instance.id, state.title(instance));
        self.written(state, instance, &early);
    }

    /// Shows lines that a step wrote, where all of them are shown.
    fn written(&self, state: &State, instance: &Instance, lines: &[String]) {
        for line in lines.iter().filter(|_| self.verbose && self.format != Format::Json) {
            state.screen.line(&format!("       | {}: {}", state.title(instance), printable_line(line)));
        }
    }

    /// The end of what an attempt wrote is kept until it is known whether another one follows.
    fn attempt_ended(&self, state: &mut State, instance: &Instance, outcome: &AttemptOutcome, at: Timestamp) {
        let Some(open) = state.open.get_mut(&instance.id) else { return };
        open.ended_at = at;
        let line = open.tail.end_line().filter(|_| self.verbose);
        if *outcome != AttemptOutcome::Cancelled {
            open.ended = Some(std::mem::take(&mut open.tail));
        }
        if let Some(line) = line {
            state.screen.line(&format!("       | {}: {}", state.title(instance), printable_line(&line)));
        }
    }

    /// An attempt that is not the last is told in a line, with the last line that it wrote.
    fn retried(&self, state: &mut State, instance: &Instance, (attempts, failure): (&str, &Failure), delay: Duration) {
        state.tally.retries += usize::from(state.cancelled < 2);
        let failed = format!("{attempts} failed: {}", self.steps.message(&instance.path, state.is_undo(instance), failure));
        let next = if delay.milliseconds > 0 { format!("in {}", rounded(delay)) } else { "at once".to_owned() };
        let (title, failed) = (state.title(instance), printable_line(&failed));
        // Where everything was ended at once, no further attempt comes.
        let mut text = if state.cancelled > 1 {
            format!("stopped  {title}: {failed}")
        } else {
            format!("retry    {title}: {failed}; next {next}")
        };
        let ended = state.open.get_mut(&instance.id).and_then(|open| open.ended.take());
        if let Some(last) = ended.and_then(lines::Tail::last).filter(|_| !self.verbose) {
            text += &format!("\n       | {}", printable_line(&last));
        }
        state.screen.line(&text);
    }

    /// What a step that failed was, and the end of its output.
    fn output_of(&self, title: &Title, written: Option<&lines::Written>, tail: lines::Tail) -> String {
        let tail = tail.text();
        let place = written.map(|written| format!(" ({})", printable_line(&written.place.to_string()))).unwrap_or_default();
        let mut text = format!("output   {title}{place}\n");
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
        if tail.is_empty() && command.is_empty() {
            return String::new();
        }
        match self.format {
            Format::Github => format!("::group::output of {}\n{text}::endgroup::\n", lines::annotation(&title.to_string())),
            Format::Human | Format::Json => text,
        }
    }

    fn ended(&self, state: &mut State, instance: &Instance, finished: Finished<'_>) {
        state.screen.end(instance.id);
        let open = state.open.remove(&instance.id);
        let Some(Known { kind, rounds }) = state.known.remove(&instance.id) else { return };
        let finished = match (&kind, finished) {
            (InstanceKind::Step(_), finished) => finished,
            // Otherwise what ran inside has been told.
            (InstanceKind::Call(_), finished @ Finished::Cached { .. }) => finished,
            (InstanceKind::Undo(_), Finished::Failed { message, attempts, .. }) => Finished::UndoFailed { message, attempts },
            (InstanceKind::Undo(_), Finished::Done) => Finished::Undone,
            (InstanceKind::Undo(_), finished) => finished,
            _ => return,
        };
        state.tally.count(&finished);
        let took = open.as_ref().and_then(|open| Some(open.ended_at.since(open.started_at?)));
        if let Finished::Failed { message, .. } = &finished {
            state.told = printable_line(&format!("{}: {message}", instance.path));
        }
        let mut text = String::new();
        let shows = !matches!(finished, Finished::Done | Finished::Cached { .. } | Finished::Undone);
        if let Some(tail) = open.and_then(|open| open.ended).filter(|_| shows) {
            let written = match kind {
                InstanceKind::Undo(_) => self.steps.undo_of(&instance.path),
                _ => self.steps.of(&instance.path),
            };
            let title = Title { path: instance.path.clone(), kind: Some(kind), rounds: rounds.clone() };
            text = self.output_of(&title, written, tail);
        }
        text += &finished.line(&instance.path, &rounds, took);
        state.screen.line(&text);
    }

    fn skipped(&self, state: &mut State, instance: &Instance, kind: &InstanceKind, reason: SkipReason) {
        if matches!(kind, InstanceKind::Undo(_)) {
            return self.undo_skipped(state, instance, reason);
        }
        let locked = state.locked.take(instance.id);
        let is_step = matches!(kind, InstanceKind::Step(_));
        state.tally.skipped += usize::from(is_step);
        if let Some(reason) = locked.filter(|_| reason == SkipReason::Locked) {
            let line = format!("skipped  {} ({reason})", state.title(instance));
            return state.screen.line(&printable_line(&line));
        }
        if !is_step {
            return;
        }
        let why = match reason {
            SkipReason::Condition => "its `when` is false",
            SkipReason::BranchNotTaken => "its branch is not taken",
            SkipReason::BodyFailed => "something before it failed",
            SkipReason::Cancelled => "cancelled",
            SkipReason::LostRace => "the race is over",
            SkipReason::Locked => "its lock is held",
            SkipReason::Blocked => "something that stands on it could not be undone",
        };
        if self.verbose || reason == SkipReason::Condition {
            state.screen.line(&format!("skipped  {} ({why})", printable_line(&instance.path)));
        }
    }
}

impl RunReport {
    fn undo_skipped(&self, state: &mut State, instance: &Instance, reason: SkipReason) {
        let path = printable_line(&instance.path);
        if reason == SkipReason::Blocked {
            state.tally.not_undone += 1;
            state.screen.line(&format!("blocked  undo of {path}: something that stands on it could not be undone"));
        } else if self.verbose {
            state.screen.line(&format!("skipped  undo of {path} (its `when` is false)"));
        }
    }
}

impl Reporter for RunReport {
    fn event(&self, event: &Event) {
        let mut state = self.state();
        state.ledger.apply(event);
        state.cleaning.apply(&event.kind);
        state.tally.ended_at = Some(event.at);
        if self.format == Format::Json {
            state.screen.line(&serde_json::to_string(event).unwrap_or_default());
            return;
        }
        self.show(&mut state, event);
    }

    fn output(&self, instance: &Instance, _attempt: u32, _stream: Stream, bytes: &[u8]) {
        let mut state = self.state();
        let open = state.open.entry(instance.id).or_default();
        let whole = open.tail.take(bytes, self.verbose);
        if open.started_at.is_none() {
            return open.early.extend(whole);
        }
        self.written(&state, instance, &whole);
    }
}

/// The screen of a run that goes on.
fn screen(format: Format) -> Screen {
    match format {
        Format::Json => Screen::Plain,
        Format::Human if progress::is_live() => Screen::live(),
        Format::Human | Format::Github => Screen::quiet(),
    }
}

const ENDED_AT_ONCE: &str = "cancel   running steps are ended at once";

impl Cleaning {
    fn apply(&mut self, event: &EventKind) {
        match event {
            EventKind::HandlerOpened { instance: None, handler, .. } => drop(self.of_run.insert(handler.id)),
            EventKind::HandlerOpened { instance: Some(_), handler, .. } => drop(self.inside.insert(handler.id)),
            EventKind::RollbackStarted { instance, .. } => drop(self.inside.insert(instance.id)),
            EventKind::HandlerEnded { handler: ended } | EventKind::RollbackEnded { instance: ended, .. } => {
                self.of_run.remove(&ended.id);
                self.inside.remove(&ended.id);
            }
            _ => {}
        }
    }

    /// What a first interrupt means now.
    fn on_cancel(&self) -> &'static str {
        if !self.of_run.is_empty() {
            // Behind the run's own handlers nothing else goes on.
            "cancel   the rollback and handlers go on; once more ends everything at once"
        } else if !self.inside.is_empty() {
            "cancel   nothing new starts; running steps are asked to end; the rollback and handlers go on (once more ends everything at once)"
        } else {
            "cancel   nothing new starts; running steps are asked to end (once more ends them at once)"
        }
    }
}

/// Whether a run that ended so is one whose steps may have had to be undone.
const fn rolls_back(state: RunState) -> bool {
    match state {
        RunState::Succeeded | RunState::Queued | RunState::Paused => false,
        RunState::Running | RunState::Failed | RunState::Cancelled | RunState::RolledBack | RunState::RollbackFailed => true,
    }
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
