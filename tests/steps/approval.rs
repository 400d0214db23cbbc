//! `approval` waits for what somebody answers, in the terminal or from another process.

use super::signal::{code, kill, told, waiting};
use crate::cli::resume::{resumed, start, until};
use crate::cli::{Outcome, Place};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

const SHIPS: &str = "workflow main {\n  param version: string = \"v1\"\n  step go: approval \"Ship ${version}?\" { timeout 1h }\n  step ship: shell \"echo ship >> log\" { no undo \"it is a test\" }\n  output by: string = go.by\n  output comment: string = go.comment ?? \"\"\n  on failure { step said: shell \"echo ${failure.kind} >> log\" { reads only } }\n}\n";

/// The user that tests run as.
fn me() -> String {
    let id = std::process::Command::new("id").arg("-un").output().expect("id is a part of every Linux");
    String::from_utf8(id.stdout).expect("a name").trim().to_owned()
}

fn answered(place: &Place, arguments: &[&str]) -> Outcome {
    let outcome = place.wfc(arguments);
    assert_eq!(outcome.stdout, "");
    outcome
}

fn approved(place: &Place, arguments: &[&str]) -> String {
    let outcome = answered(place, &[&["approve", "last"], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stderr
}

fn refused(place: &Place, arguments: &[&str]) -> String {
    let outcome = answered(place, arguments);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    outcome.stderr
}

/// The first hash of a question that the last run shows, cut as it is.
fn hash(place: &Place) -> String {
    let told = told(place);
    let (_, behind) = told.rsplit_once("(asks ").expect("a question");
    behind.split_once(')').expect("its end").0.to_owned()
}

#[test]
fn an_approval_lets_the_run_go_on_and_says_who_gave_it() {
    let place = Place::with(SHIPS);
    let run = waiting(&place);
    assert!(told(&place).contains("waits    go: for an approval until "), "{}", told(&place));
    assert!(told(&place).contains(": Ship v1?\n"), "{}", told(&place));
    let listed: serde_json::Value = serde_json::from_str(&place.wfc(&["runs", "--format", "json"]).stdout).expect("JSON");
    let waits = &listed[0]["waits"][0];
    assert_eq!(
        (waits["step"].as_str(), waits["message"].as_str(), waits["for"].as_str()),
        (Some("go"), Some("Ship v1?"), Some("approval"))
    );
    assert!(place.wfc(&["runs"]).stdout.contains("running (waits)"));
    let note = approved(&place, &["--comment", "after the freeze", "--hash", &hash(&place)]);
    assert!(note.ends_with(": step `go` is approved\n"), "{note}");
    assert_eq!((code(run), place.read("log")), (0, "ship\n".to_owned()));
    let told = told(&place);
    assert!(told.contains(&format!("answer   go: approved by {}: after the freeze\n", me())), "{told}");
    assert!(told.contains(&format!("by = {}\ncomment = after the freeze\n", me())), "{told}");
    let why = place.wfc(&["why", "last", "go"]).stdout;
    assert!(
        why.contains("waits for the approval of somebody, until ") && why.contains(&format!("approved by {}", me())),
        "{why}"
    );
    let why = place.wfc(&["why", "last", "ship"]).stdout;
    assert!(why.contains("ready, because `go` was answered"), "{why}");
    let late = refused(&place, &["approve", "last"]);
    assert!(late.contains("has ended: succeeded"), "{late}");
}

#[test]
fn a_rejection_fails_the_step_and_is_never_tried_again() {
    let place = Place::with(&SHIPS.replace("timeout 1h", "timeout 1h, retry 5 times"));
    let run = waiting(&place);
    let outcome = answered(&place, &["reject", "last", "go", "--comment", "not today"]);
    assert!(outcome.code == 0 && outcome.stderr.ends_with(": step `go` is rejected\n"), "{}", outcome.stderr);
    assert_eq!((code(run), place.read("log")), (1, "rejected\n".to_owned()));
    assert!(told(&place).contains(&format!(": rejected by {}: not today\n", me())), "{}", told(&place));
}

#[test]
fn nobody_answers_in_time() {
    let place = Place::with(&SHIPS.replace("timeout 1h", "timeout 50ms"));
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, place.read("log")), (1, "rejected\n".to_owned()));
    assert!(outcome.stderr.contains("rejected because nobody answered within 50ms"), "{}", outcome.stderr);
    let place = Place::with(&SHIPS.replace("timeout 1h", "timeout 50ms, on_timeout: \"approve\""));
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "by = timeout\ncomment = \n"), "{}", outcome.stderr);
}

