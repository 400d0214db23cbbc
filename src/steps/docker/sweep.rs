//! Ends containers that runs have left behind.

use super::engine;
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};
use futures_util::future::join_all;
use std::collections::HashMap;
use std::time::Duration;

/// How long an engine is waited for, in seconds.
const PATIENCE: u64 = 5;

/// How often it is looked for what a process that was killed had just asked for.
const ROUNDS: usize = 15;

/// How long the engine gets for that.
const PAUSE: Duration = Duration::from_millis(100);

/// Kills and removes all containers that steps of runs have left on the engine that this process would use, as far as it answers.
/// Where the process that asked for them was killed, what it asked for last may still come. Must not be called by async code.
pub fn end_containers(runs: &[String], was_killed: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(docker)) = (runtime, engine::connect(PATIENCE)) else { return };
    let rounds = if was_killed { ROUNDS } else { 1 };
    let swept = async {
        for round in 0..rounds {
            if round > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            for run in runs {
                sweep(&docker, run).await?;
            }
        }
        Ok::<_, Error>(())
    };
    // An engine that does not answer runs nothing that could be ended by it.
    let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(PATIENCE), swept).await });
}

async fn sweep(docker: &Docker, run: &str) -> Result<(), Error> {
    let filters = HashMap::from([("label".to_owned(), vec![format!("wfc.run={run}")])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..ListContainersOptions::default() };
    let found = docker.list_containers(Some(options)).await?;
    let removals = found.into_iter().filter_map(|container| container.id).map(|id| async move {
        let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
        // Somebody else may be at it.
        let _ = docker.remove_container(&id, Some(options)).await;
    });
    join_all(removals).await;
    Ok(())
}
