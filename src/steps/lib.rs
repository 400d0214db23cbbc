//! One folder for each step kind: its descriptor and its executor.

pub mod agent;
pub mod approval;
pub mod docker;
pub mod file;
pub mod gate;
pub mod http;
pub mod javascript;
pub mod notify;
mod process;
pub mod python;
pub mod shell;
pub mod signal;
pub mod sleep;
pub mod sql;
#[cfg(test)]
mod tests;
mod web;

use std::sync::{Arc, LazyLock};
use wf_model::kind::Registry;
use wf_runtime::executor::{Executor, Executors};

/// All kinds, in the order of the reference.
#[must_use]
pub fn registry() -> &'static Registry {
    &REGISTRY
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Registry::new([
        shell::kind(),
        python::kind(),
        javascript::kind(),
        http::kind(),
        docker::kind(),
        sql::kind(),
        file::kind(),
        notify::kind(),
        approval::kind(),
        gate::kind(),
        agent::kind(),
        sleep::kind(),
        signal::kind(),
    ])
});

static EXECUTORS: LazyLock<Arc<Executors>> = LazyLock::new(|| Arc::new(Executors::new(kinds())));

/// What runs the kinds: made once, because a descriptor is hundreds of small pieces.
#[must_use]
pub fn executors() -> &'static Arc<Executors> {
    &EXECUTORS
}

/// One line for each kind, in the order of the reference.
fn kinds() -> Vec<Arc<dyn Executor>> {
    vec![
        Arc::new(shell::Shell),
        Arc::new(python::Python),
        Arc::new(javascript::JavaScript),
        Arc::new(http::Http::default()),
        Arc::new(docker::Docker::default()),
        Arc::new(sql::Sql),
        Arc::new(file::File),
        Arc::new(notify::Notify::default()),
        Arc::new(gate::Gate),
        Arc::new(agent::Agent::default()),
        Arc::new(sleep::Sleep),
    ]
}
