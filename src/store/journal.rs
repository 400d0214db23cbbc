//! The journal of a run that goes on.

use crate::Store;
use crate::batch::Batch;
use crate::error::StoreError;
use crate::history::rows_of;
use crate::reached::{Reached, reached};
use crate::run::{complete, damaged, first_check, next_check};
use crate::schema::{Database, failed};
use crate::syncer::Syncer;
use rusqlite::OptionalExtension as _;
use std::path::PathBuf;
use tokio::sync::watch;
use wf_model::event::{Event, EventKind};
use wf_model::run::RunState;
use wf_runtime::dispatcher::{Durability, Durable, Journal, JournalFailed};

/// Keeps the events of one run. An append is a commit that does not wait for the disk: it outlives the process, and is made durable by
/// a thread beside it, many at a time.
#[derive(Debug)]
pub struct StoredJournal {
    path: PathBuf,
    database: Database,
    run: i64,
    number: u32,
    check: blake3::Hash,
    /// Why nothing more is appended.
    broken: Option<JournalFailed>,
    // Behind the database, whose log it makes durable to the end.
    syncer: Syncer,
}

impl Store {
    /// The journal of a run, behind what is in it already. The caller holds the run's lock.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be used.
    pub fn into_journal(self, id: &str) -> Result<StoredJournal, StoreError> {
        let (path, folder) = (self.database(), self.folder(id));
        let (run, definition, batches, head) = self.journal_of(id)?;
        let query = "SELECT key, check_sum FROM batches WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1";
        let (first, last) = rows_of(run);
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?));
        let tail = self.connection.query_row(query, [first, last], row).optional().map_err(failed(&path))?;
        let (number, check) = match tail {
            None => (0, first_check(id, &definition)),
            Some((key, check)) => (key - first + 1, blake3::Hash::from_bytes(check)),
        };
        complete(id, number, batches.max(reached(&folder)))?;
        if number == batches && head != check.as_bytes() {
            return Err(damaged(format!("run `{id}` has no check")));
        }
        // A commit needs not wait for the disk, see above.
        self.connection.pragma_update(None, "synchronous", "normal").map_err(failed(&path))?;
        let syncer = Syncer::begin(&path, Reached::open(&folder), number)?;
        let number = u32::try_from(number).map_err(|_| full(id))?;
        Ok(StoredJournal { path, database: self.connection, run, number, check, broken: None, syncer })
    }
}

fn full(id: &str) -> StoreError {
    damaged(format!("the journal of run `{id}` is full"))
}

impl StoredJournal {
    fn write(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let failed = failed(&self.path);
        let batch =
            Batch::of(events).map_err(|error| StoreError::Database { path: self.path.clone(), reason: error.to_string() })?;
        let check = next_check(&self.check, &batch);
        let next = self.number.checked_add(1).ok_or_else(|| full("this"))?;
        let key = rows_of(self.run).0 + i64::from(self.number);
        // A statement alone is a transaction of its own.
        match state_after(events) {
            None => self.insert(key, &batch, &check)?,
            Some((state, ended_at)) => {
                let immediate = rusqlite::TransactionBehavior::Immediate;
                let transaction = rusqlite::Transaction::new_unchecked(&self.database, immediate).map_err(&failed)?;
                self.insert(key, &batch, &check)?;
                let update = "UPDATE runs SET batches = ?2, head = ?3, state = ?4, ended_at = ?5 WHERE key = ?1";
                let values = rusqlite::params![self.run, next, check.as_bytes(), state, ended_at];
                transaction.execute(update, values).map_err(&failed)?;
                transaction.commit().map_err(&failed)?;
            }
        }
        (self.number, self.check) = (next, check);
        Ok(())
    }

    fn insert(&self, key: i64, batch: &Batch, check: &blake3::Hash) -> Result<(), StoreError> {
        let failed = failed(&self.path);
        let insert = "INSERT INTO batches (key, events, check_sum) VALUES (?1, ?2, ?3)";
        let mut insert = self.database.prepare_cached(insert).map_err(&failed)?;
        insert.execute(rusqlite::params![key, batch, check.as_bytes()]).map_err(&failed)?;
        Ok(())
    }
}

/// The state that events lead to, and when the run ended; nothing where they say nothing of it.
fn state_after(events: &[Event]) -> Option<(&'static str, Option<i64>)> {
    let of_event = |event: &Event| match &event.kind {
        EventKind::RunStarted { .. } | EventKind::RunResumed { .. } | EventKind::RollbackRequested { .. } => {
            Some((RunState::Running, None))
        }
        EventKind::Paused | EventKind::RollbackWaits { .. } => Some((RunState::Paused, None)),
        EventKind::RunEnded { state, .. } => Some((*state, Some(event.at.milliseconds))),
        _ => None,
    };
    events.iter().rev().find_map(of_event).map(|(state, ended_at)| (state.name(), ended_at))
}

impl Journal for StoredJournal {
    fn append(&mut self, events: &[Event], durability: Durability) -> Result<(), JournalFailed> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        // After a failure nothing is known about the disk.
        let outcome = self.write(events).map_err(|error| JournalFailed { reason: error.to_string() });
        match &outcome {
            Ok(()) => self.syncer.appended(durability),
            Err(failed) => self.broken = Some(failed.clone()),
        }
        outcome
    }

    fn sync(&mut self) {
        self.syncer.sync();
    }

    fn durable(&self) -> watch::Receiver<Durable> {
        self.syncer.durable()
    }
}
