//! `wfc test`: what tests say, and how their results are written. What a test means is proven by `tests/language/tests.md`.

use super::Place;
use serde_json::Value;

const FILE: &str = r#"workflow main {
  param env: "staging" | "prod" = "staging"
  step deploy: shell "deploy ${env}" {
    timeout 5m
    undo shell "undeploy ${env}" { timeout 5m }
  }
  step health: http "https://example.com/health" { timeout 5s }
  on failure rollback
}

test "all is well" {
  run main
  expect run.status == "succeeded"
}

test "an ill deploy is rolled back" {
  run main with { env: "prod" }
  mock health fails "503"
  expect run.status == "rolled_back" and deploy.undone
}

test "this one is wrong" {
  run main
  mock health fails "503 <&\"> \u{1b}[31m"
  expect run.status == "succeeded" else "it should be: ${run.status}"
  expect health.attempts in [2, 3]
}
"#;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["test", "--format", "json"].iter().chain(arguments).copied().collect();
    let outcome = place.wfc(&arguments);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

#[test]
fn a_test_that_fails_shows_the_values_on_both_sides() {
    let outcome = Place::with(FILE).wfc(&["test", "main.wf"]);
    let expected = r#"main.wf
  ok      all is well  (2s)
  ok      an ill deploy is rolled back  (3s)
  FAILED  this one is wrong  (3s)
          main.wf:25: does not hold: run.status == "succeeded"
            it should be: rolled_back
            run.status is "rolled_back"
          main.wf:26: does not hold: health.attempts in [2, 3]
            health.attempts is 1
          the run is rolled_back
            step health failed: 503 <&"> \u{1b}[31m
2 passed, 1 failed
"#;
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (1, expected, ""));
}

