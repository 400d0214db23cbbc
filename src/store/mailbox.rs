//! What somebody has to say to a run: kept beside its journal until the run has taken it in.
//!
//! Journal and messages are in one database, whose log keeps their order: what lets a message go is never durable before what says that
//! the run has it.

use crate::schema::failed;
use crate::{Store, StoreError};
use rusqlite::params;
use std::path::PathBuf;
use std::sync::Arc;
use wf_model::event::Message;
use wf_runtime::dispatcher::Mailbox;

/// The longest message, in bytes.
const LONGEST: usize = 1 << 20;

/// How many bytes of messages a run that takes none keeps.
const MOST: i64 = 64 << 20;

/// How many messages are read at a time.
const AT_ONCE: u32 = 256;

impl Store {
    /// Keeps a message for a run; gives its number. It outlives a loss of power from then on.
    ///
    /// # Errors
    /// When there is no such run, too much waits for it, or the store cannot be written.
    pub fn send(&self, run: &str, message: &Message) -> Result<u64, StoreError> {
        let path = self.database();
        let failed = failed(&path);
        let text = serde_json::to_string(message)
            .map_err(|error| StoreError::Database { path: path.clone(), reason: error.to_string() })?;
        if text.len() > LONGEST {
            return Err(StoreError::Message("a message is at most 1 MB long".to_owned()));
        }
        let (key, ..) = self.journal_of(run)?;
        let immediate = rusqlite::TransactionBehavior::Immediate;
        let transaction = rusqlite::Transaction::new_unchecked(&self.connection, immediate).map_err(&failed)?;
        let query = "SELECT coalesce(sum(length(message)), 0) FROM messages WHERE run = ?1";
        let kept: i64 = transaction.query_row(query, [key], |row| row.get(0)).map_err(&failed)?;
        if kept.saturating_add(i64::try_from(text.len()).unwrap_or(i64::MAX)) > MOST {
            return Err(StoreError::Message(format!("64 MB of messages wait for run `{run}` already")));
        }
        transaction.execute("INSERT INTO messages (run, message) VALUES (?1, ?2)", params![key, text]).map_err(&failed)?;
        let number = transaction.last_insert_rowid();
        transaction.commit().map_err(&failed)?;
        Ok(u64::try_from(number).unwrap_or_default())
    }

    /// Whether a message still waits for its run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_unread(&self, message: u64) -> Result<bool, StoreError> {
        let path = self.database();
        let query = "SELECT count(*) FROM messages WHERE key = ?1";
        let found: u32 = self.connection.query_row(query, [number(message)], |row| row.get(0)).map_err(failed(&path))?;
        Ok(found > 0)
    }

    /// What a run takes its messages from.
    #[must_use]
    pub fn mailbox(&self, run: &str) -> RunMailbox {
        RunMailbox { root: self.root().to_owned(), run: run.into(), opened: None }
    }
}

fn number(message: u64) -> i64 {
    i64::try_from(message).unwrap_or(i64::MAX)
}

/// The messages of one run. Most runs get none, and never open the store for them.
#[derive(Debug)]
pub struct RunMailbox {
    root: PathBuf,
    run: Arc<str>,
    opened: Option<(Store, i64)>,
}

impl RunMailbox {
    fn open(&mut self) -> Result<&(Store, i64), StoreError> {
        if self.opened.is_none() {
            let store = Store::open(&self.root)?;
            let (key, ..) = store.journal_of(&self.run)?;
            self.opened = Some((store, key));
        }
        self.opened.as_ref().ok_or_else(|| StoreError::UnknownRun(self.run.to_string()))
    }

    fn read(&mut self, last: u64) -> Result<Vec<(u64, Message)>, StoreError> {
        let (store, run) = self.open()?;
        let path = store.database();
        let query = "SELECT key, message FROM messages WHERE run = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
        let mut statement = store.connection.prepare_cached(query).map_err(failed(&path))?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let rows = statement.query_map(params![run, number(last), AT_ONCE], row).map_err(failed(&path))?;
        let mut messages = Vec::new();
        for row in rows {
            let (key, text) = row.map_err(failed(&path))?;
            let message = serde_json::from_str(&text).map_err(|error| StoreError::Damaged { reason: error.to_string() })?;
            messages.push((u64::try_from(key).unwrap_or_default(), message));
        }
        Ok(messages)
    }

    fn forget(&mut self, last: u64) -> Result<(), StoreError> {
        let (store, run) = self.open()?;
        let path = store.database();
        let delete = "DELETE FROM messages WHERE run = ?1 AND key <= ?2";
        store.connection.execute(delete, params![run, number(last)]).map_err(failed(&path))?;
        Ok(())
    }
}

impl Mailbox for RunMailbox {
    fn behind(&mut self, last: u64) -> Result<Vec<(u64, Message)>, String> {
        self.read(last).map_err(|error| error.to_string())
    }

    fn taken(&mut self, last: u64) {
        // What stays is known by its number, and goes away with the run.
        let _ = self.forget(last);
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::begin;
    use crate::{Store, StoreError};
    use tempfile::TempDir;
    use wf_model::event::Message;
    use wf_runtime::dispatcher::Mailbox as _;

    fn signal(name: &str) -> Message {
        Message::Signal { name: name.into(), data: serde_json::Value::Null, by: "ada".into() }
    }

    #[test]
    fn messages_wait_for_their_run_in_their_order() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (run, other) = (begin(&store, "deploy", 1), begin(&store, "deploy", 2));
        let numbers: Vec<u64> = ["a", "b"].map(|name| store.send(&run, &signal(name)).unwrap()).into();
        store.send(&other, &signal("c")).unwrap();
        let mut mailbox = store.mailbox(&run);
        let read = mailbox.behind(0).unwrap();
        assert_eq!(read, [(numbers[0], signal("a")), (numbers[1], signal("b"))]);
        assert_eq!(mailbox.behind(numbers[0]).unwrap(), [(numbers[1], signal("b"))]);
        mailbox.taken(numbers[1]);
        assert!(!store.is_unread(numbers[1]).unwrap() && mailbox.behind(0).unwrap().is_empty());
        // Numbers are never used again, though what had them is gone.
        assert!(store.send(&run, &signal("d")).unwrap() > numbers[1]);
        assert_eq!(store.mailbox(&other).behind(0).unwrap().len(), 1);
        store.delete(&run).unwrap();
        store.delete(&other).unwrap();
    }

    #[test]
    fn too_much_is_refused() {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = begin(&store, "deploy", 1);
        let long = signal(&"a".repeat(1 << 20));
        assert!(matches!(store.send(&run, &long), Err(StoreError::Message(_))));
        let fits = signal(&"a".repeat((1 << 20) - 100));
        let refused = std::iter::repeat_with(|| store.send(&run, &fits)).take(70).find_map(Result::err);
        assert!(matches!(refused, Some(StoreError::Message(_))));
    }
}
