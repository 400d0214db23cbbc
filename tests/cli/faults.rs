//! A disk that fails at any write or sync of the store. `strace`, which `tests/setup` installs, lets the system calls fail.

use super::{Outcome, Place};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Two steps that leave a trace outside the store.
const TWO_STEPS: &str = "workflow main {
  step a: shell \"echo a >> log\" { reads only }
  step b: shell \"echo b >> log\" { reads only }
}
";

/// More than the writes that make a store and begin a run.
const MOST_WRITES: usize = 80;

/// System calls and how they fail.
type Fault = (&'static str, &'static str);

const WRITE_FAILS: Fault = ("pwrite64", "EIO");
const DISK_FULL: Fault = ("pwrite64", "ENOSPC");
const SYNC_FAILS: Fault = ("fsync,fdatasync", "EIO");

fn store(place: &Place) -> PathBuf {
    place.path(".local/state/wfc")
}

/// The calls on the store's files that were traced: who called, what, and whether it was made to fail.
fn traced(place: &Place) -> Vec<(String, bool)> {
    let trace = fs::read_to_string(place.path("trace")).expect("strace wrote it");
    let calls = trace.lines().filter(|line| ["pwrite64(", "fsync(", "fdatasync("].iter().any(|call| line.contains(call)));
    calls.map(|line| (line.split(' ').next().unwrap_or_default().to_owned(), line.contains("(INJECTED)"))).collect()
}

