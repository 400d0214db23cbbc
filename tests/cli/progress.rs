//! What `wfc run` says of attempts, rounds and time limits.

use super::{Outcome, Place};
use serde_json::Value;

fn place(body: &str) -> Place {
    let place = Place::new();
    place.write("main.wf", &format!("workflow main {{\n{body}\n}}\n"));
    place
}

fn ran(place: &Place, format: &str) -> Outcome {
    place.wfc(&["run", "--format", format, "main.wf"])
}

#[test]
fn a_block_that_runs_out_of_time_is_named_with_its_place_and_limit() {
    let step = "step slow: shell \"sleep 60\" { reads only, timeout 2m }";
    let call = format!("  step eu: child {{ timeout 50ms }}\n}}\nworkflow child {{\n  {step}");
    let cases = [
        (format!("  timeout 50ms\n  {step}"), "", "workflow `main` took longer than 50ms", 1),
        (format!("  stage {{\n    timeout 50ms\n    {step}\n  }}"), "", "stage took longer than 50ms", 2),
        (format!("  both: parallel {{\n    timeout 50ms\n    {step}\n  }}"), "both", "parallel block took longer than 50ms", 2),
        (
            format!("  ship: for each x in [1] {{\n    timeout 50ms\n    {step}\n  }}"),
            "ship[0]",
            "iteration of the loop took longer than 50ms",
            2,
        ),
        (
            format!("  poll: repeat until false max 2 times {{\n    timeout 50ms\n    {step}\n  }}"),
            "poll",
            "round 1 of the loop took longer than 50ms",
            2,
        ),
        (call, "eu", "workflow `child` took longer than 50ms", 2),
    ];
    for (body, path, message, line) in cases {
        let place = place(&body);
        let whose = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let human = ran(&place, "human");
        assert!(human.stderr.contains(&format!("cause    {whose}{message} (main.wf:{line})\n")), "{}", human.stderr);
        let github = ran(&place, "github");
        let annotation = format!("::error file=main.wf,line={line},title=run failed::{whose}{message} (main.wf:{line})\n");
        assert!(github.stderr.contains(&annotation), "{}", github.stderr);
        let json: Value = serde_json::from_str(&ran(&place, "json").stdout).expect("JSON");
        let failure = json.get("failure").expect("a failure");
        let place = format!("main.wf:{line}");
        assert_eq!(failure["message"], message);
        assert_eq!(failure["place"], place.as_str());
        assert_eq!(failure["step"], path);
    }
}

#[test]
fn a_step_that_is_tried_again_shows_its_output_once() {
    let place = place("  step flaky: shell \"echo one; echo two; exit 3\" { reads only, timeout 10s, retry 2 times pause 1ms }");
    let outcome = ran(&place, "human");
    let shown: Vec<&str> = outcome.stderr.lines().skip(1).take(8).collect();
    let expected = [
        "retry    flaky: attempt 1 of 3 failed: exit code 3; next in 1ms",
        "       | two",
        "retry    flaky: attempt 2 of 3 failed: exit code 3; next in 1ms",
        "       | two",
        "output   flaky (main.wf:2)",
        "       $ echo one; echo two; exit 3",
        "       | one",
        "       | two",
    ];
    assert_eq!(shown, expected);
    assert!(outcome.stderr.contains(", 3 attempts): exit code 3\n"), "{}", outcome.stderr);
}

#[test]
fn output_of_a_step_whose_expectation_does_not_hold_is_shown() {
    let place =
        place("  step look: shell \"echo seen\" -> string { reads only, timeout 10s, expect look == \"x\" else \"not x\" }");
    let outcome = ran(&place, "human");
    assert!(outcome.stderr.contains("       | seen\nfailed   look ("), "{}", outcome.stderr);
}

#[test]
fn rounds_are_told_apart() {
    let body =
        "  poll: repeat until ok max 2 times {\n    step ok: shell \"printf false\" -> bool { reads only, timeout 10s }\n  }";
    let place = place(body);
    let outcome = ran(&place, "human");
    for part in ["done     poll.ok (round 1, ", "done     poll.ok (round 2, ", "after 2 rounds in `ok` (main.wf:2)"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    let verbose = place.wfc(&["run", "-v", "main.wf"]);
    assert!(verbose.stderr.contains("       | poll.ok (round 2): false\n"), "{}", verbose.stderr);
}

#[test]
fn a_cause_is_not_told_twice() {
    let place = place("  step count: shell \"echo many\" -> int { reads only, timeout 10s }");
    let outcome = ran(&place, "human");
    assert_eq!(outcome.stderr.matches("expected int, found `many`").count(), 1, "{}", outcome.stderr);
}
