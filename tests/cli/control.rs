//! Runs that are asked from another terminal: cancel, pause, rollback.

use super::resume::{WAITS, start, until};
use super::{Outcome, Place};
use std::process::Child;

/// A run of `main.wf` whose step waits for the file `free`.
fn waiting(text: &str) -> (Place, Child) {
    let place = Place::with(text);
    let run = start(&place, &[]);
    until("begun", || place.path("begun").exists());
    (place, run)
}

fn code(mut run: Child) -> i32 {
    run.wait().expect("it was started here").code().expect("no signal ended it")
}

fn told(place: &Place) -> String {
    place.wfc(&["status", "last"]).stdout
}

const UNDO: &str = "undo shell \"echo undo >> log\"";

#[test]
fn a_cancel_from_another_terminal_ends_the_run_with_its_handlers() {
    let (place, run) = waiting(&format!(
        "workflow main {{\n  step mid: shell \"{WAITS}\" {{ {UNDO}, timeout 1m }}\n  step last: shell \"echo last >> log\" {{ no undo \"x\" }}\n  on cancel {{ step said: shell \"echo said >> log\" {{ reads only }} }}\n}}\n"
    ));
    let outcome = place.wfc(&["cancel", "last"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with(" is cancelled\n"), "{}", outcome.stderr);
    assert_eq!((code(run), place.read("log")), (1, "mid\nsaid\n".to_owned()));
    assert!(told(&place).contains("undo with: wfc rollback "), "{}", told(&place));
    let outcome = place.wfc(&["cancel", "last"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("has ended: cancelled"), "{}", outcome.stderr);

    let outcome = place.wfc(&["rollback", "last"]);
    assert_eq!((outcome.code, place.read("log")), (3, "mid\nsaid\nundo\n".to_owned()), "{}", outcome.stderr);
    let outcome = place.wfc(&["rollback", "last"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("has ended: rolled_back"), "{}", outcome.stderr);
}

#[test]
fn a_second_cancel_ends_at_once_what_does_not_listen() {
    let (place, run) = waiting(
        "workflow main {\n  step mid: shell \"trap '' TERM INT; touch begun; while :; do sleep 0.01; done\" { reads only, timeout 1m }\n  finally { step said: shell \"echo said >> log\" { reads only } }\n}\n",
    );
    let first = place.wfc(&["cancel", "last", "--no-wait"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let second = place.wfc(&["cancel", "last"]);
    assert!(second.stderr.ends_with(" is interrupted\n"), "{}", second.stderr);
    assert_eq!(code(run), 1);
    // What is left to do is done by whoever cancels it now.
    let third = place.wfc(&["cancel", "last"]);
    assert_eq!((third.code, place.read("log")), (0, "said\n".to_owned()), "{}", third.stderr);
}

#[test]
fn a_paused_run_finishes_what_runs_and_goes_on_later() {
    let (place, run) = waiting(&format!(
        "workflow main {{\n  parallel {{\n    step mid: shell \"{WAITS}\" {{ no undo \"x\", timeout 1m }}\n    step nap: sleep 50ms\n  }}\n  step last: shell \"echo last >> log\" {{ no undo \"x\" }}\n}}\n"
    ));
    let outcome = place.wfc(&["pause", "last", "--no-wait"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    until("the pause", || told(&place).contains("pause    nothing new starts"));
    place.write("free", "");
    assert_eq!((code(run), place.read("log")), (5, "mid\n".to_owned()));
    assert!(told(&place).ends_with("paused\n"), "{}", told(&place));
    let outcome = place.wfc(&["pause", "last"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("so it waits already"), "{}", outcome.stderr);
    let outcome = place.wfc(&["resume", "last"]);
    assert_eq!((outcome.code, place.read("log")), (0, "mid\nlast\n".to_owned()), "{}", outcome.stderr);
}

#[test]
fn a_paused_run_can_be_rolled_back_or_cancelled_instead() {
    for (command, code, log) in [("rollback", 3, "mid\nsaid\nundo\n"), ("cancel", 0, "mid\nsaid\n")] {
        let (place, run) = waiting(&format!(
            "workflow main {{\n  step mid: shell \"{WAITS}\" {{ {UNDO}, timeout 1m }}\n  step last: shell \"echo last >> log\" {{ no undo \"x\" }}\n  on cancel {{ step said: shell \"echo said >> log\" {{ reads only }} }}\n}}\n"
        ));
        assert_eq!(place.wfc(&["pause", "last", "--no-wait"]).code, 0);
        until("the pause", || told(&place).contains("pause    nothing new starts"));
        place.write("free", "");
        assert_eq!(self::code(run), 5);
        let outcome = place.wfc(&[command, "last"]);
        assert_eq!((outcome.code, place.read("log").as_str()), (code, log), "{command}: {}", outcome.stderr);
    }
}

#[test]
fn a_killed_run_can_be_rolled_back_instead() {
    let (place, mut run) = waiting(&format!(
        "workflow main {{\n  step first: shell \"echo first >> log\" {{ undo shell \"echo undo first >> log\" }}\n  step mid: shell \"{WAITS}\" {{ {UNDO}, timeout 1m }}\n}}\n"
    ));
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    let outcome = place.wfc(&["rollback", "last"]);
    assert_eq!((outcome.code, place.read("log")), (3, "first\nmid\nundo\nundo first\n".to_owned()), "{}", outcome.stderr);
}

/// A run that failed and whose rollback waits for somebody.
fn waits_for_rollback() -> Place {
    let place = Place::with(
        "workflow main {\n  step a: shell \"echo a >> log\" { undo shell \"echo undo a >> log\" }\n  step b: shell \"exit 3\" { undo shell \"test -e mended; echo undo b >> log\" { retry 0 times } }\n  on failure {\n    rollback manually\n    step said: shell \"echo said >> log\" { reads only }\n  }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (5, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("waits    for its rollback, of b, a\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("undo with: wfc rollback "), "{}", outcome.stderr);
    let outcome = place.wfc(&["resume", "last"]);
    assert!(outcome.code == 5 && outcome.stderr.contains("waits for its rollback"), "{}", outcome.stderr);
    place
}

#[test]
fn a_manual_rollback_is_done_when_somebody_asks() {
    let place = waits_for_rollback();
    place.write("mended", "");
    let outcome = place.wfc(&["rollback", "last", "--reason", "the\u{1b} pager"]);
    assert_eq!((outcome.code, place.read("log")), (3, "a\nundo b\nundo a\nsaid\n".to_owned()), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("reason   the\\u{1b} pager\n") || outcome.stderr.contains("reason   the"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
}

#[test]
fn a_manual_rollback_can_be_left() {
    let place = waits_for_rollback();
    let outcome = place.wfc(&["cancel", "last"]);
    assert_eq!((outcome.code, place.read("log")), (0, "a\nsaid\n".to_owned()), "{}", outcome.stderr);
}

fn mended(place: &Place, arguments: &[&str]) -> Outcome {
    place.wfc(&[&["rollback", "last"], arguments].concat())
}

#[test]
fn a_rollback_that_failed_goes_on_once_it_is_mended() {
    for (arguments, mend, log) in [
        (&["--retry"][..], true, "a\nsaid\nundo b\nundo a\n"),
        (&["--skip", "b"], false, "a\nsaid\nundo a\n"),
        (&["--done", "b", "--reason", "by hand"], false, "a\nsaid\nundo a\n"),
    ] {
        let place = waits_for_rollback();
        let outcome = mended(&place, &[]);
        assert_eq!((outcome.code, place.read("log")), (4, "a\nsaid\n".to_owned()), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("not undone: b (its undo failed)\nnot undone: a (blocked)\n"), "{}", outcome.stderr);
        let refused = mended(&place, &[]);
        assert!(refused.code == 2 && refused.stderr.contains("--retry"), "{}", refused.stderr);
        let refused = mended(&place, &["--skip", "c"]);
        assert!(refused.code == 2 && refused.stderr.contains("neither failed nor was blocked"), "{}", refused.stderr);
        let outcome = mended(&place, &["--retry"]);
        assert_eq!((outcome.code, place.read("log")), (4, "a\nsaid\n".to_owned()), "{}", outcome.stderr);
        if mend {
            place.write("mended", "");
        }
        let outcome = mended(&place, arguments);
        assert_eq!((outcome.code, place.read("log").as_str()), (3, log), "{arguments:?}: {}", outcome.stderr);
    }
}

#[test]
fn only_what_failed_for_good_is_tried_again() {
    let place = waits_for_rollback();
    let outcome = mended(&place, &["--retry"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("no undo of it failed for good"), "{}", outcome.stderr);
}

#[test]
fn a_run_that_goes_on_says_how_long_it_still_takes() {
    let (place, run) = waiting(&format!(
        "workflow main {{\n  step mid: shell \"{WAITS}\" {{ no undo \"x\", timeout 1m, estimate 1m }}\n  step last: shell \"true\" {{ reads only, timeout 1m, estimate 1h }}\n}}\n"
    ));
    let shown = told(&place);
    assert!(shown.contains("\nleft: P50 1h") && shown.contains(", P90 1h"), "{shown}");
    assert!(shown.contains("\nrunning  mid ("), "{shown}");
    place.write("free", "");
    assert_eq!(code(run), 0);
    assert!(!told(&place).contains("left:") && !told(&place).contains("running"), "{}", told(&place));
}