/// Runs `wfc` under `strace` with these options.
fn straced(place: &Place, options: &[&str], arguments: &[&str]) -> Output {
    let wfc = place.command(arguments);
    let mut command = Command::new("strace");
    command.current_dir(place.path("")).args(["-f", "-qq", "-o", "trace"]).args(options);
    command.arg(wfc.get_program()).args(wfc.get_args()).env_clear();
    command.envs(wfc.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    // Calls are counted for each thread.
    command.env("WFC_THREADS", "1");
    command.output().expect("strace is there: tests/setup installs it")
}

/// Runs `wfc` where each thread's call of this number on the store's files fails; without a number none does.
fn with_fault(place: &Place, arguments: &[&str], (call, error): Fault, number: Option<usize>) -> Outcome {
    let files = ["store.db", "store.db-wal", "store.db-journal"].map(|file| store(place).join(file).display().to_string());
    let mut options = vec!["-e".to_owned(), format!("trace={call}")];
    options.extend(files.into_iter().flat_map(|file| ["-P".to_owned(), file]));
    if let Some(number) = number {
        options.extend(["-e".to_owned(), format!("inject={call}:error={error}:when={number}")]);
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Outcome::of(straced(place, &options, arguments))
}

/// The most calls that one thread made: calls are counted for each.
fn most_of_a_thread(calls: &[(String, bool)]) -> usize {
    calls.iter().map(|(thread, _)| calls.iter().filter(|(other, _)| other == thread).count()).max().unwrap_or(0)
}

fn log(place: &Place) -> String {
    fs::read_to_string(place.path("log")).unwrap_or_default()
}

/// How many steps the journal of the last run says that they started, and the state; `None` without a run.
fn told(place: &Place) -> Option<(usize, String)> {
    let status = place.wfc(&["status", "last", "--format", "json"]);
    let record: serde_json::Value = serde_json::from_str(&status.stdout).ok()?;
    let instances = record["instances"].as_object()?.values().filter(|instance| !instance["started_at"].is_null());
    Some((instances.count(), record["state"].as_str()?.to_owned()))
}

/// Lets the calls fail one after the other; how many did, and after how many of them the run was broken off.
fn at_every_call(fault: Fault, prepare: &dyn Fn(&Place), arguments: &[&str]) -> (usize, usize) {
    let place = Place::with(TWO_STEPS);
    prepare(&place);
    let undisturbed = with_fault(&place, arguments, fault, None);
    assert_eq!((undisturbed.code, log(&place).as_str()), (0, "a\nb\n"), "{}", undisturbed.stderr);
    let points = most_of_a_thread(&traced(&place));
    let mut broken = 0;
    for number in 1..=points {
        prepare(&place);
        let outcome = with_fault(&place, arguments, fault, Some(number));
        let what = format!("{} {} of {points}: {outcome:?}", fault.0, number);
        assert!(traced(&place).iter().any(|(_, injected)| *injected), "{what} did not fail");
        broken += usize::from(check(&place, &outcome, &what));
    }
    (points, broken)
}

/// What has to hold after a fault, and once it is gone; whether the run was broken off.
fn check(place: &Place, outcome: &Outcome, what: &str) -> bool {
    let before = log(place);
    assert!("a\nb\n".starts_with(&before), "{what}: {before:?}");
    let (started, state) = told(place).unwrap_or_default();
    assert!(before.lines().count() <= started, "{what}: {before:?} with {started} starts in the journal");
    if outcome.code == 0 {
        // Only what tidies up behind the end of the run may fail unseen.
        assert_eq!((state.as_str(), before.as_str()), ("succeeded", "a\nb\n"), "{what}");
        return false;
    }
    assert_eq!(outcome.code, 74, "{what}");
    // The last write may have reached the disk although it seemed to fail.
    let again: &[&str] = match state.as_str() {
        "succeeded" => return true,
        "" => &["run", "main.wf"],
        _ => &["resume", "last"],
    };
    let resumed = place.wfc(again);
    assert_eq!(resumed.code, 0, "{what}: {resumed:?}");
    let after = log(place);
    let behind = after.strip_prefix(&before).unwrap_or_default();
    // The step that was under way, which only reads, runs again.
    let unfinished = before.lines().last().map_or_else(String::new, |line| format!("{line}\n"));
    let rest = "a\nb\n".strip_prefix(&before).unwrap_or_default();
    assert!(behind == rest || behind == unfinished.clone() + rest, "{what}: {before:?}, then {behind:?}");
    assert_eq!(told(place).map(|(_, state)| state).as_deref(), Some("succeeded"), "{what}");
    true
}

fn forget(place: &Place) {
    let _ = fs::remove_dir_all(store(place));
    let _ = fs::remove_file(place.path("log"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else if from.is_file() {
            fs::copy(from, to).expect("a file");
        }
    }
}

/// A store with a run of which nothing is written but that it was begun. Whoever goes on with it writes in one thread only.
fn begun(place: &Place) {
    forget(place);
    let kept = place.path("begun");
    if !kept.exists() {
        // Its process is killed at the first of its writes by which there is a run, but nothing that happened in it.
        let log = store(place).join("store.db-wal").display().to_string();
        let begins = |number: &usize| {
            forget(place);
            let kill = format!("inject=pwrite64:signal=KILL:when={number}");
            straced(place, &["-e", "trace=pwrite64", "-P", &log, "-e", &kill], &["run", "main.wf"]);
            place.wfc(&["runs"]).stdout.contains("interrupted")
        };
        assert!((1..MOST_WRITES).any(|number| begins(&number)), "the run was begun");
        fs::rename(store(place), &kept).expect("a folder beside it");
    }
    copy(&kept, &store(place));
}

/// Tries a fault everywhere in a run of a new store, and in one that another process began.
#[allow(clippy::print_stderr, reason = "how much was tried is worth knowing")]
fn everywhere(fault: Fault) {
    let (first, broken) = at_every_call(fault, &forget, &["run", "main.wf"]);
    let (later, broken_later) = at_every_call(fault, &begun, &["resume", "last"]);
    eprintln!(
        "{} with {}: {first} points of a run, {later} of one that was begun; {broken} and {broken_later} broken off",
        fault.0, fault.1
    );
    assert!(broken >= 2 && broken_later >= 3, "{broken} and {broken_later} of {first} and {later}");
}

#[test]
fn a_write_that_fails_ends_the_run_and_loses_nothing() {
    everywhere(WRITE_FAILS);
}

#[test]
fn a_full_disk_ends_the_run_and_loses_nothing() {
    everywhere(DISK_FULL);
}

#[test]
fn a_sync_that_fails_ends_the_run_and_loses_nothing() {
    everywhere(SYNC_FAILS);
}

#[test]
fn output_that_cannot_be_written_costs_the_output_alone() {
    let place = Place::with("workflow main {\n  step talk: shell \"echo much; echo more >&2\" { reads only }\n}\n");
    let options = ["-e", "trace=pwritev", "-e", "inject=pwritev:error=ENOSPC"];
    let outcome = Outcome::of(straced(&place, &options, &["run", "main.wf"]));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let lost = "warning: 10 bytes of the output of `talk` are not kept: No space left on device";
    assert!(outcome.stderr.contains(lost), "{}", outcome.stderr);
}
