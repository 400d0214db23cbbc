//! The journal of a run that goes on.

use crate::batch::Batch;
use crate::reached::{Reached, reached};
use crate::run::{complete, first_check, next_check};
use crate::schema::failed;
use crate::{Store, StoreError};
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use wf_model::event::{Event, EventKind};
use wf_model::run::RunState;
use wf_runtime::dispatcher::{Journal, JournalFailed};

/// How many appends wait for the one that is being written.
const WAITING: usize = 64;

/// Keeps the events of one run; its writer is a thread of its own, because a commit waits for the disk.
#[derive(Debug)]
pub struct StoredJournal {
    requests: Option<SyncSender<Request>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Request {
    events: Arc<[Event]>,
    written: oneshot::Sender<Result<(), JournalFailed>>,
}

struct Writer {
    path: PathBuf,
    connection: Connection,
    run: i64,
    number: i64,
    check: blake3::Hash,
    reached: Reached,
}

impl Store {
    /// The journal of a run, behind what is in it already. The caller holds the run's lock.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be used.
    pub fn journal(&self, id: &str) -> Result<StoredJournal, StoreError> {
        let path = self.database();
        let (run, definition, number, head) = self.journal_of(id)?;
        complete(id, number, reached(&self.folder(id)))?;
        let connection = crate::schema::open(&path)?;
        let check = match (number, <[u8; 32]>::try_from(head)) {
            (0, Ok(head)) if blake3::Hash::from_bytes(head) == first_check(id, &definition) => blake3::Hash::from_bytes(head),
            (1.., Ok(head)) => blake3::Hash::from_bytes(head),
            _ => return Err(StoreError::Damaged { reason: format!("run `{id}` has no check") }),
        };
        let reached = Reached::open(&self.folder(id));
        let writer = Writer { path: path.clone(), connection, run, number, check, reached };
        let (requests, inbox) = sync_channel(WAITING);
        let spawned = std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.write(&inbox));
        let writer = spawned.map_err(StoreError::io(path))?;
        Ok(StoredJournal { requests: Some(requests), writer: Some(writer) })
    }
}

impl Writer {
    /// Writes what is asked for until nobody asks any more, or a write fails: after that nothing is known about the disk.
    fn write(mut self, inbox: &Receiver<Request>) {
        let mut broken: Option<JournalFailed> = None;
        while let Ok(Request { events, written }) = inbox.recv() {
            let outcome = match &broken {
                Some(failed) => Err(failed.clone()),
                None => self.append(&events).map_err(|error| JournalFailed { reason: error.to_string() }),
            };
            broken = broken.or_else(|| outcome.clone().err());
            // Whoever asked may have given up.
            let _ = written.send(outcome);
        }
    }

    fn append(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let failed = failed(&self.path);
        let batch =
            Batch::of(events).map_err(|error| StoreError::Database { path: self.path.clone(), reason: error.to_string() })?;
        let check = next_check(&self.check, &batch);
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(&failed)?;
        {
            let insert = "INSERT INTO batches (run, number, events, check_sum) VALUES (?1, ?2, ?3, ?4)";
            let mut insert = transaction.prepare_cached(insert).map_err(&failed)?;
            insert.execute(rusqlite::params![self.run, self.number, batch, check.as_bytes()]).map_err(&failed)?;
            let (state, ended_at) = state_after(events).unzip();
            let update = "UPDATE runs SET batches = ?2, head = ?3, state = coalesce(?4, state),
                          ended_at = CASE WHEN ?4 IS NULL THEN ended_at ELSE ?5 END WHERE key = ?1";
            let mut update = transaction.prepare_cached(update).map_err(&failed)?;
            let values = rusqlite::params![self.run, self.number + 1, check.as_bytes(), state, ended_at.flatten()];
            update.execute(values).map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)?;
        (self.number, self.check) = (self.number + 1, check);
        self.reached.tell(self.number);
        Ok(())
    }
}

/// The state that events lead to, and when the run ended; nothing where they say nothing of it.
fn state_after(events: &[Event]) -> Option<(&'static str, Option<i64>)> {
    let of_event = |event: &Event| match &event.kind {
        EventKind::RunStarted { .. } | EventKind::RunResumed | EventKind::RollbackRequested { .. } => {
            Some((RunState::Running, None))
        }
        EventKind::Paused | EventKind::RollbackWaits { .. } => Some((RunState::Paused, None)),
        EventKind::RunEnded { state, .. } => Some((*state, Some(event.at.milliseconds))),
        _ => None,
    };
    events.iter().rev().find_map(of_event).map(|(state, ended_at)| (state.name(), ended_at))
}

impl Journal for StoredJournal {
    fn append(&mut self, events: Arc<[Event]>) -> BoxFuture<'_, Result<(), JournalFailed>> {
        Box::pin(async move {
            let gone = || JournalFailed { reason: "its writer has ended".to_owned() };
            let (written, outcome) = oneshot::channel();
            let requests = self.requests.as_ref().ok_or_else(gone)?;
            requests.send(Request { events, written }).map_err(|_| gone())?;
            outcome.await.map_err(|_| gone())?
        })
    }
}

impl Drop for StoredJournal {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told whoever waited for it.
            let _ = writer.join();
        }
    }
}
