//! Measures what steps of the kinds cost over what they drive, used bare, and ends with 1 when that is more than it may be.
//!
//! `cargo bench -p wf-steps` measures all; `cargo bench -p wf-steps -- http sql` some.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement prints its figures and has nobody to tell of errors")]

mod agent;
mod file;
mod http;
mod notify;
mod python;
mod sql;

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use wf_model::script::{Argument, Call};
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Executor, OutputSink, Stop, Stream};
use wf_runtime::process::Environment;

/// Rounds of each, in turn; the first one of each warms up and does not count.
const ROUNDS: usize = 11;

/// A run reads its variables once, for all of its steps.
static INHERITED: LazyLock<Arc<Environment>> = LazyLock::new(|| Arc::new(Environment::of_this_process(&[])));

/// Measures a kind; whether it is within its bound.
type Measure = fn(&Runtime) -> bool;

struct Nowhere;

impl OutputSink for Nowhere {
    fn write(&self, _: Stream, _: &[u8]) {}
}

/// Runs a step with these attributes in a folder.
async fn step(executor: &dyn Executor, folder: &Path, attributes: &[(&str, Value)]) {
    let (_keep, stop) = watch::channel(Stop::No);
    let arguments = attributes.iter().map(|(name, value)| ((*name).into(), Argument::Value(value.clone())));
    let attempt = Attempt {
        call: Call {
            kind: executor.kind().name.into(),
            arguments: arguments.collect(),
            decode: None,
            is_unread: false,
            undoes: None,
        },
        folder: folder.into(),
        scratch: folder.into(),
        kept: folder.join("kept"),
        shared: folder.into(),
        variables: vec![("WF_KEY", "bench-1".to_owned())],
        inherited: Arc::clone(&INHERITED),
        secrets: Arc::new([]),
        output: Arc::new(Nowhere),
        stop,
    };
    executor.execute(attempt).await.outcome.expect("the step succeeds");
}

/// Microseconds of one of `number` in each round, medians: of a step and of what it drives.
fn measured(number: usize, mut step: impl FnMut(), mut bare: impl FnMut()) -> (f64, f64) {
    let (mut steps, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        steps.push(time(number, &mut step));
        bares.push(time(number, &mut bare));
    }
    let each = |times: Vec<Duration>| median(times) / number as f64 * 1e6;
    (each(steps.split_off(1)), each(bares.split_off(1)))
}

fn time(number: usize, work: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..number).for_each(|_| work());
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64)
}

/// Prints a figure; whether it is within its bound, where it has one.
fn told(what: &str, (step, bare): (f64, f64), bound: Option<f64>) -> bool {
    let ratio = step / bare;
    let limit = bound.map(|bound| format!(" (at most {bound} ×)")).unwrap_or_default();
    println!("{what}: {step:.0} µs as a step, {bare:.0} µs bare: {ratio:.2} ×{limit}");
    bound.is_none_or(|bound| ratio <= bound)
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().expect("threads");
    let benches: [(&str, Measure); 6] = [
        ("http", http::measure),
        ("sql", sql::measure),
        ("file", file::measure),
        ("python", python::measure),
        ("notify", notify::measure),
        ("agent", agent::measure),
    ];
    let chosen = benches.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name));
    let met = chosen.map(|(_, measure)| measure(&runtime)).fold(true, |all, met| all & met);
    ExitCode::from(u8::from(!met))
}
