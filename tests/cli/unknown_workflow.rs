//! `on unknown check` with a workflow.

use super::resume::{killed, killed_at, resumed};
use super::{Outcome, Place};
use std::process::Stdio;

/// A run that was killed while a step waits whose check is a workflow with this text.
fn interrupted(decode: &str, check: &str, clause: &str) -> Place {
    let place = Place::with(&format!(
        "workflow main {{\n  step first: shell \"echo one\" -> string {{ reads only }}\n  step mid: shell \"echo mid >> log; touch begun; until [ -e free ]; do sleep 0.01; done; echo two\" {decode} {{\n    no undo \"x\"\n    timeout 1m\n    on unknown check looks {{ file: \"done-${{first}}\"{clause} }}\n  }}\n  output o: json = mid\n}}\n\nworkflow looks {{\n  param file: string\n{check}\n}}\n"
    ));
    killed_at(&place, "begun");
    place.write("free", "");
    place
}

const LOOKS: &str = "  step seen: shell \"cat ${file}\" -> int { reads only }\n  output parts: int = seen";

#[test]
fn a_workflow_finds_that_a_step_was_done_and_gives_its_value() {
    let place = interrupted("-> { parts: int }", LOOKS, "");
    place.write("done-one", "4\n");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log")), (0, "mid\n".to_owned()), "{}", outcome.stderr);
    assert!(outcome.stdout == "o = { parts: 4 }\n" && outcome.stderr.contains("check    mid: it was done\n"), "{outcome:?}");
}

#[test]
fn a_workflow_that_fails_says_no() {
    let place = interrupted("-> string", "  step seen: shell \"test -e ${file}\" { reads only }", "");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log")), (0, "mid\nmid\n".to_owned()), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: it was not done, and runs again\n"), "{}", outcome.stderr);
}

#[test]
fn a_workflow_that_cannot_tell_leaves_it_to_somebody() {
    let place = interrupted("-> { parts: int }", LOOKS, "");
    place.write("done-one", "many\n");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: its check cannot tell: "), "{}", outcome.stderr);
    let slow = "  step seen: shell \"sleep 600\" { reads only }";
    let place = interrupted("", slow, ", timeout 100ms");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check took longer than 100ms"), "{}", outcome.stderr);
}

#[test]
fn a_workflow_reads_its_secrets() {
    let place = Place::with(
        "workflow main {\n  step mid: shell \"touch begun; until [ -e free ]; do sleep 0.01; done\" {\n    no undo \"x\"\n    timeout 1m\n    on unknown check looks {}\n  }\n}\n\nworkflow looks {\n  secret token from env \"LOOK_TOKEN\"\n  step seen: shell \"printf %s \\\"$TOKEN\\\" > told; echo \\\"with $TOKEN\\\" >&2\" { reads only, env: { TOKEN: token } }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert!(outcome.code == 2 && outcome.stderr.contains("secret `token` has no value"), "before anything runs: {outcome:?}");

    let with_token = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("LOOK_TOKEN", "canary-token");
        command
    };
    let run = with_token(&["run", "main.wf"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    killed(&place, run, "begun");
    let outcome = Outcome::of(with_token(&["resume", "last"]).output().expect("the binary starts"));
    assert_eq!((outcome.code, place.read("told")), (0, "canary-token".to_owned()), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: it was done\n") && !outcome.stderr.contains("canary"), "{}", outcome.stderr);
}

#[test]
fn a_check_does_not_wait_for_somebody() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"true\" { no undo \"x\", on unknown check looks {} }\n}\nworkflow looks { step asks: approval \"Was it done?\" }\n",
    );
    let outcome = place.wfc(&["check", "main.wf"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("a check of `on unknown` waits for somebody"), "{}", outcome.stdout);
}
