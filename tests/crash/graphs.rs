//! Random graphs of steps, one of which fails, killed at random writes of the journal: what they did is undone, in its order.

use super::matrix::Tally;
use super::plan::Plan;
use super::scene::{Fault, Kill, Scene};
use super::story::require;
use super::{Witness, each};
use crate::cli::Outcome;
use crate::numbers::Numbers;
use std::fmt::Write;
use wf_model::run::{InstanceRecord, RunRecord, RunState, UndoStatus};

/// Graphs of the slice, and of each unit of a campaign.
const GRAPHS: (u64, u64) = (10, 500);

/// Writes that are tried of a rollback which is asked for again.
const LATER_WRITES: u64 = 30;

/// A graph that is being written, and what the next statements can depend on.
struct Sketch {
    numbers: Numbers,
    text: String,
    names: Vec<String>,
    steps: u64,
}

impl Sketch {
    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.numbers.below(list.len() as u64) as usize]
    }

    fn depends(&mut self) -> String {
        let mut on: Vec<String> = Vec::new();
        for _ in 0..self.numbers.below(4).min(self.names.len() as u64) {
            let name = self.names[self.numbers.below(self.names.len() as u64) as usize].clone();
            if !on.contains(&name) {
                on.push(name);
            }
        }
        if on.is_empty() { String::new() } else { format!(" depends on {}", on.join(", ")) }
    }

    fn step(&mut self, depends: &str, item: Option<&str>, fails: bool, held: bool) -> String {
        self.steps += 1;
        let stuck = !fails && self.numbers.below(8) == 0;
        let locks = !stuck && !held && self.numbers.below(6) == 0;
        let lock = if locks { ", lock \"gate\"" } else { "" };
        let prefix = match () {
            () if stuck => "stuck",
            () if locks || held => "locked",
            () => "step",
        };
        let name = format!("{prefix}_{}", self.steps);
        let work = if fails { "; exit 3" } else { self.one_of(&["", "", "; sleep 0.01", "; sleep 0.02"]) };
        let undo = match stuck {
            true => "undo shell \". ./undo; test -e mended\" { retry 1 times pause 5ms }",
            false => self.one_of(&[
                "undo shell \". ./undo\"",
                "undo shell \". ./undo; sleep 0.01\"",
                "undo shell \". ./undo; [ \\\"$WF_ATTEMPT\\\" -ge 2 ]\" { retry 8 times pause 5ms }",
                "no undo \"a log\"",
            ]),
        };
        // One that is said to be done would not fail.
        let unknown = match fails {
            true => self.one_of(&[", on unknown rerun", ", on unknown fail"]),
            false => self.one_of(&[", on unknown rerun", ", on unknown fail", ", on unknown done", ""]),
        };
        // In a loop, both name the element.
        let (act, undo) = match item {
            Some(item) => (format!("act; : ${{{item}}}"), undo.replace("./undo", &format!("./undo; : ${{{item}}}"))),
            None => ("act".to_owned(), undo.to_owned()),
        };
        writeln!(self.text, "    step {name}: shell \". ./{act}{work}\"{depends} {{ {undo}{unknown}{lock} }}").expect("a text");
        name
    }

    fn statement(&mut self, fails: bool) {
        let (depends, number) = (self.depends(), self.steps);
        match self.numbers.below(8) {
            0 => {
                writeln!(self.text, "    stage_{number}: stage{depends} {{").expect("a text");
                let held = self.numbers.below(3) == 0;
                self.text.push_str(if held { "    lock \"gate\"\n" } else { "" });
                let inside = [self.step("", None, false, held), self.step("", None, fails, held)];
                self.text.push_str("    }\n");
                self.names.extend(inside);
                self.names.push(format!("stage_{number}"));
            }
            1 => {
                let how = self.one_of(&["", " parallel", " parallel max 2"]);
                let item = format!("item_{number}");
                writeln!(self.text, "    loop_{number}: for each {item} in [1, 2, 3]{how}{depends} {{").expect("a text");
                self.step("", Some(&item), false, false);
                self.step("", Some(&item), fails, false);
                self.text.push_str("    }\n");
                self.names.push(format!("loop_{number}"));
            }
            _ => {
                let name = self.step(&depends, None, fails, false);
                self.names.push(name);
            }
        }
    }
}

fn graph(numbers: Numbers) -> (String, Numbers) {
    let text = "workflow main {\n  parallel {\n".to_owned();
    let mut sketch = Sketch { numbers, text, names: Vec::new(), steps: 0 };
    let count = 2 + sketch.numbers.below(12);
    let fails = sketch.numbers.below(count);
    (0..count).for_each(|index| sketch.statement(index == fails));
    let handler = sketch.one_of(&[
        "  on failure rollback\n",
        "  on failure {\n    step h_before: shell \". ./act\" { reads only }\n    rollback\n    step h_after: shell \". ./act\" { reads only }\n  }\n",
    ]);
    let text = sketch.text + "  }\n" + handler + "}\n";
    (text, sketch.numbers)
}

