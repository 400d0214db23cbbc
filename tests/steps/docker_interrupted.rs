//! `docker` steps that are asked to end, or whose run is killed.

use super::docker_engine::Engine;
use super::scratches;
use crate::cli::resume::{killed_at, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, Stdio};

/// A step that tells when it runs, and when it hears of its end.
fn waiting(clauses: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  step it: docker \"base:1\" {{\n    run: \"trap 'echo heard; exit 3' TERM; touch /here/started; while true; do sleep 1; done\"\n    mounts: [\"./here:/here\"]\n    {clauses}\n  }}\n  step after: shell \"touch after\" {{ no undo \"x\" }}\n}}\n"
    ))
}

fn started(engine: &Engine, place: &Place, arguments: &[&str]) -> Child {
    std::fs::create_dir_all(place.path("here")).expect("a folder");
    let child = spawned(&mut engine.command(place, arguments));
    until("the container", || place.path("here/started").exists());
    child
}

/// Starts a command whose output is kept.
pub(super) fn spawned(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Sends a signal to what was started.
pub(super) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).expect("a process number"), signal).expect("it runs");
}

#[test]
fn a_cancelled_step_leaves_no_container() {
    let engine = Engine::start();
    let place = waiting("no undo \"x\"");
    let run = started(&engine, &place, &["run", "main.wf"]);
    assert!(engine.containers().starts_with("wfc-"), "{}", engine.containers());
    for label in ["wfc.run", "wfc.step=it", "wfc.attempt=1"] {
        assert!(!engine.ask(&["ps", "--quiet", "--filter", &format!("label={label}")]).is_empty(), "{label}");
    }
    send(&run, Signal::TERM);
    assert_eq!(Outcome::of(run.wait_with_output().expect("it ends")).code, 143);
    assert_eq!(engine.containers(), "");
    let logs = place.wfc(&["logs", "last", "it"]);
    assert!(logs.stdout.contains("heard"), "{logs:?}");
    assert!(!place.path("after").exists());
    assert_eq!(scratches(&place), [""; 0]);
}

#[test]
fn a_second_interrupt_ends_the_container_at_once() {
    let engine = Engine::start();
    let place = Place::with(
        "workflow main {\n  step it: docker \"base:1\" { run: \"trap '' TERM; touch /here/started; while true; do sleep 1; done\", mounts: [\"./here:/here\"], no undo \"x\" }\n}\n",
    );
    let run = started(&engine, &place, &["run", "main.wf"]);
    send(&run, Signal::INT);
    until("the request to end", || place.wfc(&["status", "last"]).stdout.contains("cancel"));
    send(&run, Signal::INT);
    assert_eq!(Outcome::of(run.wait_with_output().expect("it ends")).code, 130);
    assert_eq!(engine.containers(), "");
}

#[test]
fn a_step_that_is_late_is_ended_and_tried_again() {
    let engine = Engine::start();
    let place = waiting("timeout 1s, retry 1 times, no undo \"x\"");
    let run = started(&engine, &place, &["run", "--verbose", "main.wf"]);
    let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("attempt took longer than 1s"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("| it: heard").count(), 2, "{}", outcome.stderr);
    assert_eq!(engine.containers(), "");
}

/// Kills the process of a run that a shell knows, or the one in it.
fn killed(engine: &Engine, place: &Place, inner: bool) {
    let mut run = started(engine, place, &["run", "main.wf"]);
    if inner {
        let children = format!("/proc/{0}/task/{0}/children", run.id());
        let child = std::fs::read_to_string(children).expect("a process").trim().parse().expect("one child");
        kill_process(Pid::from_raw(child).expect("a process number"), Signal::KILL).expect("it runs");
    } else {
        run.kill().expect("it runs");
    }
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
}

#[test]
fn containers_die_with_their_run() {
    let engine = Engine::start();
    for inner in [false, true] {
        let place = waiting("no undo \"x\"");
        killed(&engine, &place, inner);
        until("the end of the container", || engine.containers().is_empty());
        let mut resume = engine.command(&place, &["resume", "last"]);
        let outcome = Outcome::of(resume.output().expect("the binary starts"));
        assert_eq!(outcome.code, 5, "{}", outcome.stderr);
        let mut resume = engine.command(&place, &["resume", "last", "--step", "it=done"]);
        let outcome = Outcome::of(resume.output().expect("the binary starts"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(place.path("after").exists());
    }
}

/// The name of the only run.
fn only_run(place: &Place) -> String {
    let runs = place.wfc(&["runs"]).stdout;
    runs.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("a run").to_owned()
}

#[test]
fn a_resume_ends_the_containers_that_are_left() {
    let engine = Engine::start();
    let place = waiting("on unknown fail, no undo \"x\"");
    killed(&engine, &place, false);
    until("the end of the container", || engine.containers().is_empty());
    let run = only_run(&place);
    // As if the machine had gone down with both of its processes.
    for label in [format!("wfc.run={run}"), "wfc.run=another".to_owned()] {
        engine.ask(&["run", "--detach", "--label", &label, "base:1", "sleep", "1000"]);
    }
    let outcome = Outcome::of(engine.command(&place, &["resume", "last"]).output().expect("the binary starts"));
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(engine.containers().lines().count(), 1);
}

#[test]
fn a_resume_ends_the_containers_that_a_check_has_left() {
    let engine = Engine::start();
    let place = Place::with(
        "workflow main {\n  step mid: shell \"touch begun; until [ -e free ]; do sleep 0.01; done\" {\n    no undo \"x\"\n    timeout 1m\n    on unknown check docker \"base:1\" { run: \"true\" }\n  }\n}\n",
    );
    killed_at(&place, "begun");
    // As if the machine had gone down as an earlier resume looked.
    engine.ask(&["run", "--detach", "--label", &format!("wfc.run={}", only_run(&place)), "base:1", "sleep", "1000"]);
    let outcome = Outcome::of(engine.command(&place, &["resume", "last"]).output().expect("the binary starts"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: it was done\n"), "{}", outcome.stderr);
    assert_eq!(engine.containers(), "");
}
