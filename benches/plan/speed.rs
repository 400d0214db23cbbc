//! Plans of ten times the steps take about ten times as long.

use crate::Checked;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use wf_compiler::plan::Outlook;

/// A plan of 10,000 steps takes no longer.
const BOUND: Duration = Duration::from_millis(500);

/// Ten times the steps take no more than so many times as long.
const GROWTH: f64 = 16.0;

const ROUNDS: usize = 5;

struct Nothing;

impl Outlook for Nothing {}

fn chain(steps: usize) -> String {
    body(steps, |_| String::new())
}

fn wide(steps: usize) -> String {
    format!("parallel {{\n{} }}\n", body(steps, |_| String::new()))
}

fn graph(steps: usize) -> String {
    body(steps, |step| {
        let before = (0..3_usize).map(|n| format!("s{}", (step.saturating_mul(7_919) + n * 104_729) % step.max(1)));
        if step < 4 { String::new() } else { format!("depends on {}", before.collect::<Vec<_>>().join(", ")) }
    })
}

fn body(steps: usize, head: impl Fn(usize) -> String) -> String {
    (0..steps).fold(String::new(), |mut text, step| {
        writeln!(text, "step s{step}: shell \"true\" {} {{ reads only, timeout 1m }}", head(step)).expect("a string takes all");
        text
    })
}

/// Prints a table; whether all is within its bounds.
pub(crate) fn measure() -> bool {
    println!("plan of      1,000      10,000     100,000 steps");
    let mut fine = true;
    for (name, shape) in [("chain", chain as fn(usize) -> String), ("wide", wide), ("graph", graph)] {
        let times = [1_000, 10_000, 100_000].map(|steps| median(&format!("workflow main {{\n{} }}\n", shape(steps))));
        println!("{name:<8} {:>8.1} ms {:>8.1} ms {:>8.1} ms", millis(times[0]), millis(times[1]), millis(times[2]));
        fine &= times[1] <= BOUND && times[2].as_secs_f64() <= GROWTH * times[1].as_secs_f64();
    }
    println!(
        "bounds: 10,000 steps in {BOUND:?}, ten times the steps in {GROWTH} times that: {}",
        if fine { "held" } else { "broken" }
    );
    fine
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(text: &str) -> Duration {
    let checked = Checked::new(text);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            checked.plan(&mut Nothing, 4);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times.get(ROUNDS / 2).copied().unwrap_or_default()
}
