//! Rehearsals for people: how the scenarios ended, and what is wrong; a line for each scenario where that is asked for.

use super::story::story;
use super::{Detail, Rehearsed, coverage, ends, list, schedule, unfired};
use crate::report::{Look, printable_line};
use console::Style;
use std::collections::BTreeSet;
use std::fmt::Write;
use wf_model::event::without_places;
use wf_runtime::simulation::rehearsal::Scenario;

pub(super) fn human(rehearsed: &[Rehearsed], look: Look) -> String {
    let mut text = String::new();
    for workflow in rehearsed.iter().filter(|workflow| !workflow.rehearsal.scenarios.is_empty()) {
        write_workflow(&mut text, workflow, look);
    }
    if rehearsed.is_empty() {
        return text;
    }
    let scenarios: usize = rehearsed.iter().map(|workflow| workflow.rehearsal.scenarios.len()).sum();
    let findings: usize = rehearsed.iter().map(|workflow| workflow.rehearsal.findings.len()).sum();
    let found = if findings == 0 { "nothing found".to_owned() } else { format!("{findings} found") };
    let scenarios = counted(scenarios);
    let unreached: usize = rehearsed.iter().map(|workflow| workflow.rehearsal.unreached.len()).sum();
    let unreached = match unreached {
        0 => String::new(),
        1 => "; 1 step was not reached".to_owned(),
        steps => format!("; {steps} steps were not reached"),
    };
    let is_listed = rehearsed.iter().all(|workflow| workflow.detail > Detail::Summary);
    let listed = if is_listed { "" } else { "; `--all` lists the scenarios" };
    let _ = writeln!(text, "{scenarios}, {found}{unreached}{listed}");
    text
}

fn write_workflow(text: &mut String, workflow: &Rehearsed, look: Look) {
    let rehearsal = &workflow.rehearsal;
    let title = printable_line(&format!("{}:{}", workflow.file, workflow.workflow));
    let _ = writeln!(text, "{}", Style::new().force_styling(look.colour).bold().apply_to(title));
    write_scenarios(text, workflow);
    let _ = writeln!(text, "  {}", coverage(rehearsal));
    for (name, span) in &rehearsal.unreached {
        let _ = writeln!(text, "  not reached: step {} ({})", printable_line(name), workflow.place(*span));
    }
    for fault in unfired(rehearsal) {
        let _ = writeln!(text, "  did not happen: {}", printable_line(&fault));
    }
    if rehearsal.left_out > 0 {
        let _ = writeln!(text, "  left out: {} scenarios; `--max-scenarios` takes more", rehearsal.left_out);
    }
    let mark = Style::new().force_styling(look.colour).red().bold().apply_to("FOUND");
    for (finding, place) in &rehearsal.findings {
        let Some(scenario) = rehearsal.scenarios.get(*place) else { continue };
        let _ = writeln!(text, "\n  {mark} {}: {}", finding.sort.name(), printable_line(&finding.message));
        let _ = writeln!(text, "        {}", workflow.place(finding.span));
        let _ = writeln!(text, "        where {}", printable_line(&schedule(scenario)));
        let _ = writeln!(text, "        help: {}", finding.help);
        let _ = writeln!(text, "        again: {}", workflow.again(scenario));
    }
    text.push('\n');
}

/// How the scenarios ended: together, or one by one where that is asked for.
fn write_scenarios(text: &mut String, workflow: &Rehearsed) {
    let scenarios = &workflow.rehearsal.scenarios;
    let (all, in_full) = (workflow.detail >= Detail::Scenarios, workflow.detail == Detail::Events);
    if !all {
        return write_summary(text, scenarios);
    }
    let width = schedule_width(workflow);
    let mut arrangement = None;
    for scenario in scenarios.iter().filter(|scenario| in_full || scenario.dies_behind.is_none()) {
        if arrangement != Some(&scenario.arrangement) && !scenario.arrangement.is_empty() {
            let _ = writeln!(text, "  with {}", printable_line(&scenario.arrangement));
        }
        arrangement = Some(&scenario.arrangement);
        write_scenario(text, scenario, width);
        // Only what was asked for in full has a story.
        for line in story(&scenario.events) {
            let _ = writeln!(text, "    {}", printable_line(&line));
        }
    }
    let deaths = || scenarios.iter().filter(|scenario| scenario.dies_behind.is_some());
    if !in_full && deaths().next().is_some() {
        let _ =
            writeln!(text, "  the process dies behind each of {} entries of the journal: {}", deaths().count(), ends(deaths()));
    }
}

/// How many scenarios ended how, for each way to begin, and which steps were left behind in some.
fn write_summary(text: &mut String, scenarios: &[Scenario]) {
    for alike in scenarios.chunk_by(|one, next| one.arrangement == next.arrangement) {
        let given = alike.first().map(|scenario| printable_line(&scenario.arrangement)).unwrap_or_default();
        let given = if given.is_empty() { given } else { format!("with {given}: ") };
        let _ = writeln!(text, "  {given}{}: {}", counted(alike.len()), ends(alike.iter()));
    }
    let left: BTreeSet<&str> = scenarios.iter().flat_map(|scenario| &scenario.left).map(|path| without_places(path)).collect();
    if !left.is_empty() {
        let left = printable_line(&left.into_iter().collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "  left behind in some, such as a run that is cancelled: {left}");
    }
}

fn counted(scenarios: usize) -> String {
    if scenarios == 1 { "1 scenario".to_owned() } else { format!("{scenarios} scenarios") }
}

/// The schedule takes no more columns.
const WIDEST_SCHEDULE: usize = 56;

fn schedule_width(workflow: &Rehearsed) -> usize {
    let scenarios = workflow.rehearsal.scenarios.iter();
    let widths = scenarios.map(|scenario| printable_line(&schedule(scenario)).chars().count());
    widths.filter(|width| *width <= WIDEST_SCHEDULE).max().unwrap_or_default()
}

fn write_scenario(text: &mut String, scenario: &Scenario, width: usize) {
    let mut line = format!("  {:<width$}  {:<15}", printable_line(&schedule(scenario)), scenario.state.name());
    for (word, paths) in [("undone", &scenario.undone), ("left", &scenario.left)] {
        if !paths.is_empty() {
            let _ = write!(line, " {word}: {};", list(paths));
        }
    }
    if !scenario.handlers.is_empty() {
        let _ = write!(line, " ran: {};", printable_line(&scenario.handlers.join(", ")));
    }
    let _ = writeln!(text, "{}", line.trim_end().trim_end_matches(';'));
}
