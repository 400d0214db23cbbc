//! What a run did, as a script that undoes it.

use super::resume::{WAITS, start, until};
use super::{Outcome, Place};
use std::process::{Command, Output};

/// Values that a shell would take apart, or do.
const NAUGHTY: [&str; 8] = [
    "it's \"both\" `touch pwned` $(touch pwned) ${HOME} $$ !! \\",
    "-n -e --",
    "two\nlines\n\n",
    "'\n)\ntouch pwned\n(\n'",
    "  a  *  ? ~ # b ;&|<> ",
    "ünï 🎉 \u{202e}\u{1b}[31m\ttab\r",
    "",
    "%s %d \\n",
];

const STEPS: &str = r#"workflow main {
  env: { GREETING: "hi ${who}" }
  param who: string
  param large: string
  param words: [string] = ["a b", "-c", "it's", "$(touch pwned)", ""]
  step bare: shell "echo bare >> log" { undo shell "printf '[%s]' ${who} ${words} \"<${who}>\" >> log; echo \"$GREETING,$WF_STEP\" >> log" }
  step listed: shell "echo listed >> log" { undo shell ["sh", "-c", "printf '(%s)' \"$@\" >> log", "x", who, "-n"] }
  step other: shell "echo other >> log" {
    undo shell "a=(1 2); cat; printf '%s,' \"${who}\" \"$OWN\" >> ../log" { shell: "bash", env: { "OWN": who }, cwd: "sub dir's" }
  }
  step input: shell "echo input >> log" { undo shell "cat >> log; exit 7" { stdin: who, allow_exit: [7, 8] } }
  step big: shell "echo big >> log" { undo shell "printf '%s' ${large} | cksum >> log" }
  for each word in words { step each_one: shell "echo ${word} >> log" { undo shell "echo undo ${word} >> log" } }
  step failing: shell "exit 3" { no undo "nothing is done" }
  on failure { rollback manually }
}
"#;

fn place(who: &str) -> Place {
    let place = Place::with(STEPS);
    place.write("sub dir's/x", "");
    place.write("large", &format!("{who}{}", "x'y\n".repeat(60_000)));
    let outcome = place.ran(&["--param", &format!("who={who}"), "--param", "large=@large"]);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    place
}

