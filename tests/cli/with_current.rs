//! Runs that go on by their file as it is now.

use super::resume::{WAITS, killed_at, resumed, until};
use super::{Outcome, Place};
use crate::steps::http_server::{Server, ok};

/// A workflow in which `mid` waits in its first attempt; `parts` stand before, behind and under the steps.
fn workflow(first: &str, mid: &str, rest: &str) -> String {
    format!(
        "workflow main {{\n  param env: string = \"test\"\n  {first}\n  step mid: shell \"{mid}\" {{ reads only, timeout 1m }}\n  {rest}\n}}\n"
    )
}

const FIRST: &str = "step first: shell \"echo first ${env} >> log; echo one\" -> string { no undo \"x\" }";
const LAST: &str = "step last: shell \"echo last >> log\" { no undo \"x\" }";

/// A run of `main.wf` that was killed while `mid` waits; it goes on at once when it is resumed.
fn interrupted(text: &str) -> Place {
    let place = Place::with(text);
    killed_at(&place, "begun");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free", "");
    place
}

fn changed(place: &Place, text: &str) -> Outcome {
    place.write("main.wf", text);
    resumed(place, &["--with-current", "--yes"])
}

#[test]
fn later_steps_are_those_of_the_changed_file() {
    let place = interrupted(&workflow(FIRST, WAITS, &format!("{LAST}\n  output o: string = first")));
    let new = workflow(
        &format!("# A comment moves everything down.\n\n  {FIRST}"),
        WAITS,
        "step last: shell \"echo new >> log\" { no undo \"x\" }\n  step more: shell \"echo ${first} more >> log\" { no undo \"x\" }\n  output o: string = \"${first} new\"",
    );
    let outcome = changed(&place, &new);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = one new\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first test\nmid\nmid\nnew\none more\n");
    for shown in [
        "-  step last: shell \"echo last >> log\" { no undo \"x\" }\n",
        "+  # A comment moves everything down.\n",
        "changed  the run goes by the changed file from here on\n",
        "resume   1 step had ended before\n",
    ] {
        assert!(outcome.stderr.contains(shown), "{shown}: {}", outcome.stderr);
    }
    // What is told of it later is told by the changed file.
    assert!(place.wfc(&["why", "last", "more"]).stdout.contains("succeeded"));
    assert!(place.wfc(&["status", "last"]).stdout.contains("changed  the run goes by the changed file"));
    let runbook = place.wfc(&["runbook", "last"]);
    assert!(runbook.code == 0 && runbook.stdout.contains("more"), "{runbook:?}");
}

#[test]
fn a_step_in_doubt_runs_again_with_its_changed_text() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    let outcome = changed(&place, &workflow(FIRST, "echo mended >> log", LAST));
    assert_eq!((outcome.code, place.read("log").as_str()), (0, "first test\nmid\nmended\nlast\n"), "{}", outcome.stderr);
}

#[test]
fn what_is_put_before_what_ran_runs_where_nothing_waited_for_it() {
    let before = "step checks: shell \"echo checks >> log\" { no undo \"x\" }\n  step other: shell \"true\" depends on checks { reads only }";
    let old = workflow(&format!("parallel {{\n  {FIRST}\n  }}"), WAITS, LAST);
    let place = interrupted(&old);
    let outcome = changed(&place, &workflow(&format!("parallel {{\n  {FIRST}\n  }}\n  {before}"), WAITS, LAST));
    // It stands before a step that had begun.
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("refused  `mid` had begun, and would not have by then\n"), "{}", outcome.stderr);
    let outcome = changed(&place, &workflow(&format!("parallel {{\n  {FIRST}\n  }}"), WAITS, &format!("{before}\n  {LAST}")));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first test\nmid\nmid\nchecks\nlast\n");
}

#[test]
fn what_is_put_beside_what_runs_runs_beside_it() {
    let parallel = |inside: &str| {
        format!(
            "workflow main {{\n  parallel {{\n  {inside}\n  step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}\n  }}\n  {LAST}\n}}\n"
        )
    };
    let place = interrupted(&parallel(""));
    let outcome = changed(&place, &parallel("step beside: shell \"echo beside >> side\" { no undo \"x\" }"));
    assert_eq!((outcome.code, place.read("side").as_str()), (0, "beside\n"), "{}", outcome.stderr);
    assert_eq!(place.read("log"), "mid\nmid\nlast\n");
}

