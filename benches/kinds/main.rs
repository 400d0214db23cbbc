//! Measures what steps of the kinds cost over what they drive, used bare, and ends with 1 when that is more than it may be.
//!
//! `cargo bench -p wf-steps` measures all; `cargo bench -p wf-steps -- http sql` some.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement prints its figures and has nobody to tell of errors")]

mod agent;
mod docker;
mod file;
mod http;
mod notify;
mod python;
mod sql;

use std::fs;
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

/// A run reads its variables once, for all of its steps.
static INHERITED: LazyLock<Arc<Environment>> = LazyLock::new(|| Arc::new(Environment::of_this_process(&[])));

/// Measures a kind; whether it is within its bound.
type Measure = fn(&Runtime) -> bool;

struct Nowhere;

impl OutputSink for Nowhere {
    fn write(&self, _: Stream, _: &[u8]) {}
}

/// Runs a step of a kind with these attributes in a folder, whose value is read.
async fn step(kind: &str, executor: &dyn Executor, folder: &Path, attributes: &[(&str, Value)]) {
    perform(kind, executor, folder, attributes, false).await;
}

async fn perform(kind: &str, executor: &dyn Executor, folder: &Path, attributes: &[(&str, Value)], is_unread: bool) {
    let (_keep, stop) = watch::channel(Stop::No);
    let arguments = attributes.iter().map(|(name, value)| ((*name).into(), Argument::Value(value.clone())));
    let attempt = Attempt {
        call: Call { kind: kind.into(), arguments: arguments.collect(), decode: None, is_unread, undoes: None },
        folder: folder.into(),
        scratch: folder.into(),
        kept: folder.join("kept"),
        shared: folder.into(),
        variables: vec![("WF_RUN", "bench".to_owned()), ("WF_KEY", "bench-1".to_owned())],
        inherited: Arc::clone(&INHERITED),
        secrets: Arc::new([]),
        output: Arc::new(Nowhere),
        stop,
    };
    executor.execute(attempt).await.outcome.expect("the step succeeds");
}

/// Empties a folder, as an attempt gets an empty scratch directory.
fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
    }
}

/// The medians of the times of `number` steps, and of as many times what they drive. One after the other in turn, because machines are
/// not equally quick from one moment to the next; the first one of each warms up and does not count.
fn measured(runtime: &Runtime, number: usize, mut step: impl AsyncFnMut(), mut bare: impl AsyncFnMut()) -> (Duration, Duration) {
    let (mut steps, mut bares) = (Vec::new(), Vec::new());
    for round in 0..=number {
        // Whoever comes second finds what the first one left to do.
        for is_step in [round % 2 == 0, round % 2 != 0] {
            if is_step {
                steps.push(runtime.block_on(time(&mut step)));
            } else {
                bares.push(runtime.block_on(time(&mut bare)));
            }
        }
    }
    (median(steps.split_off(1)), median(bares.split_off(1)))
}

async fn time(work: &mut impl AsyncFnMut()) -> Duration {
    let begun = Instant::now();
    work().await;
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Prints a figure; whether it is within its bound, where it has one.
fn told(what: &str, (step, bare): (Duration, Duration), bound: Option<f64>) -> bool {
    let ratio = step.as_secs_f64() / bare.as_secs_f64();
    let limit = bound.map(|bound| format!(" (at most {bound} ×)")).unwrap_or_default();
    println!("{what}: {step:.1?} as a step, {bare:.1?} bare: {ratio:.2} ×{limit}");
    bound.is_none_or(|bound| ratio <= bound)
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().expect("threads");
    let benches: [(&str, Measure); 7] = [
        ("http", http::measure),
        ("docker", docker::measure),
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
