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
mod text;
mod web;

use std::sync::{Arc, LazyLock};
use wf_model::kind::{Kind, Registry};
use wf_runtime::executor::{Executor, Executors, Runner};

static EXECUTORS: LazyLock<Arc<Executors>> = LazyLock::new(|| Arc::new(Executors::new(kinds())));

/// All kinds, in the order of the reference.
#[must_use]
pub fn registry() -> &'static Registry {
    EXECUTORS.registry()
}

/// What runs the kinds: made once, because a descriptor is hundreds of small pieces.
#[must_use]
pub fn executors() -> &'static Arc<Executors> {
    &EXECUTORS
}

/// One line for each kind, in the order of the reference.
fn kinds() -> Vec<Runner> {
    vec![
        executed(shell::Shell),
        executed(python::Python),
        executed(javascript::JavaScript),
        executed(http::Http::default()),
        executed(docker::Docker::default()),
        executed(sql::Sql),
        executed(file::File),
        executed(notify::Notify::default()),
        by_engine(approval::kind()),
        executed(gate::Gate),
        executed(agent::Agent::default()),
        executed(sleep::Sleep),
        by_engine(signal::kind()),
    ]
}

fn executed(executor: impl Executor + 'static) -> Runner {
    Runner::executor(Arc::new(executor))
}

fn by_engine(kind: Kind) -> Runner {
    Runner::engine(kind)
}
