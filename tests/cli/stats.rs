//! `wfc stats`, of real runs.

use super::Place;
use super::resume::until;
use serde_json::{Value, json};

/// A run is told what it does by files: `fails`, `flaky`, `slow`.
const TEXT: &str = "workflow main {
  parallel {
    step quick: shell \"true\" { reads only }
    step long: shell \"sleep 0.5\" { reads only }
  }
  each: for each n in 1..3 { step part: shell \"sleep 0.05\" { undo shell \"true\" } }
  step flaky: shell \"test ! -e flaky || { rm flaky; exit 1; }\" { reads only, retry 1 times pause 100ms }
  step last: shell \"test ! -e fails; if test -e slow; then sleep 1.5; fi\" { no undo \"a test\" }
  on failure rollback
}
";

fn told(place: &Place, arguments: &[&str]) -> Value {
    let outcome = place.wfc(&[&["stats", "--format", "json"], arguments].concat());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn step<'a>(workflow: &'a Value, name: &str) -> &'a Value {
    let steps = workflow["steps"].as_array().expect("a list");
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("{name} in {workflow:#}"))
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number: {value}"))
}

#[test]
fn runs_are_counted_by_how_they_ended_and_steps_by_what_became_of_them() {
    let place = Place::with(TEXT);
    assert_eq!(place.ran(&[]).code, 0);
    place.write("flaky", "");
    assert_eq!(place.ran(&[]).code, 0);
    place.write("fails", "");
    assert_eq!(place.ran(&[]).code, 3);
    let all = told(&place, &[]);
    let workflow = &all["workflows"][0];
    assert_eq!((&workflow["workflow"], &workflow["file"], &workflow["runs"]), (&json!("main"), &json!("main.wf"), &json!(3)));
    assert_eq!(workflow["ended"], json!({ "rolled_back": 1, "succeeded": 2 }));
    let sums = [&workflow["success_percent"], &workflow["retries"], &workflow["rollbacks"], &workflow["open"]];
    assert_eq!(sums, [&json!(66), &json!(1), &json!(1), &json!(0)]);
    let part = step(workflow, "each.part");
    assert_eq!((&part["ran"], &part["kind"], &part["undone"]), (&json!(9), &json!("shell"), &json!(3)));
    let flaky = step(workflow, "flaky");
    assert_eq!((&flaky["ran"], &flaky["retries"], &flaky["failed"]), (&json!(3), &json!(1), &json!(0)));
    assert!(number(&flaky["waited_ms"]["retries"]) >= 100 && number(&workflow["waited_ms"]["retries"]) >= 100, "{flaky}");
    assert_eq!(step(workflow, "last")["failed"], json!(1));
    let long = &step(workflow, "long")["took_ms"];
    assert!(number(&long["p50"]) >= 500 && number(&long["p99"]) >= number(&long["p50"]), "{long}");
    assert!(number(&workflow["took_ms"]["p50"]) >= 650, "two waits and three parts: {workflow:#}");
}

#[test]
fn the_critical_path_goes_by_what_ended_last() {
    let place = Place::with(TEXT);
    assert_eq!(place.ran(&[]).code, 0);
    let all = told(&place, &[]);
    let share = |name: &str| number(&step(&all["workflows"][0], name)["critical_percent"]);
    assert_eq!(share("quick"), 0, "it ends beside one that takes longer");
    assert!(share("long") > share("each.part") && share("each.part") > share("last"), "{all:#}");
    let shares: i64 = ["long", "each.part", "flaky", "last"].map(share).iter().sum();
    assert!((97..=100).contains(&shares), "{shares}% of the path in whole percents");
    assert_eq!(all["workflows"][0]["steps"][0]["step"], "long");
}

#[test]
fn a_latest_run_that_takes_far_longer_is_told() {
    let place = Place::with("workflow main {\n  step last: shell \"if test -e slow; then sleep 1.5; fi\" { reads only }\n}\n");
    for _ in 0..4 {
        assert_eq!(place.ran(&[]).code, 0);
    }
    let before = told(&place, &[]);
    assert_eq!((&before["workflows"][0]["slow"], &step(&before["workflows"][0], "last")["slow"]), (&Value::Null, &Value::Null));
    place.write("slow", "");
    assert_eq!(place.ran(&[]).code, 0);
    let all = told(&place, &[]);
    let slow = &step(&all["workflows"][0], "last")["slow"];
    assert!(number(&slow["took_ms"]) >= 1500 && number(&slow["p90_ms_before"]) < 500, "{slow}");
    let outcome = place.wfc(&["stats"]);
    assert!(
        outcome.stdout.contains("  slow     step `last` took 1.") && outcome.stdout.contains("nine of ten before"),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains("  runs     5 succeeded; 100% succeed\n"), "{}", outcome.stdout);
    let widest = outcome.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{}", outcome.stdout);
}

#[test]
fn waits_for_somebody_and_runs_that_go_on_are_told() {
    let place = Place::with(
        "workflow main {\n  step go: approval \"Go?\" { timeout 1h }\n  step a: shell \"true\" { reads only, lock \"one\" }\n}\n",
    );
    let run = super::resume::start(&place, &[]);
    until("the question", || place.wfc(&["status", "last"]).stdout.contains("waits    go"));
    let open = told(&place, &[]);
    assert_eq!((&open["workflows"][0]["open"], &open["workflows"][0]["runs"]), (&json!(1), &json!(0)));
    assert_eq!(place.wfc(&["approve", "last"]).code, 0);
    assert!(super::Outcome::of(run.wait_with_output().expect("it ends")).code == 0);
    let all = told(&place, &[]);
    let go = step(&all["workflows"][0], "go");
    assert!(number(&go["waited_ms"]["somebody"]) > 0 && number(&go["critical_percent"]) > 0, "{go}");
    assert!(place.wfc(&["stats"]).stdout.contains(" for somebody"), "{}", place.wfc(&["stats"]).stdout);
}

#[test]
fn only_what_is_asked_for_is_told() {
    let place = Place::with("workflow main { step a: shell \"true\" { reads only } }\n");
    place.write("other.wf", "workflow other { step b: shell \"true\" { reads only } }\n");
    let none = place.wfc(&["stats"]);
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (0, "", "no runs\n"));
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(place.wfc(&["run", "other.wf"]).code, 0);
    assert_eq!(told(&place, &[])["workflows"].as_array().map(Vec::len), Some(2));
    let other = told(&place, &["--workflow", "other"]);
    assert_eq!((other["workflows"].as_array().map(Vec::len), &other["workflows"][0]["workflow"]), (Some(1), &json!("other")));
    until("a moment without runs", || told(&place, &["--since", "1ms"])["workflows"] == json!([]));
}
