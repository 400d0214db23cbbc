//! `wfc doctor`.

use super::{Outcome, Place};
use serde_json::Value;
use std::os::unix::fs::symlink;

/// What it tells programs, and the exit code.
fn told(place: &Place, arguments: &[&str]) -> (Value, i32) {
    let outcome = place.wfc(&[&["doctor", "--format", "json"], arguments].concat());
    assert_eq!(outcome.stderr, "");
    (serde_json::from_str(&outcome.stdout).expect("JSON"), outcome.code)
}

fn doctor(place: &Place, variables: &[(&str, &str)]) -> Outcome {
    let mut command = place.command(&["doctor"]);
    command.envs(variables.iter().copied());
    Outcome::of(command.output().expect("the binary starts"))
}

#[test]
fn a_machine_that_has_all_is_told_with_versions() {
    let place = Place::new();
    let outcome = doctor(&place, &[]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    for part in [
        "wfc 0.1.0 on Linux",
        "Store\n  ok       runs: ",
        ", 0 runs, ",
        "python3: Python 3.",
        "node: v",
        "Workflow files\n  none around\n",
    ] {
        assert!(outcome.stdout.contains(part), "{part}: {}", outcome.stdout);
    }
}

#[test]
fn every_kind_is_told_of() {
    let (report, _) = told(&Place::new(), &[]);
    let names: Vec<_> =
        report["kinds"].as_array().expect("a list").iter().map(|kind| kind["name"].as_str().expect("text")).collect();
    let known: Vec<_> =
        wf_steps::registry().iter().filter(|kind| wf_steps::executors().get(kind.name).is_some()).map(|kind| kind.name).collect();
    assert_eq!(names, known);
}

#[test]
fn an_interpreter_that_is_not_there_is_told_with_the_command_that_installs_it() {
    let place = Place::new();
    place.write("bin/apt-get", "");
    let apt = place.path("bin/apt-get");
    std::fs::set_permissions(&apt, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    symlink("/usr/bin/python3", place.path("bin/python3")).expect("a link");
    let outcome = doctor(&place, &[("PATH", place.path("bin").to_str().expect("UTF-8"))]);
    assert_eq!(outcome.code, 0, "no file needs it: {}", outcome.stdout);
    assert!(outcome.stdout.contains("node: is not on the `PATH`\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("apt-get install nodejs\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("ok       python      python3: Python 3."), "{}", outcome.stdout);
}

#[test]
fn what_starts_workflows_at_their_times_is_told() {
    let place = Place::new();
    place.write("bin/crontab", "");
    let crontab = place.path("bin/crontab");
    std::fs::set_permissions(&crontab, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    let outcome = doctor(&place, &[("PATH", place.path("bin").to_str().expect("UTF-8"))]);
    assert!(outcome.stdout.contains(&format!("  ok       crontab: {}\n", crontab.display())), "{}", outcome.stdout);
    let systemd = std::path::Path::new("/run/systemd/system").is_dir();
    assert_eq!(outcome.stdout.contains("  ok       systemd: runs this machine\n"), systemd, "{}", outcome.stdout);
    let outcome = doctor(&place, &[("PATH", "/nowhere")]);
    assert_eq!(outcome.stdout.contains("  missing  crontab or systemd: neither is here\n"), !systemd, "{}", outcome.stdout);
}

#[test]
fn files_around_are_looked_at_with_what_they_lack() {
    let place = Place::new();
    place.write("well.wf", "workflow main {\n  step a: sql \"select 1\" { database: \"sqlite::memory:\", reads only }\n}\n");
    place.write(
        "below/lacks.wf",
        "workflow main {\n  step a: sql \"select 1\" { database: \"sqlite:gone.db\", reads only }\n  step b: shell \"no-such-program\"\n}\n",
    );
    place.write("broken.wf", "workflow main {\n  step a: shel \"true\"\n}\n");
    for passed in [".hidden/a.wf", "target/a.wf", "node_modules/a.wf", "1/2/3/4/a.wf"] {
        place.write(passed, "broken");
    }
    let (report, code) = told(&place, &[]);
    let files: Vec<_> = report["files"].as_array().expect("a list").iter().map(|file| (&file["file"], &file["errors"])).collect();
    assert_eq!(serde_json::json!(files), serde_json::json!([["below/lacks.wf", 0], ["broken.wf", 1], ["well.wf", 0]]));
    let lacks = report["files"][0]["lacks"].to_string();
    assert!(lacks.contains("SQLite in `gone.db`: the database file cannot be opened"), "{lacks}");
    assert!(lacks.contains("program `no-such-program` is not on the `PATH`") && lacks.contains("\"line\":3"), "{lacks}");
    assert_eq!(code, 1);

    let outcome = place.wfc(&["doctor"]);
    assert!(outcome.stdout.contains("  broken   broken.wf: an error\n           → wfc check broken.wf\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("  lacks    below/lacks.wf: shell, sql\n           line 2: SQLite in"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("  ok       well.wf: sql\n"), "{}", outcome.stdout);
    assert_eq!(told(&place, &["well.wf"]).1, 0, "only the file that is named counts");
}

#[test]
fn a_database_is_asked_where_a_secret_names_it_and_no_password_is_shown() {
    let text = "workflow main {\n  secret database from env \"DATABASE\"\n  step a: sql \"select 1\" { database: database, reads only }\n}\n";
    let place = Place::with(text);
    let outcome = doctor(&place, &[]);
    assert!(outcome.code == 1 && outcome.stdout.contains("secret `database` has no value"), "{}", outcome.stdout);
    // Nobody listens at the port of echo, which needs root.
    let outcome = doctor(&place, &[("DATABASE", "postgres://me:canary-word@127.0.0.1:7/canary-data")]);
    let line = "line 3: PostgreSQL at 127.0.0.1:7, database `canary-data`: is not reached: Connection refused";
    assert!(outcome.code == 1 && outcome.stdout.contains(line), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("canary-word"), "{}", outcome.stdout);
}

#[test]
fn a_store_that_cannot_be_used_is_told() {
    let place = Place::new();
    let outcome = doctor(&place, &[("WFC_STORE", "/proc/nowhere")]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("  missing  runs: /proc/nowhere cannot be used"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("WFC_STORE"), "{}", outcome.stdout);
}

#[test]
fn docker_is_asked_where_it_is_said_to_listen() {
    let text = "workflow main {\n  step a: docker \"a@sha256:0000000000000000000000000000000000000000000000000000000000000000\" { run: \"true\", reads only }\n}\n";
    let place = Place::with(text);
    let outcome = doctor(&place, &[("DOCKER_HOST", "unix:///nowhere/docker.sock")]);
    let expected =
        "  missing  docker      Docker at unix:///nowhere/docker.sock: no Docker engine listens at unix:///nowhere/docker.sock";
    assert!(outcome.code == 1 && outcome.stdout.contains(expected), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("line 2: Docker at unix:///nowhere/docker.sock"), "{}", outcome.stdout);
    let mut paranoid = place.command(&["check", "--level", "paranoid", "main.wf"]);
    let outcome = Outcome::of(paranoid.env("DOCKER_HOST", "unix:///nowhere/docker.sock").output().expect("it starts"));
    assert!(outcome.stdout.contains("unreachable") && outcome.stdout.contains("no Docker engine listens"), "{}", outcome.stdout);
}
