//! `sleep` waits, also across the death of its process.

use crate::cli::Place;
use crate::cli::resume::{resumed, start, until};
use std::fs;
use std::path::PathBuf;

/// The files in which sleeps of the only run write down when they end.
fn due(place: &Place) -> Vec<PathBuf> {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let kept = inside(place.path(".local/state/wfc/runs")).flat_map(|run| inside(run.join("kept"))).collect::<Vec<_>>();
    kept.into_iter().map(|step| step.join("due")).filter(|due| due.exists()).collect()
}

fn killed(place: &Place) -> PathBuf {
    let mut run = start(place, &[]);
    until("the end that is written down", || !due(place).is_empty());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    due(place).remove(0)
}

#[test]
fn a_resumed_run_waits_for_what_is_left() {
    let place = Place::with(
        "workflow main {\n  step long: sleep 1000h\n  step after: shell \"touch after\" { no undo \"it is a test\" }\n}\n",
    );
    let due_at = killed(&place);
    fs::write(&due_at, "2020-01-01T00:00:00Z").expect("it is ours");
    let outcome = resumed(&place, &[]);
    assert!(outcome.code == 0 && place.path("after").exists(), "{}", outcome.stderr);
    assert!(!due_at.exists());
}

#[test]
fn a_cancelled_run_leaves_its_sleep_at_once() {
    let place = Place::with("workflow main {\n  step long: sleep 1000h\n}\n");
    let mut run = start(&place, &[]);
    until("the end that is written down", || !due(&place).is_empty());
    assert_eq!(place.wfc(&["cancel", "last"]).code, 0);
    assert_eq!(run.wait().expect("it was started here").code(), Some(1));
    assert!(place.wfc(&["status", "last"]).stdout.contains("cancelled") && due(&place).is_empty());
}

#[test]
fn what_a_sleep_wrote_down_does_not_outlive_it() {
    let text = "workflow main {\n  step long: sleep 1000h { timeout 1s, retry 1 times, on failure continue }\n  step short: sleep 10ms\n  step fails: shell \"exit 3\" { reads only }\n}\n";
    let place = Place::with(text);
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 1s"), "{}", outcome.stderr);
    assert!(due(&place).is_empty());
}

#[test]
fn a_time_that_has_passed_ends_at_once_and_one_that_is_none_fails() {
    let text = "workflow main {\n  param at: string\n  step wait: sleep { until: at }\n}\n";
    let place = Place::with(text);
    for passed in ["2020-01-01T00:00:00Z", "2020-01-01T02:00:00+02:00", "2020-01-01 00:00:00Z"] {
        assert_eq!(place.ran(&["--param", &format!("at={passed}")]).code, 0, "{passed}");
    }
    for none in ["tomorrow", "2020-01-01", "", "2020-13-01T00:00:00Z", "1577836800"] {
        let outcome = place.ran(&["--param", &format!("at={none}")]);
        let told = format!("`until` is {none:?}, which is no time as in \"2026-03-01T06:00:00Z\"");
        assert!(outcome.code == 1 && outcome.stderr.contains(&told), "{}", outcome.stderr);
    }
}