#[test]
fn a_killed_run_asks_on_and_takes_the_answer_that_came_meanwhile() {
    let place = Place::with(SHIPS);
    let run = waiting(&place);
    kill(&place, run);
    let note = approved(&place, &["go"]);
    assert!(note.contains("is approved once the run goes on: wfc resume "), "{note}");
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, place.read("log")), (0, "ship\n".to_owned()), "{}", outcome.stderr);
}

#[test]
fn the_time_goes_on_while_no_process_lives() {
    let place = Place::with(&SHIPS.replace("timeout 1h", "timeout 2s"));
    let run = waiting(&place);
    let since = SystemTime::now();
    kill(&place, run);
    until("the expiry", || since.elapsed().is_ok_and(|passed| passed > Duration::from_secs(2)));
    let outcome = resumed(&place, &[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("nobody answered within 2s"), "{}", outcome.stderr);
}

#[test]
fn only_approvers_answer_and_only_with_what_there_is_to_choose() {
    let text = |approvers: &str| {
        format!(
            "workflow main {{\n  step go: approval \"Where?\" {{ approvers: [{approvers}], choices: [\"eu\", \"us east\"] }}\n  output where_to: string? = go.choice\n}}\n"
        )
    };
    let place = Place::with(&text("\"nobody-at-all\", \"x y\""));
    let run = waiting(&place);
    let told = refused(&place, &["approve", "last", "--choice", "eu"]);
    assert!(told.contains(&format!("`{}` is none of the approvers nobody-at-all, x y", me())), "{told}");
    refused(&place, &["reject", "last"]);
    kill(&place, run);
    let place = Place::with(&text(&format!("\"{}\"", me())));
    let run = waiting(&place);
    assert!(refused(&place, &["approve", "last"]).contains("one of the choices eu, us east is missing"));
    let told = refused(&place, &["approve", "last", "--choice", "asia"]);
    assert!(told.contains("`asia` is none of the choices eu, us east") && told.contains("--choice`: eu, 'us east'"), "{told}");
    approved(&place, &["--choice", "us east"]);
    assert_eq!(code(run), 0);
    assert!(self::told(&place).contains("where_to = us east\n"), "{}", self::told(&place));
}

#[test]
fn of_several_questions_one_is_named() {
    let place = Place::with(
        "workflow main {\n  parallel {\n    step a: approval \"A?\"\n    for each n in 1..2 parallel { step b: approval \"B${n}?\" }\n  }\n}\n",
    );
    let run = start(&place, &[]);
    until("all waits", || told(&place).matches("\nwaits    ").count() == 3);
    let several = refused(&place, &["approve", "last"]);
    assert!(several.contains("several steps of run") && several.contains("Name one of `a`, `b[0]`, `b[1]`."), "{several}");
    let several = refused(&place, &["approve", "last", "b"]);
    assert!(several.contains("several steps are called `b`"), "{several}");
    let unknown = refused(&place, &["approve", "last", "c"]);
    assert!(unknown.contains("step `c` of run") && unknown.contains("asks nothing"), "{unknown}");
    approved(&place, &["b[1]"]);
    approved(&place, &["b"]);
    approved(&place, &[]);
    assert_eq!(code(run), 0);
}

#[test]
fn what_was_shown_is_what_is_approved() {
    let place = Place::with("workflow main {\n  for each n in 1..2 { step go: approval \"Ship ${n}?\" }\n}\n");
    let run = waiting(&place);
    let first = hash(&place);
    approved(&place, &["--hash", &first]);
    until("the second question", || told(&place).contains("Ship 2?"));
    let other = refused(&place, &["approve", "last", "--hash", &first]);
    assert!(other.contains(&format!("step `go[1]` asks something else than `{first}`")), "{other}");
    assert!(refused(&place, &["approve", "last", "--hash", "a"]).contains("is too short"));
    kill(&place, run);
    // By another definition the same words are another question.
    let before = hash(&place);
    place.write("main.wf", &place.read("main.wf").replace("}?\" }", "}?\" }\n  step more: shell \"true\" { reads only }"));
    let mut command = place.command(&["resume", "last", "--with-current", "--yes"]);
    let run = command.stderr(Stdio::null()).spawn().expect("the binary starts");
    until("the question again", || hash(&place) != before);
    let other = refused(&place, &["approve", "last", "--hash", &before]);
    assert!(other.contains("asks something else than"), "{other}");
    approved(&place, &["--hash", &hash(&place)]);
    assert_eq!(code(run), 0);
}

#[test]
fn others_go_on_while_a_step_waits_and_a_cancel_ends_it() {
    let place = Place::with(
        "workflow main {\n  parallel {\n    step go: approval \"Ship?\"\n    step works: shell \"echo works >> log\" { no undo \"it is a test\" }\n  }\n  on cancel { step said: shell \"echo said >> log\" { reads only } }\n}\n",
    );
    let run = start(&place, &["--jobs", "1"]);
    until("the other step", || place.path("log").exists());
    until("the wait", || told(&place).contains("\nwaits    "));
    assert_eq!(place.wfc(&["cancel", "last"]).code, 0);
    assert_eq!((code(run), place.read("log")), (1, "works\nsaid\n".to_owned()));
}

#[test]
fn messages_and_comments_are_data() {
    for text in ["${x}", "'; touch hacked; '", "\u{1b}]0;title\u{7}", "a\nb\r\nc", "ü \u{202e}", "--help"] {
        let place = Place::with(SHIPS);
        let run = start(&place, &["--param", &format!("version={text}")]);
        until("the wait", || told(&place).contains("\nwaits    "));
        approved(&place, &[&format!("--comment={text}")]);
        assert_eq!(code(run), 0, "{text:?}");
        let told = told(&place);
        assert!(!told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told:?}");
        assert!(!place.path("hacked").exists());
    }
}

#[test]
fn a_secret_in_a_comment_is_not_kept() {
    let secret = "\n  secret token from env \"TOKEN\"\n  step used: shell \"true\" { reads only, env: { T: token } }\n  step go";
    let place = Place::with(&SHIPS.replacen("\n  step go", secret, 1));
    let mut command = place.command(&["run", "main.wf"]);
    let run = command.env("TOKEN", "canary-in-a-comment").stdout(Stdio::null()).spawn().expect("the binary starts");
    until("the wait", || told(&place).contains("\nwaits    "));
    approved(&place, &["--comment", "it is canary-in-a-comment"]);
    assert_eq!(code(run), 0);
    assert!(told(&place).contains("it is ***") && !told(&place).contains("canary"), "{}", told(&place));
}

#[test]
fn whoever_sits_at_the_terminal_is_asked() {
    let place = Place::with(SHIPS);
    let shown =
        place.in_terminal("wfc run main.wf", &[("yes or no, and why? ", "maybe\n"), ("that is no answer", "yes it is fine\n")]);
    assert!(shown.contains("go: yes or no, and why? "), "{shown}");
    assert!(shown.contains("approved by") && shown.contains("comment = it is fine"), "{shown}");
    let place = Place::with(SHIPS);
    let shown = place.in_terminal("wfc run main.wf", &[("yes or no, and why? ", "no\n")]);
    assert!(shown.contains("rejected by"), "{shown}");
    assert_eq!(place.read("log"), "rejected\n");
}

#[test]
fn a_resumed_run_asks_again_at_the_terminal() {
    let place = Place::with(SHIPS);
    let run = waiting(&place);
    kill(&place, run);
    let shown = place.in_terminal("wfc resume last", &[("yes or no, and why? ", "y\n")]);
    assert!(shown.contains("waits    go: for an approval") && shown.contains("approved by"), "{shown}");
    assert_eq!(place.read("log"), "ship\n");
}

#[test]
fn what_was_typed_before_the_question_does_not_answer_it() {
    let place = Place::with(SHIPS);
    place.write(
        "early.py",
        "import fcntl, struct, sys, termios\nprint('early', flush=True)\nwhile not struct.unpack('i', fcntl.ioctl(0, termios.FIONREAD, b'0000'))[0]: pass\n",
    );
    let line = "python3 early.py; wfc run main.wf";
    let shown = place.in_terminal(line, &[("early", "yes\n"), ("yes or no, and why? ", "no\n")]);
    assert!(shown.contains("rejected by"), "{shown}");
}

#[test]
fn an_answer_from_elsewhere_ends_the_question_at_the_terminal() {
    let place = Place::with(&SHIPS.replace("step ship", "step beside: shell \"true\" { reads only }\n  step ship"));
    std::thread::scope(|scope| {
        let terminal = scope.spawn(|| place.in_terminal("wfc run main.wf", &[]));
        until("the wait", || told(&place).contains("\nwaits    "));
        approved(&place, &[]);
        let shown = terminal.join().expect("it ends");
        assert!(shown.contains("by = "), "{shown}");
    });
}

#[test]
fn a_deployment_to_production_waits_for_an_answer() {
    let deploy = |more: &[&str], answer: &[&str]| {
        let place = Place::with("");
        place.write("examples/approval/deploy.wf", include_str!("../../examples/approval/deploy.wf"));
        let arguments = [&["run", "examples/approval/deploy.wf", "--param", "env=production"], more].concat();
        let mut command = place.command(&arguments);
        let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if !answer.is_empty() {
            until("the question", || place.wfc(&["status", "last"]).stdout.contains("Deploy v1.4.2 to "));
            assert_eq!(place.wfc(answer).code, 0);
        }
        let ended = run.wait_with_output().expect("it ends");
        let deployed = place.path("examples/approval/index.html").exists();
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned(), deployed)
    };
    let (code, told, deployed) = deploy(&[], &["approve", "last", "go", "--comment", "after the freeze"]);
    assert!(code == Some(0) && deployed && told.contains(": after the freeze\n"), "{told}");
    let (code, told, deployed) = deploy(&[], &["reject", "last"]);
    assert!(code == Some(3) && !deployed && told.contains("rejected by "), "{told}");
    let (code, told, deployed) = deploy(&["--param", "patience=50ms"], &[]);
    assert!(code == Some(3) && !deployed && told.contains("nobody answered within 50ms"), "{told}");
}

