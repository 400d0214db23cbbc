//! Real runs, each foretold from those before it, beside the prediction that it takes as long as the last one did.

use crate::Checked;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process::Command;
use wf_compiler::plan::{Outlook, StepName};
use wf_model::estimate::{Basis, Distribution, Samples, Seen};
use wf_model::unit::Duration;

/// How many steps run at a time.
const JOBS: u32 = 4;

#[derive(Deserialize)]
struct Run {
    makespan_s: f64,
    tasks: Vec<(String, f64, Vec<usize>)>,
}

/// What a task is called without its number: in a program it would be a step of a loop.
fn sort(name: &str) -> &str {
    name.split("_ID").next().unwrap_or(name).trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
}

impl Run {
    /// The same graph as a program; steps have the numbers of their tasks.
    fn program(&self) -> String {
        let mut text = String::from("workflow main {\nparallel {\n");
        for (number, (_, _, before)) in self.tasks.iter().enumerate() {
            let on: Vec<String> = before.iter().map(|task| format!("t{task}")).collect();
            let head = if on.is_empty() { String::new() } else { format!("depends on {}", on.join(", ")) };
            writeln!(text, "step t{number}: shell \"true\" {head} {{ reads only, timeout 1d }}").expect("a string takes all");
        }
        text + "}\n}\n"
    }

    fn of_sort(&self, wanted: &str) -> Vec<f64> {
        self.tasks.iter().filter(|(name, _, _)| sort(name) == wanted).map(|(_, seconds, _)| seconds * 1_000.0).collect()
    }
}

/// What is known of each task of a run.
struct Known<'a> {
    run: &'a Run,
    takes: &'a dyn Fn(&str, f64) -> Option<Distribution>,
}

impl Outlook for Known<'_> {
    fn history(&mut self, step: &StepName<'_>) -> Option<(Distribution, Basis)> {
        let (name, seconds, _) = self.run.tasks.get(step.path.strip_prefix('t')?.parse::<usize>().ok()?)?;
        Some(((self.takes)(name, *seconds)?, Basis::Known))
    }
}

fn fixed(milliseconds: f64) -> Distribution {
    Distribution::Fixed(wf_model::estimate::whole(milliseconds))
}

/// Predictions beside what was true: how far P50 is off as a share of the truth, and whether the truth was under P90.
#[derive(Default)]
struct Score(Vec<(f64, bool)>);

impl Score {
    fn add(&mut self, p50: f64, p90: f64, truth: f64) {
        if truth > 0.0 {
            self.0.push(((p50 - truth).abs() / truth, truth <= p90));
        }
    }

    fn error(&self) -> f64 {
        let mut errors: Vec<f64> = self.0.iter().map(|(error, _)| *error).collect();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied().unwrap_or_default()
    }

    fn mean_error(&self) -> f64 {
        self.0.iter().map(|(error, _)| error).sum::<f64>() / self.count()
    }

    fn under(&self) -> f64 {
        let under = u32::try_from(self.0.iter().filter(|(_, under)| *under).count()).expect("few");
        f64::from(under) / self.count()
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.0.len()).expect("few")).max(1.0)
    }

    /// Whether it is closer, and says better how sure it is.
    fn beats(&self, other: &Self) -> bool {
        self.mean_error() <= other.mean_error() && (self.under() - 0.9).abs() < (other.under() - 0.9).abs()
    }
}

/// A thing that is foretold, by the plan and by the last run.
#[derive(Default)]
struct Match {
    plan: Score,
    last: Score,
}

impl Match {
    fn print(&self, what: &str) -> bool {
        for (name, score) in [("plan", &self.plan), ("as the last run", &self.last)] {
            println!(
                "{what:<22} {name:<16} {:>6} {:>9.1} % {:>9.1} % {:>9.1} %",
                score.0.len(),
                100.0 * score.error(),
                100.0 * score.mean_error(),
                100.0 * score.under()
            );
        }
        self.plan.beats(&self.last)
    }
}

/// Prints a table; whether the plan beats the last run everywhere.
pub(crate) fn measure(path: &OsStr) -> bool {
    let unpacked = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip starts");
    let families: BTreeMap<String, Vec<Run>> = serde_json::from_slice(&unpacked.stdout).expect("task graphs");
    let (mut tasks, mut slots, mut whole) = (Match::default(), Match::default(), Match::default());
    for runs in families.values() {
        for number in 1..runs.len() {
            let (before, rest) = runs.split_at(number);
            if let (Some(last), Some(run)) = (before.last(), rest.first()) {
                foretell(before, last, run, (&mut tasks, &mut slots, &mut whole));
            }
        }
    }
    println!("\n{:<22} {:<16} {:>6} {:>11} {:>11} {:>11}", "", "", "number", "P50 off by", "on average", "under P90");
    // Each is printed, whatever the others say.
    [tasks.print("tasks"), slots.print("runs with 4 slots"), whole.print("runs as recorded")].iter().all(|good| *good)
}

fn foretell(before: &[Run], last: &Run, run: &Run, (tasks, slots, whole): (&mut Match, &mut Match, &mut Match)) {
    let seen = |times: &dyn Fn(&Run) -> Vec<f64>| -> Vec<Seen> {
        before.iter().rev().zip(0..).map(|(run, age)| Seen { age, took: times(run) }).collect()
    };
    let mut known: BTreeMap<&str, Distribution> = BTreeMap::new();
    for (name, _, _) in &run.tasks {
        let sort = sort(name);
        if !known.contains_key(sort)
            && let Some(samples) = Samples::of(&seen(&|run| run.of_sort(sort)))
        {
            known.insert(sort, Distribution::Seen(samples));
        }
    }
    let of_last = |name: &str| {
        let task = last.tasks.iter().find(|(known, _, _)| known == name);
        task.map(|(_, seconds, _)| seconds * 1_000.0).or_else(|| last.of_sort(sort(name)).first().copied())
    };
    for (name, seconds, _) in &run.tasks {
        let Some((foretold, as_last)) = known.get(sort(name)).zip(of_last(name)) else { continue };
        tasks.plan.add(foretold.quantile(0.5), foretold.quantile(0.9), seconds * 1_000.0);
        tasks.last.add(as_last, as_last, seconds * 1_000.0);
    }
    let program = Checked::new(&run.program());
    let p50 = |takes: &dyn Fn(&str, f64) -> Option<Distribution>| {
        let outlook = program.plan(&mut Known { run, takes }, JOBS).outlook;
        [outlook.p50, outlook.p90].map(milliseconds)
    };
    let [truth, _] = p50(&|_, seconds| Some(fixed(seconds * 1_000.0)));
    let [half, most] = p50(&|name, _| known.get(sort(name)).cloned());
    slots.plan.add(half, most, truth);
    let [as_last, _] = p50(&|name, _| of_last(name).map(fixed));
    slots.last.add(as_last, as_last, truth);
    if let Some(samples) = Samples::of(&seen(&|run| vec![run.makespan_s * 1_000.0])) {
        let foretold = Distribution::Seen(samples);
        whole.plan.add(foretold.quantile(0.5), foretold.quantile(0.9), run.makespan_s * 1_000.0);
        whole.last.add(last.makespan_s * 1_000.0, last.makespan_s * 1_000.0, run.makespan_s * 1_000.0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "durations of a run are far below 2^53 ms")]
fn milliseconds(duration: Duration) -> f64 {
    duration.milliseconds as f64
}
