//! Locks between runs, each in a process of its own.

use super::{Outcome, Place};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Holds the lock until a file is there.
fn holding(body: &str) -> String {
    format!(
        "workflow hold {{\n  lock \"x\"\n  step a: shell \"touch held; until [ -e free ]; do sleep 0.01; done\" {{ no undo \"it is a test\" }}\n}}\nworkflow other {{\n{body}\n}}\n"
    )
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(place: &Place, workflow: &str) -> Child {
    let mut command = place.command(&["run", &format!("main.wf:{workflow}")]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// A run that holds the lock.
fn held(body: &str) -> (Place, Child) {
    let place = Place::with(&holding(body));
    let holder = start(&place, "hold");
    until("the lock", || place.path("held").exists());
    (place, holder)
}

fn ended(child: Child) -> Outcome {
    Outcome::of(child.wait_with_output().expect("it was started here"))
}

/// The id of the run that began last.
fn last(place: &Place) -> String {
    let listed = place.wfc(&["runs", "--format", "json"]).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    listed[0]["run"].as_str().expect("an id").to_owned()
}

#[test]
fn a_run_waits_for_a_lock_that_another_holds() {
    let (place, holder) = held("  step b: shell \"touch done\" { no undo \"it is a test\", lock \"x\" }");
    let run = last(&place);
    let waiter = start(&place, "other");
    until("the second run", || last(&place) != run);
    assert!(!place.path("done").exists());
    place.write("free", "");
    assert_eq!(ended(holder).code, 0);
    let waited = ended(waiter);
    assert_eq!(waited.code, 0, "{}", waited.stderr);
    assert!(place.path("done").exists());
}

#[test]
fn who_holds_a_lock_is_told() {
    let (place, holder) = held("  lock \"x\" else fail\n  step b: shell \"touch done\" { no undo \"it is a test\" }");
    let run = last(&place);
    let outcome = place.wfc(&["run", "main.wf:other"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains(&format!("lock `x` is held by run {run}")), "{}", outcome.stderr);
    assert!(!place.path("done").exists());
    place.write("free", "");
    assert_eq!(ended(holder).code, 0);
    assert_eq!(place.wfc(&["run", "main.wf:other"]).code, 0);
}

#[test]
fn a_workflow_that_is_already_running_can_be_skipped() {
    let (place, holder) = held("  lock \"x\" else skip\n  step b: shell \"touch done\" { no undo \"it is a test\" }");
    let outcome = place.wfc(&["run", "main.wf:other"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("locked   the workflow: lock `x` is held by run"), "{}", outcome.stderr);
    assert!(!place.path("done").exists());
    place.write("free", "");
    assert_eq!(ended(holder).code, 0);
}

#[test]
fn a_lock_of_a_process_that_was_killed_is_free_and_taken_again_by_its_run() {
    let (place, mut holder) = held("  lock \"x\"\n  step b: shell \"true\" { reads only }");
    let run = last(&place);
    holder.kill().expect("it runs");
    holder.wait().expect("it was started here");
    let other = place.wfc(&["run", "main.wf:other"]);
    assert_eq!(other.code, 0, "{}", other.stderr);
    place.write("free", "");
    let resumed = place.wfc(&["resume", &run, "--step", "a=rerun"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
}

#[test]
fn a_run_that_waits_for_a_lock_can_be_interrupted() {
    let (place, holder) = held("  lock \"x\"\n  step b: shell \"touch done\" { no undo \"it is a test\" }");
    let run = last(&place);
    let waiter = start(&place, "other");
    until("the second run", || last(&place) != run);
    let pid = rustix::process::Pid::from_child(&waiter);
    let log = || place.wfc(&["status", "last", "--format", "json"]).stdout;
    until("the wait", || !log().is_empty());
    // Whether it is caught before or after it waits, it ends.
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let outcome = waiter.wait_with_output().expect("it was started here");
    assert_ne!(outcome.status.code(), Some(0));
    place.write("free", "");
    assert_eq!(ended(holder).code, 0);
    assert!(!place.path("done").exists());
}

#[test]
fn an_undo_waits_for_the_lock_that_another_run_has_by_then() {
    let other = "  step a: shell \"touch begun\" { undo shell \"! [ -e held ] || [ -e free ]\", lock \"x\" }\n  step b: shell \"until [ -e held ]; do sleep 0.01; done; exit 1\" { reads only }\n  on failure rollback";
    let place = Place::with(&holding(other));
    let stderr = std::fs::File::create(place.path("stderr")).expect("a file");
    let mut command = place.command(&["run", "main.wf:other"]);
    let waiter = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the binary starts");
    until("the step", || place.path("begun").exists());
    let holder = start(&place, "hold");
    until("the undo", || place.read("stderr").contains("waits    undo of a: lock `x` is held by run"));
    place.write("free", "");
    assert_eq!(ended(holder).code, 0);
    assert_eq!(ended(waiter).code, 3, "{}", place.read("stderr"));
}

#[test]
fn a_call_that_did_not_begin_is_not_among_what_is_not_undone() {
    let place = Place::with(
        r#"workflow main {
  parallel {
    step holder: shell "touch held; until [ -e free ]; do sleep 0.01; done" { no undo "it is a test", lock "x" }
    stage {
      step ready: shell "until [ -e held ]; do sleep 0.01; done" { reads only }
      late: stage {
        timeout 100ms
        on failure continue
        step waits: child { lock "x", undo shell "true" }
      }
      step frees: shell "touch free" { no undo "it is a test" }
    }
  }
  step stands: child { undo shell "true" }
  step breaks: child { number: 2 - 5, undo shell "true" }
}
workflow child {
  param number: int = 1 where number > 0
  step one: shell "true" { no undo "it is a test" }
}
"#,
    );
    let outcome = place.wfc(&["run", "main.wf"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("not undone: stands (no handler rolled it back)\n"), "{}", outcome.stderr);
}

/// Two workflows that take the same locks in different orders, each once the other has its first, and one that only waits.
const CROSSED: &str = r#"workflow one {
  param goes_on: bool = false
  stage {
    lock "x"
    step first: shell "touch one; until [ -e two ]; do sleep 0.01; done" { no undo "it is a test" }
    parallel {
      step more: shell "touch more; until [ -e free ]; do sleep 0.01; done" when goes_on { no undo "it is a test" }
      step second: shell "echo one >> log" { no undo "it is a test", lock "y" }
    }
  }
}
workflow two {
  stage {
    lock "y"
    step first: shell "until [ -e one ]; do sleep 0.01; done; touch two" { no undo "it is a test" }
    parallel {
      step second: shell "echo two >> log" { no undo "it is a test", lock "x" }
      step third: shell "echo two >> log" { no undo "it is a test", lock "x" }
    }
  }
}
workflow bystander {
  step waits: shell "echo bystander >> log" { no undo "it is a test", lock "x" }
}
"#;

#[test]
fn of_runs_that_wait_for_each_other_the_later_gives_way() {
    let place = Place::with(CROSSED);
    let one = start(&place, "one");
    until("the first lock", || place.path("one").exists());
    let run = last(&place);
    let bystander = start(&place, "bystander");
    until("the second run", || last(&place) != run);
    let two = start(&place, "two");
    let (one, two) = (ended(one), ended(two));
    assert_eq!((one.code, two.code), (0, 1), "{}\n{}", one.stderr, two.stderr);
    let told = format!(
        "lock `x` cannot be taken: it never comes: run {run} holds lock `x` and waits for lock `y`, which this run holds"
    );
    assert!(two.stderr.contains(&told), "{}", two.stderr);
    assert_eq!(ended(bystander).code, 0);
    let log = place.read("log");
    assert!(log.contains("one\n") && log.contains("bystander\n") && !log.contains("two\n"), "{log}");
}

/// Whether a run says that it can do nothing but wait for locks.
fn somebody_stands_still(place: &Place) -> bool {
    let mut names = std::fs::read_dir(place.path(".local/state/wfc/locks")).expect("a folder").flatten();
    names.any(|entry| entry.path().extension().is_some_and(|end| end == "still"))
}

#[test]
fn a_run_in_which_something_goes_on_is_waited_for() {
    let place = Place::with(CROSSED);
    let mut one = place.command(&["run", "main.wf:one", "--param", "goes_on=true"]);
    let one = one.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until("the first lock", || place.path("one").exists());
    let mut two = start(&place, "two");
    until("the wait", || place.path("more").exists() && somebody_stands_still(&place));
    assert!(two.try_wait().expect("a child").is_none());
    place.write("free", "");
    assert_eq!((ended(one).code, ended(two).code), (0, 1));
}
