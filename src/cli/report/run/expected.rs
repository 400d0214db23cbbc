//! What is expected of a run that goes on, and which of its steps are slow.

use super::lines::{self, rounded};
use super::{Format, RunReport};
use crate::report::escape::printable_line;
use std::sync::Arc;
use wf_compiler::plan::Left;
use wf_model::event::InstanceId;
use wf_model::plan::Forecast;
use wf_model::unit::Duration;

/// How long a run still takes, in words.
pub(crate) fn left(left: &Left) -> String {
    let Left { p50, p90, steps, guessed } = left;
    let guessed = if *guessed > 0 { format!(" ({guessed} of {steps} steps guessed)") } else { String::new() };
    format!("P50 {}, P90 {}{guessed}", rounded(*p50), rounded(*p90))
}

/// At most so many steps under way are named.
const MOST: usize = 20;

/// The steps under way, a line for each: those of a run that goes on with their times, the others were so when its process ended.
pub(crate) fn under_way(running: &[(Arc<str>, Duration)], goes_on: bool) -> String {
    let line = |(path, taken): &(Arc<str>, Duration)| {
        let path = printable_line(path);
        if goes_on {
            format!("running  {path} ({})\n", rounded(*taken))
        } else {
            format!("was under way when the process of the run ended: {path}\n")
        }
    };
    let more = running.len().saturating_sub(MOST);
    let more = if more > 0 { format!("running  {more} more\n") } else { String::new() };
    running.iter().take(MOST).map(line).collect::<String>() + &more
}

/// A step that takes far longer than it used to.
fn slow(path: &str, taken: Duration, usual: &Forecast) -> String {
    let (p50, p90, runs) = (rounded(usual.p50), rounded(usual.p90), usual.basis.runs());
    let path = printable_line(path);
    format!("{path} runs for {} already; in {runs} earlier runs P50 {p50}, P90 {p90}", rounded(taken))
}

impl RunReport {
    /// Shows how long the run still takes, or nothing of that any more.
    pub(crate) fn expects(&self, rest: Option<&Left>) {
        self.state().screen.expects(rest.map(|rest| format!("left     {}", left(rest))));
    }

    /// Warns of a step that takes far longer than it used to, where it still runs.
    pub(crate) fn is_slow(&self, instance: InstanceId, path: &str, taken: Duration, usual: &Forecast) {
        let state = self.state();
        if !state.open.contains_key(&instance) {
            return;
        }
        let text = slow(path, taken, usual);
        state.screen.line(&match self.format {
            Format::Github => lines::warning(self.steps.of(path).map(|written| &written.place), &text),
            Format::Human | Format::Json => format!("slow     {text}"),
        });
    }
}
