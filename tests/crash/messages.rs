//! A message counts once, also where the run is killed between what it reads and what its journal tells.

use super::each;
use super::scene::{Fault, Kill, Scene};

/// A run that pauses, so that all messages are there before it takes the first one.
const WORKFLOW: &str = r#"workflow main {
  step quiet_room: gate { check: read("./open") == "yes", otherwise: "pause" }
  for each n in 1..3 {
    step part: signal "part" -> int { timeout 5m }
    step told: shell "echo ${part} >> told" { no undo "a log", on unknown rerun }
  }
}
"#;

/// A run that three messages wait for.
fn with_messages() -> Scene {
    let scene = Scene::of(WORKFLOW);
    scene.write("open", "no");
    assert_eq!(scene.ended(&["run", "main.wf"]).code, 5);
    for data in ["1", "2", "3"] {
        let outcome = scene.ended(&["signal", "last", "part", "--data", data]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    scene.write("open", "yes");
    scene
}

#[test]
fn a_message_counts_once_wherever_the_run_is_killed() {
    let (file, call) = ("-wal", "pwrite64");
    let calls = with_messages().calls(&["resume", "last"], &[(file, call)])[0];
    let numbers: Vec<u32> = (1..=calls).collect();
    let met = each(&numbers, |_, number| {
        let scene = with_messages();
        let killed = scene.killed(&["resume", "last"], Kill::At(Fault { file, call, number: *number })).is_none();
        if killed {
            let outcome = scene.ended(&["resume", "last"]);
            assert_eq!(outcome.code, 0, "killed at write {number}: {}", outcome.stderr);
        }
        let mut told: Vec<String> = scene.read("told").lines().map(str::to_owned).collect();
        // A step that was killed runs again, with the same value.
        told.dedup();
        assert_eq!(told, ["1", "2", "3"], "killed at write {number}");
        killed
    });
    let met = met.into_iter().filter(|killed| *killed).count();
    assert!(met * 4 >= numbers.len() * 3, "{met} of {calls} writes were met");
}
