//! Runs whose process is killed, and what goes on with them.

use super::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Waits until something is so; a test that waits longer than this has failed.
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command(&[&["run", "main.wf"], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// Starts `main.wf` and kills its process once a file is there.
pub(crate) fn killed_at(place: &Place, file: &str) {
    killed(place, start(place, &[]), file);
}

/// Kills the process of a run once a file is there.
pub(super) fn killed(place: &Place, mut run: Child, file: &str) {
    until(file, || place.path(file).exists());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    // The other process of the run ends its steps first, which must not go on meanwhile.
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
}

/// A run that was killed while `step`, whose text is given, waits in its first attempt.
fn interrupted(step: &str, rest: &str) -> Place {
    let place = Place::with(&format!(
        "workflow main {{\n  step first: shell \"echo first >> log; echo one\" -> string {{ no undo \"x\" }}\n  {step}\n  step last: shell \"echo last >> log\" {{ no undo \"x\" }}\n  {rest}\n}}\n"
    ));
    killed_at(&place, "begun");
    place.write("free", "");
    place
}

/// Waits in its first attempt, which is killed.
pub(super) const WAITS: &str = "echo mid >> log; touch begun; until [ -e free ]; do sleep 0.01; done; echo two";

pub(crate) fn resumed(place: &Place, arguments: &[&str]) -> Outcome {
    place.wfc(&[&["resume", "last"], arguments].concat())
}

#[test]
fn what_only_reads_runs_again_and_what_is_done_does_not() {
    let place = interrupted(
        &format!("step mid: shell \"{WAITS}\" -> string {{ reads only, timeout 1m }}"),
        "output o: string = \"${first} ${mid}\"",
    );
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = one two\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nmid\nlast\n");
    assert!(outcome.stderr.contains("resume   1 step had ended before\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("succeeded in ") && outcome.stderr.contains(": 3 steps done\n"), "{}", outcome.stderr);
    assert!(place.wfc(&["runs"]).stdout.contains("succeeded"), "it ended");
}

#[test]
fn what_changes_the_world_waits_for_somebody_who_knows() {
    let step = format!("step mid: shell \"{WAITS}\" -> string {{ no undo \"x\", timeout 1m }}");
    let place = interrupted(&step, "output o: string = mid");
    let told = place.wfc(&["status", "last"]).stdout;
    assert!(told.contains("\nwas under way when the process of the run ended: mid\n"), "{told}");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (5, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("nobody knows whether step `mid` had its effect"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--step 'mid=done|rerun|fail'"), "{}", outcome.stderr);

    let outcome = resumed(&place, &["--step", "mid=done"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("its value is used and was not kept"), "{}", outcome.stderr);
    let outcome = resumed(&place, &["--step", "mid=done", "--value", "7"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("It has to be a `string`;"), "{}", outcome.stderr);
    let outcome = resumed(&place, &["--step", "mdi=done"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("Do you mean `mid`?"), "{}", outcome.stderr);
    let outcome = resumed(&place, &["--step", "mid=perhaps"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("none of done, rerun, fail"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\n");

    let outcome = resumed(&place, &["--step", "mid=done", "--value", "\"said\""]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = said\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nlast\n");
    let outcome = resumed(&place, &[]);
    assert!(outcome.code == 2 && outcome.stderr.contains("has ended: succeeded"), "{}", outcome.stderr);
}

#[test]
fn the_answer_may_stand_beside_the_step_or_come_from_the_command_line() {
    let step = |answer: &str| format!("step mid: shell \"{WAITS}\" {{ no undo \"x\", timeout 1m{answer} }}");
    for (clause, arguments, code, log) in [
        (", on unknown rerun", &[][..], 0, "first\nmid\nmid\nlast\n"),
        (", on unknown done", &[], 0, "first\nmid\nlast\n"),
        (", on unknown fail", &[], 1, "first\nmid\n"),
        (", on unknown done", &["--step", "mid=rerun"], 0, "first\nmid\nmid\nlast\n"),
        ("", &["--step", "mid=fail"], 1, "first\nmid\n"),
        (", retry 1 times", &["--step", "mid=fail"], 0, "first\nmid\nmid\nlast\n"),
    ] {
        let place = interrupted(&step(clause), "");
        let outcome = resumed(&place, arguments);
        assert_eq!((outcome.code, place.read("log")), (code, log.to_owned()), "{clause} {arguments:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_run_keeps_the_files_that_it_began_with() {
    let place = Place::with(&format!(
        "use \"./lib.wf\" (child)\nworkflow main {{\n  step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}\n  step c: child {{ }}\n  output o: string = c.o\n}}\n"
    ));
    place.write("lib.wf", "workflow child {\n  output o: string = \"old\"\n}\n");
    killed_at(&place, "begun");
    place.write("free", "");
    place.write("lib.wf", "workflow child {\n  output o: string = \"new\"\n}\n");
    place.write("main.wf", "nothing that checks");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = old\n"), "{}", outcome.stderr);
}

#[test]
fn what_was_seen_outside_is_seen_again() {
    let place = interrupted(
        &format!(
            "let when = now()\n  let one = uuid()\n  step mid: shell \"{WAITS}; echo ${{when}} ${{one}} > seen\" {{ reads only, timeout 1m }}"
        ),
        "output o: string = \"${when} ${one}\"",
    );
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.stdout, format!("o = {}", place.read("seen")), "{}", outcome.stderr);
}

#[test]
fn secrets_are_read_again_and_kept_nowhere() {
    let place = Place::with(&format!(
        "workflow main {{\n  secret token from file \"./token\"\n  step made: shell \"echo made >> log; cat made\" -> secret {{ reads only }}\n  step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}\n  step use: shell \"printf %s ${{made}}${{token}} > used\" {{ no undo \"x\" }}\n}}\n"
    ));
    for (name, text) in [("token", "t0ken-canary"), ("made", "made-canary")] {
        place.write(name, text);
    }
    killed_at(&place, "begun");
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(
        (place.read("used"), place.read("log")),
        ("made-canaryt0ken-canary".to_owned(), "made\nmid\nmade\nmid\n".to_owned())
    );
    let mut left = vec![place.path(".local")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
            continue;
        }
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        assert!(!bytes.windows(7).any(|window| window == b"-canary"), "{}", path.display());
    }
}

#[test]
fn one_process_goes_on_with_a_run_at_a_time() {
    let place = Place::with(&format!("workflow main {{\n  step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}\n}}\n"));
    let mut run = start(&place, &[]);
    until("begun", || place.path("begun").exists());
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 73, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("held by another process"), "{}", outcome.stderr);
    assert!(place.wfc(&["status", "last"]).stdout.ends_with("running\n"), "it runs");
    place.write("free", "");
    assert!(run.wait().expect("it was started here").success());
}

#[test]
fn what_outlived_both_processes_is_ended_first() {
    let place =
        Place::with("workflow main {\n  step a: shell \"echo $$ >> pids; exec sleep 300\" { reads only, timeout 1s }\n}\n");
    let mut guard = start(&place, &[]);
    until("pids", || place.path("pids").exists() && place.read("pids").ends_with('\n'));
    let survivor = place.read("pids").trim().to_owned();
    let number = |id: &str| Pid::from_raw(id.parse().expect("a number")).expect("a process");
    let id = guard.id().to_string();
    let inner = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("a list");
    // The guard cannot end the step any more when it sees that the other process died.
    kill_process(number(&id), Signal::STOP).expect("it runs");
    kill_process(number(inner.trim()), Signal::KILL).expect("it runs");
    guard.kill().expect("it runs");
    guard.wait().expect("it was started here");
    assert!(Path::new("/proc").join(&survivor).exists(), "nobody was left to end it");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    until("the end of the survivor", || !Path::new("/proc").join(&survivor).exists());
}

#[test]
fn a_run_that_is_not_there_is_told() {
    let place = Place::new();
    for arguments in [["resume", "last"], ["status", "abc"], ["resume", "../x"]] {
        let outcome = place.wfc(&arguments);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("there is no run"), "{}", outcome.stderr);
    }
    assert_eq!(place.wfc(&["runs"]).stderr, "no runs\n");
}

/// A run whose step says how to look whether it was done.
fn checked(check: &str) -> Place {
    let step =
        format!("step mid: shell \"{WAITS}\" -> string {{ no undo \"x\", timeout 1m, on unknown check shell \"{check}\" }}");
    interrupted(&step, "output o: string = mid")
}

#[test]
fn a_check_finds_that_a_step_was_done_and_gives_its_value() {
    let place = checked("cat done");
    place.write("done", "as it was\n");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = as it was\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: it was done\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nlast\n");
}

#[test]
fn a_check_that_says_no_lets_the_step_run_again() {
    let place = checked("cat done");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = two\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: it was not done, and runs again\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nmid\nlast\n");
}

#[test]
fn a_check_that_cannot_tell_leaves_it_to_somebody() {
    let place = checked("no-such-program");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: its check cannot tell: "), "{}", outcome.stderr);
    let outcome = resumed(&place, &["--step", "mid=done", "--value", "\"said\""]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = said\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nlast\n");
}

#[test]
fn a_check_that_takes_too_long_leaves_it_to_somebody() {
    let check = "on unknown check shell \"touch checking; sleep 600; echo two\" { timeout 200ms }";
    let step = format!("step mid: shell \"{WAITS}\" -> string {{ no undo \"x\", timeout 1m, {check} }}");
    let place = interrupted(&step, "output o: string = mid");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.path("checking").exists()), (5, true), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("check    mid: its check cannot tell: "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--step 'mid=done|rerun|fail'"), "{}", outcome.stderr);
}

/// A run that was killed while a step of a called workflow, one of a round, and three of a parallel loop wait.
fn interrupted_everywhere() -> Place {
    let step = |name: &str, begun: &str| {
        format!(
            "step {name}: shell \"echo {name} >> log; touch {begun}; until [ -e free ]; do sleep 0.01; done; echo two\" -> string {{ no undo \"x\", timeout 1m }}"
        )
    };
    let (mid, answer, inner) = (step("mid", "begun${n}"), step("answer", "round"), step("inner", "called"));
    let place = Place::with(&format!(
        "workflow main {{
  parallel {{
    ship: for each n in 1..3 parallel {{ {mid} }}
    again: repeat until answer == \"two\" max 3 times {{ {answer} }}
    step c: child {{ }}
  }}
  output o: string = c.o
}}
workflow child {{
  {inner}
  output o: string = inner
}}
"
    ));
    let mut run = start(&place, &["--jobs", "8"]);
    let begun = ["begun1", "begun2", "begun3", "round", "called"];
    until("all of them", || begun.iter().all(|name| place.path(name).exists()));
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free", "");
    place.write("log", "");
    place
}

#[test]
fn steps_in_loops_and_called_workflows_are_named_as_they_are_shown() {
    let place = interrupted_everywhere();
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    for name in ["c.inner", "again.answer", "ship.mid[0]", "ship.mid[1]", "ship.mid[2]"] {
        assert!(outcome.stderr.contains(&format!(" --step '{name}=done|rerun|fail'")), "{name}: {}", outcome.stderr);
    }
    assert!(outcome.stderr.contains("had their effect"), "{}", outcome.stderr);
    let unknown = [("inner", "Do you mean `c.inner`?"), ("nothing.near", "In doubt are `")];
    for (name, help) in unknown {
        let outcome = resumed(&place, &["--step", &format!("{name}=done")]);
        assert!(outcome.code == 2 && outcome.stderr.contains(help), "{}", outcome.stderr);
    }
    let arguments = ["--step", "c.inner=done", "--step", "ship.mid=done", "--step", "ship.mid[1]=rerun", "--step"];
    let outcome = resumed(&place, &[&arguments[..], &["again.answer=done"]].concat());
    // Which of them is asked for first depends on which began first.
    assert!(outcome.code == 2 && outcome.stderr.contains("=JSON'`; or let it run again"), "{}", outcome.stderr);
    let values = ["again.answer=done", "--value", "c.inner=\"said\"", "--value", "again.answer=\"two\""];
    let outcome = resumed(&place, &[&arguments[..], &values].concat());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = said\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "mid\n");
}

#[test]
fn as_many_steps_run_at_a_time_as_each_process_is_told() {
    let place = Place::with(
        "workflow main {
  ship: for each n in 1..12 parallel {
    step mid: shell \"echo ${n} >> log; until [ -e free ]; do sleep 0.01; done\" { reads only, timeout 1m }
  }
}
",
    );
    for (jobs, lines) in [(4, 4), (1, 5), (6, 11)] {
        let number = jobs.to_string();
        let mut command = match jobs {
            4 => place.command(&["run", "main.wf", "--jobs", "4"]),
            _ => place.command(&["resume", "last", "--jobs", &number]),
        };
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        until("so many", || place.path("log").exists() && place.read("log").lines().count() == lines);
        run.kill().expect("it runs");
        run.wait().expect("it was started here");
        until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    }
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(": 12 steps done"), "{}", outcome.stderr);
    assert_eq!(place.wfc(&["runbook", "last"]).code, 0);
}

#[test]
fn a_run_that_was_interrupted_ends_as_interrupted_in_another_process() {
    let place = Place::with(
        "workflow main {
  step stops: shell \"kill -INT $PPID; sleep 60\" { no undo \"x\", timeout 1m }
  on cancel {
    step waits: shell \"touch begun; until [ -e free ]; do sleep 0.01; done\" { reads only, timeout 1m }
    step last: shell \"echo last >> log\" { no undo \"x\" }
  }
}
",
    );
    killed_at(&place, "begun");
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log").as_str()), (130, "last\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("cancelled in "), "{}", outcome.stderr);
}

#[test]
fn runs_are_listed_by_how_they_stand_and_when_they_began() {
    let place = interrupted(&format!("step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}"), "");
    place.write("other.wf", "workflow other {\n  output o: int = 1\n}\n");
    assert_eq!(place.wfc(&["run", "other.wf"]).code, 0);
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    for (arguments, workflows) in [
        (&[][..], &["other", "main"][..]),
        (&["--state", "interrupted"], &["main"]),
        (&["--state", "running"], &[]),
        (&["--state", "succeeded"], &["other"]),
        (&["--workflow", "main"], &["main"]),
        (&["--since", "1h"], &["other", "main"]),
        (&["--since", "0s"], &[]),
        (&["--limit", "1"], &["other"]),
    ] {
        let outcome = place.wfc(&[&["runs", "--format", "json"], arguments].concat());
        let listed: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let names: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|run| run["workflow"].as_str()).collect();
        assert_eq!(names, workflows, "{arguments:?}");
    }
    for (arguments, message) in
        [(["--state", "gone"], "states are interrupted, queued"), (["--since", "2"], "durations are written")]
    {
        let outcome = place.wfc(&[&["runs"][..], &arguments].concat());
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

#[test]
fn a_cached_call_goes_on_in_the_middle_and_is_kept_then() {
    let call = "step part: other { cache inputs [] outputs [\"app\"] }";
    let place = Place::with(&format!(
        "workflow main {{\n  {call}\n  output o: string = part.made\n}}\nworkflow other {{\n  step first: shell \"echo first >> log; echo made > app\" {{ no undo \"x\" }}\n  step mid: shell \"{WAITS}\" -> string {{ reads only, timeout 1m }}\n  output made: string = mid\n}}\n"
    ));
    killed_at(&place, "begun");
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = two\n"), "{}", outcome.stderr);
    std::fs::remove_file(place.path("app")).expect("it was made");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = two\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("cached   part: from run "), "{}", outcome.stderr);
    assert_eq!((place.read("app"), place.read("log")), ("made\n".to_owned(), "first\nmid\nmid\n".to_owned()));
}
