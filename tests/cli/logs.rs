//! `wfc logs`: what steps wrote, during the run and after it.

use super::{Outcome, Place};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

const TWO_STEPS: &str = "workflow main {
  step build: shell \"echo to stdout; echo to stderr >&2\" { no undo \"x\" }
  ship: for each region in [\"eu\", \"us\"] {
    step health: shell \"echo ${region} is up\" { reads only }
  }
  step silent: shell \"true\" { reads only }
}
";

fn logs(place: &Place, arguments: &[&str]) -> Outcome {
    place.wfc(&[&["logs", "last"], arguments].concat())
}

fn after(text: &str) -> Place {
    let place = Place::with(text);
    place.ran(&[]);
    place
}

#[test]
fn all_steps_are_shown_with_headings_and_one_without() {
    let place = after(TWO_STEPS);
    let all = "==> build <==\nto stdout\nto stderr\n\n==> ship.health[0] <==\neu is up\n\n==> ship.health[1] <==\nus is up\n";
    let shown = logs(&place, &[]);
    // Two streams come in no certain order.
    let shown = shown.stdout.replace("to stderr\nto stdout", "to stdout\nto stderr");
    assert_eq!(shown, all);
    assert_eq!(logs(&place, &["ship.health[1]"]).stdout, "us is up\n");
    assert_eq!(logs(&place, &["build", "--stderr"]).stdout, "to stderr\n");
    assert_eq!(logs(&place, &["build", "--stdout"]).stdout, "to stdout\n");
    let both = "==> ship.health[0] <==\neu is up\n\n==> ship.health[1] <==\nus is up\n";
    assert_eq!(logs(&place, &["ship.health"]).stdout, both);
}

#[test]
fn a_step_that_is_not_there_suggests_one_that_is() {
    let place = after(TWO_STEPS);
    let unknown = logs(&place, &["biuld"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("came to no step `biuld`\nhelp: Perhaps `build` is meant."), "{}", unknown.stderr);
    let silent = logs(&place, &["silent"]);
    assert_eq!((silent.code, silent.stdout.as_str(), silent.stderr.as_str()), (0, "", "step `silent` wrote nothing\n"));
    assert_eq!(place.wfc(&["logs", "nothing"]).code, 2);
}

#[test]
fn attempts_and_undos_are_told_apart() {
    let place = after(
        "workflow main {
  step flaky: shell \"echo try $WF_ATTEMPT; exit 1\" {
    retry 1 times
    undo shell \"echo undone\"
  }
  on failure rollback
}
",
    );
    let all = logs(&place, &["flaky"]);
    assert_eq!(
        all.stdout, "==> flaky <==\ntry 1\n\n==> flaky, attempt 2 <==\ntry 2\n\n==> flaky, undo <==\nundone\n",
        "{}",
        all.stderr
    );
    assert_eq!(logs(&place, &["flaky", "--attempt", "2"]).stdout, "try 2\n");
}

#[test]
fn rounds_are_told_apart() {
    let place = after(
        "workflow main {
  repeat until tick.stdout contains \"3\" max 5 times {
    step tick: shell \"echo x >> ticks; wc -l < ticks\" { reads only }
  }
}
",
    );
    let shown = logs(&place, &["tick"]);
    assert_eq!(
        shown.stdout, "==> tick, round 1 <==\n1\n\n==> tick, round 2 <==\n2\n\n==> tick, round 3 <==\n3\n",
        "{}",
        shown.stderr
    );
}