#[test]
fn who_approves_a_plan_approves_no_other_run() {
    let place = Place::with(SHIPS);
    for (name, version) in [("one.plan", "version=v1"), ("two.plan", "version=v2")] {
        let outcome = place.wfc(&["plan", "main.wf", "--param", version, "--out", name]);
        assert!(outcome.code == 0 && outcome.stderr.ends_with(&format!(" is kept: wfc run {name}\n")), "{}", outcome.stderr);
    }
    let run = waiting(&place);
    let by_file = hash(&place);
    let note = refused(&place, &["approve", "last", "--plan", "one.plan"]);
    assert!(note.contains(", which one.plan holds") && note.contains("It goes by a file and not by a plan"), "{note}");
    kill(&place, run);
    let mut command = place.command(&["run", "one.plan"]);
    let run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until("the question of the plan", || told(&place).contains(" by plan ") && told(&place).contains("(asks "));
    assert_ne!(hash(&place), by_file);
    let note = refused(&place, &["approve", "last", "--plan", "two.plan"]);
    assert!(note.contains(", which two.plan holds") && note.contains("It is of plan "), "{note}");
    let note = refused(&place, &["reject", "last", "--plan", "main.wf"]);
    assert!(note.contains("main.wf is no plan"), "{note}");
    // A process that goes on with it asks the same.
    let asked = hash(&place);
    kill(&place, run);
    let run = place.command(&["resume", "last"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary starts");
    until("the process that goes on", || place.wfc(&["runs"]).stdout.contains("running (waits)"));
    approved(&place, &["--plan", "one.plan", "--hash", &asked]);
    assert_eq!((code(run), place.read("log")), (0, "ship\n".to_owned()));
}
