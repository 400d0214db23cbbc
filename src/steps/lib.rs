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

use std::sync::Arc;
use wf_model::kind::Registry;
use wf_runtime::executor::Executor;

/// All kinds, in the order of the reference.
#[must_use]
pub fn registry() -> Registry {
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
}

/// What runs the kinds that this version runs.
#[must_use]
pub fn executors() -> Vec<Arc<dyn Executor>> {
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