#[test]
fn what_ran_is_neither_changed_nor_taken_out() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    let again = "step first: shell \"echo again >> log; echo one\" -> string { no undo \"x\" }";
    for (first, reason) in [
        (again, "`first` was done, with another text than it has in the file now"),
        ("", "step `first` has begun and is not in the file any more"),
        ("let first = 1", "step `first` has begun and is not in the file any more"),
        ("step first: sleep 1ms", "step `first` has begun and is a `sleep` step in the file now"),
        ("step first: shell \"echo first ${env} >> log; echo one\" { no undo \"x\" }", "`first` was done, with another text"),
        (&FIRST.replace("string {", "string when env == \"\" {"), "`first` had begun, and would not have by then"),
    ] {
        let outcome = changed(&place, &workflow(first, WAITS, LAST));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{first}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("refused  {reason}")), "{first}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("-  step first"), "{}", outcome.stderr);
    }
    assert_eq!(place.read("log"), "first test\nmid\n");
    // Nothing of that is left: the run goes on as it began.
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log").as_str()), (0, "first test\nmid\nmid\nlast\n"), "{}", outcome.stderr);
}

#[test]
fn a_file_that_did_not_change_changes_nothing() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    let outcome = resumed(&place, &["--with-current"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("current  the file is as the run has it\n"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("changed  "), "{}", outcome.stderr);
}

#[test]
fn a_file_that_is_gone_or_does_not_check_is_told() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    let outcome = changed(&place, &workflow(FIRST, WAITS, "step last: shell \"echo ${gone}\" { no undo \"x\" }"));
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("no value is called `gone`"), "{}", outcome.stderr);
    let outcome = changed(&place, "workflow other {\n  output o: int = 1\n}\n");
    assert!(
        outcome.code == 2 && outcome.stderr.contains("workflow `main`, which runs, is not in the file any more"),
        "{outcome:?}"
    );
    std::fs::remove_file(place.path("main.wf")).expect("it is there");
    let outcome = resumed(&place, &["--with-current", "--yes"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("main.wf"), "{}", outcome.stderr);
    assert_eq!(resumed(&place, &[]).code, 0);
}