/// The exit code of a run that was rolled back; whoever saw its end was told the same.
fn code(scene: &Scene, ended: Option<&Outcome>) -> Result<i32, String> {
    let state = RunRecord::of(&scene.journal().unwrap_or_default()).state;
    let code = match state {
        RunState::RolledBack => 3,
        RunState::RollbackFailed => 4,
        other => return Err(format!("the run is {}", other.name())),
    };
    let same = ended.is_none_or(|ended| ended.code == code);
    require(same, || format!("{} exits with {:?}", state.name(), ended.map(|ended| (ended.code, &ended.stderr))))?;
    Ok(code)
}

/// Lets undos go well that failed, or says that somebody takes care of their steps.
fn settled(numbers: &mut Numbers, scene: &Scene) -> Vec<String> {
    let record = RunRecord::of(&scene.journal().unwrap_or_default());
    let left = |step: &&InstanceRecord| matches!(step.undo, UndoStatus::Failed | UndoStatus::Blocked);
    let stuck = record.instances.values().filter(left).filter(|step| step.instance.path.contains("stuck_"));
    match numbers.below(3) {
        0 => stuck.map(|step| format!("--done={}", step.instance.path)).collect(),
        1 => stuck.map(|step| format!("--skip={}", step.instance.path)).collect(),
        _ => {
            scene.mend();
            Vec::new()
        }
    }
}

/// Runs a graph, kills it up to three times, and goes on; then rolls back what was left.
fn goes(text: &str, numbers: &mut Numbers, witness: &mut Witness<'_>) -> Result<(), String> {
    let writes = Scene::of(text).calls(&["run", "main.wf"], &[("-wal", "pwrite64")])[0];
    let at = |number| Kill::At(Fault { file: "-wal", call: "pwrite64", number: number as u32 + 1 });
    for _ in 0..=numbers.below(3) {
        let Some(way) = witness.way_on() else { break };
        if !witness.kill(&way, at(numbers.below(u64::from(writes))))? {
            witness.tally.missed += 1;
            break;
        }
    }
    let ended = witness.finish()?;
    let first = code(&witness.scene, ended.as_ref())?;
    witness.holds(first)?;
    if first == 3 {
        return Ok(());
    }
    let settled = settled(numbers, &witness.scene);
    let again: Vec<&str> = ["rollback", "last", "--retry"].into_iter().chain(settled.iter().map(String::as_str)).collect();
    let killed = witness.kill(&again, at(numbers.below(LATER_WRITES)))?;
    witness.tally.missed += u32::from(!killed);
    let ended = witness.finish()?;
    let ended = match code(&witness.scene, ended.as_ref())? {
        // It was killed before anybody knew of the request.
        4 => Some(witness.scene.ended(&again)),
        _ => ended,
    };
    let last = code(&witness.scene, ended.as_ref())?;
    require(last == 3, || format!("the rollback that was asked for again ends with {last}"))?;
    witness.holds(last)
}

#[test]
#[allow(clippy::print_stdout, reason = "which moments were met belongs to the result")]
fn random_graphs_are_undone_whenever_they_are_killed() {
    let campaign = std::env::var("WFC_CAMPAIGN").ok().map(|units| units.parse::<u64>().unwrap_or(1));
    let graphs = campaign.map_or(GRAPHS.0, |units| units * GRAPHS.1);
    let seeds: Vec<u64> = (0..graphs).collect();
    let results = each(&seeds, |_, seed| {
        let (text, mut numbers) = graph(Numbers(*seed));
        let plan = Plan::of(&text);
        let mut witness = Witness { scene: Scene::of(&text), plan: &plan, deaths: Vec::new(), tally: Tally::default() };
        let outcome = goes(&text, &mut numbers, &mut witness);
        outcome.map_err(|problem| format!("graph {seed}: {problem}\n{text}{}", witness.told())).map(|()| witness.tally)
    });
    let (mut tally, mut problems) = (Tally::default(), Vec::new());
    for result in results {
        match result {
            Ok(met) => tally.add(&met),
            Err(problem) => problems.push(problem),
        }
    }
    println!("{graphs} graphs were killed, {} did not go on:\n{tally}", problems.len());
    problems.iter().take(3).for_each(|problem| println!("{problem}\n"));
    assert!(problems.is_empty(), "{} of {graphs} graphs did not go on", problems.len());
}
