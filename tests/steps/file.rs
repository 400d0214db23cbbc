//! `file` makes files so, and gives them back.

use super::keeps_nothing_of;
use crate::cli::resume::{killed_at, resumed, until};
use crate::cli::{Outcome, Place};
use proptest::prelude::*;
use rustix::fs::{XattrFlags, lgetxattr, setxattr};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// A workflow whose steps are these; with `fails` a step behind them fails and everything is rolled back.
fn workflow(steps: &str, fails: bool) -> String {
    let end = if fails { "step fails: shell \"exit 3\" { reads only }\n  on failure rollback\n" } else { "" };
    format!("workflow main {{\n  {steps}\n  {end}}}\n")
}

/// What stands in the folder: names with permissions, and content or target of a link; what `wfc` itself makes is left out.
fn standing(place: &Place) -> BTreeMap<String, (u32, String)> {
    let mut found = BTreeMap::new();
    let mut open = vec![place.path("")];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            let name = path.strip_prefix(place.path("")).expect("inside").display().to_string();
            let about = path.symlink_metadata().expect("it is there");
            if [".local", "main.wf", "trace"].contains(&name.as_str()) {
                continue;
            }
            let content = if about.is_dir() {
                open.push(path);
                "directory".to_owned()
            } else if about.is_symlink() {
                format!("to {}", path.read_link().expect("a link").display())
            } else {
                String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned()
            };
            found.insert(name, (about.mode() & 0o7777, content));
        }
    }
    found
}

fn with_mode(place: &Place, name: &str, content: &str, mode: u32) {
    place.write(name, content);
    fs::set_permissions(place.path(name), Permissions::from_mode(mode)).expect("it is ours");
}

/// Whether the run keeps anything of files.
fn keeps(place: &Place) -> bool {
    let runs = fs::read_dir(place.path(".local/state/wfc/runs")).expect("runs").flatten();
    runs.map(|run| run.path().join("kept")).any(|kept| kept.exists())
}

/// A folder with files of every sort, and steps that change them all.
fn every_sort(fails: bool) -> Place {
    let steps = r#"step fresh: file "./fresh.txt" { content: "new\n" }
  step empty: file "./empty.txt"
  step replaced: file "./replaced.txt" { content: "after" }
  step opened: file "./opened.sh" { mode: "0750" }
  step both: file "./both" { content: "b", mode: "0600" }
  step gone: file "./gone.txt" { absent: true }
  step unlinked: file "./unlinked" { absent: true }
  step through: file "./link" { content: "through the link" }
  step same: file "./same.txt" { content: "same", mode: "0644" }
  step never: file "./never.txt" { absent: true }"#;
    let outputs = "\n  output changed: [bool] = [fresh.changed, empty.changed, replaced.changed, opened.changed, both.changed, gone.changed, unlinked.changed, through.changed, same.changed, never.changed]";
    let place = Place::with(&workflow(&format!("{steps}{}", if fails { "" } else { outputs }), fails));
    with_mode(&place, "replaced.txt", "before", 0o604);
    with_mode(&place, "opened.sh", "#!/bin/sh", 0o644);
    with_mode(&place, "both", "a", 0o4755);
    with_mode(&place, "gone.txt", "was here", 0o640);
    with_mode(&place, "same.txt", "same", 0o644);
    with_mode(&place, "sub/target", "old", 0o600);
    symlink("sub/target", place.path("link")).expect("a link");
    symlink("nowhere", place.path("unlinked")).expect("a link");
    place
}

#[test]
fn files_are_made_so_and_what_is_so_stays() {
    let place = every_sort(false);
    let same = fs::metadata(place.path("same.txt")).expect("a file").ino();
    let outcome = place.ran(&[]);
    let all = "changed = [true, true, true, true, true, true, true, true, false, false]\n";
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, all), "{}", outcome.stderr);
    assert_eq!(fs::metadata(place.path("same.txt")).expect("a file").ino(), same, "it was not written");
    let after = standing(&place);
    let expected = [
        ("both", 0o600, "b"),
        ("empty.txt", 0o644, ""),
        ("fresh.txt", 0o644, "new\n"),
        ("link", 0o777, "to sub/target"),
        ("opened.sh", 0o750, "#!/bin/sh"),
        ("replaced.txt", 0o604, "after"),
        ("same.txt", 0o644, "same"),
        ("sub/target", 0o600, "through the link"),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(name, mode, content)| (name.to_owned(), (mode, content.to_owned()))).into();
    let files: BTreeMap<_, _> = after.into_iter().filter(|(name, _)| name != "sub").collect();
    assert_eq!(files, expected);
    assert!(!keeps(&place), "nothing is kept of a run that succeeded");
    let outcome = place.ran(&[]);
    assert_eq!(outcome.stdout, "changed = [false, false, false, false, false, false, false, false, false, false]\n");
}

