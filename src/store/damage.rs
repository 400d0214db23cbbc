//! Stores whose files were changed by something else: they tell the same story as before, or none.

use crate::tests::{begin, history, journal};
use crate::{Store, StoreError};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use wf_model::event::Event;
use wf_runtime::dispatcher::{Durability, Journal as _};

/// A store with one run, of which some batches are in the database and some in the log beside it.
struct Image {
    id: Arc<str>,
    expected: Vec<Event>,
    database: Vec<u8>,
    log: Vec<u8>,
    reached: Vec<u8>,
}

/// What became of the changed stores.
#[derive(Debug, Default)]
struct Tally {
    refused: AtomicUsize,
    unharmed: AtomicUsize,
}

/// A folder in memory where there is one: what is tried here must not wait for a disk.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("store.db-wal")
}

/// Appends batches, and waits until they are durable.
fn append(store: &Store, id: &str, batches: &[Vec<Event>]) {
    let mut journal = journal(store, id).unwrap();
    batches.iter().for_each(|batch| journal.append(batch, Durability::Soon).unwrap());
}

impl Image {
    fn new(in_database: usize, count: usize) -> Self {
        let folder = folder();
        let store = Store::open(folder.path()).unwrap();
        let id = begin(&store, "deploy", 1);
        let batches = history(&id);
        let (in_database, in_log) = batches.split_at(in_database);
        append(&store, &id, in_database);
        store.checkpoint().unwrap();
        let in_log = &in_log[..count];
        append(&store, &id, in_log);
        let read = |path: PathBuf| std::fs::read(path).unwrap_or_default();
        let (database, log) = (read(folder.path().join("store.db")), read(log_of(folder.path())));
        assert_eq!(log.is_empty(), in_log.is_empty());
        let reached = read(store.folder(&id).join("reached"));
        Self { expected: [in_database, in_log].concat().concat(), id, database, log, reached }
    }

    /// What a store of these files tells: the same story, nothing, or how it is another one.
    fn tell(&self, folder: &Path, database: &[u8], log: &[u8]) -> Result<bool, String> {
        std::fs::write(folder.join("store.db"), database).unwrap();
        let _ = std::fs::remove_file(folder.join("store.db-shm"));
        if log.is_empty() {
            let _ = std::fs::remove_file(log_of(folder));
        } else {
            std::fs::write(log_of(folder), log).unwrap();
        }
        let told = Store::open(folder).and_then(|store| {
            let run = store.find(&self.id)?;
            store.events(&run.id)
        });
        match told {
            Ok(events) if events == self.expected => Ok(true),
            Ok(events) => Err(format!("{} events of {}", events.len(), self.expected.len())),
            Err(StoreError::UnknownRun(_)) => Err("no run".to_owned()),
            Err(_) => Ok(false),
        }
    }

    /// Tries changes of both files, each by its number, side by side.
    fn try_all(&self, changes: Range<usize>, change: impl Fn(usize, &mut Vec<u8>, &mut Vec<u8>) + Sync) -> Tally {
        let (next, tally) = (AtomicUsize::new(changes.start), Tally::default());
        let work = || {
            let folder = folder();
            let run = folder.path().join("runs").join(&*self.id);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("reached"), &self.reached).unwrap();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= changes.end {
                    return;
                }
                let (mut database, mut log) = (self.database.clone(), self.log.clone());
                change(number, &mut database, &mut log);
                match self.tell(folder.path(), &database, &log) {
                    Ok(true) => tally.unharmed.fetch_add(1, Ordering::Relaxed),
                    Ok(false) => tally.refused.fetch_add(1, Ordering::Relaxed),
                    Err(story) => panic!("change {number} tells another story: {story}"),
                };
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(4, usize::from) {
                scope.spawn(work);
            }
        });
        tally
    }
}

fn flip(bytes: &mut [u8], random: &mut fastrand::Rng) {
    let (byte, bit) = (random.usize(..bytes.len()), random.u8(..8));
    bytes[byte] ^= 1 << bit;
}

#[test]
fn a_database_of_every_length_tells_the_truth_or_nothing() {
    let image = Image::new(4, 0);
    let tally = image.try_all(0..image.database.len(), |length, database, _| database.truncate(length));
    assert!(tally.refused.into_inner() > image.database.len() / 2);
}

#[test]
fn a_log_of_every_length_tells_the_truth_or_nothing() {
    let image = Image::new(2, 2);
    let tally = image.try_all(0..image.log.len(), |length, _, log| log.truncate(length));
    assert_eq!(tally.unharmed.into_inner(), 0, "the log ends with the last batch");
}

#[test]
fn a_database_beside_a_log_is_cut_nowhere_unseen() {
    let image = Image::new(3, 2);
    // Every length was tried without a log; with one, those are told apart by more than their pages.
    let tally = image.try_all(0..image.database.len() / 61, |number, database, _| database.truncate(number * 61));
    assert!(tally.unharmed.into_inner() + tally.refused.into_inner() > 300);
}

#[test]
fn bits_that_flip_are_seen_or_do_no_harm() {
    for (in_database, in_log) in [(21, 0), (10, 11)] {
        let image = Image::new(in_database, in_log);
        let tally = image.try_all(0..1_000, |number, database, log| {
            let mut random = fastrand::Rng::with_seed(number as u64);
            if log.is_empty() || number % 3 == 0 { flip(database, &mut random) } else { flip(log, &mut random) }
        });
        assert!(tally.refused.into_inner() > 100, "{in_log} batches in the log");
    }
}

#[test]
fn a_run_that_is_gone_is_missed() {
    let image = Image::new(0, 3);
    let folder = folder();
    let run = folder.path().join("runs").join(&*image.id);
    std::fs::create_dir_all(&run).unwrap();
    std::fs::write(run.join("reached"), &image.reached).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(store.find(&image.id), Err(StoreError::Damaged { .. })));
    assert!(matches!(store.find("other"), Err(StoreError::UnknownRun(_))));
    assert!(matches!(journal(&store, &image.id), Err(StoreError::Damaged { .. })));
}