#[test]
fn imports_are_read_again_too() {
    let text = |more: &str| {
        format!(
            "use \"./lib.wf\" (child)\nworkflow main {{\n  step mid: shell \"{WAITS}\" {{ reads only, timeout 1m }}\n  step c: child {{ }}\n  output o: string = c.o{more}\n}}\n"
        )
    };
    let place = Place::with(&text(""));
    place.write("lib.wf", "workflow child {\n  output o: string = \"old\"\n}\n");
    killed_at(&place, "begun");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free", "");
    place.write("lib.wf", "workflow child {\n  output o: string = \"new\"\n}\n");
    let mut command = place.command(&["resume", "last", "--with-current", "--yes"]);
    // The file is found wherever somebody stands.
    let outcome = Outcome::of(command.current_dir("/").output().expect("the binary starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = new\n"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("/lib.wf\n") && outcome.stderr.contains("+  output o: string = \"new\"\n"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn parameters_keep_what_they_were_given() {
    let place = Place::with(&workflow(FIRST, WAITS, LAST));
    let mut run = super::resume::start(&place, &["--param", "env=prod"]);
    until("begun", || place.path("begun").exists());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free", "");
    let old = workflow(FIRST, WAITS, LAST);
    let none = old.replace("param env: string = \"test\"", "let env = \"prod\"");
    let outcome = changed(&place, &none);
    assert!(
        outcome.code == 2 && outcome.stderr.contains("refused  parameter `env`, given by --param, is not in the file any more"),
        "{outcome:?}"
    );
    let other = old.replace("param env: string = \"test\"", "param env: int = 3");
    let outcome = changed(&place, &other);
    assert!(outcome.code == 2 && outcome.stderr.contains("`env`"), "{outcome:?}");
    let more = old.replace("param env: string = \"test\"", "param env: string = \"other\"\n  param size: int\n");
    let outcome = changed(&place, &more.replace(LAST, "step last: shell \"echo ${size} >> log\" { no undo \"x\" }"));
    assert!(outcome.code == 2 && outcome.stderr.contains("`size`"), "{outcome:?}");
    let default = more.replace("size: int", "size: int = 7");
    let outcome = changed(&place, &default.replace(LAST, "step last: shell \"echo ${size} ${env} >> log\" { no undo \"x\" }"));
    assert_eq!((outcome.code, place.read("log").as_str()), (0, "first prod\nmid\nmid\n7 prod\n"), "{}", outcome.stderr);
}

#[test]
fn nobody_is_taken_by_surprise() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    place.write("main.wf", &workflow(FIRST, WAITS, "step last: shell \"echo new >> log\" { no undo \"x\" }"));
    let outcome = resumed(&place, &["--with-current"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--with-current --yes") && outcome.stderr.contains("echo new"), "{}", outcome.stderr);
    assert_eq!(place.wfc(&["resume", "last", "--yes"]).code, 2);
    let screen = place.in_terminal("wfc resume last --with-current", &[("(y or n): ", "n\n")]);
    assert!(screen.contains("The run was left as it is."), "{screen}");
    assert_eq!(place.read("log"), "first test\nmid\n");
    let screen = place.in_terminal("wfc resume last --with-current", &[("(y or n): ", "y\n")]);
    assert!(screen.contains("succeeded in "), "{screen}");
    assert_eq!(place.read("log"), "first test\nmid\nmid\nnew\n");
}

#[test]
fn a_run_may_change_again_and_is_rolled_back_by_its_last_file() {
    let undo = |text: &str| format!("step first: shell \"echo first >> log\" {{ undo shell \"echo {text} >> log\" }}");
    let second = "step second: shell \"echo second >> log; touch begun2; until [ -e free2 ]; do sleep 0.01; done\" { reads only, timeout 1m }";
    let place = interrupted(&workflow(&undo("old"), WAITS, LAST));
    place.write("main.wf", &workflow(&undo("new"), WAITS, &format!("{second}\n  {LAST}")));
    let mut command = place.command(&["resume", "last", "--with-current", "--yes"]);
    let mut run = command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    until("the second step", || place.path("begun2").exists());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free2", "");
    // A step in its place counts as what ran there, and one behind it is new.
    let outcome = changed(
        &place,
        &workflow(&undo("newest"), WAITS, &format!("{second}\n  step breaks: shell \"exit 3\" {{ reads only }}")),
    );
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(place.read("log"), "first\nmid\nmid\nsecond\nsecond\n");
    let runbook = place.wfc(&["runbook", "last"]);
    assert!(runbook.stdout.contains("echo newest") && !runbook.stdout.contains("echo old"), "{runbook:?}");
    let outcome = place.wfc(&["rollback", "last"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(place.read("log").ends_with("second\nnewest\n"), "{}", place.read("log"));
    assert!(place.wfc(&["logs", "last"]).code == 0);
}

#[test]
fn a_run_goes_on_by_the_changed_file_also_after_another_kill() {
    let place = interrupted(&workflow(FIRST, WAITS, LAST));
    std::fs::remove_file(place.path("free")).expect("it is there");
    std::fs::remove_file(place.path("begun")).expect("it is there");
    place.write("main.wf", &workflow(FIRST, WAITS, "step last: shell \"echo new >> log\" { no undo \"x\" }"));
    let mut command = place.command(&["resume", "last", "--with-current", "--yes"]);
    let mut run = command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    until("begun", || place.path("begun").exists());
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("free", "");
    place.write("main.wf", "nothing that checks");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log").as_str()), (0, "first test\nmid\nmid\nmid\nnew\n"), "{}", outcome.stderr);
}

#[test]
fn a_value_that_was_not_kept_whole_is_not_used() {
    let first = |bytes: u32| format!("step first: shell \"head -c {bytes} /dev/zero | tr '\\\\0' x\" {{ no undo \"x\" }}");
    let uses = "step last: shell \"wc -c > log\" { stdin: first.stdout, no undo \"x\" }";
    let place = interrupted(&workflow(&first(300_000), WAITS, LAST));
    let outcome = changed(&place, &workflow(&first(300_000), WAITS, uses));
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    let why = "what `first` gave is used in the file now, and was not kept whole because nobody used it";
    assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
    let place = interrupted(&workflow(&first(3_000), WAITS, LAST));
    let outcome = changed(&place, &workflow(&first(3_000), WAITS, uses));
    assert_eq!((outcome.code, place.read("log").trim()), (0, "3000"), "{}", outcome.stderr);
}

#[test]
fn an_answer_that_nobody_read_is_not_used() {
    let large = "x".repeat(300_000);
    for (body, uses, code, log) in [
        (large.as_str(), "${first.body}", 2, ""),
        ("[1, 2]", "${first.json[1] as int}", 2, ""),
        ("12 apples", "${first.body}", 0, "12 apples\n"),
    ] {
        let server = Server::answering(&[&ok(body)]);
        let first = format!("step first: http \"{}\"", server.url("/"));
        let place = interrupted(&workflow(&first, WAITS, LAST));
        std::fs::write(place.path("log"), "").expect("a file");
        let last = format!("step last: shell \"echo {uses} >> log\" {{ no undo \"x\" }}");
        let outcome = changed(&place, &workflow(&first, WAITS, &last));
        assert_eq!((outcome.code, server.seen().len()), (code, 1), "{body:.9}: {}", outcome.stderr);
        let why = "what `first` gave is used in the file now, and was not kept whole because nobody used it";
        assert_eq!(outcome.stderr.contains(why), code == 2, "{}", outcome.stderr);
        assert!(place.read("log").ends_with(log), "{}", place.read("log"));
    }
}
