//! `docker` steps that build images.

use super::docker_engine::Engine;
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;

/// A context with a Dockerfile of two stages, and a workflow of these statements beside it.
fn place(statements: &str) -> Place {
    let place = Place::with(&format!("workflow main {{\n{statements}\n}}\n"));
    place.write(
        "app/Dockerfile",
        "FROM base:1 AS first\nARG WORD=none\nRUN echo \"$WORD\" > /word\nFROM first AS second\nCOPY . /app/\nCMD [\"cat\", \"/word\"]\n",
    );
    place.write("app/kept.txt", "kept");
    place.write("app/left/out.txt", "left out");
    place.write("app/left/taken.txt", "taken");
    place.write("app/.dockerignore", "left\n!left/taken.txt\nDockerfile\n");
    place
}

#[test]
fn an_image_is_built_and_run() {
    let engine = Engine::start();
    let place = place(
        r#"  step it: docker {
    build: { context: "./app", args: { WORD: "a b; $(c)" } }
    tag: ["app:1", "app:latest"]
    run: "cat /word; cd /app; find . -type f | sort; ls -ld kept.txt | cut -c1-10"
    no undo "an image"
  }
  step again: docker { image: it.image, pull: "never", reads only }
  step other: docker { build: { context: "app", target: "first" }, run: "cat /word; test ! -e /app", no undo "an image" }
  step alone: docker { build: { context: "app", file: "other/Dockerfile" }, no undo "an image" }
  output it: string = it.stdout
  output again: string = again.stdout
  output other: string = other.stdout
  output alone: string = "${alone.stdout}${alone.exit_code}"
  output image: string = it.image"#,
    );
    place.write("other/Dockerfile", "FROM base:1\nCOPY kept.txt /\n");
    let outcome = engine.ran(&place);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let image = engine.ask(&["image", "inspect", "--format", "{{.Id}}", "app:1"]);
    assert_eq!(engine.ask(&["image", "inspect", "--format", "{{.Id}}", "app:latest"]), image);
    let expected = format!(
        "it = \"a b; $(c)\\n./.dockerignore\\n./kept.txt\\n./left/taken.txt\\n-rw-r--r--\\n\"\nagain = \"a b; $(c)\\n\"\nother = \"none\\n\"\nalone = 0\nimage = {image}\n"
    );
    assert_eq!(outcome.stdout, expected);
    assert!(outcome.stderr.contains("| it: Step 1/6 : FROM base:1 AS first"), "{}", outcome.stderr);
}

#[test]
fn builds_that_fail_say_why() {
    let engine = Engine::start();
    let body = |dockerfile: &str, build: &str| {
        let place = Place::with(&format!("workflow main {{\n  step it: docker {{ build: {{ {build} }}, no undo \"x\" }}\n}}\n"));
        place.write("Dockerfile", dockerfile);
        place
    };
    for (dockerfile, build, message) in [
        ("FROM base:1\nRUN echo to be seen; exit 3\n", "context: \".\"", "returned a non-zero code: 3"),
        ("FROM base:1\nRUN echo to be seen; exit 3\n", "context: \".\"", "to be seen"),
        ("FROM base:1\nNOPE\n", "context: \".\"", "unknown instruction: NOPE"),
        ("FROM base:1\nRUN --mount=type=cache,target=/x true\n", "context: \".\"", "docker buildx build"),
        ("FROM 127.0.0.1:1/none\n", "context: \".\"", "image is not built"),
        ("FROM base:1\n", "context: \"./gone\"", "of `context` is not there"),
        ("FROM base:1\n", "context: \".\", file: \"Other\"", "name another one by `file`"),
        ("FROM base:1\n", "context: \".\", target: \"nope\"", "nope"),
    ] {
        let outcome = engine.ran(&body(dockerfile, build));
        assert_eq!(outcome.code, 1, "{dockerfile}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{dockerfile}: {message}: {}", outcome.stderr);
    }
    let place = body("FROM base:1\n", "context: \".\"");
    place.write(".dockerignore", "a\nb[");
    let outcome = engine.ran(&place);
    assert!(outcome.code == 1 && outcome.stderr.contains("line \"b[\" of `"), "{}", outcome.stderr);
}

#[test]
fn a_build_that_is_cancelled_or_killed_leaves_no_container() {
    let engine = Engine::start();
    let place = Place::with("workflow main {\n  step it: docker { build: { context: \".\" }, no undo \"x\" }\n}\n");
    place.write("Dockerfile", "FROM base:1\nRUN sleep 1000\n");
    for signal in [Signal::TERM, Signal::KILL] {
        let mut command = engine.command(&place, &["run", "main.wf"]);
        let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        until("the container of the build", || !engine.ask(&["ps", "--quiet"]).is_empty());
        kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), signal).expect("it runs");
        run.wait_with_output().expect("it ends");
        until("the end of the build", || engine.containers().is_empty());
    }
}

#[test]
fn the_output_of_a_build_is_masked() {
    let engine = Engine::start();
    let place = Place::with(
        "workflow main {\n  secret token from env \"TOKEN\"\n  step it: docker { build: { context: \".\" }, env: { T: token }, run: \"true\", no undo \"x\" }\n}\n",
    );
    place.write("Dockerfile", "FROM base:1\nRUN echo a canary-5Kx b\n");
    let mut command = engine.command(&place, &["run", "--verbose", "main.wf"]);
    let outcome = Outcome::of(command.env("TOKEN", "canary-5Kx").output().expect("the binary starts"));
    assert!(outcome.code == 0 && outcome.stderr.contains("a *** b") && !outcome.stderr.contains("5Kx"), "{}", outcome.stderr);
    super::keeps_nothing_of(&place, "canary-5Kx");
}

#[test]
fn attributes_that_do_not_go_together_are_told_of() {
    for (body, message) in [
        ("docker \"a\" { build: { context: \".\" } }", "`image`"),
        ("docker { run: \"true\" }", "`build`"),
        ("docker \"a\" { tag: \"b\" }", "`tag`"),
        ("docker \"a\" { pull: \"sometimes\" }", "\"always\", \"missing\", \"never\""),
        ("docker \"a\" { memory: 5 }", "a size has a unit"),
        ("docker { build: { context: \".\", what: 1 } }", "what"),
    ] {
        let place = Place::with(&format!(
            "workflow main {{\n  step it: {}, no undo \"x\" }}\n}}\n",
            body.strip_suffix(" }").expect("attributes")
        ));
        let outcome = place.wfc(&["check", "main.wf"]);
        assert_eq!(outcome.code, 1, "{body}: {outcome:?}");
        assert!(format!("{}{}", outcome.stdout, outcome.stderr).contains(message), "{body}: {outcome:?}");
    }
}
