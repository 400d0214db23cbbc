//! Measures what a `docker` step costs over its client used bare, and ends with 1 when that is more than a tenth. It needs an engine and
//! the image that `DOCKER_IMAGE` names.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement prints its figures and has nobody to tell of errors")]

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions, WaitContainerOptions};
use futures_util::StreamExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use wf_model::script::{Argument, Call};
use wf_model::value::Value;
use wf_runtime::executor::{Attempt, Executor, OutputSink, Stop, Stream};
use wf_steps::docker::Docker;

/// Containers of each sort, in turn; the first ones warm up and do not count.
const ROUNDS: usize = 31;

/// How many times the bare client's time a step may take.
const BOUND: f64 = 1.1;

struct Nowhere;

impl OutputSink for Nowhere {
    fn write(&self, _: Stream, _: &[u8]) {}
}

fn words(command: &[&str]) -> Value {
    Value::list(command.iter().map(|word| Value::string(word)))
}

async fn step(docker: &Docker, image: &str, command: &[&str]) {
    let (_keep, stop) = watch::channel(Stop::No);
    let arguments =
        vec![("image".into(), Argument::Value(Value::string(image))), ("run".into(), Argument::Value(words(command)))];
    let attempt = Attempt {
        call: Call { kind: "docker".into(), arguments, decode: None, is_unread: false, undoes: None },
        folder: "/".into(),
        scratch: "/".into(),
        kept: "/".into(),
        shared: "/".into(),
        variables: vec![("WF_RUN", "bench".to_owned()), ("WF_KEY", "bench-1".to_owned())],
        inherited: Arc::default(),
        secrets: Arc::new([]),
        output: Arc::new(Nowhere),
        stop,
    };
    docker.execute(attempt).await.outcome.expect("the container runs");
}

/// What a program does that uses the client itself: it takes the output and the exit code, and removes the container.
async fn bare(docker: &bollard::Docker, image: &str, command: &[&str], number: usize) {
    let name = format!("wfc-bench-{}-{number}", std::process::id());
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(HostConfig {
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptions { name: Some(name.clone()), ..CreateContainerOptions::default() };
    docker.create_container(Some(options), body).await.expect("a container");
    let options = AttachContainerOptions { stdout: true, stderr: true, stream: true, ..AttachContainerOptions::default() };
    let mut attached = docker.attach_container(&name, Some(options)).await.expect("its output");
    docker.start_container(&name, None).await.expect("it starts");
    let mut output = Vec::new();
    while let Some(piece) = attached.output.next().await {
        output.extend_from_slice(piece.expect("output").into_bytes().as_ref());
    }
    let options = WaitContainerOptions { condition: "not-running".to_owned() };
    docker.wait_container(&name, Some(options)).next().await.expect("an answer").expect("exit code 0");
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    docker.remove_container(&name, Some(options)).await.expect("it is removed");
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64) * 1e3
}

/// Milliseconds of a container by the step and by the bare client.
async fn measured(image: &str, command: &[&str]) -> (f64, f64) {
    let (docker, client) = (Docker::default(), bollard::Docker::connect_with_defaults().expect("an engine"));
    let (mut steps, mut bares) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Whoever comes second finds what the first one left to do.
        for first in [round % 2 == 0, round % 2 != 0] {
            let begun = Instant::now();
            if first {
                step(&docker, image, command).await;
                steps.push(begun.elapsed());
            } else {
                bare(&client, image, command, round).await;
                bares.push(begun.elapsed());
            }
        }
    }
    (median(steps.split_off(1)), median(bares.split_off(1)))
}

fn main() -> ExitCode {
    let Ok(image) = std::env::var("DOCKER_IMAGE") else {
        println!("docker is measured by benches/docker, which starts an engine and names its image by DOCKER_IMAGE");
        return ExitCode::SUCCESS;
    };
    let runtime = Runtime::new().expect("threads");
    let mut missed = false;
    for (what, command) in [("nothing", &["true"][..]), ("50 MB of output", &["head", "-c", "50000000", "/dev/zero"])] {
        let (step, bare) = runtime.block_on(measured(&image, command));
        let ratio = step / bare;
        println!("docker, {what}: {step:.1} ms as a step, {bare:.1} ms bare: {ratio:.2} × (at most {BOUND} ×)");
        missed |= ratio > BOUND;
    }
    ExitCode::from(u8::from(missed))
}