#[test]
fn bytes_stay_as_they_are_and_a_terminal_is_protected() {
    let place = after(
        "workflow main {\n  step binary: shell 'printf \"\\\\033]0;title\\\\007\\\\377\\\\000\\\\n\"' { no undo \"x\" }\n}\n",
    );
    let raw = place.command(&["logs", "last", "binary"]).output().expect("the binary starts");
    assert_eq!(raw.stdout, b"\x1b]0;title\x07\xff\x00\n");
    let shown = place.in_terminal(&format!("env HOME={} wfc logs last binary", place.path("").display()), &[]);
    assert!(shown.contains("\\u{1b}]0;title\\u{7}"), "{shown:?}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn a_run_is_followed_until_it_ends() {
    let place = Place::with(
        "workflow main {
  step first: shell \"echo one; until [ -e go ]; do sleep 0.01; done; echo two\" { no undo \"x\", timeout 1m }
  step second: shell \"echo three\" { no undo \"x\" }
}
",
    );
    let mut run = place.command(&["run", "main.wf"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    // The run is there once it is listed, and writes once something is shown.
    while !place.wfc(&["logs", "last"]).stdout.contains("one") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut logs = place.command(&["logs", "last", "-f"]);
    let mut logs = logs.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(logs.stdout.take().expect("a pipe"));
    let mut shown = String::new();
    for _ in 0..2 {
        lines.read_line(&mut shown).expect("a line");
    }
    assert_eq!(shown, "==> first <==\none\n");
    place.write("go", "");
    lines.read_to_string(&mut shown).expect("text");
    assert_eq!(shown, "==> first <==\none\ntwo\n\n==> second <==\nthree\n");
    assert!(logs.wait().expect("it ends").success());
    assert!(run.wait().expect("it ends").success());
}

#[test]
fn secrets_are_not_in_files_of_output() {
    let place = Place::with(
        "workflow main {
  secret token from env \"TOKEN\"
  step show: shell \"echo token ${token} is here; echo ${token} >&2\" { no undo \"x\" }
}
",
    );
    let mut command = place.command(&["run", "main.wf"]);
    assert!(command.env("TOKEN", "hunter2hunter2").output().expect("the binary starts").status.success());
    assert_eq!(logs(&place, &["show", "--stdout"]).stdout, "token *** is here\n");
    assert_eq!(logs(&place, &["show", "--stderr"]).stdout, "***\n");
}

#[test]
fn much_output_loses_its_middle() {
    let text = "head -c 70000000 /dev/zero | tr '\\\\0' x; echo; echo end";
    let place = after(&format!("workflow main {{\n  step much: shell \"{text}\" {{ no undo \"x\" }}\n}}\n"));
    let shown = logs(&place, &["much"]).stdout;
    assert!(shown.len() > 55_000_000 && shown.len() <= 64 * 1024 * 1024, "{} bytes", shown.len());
    let lines: Vec<&str> = shown.lines().collect();
    let [first, mark, second, "end"] = lines[..] else { panic!("{} lines", lines.len()) };
    let left_out = mark.strip_prefix('[').and_then(|mark| mark.strip_suffix(" bytes left out]"));
    let left_out: usize = left_out.and_then(|number| number.parse().ok()).expect("a number");
    assert_eq!(first.len() + left_out + second.len(), 70_000_000);
}

#[test]
fn a_loop_over_a_million_gates_makes_no_files() {
    let place = after("workflow main {\n  for each n in 1..20000 parallel {\n    step g: gate { check: n > 0 }\n  }\n}\n");
    let id = place.wfc(&["runs"]).stdout.lines().nth(1).and_then(|line| line.split(' ').next()).expect("a run").to_owned();
    let folder = place.path(".local/state/wfc/runs").join(id);
    assert!(folder.exists() && !folder.join("output").exists());
    assert_eq!(logs(&place, &[]).stderr, "no step wrote anything\n");
}

#[test]
fn attempts_before_and_after_a_kill_are_shown() {
    let place = Place::with(
        "workflow main {
  step wait: shell \"echo try $WF_ATTEMPT; touch begun; until [ -e go ]; do sleep 0.01; done; echo end\" { reads only, timeout 1m }
}
",
    );
    let mut run = place.command(&["run", "main.wf"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while !logs(&place, &[]).stdout.contains("try 1") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    // The other process of the run ends its steps first, which must not go on meanwhile.
    while !place.wfc(&["runs"]).stdout.contains("interrupted") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    place.write("go", "");
    let resumed = place.wfc(&["resume", "last"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let shown = logs(&place, &[]);
    assert_eq!(shown.stdout, "==> wait <==\ntry 1\n\n==> wait, attempt 2 <==\ntry 2\nend\n");
    assert_eq!(shown.stderr, "note: the process of the run ended while wait wrote\n");
}

#[test]
fn a_value_that_nobody_uses_is_kept_in_part_and_the_output_whole() {
    let much = "head -c 300000 /dev/zero | tr '\\\\0' x; echo end";
    let place = after(&format!(
        "workflow main {{
  step unread: shell \"{much}\" {{ reads only }}
  step expected: shell \"{much}\" {{ reads only, expect result.stdout != \"\" }}
  step named: shell \"{much}\" {{ reads only, expect named.exit_code == 0 }}
  step undone: shell \"{much}\" {{ undo shell \"true\" when result?.stdout != \"\" }}
  step shown: shell \"{much}\" {{ reads only }}
  mirror: parallel wait first {{
    step racing: shell \"{much}\" {{ reads only }}
  }}
  output shown: string = shown.stdout
  output winner: string = mirror.value.stdout
}}
"
    ));
    let status = place.wfc(&["status", "last", "--format", "json"]).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let instances = status["instances"].as_object().expect("instances");
    let length = |name: &str| {
        let found = instances.values().find(|record| record["instance"]["path"] == name).expect("it ran");
        found["status"]["succeeded"]["map"]["stdout"]["string"].as_str().expect("a text").len()
    };
    for whole in ["expected", "named", "undone", "shown", "mirror.racing"] {
        assert_eq!(length(whole), 300_004, "{whole}");
    }
    assert!((60_000..70_000).contains(&length("unread")), "{}", length("unread"));
    assert_eq!(logs(&place, &["unread"]).stdout.len(), 300_004);
}
