//! `wfc plan`: what would run, in words, as JSON, and beside what runs do.

use super::{Outcome, Place};
use serde_json::Value;

const DEPLOY: &str = r#"
## Ships the API.
workflow main {
  param env: "staging" | "prod" = "staging"
  secret token from env "TOKEN"
  parallel {
    step lint: shell "true" { reads only, timeout 1m, estimate 10s }
    step test: shell "true" { reads only, timeout 1m, estimate 4m }
  }
  if env == "prod" {
    step go: approval "Ship?" { timeout 4h }
  }
  step conf: file "./app.conf" { content: "env = ${env}\n" }
  each: for each zone in ["a", "b", "c"] {
    step ship: shell "ship ${env} ${zone}" {
      env: { TOKEN: token }
      timeout 1m
      estimate 20s
      undo shell "unship ${zone}" when ship != null
    }
  }
  step tell: shell "true" when lint.exit_code == 0 { no undo "a message", timeout 1m, estimate 1s }
  on failure rollback
}
"#;

fn planned(place: &Place, arguments: &[&str]) -> Outcome {
    let outcome = place.wfc(&[&["plan", "main.wf"], arguments].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&planned(place, &[arguments, &["--format", "json"]].concat()).stdout).expect("JSON")
}

#[test]
fn a_plan_says_what_would_run_and_why() {
    let shown = planned(&Place::with(DEPLOY), &["--jobs", "4"]).stdout;
    for part in [
        "workflow main of main.wf, definition ",
        "param env = \"staging\"",
        "7 steps in 4 waves, 4 at a time: P50 ",
        "critical path 5m1s",
        "times of steps: 4 as their `estimate` says, 1 as steps of their kind usually take",
        "-   if env == \"prod\"                                      not taken",
        "`env == \"prod\"` does not hold, env = \"staging\"",
        "    lint: shell \"true\"                                    reads             0s     10.0s     3m50s",
        "*   test: shell \"true\"                                    reads             0s        4m        0s",
        "+env = staging",
        "each: for each zone in [\"a\", \"b\", \"c\"] ×3",
        "shell \"ship staging ${zone}\" { env: { TOKEN: token } }",
        "undo: shell \"unship ${zone}\" when ship != null",
        "secrets: token",
        "? tell: shell \"true\"",
        "`lint.exit_code == 0` is known with lint",
        "no undo: a message",
        "critical path: test → conf → each.ship → tell",
        "step `test` first: if it took no time, the run would take 3m50s less",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
}

#[test]
fn a_plan_fits_a_narrow_terminal_and_long_values_are_cut() {
    let place = Place::with(DEPLOY);
    let shown = place.in_terminal("sh -c 'stty cols 72; exec wfc plan main.wf'", &[]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.len() > 20 && lines.iter().all(|line| line.chars().count() <= 72), "{shown}");
    assert!(shown.contains("*   test: shell \"true\"") && shown.contains("critical path 5m1s"), "{shown}");
    let list = format!("[{}]", vec!["123456789"; 20_000].join(", "));
    place.write("list.json", &format!("{{\"list\": {list}}}"));
    place.write("main.wf", "workflow main {\n  param list: [int]\n  let all = list\n  step a: shell \"true ${list}\" when all.length > 5 { reads only, timeout 5s }\n}\n");
    let outcome = place.wfc(&["plan", "main.wf", "--params", "list.json"]);
    assert!(outcome.code == 0 && outcome.stdout.contains(" … ") && outcome.stdout.len() < 10_000, "{outcome:?}");
}

#[test]
fn parameters_fold_what_they_decide() {
    let place = Place::with(DEPLOY);
    let shown = planned(&place, &["--param", "env=prod"]).stdout;
    assert!(shown.contains("`env == \"prod\"` holds, env = \"prod\"") && shown.contains("waits for an approval"), "{shown}");
    let outcome = place.wfc(&["plan", "main.wf", "--param", "env=moon"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
}

#[test]
fn a_dry_run_is_the_plan() {
    let place = Place::with("workflow main {\n  step a: shell \"true\" { reads only, timeout 5s }\n}\n");
    assert_eq!(place.ran(&["--dry-run"]).stdout, planned(&place, &[]).stdout);
    assert_eq!(place.ran(&["--dry-run", "--format", "json"]).stdout, planned(&place, &["--format", "json"]).stdout);
}

#[test]
fn json_is_as_it_is_documented() {
    let page = include_str!("../../docs/plan.md");
    let schema = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a schema");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let plan =
        json(
            &Place::with(&DEPLOY.replace(
                "step ship: shell \"ship ${env} ${zone}\"",
                "step ship: shell \"ship ${env} ${zone}\" when zone != \"b\"",
            )),
            &[],
        );
    assert!(plan["nodes"].as_array().is_some_and(|nodes| nodes.iter().any(|node| node["iterations"]["runs"] == 2)), "{plan}");
    let problems: Vec<_> = validator.iter_errors(&plan).map(|problem| format!("{} {problem}", problem.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(!validator.is_valid(&serde_json::json!({ "format": 2 })));
}

#[test]
fn plans_are_drawn() {
    let place = Place::with(DEPLOY);
    for (format, begins, parts) in [
        ("svg", "<svg xmlns=", &["class=\"bar hot\"", ">test</text>", "not taken", "×3"][..]),
        ("html", "<!DOCTYPE html>", &["<svg xmlns=", "default-src 'none'", "<details", "undo: shell &quot;unship ${zone}&quot;"]),
        ("dot", "digraph plan {", &["subgraph cluster_", "color=\"#c62828\"", " -> "]),
        ("mermaid", "---\ntitle: ", &["flowchart LR", "subgraph n", "==>", "classDef critical"]),
    ] {
        let shown = planned(&place, &["--format", format]).stdout;
        assert!(shown.starts_with(begins), "{shown}");
        for part in parts {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        assert!(!shown.contains("<script") && !shown.contains("http-equiv=\"refresh"), "{shown}");
    }
}

#[test]
fn secrets_are_never_shown() {
    let place = Place::with(DEPLOY);
    for format in ["text", "json", "svg", "html", "dot", "mermaid"] {
        for variables in [&[("TOKEN", "correct-horse")][..], &[("TOKEN", "correct-horse"), ("WFC_PARAM_ENV", "prod")]] {
            let mut command = place.command(&["plan", "main.wf", "--format", format]);
            let output = command.envs(variables.iter().copied()).output().expect("the binary starts");
            let shown = String::from_utf8(output.stdout).expect("UTF-8");
            let told = shown.contains("token") || ["dot", "mermaid"].contains(&format);
            assert!(output.status.success() && told && !shown.contains("correct-horse"), "{shown}");
        }
    }
    place.write(
        "main.wf",
        "workflow main {\n  param note: string\n  secret token from env \"TOKEN\"\n  let seen = env(\"TOKEN\") ?? \"\"\n  step a: shell \"echo ${note} ${seen}\" when seen == \"correct-horse-2\" { env: { T: token }, reads only, timeout 5s }\n  step f: file \"./f\" { content: \"${note}\\n\" }\n  output o: string = seen\n}\n",
    );
    for format in ["text", "json", "svg", "html", "dot", "mermaid"] {
        let mut command = place.command(&["plan", "main.wf", "--format", format, "--param", "note=correct-horse"]);
        let output = command.env("TOKEN", "correct-horse").output().expect("the binary starts");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        // The program itself says the other word.
        let shown = shown.replace("correct-horse-2", "");
        let told = shown.contains("***") || ["dot", "mermaid"].contains(&format);
        assert!(output.status.success() && told && !shown.contains("correct-horse"), "{shown}");
    }
}

#[test]
fn a_cache_is_looked_into_without_being_touched() {
    let place = Place::with(
        "workflow main {\n  param n: int = 1\n  step a: shell \"cp in out; echo ${n}\" { no undo \"x\", timeout 5s, cache inputs [\"in\"] outputs [\"out\"] }\n}\n",
    );
    place.write("in", "one");
    let cache = |arguments: &[&str]| json(&place, arguments)["nodes"][0]["cache"].clone();
    assert_eq!(cache(&[])["hit"], Value::Null);
    assert_eq!(place.ran(&[]).code, 0);
    std::fs::remove_file(place.path("out")).expect("the step made it");
    assert_eq!(cache(&[])["hit"], true);
    assert!(!place.path("out").exists());
    assert_eq!(cache(&["--param", "n=2"])["hit"], false);
    place.write("in", "two");
    let told = cache(&[]);
    assert!(told["hit"] == false && told["reason"].as_str().is_some_and(|reason| reason.contains("`in`")), "{told}");
}

#[test]
fn the_cache_is_looked_into_under_settings_and_for_calls_of_workflows() {
    let text = |mode: &str| {
        format!(
            "workflow main {{\n  env: {{ MODE: \"{mode}\", T: token }}\n  cwd: \"sub\"\n  secret token from env \"TOKEN\"\n  step a: shell \"cp in out\" {{ env: {{ U: \"x${{token}}\" }}, no undo \"x\", timeout 5s, cache inputs [\"in\"] outputs [\"out\"] }}\n  step b: made {{ t: token, n: 1, cache inputs [\"in\"] outputs [] }}\n}}\nworkflow made {{\n  param t: secret\n  param n: int\n  step c: shell \"sleep 0.2\" {{ env: {{ T: t }}, no undo \"x\", timeout 5s }}\n}}\n"
        )
    };
    let place = Place::with(&text("fast"));
    place.write("sub/in", "one");
    let wfc = |arguments: &[&str], token: &str| {
        Outcome::of(place.command(arguments).env("TOKEN", token).output().expect("the binary starts"))
    };
    let plan = |token: &str| {
        let outcome = wfc(&["plan", "main.wf", "--format", "json"], token);
        let plan: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
        let nodes = plan["nodes"].as_array().expect("a list").clone();
        let hit = |name: &str| nodes.iter().find(|node| node["name"] == name).expect("the node")["cache"]["hit"].clone();
        (hit("a"), hit("b"), plan["outlook"]["p50"].as_i64().expect("a time"))
    };
    assert!(matches!(plan("one"), (Value::Null | Value::Bool(false), Value::Null | Value::Bool(false), 200..)));
    let ran = wfc(&["run", "main.wf"], "one");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // Secrets do not count.
    assert_eq!(plan("two"), (true.into(), true.into(), 0));
    let ran = wfc(&["run", "main.wf"], "two");
    assert!(ran.stderr.contains("cached   a: from run ") && ran.stderr.contains("cached   b: from run "), "{}", ran.stderr);
    place.write("main.wf", &text("slow"));
    assert_eq!((plan("one").0, plan("one").1), (false.into(), true.into()));
    place.write("sub/in", "two");
    assert_eq!((plan("one").0, plan("one").1), (false.into(), false.into()));
}

#[test]
fn earlier_runs_say_how_long_steps_take() {
    let text = |step: &str, seconds: &str| {
        format!(
            "workflow main {{\n  step list: shell \"printf 'a\\nb\\nc\\n'\" -> [string] {{ reads only, timeout 5s }}\n  step {step}: shell \"sleep {seconds}\" {{ reads only, timeout 5s, estimate 1h }}\n  each: for each x in list {{ step in_loop: shell \"true\" {{ reads only, timeout 5s }} }}\n}}\n"
        )
    };
    let place = Place::with(&text("wait", "0.1"));
    let found = |step: &str| {
        let plan = json(&place, &[]);
        let nodes = plan["nodes"].as_array().expect("a list").clone();
        let node = |name: &str| nodes.iter().find(|node| node["name"] == name).expect("the node").clone();
        (node(step)["forecast"].clone(), node("each")["times"].clone(), node("in_loop")["forecast"].clone())
    };
    let (before, rounds, _) = found("wait");
    assert_eq!((&before["basis"], &before["p50"], &rounds["count"]), (&"clause".into(), &3_600_000.into(), &1.into()));
    for _ in 0..2 {
        assert_eq!(place.ran(&[]).code, 0);
    }
    let (same, rounds, inside) = found("wait");
    assert_eq!((&same["basis"], &same["runs"], &inside["basis"]), (&"history".into(), &2.into(), &"history".into()));
    assert!(same["p50"].as_i64().is_some_and(|p50| (90..3_600_000).contains(&p50)), "{same}");
    assert_eq!((&rounds["count"], &rounds["assumed"]), (&3.into(), &true.into()));
    place.write("main.wf", &text("renamed", "0.1"));
    assert_eq!(found("renamed").0["basis"], "history");
    place.write("main.wf", &text("wait", "0.2"));
    assert_eq!(found("wait").0["basis"], "former");
    // What is known of runs outlives them.
    assert_eq!(place.wfc(&["delete", "--older-than", "0s"]).code, 0);
    assert_eq!(found("wait").0["runs"], 2);
}

const SAVED: &str = r#"
use "./lib.wf" as lib
workflow main {
  param n: int = 1
  secret token from env "TOKEN" or file "./token"
  step a: shell "touch made-${n}" when env("PLACE") == "here" { env: { TOKEN: token }, no undo "x", timeout 5s }
  step b: lib.help
}
"#;

fn with_saved_plan() -> Place {
    let place = Place::with(SAVED);
    place.write("token", "correct-horse");
    place.write("lib.wf", "workflow help {\n  step c: shell \"touch helped\" { no undo \"x\", timeout 5s }\n}\n");
    let mut command = place.command(&["plan", "main.wf", "--param", "n=2", "--out", "kept.plan"]);
    let output = command.env("PLACE", "here").output().expect("the binary starts");
    assert!(output.status.success(), "{output:?}");
    assert!(!place.read("kept.plan").contains("correct-horse"));
    place
}

/// Runs the kept plan, and tells whether it did anything.
fn ran_plan(place: &Place, variable: &str, arguments: &[&str]) -> (Outcome, bool) {
    let mut command = place.command(&[&["run", "kept.plan"], arguments].concat());
    let outcome = Outcome::of(command.env("PLACE", variable).output().expect("the binary starts"));
    let made = place.path("made-2").exists() || place.path("helped").exists();
    (outcome, made)
}

#[test]
fn a_kept_plan_runs_as_it_is() {
    let place = with_saved_plan();
    let (outcome, made) = ran_plan(&place, "here", &["--dry-run"]);
    assert!(outcome.code == 0 && !made, "{outcome:?}");
    assert_eq!(outcome.stdout, place.wfc(&["plan", "kept.plan"]).stdout);
    let (outcome, made) = ran_plan(&place, "here", &[]);
    assert!(outcome.code == 0 && made && place.path("made-2").exists(), "{outcome:?}");
}

#[test]
fn a_kept_plan_is_refused_where_it_would_be_another_run() {
    let refused = |change: &dyn Fn(&Place), variable: &str, arguments: &[&str], part: &str| {
        let place = with_saved_plan();
        change(&place);
        let (outcome, made) = ran_plan(&place, variable, arguments);
        assert_eq!((outcome.code, made), (2, false), "{part}: {outcome:?}");
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    };
    let nothing = |_: &Place| {};
    let file = |place: &Place| place.write("main.wf", &SAVED.replace("made-", "other-"));
    refused(&file, "here", &[], "+  step a: shell \"touch other-${n}\"");
    let import = |place: &Place| place.write("lib.wf", &place.read("lib.wf").replace("helped", "hurt"));
    refused(&import, "here", &[], "-  step c: shell \"touch helped\"");
    refused(&nothing, "here", &["--param", "n=3"], "is a plan, which has its parameters");
    refused(&nothing, "there", &[], "+a shell (not taken): shell");
    let damaged = |place: &Place| place.write("kept.plan", &place.read("kept.plan").replace("made-", "other-"));
    refused(&damaged, "here", &[], "it was changed after it was made");
}

#[test]
fn a_plan_that_would_hold_a_secret_is_not_kept() {
    let place = Place::with(
        "workflow main {\n  param note: string\n  secret token from env \"TOKEN\"\n  step a: shell \"echo ${note}\" { env: { T: token }, reads only, timeout 5s }\n}\n",
    );
    let mut command = place.command(&["plan", "main.wf", "--param", "note=correct-horse", "--out", "kept.plan"]);
    let outcome = Outcome::of(command.env("TOKEN", "correct-horse").output().expect("the binary starts"));
    assert!(outcome.code == 2 && !place.path("kept.plan").exists(), "{outcome:?}");
    assert!(outcome.stderr.contains("a parameter holds a secret"), "{outcome:?}");
}

#[test]
fn the_name_of_a_file_does_nothing_to_a_terminal() {
    let place = Place::new();
    let file = "a\u{1b}[31m.wf";
    place.write(file, "workflow main {\n  step a: shell \"true\" { reads only }\n}\n");
    for format in ["text", "json", "dot", "mermaid", "svg", "html"] {
        let outcome = place.wfc(&["plan", file, "--format", format]);
        assert!(outcome.code == 0 && !outcome.stdout.contains('\u{1b}'), "{format}: {outcome:?}");
    }
    assert_eq!(place.wfc(&["run", file]).code, 0);
    let outcome = place.wfc(&["status", "last"]);
    assert!(outcome.code == 0 && !outcome.stdout.contains('\u{1b}'), "{outcome:?}");
}
