//! What is kept of a file before it is changed, until nobody can ask for it back.

use super::problem::Problem;
use super::state::State;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file that says what was changed, and how it was.
const RECORD: &str = "record.json";

/// The file that holds the former content.
const CONTENT: &str = "content";

/// A change of a file, written down before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The file that is changed: no symbolic link.
    pub(super) path: PathBuf,
    /// The file beside it that takes its place; left behind where the process was killed.
    pub(super) temporary: PathBuf,
    /// What stood there before.
    pub(super) former: State,
    /// Whose it was.
    pub(super) owner: Option<(u32, u32)>,
    /// What the step makes of it.
    pub(super) made: State,
}

impl Record {
    /// Whether contents count, and not permissions alone.
    pub(super) const fn is_of_content(&self) -> bool {
        !matches!((&self.former, &self.made), (State::File { digest: None, .. }, _) | (_, State::File { digest: None, .. }))
    }
}

/// The directory of a step in its run, for what has to outlive the attempt.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Nothing has to be there yet.
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The change that was begun, where one was.
    pub(super) fn record(&self) -> Result<Option<Record>, Problem> {
        let text = match fs::read(self.folder.join(RECORD)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Problem::Kept(error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| Problem::Kept(error.into()))
    }

    /// Makes the directory, and in it an empty file for the former content.
    pub(super) fn content_to_write(&self) -> Result<File, Problem> {
        self.prepare().map_err(Problem::Kept)?;
        private(&self.content_path()).map_err(Problem::Kept)
    }

    /// The former content.
    pub(super) fn content(&self) -> Result<File, Problem> {
        File::open(self.content_path()).map_err(Problem::Kept)
    }

    /// Where the former content stands.
    pub(super) fn content_path(&self) -> PathBuf {
        self.folder.join(CONTENT)
    }

    /// Writes a change down; once this is done it outlives a loss of power.
    pub(super) fn keep(&self, record: &Record) -> Result<(), Problem> {
        self.prepare().and_then(|()| self.write(record)).map_err(Problem::Kept)
    }

    /// Forgets a change that was not made.
    pub(super) fn forget(&self) {
        // What is left of it does no harm: the file is as it says that it was.
        let _ = fs::remove_dir_all(&self.folder);
    }

    fn prepare(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        let (written, place) = (self.folder.join("record.new"), self.folder.join(RECORD));
        let mut file = private(&written)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_all()?;
        fs::rename(written, place)?;
        // The directory itself, its place in that of the run, and that one's own: any of them may be new.
        self.folder.ancestors().take(3).try_for_each(|folder| File::open(folder)?.sync_all())
    }
}

/// An empty file for this user alone.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}