fn book(place: &Place) -> String {
    let outcome = place.wfc(&["runbook", "last"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    place.write("book", &outcome.stdout);
    outcome.stdout
}

fn shell(place: &Place, name: &str, arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(name);
    command.args(arguments).arg("book").current_dir(place.path("")).env_clear();
    command.env("HOME", place.path("")).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    command.envs(token.map(|token| ("TOKEN", token))).output().expect("the shell starts")
}

fn done(place: &Place, name: &str) {
    let outcome = shell(place, name, &[], None);
    assert!(outcome.status.success(), "{name}: {}", String::from_utf8_lossy(&outcome.stderr));
}

#[test]
fn what_is_pasted_into_a_shell_does_what_a_rollback_does() {
    for (index, who) in NAUGHTY.into_iter().enumerate() {
        let twin = place(who);
        let outcome = twin.wfc(&["rollback", "last"]);
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        let shell = ["sh", "dash", "bash"][index % 3];
        let place = place(who);
        let text = book(&place);
        done(&place, shell);
        assert_eq!(place.read("log"), twin.read("log"), "{shell}: {text:.4000}");
        assert!(!place.path("pwned").exists() && !twin.path("pwned").exists());
    }
}

#[test]
fn every_shell_takes_the_same_script() {
    let logs = ["sh", "dash", "bash"].map(|name| {
        let place = place(NAUGHTY[3]);
        book(&place);
        assert!(shell(&place, name, &["-n"], None).status.success());
        done(&place, name);
        place.read("log")
    });
    assert!(logs[0] == logs[1] && logs[1] == logs[2], "{logs:?}");
}

const SECRETS: &str = r#"workflow main {
  secret token from env "TOKEN"
  step a: shell "echo a >> log" { undo shell "printf '%s,%s' ${token} \"$T\" > used" { env: { T: token } } }
  step b: shell "exit 3" { no undo "x" }
  on failure { rollback manually }
}
"#;

#[test]
fn secrets_are_demanded_by_name() {
    let place = Place::with(SECRETS);
    let run = place.command(&["run", "main.wf"]).env("TOKEN", "s3cr'et $(x)").output().expect("it starts");
    assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
    let text = book(&place);
    assert!(!text.contains("s3cr"), "{text}");
    assert!(text.contains("# Secret TOKEN: `token`, from the variable TOKEN\n: \"${TOKEN:?}\"\n"), "{text}");
    let refused = shell(&place, "sh", &[], None);
    assert!(!refused.status.success() && !place.path("used").exists());
    assert!(shell(&place, "sh", &[], Some("s3cr'et $(x)")).status.success());
    assert_eq!(place.read("used"), "s3cr'et $(x),s3cr'et $(x)");
}

#[test]
fn what_is_computed_from_a_secret_stays_hidden() {
    let place = Place::with(
        "workflow main {\n  secret token from env \"TOKEN\"\n  step a: shell \"echo a\" { undo shell \"echo ${token.upper()} > used\" }\n  step b: shell \"exit 3\" { no undo \"x\" }\n}\n",
    );
    let run = place.command(&["run", "main.wf"]).env("TOKEN", "s3cret").output().expect("it starts");
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let text = book(&place);
    assert!(text.contains("# Nothing runs here: a value in it is computed from a secret. Do it by hand:\n"), "{text}");
    assert!(text.contains("#   run: echo \"***\" > used\n") && !text.to_lowercase().contains("s3cret"), "{text}");
    assert!(!text.contains("WF_VALUE_1"), "{text}");
}

#[test]
fn secrets_of_steps_are_named_and_no_step_runs_again() {
    let place = Place::with(
        "workflow main {\n  step login: shell \"echo x >> logins; echo t0ken\" -> secret { reads only }\n  step a: shell \"echo a\" { undo shell \"printf '%s' ${login} > used\" }\n  step b: shell \"exit 3\" { no undo \"x\" }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let text = book(&place);
    assert!(text.contains("# Secret SECRET_LOGIN: step `login` gave it; it was kept nowhere\n"), "{text}");
    assert!(!text.contains("t0ken") && place.read("logins") == "x\n", "{text}");
}

fn killed() -> (Place, std::process::Child) {
    let place = Place::with(&format!(
        "workflow main {{\n  step first: shell \"echo first >> log\" {{ undo shell \"echo undo first >> log\" }}\n  step mid: shell \"{WAITS}\" {{ undo shell \"echo undo mid >> log\", timeout 1m }}\n  on cancel {{ step said: shell \"echo said >> log\" {{ reads only }} }}\n}}\n"
    ));
    let run = start(&place, &[]);
    until("begun", || place.path("begun").exists());
    (place, run)
}

#[test]
fn a_live_run_and_a_killed_one_have_theirs() {
    let (place, mut run) = killed();
    let live = book(&place);
    assert!(live.contains("# The run goes on: "), "{live}");
    assert!(live.contains("# A handler of the run does step `said` here"), "{live}");
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of its process", || !book(&place).contains("# The run goes on: "));
    let text = book(&place);
    assert!(text.contains("  mid    "), "{text}");
    done(&place, "sh");
    assert_eq!(place.read("log"), "first\nmid\nundo mid\nundo first\n");
}

#[test]
fn what_a_failed_rollback_left_is_still_told() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"echo a >> log\" { undo shell \"echo undo a >> log\" }\n  step b: shell \"echo b >> log\" { undo shell \"test -e mended; echo undo b >> log\" { retry 0 times } }\n  step c: shell \"exit 3\" { undo shell \"echo undo c >> log\" }\n}\n",
    );
    assert_eq!(place.ran(&[]).code, 1);
    assert_eq!(place.wfc(&["rollback", "last"]).code, 4);
    let text = book(&place);
    let log = place.read("log");
    assert!(text.contains("undo of b") && text.contains("failed: exit code 1") && !text.contains("# Undo of step `c`"), "{text}");
    assert!(!shell(&place, "sh", &[], None).status.success());
    assert_eq!(place.read("log"), log);
    place.write("mended", "");
    done(&place, "sh");
    assert_eq!(place.read("log"), log + "undo b\nundo a\n");
}

