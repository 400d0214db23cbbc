//! Rehearsals as one page that needs nothing else.

use super::{Rehearsed, coverage, ends, list, schedule, unfired};
use crate::report::markup;
use std::fmt::Write;
use wf_runtime::simulation::rehearsal::Scenario;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1c1e21}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2.5rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e3e5e8;vertical-align:top}th{font-weight:600}\
code{font:13px/1.5 ui-monospace,monospace}.found{border-left:4px solid #c62828;background:#fdf3f2;padding:.6rem 1rem;margin:1rem 0}\
.succeeded{color:#2e7d32}.rolled_back{color:#1565c0}.failed,.rollback_failed{color:#c62828}.cancelled,.paused{color:#8a6100}\
@media(prefers-color-scheme:dark){body{background:#16181b;color:#e4e6e9}th,td{border-color:#33373c}.found{background:#2b1a1a}\
.succeeded{color:#81c784}.rolled_back{color:#90caf9}.failed,.rollback_failed{color:#ef9a9a}.cancelled,.paused{color:#e6c269}}";

pub(super) fn html(rehearsed: &[Rehearsed]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Rehearsal</title><style>{STYLE}</style></head>\n<body>\n<h1>Rehearsal</h1>\n"
    );
    for workflow in rehearsed.iter().filter(|workflow| !workflow.rehearsal.scenarios.is_empty()) {
        write_workflow(&mut text, workflow);
    }
    text + "</body>\n</html>\n"
}

fn write_workflow(text: &mut String, workflow: &Rehearsed) {
    let rehearsal = &workflow.rehearsal;
    let title = markup(&format!("{}:{}", workflow.file, workflow.workflow));
    let found = match rehearsal.findings.len() {
        0 => "nothing found".to_owned(),
        found => format!("{found} found"),
    };
    let _ = writeln!(
        text,
        "<h2><code>{title}</code></h2>\n<p>{} scenarios, {found}; {}.</p>",
        rehearsal.scenarios.len(),
        coverage(rehearsal)
    );
    for (finding, place) in &rehearsal.findings {
        let Some(scenario) = rehearsal.scenarios.get(*place) else { continue };
        let _ = writeln!(
            text,
            "<div class=\"found\"><b>{}</b>: {} (<code>{}</code>)<br>where {}<br>{}<br><code>{}</code></div>",
            finding.sort.name(),
            markup(&finding.message),
            markup(&workflow.place(finding.span)),
            markup(&schedule(scenario)),
            markup(finding.help),
            markup(&workflow.again(scenario)),
        );
    }
    *text += "<table>\n<tr><th>What goes wrong</th><th>The run is</th><th>Undone, in this order</th><th>Left</th><th>Handlers</th></tr>\n";
    for scenario in rehearsal.scenarios.iter().filter(|scenario| scenario.dies_behind.is_none()) {
        write_scenario(text, scenario);
    }
    *text += "</table>\n<ul>\n";
    let deaths = || rehearsal.scenarios.iter().filter(|scenario| scenario.dies_behind.is_some());
    if deaths().next().is_some() {
        let _ = writeln!(
            text,
            "<li>The process dies behind each of {} entries of the journal: {}.</li>",
            deaths().count(),
            ends(deaths())
        );
    }
    for (name, span) in &rehearsal.unreached {
        let _ = writeln!(
            text,
            "<li>Not reached: step <code>{}</code> (<code>{}</code>)</li>",
            markup(name),
            markup(&workflow.place(*span))
        );
    }
    for fault in unfired(rehearsal) {
        let _ = writeln!(text, "<li>Did not happen: {}</li>", markup(&fault));
    }
    if rehearsal.left_out > 0 {
        let _ = writeln!(text, "<li>Left out: {} scenarios</li>", rehearsal.left_out);
    }
    *text += "</ul>\n";
}

fn write_scenario(text: &mut String, scenario: &Scenario) {
    let given = if scenario.arrangement.is_empty() {
        String::new()
    } else {
        format!("<br><code>{}</code>", markup(&scenario.arrangement))
    };
    let _ = writeln!(
        text,
        "<tr><td>{}{given}</td><td class=\"{state}\">{state}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        markup(&schedule(scenario)),
        markup(&list(&scenario.undone)),
        markup(&list(&scenario.left)),
        markup(&scenario.handlers.join(", ")),
        state = scenario.state.name(),
    );
}
