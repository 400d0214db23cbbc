//! A secret from each source, in each attribute of each kind that takes one, beside everything that could tell it.

use super::agent::stream;
use super::docker_engine::Engine;
use super::http_server::{Server, answer};
use super::{keeps_nothing_of, no_argument_holds};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const CANARY: &str = "canary-5Kx1";

/// The canary, and its base64 without what its neighbours decide.
const FORMS: [&str; 2] = [CANARY, "Y2FuYXJ5LTVLe"];

/// Where a secret comes from.
const SOURCES: [&str; 3] = ["env \"TOKEN\"", "file \"./token\"", "command [\"cat\", \"./token\"]"];

/// Holds a program until the file `free` is there, and says by a file of its name that it has begun.
const HOLD: &str = "touch here/begun-$WF_STEP; until [ -e here/free ]; do sleep 0.01; done";

/// Each attribute that takes a secret: its kind, its name, and the rest of a step that gives it one.
const USES: [(&str, &str, &str); 20] = [
    ("shell", "run", "\"HOLD; echo ${token}; echo ${token} >&2; exit 1\" { no undo \"x\" }"),
    ("shell", "env", "[\"sh\", \"-c\", \"HOLD; echo $T\"] { env: { T: token }, undo shell \"echo ${token}\" }"),
    ("shell", "stdin", "\"HOLD; cat; cat here/none\" { stdin: token, reads only }"),
    ("python", "env", "{ file: \"./hold.py\", env: { T: token }, reads only }"),
    ("javascript", "env", "{ file: \"./hold.js\", env: { T: token }, reads only }"),
    ("docker", "run", "\"base:1\" { run: \"CONTAINED; echo ${token}\", mounts: [\"./here:/here\"], no undo \"x\" }"),
    (
        "docker",
        "env",
        "\"base:1\" { run: [\"sh\", \"-c\", \"CONTAINED; echo $T >&2; exit 1\"], env: { T: token }, mounts: [\"./here:/here\"], no undo \"x\" }",
    ),
    ("http", "headers", "\"SERVER\" { headers: { \"X-Key\": \"Key ${token}\" } }"),
    ("http", "body", "\"SERVER\" { method: \"PUT\", body: \"a ${token}\", no undo \"x\" }"),
    ("http", "form", "\"SERVER\" { method: \"POST\", form: { key: token }, no undo \"x\" }"),
    ("http", "auth", "\"SERVER\" { auth: { bearer: token } }"),
    ("http", "auth", "\"SERVER\" { auth: { user: \"me\", password: token } }"),
    ("http", "auth", "\"https://localhost:9\" { auth: { certificate: \"./token.pem\", key: token } }"),
    ("sql", "database", "\"select 1\" { database: \"sqlite:here/${token}/none.db\", reads only }"),
    ("agent", "key", "\"x\" { endpoint: \"SERVER\", key: token, no undo \"x\" }"),
    ("agent", "command", "\"x\" { command: \"cat > /dev/null; HOLD; echo ${token}\", no undo \"x\" }"),
    ("agent", "env", "\"x\" { command: \"HOLD; echo $T; exit 1\", env: { T: token }, no undo \"x\" }"),
    ("notify", "to", "\"x\" { to: [slack(\"SERVER${token}\"), webhook(\"SERVER?key=${token}\", token)], no undo \"x\" }"),
    (
        "notify",
        "to",
        "\"x\" { to: email(\"a@b.example\", \"smtps://me:${token}@localhost:9?from=me@b.example\"), no undo \"x\" }",
    ),
    ("child", "key", "{ key: token }"),
];

/// How many of them wait at the server, and how many start a program that holds.
const WAITING: (usize, usize) = (8, 10);

/// A workflow that gives the secret of a source to all of them side by side.
fn workflow(source: &str, server: &str) -> String {
    let contained = HOLD.replace("here/", "/here/");
    let steps = USES.iter().enumerate().map(|(index, (kind, _, rest))| {
        let rest = rest.replace("HOLD", HOLD).replace("CONTAINED", &contained).replace("SERVER", server);
        format!("    step use_{index}: {kind} {}\n", with_timeout(&rest))
    });
    format!(
        "workflow main {{\n  env: {{ SHARED: token }}\n  secret token from {source}\n  parallel {{\n{}  }}\n  step last: shell \"echo ${{token}} >&2; exit 3\" {{ reads only }}\n  on failure {{\n    step told: shell \"echo ${{failure.message}} ${{failure.stderr}}\" {{ reads only }}\n    rollback\n  }}\n}}\n\nworkflow child {{\n  param key: secret\n  step it: shell \"{HOLD}; echo ${{key}}\" {{ reads only, timeout 1m }}\n}}\n",
        steps.collect::<String>()
    )
}

/// The rest of a step, whose attempt may take a minute, and whose failure lets the others end.
fn with_timeout(rest: &str) -> String {
    let (head, last) = rest.rsplit_once(" }").expect("a body");
    format!("{head}, timeout 1m, on failure continue }}{last}")
}

/// A folder with the workflow and what it needs.
fn place(source: &str, server: &str) -> Place {
    let place = Place::with(&workflow(source, server));
    place.write("here/nothing", "");
    place.write("token.pem", "no certificate");
    if !source.starts_with("env") {
        place.write("token", &format!("{CANARY}\n"));
    }
    place.write(
        "hold.py",
        "import os, time\nopen('here/begun-' + os.environ['WF_STEP'], 'w')\nwhile not os.path.exists('here/free'):\n    time.sleep(0.01)\nraise ValueError(os.environ['T'])\n",
    );
    place.write(
        "hold.js",
        "const fs = require('fs')\nfs.writeFileSync('here/begun-' + process.env.WF_STEP, '')\nconst cell = new Int32Array(new SharedArrayBuffer(4))\nwhile (!fs.existsSync('here/free')) Atomics.wait(cell, 0, 0, 10)\nthrow new Error(process.env.T)\n",
    );
    place
}

