//! What can go wrong with a store.

use std::io;
use std::path::PathBuf;

/// Why a store, or a run in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nowhere to keep runs.
    #[error("there is no place for runs: neither `WFC_STORE`, `XDG_STATE_HOME` nor `HOME` names one")]
    NoPlace,
    /// A file or folder of it cannot be made or used.
    #[error("{} cannot be used: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The journal does not hold what was written to it.
    #[error("the journal is damaged: {reason}")]
    Damaged {
        /// Where it does not.
        reason: String,
    },
    /// It was written by a version of this program that is newer.
    #[error("{} has format {found}; this version knows formats up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest known one.
        known: u32,
    },
    /// There is no such run.
    #[error("there is no run `{0}`")]
    UnknownRun(String),
    /// Several runs are meant.
    #[error("several runs begin with `{prefix}`")]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// Some of them.
        runs: Vec<String>,
    },
    /// A run cannot be told something.
    #[error("the message is not kept: {0}")]
    Message(String),
    /// Another process goes on with the run.
    #[error("run `{run}` is held by another process")]
    Held {
        /// Which run.
        run: String,
        /// Its process, where it is known.
        process: Option<u32>,
    },
}

impl StoreError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
