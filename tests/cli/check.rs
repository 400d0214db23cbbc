//! `wfc check`: what it says, in which form, and what it changes.

use super::Place;
use serde_json::Value;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CLEAN: &str = "workflow main {\n  step a: shell \"true\" { reads only, timeout 5s }\n}\n";
const MISSPELT: &str = "workflow main {\n  step a: shell \"true\" { reads only, timout 5s }\n}\n";
const UNUSED: &str = "workflow main {\n  param name: string\n  step a: shell \"true\" { reads only, timeout 5s }\n}\n";

fn slugs(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).expect("one JSON object");
    let entries = report["diagnostics"].as_array().expect("a list");
    entries
        .iter()
        .map(|entry| format!("{}: {}", entry["file"].as_str().expect("a file"), entry["slug"].as_str().expect("a slug")))
        .collect()
}

#[test]
fn a_file_without_findings_needs_no_words() {
    let place = Place::new();
    place.write("main.wf", CLEAN);
    let outcome = place.wfc(&["check", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""));
}

#[test]
fn a_finding_shows_its_place_its_help_and_its_fix() {
    let place = Place::new();
    place.write("main.wf", MISSPELT);
    let outcome = place.wfc(&["check", "main.wf"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""));
    for part in ["unknown-statement", "main.wf:2:38", "did you mean `timeout`?", "fix: Write `timeout`", "1 error"] {
        assert!(outcome.stdout.contains(part), "{part}: {}", outcome.stdout);
    }
}

#[test]
fn a_warning_fails_nothing_and_levels_show_more_or_less() {
    let place = Place::new();
    place.write("main.wf", UNUSED);
    let standard = place.wfc(&["check", "main.wf"]);
    assert_eq!(standard.code, 0);
    assert!(standard.stdout.contains("1 warning"), "{}", standard.stdout);
    let basic = place.wfc(&["check", "--level", "basic", "main.wf"]);
    assert_eq!((basic.code, basic.stdout.as_str()), (0, ""));
    let mut command = place.command(&["check", "main.wf"]);
    let output = command.env("WFC_LEVEL", "basic").output().expect("the binary starts");
    assert_eq!(output.stdout, b"");
}

#[test]
fn fixes_are_applied_and_the_file_is_checked_again() {
    let place = Place::new();
    place.write("main.wf", MISSPELT);
    let outcome = place.wfc(&["check", "--fix", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", "main.wf: 1 fix applied\n"));
    assert_eq!(place.read("main.wf"), CLEAN);
}

#[test]
fn several_files_make_one_report_and_what_they_share_is_told_once() {
    let place = Place::new();
    place.write("shared.wf", UNUSED.replace("main", "shared").as_str());
    for name in ["a.wf", "b.wf"] {
        place.write(name, "use \"./shared.wf\" (shared)\nworkflow main {\n  step s: shared { name: nmae }\n}\n");
    }
    let files = ["check", "--format", "json", "a.wf", "b.wf", "missing.wf"];
    let outcome = place.wfc(&files);
    assert_eq!(outcome.code, 1);
    let expected = ["a.wf: unknown-name", "shared.wf: unused", "b.wf: unknown-name", "missing.wf: unreadable-file"];
    assert_eq!(slugs(&outcome.stdout), expected);
    let sarif: Value = serde_json::from_str(&place.wfc(&["check", "--format", "sarif", "a.wf", "b.wf"]).stdout).expect("one log");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(3));
}

#[test]
fn annotations_of_github_have_a_line_each() {
    let place = Place::new();
    place.write("main.wf", MISSPELT);
    let outcome = place.wfc(&["check", "--format", "github", "main.wf"]);
    assert!(outcome.stdout.starts_with("::error file=main.wf,line=2,col=38,endLine=2,title=unknown-statement::"), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 1);
}

#[test]
fn stdin_is_a_file_too() {
    let place = Place::new();
    let outcome = place.wfc_with_input(&["check", "-"], MISSPELT.as_bytes());
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("<stdin>:2:38"), "{}", outcome.stdout);
}

#[test]
fn a_database_that_many_steps_use_is_asked_once() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("it has one").port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    // Each connection is counted and closed; the thread ends with the test.
    std::thread::spawn(move || server.incoming().for_each(|_| _ = counted.fetch_add(1, Ordering::SeqCst)));
    let mut text = "workflow main {\n".to_owned();
    for step in 0..2000 {
        let url = format!("postgres://me@127.0.0.1:{port}/data");
        writeln!(text, "  step a{step}: sql \"select {step}\" {{ database: \"{url}\", reads only, timeout 1m }}")
            .expect("a string");
    }
    let place = Place::with(&format!("{text}}}\n"));
    let outcome = place.wfc(&["check", "--level", "paranoid", "--format", "json", "main.wf"]);
    assert_eq!((outcome.code, slugs(&outcome.stdout)), (0, vec!["main.wf: unreachable".to_owned()]), "{}", outcome.stderr);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
