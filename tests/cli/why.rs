//! Why a step ran when it did, waited, was skipped or tried again.

use super::Place;
use super::resume::{WAITS, start, until};

fn why(place: &Place, step: &str) -> String {
    let outcome = place.wfc(&["why", "last", step]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    outcome.stdout
}

#[test]
fn what_led_to_a_step_is_told() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"echo a >> log\" { no undo \"x\" }\n  step build: shell \"echo b >> log\" { no undo \"x\" }\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 0);
    assert!(why(&place, "a").contains("ready, because the run began\n"), "{}", why(&place, "a"));
    let told = why(&place, "build");
    assert!(told.starts_with("build\n  +") && told.contains("  ready, because `a` ended\n"), "{told}");
    assert!(told.contains("  attempt 1 began\n") && told.contains("  succeeded\n"), "{told}");
    let outcome = place.wfc(&["why", "last", "buld"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("Perhaps `build` is meant."), "{}", outcome.stderr);
}

#[test]
fn a_condition_is_told_with_what_its_names_were() {
    let place = Place::with(
        "workflow main {\n  param place: string = \"home\"\n  step a: shell \"echo no\" -> string { reads only }\n  step b: shell \"echo b\" when place == \"office\" and a == \"yes\" { reads only }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let told = why(&place, "b");
    let line = "skipped: its condition does not hold: `place == \"office\" and a == \"yes\"`; place was \"home\", a was \"no\"\n";
    assert!(told.contains(line), "{told}");
}

#[test]
fn what_let_a_step_run_is_told_with_its_values_and_so_is_its_branch() {
    let place = Place::with(
        "workflow main {\n  param env: string = \"prod\"\n  param n: int = 3\n  each: for each x in [\"u\", \"v\"] {\n    step d: shell \"true\" when x != \"u\" and n > 2 { reads only }\n  }\n  if n > 5 {\n    step big: shell \"true\" { reads only }\n  } else if env == \"prod\" {\n    step mid: shell \"true\" { reads only }\n  } else {\n    step small: shell \"true\" { reads only }\n  }\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 0);
    for (step, line) in [
        ("each.d[0]", "skipped: its condition does not hold: `x != \"u\" and n > 2`; n was 3, x was \"u\"\n"),
        ("each.d[1]", "its condition holds: `x != \"u\" and n > 2`; n was 3, x was \"v\"\n"),
        ("big", "skipped: it stands in a branch that was not taken: `if n > 5`; n was 3\n"),
        ("mid", "its branch was taken: `else if env == \"prod\"`; env was \"prod\"\n"),
        ("small", "skipped: it stands in a branch that was not taken: `else behind if env == \"prod\"`; env was \"prod\"\n"),
    ] {
        assert!(why(&place, step).contains(line), "{line}{}", why(&place, step));
    }
    let outcome = place.wfc(&["why", "last", "d"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("Perhaps `each.d` is meant."), "{}", outcome.stderr);
}

#[test]
fn why_a_step_was_undone_is_told() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"true\" { undo shell \"true\" when a != null }\n  step b: shell \"true\" { undo shell \"true\" }\n  step boom: shell \"exit 3\" { no undo \"x\" }\n  on failure rollback\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 3);
    let told = why(&place, "a");
    for part in [
        "  is to be undone, because `boom` failed\n",
        "  it was undone\na, undo\n",
        "  ready, because the undo of `b` ended\n",
        "  its condition holds: `a != null`; a was {",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn attempts_and_what_came_behind_them_are_told() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"exit 3\" { no undo \"x\", retry 1 times backoff 1ms to 2ms }\n  step b: shell \"echo b\" { reads only }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let told = why(&place, "a");
    assert!(told.contains("  attempt 1 failed: exit code 3\n") && told.contains("  attempt 2 of 2 comes in "), "{told}");
    assert!(told.contains("  failed: exit code 3\n"), "{told}");
    assert!(why(&place, "b").contains("  skipped: `a` before it failed\n"), "{}", why(&place, "b"));
    let outcome = place.wfc(&["why", "last", "a", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let words: Vec<&str> = told["stories"][0]["chapters"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|chapter| chapter["what"].as_str().expect("a word"))
        .collect();
    assert_eq!(words, ["ready", "started", "attempt", "retry", "started", "attempt", "failed"]);
}

#[test]
fn slots_and_steps_that_are_not_finished_are_told() {
    let place = Place::with(&format!(
        "workflow main {{\n  parallel {{\n    step mid: shell \"{WAITS}\" {{ no undo \"x\", timeout 1m }}\n    step other: shell \"echo other\" {{ reads only }}\n  }}\n  step after: shell \"echo after\" {{ reads only }}\n}}\n"
    ));
    let run = start(&place, &["--jobs", "1"]);
    until("begun", || place.path("begun").exists());
    assert!(why(&place, "mid").contains("  it is not finished\n"), "{}", why(&place, "mid"));
    assert!(why(&place, "other").contains("  it waits for a slot or for its first attempt\n"), "{}", why(&place, "other"));
    let outcome = place.wfc(&["why", "last", "after"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("It is not its turn yet"), "{}", outcome.stderr);
    place.write("free", "");
    let outcome = run.wait_with_output().expect("it was started here");
    assert!(outcome.status.success());
}

#[test]
fn a_cache_says_what_it_hit_or_missed() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"cp in out\" { no undo \"a build folder\", cache inputs [\"in\"] outputs [\"out\"] }\n}\n",
    );
    for (content, line) in [
        ("1", "has to run: nothing is kept of it\n"),
        ("1", "need not run: nothing that its cache names has changed since run "),
        ("2", "has to run: it differs from what was kept last: changed inputs `in`\n"),
    ] {
        place.write("in", content);
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(why(&place, "a").contains(line), "{}", why(&place, "a"));
    }
}

#[test]
fn a_cached_call_names_the_workflow_that_changed() {
    let text = |word: &str, remark: &str| {
        format!(
            "workflow main {{\n  step part: outer {{ cache inputs [] outputs [] }}\n  output o: string = part.made\n}}\n{remark}workflow outer {{\n  step deep: inner\n  output made: string = deep.made\n}}\nworkflow inner {{\n  step a: shell \"echo {word}; echo x >> log\" -> string {{ no undo \"x\" }}\n  output made: string = a\n}}\n"
        )
    };
    let place = Place::new();
    for (text, line, made, times) in [
        (text("one", ""), "has to run: nothing is kept of it\n", "o = one\n", "x\n"),
        (text("one", "# a remark\n\n"), "need not run: nothing that its cache names has changed since run ", "o = one\n", "x\n"),
        (text("two", ""), "has to run: it differs from what was kept last: workflows `inner`\n", "o = two\n", "x\nx\n"),
        (text("one", ""), "need not run: nothing that its cache names has changed since run ", "o = one\n", "x\nx\n"),
    ] {
        place.write("main.wf", &text);
        let outcome = place.ran(&[]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, made), "{}", outcome.stderr);
        assert!(why(&place, "part").contains(line), "{}", why(&place, "part"));
        assert_eq!(place.read("log"), times);
    }
}

#[test]
fn an_undo_is_told_beside_its_step() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"echo a\" { undo shell \"exit 4\" { retry 0 times } }\n  step b: shell \"exit 3\" { no undo \"x\" }\n  on failure rollback\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    let told = why(&place, "a");
    assert!(told.contains("  it was not undone: its undo failed\n"), "{told}");
    assert!(told.contains("\na, undo\n") && told.contains("  failed: exit code 4\n"), "{told}");
}

#[test]
fn pauses_are_told_of_the_steps_that_they_held_up() {
    let place = Place::with(&format!(
        "workflow main {{\n  step mid: shell \"{WAITS}\" {{ no undo \"x\", timeout 1m }}\n  step last: shell \"echo last\" {{ no undo \"x\" }}\n}}\n"
    ));
    let mut run = start(&place, &[]);
    until("begun", || place.path("begun").exists());
    assert_eq!(place.wfc(&["pause", "last", "--no-wait"]).code, 0);
    until("the pause", || why(&place, "mid").contains("  a pause was asked for: nothing new starts\n"));
    place.write("free", "");
    assert_eq!(run.wait().expect("it was started here").code(), Some(5));
    assert!(why(&place, "last").contains("  waits: a pause of the run was asked for\n"), "{}", why(&place, "last"));
    assert_eq!(place.wfc(&["resume", "last"]).code, 0);
    let told = why(&place, "last");
    assert!(told.contains("  the run was resumed\n") && told.ends_with("  succeeded\n"), "{told}");
    assert!(!why(&place, "mid").contains("the run was resumed"), "{}", why(&place, "mid"));
}

#[test]
fn variables_of_loops_are_told_as_they_were_around_the_step() {
    let place = Place::with(
        "workflow main {
  for each region in [\"eu\", \"us\"] {
    ship: for each i, n in [5, 7, 9] parallel {
      step a: shell \"echo a\" when n > 6 and i > 0 or region == \"us\" { reads only }
    }
  }
  for_all: for each x in [1, 2], y in [3, 4] {
    step b: shell \"echo b\" when x + y > 4 { reads only }
  }
}
",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let told = why(&place, "ship.a[0][0]");
    for value in ["n was 5", "i was 0", "region was \"eu\""] {
        assert!(told.contains(value), "{told}");
    }
    let told = why(&place, "for_all.b[0]");
    assert!(told.contains("x was 1, y was 3"), "{told}");
}

#[test]
fn of_many_instances_the_first_are_told_and_the_others_counted() {
    let place = Place::with(
        "workflow main {\n  each: for each i in 1..1200 {\n    step g: gate { check: i != 1100, otherwise: \"continue\" }\n  }\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 0);
    let told = why(&place, "each.g");
    assert!(told.starts_with("each.g[0]\n") && told.contains("\neach.g[999]\n") && !told.contains("each.g[1000]"), "{told:.200}");
    assert!(told.ends_with("\n… and 200 more: name one with its places in loops, as these are named\n"), "{told:.200}");
    let told: serde_json::Value =
        serde_json::from_str(&place.wfc(&["why", "last", "each.g", "--format", "json"]).stdout).expect("JSON");
    assert_eq!((told["stories"].as_array().map(Vec::len), &told["more"]), (Some(1_000), &200.into()));
    assert!(why(&place, "each.g[1150]").starts_with("each.g[1150]\n"));
}
