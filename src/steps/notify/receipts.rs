//! Which channels have taken the message of a step, so that a further attempt sends it to the others alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// What is known of the channels of a step, in the directory that outlives its attempts.
#[derive(Clone, Debug)]
pub(super) struct Receipts {
    folder: PathBuf,
}

impl Receipts {
    /// Those in a directory, which need not be there.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether the channel at a place of the list has taken the message.
    pub(super) fn has(&self, place: usize) -> bool {
        self.path(place).exists()
    }

    /// Keeps that it has; durable when this returns.
    pub(super) fn keep(&self, place: usize) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.path(place))?;
        file.write_all(b"taken\n")?;
        file.sync_all()
    }

    fn path(&self, place: usize) -> PathBuf {
        self.folder.join(format!("channel-{place}"))
    }
}
