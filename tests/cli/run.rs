//! `wfc run`: parameters, secrets, output, exit codes.

use super::Place;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

const PARAMETERS: &str = r#"
workflow main {
  ## Where to.
  param env: "dev" | "prod" = "dev"
  param count: int = 1 where count > 0
  param tags: [string] = []
  param wait: duration = 5s
  output said: string = "${env} ${count} ${tags.join("+")} ${wait}"
}
"#;

#[test]
fn parameters_come_from_flags_then_a_file_then_the_environment() {
    let place = Place::with(PARAMETERS);
    place.write("params.json", r#"{ "env": "prod", "count": 2, "tags": ["a", "b"] }"#);
    place.write("wait.txt", "90s\n");
    let said = |arguments: &[&str]| {
        let mut command = place.command(&[&["run", "main.wf"], arguments].concat());
        let output = command.env("WFC_PARAM_WAIT", "1h").env("WFC_PARAM_COUNT", "9").output().expect("the binary starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(said(&[]), "said = dev 9  1h\n");
    assert_eq!(said(&["--params", "params.json"]), "said = prod 2 a+b 1h\n");
    assert_eq!(said(&["--params", "params.json", "--param", "env=dev", "--param", "wait=@wait.txt"]), "said = dev 2 a+b 1m30s\n");
    assert_eq!(said(&["--param", "tags=x,y"]), "said = dev 9 x+y 1h\n");
    assert_eq!(said(&["--param", "tags=[\"x,y\"]"]), "said = dev 9 x,y 1h\n");
    assert_eq!(said(&["--param", "tags=x", "--param", "tags=y"]), "said = dev 9 x+y 1h\n");
}

#[test]
fn everything_that_is_wrong_with_parameters_is_told_at_once_and_nothing_starts() {
    let place = Place::with(&PARAMETERS.replace("  output", "  secret token from env \"MISSING_TOKEN\"\n  param name: string\n  step a: shell \"touch started\" { env: { T: token, N: name }, no undo \"x\", timeout 5s }\n  output"));
    let outcome = place.ran(&["--param", "env=x", "--param", "count=0", "--param", "wait=5", "--param", "cuont=1"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
    for part in [
        "workflow `main` has no parameter `cuont`",
        "Did you mean `count`?",
        "expected \"dev\" | \"prod\", found `x`",
        "0 does not fit parameter `count`",
        "expected duration, found `5`",
        "parameter `name`",
        "secret `token` has no value",
        "6 errors",
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(!place.path("started").exists());
}

#[test]
fn relative_paths_are_seen_from_where_they_are_written() {
    let place = Place::new();
    let text = "workflow main {\n  param a: path = \"./x\"\n  param b: path = \"y\"\n  param c: [path] = []\n  output o: string = \"${a} ${b} ${c.join(\" \")}\"\n}\n";
    place.write("flow/main.wf", text);
    place.write("given/params.json", r#"{ "b": "./x", "c": ["x", "/x"] }"#);
    let outcome = place.wfc(&["run", "flow/main.wf", "--params", "given/params.json"]);
    let folder = fs::canonicalize(place.path(".")).expect("a folder").display().to_string();
    let seen = outcome.stdout.replace(&folder, "~");
    assert_eq!(seen, "o = ~/flow/x ~/given/x ~/given/x /x\n", "{}", outcome.stderr);
    let outcome = place.wfc(&["run", "flow/main.wf", "--param", "a=./x", "--param", "b=x"]);
    assert_eq!(outcome.stdout.replace(&folder, "~"), "o = ~/x ~/x \n", "{}", outcome.stderr);
}

#[test]
fn a_secret_shows_nowhere() {
    let text = r#"
workflow main {
  secret token from env "TOKEN" or from file "token.txt"
  step show: shell "echo \"it is ${token}\"; printf %s ${token} | base64 >&2; env | grep TOKEN || echo none" { reads only, timeout 5s }
  step fail: shell { run: "echo ${token} >&2; exit 3", reads only, timeout 5s }
  output o: string = show.stdout
}
"#;
    let place = Place::with(text);
    let run = |format: &str| {
        let mut command = place.command(&["run", "main.wf", "--verbose", "--format", format]);
        let output = command.env("TOKEN", "correct-horse").output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8(output.stderr).expect("UTF-8")
    };
    for format in ["human", "json", "github"] {
        let shown = run(format);
        assert!(!shown.contains("correct") && !shown.contains("Y29ycmVjdC1ob3Jz"), "{format}: {shown}");
        assert!(shown.contains("it is ***"), "{format}: {shown}");
    }
    assert!(run("human").contains("show: none"), "a step does not inherit what a secret is read from");
    place.write("token.txt", "from-the-file\n");
    let outcome = place.ran(&["--verbose"]);
    assert!(outcome.stderr.contains("it is ***") && !outcome.stderr.contains("from-the-file"), "{}", outcome.stderr);
}

#[test]
fn outputs_go_to_stdout_as_lines_as_json_and_to_a_file() {
    let text =
        "workflow main {\n  output n: int = 3\n  output s: string = \"two\\nlines\"\n  output l: [string] = [\"a b\"]\n}\n";
    let place = Place::with(text);
    let human = place.ran(&["--output", "out.json"]);
    assert_eq!((human.code, human.stdout.as_str()), (0, "n = 3\ns = \"two\\nlines\"\nl = [\"a b\"]\n"));
    let expected = json!({ "n": 3, "s": "two\nlines", "l": ["a b"] });
    assert_eq!(serde_json::from_str::<Value>(&place.read("out.json")).expect("JSON"), expected);
    let json: Value = serde_json::from_str(&place.ran(&["--format", "json"]).stdout).expect("one JSON object");
    assert_eq!((&json["state"], &json["outputs"]), (&json!("succeeded"), &expected));
    for file in ["missing/out.json", "."] {
        let nowhere = place.ran(&["--output", file]);
        assert_eq!((nowhere.code, nowhere.stdout.as_str()), (2, ""));
        assert!(nowhere.stderr.contains("cannot be written") && nowhere.stderr.contains("Nothing was started."), "{nowhere:?}");
    }
}

#[test]
fn a_step_that_fails_shows_its_command_and_the_end_of_its_output() {
    let text = r#"
workflow main {
  step make: shell "echo building; echo broken pipe >&2; exit 3" { reads only, timeout 5s }
  step never: shell "touch never" { no undo "x", timeout 5s }
}
"#;
    let place = Place::with(text);
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    let report = outcome.stderr;
    for line in [
        "output   make (main.wf:3)",
        "       $ echo building; echo broken pipe >&2; exit 3",
        "       | building",
        "       | broken pipe",
    ] {
        assert!(report.lines().any(|found| found == line), "{line}: {report}");
    }
    assert!(report.contains("failed   make (") && report.contains("exit code 3"), "{report}");
    assert!(report.contains("0 steps done, 1 failed, 1 skipped"), "{report}");
    assert!(!place.path("never").exists());
}

#[test]
fn annotations_tell_github_what_failed() {
    let place = Place::with("workflow main {\n  step make: shell \"echo 50% >&2; exit 3\" { reads only, timeout 5s }\n}\n");
    let report = place.ran(&["--format", "github"]).stderr;
    for part in
        ["::group::output of make", "| 50%", "::endgroup::", "::error file=main.wf,line=2,title=run failed::make: exit code 3"]
    {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[test]
fn a_dry_run_checks_everything_and_starts_nothing() {
    let place = Place::with(
        "workflow main {\n  param n: int where n > 1\n  step a: shell \"touch started-${n}\" { no undo \"x\", timeout 5s }\n}\n",
    );
    assert_eq!(place.ran(&["--dry-run", "--param", "n=1"]).code, 2);
    let outcome = place.ran(&["--dry-run", "--param", "n=2"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("nothing was started") && outcome.stdout.contains("param n = 2"), "{outcome:?}");
    assert!(outcome.stdout.contains("a: shell \"touch started-2\""), "{}", outcome.stdout);
    assert!(!place.path("started-2").exists());
}

#[test]
fn a_dry_run_starts_no_program_that_gives_a_secret() {
    let place = Place::with(
        "workflow main {\n  secret s from command [\"sh\", \"-c\", \"touch asked; echo x\"]\n  step a: shell \"true\" { env: { S: s }, reads only, timeout 5s }\n}\n",
    );
    let outcome = place.ran(&["--dry-run", "--format", "json"]);
    let told: Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    assert_eq!(
        (&told["workflow"], &told["nodes"][0]["path"], &told["nodes"][0]["secrets"]),
        (&json!("main"), &json!("a"), &json!(["s"]))
    );
    assert!(!place.path("asked").exists());
    assert_eq!(place.ran(&[]).code, 0);
    assert!(place.path("asked").exists());
}

#[test]
fn a_secret_that_is_seen_elsewhere_is_masked_there_too() {
    let text = r#"
workflow main {
  param number: int = 1
  secret token from env "TOKEN"
  step keep: shell "echo ${token} > kept; touch f-${token}" { no undo "x", timeout 5s }
  let kept = read("./kept")
  let found = glob("./f-*")
  output a: string = env("TOKEN") ?? ""
  output b: string = kept.trim()
  output c: int = found.length
  output d: string = found.join(" ")
  output n: int = number
}
"#;
    let place = Place::with(text);
    let run = |arguments: &[&str]| {
        let mut command = place.command(&[&["run", "main.wf"], arguments].concat());
        let output = command.env("TOKEN", "correct-horse").output().expect("the binary starts");
        String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8(output.stderr).expect("UTF-8")
    };
    for arguments in [&[][..], &["--format", "json"], &["--param", "number=correct-horse"]] {
        let shown = run(arguments);
        assert!(!shown.contains("correct-horse") && shown.contains("***"), "{shown}");
    }
}

#[test]
fn a_signal_and_what_is_left_running_are_told_by_name() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"sleep 1000 >/dev/null 2>&1 & echo started\" { reads only, timeout 1m }\n  step b: shell \"kill -KILL $$\" { reads only, timeout 1m }\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("leaked   a: processes that it left running were ended"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ended by signal SIGKILL"), "{}", outcome.stderr);
}

#[test]
fn a_list_that_no_shell_takes_is_refused_with_advice() {
    let place =
        Place::with("workflow main {\n  param list: [int]\n  step a: shell \"echo ${list}\" { reads only, timeout 1m }\n}\n");
    let list: Vec<u32> = (0..20_000).collect();
    place.write("list.json", &json!({ "list": list }).to_string());
    let outcome = place.ran(&["--params", "list.json"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("20000 values") && outcome.stderr.contains("stdin: list.join"), "{}", outcome.stderr);
}

#[test]
fn one_workflow_of_several_is_named() {
    let two = "workflow a {\n  output o: int = 1\n}\nworkflow b {\n  output o: int = 2\n}\n";
    let place = Place::with(two);
    place.write("b.wf", two);
    let unnamed = place.ran(&[]);
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.stderr.contains("workflows: a, b") && unnamed.stderr.contains("such as `main.wf:a`"), "{}", unnamed.stderr);
    assert_eq!(place.wfc(&["run", "main.wf:b"]).stdout, "o = 2\n");
    assert_eq!(place.wfc(&["run", "b.wf"]).stdout, "o = 2\n", "the one that is called like the file");
    let unknown = place.wfc(&["run", "main.wf:c"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains('`') && unknown.stderr.contains('c'), "{}", unknown.stderr);
}

#[test]
fn steps_run_in_the_folder_of_the_file() {
    let place = Place::new();
    place.write(
        "deep/main.wf",
        "workflow main {\n  step where: shell \"pwd\" -> string { reads only, timeout 5s }\n  output o: string = where\n}\n",
    );
    let outcome = place.wfc(&["run", "deep/main.wf"]);
    let folder = fs::canonicalize(place.path("deep")).expect("a folder");
    assert_eq!(outcome.stdout, format!("o = {}\n", folder.display()));
}

#[test]
fn the_scratch_directory_of_a_run_goes_away_with_it() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"touch ${run.dir}/file; echo ${run.dir}\" -> string { reads only, timeout 5s }\n  output o: string = a\n}\n",
    );
    let outcome = place.ran(&[]);
    let directory = outcome.stdout.trim().strip_prefix("o = ").expect("the output").to_owned();
    assert!(directory.ends_with("/scratch") && !Path::new(&directory).exists(), "{directory}");
}

#[test]
fn a_workflow_comes_from_stdin_too() {
    let place = Place::new();
    let outcome = place.wfc_with_input(&["run", "-"], b"workflow main {\n  output o: int = 1\n}\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "o = 1\n"));
}

#[test]
fn a_reader_that_goes_away_and_a_full_disk_stop_no_run() {
    let place =
        Place::with("workflow main {\n  step a: shell \"touch done\" { no undo \"x\", timeout 5s }\n  output o: int = 1\n}\n");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = place.command(&["run", "main.wf"]);
    let both = writer.try_clone().expect("a pipe");
    let status = command.stdout(writer).stderr(both).status().expect("the binary starts");
    assert_eq!(status.code(), Some(0));
    assert!(place.path("done").exists());
    let full = File::options().write(true).open("/dev/full").expect("a Linux machine");
    let output = place.command(&["run", "main.wf"]).stdout(full).stderr(Stdio::piped()).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the output cannot be written"));
}

#[test]
fn the_outcome_names_what_was_not_undone() {
    let place = Place::with(
        "workflow main {\n  step a: shell \"true\" { undo shell \"true\", timeout 5s }\n  part: stage {\n    step b: shell \"exit 1\" { undo shell \"true\", timeout 5s }\n    on failure rollback\n  }\n}\n",
    );
    let outcome = place.ran(&["--format", "json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    assert_eq!(json["state"], "failed");
    assert_eq!(json["not_undone"], serde_json::json!([{ "step": "a", "reason": "no handler rolled it back" }]));
}

#[test]
fn jobs_bound_what_runs_at_a_time() {
    let text = r#"
workflow main {
  parallel {
    step a: shell "mkdir one && sleep 0.05 && rmdir one" { no undo "x", timeout 5s }
    step b: shell "mkdir one && sleep 0.05 && rmdir one" { no undo "x", timeout 5s }
    step c: shell "mkdir one && sleep 0.05 && rmdir one" { no undo "x", timeout 5s }
  }
}
"#;
    let place = Place::with(text);
    let one = place.ran(&["--jobs", "1"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
    for jobs in ["0", "many", "-1"] {
        assert_eq!(place.ran(&["--jobs", jobs]).code, 2, "{jobs}");
    }
}
