//! `wfc test --rehearse`: what goes wrong in turn, what is found, and how that is written.

use super::{Outcome, Place};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const FILE: &str = r#"workflow main {
  param env: "staging" | "prod" = "staging"
  step ship: shell "ship ${env}" {
    timeout 5m
    undo shell "unship ${env}" { timeout 5m }
  }
  step smoke: shell "smoke" when env == "prod" { reads only, timeout 5m }
  step health: http "https://example.com/health" { timeout 5s }
  on failure rollback
}
"#;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["test", "--rehearse", "--format", "json"].iter().chain(arguments).copied().collect();
    let outcome = place.wfc(&arguments);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

/// The scenario whose only fault is this.
fn scenario<'a>(workflow: &'a Value, faults: &[&str]) -> &'a Value {
    let scenarios = workflow["scenarios"].as_array().expect("a list");
    let found =
        scenarios.iter().find(|scenario| scenario["faults"] == serde_json::json!(faults) && scenario["dies_behind"].is_null());
    found.unwrap_or_else(|| panic!("no scenario has {faults:?}"))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("a folder of the checkout");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_step_and_every_undo_goes_wrong_in_turn() {
    let report = json(&Place::with(FILE), &["main.wf"]);
    let workflow = &report["workflows"][0];
    assert_eq!(workflow["findings"], serde_json::json!([]));
    for (faults, status, undone, left) in [
        (&["ship fails"][..], "rolled_back", &["ship"][..], &[][..]),
        (&["ship times out"], "rolled_back", &["ship"], &[]),
        (&["ship is cancelled with the run"], "cancelled", &[], &["ship"]),
        (&["ship crashes, but was done"], "succeeded", &[], &[]),
        (&["ship crashes, and was not done"], "succeeded", &[], &[]),
        (&["ship crashes, and failed"], "rolled_back", &["ship"], &[]),
        (&["health fails"], "rolled_back", &["ship"], &[]),
        (&["health crashes"], "succeeded", &[], &[]),
        (&["ship fails", "undo of ship fails"], "rollback_failed", &[], &["ship"]),
        (&["ship fails", "undo of ship crashes"], "rolled_back", &["ship"], &[]),
        // What is behind a condition is reached by a parameter that lets it hold.
        (&["smoke fails"], "rolled_back", &["ship"], &[]),
    ] {
        let scenario = scenario(workflow, faults);
        assert_eq!(scenario["status"], status, "{faults:?}");
        assert_eq!(
            (&scenario["undone"], &scenario["left"]),
            (&serde_json::json!(undone), &serde_json::json!(left)),
            "{faults:?}"
        );
        assert_eq!(scenario["did_not_happen"], serde_json::json!([]), "{faults:?}");
    }
    assert_eq!(scenario(workflow, &["smoke fails"])["given"], "env=\"prod\"");
    assert_eq!(scenario(workflow, &["health fails"])["handlers"], serde_json::json!(["on failure"]));
    let deaths = workflow["scenarios"].as_array().expect("a list").iter().filter(|scenario| !scenario["dies_behind"].is_null());
    let deaths: Vec<&Value> = deaths.collect();
    assert!(deaths.len() > 10 && deaths.iter().all(|scenario| scenario["status"] == "succeeded"), "{deaths:?}");
    assert_eq!(workflow["coverage"], serde_json::json!({ "changing": 1, "undone": 1, "excused": 0 }));
}

