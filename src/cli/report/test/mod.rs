//! What came of tests, as people and machines read it.

mod human;
mod json;
mod junit;
mod tap;

use crate::report::{Look, cut, printable_line};
use std::sync::Arc;
use std::time::Instant;
use wf_model::run::{RunState, Status};
use wf_model::source::{Position, Sources};
use wf_model::span::Span;
use wf_model::test::Test;
use wf_model::unit::Duration;
use wf_runtime::simulation::{Side, Subject, Trial, Unmet, Unrunnable, trial};

/// How the results of tests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// `JUnit` XML, which CI systems read.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// A page for the browser, of a rehearsal.
    Html,
}

/// The tests of a file.
pub struct FileReport {
    /// What people call it.
    pub name: String,
    /// Its text and those that it uses.
    pub sources: Sources,
    /// What came of its tests.
    pub cases: Vec<Case>,
}

/// What came of a test.
pub struct Case {
    name: Arc<str>,
    span: Span,
    outcome: Result<Trial, Unrunnable>,
    /// The time of whoever waits for it, not that of the run.
    took: std::time::Duration,
}

impl Case {
    /// Runs a test.
    #[must_use]
    pub fn of(subject: &Arc<Subject>, test: &Test) -> Self {
        let began = Instant::now();
        let outcome = trial(subject, test);
        Self { name: test.name.clone(), span: test.span, outcome, took: began.elapsed() }
    }

    /// Whether all that it expects holds.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|trial| trial.unmet.is_empty())
    }

    fn duration(&self) -> Option<Duration> {
        self.outcome.as_ref().ok().map(|trial| trial.duration)
    }
}

/// The results in a format.
#[must_use]
pub fn write(format: Format, reports: &[FileReport], look: Look) -> String {
    match format {
        Format::Human | Format::Html => human::human(reports, look),
        Format::Json => json::json(reports),
        Format::Junit => junit::junit(reports),
        Format::Tap => tap::tap(reports),
    }
}

impl FileReport {
    fn position(&self, span: Span) -> Option<Position> {
        self.sources.get(span.source).map(|source| source.position(span.start))
    }

    fn slice(&self, span: Span) -> String {
        let text = self.sources.get(span.source).map(|source| source.slice(span)).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// `deploy.wf:12`
    fn place(&self, span: Span) -> String {
        let name = self.sources.get(span.source).map_or(&*self.name, |source| &*source.name);
        let line = self.position(span).map_or(0, |position| position.line);
        printable_line(&format!("{name}:{line}"))
    }

    /// Everything that is wrong with a case, a line each; empty where nothing is.
    fn problems(&self, case: &Case) -> Vec<String> {
        let trial = match &case.outcome {
            Ok(trial) => trial,
            Err(unrunnable) => return vec![format!("{}: {}", self.place(unrunnable.span), unrunnable.message)],
        };
        let mut lines: Vec<String> = trial.unmet.iter().flat_map(|unmet| self.told(unmet)).collect();
        if !lines.is_empty() {
            lines.extend(how_it_ended(trial));
        }
        lines
    }

    /// What does not hold, with the values in it.
    fn told(&self, unmet: &Unmet) -> Vec<String> {
        let mut lines = vec![format!("{}: does not hold: {}", self.place(unmet.span), self.slice(unmet.span))];
        lines.extend(unmet.message.iter().map(|message| format!("  {}", printable_line(message))));
        lines.extend(unmet.problem.iter().map(|problem| format!("  {}", printable_line(problem))));
        lines.extend(unmet.sides.iter().map(|side| self.side(side)));
        lines
    }

    fn side(&self, side: &Side) -> String {
        let value = match &side.value {
            Ok(value) => cut(&printable_line(&value.write_literal())).into_owned(),
            Err(problem) => printable_line(problem),
        };
        format!("  {} is {value}", self.slice(side.span))
    }
}

/// How the run of a test ended, where that helps to understand it.
fn how_it_ended(trial: &Trial) -> Vec<String> {
    let mut lines = vec![format!("the run is {}", trial.state.name())];
    if let Some(cause) = &trial.record.cause {
        let told = format!("step {} failed: {}", cause.path, cause.failure.message);
        let told = if cause.path.is_empty() { cause.failure.message.to_string() } else { told };
        lines.push(format!("  {}", printable_line(&told)));
    }
    for step in &trial.unknown {
        lines.push(format!("  nobody knows whether step {} was done: `wfc resume` would ask", printable_line(step)));
    }
    if trial.state == RunState::Paused {
        let waits = |record: &&wf_model::run::InstanceRecord| matches!(record.status, Status::Waiting { .. });
        for record in trial.record.instances.values().filter(waits) {
            lines.push(format!("  step {} waits", printable_line(&record.instance.path)));
        }
    }
    lines
}
