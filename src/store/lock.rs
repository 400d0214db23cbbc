//! Who goes on with a run: the process that holds its lock, which falls when the process dies.

use crate::{Store, StoreError, place};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

/// How long a lock is waited for: whoever was killed ends its steps first, and [`Store::is_held`] holds it for a moment.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is tried meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// The lock of a run, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct RunLock {
    // The lock belongs to the open file; programs that are started do not inherit it.
    _file: File,
}

impl Store {
    /// Takes the lock of a run: whoever holds it may go on with the run, and knows that nobody else does.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another process holds it; otherwise when the file cannot be used.
    pub fn lock(&self, run: &str) -> Result<RunLock, StoreError> {
        let folder = self.folder(run);
        place::make(&folder)?;
        let path = folder.join("lock");
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open.map_err(StoreError::io(&path))?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                Err(Errno::WOULDBLOCK) => return Err(StoreError::Held { run: run.to_owned(), process: holder(&mut file) }),
                Err(error) => return Err(StoreError::Io { path, error: error.into() }),
            }
        }
        // Only a help for people; whether it could be written does not matter to the lock.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(RunLock { _file: file })
    }

    /// Whether a process goes on with a run.
    #[must_use]
    pub fn is_held(&self, run: &str) -> bool {
        let Ok(file) = File::open(self.folder(run).join("lock")) else { return false };
        flock(&file, FlockOperation::NonBlockingLockShared).is_err()
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    std::io::Read::by_ref(file).take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
