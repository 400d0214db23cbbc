//! `signal` waits for what another process sends.

use crate::cli::resume::{resumed, start, until};
use crate::cli::{Outcome, Place};
use std::process::Child;
use wf_runtime::dispatcher::Mailbox as _;

const TAKES: &str = "workflow main {\n  step ready: signal \"ready\" -> { pallets: int }\n  step after: shell \"echo after >> log\" { no undo \"it is a test\" }\n  output pallets: int = ready.pallets\n}\n";

/// How the only run stands.
pub(super) fn told(place: &Place) -> String {
    place.wfc(&["status", "last"]).stdout
}

/// A run of `main.wf` that waits for somebody.
pub(super) fn waiting(place: &Place) -> Child {
    let run = start(place, &[]);
    until("the wait", || told(place).contains("\nwaits    "));
    run
}

/// Kills a run that waits, with both of its processes.
pub(super) fn kill(place: &Place, mut run: Child) {
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
}

pub(super) fn code(mut run: Child) -> i32 {
    run.wait().expect("it was started here").code().expect("no signal ended it")
}

fn signal(place: &Place, arguments: &[&str]) -> Outcome {
    let outcome = place.wfc(&[&["signal", "last"], arguments].concat());
    assert_eq!(outcome.stdout, "");
    outcome
}

