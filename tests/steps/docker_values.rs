//! Values and secrets on their way into containers and out of them.

use super::docker_engine::Engine;
use super::docker_interrupted::{send, spawned};
use super::{keeps_nothing_of, no_argument_holds};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use crate::injection::strings;
use rustix::process::Signal;

#[test]
fn every_naughty_string_arrives_as_data() {
    let engine = Engine::start();
    let texts: Vec<String> = strings::all();
    let place = Place::with(
        r#"workflow main {
  param texts: [string]
  step bare: docker "base:1" { run: "printf '%s\\0' ${texts} > /here/bare", mounts: ["./here:/here"], no undo "a test" }
  step one: docker "base:1" { run: "printf '%s\\0' \"${texts.join("\u{1}")}\" > /here/one", mounts: ["./here:/here"], no undo "a test" }
  step env: docker "base:1" { run: ["sh", "-c", "printf '%s\\0' \"$TEXTS\" > /here/env"], env: { TEXTS: texts.join("\u{1}") }, mounts: ["./here:/here"], no undo "a test" }
  step words: docker "base:1" { run: ["printf", "%s\\0"] + texts, no undo "a test" }
}
"#,
    );
    std::fs::create_dir_all(place.path("here")).expect("a folder");
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let mut command = engine.command(&place, &["run", "main.wf", "--params", "texts.json"]);
    let outcome = Outcome::of(command.output().expect("the binary starts"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let joined = texts.join("\u{1}");
    assert_eq!(place.read("here/bare").split_terminator('\0').collect::<Vec<_>>(), texts);
    assert_eq!(place.read("here/one"), format!("{joined}\0"));
    assert_eq!(place.read("here/env"), format!("{joined}\0"));
    let logs = engine.command(&place, &["logs", "last", "words"]).output().expect("the binary starts").stdout;
    assert_eq!(String::from_utf8_lossy(&logs).matches('\0').count(), texts.len());
}

#[test]
fn large_values_and_texts_go_by_files() {
    let engine = Engine::start();
    let large = "x'\n".repeat(100_000);
    let place = Place::with(&format!(
        "workflow main {{\n  param large: string\n  step it: docker \"base:1\" -> int {{ run: \"printf %s ${{large}} | wc -c\", user: \"12:34\", reads only }}\n  step long: docker \"base:1\" -> string {{ run: \"# {}\\necho done\", user: \"12:34\", reads only }}\n  output it: string = \"${{it}} ${{long}}\"\n}}\n",
        "é".repeat(80_000)
    ));
    place.write("large.json", &serde_json::json!({ "large": large }).to_string());
    let mut command = engine.command(&place, &["run", "main.wf", "--params", "large.json"]);
    let outcome = Outcome::of(command.output().expect("the binary starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "it = 300000 done\n"), "{}", outcome.stderr);
    assert_eq!(engine.containers(), "");
}

#[test]
fn values_come_out_by_the_output_file_and_by_stdout() {
    let engine = Engine::start();
    for (type_, run, rest, expected) in [
        (
            "{ a: int, b: string }",
            "echo noise; echo a=1 > $WF_OUTPUT; echo b=two >> $WF_OUTPUT",
            "",
            "{\\\"a\\\":1,\\\"b\\\":\\\"two\\\"}",
        ),
        (
            "{ a: int, b: string }",
            "echo '{\\\"a\\\": 1, \\\"b\\\": \\\"two\\\"}' > $WF_OUTPUT",
            "user: \"12:34\",",
            "{\\\"a\\\":1,\\\"b\\\":\\\"two\\\"}",
        ),
        ("[string]", "echo one; echo two", "", "[\\\"one\\\",\\\"two\\\"]"),
        ("[string]", "rm $WF_OUTPUT; echo one", "", "[\\\"one\\\"]"),
    ] {
        let place = Place::with(&format!(
            "workflow main {{\n  step it: docker \"base:1\" -> {type_} {{ run: \"{run}\", {rest} reads only }}\n  output it: string = it.to_json()\n}}\n"
        ));
        let outcome = engine.ran(&place);
        assert_eq!(
            (outcome.code, outcome.stdout.replace('"', "\\\"").trim_end()),
            (0, format!("it = {expected}").as_str()),
            "{}",
            outcome.stderr
        );
    }
    let place = Place::with("workflow main {\n  step it: docker \"base:1\" { run: \"echo a=1 > $WF_OUTPUT\", reads only }\n}\n");
    assert_eq!(engine.ran(&place).code, 0);
    for (run, message) in
        [("echo a=x > $WF_OUTPUT", "expected int at `.a`"), ("rm $WF_OUTPUT; mkdir $WF_OUTPUT", "is no file any more")]
    {
        let place = Place::with(&format!(
            "workflow main {{\n  step it: docker \"base:1\" -> {{ a: int }} {{ run: \"{run}\", reads only }}\n}}\n"
        ));
        let outcome = engine.ran(&place);
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

const CANARY: &str = "canary-5Kx\"&/é";

#[test]
fn a_secret_appears_nowhere_but_where_it_was_sent() {
    let engine = Engine::start();
    let place = Place::with(
        r#"workflow main {
  secret token from env "TOKEN"
  step by_env: docker "base:1" { run: "echo $T; printf %s \"$T\" | base64; echo \"$T\" >&2; touch /here/started; sleep 1000", env: { T: token }, mounts: ["./here:/here"], timeout 1m, no undo "a test" }
  on failure or cancel {
    step told: shell "echo ${failure?.message ?? ""} ${failure?.stderr ?? ""}" { reads only }
  }
}
"#,
    );
    std::fs::create_dir_all(place.path("here")).expect("a folder");
    let run = spawned(engine.command(&place, &["run", "--verbose", "main.wf"]).env("TOKEN", CANARY));
    until("the container", || place.path("here/started").exists());
    no_argument_holds("canary-5Kx");
    let inspected: serde_json::Value = serde_json::from_str(&engine.ask(&["inspect", &engine.containers()])).expect("JSON");
    let mut inspected = inspected.pointer("/0").expect("a container").clone();
    let env = inspected.pointer_mut("/Config/Env").expect("an environment").take();
    assert!(env.to_string().contains("canary-5Kx") && !inspected.to_string().contains("canary-5Kx"), "{inspected}");
    until("the output, while it runs", || place.wfc(&["logs", "last", "by_env"]).stdout.contains("***"));
    send(&run, Signal::TERM);
    let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
    assert!(outcome.stderr.contains("| by_env: ***"), "{}", outcome.stderr);
    for text in [&outcome.stdout, &outcome.stderr, &place.wfc(&["logs", "last"]).stdout] {
        assert!(!text.contains("canary-5Kx") && !text.contains("Y2FuYXJ5LTVLe"), "{text}");
    }
    keeps_nothing_of(&place, "canary-5Kx");
    keeps_nothing_of(&place, "Y2FuYXJ5LTVLe");
}

#[test]
fn a_secret_in_a_text_is_a_variable_of_its_process() {
    let engine = Engine::start();
    for (run, code) in [("echo ${token}; echo a ${token} >&2", 0), ("echo ${token} >&2; exit 4", 1)] {
        let place = Place::with(&format!(
            "workflow main {{\n  secret token from env \"TOKEN\"\n  step it: docker \"base:1\" {{ run: \"{run}\", retry 1 times, no undo \"a test\" }}\n  output it: string = it.stdout\n}}\n"
        ));
        let mut command = engine.command(&place, &["run", "--verbose", "main.wf"]);
        let outcome = Outcome::of(command.env("TOKEN", CANARY).output().expect("the binary starts"));
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("***") && !outcome.stderr.contains("5Kx"), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains("5Kx"), "{}", outcome.stdout);
        keeps_nothing_of(&place, "canary-5Kx");
    }
}