#[test]
fn a_rollback_gives_files_back() {
    let place = every_sort(true);
    let before = standing(&place);
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("rollback 10 steps") && outcome.stderr.contains("10 undone"), "{}", outcome.stderr);
    assert_eq!(standing(&place), before);
    assert!(!keeps(&place), "nothing is kept of a run that was rolled back");
}

#[test]
fn a_failed_run_is_rolled_back_later_or_by_hand() {
    let place = every_sort(true);
    place.write("main.wf", &place.read("main.wf").replace("on failure rollback\n", ""));
    let before = standing(&place);
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("wfc rollback "), "{}", outcome.stderr);
    assert_ne!(standing(&place), before);
    let book = place.wfc(&["runbook", "last"]).stdout;
    let outcome = place.wfc(&["rollback", "last"]);
    assert_eq!((outcome.code, standing(&place)), (3, before.clone()), "{}", outcome.stderr);

    assert_eq!(place.ran(&[]).code, 1);
    let other = place.wfc(&["runbook", "last"]).stdout;
    assert!(book.lines().count() == other.lines().count() && other.contains("chmod 4755"), "{other}");
    let changed = standing(&place);
    for (from, left) in [("9", &changed), ("1", &before)] {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &other]).env("WFC_FROM", from).current_dir(place.path("")).stdin(Stdio::null());
        let ended = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{other}\n{said}");
        assert_eq!((standing(&place) == *left, said.contains("8 of 8: the undo of step `fresh`")), (true, from == "1"), "{said}");
    }
}

#[test]
fn what_somebody_else_changed_is_left_as_it_is() {
    for (steps, other, content) in [
        ("step f: file \"./f\" { content: \"mine\" }", "echo theirs > f", "theirs\n"),
        ("step f: file \"./f\" { content: \"mine\" }", "chmod 600 f; echo theirs > f", "theirs\n"),
        ("step f: file \"./f\" { absent: true }", "echo theirs > f", "theirs\n"),
    ] {
        let step = format!("{steps}\n  step other: shell \"{other}\" {{ no undo \"x\" }}");
        let place = Place::with(&workflow(&step, true));
        place.write("f", "former");
        let outcome = place.ran(&[]);
        assert_eq!((outcome.code, place.read("f").as_str()), (4, content), "{}", outcome.stderr);
        let told = "f` was changed by somebody else since this step wrote it, and is left as it is";
        assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
        // Once somebody has mended it, the rollback goes on.
        if steps.contains("absent") {
            fs::remove_file(place.path("f")).expect("a file");
        } else {
            with_mode(&place, "f", "mine", 0o644);
        }
        let outcome = place.wfc(&["rollback", "last", "--retry", "--reason", "mended"]);
        assert_eq!((outcome.code, place.read("f").as_str()), (3, "former"), "{}", outcome.stderr);
    }
}

#[test]
fn an_own_undo_or_none_takes_the_place_of_the_kinds() {
    let steps = r#"step own: file "./own" { content: "x", undo shell "echo undone > own" }
  step none: file "./none" { content: "x", no undo "it does no harm" }"#;
    let place = Place::with(&workflow(steps, true));
    assert_eq!(place.ran(&[]).code, 3);
    assert_eq!((place.read("own").as_str(), place.read("none").as_str()), ("undone\n", "x"));
}

#[test]
fn rounds_attempts_and_losers_are_undone_each() {
    let text = r#"workflow main {
  for each i in 1..3 { step put: file "./all" { content: "${i}" } }
  mirror: parallel wait any {
    step slow: lose
    step quick: shell "until [ -e lost ]; do sleep 0.01; done" { reads only }
  }
  stage {
    retry 1 times
    step tried: file "./tried" { content: "x" }
    step seen: shell "echo $(cat tried) $(cat all) >> log; exit 3" { no undo "a log" }
    on failure rollback
  }
  on failure rollback
}
workflow lose {
  step put: file "./lost" { content: "x" }
  step wait: shell "sleep 1000" { reads only }
}
"#;
    let place = Place::with(text);
    place.write("all", "0");
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert_eq!((place.read("log").as_str(), place.read("all").as_str()), ("x 3\nx 3\n", "0"));
    assert!(!place.path("tried").exists() && !place.path("lost").exists());
}

