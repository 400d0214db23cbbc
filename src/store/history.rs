//! What happened in a run, read a batch at a time: a long history is never held as a whole.

use crate::batch::Batch;
use crate::reached::reached;
use crate::run::{complete, damaged, first_check, next_check};
use crate::schema::failed;
use crate::{Store, StoreError};
use rusqlite::{Row, Transaction};
use std::path::PathBuf;
use wf_model::event::Event;
use wf_model::run::RunRecord;

/// The batches of events of a run, in order, as they were at one time. All of them were checked before the first is given out: what ends
/// too early, or is damaged anywhere, is told nothing of.
#[derive(Debug)]
pub struct History<'a> {
    snapshot: Transaction<'a>,
    path: PathBuf,
    id: String,
    run: i64,
    /// How many were read, and their check.
    number: i64,
    check: blake3::Hash,
    /// The check before the first.
    first: blake3::Hash,
    /// How many there were when the state of the run changed last, and their check.
    batches: i64,
    head: Vec<u8>,
    /// How many were durable, at least.
    reached: i64,
    over: bool,
    is_empty: bool,
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
        let mut history = History {
            snapshot,
            path,
            id,
            run,
            number: 0,
            check: first,
            first,
            batches,
            head,
            reached,
            over: false,
            is_empty: true,
        };
        while history.batch()?.is_some() {}
        history.is_empty = history.number == 0;
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
        self.is_empty
    }

    /// Goes back to the beginning; what was added since stays unseen.
    pub const fn rewind(&mut self) {
        (self.number, self.check, self.over) = (0, self.first, false);
    }

    /// The fold over all that is left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record(self) -> Result<RunRecord, StoreError> {
        let mut record = RunRecord::default();
        for events in self {
            events?.iter().for_each(|event| record.apply(event));
        }
        Ok(record)
    }

    /// The next batch; `None` behind the last one, where that is the end of what was written.
    fn batch(&mut self) -> Result<Option<Batch>, StoreError> {
        let Some((batch, check_sum)) = self.row()? else { return self.end().map(|()| None) };
        self.check = next_check(&self.check, &batch);
        let is_head = self.number + 1 == self.batches;
        if check_sum != self.check.as_bytes() || is_head && self.head != check_sum {
            return Err(damaged(format!("batch {} of run `{}` is not what was written", self.number, self.id)));
        }
        self.number += 1;
        Ok(Some(batch))
    }

    /// The row of the next batch; `None` where the run has none of this number.
    fn row(&self) -> Result<Option<(Batch, Vec<u8>)>, StoreError> {
        let query = "SELECT key, events, check_sum FROM batches WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1";
        let mut statement = self.snapshot.prepare_cached(query).map_err(failed(&self.path))?;
        let (first, last) = rows_of(self.run);
        let key = first + self.number;
        let mut rows = statement.query([key, last]).map_err(failed(&self.path))?;
        let Some(row) = rows.next().map_err(failed(&self.path))? else { return Ok(None) };
        let read = |row: &Row<'_>| Ok::<_, rusqlite::Error>((row.get::<_, i64>(0)?, (row.get(1)?, row.get(2)?)));
        let (found, read) = read(row).map_err(|error| damaged(format!("batch {} does not read: {error}", self.number)))?;
        if found == key { Ok(Some(read)) } else { Err(damaged(format!("run `{}` lacks batch {}", self.id, self.number))) }
    }

    /// Refuses a journal that goes no further than this and should.
    fn end(&self) -> Result<(), StoreError> {
        complete(&self.id, self.number, self.batches.max(self.reached))
    }
}

/// The keys that the batches of a run may have, the first and the last: the run's own key, then the number of the batch. So each append is
/// one write at the end of what the run has, and no index is needed to find it.
pub(crate) const fn rows_of(run: i64) -> (i64, i64) {
    (run << 32, (run << 32) | 0xffff_ffff)
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
