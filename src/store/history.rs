//! What happened in a run, read a batch at a time: a long history is never held as a whole.

use crate::batch::Batch;
use crate::reached::reached;
use crate::run::{complete, damaged, first_check, next_check};
use crate::schema::failed;
use crate::{Store, StoreError};
use rusqlite::{Row, Transaction};
use std::path::PathBuf;
use wf_model::event::Event;

/// The batches of events of a run, in order, as they were at one time. All of them were checked before the first is given out: what ends
/// too early, or is damaged anywhere, is told nothing of.
#[derive(Debug)]
pub struct History<'a> {
    snapshot: Transaction<'a>,
    path: PathBuf,
    id: String,
    run: i64,
    /// The key of the batch that was read last.
    key: i64,
    /// How many were read, and their check.
    number: i64,
    check: blake3::Hash,
    /// The check before the first.
    first: blake3::Hash,
    /// How many there are, and their check.
    batches: i64,
    head: Vec<u8>,
    /// How many were written, at least.
    reached: i64,
    over: bool,
}

impl Store {
    /// What happened in a run.
    ///
    /// # Errors
    /// When there is no such run, its journal is not what was written, or the store cannot be read.
    pub fn history(&self, id: &str) -> Result<History<'_>, StoreError> {
        let path = self.database();
        // Before the database is looked at, which only grows meanwhile.
        let reached = reached(&self.folder(id));
        // A run that goes on is seen as it was at one time.
        let snapshot = self.connection.unchecked_transaction().map_err(failed(&path))?;
        let (run, definition, batches, head) = self.journal_of(id)?;
        let (first, id) = (first_check(id, &definition), id.to_owned());
        let mut history =
            History { snapshot, path, id, run, key: 0, number: 0, check: first, first, batches, head, reached, over: false };
        while history.batch()?.is_some() {}
        history.rewind();
        Ok(history)
    }

    /// Everything that happened in a run, in order.
    ///
    /// # Errors
    /// When there is no such run, or its journal is not what was written.
    #[cfg(test)]
    pub(crate) fn events(&self, id: &str) -> Result<Vec<Event>, StoreError> {
        let batches: Result<Vec<Vec<Event>>, StoreError> = self.history(id)?.collect();
        batches.map(|batches| batches.concat())
    }
}

impl History<'_> {
    /// Whether nothing happened yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batches == 0
    }

    /// Goes back to the beginning; what was added since stays unseen.
    pub const fn rewind(&mut self) {
        (self.key, self.number, self.check, self.over) = (0, 0, self.first, false);
    }

    /// The next batch; `None` behind the last one, where that is the end of what was written.
    fn batch(&mut self) -> Result<Option<Batch>, StoreError> {
        let Some((number, batch, check_sum)) = self.row()? else { return self.end().map(|()| None) };
        self.check = next_check(&self.check, &batch);
        if number != self.number || check_sum != self.check.as_bytes() {
            return Err(damaged(format!("batch {} of run `{}` is not what was written", self.number, self.id)));
        }
        self.number += 1;
        Ok(Some(batch))
    }

    fn row(&mut self) -> Result<Option<(i64, Batch, Vec<u8>)>, StoreError> {
        let query = "SELECT key, number, events, check_sum FROM batches WHERE run = ?1 AND key > ?2 ORDER BY key LIMIT 1";
        let mut statement = self.snapshot.prepare_cached(query).map_err(failed(&self.path))?;
        let mut rows = statement.query([self.run, self.key]).map_err(failed(&self.path))?;
        let Some(row) = rows.next().map_err(failed(&self.path))? else { return Ok(None) };
        let read = |row: &Row<'_>| Ok::<_, rusqlite::Error>((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)));
        let (key, read) = read(row).map_err(|error| damaged(format!("batch {} does not read: {error}", self.number)))?;
        self.key = key;
        Ok(Some(read))
    }

    /// Refuses a journal that goes no further than this and should.
    fn end(&self) -> Result<(), StoreError> {
        if self.number != self.batches || self.head != self.check.as_bytes() {
            return Err(damaged(format!("run `{}` has {} batches of {}", self.id, self.number, self.batches)));
        }
        complete(&self.id, self.batches, self.reached)
    }
}

impl Iterator for History<'_> {
    type Item = Result<Vec<Event>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let events = self.batch().and_then(|batch| batch.map(|batch| batch.events()).transpose()).transpose();
        self.over = !matches!(events, Some(Ok(_)));
        events
    }
}