#[test]
fn each_planted_fault_is_named_and_nothing_in_its_corrected_twin() {
    let place = Place::new();
    let planted: Vec<PathBuf> =
        files("tests/rehearsal").into_iter().filter(|path| !path.to_string_lossy().ends_with(".fixed.wf")).collect();
    assert!(planted.len() >= 20, "{}", planted.len());
    let mut wrong = Vec::new();
    for path in planted {
        let text = fs::read_to_string(&path).expect("a text");
        let expected = text.lines().next().and_then(|line| line.strip_prefix("# Finds: ")).expect("what is found");
        let report = json(&place, &[&path.to_string_lossy()]);
        let findings = report["workflows"][0]["findings"].as_array().cloned().unwrap_or_default();
        let found = findings.iter().map(|finding| format!("{} {}", finding["sort"], finding["step"]).replace('"', ""));
        let found: Vec<String> = found.map(|found| found.split('[').next().unwrap_or_default().to_owned()).collect();
        if found != [expected] {
            wrong.push(format!("{}: {found:?}", path.display()));
        }
        let fixed = path.to_string_lossy().replace(".wf", ".fixed.wf");
        let outcome = place.wfc(&["test", "--rehearse", &fixed]);
        if outcome.code != 0 {
            wrong.push(format!("{fixed}: {}", outcome.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_found_in_the_examples() {
    let place = Place::new();
    for folder in files("examples") {
        let outcome = place.wfc(&["test", "--rehearse", &folder.to_string_lossy()]);
        assert_eq!(outcome.code, 0, "{}: {}{}", folder.display(), outcome.stdout, outcome.stderr);
        assert!(!outcome.stdout.contains("did not happen") && !outcome.stdout.contains("left out"), "{}", outcome.stdout);
    }
}

fn planted(place: &Place) -> Outcome {
    place.write("wrong.wf", &FILE.replace("    undo shell \"unship ${env}\" { timeout 5m }\n", ""));
    place.wfc(&["test", "--rehearse", "wrong.wf"])
}

#[test]
fn what_is_found_can_be_seen_again_by_its_seed() {
    let place = Place::new();
    let outcome = planted(&place);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.stdout.contains("FOUND nothing-undoes: the run counts as rolled back, and what step ship did stays"),
        "{outcome:?}"
    );
    let again = outcome.stdout.lines().find_map(|line| line.trim().strip_prefix("again: wfc ")).expect("a command");
    let outcome = place.wfc(&again.split(' ').collect::<Vec<_>>());
    assert_eq!((outcome.code, outcome.stdout.lines().last()), (1, Some("1 scenario, 1 found")), "{outcome:?}");
    for line in ["ship starts, attempt 1", "on failure of the run begins", "the run is rolled_back"] {
        assert!(outcome.stdout.contains(line), "{line}: {outcome:?}");
    }
    let outcome = place.wfc(&["test", "--rehearse", "wrong.wf", "--seed", "nowhere"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("no scenario is called nowhere"), "{outcome:?}");
}

#[test]
fn the_page_needs_nothing_else_and_holds_what_people_wrote() {
    let place = Place::new();
    place.write("a&b.wf", FILE);
    let page = place.wfc(&["test", "--rehearse", "--format", "html", "a&b.wf"]).stdout;
    assert!(page.starts_with("<!doctype html>") && page.contains("a&amp;b.wf:main"), "{page}");
    assert!(page.contains("<td>ship fails</td>") || page.contains("<tr><td>ship fails"), "{page}");
    assert!(!page.contains("http") && !page.contains("<script"), "{page}");
}

#[test]
fn more_scenarios_than_wanted_are_said_to_be_left_out() {
    let place = Place::with(FILE);
    let outcome = place.wfc(&["test", "--rehearse", "--max-scenarios", "5", "main.wf"]);
    assert!(outcome.stdout.contains("left out:") && outcome.stdout.contains("5 scenarios, nothing found"), "{outcome:?}");
    let counted = |depth| json(&place, &["--depth", depth, "main.wf"])["workflows"][0]["scenarios"].as_array().map(Vec::len);
    assert!(counted("2") > counted("1"));
}

#[test]
fn a_parameter_without_a_value_of_its_own_is_asked_for() {
    let text = "workflow main {\n  param version: string where version matches '^v\\d+$'\n  step a: shell \"ship ${version}\" { timeout 5m, no undo \"x\" }\n}\n";
    let place = Place::with(text);
    let outcome = place.wfc(&["test", "--rehearse", "main.wf"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(
        outcome.stderr.contains("no value of its own fits `version`") && outcome.stderr.contains("--param NAME=VALUE"),
        "{outcome:?}"
    );
    assert_eq!(place.wfc(&["test", "--rehearse", "main.wf", "--param", "version=v1"]).code, 0);
    let wrong = place.wfc(&["test", "--rehearse", "main.wf", "--param", "version=1"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    place.write("main.wf", &format!("{text}\ntest \"one\" {{\n  run main with {{ version: \"v1\" }}\n}}\n"));
    let outcome = place.wfc(&["test", "--rehearse", "main.wf"]);
    assert!(outcome.code == 0 && outcome.stdout.contains("with test \"one\""), "{outcome:?}");
}

#[test]
fn options_that_a_rehearsal_does_not_follow_are_refused() {
    let place = Place::with(FILE);
    for arguments in [&["--format", "tap"][..], &["--format", "junit"], &["--filter", "x"], &["--max-scenarios", "0"]] {
        let outcome = place.wfc(&[&["test", "--rehearse", "main.wf"], arguments].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}: {outcome:?}");
    }
    let outcome = place.wfc(&["test", "--rehearse", "main.wf", "--param", "nope=1"]);
    assert!(outcome.code == 2 && outcome.stdout.is_empty() && outcome.stderr.contains("env"), "{outcome:?}");
    let outcome = place.wfc(&["test", "--rehearse", "nofile.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
}

#[test]
fn what_is_told_of_a_scenario_calls_an_undo_by_its_name_and_quotes_the_file() {
    let place = Place::new();
    place.write("it's here.wf", &FILE.replace("shell \"unship ${env}\"", "shell \"rm ${env}\""));
    let outcome = place.wfc(&["test", "--rehearse", "it's here.wf"]);
    let again = outcome.stdout.lines().find_map(|line| line.trim().strip_prefix("again: ")).expect("a command");
    assert!(again.contains(r"'it'\''s here.wf:main'"), "{again}");
    let mut shell = std::process::Command::new("sh");
    let path = format!("{}:/usr/bin:/bin", Path::new(env!("CARGO_BIN_EXE_wfc")).parent().expect("a folder").display());
    let told = shell.args(["-c", again]).current_dir(place.path("")).env("PATH", path).output().expect("a shell");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for line in ["undo of ship starts, attempt 1", "undo of ship was not done, and runs again"] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

#[test]
fn a_run_that_fails_by_itself_says_what_to_write() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"count\" -> string { reads only, timeout 1m }\n  output n: int = a.to_int()\n}\n",
    );
    let outcome = place.wfc(&["test", "--rehearse"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(
        outcome.stderr.contains("the run fails with values that are made") && outcome.stderr.contains("Write a test"),
        "{outcome:?}"
    );
}

#[test]
fn what_a_checkpoint_or_a_commit_keeps_is_left() {
    for (bound, rollback) in [("checkpoint ready", "rollback to ready"), ("commit", "rollback")] {
        let report = json(
            &Place::with(&format!(
                r#"workflow main {{
  step base: shell "base" {{ timeout 1m, undo shell "unbase" {{ timeout 1m }} }}
  step note: shell "note" {{ timeout 1m, no undo "x" }}
  step conf: file "./conf" {{ content: "x", timeout 1m }}
  {bound}
  step ship: shell "ship" {{ timeout 1m, undo shell "unship" {{ timeout 1m }} }}
  step health: http "https://example.com/health" {{ timeout 5s }}
  on failure {{ {rollback} }}
}}
"#
            )),
            &["main.wf"],
        );
        let workflow = &report["workflows"][0];
        for (faults, undone, left) in [
            (&["health fails"][..], &["ship"][..], &["base", "conf"][..]),
            (&["ship fails", "undo of ship fails"], &[], &["ship", "base", "conf"]),
            (&["conf fails"], &["conf", "base"], &[]),
        ] {
            let scenario = scenario(workflow, faults);
            assert_eq!(
                (&scenario["undone"], &scenario["left"]),
                (&serde_json::json!(undone), &serde_json::json!(left)),
                "{faults:?}"
            );
        }
    }
}

#[test]
fn the_time_of_each_block_runs_out() {
    let place = Place::with(
        r#"workflow main {
  step before: shell "before" { timeout 1m, undo shell "unbefore" { timeout 1m } }
  both: parallel {
    timeout 10m
    step one: shell "one" { timeout 1m, undo shell "unone" { timeout 1m } }
    step two: shell "two" { timeout 1m, reads only }
  }
  stage {
    timeout 5m
    each: for each n in 1..3 {
      timeout 2m
      step three: shell "three ${n}" { no undo "x" }
    }
  }
  step called: child { timeout 3m }
  on failure rollback
}

workflow child {
  step inner: shell "inner" { reads only }
}
"#,
    );
    let report = json(&place, &["main.wf:main"]);
    let workflow = &report["workflows"][0];
    for step in ["both.one", "both.two", "each.three[0]", "each.three[2]", "called.inner"] {
        let scenario = scenario(workflow, &[&format!("{step} goes on until its block times out")]);
        let began: &[&str] =
            if step.starts_with("both") { &["both.one", "both.two"] } else { &["both.one", "both.two", "each.three[0]"] };
        assert!(began.iter().all(|step| scenario["order"].as_array().is_some_and(|order| order.contains(&(*step).into()))));
        assert_eq!((&scenario["status"], &scenario["did_not_happen"]), (&"rolled_back".into(), &serde_json::json!([])), "{step}");
        assert_eq!(scenario["undone"], serde_json::json!(["both.one", "before"]), "{step}");
    }
    let outer = scenario(workflow, &["each.three[2] goes on until the outermost block times out"]);
    let again = place.wfc(&["test", "--rehearse", "main.wf:main", "--seed", outer["seed"].as_str().expect("a name")]).stdout;
    assert!(again.contains("is failed for good: stage took longer than 5m"), "{again}");
    let inner = scenario(workflow, &["each.three[2] goes on until its block times out"]);
    let again = place.wfc(&["test", "--rehearse", "main.wf:main", "--seed", inner["seed"].as_str().expect("a name")]).stdout;
    assert!(again.contains("is failed for good: iteration of the loop took longer than 2m"), "{again}");
    let never = "before goes on until its block times out";
    assert!(!report.to_string().contains(never));
}

#[test]
fn scenarios_are_listed_where_that_is_asked_for() {
    let place = Place::with(FILE);
    let summary = place.wfc(&["test", "--rehearse", "main.wf"]).stdout;
    for part in [
        "main.wf:main\n",
        "\n  with env=\"prod\": ",
        " rolled_back, ",
        "\n  left behind in some, such as a run that is cancelled: ship\n",
        "undos cover 1 of 1 steps",
        ", nothing found; `--all` lists the scenarios\n",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert!(summary.lines().count() < 10 && !summary.contains("ship times out"), "{summary}");
    let all = place.wfc(&["test", "--rehearse", "--all", "main.wf"]).stdout;
    for part in ["\n  ship times out ", "undone: ship;", "the process dies behind each of ", "undos cover 1 of 1 steps"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!all.contains("--all") && all.contains(", nothing found\n"), "{all}");
    assert_eq!(place.wfc(&["test", "--all", "main.wf"]).code, 2);
}

#[test]
fn a_terminal_shows_how_far_a_rehearsal_is() {
    let screen = Place::with(FILE).in_terminal("wfc test --rehearse main.wf", &[]);
    let (line, result) = (screen.find("rehearsing  main.wf:main, scenario 1"), screen.find("nothing found"));
    assert!(line.is_some() && line < result, "{screen}");
    let outcome = Place::with(FILE).wfc(&["test", "--rehearse", "main.wf"]);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn what_is_not_rehearsed_is_said_in_json_too() {
    let place = Place::new();
    place.write(
        "fails.wf",
        "workflow main {\n  step a: shell \"count\" -> string { reads only }\n  output n: int = a.to_int()\n}\n",
    );
    place.write("wrong.wf", "workflow main {\n  step a: shel \"count\"\n}\n");
    place.write("good.wf", FILE);
    let report = json(&place, &[]);
    let of = |key: &str| report[key].as_array().expect("a list").clone();
    assert_eq!((of("workflows").len(), of("workflows")[0]["file"].as_str()), (1, Some("good.wf")));
    let refused = of("refused");
    assert_eq!((refused[0]["file"].as_str(), refused[0]["workflow"].as_str()), (Some("fails.wf"), Some("main")));
    assert!(
        refused[0]["why"].as_str().is_some_and(|why| why.starts_with("the run fails with values that are made: ")),
        "{report}"
    );
    let unchecked = serde_json::json!({ "file": "wrong.wf", "workflow": null, "why": "the file does not check" });
    assert_eq!((refused.len(), &refused[1]), (2, &unchecked));
}

#[test]
fn a_loop_goes_wrong_in_its_first_and_its_last_iteration() {
    let text =
        "workflow main {\n  each: for each n in 1..50 {\n    step a: shell \"do ${n}\" { timeout 5m, no undo \"x\" }\n  }\n}\n";
    let report = json(&Place::with(text), &["main.wf"]);
    let scenarios = report["workflows"][0]["scenarios"].as_array().cloned().unwrap_or_default();
    let faults: Vec<String> =
        scenarios.iter().map(|scenario| scenario["faults"][0].to_string()).filter(|fault| fault.contains(" fails")).collect();
    assert_eq!(faults, ["\"each.a[0] fails\"", "\"each.a[49] fails\""]);
}
