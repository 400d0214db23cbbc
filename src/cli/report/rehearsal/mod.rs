//! What rehearsals showed, as people and machines read it.

mod html;
mod human;
mod json;
mod progress;
mod story;

use crate::report::test::Format;
use crate::report::{Look, printable_line};
use crate::text::quote;
pub use progress::Progress;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::source::Sources;
use wf_model::span::Span;
use wf_runtime::simulation::rehearsal::{Fault, Rehearsal, Scenario};

/// A workflow that was rehearsed.
pub struct Rehearsed {
    /// The file, as people call it.
    pub file: String,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// Its text and those that it uses.
    pub sources: Sources,
    /// What was shown.
    pub rehearsal: Rehearsal,
    /// How much of it people are told.
    pub detail: Detail,
}

/// How much people are told of a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What is wrong, and how the scenarios ended.
    Summary,
    /// Each scenario, too.
    Scenarios,
    /// Everything that happens in them.
    Events,
}

/// A workflow, or a file, that was not rehearsed.
pub struct Refused {
    /// The file, as people call it.
    pub file: String,
    /// The workflow, unless it is the whole file.
    pub workflow: Option<Arc<str>>,
    /// Why.
    pub why: String,
}

/// What rehearsals showed in a format; those that are for tests alone show it as people read it.
#[must_use]
pub fn write(format: Format, rehearsed: &[Rehearsed], refused: &[Refused], look: Look) -> String {
    match format {
        Format::Human | Format::Junit | Format::Tap => human::human(rehearsed, look),
        Format::Json => json::json(rehearsed, refused),
        Format::Html => html::html(rehearsed),
    }
}

impl Rehearsed {
    /// `deploy.wf:12`
    fn place(&self, span: Span) -> String {
        let source = self.sources.get(span.source);
        let line = source.map_or(0, |source| source.position(span.start).line);
        printable_line(&format!("{}:{line}", source.map_or(&*self.file, |source| &*source.name)))
    }

    /// The command that shows a scenario again.
    fn again(&self, scenario: &Scenario) -> String {
        let target = quote(&format!("{}:{}", self.file, self.workflow));
        printable_line(&format!("wfc test --rehearse {target} --seed {}", scenario.seed))
    }
}

/// What goes wrong in a scenario.
fn schedule(scenario: &Scenario) -> String {
    match (scenario.faults.as_slice(), scenario.dies_behind) {
        ([], None) => "nothing goes wrong".to_owned(),
        ([], Some(events)) => format!("the process dies behind entry {events} of the journal"),
        (faults, _) => faults.iter().map(Fault::to_string).collect::<Vec<_>>().join(", then "),
    }
}

/// How many scenarios ended how.
fn ends<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for scenario in scenarios {
        *counts.entry(scenario.state.name()).or_default() += 1;
    }
    counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

/// Faults that did not happen, each once.
fn unfired(rehearsal: &Rehearsal) -> Vec<String> {
    let mut all: Vec<String> = rehearsal
        .scenarios
        .iter()
        .filter(|scenario| !scenario.unfired.is_empty())
        .map(|scenario| {
            format!(
                "{} (in: {})",
                scenario.unfired.iter().map(Fault::to_string).collect::<Vec<_>>().join(", "),
                schedule(scenario)
            )
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// How far undos cover what is changed.
fn coverage(rehearsal: &Rehearsal) -> String {
    let Rehearsal { changing, undone, excused, .. } = rehearsal;
    match changing {
        0 => "no step changes anything".to_owned(),
        _ => {
            let silent = changing - undone - excused;
            format!(
                "undos cover {undone} of {changing} steps that change something; {excused} say why they need none, {silent} say nothing"
            )
        }
    }
}

fn list(paths: &[Arc<str>]) -> String {
    if paths.is_empty() {
        return "–".to_owned();
    }
    printable_line(&paths.iter().map(|path| &**path).collect::<Vec<_>>().join(", "))
}
