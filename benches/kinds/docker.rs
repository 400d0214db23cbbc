//! `docker` beside bollard, on the engine and with the image that `benches/docker` names.

use super::{measured, step, told};
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions, WaitContainerOptions};
use futures_util::StreamExt;
use std::path::Path;
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::docker::Docker;

/// Containers of each.
const CONTAINERS: usize = 50;

/// How many times the bare client's time a step may take.
const BOUND: f64 = 1.1;

fn words(command: &[&str]) -> Value {
    Value::list(command.iter().map(|word| Value::string(word)))
}

/// What a program does that uses the client itself: it takes the output and the exit code, and removes the container.
async fn bare(docker: &bollard::Docker, image: &str, command: &[&str]) {
    let name = format!("wfc-bench-{}", std::process::id());
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

/// Containers that do nothing, and that write much.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let Ok(image) = std::env::var("DOCKER_IMAGE") else {
        println!("docker is measured by benches/docker, which starts an engine and names its image by DOCKER_IMAGE");
        return true;
    };
    let of_command = |what: &str, command: &[&str]| {
        let (docker, client) = (Docker::default(), bollard::Docker::connect_with_defaults().expect("an engine"));
        let attributes = [("image", Value::string(&image)), ("run", words(command))];
        let by_step = async || step("docker", &docker, Path::new("/"), &attributes).await;
        let times = measured(runtime, CONTAINERS, by_step, async || bare(&client, &image, command).await);
        told(&format!("docker, {what}"), times, Some(BOUND))
    };
    let nothing = of_command("nothing", &["true"]);
    of_command("50 MB of output", &["head", "-c", "50000000", "/dev/zero"]) && nothing
}
