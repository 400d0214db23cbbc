//! One store, and many who use it.

use super::{Outcome, Place};
use std::process::{Child, Stdio};
use std::time::Duration;
use wf_model::event::Event;
use wf_model::run::{RunRecord, UndoStatus};
use wf_store::Store;

fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

#[test]
fn fifty_runs_share_a_store_that_none_of_them_found() {
    let place = Place::with(
        "workflow main {\n  param n: int\n  for each i in 1..3 {\n    step say: shell \"echo ${n} ${i}\" { no undo \"x\" }\n  }\n}\n",
    );
    let runs: Vec<Child> = (0..50).map(|n| start(&place, &["run", "main.wf", "--param", &format!("n={n}")])).collect();
    for run in runs {
        let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    let listed = place.wfc(&["runs", "--limit", "100"]).stdout;
    let ids: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!((ids.len(), listed.matches("succeeded").count()), (50, 50), "{listed}");
    let mut numbers: Vec<String> = Vec::new();
    for id in ids {
        let said = place.wfc(&["logs", id, "say[2]"]).stdout;
        numbers.push(said.strip_suffix(" 3\n").unwrap_or(&said).to_owned());
    }
    numbers.sort_by_key(|number| number.parse::<u32>().unwrap_or(u32::MAX));
    assert_eq!(numbers, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn runs_go_on_while_others_are_deleted() {
    let place = Place::with("workflow main {\n  step say: shell \"echo hello\" { no undo \"x\" }\n}\n");
    let runs: Vec<Child> = (0..10).map(|_| start(&place, &["run", "main.wf"])).collect();
    let deletions: Vec<Child> = (0..10).map(|_| start(&place, &["delete", "--keep", "2"])).collect();
    for child in runs.into_iter().chain(deletions) {
        let outcome = Outcome::of(child.wait_with_output().expect("it ends"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    assert_eq!(place.wfc(&["delete", "--keep", "2"]).code, 0);
    assert_eq!(place.wfc(&["runs"]).stdout.matches("succeeded").count(), 2);
}

#[test]
fn what_was_written_before_a_run_was_killed_is_shown() {
    let place =
        Place::with("workflow main {\n  step talk: shell \"while :; do echo 0123456789; done\" { reads only, timeout 5m }\n}\n");
    let mut run = start(&place, &["run", "main.wf"]);
    let talk = || place.wfc(&["logs", "last", "talk"]);
    while talk().stdout.len() < 100_000 {
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    while !place.wfc(&["runs"]).stdout.contains("interrupted") {
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = talk();
    assert_eq!(told.code, 0);
    assert!(told.stderr.contains("the process of the run ended while talk wrote"), "{}", told.stderr);
    let mut lines = told.stdout.lines();
    let last = lines.next_back().expect("a line");
    let bound = 64 * 1024 * 1024;
    assert!(told.stdout.len() > 100_000 && told.stdout.len() < bound, "{}", told.stdout.len());
    assert!(lines.all(|line| line == "0123456789") && "0123456789".starts_with(last));
}

#[test]
fn the_json_of_a_status_is_the_record_of_the_run() {
    let place = Place::with(
        "workflow main {\n  each: for each i in 1..3 {\n    let twice = i * 2\n    step a: shell \"echo ${twice}\" -> int { undo shell \"exit ${if i == 1 then 1 else 0}\" { retry 0 times } }\n    step never: shell \"true\" when i > 5 { reads only }\n  }\n  step b: shell \"exit 3\" { reads only }\n  on failure rollback\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 4);
    let told = place.wfc(&["status", "last", "--format", "json"]).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let store = Store::open(&place.path(".local/state/wfc")).expect("the store");
    let run = store.find("last").expect("a run");
    let batches: Result<Vec<Vec<Event>>, _> = store.history(&run.id).expect("a history").collect();
    let record = RunRecord::of(&batches.expect("events").concat());
    assert!(record.instances.values().any(|instance| instance.undo == UndoStatus::Undone), "{record:#?}");
    assert_eq!(told, serde_json::to_value(&record).expect("JSON"));
}
