//! Makes what was written to the log of the database durable, beside the run that goes on.

use crate::StoreError;
use crate::reached::Reached;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wf_runtime::dispatcher::{Durability, Durable, JournalFailed};

/// How long what nobody waits for stays in memory.
const DELAY: Duration = Duration::from_millis(10);

/// A thread that waits for the disk. One wait makes everything durable that was appended before it.
#[derive(Debug)]
pub(crate) struct Syncer {
    shared: Arc<Shared>,
    durable: watch::Receiver<Durable>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many appends there were.
    appended: u64,
    /// How many of them somebody waits for.
    wanted: u64,
    /// Whether the thread waits for an append.
    idle: bool,
    closed: bool,
}

/// What the thread owns.
struct Disk {
    log: File,
    /// Synced once: a log that was just made has to be found again.
    folder: Option<File>,
    reached: Reached,
    /// How many batches the journal had before.
    before: i64,
}

impl Syncer {
    /// Begins beside a database that is open, whose journal has so many batches.
    pub(crate) fn begin(database: &Path, reached: Reached, before: i64) -> Result<Self, StoreError> {
        let disk = Disk::open(database, reached, before).map_err(StoreError::io(database))?;
        let (sender, durable) = watch::channel(Durable::default());
        let shared = Arc::<Shared>::default();
        let work = Arc::clone(&shared);
        let spawned = std::thread::Builder::new().name("journal".to_owned()).spawn(move || work.run(disk, &sender));
        let thread = Some(spawned.map_err(StoreError::io(database))?);
        Ok(Self { shared, durable, thread })
    }

    /// There is one append more.
    pub(crate) fn appended(&self, durability: Durability) {
        let mut state = self.shared.state();
        state.appended += 1;
        if durability == Durability::Now {
            state.wanted = state.appended;
        }
        if std::mem::take(&mut state.idle) || durability == Durability::Now {
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    /// Somebody waits for all appends.
    pub(crate) fn sync(&self) {
        let mut state = self.shared.state();
        if state.wanted < state.appended {
            state.wanted = state.appended;
            self.shared.changed.notify_one();
        }
    }

    pub(crate) fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.clone()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked told whoever waited, because its channel fell.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Counters are never left half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut disk: Disk, sender: &watch::Sender<Durable>) {
        let mut durable = 0;
        while let Some(appended) = self.next(durable) {
            if let Err(error) = disk.sync(appended) {
                // After a failure nothing is known about the disk, so it is not tried again.
                let failed = JournalFailed { reason: error.to_string() };
                sender.send_modify(|durable| durable.failed = Some(failed));
                return;
            }
            durable = appended;
            sender.send_modify(|told| told.appends = durable);
        }
    }

    /// Waits until more than so many appends are to be made durable; `None` when there are no more and never will be.
    fn next(&self, durable: u64) -> Option<u64> {
        let mut state = self.state();
        while state.appended == durable && !state.closed {
            state.idle = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        let due = Instant::now() + DELAY;
        while state.wanted <= durable && !state.closed {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        (state.appended > durable).then_some(state.appended)
    }
}

impl Disk {
    fn open(database: &Path, reached: Reached, before: i64) -> io::Result<Self> {
        let log = File::open(log_of(database))?;
        let is_new = log.metadata()?.len() == 0;
        let folder = database.parent().filter(|_| is_new).map(File::open).transpose()?;
        Ok(Self { log, folder, reached, before })
    }

    fn sync(&mut self, appended: u64) -> io::Result<()> {
        self.log.sync_data()?;
        if let Some(folder) = self.folder.take() {
            folder.sync_all()?;
        }
        self.reached.tell(self.before.saturating_add_unsigned(appended));
        Ok(())
    }
}

/// The write-ahead log of a database.
pub(crate) fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}
