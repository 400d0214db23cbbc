//! Statistics as people read them.

use super::Statistics;
use super::story::Waits;
use super::sums::{Step, Sums};
use super::took::{Slow, Summary};
use crate::report::run::rounded;
use crate::report::{aligned, printable_line};
use crate::time::local;
use std::sync::Arc;
use wf_model::unit::Duration;

impl Statistics {
    /// A paragraph and a table for each workflow.
    pub(super) fn text(&self) -> String {
        let told = self.workflows.iter().map(|((name, file), sums)| workflow(name, file, sums)).collect::<Vec<_>>();
        format!("since {}\n\n{}", local(self.since), told.join("\n"))
    }
}

fn workflow(name: &str, file: &str, sums: &Sums) -> String {
    let mut lines = vec![format!("{} ({})", printable_line(name), printable_line(file)), line("runs", &runs(sums))];
    if let Some(summary) = sums.took.summary() {
        lines.push(line("took", &took(&summary)));
    }
    let waits = waits(&sums.waits);
    lines.extend((!waits.is_empty()).then(|| line("waited", &waits)));
    let again = [(sums.retries, "further attempt"), (sums.rollbacks, "rollback")];
    let again = again.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| counted(number, what));
    let again = again.collect::<Vec<_>>().join(", ");
    lines.extend((!again.is_empty()).then(|| line("again", &again)));
    lines.extend(sums.slow().map(|slow| line("slow", &far_longer("", slow))));
    let slow = sums.steps.iter().filter_map(|(path, step)| Some((path, step.slow()?)));
    lines.extend(slow.map(|(path, slow)| line("slow", &far_longer(&format!("step `{}` ", printable_line(path)), slow))));
    let mut text = lines.join("\n") + "\n";
    if !sums.steps.is_empty() {
        text += "\n";
        for row in aligned(&table(sums)).lines() {
            text += &format!("  {row}\n");
        }
    }
    text
}

fn line(name: &str, text: &str) -> String {
    format!("  {name:<7}  {text}")
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn runs(sums: &Sums) -> String {
    let mut states: Vec<String> = sums.ended.iter().map(|(state, number)| format!("{number} {state}")).collect();
    states.extend((sums.open > 0).then(|| format!("{} not ended", sums.open)));
    let success = sums.success().map(|percent| format!("; {percent}% succeed")).unwrap_or_default();
    states.join(", ") + &success
}

fn took(summary: &Summary) -> String {
    let Summary { p50, p90, p99, trend } = *summary;
    let trend = match trend {
        Some(percent @ 1..) => format!(", {percent}% longer than before"),
        Some(percent @ ..=-1) => format!(", {}% shorter than before", percent.saturating_neg()),
        Some(0) => ", as before".to_owned(),
        None => String::new(),
    };
    format!("P50 {}, P90 {}, P99 {}{trend}", rounded(p50), rounded(p90), rounded(p99))
}

fn waits(waits: &Waits) -> String {
    let told = [
        (waits.somebody, "for somebody"),
        (waits.locks, "for locks"),
        (waits.slots, "for slots"),
        (waits.retries, "before further attempts"),
    ];
    let told = told.into_iter().filter(|(milliseconds, _)| *milliseconds > 0);
    told.map(|(milliseconds, what)| format!("{} {what}", rounded(Duration { milliseconds }))).collect::<Vec<_>>().join(", ")
}

fn far_longer(what: &str, (slow, run): (Slow, &Arc<str>)) -> String {
    format!("{what}took {} in run {run}; nine of ten before took at most {}", rounded(slow.took), rounded(slow.usual))
}

fn table(sums: &Sums) -> Vec<Vec<String>> {
    let head = ["step", "kind", "ran", "failed", "retries", "undone", "P50", "P90", "P99", "trend", "waited", "critical path"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(sums.by_share().into_iter().map(|(path, step)| row(path, step, sums.share(step))));
    // A column that tells nothing is left out.
    let tells = |column: &usize| rows.iter().skip(1).filter_map(|row| row.get(*column)).any(|cell| !cell.is_empty());
    let columns: Vec<usize> = (0..head.len()).filter(tells).collect();
    rows.iter().map(|row| columns.iter().filter_map(|column| row.get(*column).cloned()).collect()).collect()
}

fn row(path: &str, step: &Step, share: i64) -> Vec<String> {
    let number = |number: u64| if number == 0 { String::new() } else { number.to_string() };
    let summary = step.took.summary();
    let time = |of: fn(&Summary) -> Duration| summary.as_ref().map(|summary| rounded(of(summary))).unwrap_or_default();
    let Waits { slots, locks, somebody, retries } = step.waits;
    let waited = Duration { milliseconds: slots + locks + somebody + retries };
    vec![
        printable_line(path).to_string(),
        step.kind.to_string(),
        step.ran.to_string(),
        number(step.failed),
        number(step.retries),
        number(step.undone + step.undo_failed),
        time(|summary| summary.p50),
        time(|summary| summary.p90),
        time(|summary| summary.p99),
        summary.and_then(|summary| summary.trend).map(|percent| format!("{percent:+}%")).unwrap_or_default(),
        if waited.milliseconds > 0 { rounded(waited) } else { String::new() },
        format!("{share}%"),
    ]
}
