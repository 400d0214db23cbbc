//! The language as executable Markdown: every page in this folder proves sections of the reference.
//!
//! A page begins with a line `Proves: §5, §6`. A `wf` block is a file `main.wf`; the blocks below it, up to the next `wf` block
//! without a name, say what holds of it:
//!
//! - nothing: it checks without a diagnostic;
//! - `diagnostics`: exactly these, one a line, in the order of the text: ``slug `the text that is pointed at` ``; with
//!   `diagnostics strict` at that level;
//! - `run ARGUMENTS`: what `wfc run main.wf ARGUMENTS` prints to stdout; a first line `exit N` when it does not end with 0
//!   (before the arguments may stand variables of the environment, `TOKEN=x`, and the workflow, `:other`, or another file);
//! - `test`: what `wfc test main.wf` prints, after a line `exit N` when it does not end with 0; a file with tests passes them where this is
//!   left out and it has no errors;
//! - `stderr`: lines that the run before it wrote to stderr, in this order, others between them left out;
//! - `formatted`: what `wfc fmt` makes of it;
//! - `wf NAME.wf`, `file NAME`: another file beside it.

mod page;

use crate::cli::{Outcome, Place};
use page::{Case, Expectation, Page, pages};
use serde_json::Value;
use std::thread;

/// Every sentence of these sections that can be observed is proven by a page.
const SECTIONS: [&str; 12] = ["§2", "§3", "§4", "§5", "§6", "§7", "§8", "§9", "§10", "§11", "§12", "§15"];

/// The programs of all pages, by where they stand.
pub(crate) fn programs() -> impl Iterator<Item = (String, String)> {
    let named = |page: Page| {
        let name = page.name;
        page.cases.into_iter().flat_map(move |case| {
            let place = format!("{name}:{}", case.line);
            let texts = case.files.into_iter().filter(|(file, _)| file.ends_with(".wf"));
            texts.map(move |(file, text)| (format!("{place} {file}"), text)).collect::<Vec<_>>()
        })
    };
    pages().into_iter().flat_map(named)
}

/// `slug `text`` of each diagnostic of the file, in the order of the text.
fn diagnostics(place: &Place, level: &str) -> String {
    let outcome = place.wfc(&["check", "--format", "json", "--level", level, "main.wf"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    let entries = report["diagnostics"].as_array().expect("a list of diagnostics");
    let line = |entry: &Value| {
        let text = std::fs::read_to_string(place.path(entry["file"].as_str().expect("a file"))).unwrap_or_default();
        let offset = |name: &str| usize::try_from(entry["span"][name].as_u64().expect("an offset")).expect("a small offset");
        let text = text.get(offset("start")..offset("end")).unwrap_or("");
        let first = text.lines().next().unwrap_or("");
        format!("{} `{first}`\n", entry["slug"].as_str().expect("a slug"))
    };
    entries.iter().map(line).collect()
}

fn run(place: &Place, arguments: &str) -> (String, String) {
    let mut words = arguments.split_whitespace().peekable();
    let mut variables = Vec::new();
    while let Some(variable) = words.next_if(|word| word.starts_with(|first: char| first.is_ascii_uppercase())) {
        variables.extend(variable.split_once('='));
    }
    let other = words.next_if(|word| word.contains(".wf")).map(str::to_owned);
    let file = other.unwrap_or_else(|| format!("main.wf{}", words.next_if(|word| word.starts_with(':')).unwrap_or_default()));
    let mut command = place.command(&["run", &file]);
    let outcome = Outcome::of(command.args(words).envs(variables).output().expect("the binary starts"));
    let exit = if outcome.code == 0 { String::new() } else { format!("exit {}\n", outcome.code) };
    (exit + &outcome.stdout, outcome.stderr)
}

fn test(place: &Place) -> String {
    let outcome = place.wfc(&["test", "main.wf"]);
    let exit = if outcome.code == 0 { String::new() } else { format!("exit {}\n", outcome.code) };
    exit + &outcome.stdout
}

/// Whether `lines` stand in `text` in this order.
fn holds(text: &str, lines: &str) -> bool {
    let mut rest = text.lines();
    lines.lines().all(|line| rest.any(|candidate| candidate.contains(line.trim())))
}

/// What is wrong with a case.
fn problems(case: &Case) -> Vec<String> {
    let place = Place::new();
    for (name, text) in &case.files {
        place.write(name, text);
    }
    let mut problems = Vec::new();
    let mut differ = |what: &str, expected: &str, found: &str| {
        if expected.trim_end() != found.trim_end() {
            problems.push(format!("{what}\n--- expected\n{expected}\n--- found\n{found}"));
        }
    };
    if !case.expectations.iter().any(|expectation| matches!(expectation, Expectation::Diagnostics { .. })) {
        differ("diagnostics", "", &diagnostics(&place, "standard"));
    }
    let says = |wanted: fn(&Expectation) -> bool| case.expectations.iter().any(wanted);
    let is_checked = says(|expectation| matches!(expectation, Expectation::Diagnostics { .. } | Expectation::Test(_)));
    if !is_checked && case.files.iter().any(|(name, text)| name == "main.wf" && text.contains("\ntest \"")) {
        let outcome = place.wfc(&["test", "main.wf"]);
        differ("tests", "0", &format!("{}{}", outcome.code, if outcome.code == 0 { "" } else { &outcome.stdout }));
    }
    let mut errors = String::new();
    for expectation in &case.expectations {
        match expectation {
            Expectation::Diagnostics { level, text } => differ("diagnostics", text, &diagnostics(&place, level)),
            Expectation::Run { arguments, text } => {
                let (found, stderr) = run(&place, arguments);
                differ(&format!("run {arguments}\n{stderr}"), text, &found);
                errors = stderr;
            }
            Expectation::Test(text) => differ("test", text, &test(&place)),
            Expectation::Stderr(text) => {
                let found = if holds(&errors, text) { text.as_str() } else { errors.as_str() };
                differ("stderr", text, found);
            }
            Expectation::Formatted(text) => {
                place.wfc(&["fmt", "main.wf"]);
                differ("formatted", text, &place.read("main.wf"));
            }
        }
    }
    problems
}

#[test]
fn every_page_holds() {
    let of_page = |Page { name, cases, .. }: &Page| -> String {
        let of_case = |case: &Case| problems(case).into_iter().map(|problem| (case.line, problem)).collect::<Vec<_>>();
        let problems = cases.iter().flat_map(of_case);
        problems.map(|(line, problem)| format!("\n==== {name}, line {line}: {problem}\n")).collect()
    };
    let pages = pages();
    // Most of the time a case waits for processes: the pages take theirs side by side.
    let report: String = thread::scope(|scope| {
        let running: Vec<_> = pages.iter().map(|page| scope.spawn(|| of_page(page))).collect();
        running.into_iter().map(|page| page.join().expect("no page panics")).collect()
    });
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_section_is_proven_by_a_page() {
    let proven: String = pages().into_iter().map(|page| page.proves).collect();
    for section in SECTIONS {
        let found = proven.split([',', ' ']).any(|word| word.trim() == section);
        assert!(found, "no page in tests/language begins with `Proves: {section}`");
    }
}