/// How a step fails that is refused.
fn refused(step: &str, prepare: &dyn Fn(&Place)) -> (Place, Outcome) {
    let place = Place::with(&workflow(step, false));
    prepare(&place);
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{step}: {}", outcome.stderr);
    let runs = fs::read_dir(place.path(".local/state/wfc/runs")).expect("runs").flatten();
    let kept: Vec<_> = runs.flat_map(|run| fs::read_dir(run.path().join("kept"))).flatten().collect();
    assert!(kept.is_empty(), "{step} keeps {kept:?}");
    (place, outcome)
}

#[test]
fn what_cannot_be_is_told() {
    for (step, told) in [
        ("step f: file \"./gone/f\" { content: \"x\" }", "gone` is not there"),
        ("step f: file \"./dir\" { content: \"x\" }", "dir` is a directory"),
        ("step f: file \"./dir\" { absent: true }", "dir` is a directory"),
        ("step f: file \"./main.wf/f\" { content: \"x\" }", "is beneath something that is no directory"),
        ("step f: file \"/dev/null\" { content: \"x\" }", "`/dev/null` is no regular file"),
        (
            "let mode = env(\"NONE\") ?? \"rw\"\n  step f: file \"./f\" { mode: mode }",
            "`mode` is \"rw\", which is no octal number",
        ),
        ("let name: path = \"./a${\"/\"}\"\n  step f: file { path: name, content: \"x\" }", "which names no file"),
        ("step f: file \"./loop\" { content: \"x\" }", "oo many levels of symbolic links"),
    ] {
        let prepare = |place: &Place| {
            fs::create_dir(place.path("dir")).expect("a folder");
            symlink("loop", place.path("loop")).expect("a link");
        };
        let (place, outcome) = refused(step, &prepare);
        assert!(outcome.stderr.contains(told), "{step}: {}", outcome.stderr);
        let left: Vec<String> = standing(&place).into_keys().collect();
        assert_eq!(left, ["dir", "loop"], "{step}");
    }
}