#[test]
fn what_cannot_be_a_command_is_said() {
    let place = Place::with(
        "workflow inner {\n  param what: string\n  step x: shell \"echo ${what} >> log\" { no undo \"x\" }\n}\nworkflow main {\n  step a: shell \"echo a\" { undo inner { what: \"it's\" } }\n  step b: shell \"echo b\" { undo shell \"echo ${read(\"there\")}\" }\n  step c: shell \"echo c\" { undo shell \"echo c\" when a.stdout == \"no\" }\n  step d: shell \"exit 3\" { no undo \"x\" }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let text = book(&place);
    assert!(text.contains("do what workflow `inner` does, with\n#   what: \"it's\"\n"), "{text}");
    assert!(text.contains("where one looks: read(\"there\")"), "{text}");
    assert!(text.contains("There is nothing to undo: `a.stdout == \"no\"` does not hold."), "{text}");
    // What is behind it may stand on what somebody has to do first.
    let stopped = shell(&place, "sh", &[], None);
    assert_eq!(stopped.status.code(), Some(1));
    let told = "1 of 2: the undo of step `b` is done by hand, as the script says above it\n\
        stopped at 1 of 2, the undo of step `b`; nothing behind it is undone\n\
        go on with WFC_FROM=1 once it is mended, or with WFC_FROM=2 once it is done by hand\n";
    assert_eq!(String::from_utf8_lossy(&stopped.stderr), told);
    assert!(from(&place, "sh", "3").status.success());
}

/// Goes on with the script at some place.
fn from(place: &Place, shell: &str, number: &str) -> Output {
    place.shell(&format!("{shell} book")).env("WFC_FROM", number).output().expect("the shell starts")
}

#[test]
fn a_script_that_stopped_goes_on_where_it_did_or_behind_it() {
    for (name, number, log) in [("sh", "2", "undo c\nundo b\nundo a\n"), ("bash", "3", "undo c\nundo a\n")] {
        let place = Place::with(
            "workflow main {\n  step a: shell \"true\" { undo shell \"echo undo a >> log\" }\n  step b: shell \"true\" { undo shell \"test -e mended && echo undo b >> log\" }\n  step c: shell \"exit 3\" { undo shell \"cat >> log\" { stdin: \"undo c\\n\" } }\n}\n",
        );
        assert_eq!(place.ran(&[]).code, 1);
        book(&place);
        let stopped = shell(&place, name, &[], None);
        let told = String::from_utf8_lossy(&stopped.stderr);
        assert!(!stopped.status.success() && place.read("log") == "undo c\n", "{name}: {told}");
        assert!(
            told.starts_with("1 of 3: the undo of step `c`\n2 of 3: the undo of step `b`\nstopped at 2 of 3"),
            "{name}: {told}"
        );
        place.write("mended", "");
        let ended = from(&place, name, number);
        assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(place.read("log"), log, "{name}");
    }
}

#[test]
fn a_run_that_did_well_has_nothing_to_undo() {
    let place = Place::with("workflow main {\n  step a: shell \"echo a\" { reads only }\n}\n");
    assert_eq!(place.ran(&[]).code, 0);
    let text = book(&place);
    assert!(text.contains("#   a  ") && text.contains("It succeeded: there is nothing to roll back."), "{text}");
    done(&place, "sh");
    let Outcome { code, stderr, .. } = place.wfc(&["runbook", "none"]);
    assert!(code == 2 && stderr.contains("there is no run `none`"), "{stderr}");
}
