//! A `gate` that pauses waits for somebody who lets it pass, or for another look.

use super::signal::{code, kill, told};
use crate::cli::Place;
use crate::cli::resume::{resumed, start, until};

const PAUSES: &str = "workflow main {\n  step before: shell \"echo before >> log\" { no undo \"it is a test\" }\n  step room: gate {\n    check: read(\"free\").trim() == \"yes\"\n    otherwise: \"pause\"\n    message: \"there is no room\"\n  }\n  step after: shell \"echo after >> log\" { no undo \"it is a test\" }\n  output passed: bool = room.passed\n}\n";

fn paused() -> Place {
    let place = Place::with(PAUSES);
    place.write("free", "no\n");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, place.read("log").as_str()), (5, "before\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("waits    room: at a gate: there is no room\n"), "{}", outcome.stderr);
    assert!(told(&place).ends_with("paused\n"), "{}", told(&place));
    place
}

#[test]
fn a_resumed_run_looks_again() {
    let place = paused();
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    place.write("free", "yes\n");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "passed = true\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "before\nafter\n");
}

#[test]
fn somebody_lets_it_pass_or_not() {
    let place = paused();
    let outcome = place.wfc(&["approve", "last", "room", "--comment", "there will be"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("is approved once the run goes on"), "{}", outcome.stderr);
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "passed = true\n"), "{}", outcome.stderr);
    let place = paused();
    assert_eq!(place.wfc(&["reject", "last"]).code, 0);
    let outcome = resumed(&place, &[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("rejected by "), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "before\n");
}

#[test]
fn a_run_that_waits_at_a_gate_can_be_cancelled() {
    let place = paused();
    assert_eq!(place.wfc(&["cancel", "last"]).code, 0);
    assert!(told(&place).contains("cancelled"), "{}", told(&place));
}

#[test]
fn others_go_on_beside_a_gate_that_does_not_pass() {
    let place = Place::with(
        "workflow main {\n  parallel {\n    step room: gate { check: false, otherwise: \"pause\" }\n    step works: shell \"touch begun; until [ -e go_on ]; do sleep 0.01; done; echo works >> log\" { no undo \"it is a test\", timeout 1m }\n  }\n}\n",
    );
    let run = start(&place, &["--jobs", "1"]);
    until("begun", || place.path("begun").exists());
    until("the wait", || told(&place).contains("\nwaits    "));
    // While the process lives, it takes the answer at once.
    let outcome = place.wfc(&["approve", "last"]);
    assert!(outcome.code == 0 && outcome.stderr.ends_with(": step `room` is approved\n"), "{}", outcome.stderr);
    place.write("go_on", "");
    assert_eq!((code(run), place.read("log")), (0, "works\n".to_owned()));
}

#[test]
fn a_gate_waits_no_longer_than_its_timeout_says() {
    let place = Place::with("workflow main {\n  step room: gate { check: false, otherwise: \"pause\", timeout 50ms }\n}\n");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("nobody let it pass within 50ms"), "{}", outcome.stderr);
}

#[test]
fn a_killed_run_waits_at_its_gate_again() {
    let place = Place::with("workflow main {\n  step room: gate { check: false, otherwise: \"pause\", timeout 1h }\n}\n");
    let run = start(&place, &[]);
    until("the wait", || told(&place).contains("\nwaits    "));
    kill(&place, run);
    assert_eq!(place.wfc(&["approve", "last"]).code, 0);
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}