#[test]
fn any_name_and_any_content_are_data() {
    let text = "workflow main {\n  param name: path\n  param content: string\n  step f: file { path: name, content: content }\n  output where_it_is: path = f.path\n}\n";
    let place = Place::with(text);
    for name in ["a b", "-rf", "$(touch canary)", "ü\u{202e}\u{1b}[31m", "'\"`", "*", &"long".repeat(60)] {
        let content = format!("$(touch canary) ${{x}} {{{{y}}}} '\"\\\n{name}\r\n\u{feff}");
        let arguments = serde_json::json!({ "name": format!("./{name}"), "content": content });
        place.write("params.json", &arguments.to_string());
        let outcome = place.ran(&["--params", "params.json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(place.read(name), content);
        assert!(!place.path("canary").exists());
    }
    let large = "0123456789".repeat(100_000);
    place.write("params.json", &serde_json::json!({ "name": "./large", "content": large }).to_string());
    assert_eq!(place.ran(&["--params", "params.json"]).code, 0);
    assert_eq!(place.read("large"), large);
    place.write("params.json", &serde_json::json!({ "name": "./a\u{0}b", "content": "x" }).to_string());
    let outcome = place.ran(&["--params", "params.json"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("expected path, found"), "{}", outcome.stderr);
}

#[test]
fn a_file_of_another_user_keeps_its_owner() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place =
        Place::with(&workflow("step f: file \"./f\" { content: \"new\" }\n  step g: file \"./g\" { absent: true }", true));
    for name in ["f", "g"] {
        with_mode(&place, name, "old", 0o640);
        std::os::unix::fs::chown(place.path(name), Some(1234), Some(2345)).expect("root may");
    }
    assert_eq!(place.ran(&[]).code, 3);
    for name in ["f", "g"] {
        let about = fs::metadata(place.path(name)).expect("a file");
        assert_eq!((about.uid(), about.gid(), about.mode() & 0o7777, place.read(name).as_str()), (1234, 2345, 0o640, "old"));
    }
    place.write("main.wf", &workflow("step f: file \"./f\" { content: \"new\" }", false));
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(fs::metadata(place.path("f")).expect("a file").uid(), 1234);
}

#[test]
fn extended_attributes_stay() {
    let place =
        Place::with(&workflow("step f: file \"./f\" { content: \"new\" }\n  step g: file \"./g\" { absent: true }", true));
    for name in ["f", "g"] {
        place.write(name, "old");
        // Not every file system has them.
        if setxattr(place.path(name), "user.note", b"kept", XattrFlags::empty()).is_err() {
            return;
        }
    }
    let note = |name: &str| {
        let mut value = [0; 8];
        let length = lgetxattr(place.path(name), "user.note", &mut value).expect("it is there");
        String::from_utf8_lossy(&value[..length]).into_owned()
    };
    assert_eq!(place.ran(&[]).code, 3);
    assert_eq!(
        (place.read("f"), note("f"), place.read("g"), note("g")),
        ("old".into(), "kept".into(), "old".into(), "kept".into())
    );
    place.write("main.wf", &workflow("step f: file \"./f\" { content: \"new\" }", false));
    assert_eq!((place.ran(&[]).code, place.read("f"), note("f")), (0, "new".into(), "kept".into()));
}

#[test]
fn secrets_do_not_fit_and_former_content_is_for_the_user_alone() {
    let place = Place::with(
        "workflow main {\n  secret token from env \"TOKEN\"\n  step f: file \"./f\" { content: \"key = ${token}\" }\n}\n",
    );
    let outcome = place.wfc(&["check", "main.wf"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("secret-leak") || outcome.stderr.contains("secret-leak"), "{outcome:?}");

    let steps = "step f: file \"./f\" { content: \"new\" }\n  step fails: shell \"exit 3\" { reads only }";
    let place = Place::with(&workflow(steps, false));
    with_mode(&place, "f", "canary-of-old", 0o600);
    assert_eq!(place.ran(&[]).code, 1);
    let kept =
        fs::read_dir(place.path(".local/state/wfc/runs")).expect("runs").flatten().next().expect("a run").path().join("kept/1");
    assert_eq!(fs::metadata(&kept).expect("kept").mode() & 0o777, 0o700);
    for name in ["content", "record.json"] {
        assert_eq!(fs::metadata(kept.join(name)).expect("kept").mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(place.wfc(&["rollback", "last"]).code, 3);
    keeps_nothing_of(&place, "canary-of-old");

    with_mode(&place, "f", "canary-of-old", 0o600);
    assert_eq!(place.ran(&[]).code, 1);
    assert_eq!(place.wfc(&["delete", "last"]).code, 0);
    keeps_nothing_of(&place, "canary-of-old");
}

/// Runs `main.wf` while each thread's call of this number goes wrong in this way; whether that came, and the exit code.
fn disturbed(place: &Place, call: &str, way: &str, number: usize) -> (bool, Option<i32>) {
    let wfc = place.command(&["run", "main.wf"]);
    let mut command = Command::new("strace");
    command.current_dir(place.path("")).args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:{way}:when={number}")]);
    command.arg(wfc.get_program()).args(wfc.get_args()).env_clear();
    command.envs(wfc.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let ended = command.output().expect("strace is there: tests/setup installs it");
    let trace = place.read("trace");
    (["(INJECTED)", "(DELAYED)"].iter().any(|mark| trace.contains(mark)), ended.status.code())
}

/// Runs `main.wf` and kills the process of a thread at its call of this number; whether that came.
fn killed_at_call(place: &Place, call: &str, number: usize) -> bool {
    let killed = disturbed(place, call, "signal=KILL", number).1 != Some(3);
    if killed {
        until("the end of the run", || !place.wfc(&["status", "last"]).stdout.contains("running"));
    }
    killed
}

/// A step that does something with one of a few files.
fn change() -> impl Strategy<Value = String> {
    let path = prop::sample::select(vec!["a", "b", "to_b", "to_none", "sub/d"]);
    let content = prop::option::of(prop::sample::select(vec!["", "one", "two\\n"]));
    let mode = prop::option::of(prop::sample::select(vec!["0600", "0755", "0444"]));
    let absent = prop::bool::weighted(0.3);
    (path, content, mode, absent).prop_map(|(path, content, mode, absent)| {
        let content = content.map(|content| format!("content: \"{content}\""));
        let mode = mode.map(|mode| format!("mode: \"{mode}\""));
        let given: Vec<String> = if absent { vec!["absent: true".to_owned()] } else { content.into_iter().chain(mode).collect() };
        let body = if given.is_empty() { String::new() } else { format!(" {{ {} }}", given.join(", ")) };
        format!("file \"./{path}\"{body}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// However often the same few files change, and whatever leads to them, a rollback gives all of them back.
    #[test]
    fn any_changes_are_undone(changes in prop::collection::vec(change(), 1..10)) {
        let steps: Vec<String> = changes.iter().enumerate().map(|(index, change)| format!("step s{index}: {change}")).collect();
        let place = Place::with(&workflow(&steps.join("\n  "), true));
        with_mode(&place, "a", "one", 0o644);
        with_mode(&place, "b", "former", 0o640);
        with_mode(&place, "sub/e", "x", 0o600);
        symlink("b", place.path("to_b")).expect("a link");
        symlink("sub/none", place.path("to_none")).expect("a link");
        let before = standing(&place);
        let outcome = place.ran(&[]);
        prop_assert_eq!((outcome.code, standing(&place)), (3, before), "{}", outcome.stderr);
    }
}

/// Kills runs at every call of this sort; how many there were.
fn killed_at_every(call: &str) -> usize {
    for number in 1.. {
        let place = every_sort(true);
        let before = standing(&place);
        if !killed_at_call(&place, call, number) {
            assert_eq!(standing(&place), before, "undisturbed");
            return number - 1;
        }
        // A run that had not begun is not there.
        if place.wfc(&["runs"]).stdout.is_empty() {
            continue;
        }
        let outcome = resumed(&place, &[]);
        assert_eq!((outcome.code, standing(&place)), (3, before), "{call} {number}: {}", outcome.stderr);
        assert!(!keeps(&place), "{call} {number}");
    }
    0
}

#[test]
fn a_run_that_is_killed_at_any_call_is_rolled_back_whole() {
    let kills: usize = thread::scope(|scope| {
        let calls = ["rename", "unlink", "fchmod", "chmod", "mkdir", "fsync"];
        let running = calls.map(|call| scope.spawn(move || killed_at_every(call)));
        running.into_iter().map(|running| running.join().expect("every kill is survived")).sum()
    });
    assert!(kills >= 40, "only {kills} kills");
}

/// Lets every fourth `fsync` from this one on fail, one in each run; how many there were.
fn failed_from(first: usize) -> usize {
    for number in (first..).step_by(4) {
        let place = every_sort(true);
        let before = standing(&place);
        let (came, code) = disturbed(&place, "fsync", "error=ENOSPC", number);
        // The journal shares the disk; without one nothing begins.
        let code = if code == Some(74) { resumed(&place, &[]).code } else { code.expect("nothing killed it") };
        assert!(code == 3 || code == 2 && place.wfc(&["runs"]).stdout.is_empty(), "fsync {number}: {code}");
        assert_eq!(standing(&place), before, "fsync {number}");
        if !came {
            return number / 4;
        }
    }
    0
}

#[test]
fn a_disk_that_fails_leaves_files_as_they_were() {
    let failed: usize = thread::scope(|scope| {
        let running = [1, 2, 3, 4].map(|first| scope.spawn(move || failed_from(first)));
        running.into_iter().map(|running| running.join().expect("every failure is survived")).sum()
    });
    assert!(failed >= 10, "only {failed} failures");
}

#[test]
fn an_attempt_that_is_late_is_undone_and_one_that_fails_is_followed_by_another() {
    // The second `rename` of the thread puts the file in its place.
    let place = Place::with(&workflow("step f: file \"./f\" { content: \"new\", timeout 200ms }\n  on failure rollback", false));
    place.write("f", "old");
    let (came, code) = disturbed(&place, "rename", "delay_enter=2000000", 2);
    assert_eq!((came, code, place.read("f").as_str()), (true, Some(3), "old"));
    assert!(place.wfc(&["status", "last"]).stdout.contains("attempt took longer than 200ms"));

    let place = Place::with(&workflow("step f: file \"./f\" { content: \"new\", retry 5 times pause 1ms }", false));
    place.write("f", "old");
    let (came, code) = disturbed(&place, "rename", "error=EIO", 2);
    assert_eq!((came, code, place.read("f").as_str()), (true, Some(0), "new"));
}

#[test]
fn what_the_user_may_not_change_is_told() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = Place::with(&workflow("step f: file \"./locked/f\" { content: \"x\" }", false));
    with_mode(&place, "locked/f", "old", 0o644);
    fs::set_permissions(place.path("locked"), Permissions::from_mode(0o755)).expect("it is ours");
    fs::set_permissions(place.path(""), Permissions::from_mode(0o777)).expect("it is ours");
    let run = |place: &Place| {
        let wfc = place.command(&["run", "main.wf"]);
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).current_dir(place.path(""));
        command.arg(wfc.get_program()).args(wfc.get_args()).env_clear();
        command.envs(wfc.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Outcome::of(command.stdin(Stdio::null()).output().expect("setpriv is a part of every Linux"))
    };
    let outcome = run(&place);
    assert!(outcome.code == 1 && outcome.stderr.contains("f` must not be changed by this user"), "{}", outcome.stderr);
    // In a directory that everybody may write to, a successor would belong to somebody else.
    fs::set_permissions(place.path("locked"), Permissions::from_mode(0o777)).expect("it is ours");
    let outcome = run(&place);
    assert!(outcome.code == 1 && outcome.stderr.contains("f` belongs to somebody else"), "{}", outcome.stderr);
    let left: Vec<String> = fs::read_dir(place.path("locked"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!((left, place.read("locked/f").as_str()), (vec!["f".to_owned()], "old"));
}

#[test]
fn a_step_that_was_done_when_its_run_was_killed_is_undone() {
    let steps = "step f: file \"./f\" { content: \"new\" }\n  step wait: shell \"touch begun; until [ -e free ]; do sleep 0.01; done\" { reads only, timeout 1m }";
    let place = Place::with(&workflow(steps, true));
    place.write("f", "old");
    killed_at(&place, "begun");
    assert_eq!(place.read("f"), "new");
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("f").as_str()), (3, "old"), "{}", outcome.stderr);
    assert!(!Path::new(&place.path(".f")).exists());
}

#[test]
fn a_dry_run_shows_what_files_would_become_and_changes_none() {
    let text = r#"workflow main {
  param port: int
  let settings = "port = ${port}\nhost = a\n"
  step there: file "./there.txt" { content: settings, mode: "0600" }
  step new: file "./new.txt" { content: "new\n" }
  step same: file "./same.txt" { content: "same\n" }
  step gone: file "./gone.txt" { absent: true }
  step read: shell "cat there.txt" -> string { reads only }
  step later: file "./later.txt" { content: read }
  on failure rollback
}
"#;
    let place = Place::with(text);
    for (name, content) in [("there.txt", "port = 1\nhost = a\n"), ("same.txt", "same\n"), ("gone.txt", "old\n")] {
        with_mode(&place, name, content, 0o644);
    }
    let before = standing(&place);
    let outcome = place.ran(&["--dry-run", "--param", "port=2"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let shown = |name: &str| format!("{}/{name}", fs::canonicalize(place.path("")).expect("a folder").display());
    let diff = |name: &str, lines: &[&str]| {
        lines.iter().map(|line| format!("      {}\n", line.replace('@', &shown(name)))).collect::<String>()
    };
    for expected in [
        diff("there.txt", &["old mode 0644", "new mode 0600", "--- @", "+++ @"]),
        "      -port = 1\n      +port = 2\n       host = a\n".to_owned(),
        diff("new.txt", &["--- /dev/null", "+++ @"]),
        diff("same.txt", &["@: is so already"]),
        diff("gone.txt", &["--- @", "+++ /dev/null"]),
        diff("later.txt", &["@: what it becomes is known when the step runs"]),
    ] {
        assert!(outcome.stdout.contains(&expected), "{expected}\n{}", outcome.stdout);
    }
    assert_eq!(standing(&place), before);
    let outcome = place.ran(&["--dry-run", "--param", "port=2", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let preview = |name: &str| {
        let node = told["nodes"].as_array().expect("a list").iter().find(|node| node["path"] == name).expect("the step");
        node["preview"].as_str().map(ToOwned::to_owned)
    };
    assert!(preview("there").expect("text").contains("-port = 1\n+port = 2\n"), "{told}");
    assert_eq!(preview("read"), None, "{told}");
}
