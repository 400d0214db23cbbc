//! `docker` steps: containers of an engine that the tests start.

use super::certificates::Authority;
use super::docker_engine::Engine;
use super::sql_server::NOBODY;
use crate::cli::{Outcome, Place};
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;

/// A workflow of one step, whose attributes and clauses are given.
fn workflow(body: &str) -> Place {
    Place::with(&format!("workflow main {{\n  {}\n}}\n", body.replace('\n', "\n  ")))
}

/// The only output.
fn output(engine: &Engine, body: &str) -> String {
    let outcome = engine.ran(&workflow(body));
    assert_eq!(outcome.code, 0, "{body}: {}", outcome.stderr);
    let (_, value) = outcome.stdout.trim_end().split_once(" = ").expect("an output");
    // A text with line breaks is shown as it is written.
    if value.starts_with('"') { serde_json::from_str(value).expect("a text") } else { value.to_owned() }
}

fn fails(engine: &Engine, body: &str, message: &str) {
    let outcome = engine.ran(&workflow(body));
    assert_eq!(outcome.code, 1, "{body}: {}", outcome.stderr);
    assert!(outcome.stderr.contains(message), "{body}: {}", outcome.stderr);
}

#[test]
fn a_container_runs_what_its_step_says() {
    let engine = Engine::start();
    let result = "output all: string = \"${it.stdout}|${it.stderr}|${it.exit_code}|${it.image}\"";
    let body = format!("step it: docker \"base:1\" {{ run: \"echo out; echo error >&2\", reads only }}\n{result}");
    assert_eq!(output(&engine, &body), "out\n|error\n|0|base:1");
    let body = format!("step it: docker \"base:1\" {{ run: [\"echo\", \"a  b\", \"$HOME\"], reads only }}\n{result}");
    assert_eq!(output(&engine, &body), "a  b $HOME\n||0|base:1");

    let of = |run: &str, rest: &str| {
        format!("step it: docker \"base:1\" -> string {{ run: \"{run}\", reads only, {rest} }}\noutput it: string = it")
    };
    assert_eq!(output(&engine, &of("echo $A$B", "env: { A: \"1\", B: \"2\" }")), "12");
    assert_eq!(output(&engine, &of("pwd; id -u; id -g", "user: \"12:34\", workdir: \"/tmp\"")), "/tmp\n12\n34");
    assert_eq!(output(&engine, &of("ls /sys/class/net", "network: \"none\"")), "lo");
    assert_eq!(output(&engine, &of("echo $WF_STEP $WF_ATTEMPT", "network: \"host\"")), "it 1");
    assert_eq!(output(&engine, &of("echo a=$0", "entrypoint: [\"echo\", \"first\"]")), "first /bin/sh -eu -c echo a=$0");
    assert_eq!(
        output(&engine, &of("cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max", "memory: 64MB")),
        "67108864"
    );
    let quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us || head -n 1 /sys/fs/cgroup/cpu.max";
    assert!(["50000", "50000 100000"].contains(&output(&engine, &of(quota, "cpus: 0.5")).as_str()), "half of a processor");
    let platform = format!("linux/{}", engine.ask(&["version", "--format", "{{.Server.Arch}}"]));
    assert_eq!(output(&engine, &of("echo here", &format!("platform: \"{platform}\""))), "here");
}

#[test]
fn failures_say_what_to_do() {
    let engine = Engine::start();
    for (rest, message) in [
        ("run: \"exit 3\"", "exit code 3"),
        ("run: \"nope\"", "exit code 127"),
        ("run: [\"nope\"]", "take an image that has the program"),
        ("run: [\"/tmp\"]", "make the program executable in the image"),
        ("env: { A: \"1\" }", "the image says nothing to run, so give `run`"),
        ("run: \"true\", mounts: [\"./nope:/x\"]", "make the directory, or mend its path in `mounts`"),
        ("run: \"true\", mounts: [\"nope\"]", "write \"./source:/target\""),
        ("run: \"true\", network: \"nope\"", "make it by `docker network create`"),
        ("run: \"true\", user: \"nope\"", "mend `user`"),
        ("run: \"true\", platform: \"what\"", "mend `platform`"),
        ("run: \"true\", memory: 1MB", "mend `memory`"),
        ("run: \"true\", cpus: 1000.0", "mend `cpus`"),
        ("run: \"true\", workdir: \"x\"", "mend `workdir`"),
        ("run: \"true\", workdir: \"/bin/sh\"", "mend `workdir`"),
        ("run: \"true\", env: { \"A=B\": \"1\" }", "is no name"),
        (
            "run: [\"dd\", \"if=/dev/zero\", \"of=/dev/null\", \"bs=100M\", \"count=1\"], memory: 20MB",
            "ran out of its memory of 20MB: raise `memory`",
        ),
    ] {
        fails(&engine, &format!("step it: docker \"base:1\" {{ {rest}, reads only }}"), message);
    }
    fails(&engine, "step it: docker \"Base:1\" { run: \"true\", reads only }", "mend the name of the image");
    fails(
        &engine,
        "step it: docker \"none:1\" { pull: \"never\", reads only }",
        "image `none:1` is not there, and `pull` is \"never\"",
    );
    // Nobody listens at this port of the registry.
    fails(&engine, "step it: docker \"127.0.0.1:1/none:1\" { reads only }", "image `127.0.0.1:1/none:1` is not pulled");
    fails(&engine, "step it: docker \"base:1\" -> int { run: \"echo x\", reads only }", "expected");
}

