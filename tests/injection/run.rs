//! The same places through the real binary: parameters, secrets and outputs keep hostile values as they are.

use super::batch::{BATCH, Batch, Readers};
use super::campaign::{difference, names};
use super::places::{places, program};
use super::strings;
use crate::cli;
use serde_json::{Map, Value, json};
use std::fs;

/// Runs the places with a batch of values.
fn arrives(shell: &str, readers: &[Readers], values: &[&str]) {
    let place = cli::Place::new();
    let places = places(readers);
    let batch = Batch::new(values);
    place.write("main.wf", &program(&places, shell));
    place.write("params.json", &Value::Object(parameters(&batch)).to_string());
    let folder = place.path("");
    fs::create_dir(place.path("out")).expect("a new folder");
    let mut command = place.command(&["run", "main.wf", "--params", "params.json"]);
    let output = command.env("HOME", "/home/nobody").output().expect("the binary starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(difference(&places, &batch, &folder), None, "{shell}: {error}");
    assert!(output.status.success(), "{shell}: {error}");
    assert!(!names(&folder).iter().any(|name| name.contains("canary")), "{shell}");
}

/// The parameters of a program of places, as a file has them.
fn parameters(batch: &Batch) -> Map<String, Value> {
    let mut parameters = Map::from_iter([("none".to_owned(), json!([]))]);
    for number in 1..=BATCH {
        for name in ["x", "file", "many"] {
            let name = format!("{name}{number}");
            let value = serde_json::to_value(batch.texts(&name)).expect("texts");
            let value = if name.starts_with("many") { value } else { value[0].clone() };
            parameters.insert(name, value);
        }
    }
    parameters
}

#[test]
fn a_run_gives_hostile_values_to_every_place() {
    let strings = strings::generated();
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let mut batches = strings.chunks_exact(BATCH).step_by(7);
    for (shell, readers) in [
        ("sh", [Readers::All, Readers::Arguments].as_slice()),
        ("bash", &[Readers::All, Readers::Arguments, Readers::Bash]),
        ("busybox sh", &[Readers::All, Readers::Arguments]),
    ] {
        batches.by_ref().take(3).for_each(|values| arrives(shell, readers, values));
    }
}

#[test]
fn a_run_gives_large_values_to_every_place() {
    let strings = strings::large();
    arrives("sh", &[Readers::All], &strings.iter().map(String::as_str).collect::<Vec<_>>());
}

const OUTPUTS: &str = r#"
workflow main {
  param hostile: string
  secret token from env "TOKEN"
  step show: shell "printf '%s' ${hostile} \"<${hostile}>\"" -> string { reads only }
  step program: shell ["printf", "%s", hostile] -> string { reads only }
  step input: shell "cat" -> string { stdin: hostile, reads only }
  step variable: shell "printf '%s' \"$HOSTILE\"" -> string { env: { HOSTILE: hostile }, reads only }
  step guarded: shell "test ${token} = ${hostile}-secret; printf '%s' \"${token}\" | wc -c" -> int { reads only }
  step after: shell "printf '%s' ${show} ${program}" -> string { reads only }
  output all: [string] = [show, program, input, variable, after]
  output bytes: int = guarded
}
"#;

#[test]
fn values_of_steps_and_secrets_are_data_as_well() {
    for x in ["$(touch canary)", "a'; touch canary; '\"", "`touch canary`\\", "-n", "*", "a\n\nb", "ä ~ {a,b} !x"] {
        let place = cli::Place::new();
        place.write("main.wf", OUTPUTS);
        place.write("params.json", &json!({ "hostile": x }).to_string());
        let mut command = place.command(&["run", "main.wf", "--params", "params.json", "--output", "outputs.json"]);
        let output = command.env("TOKEN", format!("{x}-secret")).output().expect("the binary starts");
        assert!(output.status.success(), "{x:?}: {}", String::from_utf8_lossy(&output.stderr));
        let outputs: Value = serde_json::from_str(&place.read("outputs.json")).expect("JSON");
        let all = [format!("{x}<{x}>"), x.to_owned(), x.to_owned(), x.to_owned(), format!("{x}<{x}>{x}")];
        assert_eq!(outputs, json!({ "all": all, "bytes": x.len() + 7 }), "{x:?}");
        assert!(!names(&place.path("")).contains(&"canary".to_owned()), "{x:?}");
    }
}
