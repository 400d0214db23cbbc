//! `wfc delete`: what goes, what stays, and what is asked before.

use super::Place;
use std::process::Stdio;

const SMALL: &str = "workflow main {\n  step hello: shell \"echo hello\" { no undo \"x\" }\n}\n";

/// A place where `main.wf` ran so many times.
fn ran(times: usize) -> Place {
    let place = Place::with(SMALL);
    for _ in 0..times {
        assert_eq!(place.ran(&[]).code, 0);
    }
    place
}

fn names(place: &Place) -> Vec<String> {
    place.wfc(&["runs"]).stdout.lines().skip(1).filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

fn folders(place: &Place) -> usize {
    std::fs::read_dir(place.path(".local/state/wfc/runs")).map_or(0, Iterator::count)
}

#[test]
fn runs_go_by_name() {
    let place = ran(2);
    let runs = names(&place);
    let outcome = place.wfc(&["delete", &runs[0], "last"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.starts_with("deleted 1 run, "), "{}", outcome.stdout);
    assert_eq!((names(&place), folders(&place)), (vec![runs[1].clone()], 1));
    assert_eq!(place.wfc(&["delete", &runs[0]]).code, 2);
}

#[test]
fn runs_go_by_age_and_the_latest_stay() {
    let place = ran(3);
    let runs = names(&place);
    assert_eq!(place.wfc(&["delete", "--older-than", "30d"]).stderr, "no runs to delete\n");
    let told = place.wfc(&["delete", "--older-than", "0s", "--keep", "1", "--dry-run"]);
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with(&format!("would delete {} of main (main.wf), succeeded", runs[1])),
        "{told:?}"
    );
    assert_eq!(folders(&place), 3);
    assert_eq!(place.wfc(&["delete", "--keep", "2"]).code, 0);
    assert_eq!(names(&place), runs[..2]);
    assert_eq!(place.wfc(&["delete", "--keep", "0", "--workflow", "other"]).stderr, "no runs to delete\n");
    assert_eq!(place.wfc(&["delete", "--keep", "0"]).code, 0);
    assert_eq!((names(&place).len(), folders(&place)), (0, 0));
}

#[test]
fn nothing_goes_without_saying_what() {
    let place = ran(1);
    for wrong in [
        &["delete"][..],
        &["delete", "last", "--keep", "1"],
        &["delete", "--workflow", "main"],
        &["delete", "--older-than", "30"],
    ] {
        assert_eq!(place.wfc(wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(names(&place).len(), 1);
}

#[test]
fn a_run_that_goes_on_stays() {
    let place = Place::with(
        "workflow main {\n  step wait: shell \"touch begun; until [ -e go ]; do sleep 0.01; done\" { no undo \"x\", timeout 1m }\n}\n",
    );
    let mut run = place.command(&["run", "main.wf"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while !place.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let refused = place.wfc(&["delete", "last"]);
    assert_eq!(refused.code, 73, "{}", refused.stderr);
    assert_eq!(place.wfc(&["delete", "--keep", "0"]).stderr, "no runs to delete\n");
    place.write("go", "");
    assert!(run.wait().expect("it ends").success());
    assert_eq!(names(&place).len(), 1);
}

#[test]
fn whoever_sits_at_a_terminal_is_asked() {
    let place = ran(1);
    let line = |rest: &str| format!("env HOME={} wfc delete last{rest}", place.path("").display());
    let shown = place.in_terminal(&line(""), &[("(y or n)", "n\n")]);
    assert!(shown.contains("Delete 1 run? (y or n): ") && shown.contains("nothing was deleted"), "{shown}");
    assert_eq!(names(&place).len(), 1);
    let shown = place.in_terminal(&line(""), &[("(y or n)", "y\n")]);
    assert!(shown.contains("deleted 1 run"), "{shown}");
    assert_eq!(names(&place).len(), 0);
}

#[test]
fn what_the_cache_keeps_goes_with_the_last_run_that_made_or_found_it() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"echo x >> log; cat in > out\" { no undo \"x\", cache inputs [\"in\"] outputs [\"out\"] }\n}\n",
    );
    let times = || place.read("log").lines().count();
    place.write("in", "1");
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(place.ran(&[]).code, 0);
    place.write("in", "2");
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(times(), 2);
    let runs = names(&place);
    // The second run found what the first made.
    assert_eq!(place.wfc(&["delete", &runs[2]]).code, 0);
    place.write("in", "1");
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(times(), 2);
    assert_eq!(place.wfc(&["delete", "--keep", "0"]).code, 0);
    let left = std::fs::read_dir(place.path(".local/state/wfc/cache/entries")).expect("a folder").count();
    assert_eq!(left, 0);
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(times(), 3);
}
