//! Whether an engine answers.

use super::engine::{connect, host};
use super::trouble;
use tokio::time::timeout;
use wf_model::failure::Failure;
use wf_runtime::need::{Need, PATIENCE, Remedy, on_path};

/// The engine that steps would talk to.
pub(super) async fn engine() -> Need {
    let what = format!("Docker at {}", host());
    match timeout(PATIENCE, version()).await {
        Ok(Ok(version)) => Need::found(&what, &version),
        Ok(Err(failure)) => Need::lacking(&what, &failure.message, remedy()),
        Err(_) => Need::lacking(&what, &format!("does not answer within {}s", PATIENCE.as_secs()), remedy()),
    }
}

async fn version() -> Result<String, Failure> {
    let client = connect(PATIENCE.as_secs())?;
    let found = client.version().await.map_err(|error| trouble::of(&error, "no container starts"))?;
    let version = found.version.unwrap_or_else(|| "an engine without a version".to_owned());
    Ok(found.api_version.map_or(version.clone(), |api| format!("{version}, API {api}")))
}

fn remedy() -> Remedy {
    let is_elsewhere = std::env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty());
    if is_elsewhere || on_path("dockerd").is_some() {
        return Remedy::Do("Start Docker, or name its address in the variable DOCKER_HOST.".to_owned());
    }
    Remedy::Install("docker")
}