#[test]
fn a_filter_chooses_tests_by_their_names() {
    let place = Place::with(FILE);
    let outcome = place.wfc(&["test", "--filter", "rolled back", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.lines().last()), (0, Some("1 passed, 0 failed")));
    let outcome = place.wfc(&["test", "--filter", "nothing like it", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("No test's name contains"), "{outcome:?}");
}

#[test]
fn json_names_every_test_with_what_does_not_hold() {
    let report = json(&Place::with(FILE), &["main.wf"]);
    assert_eq!((&report["passed"], &report["failed"]), (&Value::from(2), &Value::from(1)));
    let wrong = &report["tests"][2];
    assert_eq!((&wrong["status"], &wrong["line"]), (&Value::from("rolled_back"), &Value::from(22)));
    assert_eq!(wrong["order"], serde_json::json!(["deploy", "health"]));
    assert_eq!(wrong["unmet"][1]["values"], serde_json::json!([{ "text": "health.attempts", "value": 1 }]));
}

#[test]
fn junit_and_tap_are_read_by_machines() {
    let place = Place::with(FILE);
    let xml = place.wfc(&["test", "--format", "junit", "main.wf"]).stdout;
    for part in [
        "<testsuite name=\"main.wf\" tests=\"3\" failures=\"1\"",
        "<testcase classname=\"main.wf\" name=\"all is well\" file=\"main.wf\" line=\"11\" time=\"0.",
        "503 &lt;&amp;&quot;&gt; \\u{1b}[31m",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    let script = "import sys, xml.etree.ElementTree as t; root = t.parse(sys.stdin).getroot(); times = [float(one.get('time')) for one in root.iter() if one.tag in ('testsuite', 'testcase')]; print(len(root.findall('.//failure')), len(times), abs(times[0] - sum(times[1:])) < 0.01)";
    let mut reader = std::process::Command::new("python3");
    let read = super::with_input(reader.args(["-c", script]), xml.as_bytes());
    assert_eq!(read.stdout, "1 4 True\n", "{read:?}");
    let tap = place.wfc(&["test", "--format", "tap", "main.wf"]).stdout;
    assert!(tap.starts_with("TAP version 14\n1..3\nok 1 - main.wf: all is well\n"), "{tap}");
    assert!(
        tap.contains("\nnot ok 3 - main.wf: this one is wrong\n  ---\n  problems:\n    - \"main.wf:25: does not hold"),
        "{tap}"
    );
}

#[test]
fn folders_are_searched_for_files_with_tests() {
    let place = Place::with(FILE);
    place
        .write("sub/other.wf", "workflow a {\n  output x: int = 1\n}\ntest \"one\" {\n  run a\n  expect run.outputs.x == 1\n}\n");
    place.write("sub/none.wf", "workflow a {\n  output x: int = 1\n}\n");
    place.write(".hidden/other.wf", "not a workflow");
    let all: Vec<Value> =
        json(&place, &[])["tests"].as_array().expect("a list").iter().map(|test| test["file"].clone()).collect();
    assert_eq!(all, ["main.wf", "main.wf", "main.wf", "sub/other.wf"]);
    assert_eq!(json(&place, &["sub"])["passed"], 1);
    let outcome = place.wfc(&["test", ".hidden/nowhere"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("there is no file"), "{outcome:?}");
}

#[test]
fn a_file_that_does_not_check_is_told_and_the_others_are_tested() {
    let place = Place::with(FILE);
    place.write("broken.wf", "workflow main {\n  let a: int = \"x\"\n}\n");
    let outcome = place.wfc(&["test", "--filter", "well", "broken.wf", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.lines().last()), (2, Some("1 passed, 0 failed")));
    assert!(outcome.stderr.contains("type-mismatch"), "{outcome:?}");
}

#[test]
fn without_a_test_it_is_said_how_one_is_written() {
    let place = Place::with("workflow main {\n  output x: int = 1\n}\n");
    let outcome = place.wfc(&["test"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(
        outcome.stderr.contains("there is no test to run") && outcome.stderr.contains("test \"what it shows\""),
        "{outcome:?}"
    );
}

#[test]
fn nothing_of_the_world_is_touched() {
    let text = r#"workflow main {
  secret token from env "WFC_TEST_TOKEN"
  param name: string = env("USER") ?? "nobody"
  step a: shell "touch touched" { env: { TOKEN: token }, no undo "x" }
  step b: file "written" { content: read("there"), mode: "0600" }
  step c: notify "hello" { to: [desktop()] }
  output name: string = name
}
test "no world" {
  run main
  mock read("there") gives "text"
  expect run.status == "succeeded" and run.outputs.name == "nobody"
}
"#;
    let place = Place::with(text);
    let outcome = place.wfc(&["test"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!place.path("touched").exists() && !place.path("written").exists());
}

#[test]
fn a_value_of_a_mock_that_cannot_be_told_is_an_error_of_the_test() {
    let text = "workflow main {\n  step a: shell \"x\" -> int { reads only }\n  output a: int = a\n}\ntest \"t\" {\n  run main\n  mock a succeeds with read(\"N\").to_int()\n}\n";
    let outcome = Place::with(text).wfc(&["test"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stdout.contains("main.wf:7: a test cannot look outside"), "{outcome:?}");
}

#[test]
fn a_value_that_is_made_is_one_that_its_step_expects() {
    let text = r#"workflow main {
  step count: http "https://example.com/" { expect result.body == "all is well" }
  step more: http "https://example.com/" { expect result.status > 299 }
  output body: string = count.body
  output more: int = more.status
  output read: int = (more.json.read[0] as int?) ?? 0
}

test "of itself" {
  run main
  mock more succeeds with { status: 500 }
  expect run.outputs == { body: "all is well", more: 500, read: 0 }
}

test "as JSON" {
  run main
  mock more succeeds with { status: 500, json: { read: [7] } }
  expect run.outputs.read == 7
}
"#;
    let outcome = Place::with(text).wfc(&["test", "main.wf"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn a_run_that_fails_has_no_outputs() {
    let text = r#"workflow main {
  step count: shell "count" -> int { reads only }
  output number: int = count
}

test "it fails" {
  run main
  mock count fails "no"
  expect run.status == "failed" and run.outputs.number == null
}

test "it succeeds" {
  run main
  mock count succeeds with 7
  expect run.outputs.number != null and run.outputs.number == 7
}

test "it is asked for all the same" {
  run main
  mock count fails "no"
  expect run.outputs.number > 2
}
"#;
    let outcome = Place::with(text).wfc(&["test", "main.wf"]);
    assert_eq!((outcome.code, outcome.stdout.lines().last()), (1, Some("2 passed, 1 failed")), "{outcome:?}");
    assert!(outcome.stdout.contains("run.outputs.number is null"), "{outcome:?}");
}