fn sent(place: &Place, arguments: &[&str]) -> String {
    let outcome = signal(place, arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stderr
}

#[test]
fn a_run_goes_on_with_what_a_signal_brings() {
    let place = Place::with(TAKES);
    let run = waiting(&place);
    assert!(told(&place).contains("waits    ready: for signal `ready`\n"), "{}", told(&place));
    let note = sent(&place, &["ready", "--data", r#"{"pallets": 3, "more": true}"#]);
    assert!(note.ends_with(": signal `ready` was taken\n"), "{note}");
    assert_eq!((code(run), place.read("log")), (0, "after\n".to_owned()));
    assert!(told(&place).contains("pallets = 3\n"), "{}", told(&place));
    let late = signal(&place, &["ready"]);
    assert!(late.code == 2 && late.stderr.contains("has ended: succeeded"), "{}", late.stderr);
    let why = place.wfc(&["why", "last", "ready"]).stdout;
    assert!(why.contains("waits for signal `ready`") && why.contains("succeeded"), "{why}");
}

#[test]
fn a_signal_that_comes_early_is_kept_and_taken_once() {
    let place = Place::with(
        "workflow main {\n  step before: shell \"touch begun; until [ -e free ]; do sleep 0.01; done\" { reads only, timeout 1m }\n  for each n in 1..3 {\n    step part: signal \"part\" -> int\n    step log: shell \"echo ${part} >> log\" { no undo \"it is a test\" }\n  }\n}\n",
    );
    let run = start(&place, &[]);
    until("begun", || place.path("begun").exists());
    for data in ["1", "2"] {
        let note = sent(&place, &["part", "--data", data]);
        assert!(note.ends_with("is kept until a step waits for it\n"), "{note}");
    }
    place.write("free", "");
    until("the third wait", || told(&place).matches("waits    part").count() == 3);
    sent(&place, &["part", "--data", "3"]);
    assert_eq!((code(run), place.read("log")), (0, "1\n2\n3\n".to_owned()));
}

#[test]
fn a_killed_run_takes_what_came_meanwhile_when_it_goes_on() {
    let place = Place::with(TAKES);
    let run = waiting(&place);
    kill(&place, run);
    let note = sent(&place, &["ready", "--data", r#"{"pallets": 7}"#]);
    assert!(note.contains("the run takes it when it goes on: wfc resume "), "{note}");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str(), place.read("log").as_str()), (0, "pallets = 7\n", "after\n"));
}

#[test]
fn a_paused_run_takes_what_came_meanwhile_when_it_goes_on() {
    let place = Place::with(TAKES);
    let run = waiting(&place);
    assert_eq!(place.wfc(&["pause", "last"]).code, 0);
    assert_eq!(code(run), 5);
    sent(&place, &["ready", "--data", r#"{"pallets": 8}"#]);
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "pallets = 8\n"), "{}", outcome.stderr);
}

#[test]
fn a_resumed_run_waits_on_and_each_signal_counts_once() {
    let place = Place::with(
        "workflow main {\n  step a: signal \"s\" -> int\n  step mid: signal \"other\"\n  step b: signal \"s\" -> int\n  output sum: int = a * 10 + b\n}\n",
    );
    let run = waiting(&place);
    sent(&place, &["s", "--data", "1"]);
    kill(&place, run);
    let mut command = place.command(&["resume", "last"]);
    let run = command.spawn().expect("the binary starts");
    until("the process", || !place.wfc(&["runs"]).stdout.contains("interrupted"));
    sent(&place, &["other"]);
    until("the last wait", || told(&place).contains("waits    b:"));
    sent(&place, &["s", "--data", "2"]);
    assert_eq!(code(run), 0);
    assert!(told(&place).contains("sum = 12\n"), "{}", told(&place));
}

#[test]
fn data_that_fits_no_step_is_refused_where_it_is_sent() {
    let place = Place::with(TAKES);
    let run = waiting(&place);
    for (data, found) in [(r#"{"pallets": "many"}"#, "expected int"), ("null", "expected"), ("[]", "expected")] {
        let outcome = place.wfc(&["signal", "last", "ready", "--data", data]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("the data does not fit") && outcome.stderr.contains(found), "{}", outcome.stderr);
    }
    sent(&place, &["ready", "--data", r#"{"pallets": 3}"#]);
    assert_eq!(code(run), 0);
}

#[test]
fn data_that_only_another_step_takes_fails_the_one_that_has_it() {
    let handler = "-> { pallets: int } { on failure { step said: shell \"echo ${failure.kind} >> log\" { reads only } } }\n  step other: signal \"ready\" -> [json]";
    let place = Place::with(&TAKES.replace("-> { pallets: int }", handler));
    let run = waiting(&place);
    sent(&place, &["ready", "--data", "[]"]);
    assert_eq!((code(run), place.read("log")), (1, "decode\n".to_owned()));
    assert!(told(&place).contains("data of the signal does not fit: expected"), "{}", told(&place));
}

#[test]
fn a_signal_that_does_not_come_in_time_fails_and_may_be_waited_for_again() {
    let place = Place::with(
        "workflow main {\n  step s: signal \"s\" { timeout 30ms, retry 2 times pause 5ms, on failure continue when failure.kind == \"timeout\" }\n  output none: bool = s == null\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "none = true\n"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("no signal `s` came within 30ms") && outcome.stderr.contains("3 attempts"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_run_that_waits_is_cancelled_with_its_handlers() {
    let place = Place::with(
        "workflow main {\n  step s: signal \"s\"\n  on cancel { step said: shell \"echo said >> log\" { reads only } }\n}\n",
    );
    let run = waiting(&place);
    assert_eq!(place.wfc(&["cancel", "last"]).code, 0);
    assert_eq!((code(run), place.read("log")), (1, "said\n".to_owned()));
    // Also where nobody goes on with it.
    let place = Place::with(&place.read("main.wf"));
    let run = waiting(&place);
    kill(&place, run);
    assert_eq!(place.wfc(&["cancel", "last"]).code, 0);
    assert_eq!(place.read("log"), "said\n");
}

#[test]
fn steps_that_wait_hold_no_slot() {
    let place = Place::with(
        "workflow main {\n  parallel {\n    for each n in 1..20 parallel { step s: signal \"s\" }\n    step works: shell \"echo works >> log\" { no undo \"it is a test\" }\n  }\n}\n",
    );
    let run = start(&place, &["--jobs", "1"]);
    until("the step beside", || place.path("log").exists());
    until("all waits", || told(&place).matches("waits    s[").count() == 20);
    for _ in 0..20 {
        sent(&place, &["s"]);
    }
    assert_eq!(code(run), 0);
}

#[test]
fn what_nobody_can_mean_is_refused() {
    let place = Place::with(TAKES);
    let run = waiting(&place);
    let outcome = signal(&place, &["raedy"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("waits for a signal `raedy`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Do you mean `ready`?"), "{}", outcome.stderr);
    let outcome = signal(&place, &["ready", "--data", "text"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("the data is no JSON"), "{}", outcome.stderr);
    let outcome = signal(&place, &["ready", "--data", "@missing.json"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("`missing.json` cannot be read"), "{}", outcome.stderr);
    let outcome = signal(&place, &["ready", "--data", &format!("{{\"pallets\": 1{}}}", " ".repeat(100_000))]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(code(run), 0);
    let outcome = place.wfc(&["signal", "zzzz", "ready"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("there is no run `zzzz`"), "{}", outcome.stderr);
    let place = Place::with("workflow main { step a: sleep 1h }\n");
    let run = start(&place, &[]);
    until("the run", || place.wfc(&["runs"]).stdout.contains("running"));
    let outcome = signal(&place, &["ready"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("no step of kind `signal`"), "{}", outcome.stderr);
    kill(&place, run);
}

#[test]
fn names_and_data_are_data() {
    for name in ["a b", "-x", "${x}", "'; rm -rf /", "\u{1b}[31m", "ü", "../x"] {
        let place = Place::with(
            "workflow main {\n  param name: string\n  step s: signal { name: name }\n  output got: json = s.data\n}\n",
        );
        let run = start(&place, &["--param", &format!("name={name}"), "--output", "out.json"]);
        until("the wait", || told(&place).contains("\nwaits    "));
        assert!(!told(&place).contains('\u{1b}'), "{}", told(&place));
        let data = serde_json::to_string(&[name, "$(touch hacked)", "\u{0}\n"]).expect("JSON");
        let note = sent(&place, &["--data", &data, "--", name]);
        assert!(note.contains("was taken") && !note.contains('\u{1b}'), "{note}");
        assert_eq!(code(run), 0);
        let got: serde_json::Value = serde_json::from_str(&place.read("out.json")).expect("JSON");
        assert_eq!(got["got"].to_string(), data);
        assert!(!place.path("hacked").exists());
    }
}

#[test]
fn a_secret_in_data_is_not_kept() {
    let place = Place::with(
        "workflow main {\n  secret token from env \"TOKEN\"\n  step s: signal \"s\"\n  step used: shell \"true\" { reads only, env: { T: token } }\n  output got: json = s.data\n}\n",
    );
    let mut command = place.command(&["run", "main.wf"]);
    let run = command.env("TOKEN", "canary-in-a-signal").stdout(std::process::Stdio::piped()).spawn().expect("the binary starts");
    until("the wait", || told(&place).contains("\nwaits    "));
    sent(&place, &["s", "--data", r#"{"a": "xcanary-in-a-signalx"}"#]);
    let ended = run.wait_with_output().expect("it ends");
    let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(shown.contains("x***x") && !shown.contains("canary"), "{shown}");
    assert!(!told(&place).contains("canary"), "{}", told(&place));
}

#[test]
fn many_signals_wait_for_a_run_and_each_is_taken_once() {
    let place = Place::with(
        "workflow main {\n  parts: for each n in 1..300 parallel { step s: signal \"s\" -> int }\n  output sum: int = parts.s.sum()\n  output all: int = parts.s.unique().length\n}\n",
    );
    let run = waiting(&place);
    kill(&place, run);
    let store = wf_store::Store::open(&place.path(".local/state/wfc")).expect("the store of the run");
    let run = store.find("last").expect("the run").id;
    for data in 1..=300 {
        let message = wf_model::event::Message::Signal { name: "s".into(), data: data.into(), by: "ada".into() };
        store.send(&run, &message).expect("it is kept");
    }
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "sum = 45150\nall = 300\n"), "{}", outcome.stderr);
    assert_eq!(store.mailbox(&run).behind(0).expect("the store is whole"), []);
}
