//! The Docker engine that steps talk to.

use super::trouble;
use bollard::{API_DEFAULT_VERSION, Docker};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use wf_model::failure::Failure;

/// Where an engine listens when `DOCKER_HOST` says nothing.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// Seconds that an answer may take to begin: that of a build does when its whole context has been sent.
const PATIENCE: u64 = 3600;

/// The connection to the engine, made when the first step needs it.
#[derive(Debug, Default)]
pub(super) struct Engine {
    connected: Mutex<Option<Docker>>,
}

impl Engine {
    /// The client of the engine.
    pub(super) fn client(&self) -> Result<Docker, Failure> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*connected {
            return Ok(client.clone());
        }
        let client = connect(PATIENCE)?;
        *connected = Some(client.clone());
        Ok(client)
    }
}

/// Where the engine listens.
pub(super) fn host() -> String {
    std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()).unwrap_or_else(|| DEFAULT_HOST.to_owned())
}

/// A client whose requests may take so many seconds.
pub(super) fn connect(patience: u64) -> Result<Docker, Failure> {
    let host = host();
    let encrypted = std::env::var_os("DOCKER_TLS_VERIFY").is_some_and(|verify| !verify.is_empty());
    let made = match host.split_once("://").map(|(scheme, _)| scheme) {
        Some("unix") => Docker::connect_with_unix(&host, patience, API_DEFAULT_VERSION),
        Some("tcp" | "https") if encrypted || host.starts_with("https") => return encrypted_client(patience),
        Some("tcp" | "http") => Docker::connect_with_http(&host, patience, API_DEFAULT_VERSION),
        _ => return Err(trouble::unknown_host(&host)),
    };
    made.map_err(|error| trouble::of(&error, "no container starts"))
}

/// A client with the certificates of `DOCKER_CERT_PATH`.
fn encrypted_client(patience: u64) -> Result<Docker, Failure> {
    // Whoever was first has chosen the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Docker::connect_with_ssl_defaults().map_err(|error| trouble::no_certificates(&error))?;
    Ok(client.with_timeout(Duration::from_secs(patience)))
}
