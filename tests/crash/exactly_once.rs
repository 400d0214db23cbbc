//! A transaction that keeps a record of itself takes effect once, also where the run is killed behind its end and before the journal tells.

use super::scene::{Fault, Kill, Scene};

const WORKFLOW: &str = r#"workflow main {
  let data: url = "sqlite:data.db?mode=rwc"
  step table: sql "create table if not exists entries (number int)" { database: data, no undo "a log", on unknown rerun }
  for each n in [1, 2, 3] {
    step add: sql "insert into entries values (${n})" { database: data, once: true, no undo "a log", on unknown rerun }
  }
  step count: sql "select count(*) as entries, sum(number) as total from entries" -> [{ entries: int, total: int }] {
    database: data
    reads only
  }
  output all: string = "${count[0].entries} ${count[0].total}"
}
"#;

/// The same without a record.
fn careless() -> String {
    WORKFLOW.replace("once: true, ", "")
}

/// What is there at the end where the run is killed as it makes a call, and goes on; `None` where it ended before.
fn killed_at(text: &str, number: u32) -> Option<String> {
    let scene = Scene::of(text);
    let kill = Kill::At(Fault { file: "-wal", call: "pwrite64", number });
    if scene.killed(&["run", "main.wf"], kill).is_some() {
        return None;
    }
    let outcome = scene.ended(if scene.journal().is_some() { &["resume", "last"] } else { &["run", "main.wf"] });
    assert_eq!(outcome.code, 0, "killed at write {number}: {}", outcome.stderr);
    Some(outcome.stdout)
}

#[test]
fn a_transaction_with_a_record_takes_effect_once_wherever_the_run_is_killed() {
    let calls = Scene::of(WORKFLOW).calls(&["run", "main.wf"], &[("-wal", "pwrite64")])[0];
    let twice: Vec<u32> =
        (1..=calls).filter(|number| killed_at(&careless(), *number).is_some_and(|told| told != "all = 3 6\n")).collect();
    assert!(!twice.is_empty(), "no kill fell between the end of a transaction and the journal");
    let beside = (1..=calls).filter(|number| number % 4 == 0);
    let mut met = 0;
    for number in twice.iter().copied().chain(beside) {
        if let Some(told) = killed_at(WORKFLOW, number) {
            assert_eq!(told, "all = 3 6\n", "killed at write {number}");
            met += 1;
        }
    }
    assert!(met >= twice.len(), "{met} of {calls} writes were met, and {twice:?} matter");
}
