//! `agent` steps whose model is a program, and answers that were recorded.

use super::agent::stream;
use super::http_server::Server;
use super::{has_ended, keeps_nothing_of, no_argument_holds, scratches};
use crate::cli::resume::{killed_at, resumed, start, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;

fn asking(decode: &str, command: &str, rest: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  step ask: agent \"Judge it\" {decode} {{\n    command: {command}\n    no undo \"x\"\n    {rest}\n  }}\n  output said: string = {}\n}}\n",
        if decode.is_empty() { "ask.text" } else { "ask.to_json()" }
    ))
}

#[test]
fn a_program_reads_the_prompt_and_writes_the_answer() {
    for command in ["\"cat\"", "[\"cat\"]"] {
        let place = asking("", command, "system: \"Be brief\"");
        let outcome = place.ran(&["--verbose"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = \"Be brief\\n\\nJudge it\\n\"\n"), "{}", outcome.stderr);
    }
}

#[test]
fn a_typed_answer_is_asked_for_by_a_schema() {
    let place = asking("-> { a: int }", "\"tee asked; echo '{\\\"a\\\": 1}'\"", "");
    place.write("main.wf", &place.read("main.wf").replace("tee asked;", "cat > asked;"));
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = {\"a\":1}\n"), "{}", outcome.stderr);
    assert!(
        place.read("asked").starts_with("Judge it\n\nAnswer with nothing but JSON that fits this schema:\n{\"type\":\"object\"")
    );
}

#[test]
fn a_program_is_told_what_does_not_fit() {
    let place = asking("-> int", "\"cat > asked; echo x >> count; wc -l < count | grep -q 3 && echo 7 || echo many\"", "");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = 7\n"), "{}", outcome.stderr);
    let asked = place.read("asked");
    assert_eq!(asked.matches("You answered:\nmany\n\nThat answer does not fit: expected int").count(), 2, "{asked}");
}

#[test]
fn a_program_says_what_it_took_and_may_write_its_value() {
    let place = Place::with(
        r#"workflow main {
  step ask: agent "Judge" {
    command: "cat; echo 12 > \"$WF_TOKENS\""
    no undo "x"
  }
  step value: agent "Judge" -> { a: int } {
    command: "echo thinking; echo a=5 > \"$WF_OUTPUT\""
    no undo "x"
  }
  output tokens: int = ask.tokens
  output a: int = value.a
}
"#,
    );
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "tokens = 12\na = 5\n"), "{}", outcome.stderr);
}

#[test]
fn a_program_that_fails_is_retried_and_told() {
    let place = asking("", "\"echo no >&2; echo x >> count; exit 3\"", "retry 1 times");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("exit code 3"), "{}", outcome.stderr);
    assert_eq!(place.read("count"), "x\nx\n");
    let outcome = asking("", "[\"no-such-model\"]", "retry 1 times").ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("program `no-such-model` is not on the `PATH`"), "{}", outcome.stderr);
}

#[test]
fn prompts_and_answers_are_never_code() {
    let texts: Vec<String> = serde_json::from_str(include_str!("../data/naughty-strings/blns.json")).expect("a list");
    let texts: Vec<String> = texts.into_iter().chain(["$(touch owned)`touch owned`; touch owned".to_owned()]).collect();
    let place = Place::with(
        r#"workflow main {
  param texts: [string]
  for each text in texts {
    step ask: agent { prompt: text, command: "cat > /dev/null; printf %s ${text}", reads only, expect result.text == text }
    step use: shell "printf %s ${ask.text} > /dev/null" { reads only }
  }
}
"#,
    );
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let outcome = place.ran(&["--params", "texts.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(!place.path("owned").exists());
}

#[test]
fn a_secret_reaches_the_program_and_nothing_else() {
    let place = Place::with(
        r#"workflow main {
  secret key from env "KEY"
  step ask: agent "x" {
    command: "cat > /dev/null; echo \"$MODEL_KEY\" ${key} > used; echo $MODEL_KEY ${key}"
    env: { MODEL_KEY: key }
    no undo "x"
  }
  output said: string = ask.text
}
"#,
    );
    let mut command = place.command(&["run", "--verbose", "main.wf"]);
    let outcome = Outcome::of(command.env("KEY", "canary-6Yh").output().expect("it starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = \"*** ***\\n\"\n"), "{}", outcome.stderr);
    assert_eq!(place.read("used"), "canary-6Yh canary-6Yh\n");
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    keeps_nothing_of(&place, "canary-6Yh");
    no_argument_holds("canary-6Yh");
}

#[test]
fn a_program_ends_with_its_time_and_its_run() {
    let waiting = "\"echo $$ > number; sleep 1000 & sleep 1000\"";
    let place = asking("", waiting, "timeout 1s");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 1s"), "{}", outcome.stderr);
    has_ended(&place);

    let place = asking("", waiting, "timeout 1m");
    let mut run = start(&place, &[]);
    until("the program", || place.path("number").exists() && !place.read("number").is_empty());
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(run.wait().expect("it ends").code(), Some(143));
    has_ended(&place);
    assert_eq!(scratches(&place), Vec::<String>::new());
}

#[test]
fn a_killed_program_is_asked_again_where_it_only_reads() {
    let place = asking("", "\"cat; echo $$ > number; touch begun; until [ -e free ]; do sleep 0.01; done\"", "timeout 1m");
    place.write("main.wf", &place.read("main.wf").replace("no undo \"x\"", "reads only"));
    killed_at(&place, "begun");
    has_ended(&place);
    place.write("free", "");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = \"Judge it\\n\"\n"), "{}", outcome.stderr);
}

#[test]
fn recorded_answers_need_no_model() {
    let server = Server::answering(&[&stream("no", 3), &stream("{\"value\": 7}", 4)]);
    let place = Place::with(&format!(
        "workflow main {{\n  param what: string = \"it\"\n  step ask: agent \"Judge ${{what}}\" -> int {{ endpoint: \"{}\", no undo \"x\" }}\n  output said: int = ask\n}}\n",
        server.url("/v1")
    ));
    let run = |variable: &str, arguments: &[&str]| {
        let mut command = place.command(&[&["run", "main.wf"], arguments].concat());
        Outcome::of(command.env(variable, "answers").output().expect("it starts"))
    };
    let outcome = run("WFC_AGENT_REPLAY", &[]);
    let expected =
        "no answer to this question is recorded in `answers`: run once with `WFC_AGENT_RECORD` instead of `WFC_AGENT_REPLAY`";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!((run("WFC_AGENT_RECORD", &[]).code, server.seen().len()), (0, 2));
    let files = || fs::read_dir(place.path("answers")).expect("a folder").count();
    assert_eq!(files(), 2);
    for variable in ["WFC_AGENT_REPLAY", "WFC_AGENT_RECORD"] {
        let outcome = run(variable, &[]);
        assert_eq!((outcome.code, outcome.stdout.as_str(), server.seen().len()), (0, "said = 7\n", 2), "{}", outcome.stderr);
    }
    let outcome = run("WFC_AGENT_REPLAY", &["--param", "what=another"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is recorded in `answers`"), "{}", outcome.stderr);
    let mut command = place.command(&["run", "main.wf"]);
    command.env("WFC_AGENT_REPLAY", "answers").env("WFC_AGENT_RECORD", "answers");
    let outcome = Outcome::of(command.output().expect("it starts"));
    assert!(outcome.code == 1 && outcome.stderr.contains("unset one of them"), "{}", outcome.stderr);
    assert_eq!((files(), server.seen().len()), (2, 2));
}