/// A command with the secret in its environment, where it comes from there.
fn given<'a>(command: &'a mut Command, source: &str) -> &'a mut Command {
    if source.starts_with("env") { command.env("TOKEN", CANARY) } else { command }
}

/// A server that tells all that it was sent once the file is there.
fn echoing(free: &Path) -> Server {
    let free = free.to_owned();
    Server::doing(move |request, connection| {
        until("free", || free.exists());
        let told = format!("{} {:?} {}", request.target, request.headers, request.text());
        let told = if request.target.ends_with("/completions") { stream(&told, 1) } else { answer("403 No", &[], &told) };
        let _ = connection.write_all(told.as_bytes());
    })
}

fn tells_nothing(what: &str, text: &str) {
    for form in FORMS {
        assert!(!text.contains(form), "{what} tells {form}: {text}");
    }
}

#[test]
fn every_attribute_that_takes_a_secret_is_tried() {
    let tried: BTreeSet<(&str, &str)> = USES.iter().map(|(kind, attribute, _)| (*kind, *attribute)).collect();
    for kind in wf_steps::registry().iter() {
        for attribute in kind.attributes.iter().filter(|attribute| attribute.takes_secret) {
            assert!(tried.contains(&(kind.name, attribute.name)), "{}.{}", kind.name, attribute.name);
        }
    }
}

#[test]
fn a_secret_from_everywhere_goes_where_it_is_sent_and_nowhere_else() {
    let engine = Engine::start();
    for source in SOURCES {
        let free = tempfile::tempdir().expect("a folder");
        let server = echoing(&free.path().join("free"));
        let place = place(source, &server.url("/"));
        let mut command = engine.command(&place, &["run", "--verbose", "--jobs", "40", "main.wf"]);
        let run = given(&mut command, source).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let begun = || fs::read_dir(place.path("here")).expect("a folder").count() - 1;
        until("all steps", || (server.seen().len(), begun()) == WAITING);
        FORMS.iter().for_each(|form| no_argument_holds(form));
        contained(&engine);
        place.write("here/free", "");
        fs::write(free.path().join("free"), "").expect("a file");
        let outcome = Outcome::of(run.wait_with_output().expect("it ends"));
        assert_eq!(outcome.code, 3, "{}", outcome.stderr);
        for seen in server.seen() {
            let sent = format!("{} {:?} {}", seen.target, seen.headers, seen.text());
            assert!(FORMS.iter().any(|form| sent.contains(form)), "{sent}");
        }
        for step in
            ["use_0", "use_1", "use_2", "use_3", "use_4", "use_5", "use_6", "use_14", "use_15", "use_16", "use_19.it", "told"]
        {
            assert!(outcome.stderr.contains(&format!("| {step}: ")), "{step}: {}", outcome.stderr);
        }
        tells_nothing(source, &format!("{outcome:?}"));
        FORMS.iter().for_each(|form| keeps_nothing_of(&place, form));
        let whys = (0..USES.len()).map(|index| format!("why last use_{index}"));
        let commands =
            ["logs last", "status last", "status last --format json", "runbook last", "runs", "stats"].map(str::to_owned);
        for command in commands.into_iter().chain(whys) {
            let outcome = place.wfc(&command.split(' ').collect::<Vec<_>>());
            assert!(outcome.code == 0 && !outcome.stdout.is_empty(), "{command}: {outcome:?}");
            tells_nothing(&format!("{source}: {command}"), &format!("{outcome:?}"));
        }
        FORMS.iter().for_each(|form| keeps_nothing_of(&place, form));
    }
}

/// The containers hold the secret in their environment alone.
fn contained(engine: &Engine) {
    let names = engine.containers();
    let names: Vec<&str> = names.lines().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        let inspected: serde_json::Value = serde_json::from_str(&engine.ask(&["inspect", name])).expect("JSON");
        let mut inspected = inspected.pointer("/0").expect("a container").clone();
        let environment = inspected.pointer_mut("/Config/Env").expect("an environment").take();
        assert!(environment.to_string().contains(CANARY), "{environment}");
        tells_nothing(name, &inspected.to_string());
    }
}

#[test]
fn a_plan_and_a_rehearsal_tell_no_secret() {
    for source in SOURCES {
        let place = place(source, "http://localhost:9/");
        let formats = ["text", "json", "dot", "mermaid", "svg", "html"].map(|format| vec!["plan", "main.wf", "--format", format]);
        let rehearsals =
            ["human", "json", "html"].map(|format| vec!["test", "main.wf", "--rehearse", "--all", "--format", format]);
        let others = [vec!["plan", "main.wf", "--out", "kept.plan"], vec!["run", "main.wf", "--dry-run"]];
        for arguments in formats.into_iter().chain(rehearsals).chain(others) {
            let output = given(&mut place.command(&arguments), source).output().expect("the binary starts");
            let outcome = Outcome::of(output);
            let is_shown = format!("{}{}", outcome.stdout, outcome.stderr).contains("use_3") || arguments.contains(&"--out");
            assert!(outcome.code < 2 && is_shown, "{arguments:?}: {outcome:?}");
            tells_nothing(&format!("{arguments:?}"), &format!("{outcome:?}"));
        }
        let kept = fs::read(place.path("kept.plan")).expect("a file");
        tells_nothing("the plan that is kept", &String::from_utf8_lossy(&kept));
        FORMS.iter().filter(|_| place.path(".local").exists()).for_each(|form| keeps_nothing_of(&place, form));
    }
}
