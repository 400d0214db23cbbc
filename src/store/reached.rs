//! How far the journal of a run had come, told beside the database.
//!
//! SQLite takes the end of its log for unwritten where a bit of it is wrong, and would tell a shorter story without a word. So each append
//! leaves its number in a file of the run's folder, after it is durable: the number may be too low, after a loss of power or on a full disk,
//! but never too high. A journal that ends before it is damaged.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The file that takes the number of batches of a run.
#[derive(Debug)]
pub(crate) struct Reached(Option<File>);

fn path(folder: &Path) -> PathBuf {
    folder.join("reached")
}

impl Reached {
    /// Opens the file in the folder of a run. Where it cannot be opened, nothing is told: only damage would be found with it.
    pub(crate) fn open(folder: &Path) -> Self {
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path(folder));
        Self(open.ok())
    }

    /// Tells that so many batches are durable.
    pub(crate) fn tell(&self, batches: i64) {
        if let Some(file) = &self.0 {
            // See above.
            let _ = file.write_all_at(&batches.to_le_bytes(), 0);
        }
    }
}

/// How many batches of a run were durable, at least.
pub(crate) fn reached(folder: &Path) -> i64 {
    let mut bytes = [0; 8];
    let read = File::open(path(folder)).and_then(|file| file.read_exact_at(&mut bytes, 0));
    read.map_or(0, |()| i64::from_le_bytes(bytes))
}

/// Forgets it, before a run goes away.
pub(crate) fn forget(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(path(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