#[test]
fn an_engine_elsewhere_is_spoken_to_over_tls() {
    let (authority, stranger) = (Authority::new("engines"), Authority::new("strangers"));
    let place =
        workflow("step it: docker \"base:1\" -> { a: int } { run: \"echo a=1 > $WF_OUTPUT\", reads only }\noutput a: int = it.a");
    let keep = |folder: &str, authority: &Authority, host: &str| {
        let certified = authority.certify(host, 2100);
        place.write(&format!("{folder}/ca.pem"), &authority.pem());
        place.write(&format!("{folder}/cert.pem"), &certified.certificate);
        place.write(&format!("{folder}/key.pem"), &certified.key);
    };
    keep("engine", &authority, "localhost");
    keep("mine", &authority, "client");
    keep("theirs", &stranger, "client");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let file = |option: &str, name: &str| format!("--{option}={}", place.path(name).display());
    let engine = Engine::start_with(&[
        format!("--host=tcp://127.0.0.1:{port}"),
        "--tlsverify".to_owned(),
        file("tlscacert", "engine/ca.pem"),
        file("tlscert", "engine/cert.pem"),
        file("tlskey", "engine/key.pem"),
    ]);
    let ran = |certificates: &str| {
        let mut command = place.command(&["run", "main.wf"]);
        command.env("DOCKER_HOST", format!("tcp://localhost:{port}")).env("DOCKER_TLS_VERIFY", "1");
        Outcome::of(command.env("DOCKER_CERT_PATH", place.path(certificates)).output().expect("the binary starts"))
    };
    let outcome = ran("mine");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "a = 1\n"), "{}", outcome.stderr);
    assert_eq!(engine.containers(), "");
    let outcome = ran("theirs");
    assert!(outcome.code == 1 && outcome.stderr.contains("does not answer"), "{}", outcome.stderr);
    let outcome = ran("gone");
    assert!(outcome.code == 1 && outcome.stderr.contains("by `DOCKER_CERT_PATH`"), "{}", outcome.stderr);
}

#[test]
fn an_engine_that_cannot_be_reached_is_told_of() {
    let place = workflow("step it: docker \"base:1\" { run: \"true\", reads only }");
    let said = |host: &str| {
        let output = place.command(&["run", "main.wf"]).env("DOCKER_HOST", host).output().expect("the binary starts");
        Outcome::of(output).stderr
    };
    for host in ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"] {
        let stderr = said(host);
        assert!(stderr.contains("no Docker engine listens at") && stderr.contains("systemctl start docker"), "{stderr}");
    }
    let stderr = said("ssh://somewhere");
    assert!(stderr.contains("no address of a Docker engine"), "{stderr}");
}

/// A socket that only its owner may open, and somebody who is not.
#[test]
fn an_engine_that_the_user_may_not_talk_to_says_which_group_to_join() {
    let place = workflow("step it: docker \"base:1\" { run: \"true\", reads only }");
    let socket = place.path("docker.sock");
    let _listens = UnixListener::bind(&socket).expect("a short path");
    std::fs::set_permissions(&socket, Permissions::from_mode(0o000)).expect("it is ours");
    // Permissions do not hold root back.
    let by_root = rustix::process::geteuid().is_root();
    if by_root {
        for name in ["", "main.wf"] {
            chown(place.path(name), Some(NOBODY), Some(NOBODY)).expect("root may do so");
        }
    }
    let told = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        if by_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let command = command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        Outcome::of(command.output().expect("others may run the binary"))
    };
    let message = format!(
        "this user may not talk to the Docker engine at unix://{}: add the user to the group of the socket",
        socket.display()
    );
    let outcome = told(&["run", "main.wf"]);
    assert!(outcome.code == 1 && outcome.stderr.contains(&message), "{}", outcome.stderr);
    let outcome = told(&["doctor"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("this user may not talk to the Docker engine"), "{}", outcome.stdout);
}

#[test]
fn a_step_is_tried_again_and_undone() {
    let engine = Engine::start();
    let body = "step it: docker \"base:1\" -> string { run: \"echo tried $WF_ATTEMPT; test $WF_ATTEMPT = 3\", retry 3 times, reads only }\noutput it: string = it";
    assert_eq!(output(&engine, body), "tried 3");
    let place = workflow(
        r#"step it: docker "base:1" {
  run: "echo done > /here/it"
  mounts: [".:/here"]
  undo docker { image: "base:1", run: "rm /here/it; echo ${it.image} > /here/undone", mounts: [".:/here"] }
}
step fails: docker "base:1" { run: "cat /here/it; echo wrong > /here/it", mounts: [".:/here:ro"], no undo "x" }
on failure rollback"#,
    );
    let outcome = engine.ran(&place);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Read-only file system"), "{}", outcome.stderr);
    assert_eq!((place.read("undone").as_str(), place.path("it").exists()), ("base:1\n", false));
}
