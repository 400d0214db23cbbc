//! The store of this user, and what is said where it cannot be used.

use crate::exit::Exit;
use crate::report::Output;
use std::io;
use std::path::PathBuf;
use wf_store::{RunRow, Store, StoreError, default_root};

/// Where the store of this user is.
fn root() -> Result<PathBuf, StoreError> {
    let home = |name: &str| (name == "HOME").then(std::env::home_dir).flatten().map(Into::into);
    default_root(|name| std::env::var_os(name).or_else(|| home(name)))
}

/// Opens the store of this user.
pub(crate) fn open() -> Result<Store, StoreError> {
    Store::open(&root()?)
}

/// The store of this user, where there is one that can be used; none is made.
pub(crate) fn existing() -> Option<Store> {
    let root = root().ok().filter(|root| root.is_dir())?;
    Store::open(&root).ok()
}

/// Opens the store, and finds the run that is meant in it.
pub(crate) fn found(meant: &str) -> Result<(Store, RunRow), StoreError> {
    let store = open()?;
    let run = store.find(meant)?;
    Ok((store, run))
}

/// Says why the store, or a run in it, cannot be used.
pub(crate) fn refuse(error: &StoreError, output: &mut Output) -> io::Result<Exit> {
    let (help, exit) = match error {
        StoreError::NoPlace => ("Set WFC_STORE to a folder that takes the journals of runs.", Exit::JournalUnwritable),
        StoreError::Io { .. } | StoreError::Database { .. } => {
            ("Mend it, or name another folder in WFC_STORE. Nothing was started.", Exit::JournalUnwritable)
        }
        StoreError::Damaged { .. } => {
            ("Take the store from a backup, or name another folder in WFC_STORE. It was left as it is.", Exit::JournalDamaged)
        }
        StoreError::Newer { .. } => ("Use the newer wfc, or name another folder in WFC_STORE.", Exit::JournalDamaged),
        StoreError::Message(_) => {
            ("Give it a file to read instead, or wait until the run has taken what waits for it.", Exit::Usage)
        }
        StoreError::UnknownRun(_) => ("`wfc runs` lists them; `last` is the latest.", Exit::Usage),
        StoreError::Ambiguous { runs, .. } => {
            let help = format!("Write more of its name: {}.", runs.join(", "));
            output.error(error, &help)?;
            return Ok(Exit::Usage);
        }
        StoreError::Held { .. } => ("Wait until it has ended, or ask it to end.", Exit::RunHeld),
    };
    output.error(error, help)?;
    Ok(exit)
}

/// Why a command that reads the store and writes cannot go on.
pub(crate) enum Problem {
    /// The store cannot be used.
    Store(StoreError),
    /// Its output cannot be written.
    Output(io::Error),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How a command ended; says why where the store cannot be used.
pub(crate) fn ended(outcome: Result<Exit, Problem>, output: &mut Output) -> io::Result<Exit> {
    match outcome {
        Ok(exit) => Ok(exit),
        Err(Problem::Store(error)) => refuse(&error, output),
        Err(Problem::Output(error)) => Err(error),
    }
}
