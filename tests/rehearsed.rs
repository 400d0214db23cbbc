//! What a rehearsal shows is what happens: scenarios of random workflows run for real, with the faults that the rehearsal let happen.

use crate::cli::Place;
use crate::numbers::Numbers;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, thread};

/// Scenarios that run for real.
const SCENARIOS: usize = 200;
/// Of one workflow no more.
const OF_ONE: usize = 8;

/// More workflows are not needed.
const MOST_WORKFLOWS: u64 = 200;

/// Does what the file `faults/NAME` says, once; `fails` stays. What crashes or cancels is ended from outside.
const PLAY: &str = r#"#!/bin/sh
fault=$(cat "faults/$1" 2>/dev/null)
case "$fault" in
fails) exit 1 ;;
once) rm "faults/$1"; exit 1 ;;
crashes) rm "faults/$1"; kill -KILL "$PPID"; exec sleep 60 ;;
cancels) rm "faults/$1"; "$WFC" cancel "$WF_RUN" >/dev/null 2>&1; exec sleep 60 ;;
esac
"#;

/// A workflow that is being written.
struct Writer {
    choices: Numbers,
    text: String,
    steps: u64,
    blocks: u64,
    indent: usize,
    /// The variable of the loop around.
    variable: Option<String>,
}

impl Writer {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = self.indent * 2);
    }

    fn step(&mut self) {
        let name = format!("s{}", self.steps);
        self.steps += 1;
        let argument = self.variable.as_ref().map(|variable| format!("-${{{variable}}}")).unwrap_or_default();
        let effect = match self.choices.below(4) {
            0 => "reads only".to_owned(),
            1 => "no undo \"it stays\"".to_owned(),
            _ => format!("undo shell [\"./play\", \"undo-{name}{argument}\"] {{ timeout 1m, retry 1 times pause 1ms }}"),
        };
        let mut clauses = vec!["timeout 1m".to_owned(), effect];
        if self.choices.once_in(4) {
            clauses.push("retry 1 times pause 1ms".to_owned());
        }
        match self.choices.below(8) {
            0 => clauses.push("on unknown fail".to_owned()),
            1 => clauses.push("on unknown rerun".to_owned()),
            2 => clauses.push("on unknown check shell \"test -e done\"".to_owned()),
            _ => {}
        }
        if self.choices.once_in(6) {
            clauses.push("on failure continue".to_owned());
        }
        self.line(&format!("step {name}: shell [\"./play\", \"{name}{argument}\"] {{"));
        self.indent += 1;
        clauses.iter().for_each(|clause| self.line(clause));
        self.indent -= 1;
        self.line("}");
    }

    fn block(&mut self, head: &str, depth: u64) {
        self.line(&format!("{head} {{"));
        self.indent += 1;
        self.statements(depth);
        if self.choices.once_in(3) {
            self.line("on failure rollback");
        }
        self.indent -= 1;
        self.line("}");
    }

    fn statements(&mut self, depth: u64) {
        for _ in 0..1 + self.choices.below(3) {
            let name = format!("b{}", self.blocks);
            match self.choices.below(if depth == 0 { 1 } else { 4 }) {
                2 => {
                    self.blocks += 1;
                    self.block(&format!("{name}: stage"), depth - 1);
                }
                3 if self.variable.is_none() => {
                    self.blocks += 1;
                    self.variable = Some(format!("x{name}"));
                    self.block(&format!("{name}: for each x{name} in [\"a\", \"b\"]"), depth - 1);
                    self.variable = None;
                }
                _ => self.step(),
            }
        }
    }
}

/// A random workflow, and how many steps it has outside of handlers.
fn workflow(seed: u64) -> (String, u64) {
    let (text, variable) = (String::new(), None);
    let mut writer = Writer { choices: Numbers(seed), text, steps: 0, blocks: 0, indent: 0, variable };
    writer.line("workflow main {");
    writer.indent += 1;
    writer.statements(2);
    let steps = writer.steps;
    match writer.choices.below(4) {
        0 => {}
        1 => {
            writer.line("on failure {");
            writer.indent += 1;
            writer.step();
            writer.line("rollback");
            writer.indent -= 1;
            writer.line("}");
        }
        2 => writer.line("on failure or cancel rollback"),
        _ => writer.line("on failure rollback"),
    }
    if writer.choices.once_in(3) {
        writer.line("finally {");
        writer.indent += 1;
        writer.step();
        writer.indent -= 1;
        writer.line("}");
    }
    writer.indent -= 1;
    writer.line("}");
    (writer.text, steps)
}

