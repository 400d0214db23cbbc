//! The store: every run of this machine's user, as the list of what happened in it, with what is needed to go on with it.
//!
//! One folder holds an SQLite database for all runs, and a folder for each run with its lock, its scratch directory, what undoes its
//! steps and the output of them. Everything that is said about a run is read from its events; the columns beside them only find it faster.

mod batch;
mod cache;
#[cfg(test)]
mod damage;
mod definition;
mod error;
mod history;
mod journal;
mod lock;
mod mailbox;
mod named_lock;
mod output;
mod place;
mod reached;
mod retention;
mod run;
mod schema;
mod syncer;
#[cfg(test)]
mod tests;
mod times;

pub use cache::Cache;
pub use error::StoreError;
pub use history::History;
pub use journal::StoredJournal;
pub use lock::RunLock;
pub use mailbox::RunMailbox;
pub use named_lock::NamedLocks;
pub use output::{AttemptId, KeptOutput, OutputLost, OutputPiece, OutputPlace, OutputReader};
pub use place::default_root;
pub use retention::Retention;
pub use run::{Definition, NewRun, Resolution, RunFilter, RunRow, StoredArgument, StoredSource, new_id};

use schema::Database;
use std::path::{Path, PathBuf};

/// The database in the folder of a store.
const DATABASE: &str = "store.db";

/// An open store.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    connection: Database,
}

impl Store {
    /// Opens the store in a folder, which is made where it is not there; an older one is brought to the present format.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or holds something else or something damaged, or a newer store.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        place::make(root)?;
        // What steps are told of it does not depend on where they run.
        let root = std::path::absolute(root).map_err(StoreError::io(root))?;
        let connection = schema::open(&root.join(DATABASE))?;
        Ok(Self { root, connection })
    }

    fn database(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// The folder that everything of a run is in; it is there once the run was begun.
    #[must_use]
    pub fn folder(&self, run: &str) -> PathBuf {
        self.root.join("runs").join(run)
    }

    /// The folder that all runs of a workflow in a file share, wherever they are started from; it need not be there.
    #[must_use]
    pub fn shared_path(&self, folder: &Path, file: &str, workflow: &str) -> PathBuf {
        let name = Path::new(file).file_name().unwrap_or_default();
        let place = format!("{}\0{}\0{workflow}", folder.display(), name.display());
        self.root.join("shared").join(blake3::hash(place.as_bytes()).to_hex().as_str())
    }

    /// Where the scratch directory of a run is.
    #[must_use]
    pub fn scratch_path(&self, run: &str) -> PathBuf {
        self.folder(run).join("scratch")
    }

    /// The scratch directory of a run, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, run: &str) -> Result<PathBuf, StoreError> {
        let path = self.scratch_path(run);
        place::make(&path)?;
        Ok(path)
    }

    /// Where the store is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}