/// The faults of a scenario as they happen for real.
struct Staged {
    /// Names and contents of files for `play`.
    files: Vec<(String, &'static str)>,
    /// For each death of the process, what somebody says of the step at the resume, where somebody has to.
    said: Vec<Option<String>>,
}

/// Stages the faults of a scenario; nothing where one takes its time, and where the run is cancelled while a handler goes on, which does
/// not end it.
fn staged(scenario: &Value, steps: u64) -> Option<Staged> {
    let (mut files, mut said) = (Vec::new(), Vec::new());
    for fault in scenario["faults"].as_array()? {
        let fault = fault.as_str()?;
        let (undo, rest) = fault.strip_prefix("undo of ").map_or(("", fault), |rest| ("undo-", rest));
        let (path, what) = rest.split_once(' ')?;
        let name = path.split('[').next()?.rsplit('.').next()?;
        let place = if path.ends_with("[0]") {
            "-a"
        } else if path.ends_with("[1]") {
            "-b"
        } else {
            ""
        };
        let number: u64 = name.strip_prefix('s')?.parse().ok()?;
        let (word, answer) = match what {
            "fails" => ("fails", None),
            "fails once" => ("once", None),
            "is cancelled with the run" if number < steps => ("cancels", None),
            "crashes" => ("crashes", None),
            "crashes, but was done" => ("crashes", Some("done")),
            "crashes, and was not done" => ("crashes", Some("rerun")),
            "crashes, and failed" => ("crashes", Some("fail")),
            _ => return None,
        };
        files.push((format!("{undo}{name}{place}"), word));
        if word == "crashes" {
            said.push(answer.map(|answer| format!("{path}={answer}")));
        }
    }
    Some(Staged { files, said })
}

/// Every step and undo with how it ended, as far as the rehearsal and the journal can be compared.
fn ends(record: &Value) -> BTreeSet<String> {
    let empty = serde_json::Map::new();
    let instances = record["instances"].as_object().unwrap_or(&empty);
    let is_step = |instance: &&Value| instance["kind"]["step"].is_string() || instance["kind"]["undo"].is_number();
    let end = |instance: &Value| {
        let status = instance["status"].as_str().map_or_else(
            || instance["status"].as_object().and_then(|status| status.keys().next().cloned()).unwrap_or_default(),
            str::to_owned,
        );
        let kind = if instance["kind"]["undo"].is_number() { "undo of " } else { "" };
        format!("{kind}{} {status} {} attempts, undo {}", instance["instance"]["path"], instance["attempts"], instance["undo"])
    };
    instances.values().filter(is_step).map(end).collect()
}

/// What a rehearsal of the file shows.
fn rehearsed(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["test", "--rehearse", "--format", "json", "main.wf"].iter().chain(arguments).copied().collect();
    let outcome = place.wfc(&arguments);
    let report: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}\n{}", place.read("main.wf")));
    report["workflows"][0]["scenarios"].as_array().cloned().unwrap_or_default()
}

/// Runs a scenario for real; what differs from the rehearsal.
fn difference(place: &Place, text: &str, scenario: &Value, steps: u64) -> Option<String> {
    let Staged { files, said } = staged(scenario, steps)?;
    let shown = rehearsed(place, &["--seed", scenario["seed"].as_str()?]);
    let shown = shown.first()?;
    for (name, fault) in &files {
        place.write(&format!("faults/{name}"), fault);
    }
    let wfc = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("WFC", env!("CARGO_BIN_EXE_wfc")).output().expect("the binary starts")
    };
    wfc(&["run", "main.wf", "--jobs", "1"]);
    // Each process that died leaves a run that is to be resumed.
    for said in &said {
        let mut arguments = vec!["resume", "last"];
        said.iter().for_each(|said| arguments.extend(["--step", said]));
        wfc(&arguments);
    }
    let told = place.wfc(&["status", "last", "--format", "json"]).stdout;
    let record: Value = serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"));
    let (rehearsed, real) = (ends(&shown["record"]), ends(&record));
    let same = rehearsed == real && record["state"] == scenario["status"] && record["order"] == scenario["order"];
    (!same).then(|| {
        let only =
            |left: &BTreeSet<String>, right: &BTreeSet<String>| left.difference(right).cloned().collect::<Vec<_>>().join("\n  ");
        format!(
            "{}\n{text}\nrehearsed {} {}\n  {}\nreal {} {}\n  {}\n",
            scenario["faults"],
            scenario["status"],
            scenario["order"],
            only(&rehearsed, &real),
            record["state"],
            record["order"],
            only(&real, &rehearsed)
        )
    })
}

fn place_of(text: &str) -> Place {
    let place = Place::with(text);
    place.write("play", PLAY);
    fs::set_permissions(place.path("play"), fs::Permissions::from_mode(0o755)).expect("a mode that can be set");
    place
}

#[test]
fn what_is_rehearsed_is_what_happens() {
    let (next, done, wrong) = (AtomicU64::new(0), Mutex::new(BTreeMap::<String, usize>::new()), Mutex::new(Vec::new()));
    let performed = || done.lock().expect("no thread panics").values().sum::<usize>();
    let one = || {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        assert!(seed < MOST_WORKFLOWS, "{seed} workflows have too few scenarios");
        let (text, steps) = workflow(seed);
        let scenarios = rehearsed(&place_of(&text), &[]);
        let mut scenarios: Vec<&Value> =
            scenarios.iter().filter(|scenario| scenario["dies_behind"].is_null() && staged(scenario, steps).is_some()).collect();
        let mut choices = Numbers(seed.wrapping_add(1 << 32));
        for _ in 0..OF_ONE.min(scenarios.len()) {
            let bound = u64::try_from(scenarios.len()).unwrap_or(1);
            let chosen = scenarios.swap_remove(usize::try_from(choices.below(bound)).unwrap_or(0));
            let difference = difference(&place_of(&text), &text, chosen, steps);
            wrong.lock().expect("no thread panics").extend(difference);
            *done.lock().expect("no thread panics").entry(chosen["status"].to_string()).or_default() += 1;
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while performed() < SCENARIOS {
                    one();
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panics");
    let done = done.into_inner().expect("no thread panics");
    assert!(wrong.is_empty(), "{} of {done:?} differ\n\n{}", wrong.len(), wrong.join("\n"));
    for state in ["succeeded", "failed", "cancelled", "rolled_back", "rollback_failed"] {
        assert!(done.contains_key(&format!("{state:?}")), "no scenario is {state}: {done:?}");
    }
}
