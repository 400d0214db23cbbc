//! The database and its formats.

use crate::StoreError;
use crate::syncer::log_of;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a store of each format becomes one of the next, from format 1 on.
const STEPS: &[&str] = &[
    // 2: the latest run is found without looking at all of them.
    "CREATE INDEX runs_by_time ON runs (created_at)",
    // 3: long batches are compressed.
    "CREATE TABLE batches_3 (
        key INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs (key),
        number INTEGER NOT NULL,
        -- TEXT, or where it is long a BLOB, compressed by LZ4 behind its length of four bytes.
        events ANY NOT NULL,
        check_sum BLOB NOT NULL
    ) STRICT;
    INSERT INTO batches_3 SELECT key, run, number, events, check_sum FROM batches;
    DROP TABLE batches;
    ALTER TABLE batches_3 RENAME TO batches;
    CREATE INDEX batches_of_runs ON batches (run)",
    // 4: runs change what they go by, to what is kept here before their journal says so.
    "CREATE TABLE definitions (
        run INTEGER NOT NULL REFERENCES runs (key),
        digest TEXT NOT NULL,
        definition TEXT NOT NULL,
        PRIMARY KEY (run, digest)
    ) STRICT",
    // 5: the key of a batch says whose and which it is, and how far the journal goes is written with the state of the run only.
    "CREATE TABLE batches_5 (
        -- The key of the run in the upper 32 bits, the number of the batch in the lower.
        key INTEGER PRIMARY KEY,
        -- TEXT, or where it is long a BLOB, compressed by LZ4 behind its length of four bytes.
        events ANY NOT NULL,
        check_sum BLOB NOT NULL
    ) STRICT;
    INSERT INTO batches_5 SELECT (run << 32) | number, events, check_sum FROM batches;
    DROP TABLE batches;
    ALTER TABLE batches_5 RENAME TO batches",
    // 6: what somebody has to say to a run, until the run has taken it into its journal.
    "CREATE TABLE messages (
        -- Never used twice: a run knows by it what it has taken.
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL REFERENCES runs (key),
        message TEXT NOT NULL
    ) STRICT;
    CREATE INDEX messages_of_runs ON messages (run, key)",
    // 7: how long steps took, so that journals need not be read again for it.
    "CREATE TABLE times (
        key INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        -- The workflow and the file that it stood in: absolute.
        workflow TEXT NOT NULL,
        source TEXT NOT NULL,
        ended_at INTEGER NOT NULL,
        -- JSON.
        times TEXT NOT NULL
    ) STRICT;
    CREATE INDEX times_of_workflows ON times (workflow, source, ended_at)",
];

/// The format that this version writes.
const FORMAT: u32 = STEPS.len() as u32 + 1;

/// Says whose database it is: "wfc" and a zero, as a number.
const APPLICATION: u32 = 0x7766_6300;

/// How long one of many processes waits for the others to write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pages of the write-ahead log before they are moved into the database.
const CHECKPOINT: u32 = 4_000;

/// A log of so many bytes is moved into the database when the last process closes it. A shorter one stays: moving it waits for the disk
/// several times, more often than all else that a short run does, while reading it again takes the next process a moment.
const LONG_LOG: u64 = 512 << 10;

/// An open database.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    log: PathBuf,
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let is_long = std::fs::metadata(&self.log).is_ok_and(|log| log.len() > LONG_LOG);
        // What is not moved now is moved by the next one.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !is_long);
    }
}

/// Format 1, which all others grew out of.
const FIRST: &str = "
CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    file TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    definition TEXT NOT NULL,
    -- How far the journal goes: how many batches, and the check of the last.
    batches INTEGER NOT NULL,
    head BLOB NOT NULL,
    -- What the events say, to find runs by it.
    state TEXT NOT NULL,
    ended_at INTEGER
) STRICT;
-- Events that were appended together, as a JSON list. Rows are only ever added, so that each append is one write at the end.
CREATE TABLE batches (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (key),
    number INTEGER NOT NULL,
    events TEXT NOT NULL,
    check_sum BLOB NOT NULL
) STRICT;
CREATE INDEX batches_of_runs ON batches (run);
";

/// Opens a database, makes its tables where there are none, and refuses what is none of this program's.
pub(crate) fn open(path: &Path) -> Result<Database, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // One after the other: a database that others open cannot always change what it is.
    let _turn = turn(path)?;
    let connection = Connection::open_with_flags(path, flags).map_err(failed(path))?;
    prepare(&connection, path)?;
    Ok(Database { connection, log: log_of(path) })
}

/// Waits until nobody else opens the database; the turn is over when the file is closed.
fn turn(path: &Path) -> Result<File, StoreError> {
    let path = path.with_extension("lock");
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = open.map_err(StoreError::io(&path))?;
    let locked = rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive));
    locked.map_err(|error| StoreError::Io { path, error: error.into() })?;
    Ok(file)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE).map_err(failed(path))?;
    let set = |name, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value).map_err(failed(path));
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map_err(failed(path));
    if number("page_count")? == 0 {
        // Only a database without pages can be told that it will give some back.
        set("auto_vacuum", &"incremental")?;
    }
    set("journal_mode", &"wal")?;
    set("synchronous", &"full")?;
    set("wal_autocheckpoint", &CHECKPOINT)?;
    set("foreign_keys", &true)?;
    // Cells of a page are looked at as they are read, so that damage is found rather than believed.
    set("cell_size_check", &true)?;
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, FORMAT) => Ok(()),
        (APPLICATION, found @ 1..) if found > FORMAT => Err(StoreError::Newer { path: path.to_owned(), found, known: FORMAT }),
        (APPLICATION, 1..) | (0, 0) => bring_up_to_date(connection, path),
        _ => Err(foreign(path)),
    }
}

/// Makes the tables or brings them to the present format, each step whole or not at all.
fn bring_up_to_date(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    loop {
        let transaction = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate);
        let transaction = transaction.map_err(failed(path))?;
        // Another process may have been faster.
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map_err(failed(path));
        let tables = || transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u32>(0));
        let (statements, next) = match (number("application_id")?, number("user_version")?) {
            (APPLICATION, FORMAT) => return Ok(()),
            (APPLICATION, found @ 1..) => match usize::try_from(found - 1).ok().and_then(|place| STEPS.get(place)) {
                Some(step) => (*step, found + 1),
                None => return Err(StoreError::Newer { path: path.to_owned(), found, known: FORMAT }),
            },
            (0, 0) if tables().map_err(failed(path))? == 0 => (FIRST, 1),
            _ => return Err(foreign(path)),
        };
        let stepped = transaction
            .execute_batch(statements)
            .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION))
            .and_then(|()| transaction.pragma_update(None, "user_version", next));
        stepped.and_then(|()| transaction.commit()).map_err(failed(path))?;
    }
}

fn foreign(path: &Path) -> StoreError {
    StoreError::Database { path: path.to_owned(), reason: "it is no store of wfc".to_owned() }
}

/// What an error of the database means for its users.
pub(crate) fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { reason: error.to_string() },
        Some(ErrorCode::NotADatabase) => foreign(&path),
        _ => StoreError::Database { path: path.clone(), reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, FORMAT, open};
    use crate::Store;
    use crate::batch::Batch;
    use crate::run::{first_check, next_check};
    use rusqlite::{Connection, params};
    use std::path::Path;
    use tempfile::TempDir;
    use wf_model::event::{Event, EventKind, Timestamp};

    /// A store as format 1 was written, with a run in it, whatever later versions make of the text above.
    const FORMAT_1: &str = "
        CREATE TABLE runs (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, file TEXT NOT NULL,
            created_at INTEGER NOT NULL, definition TEXT NOT NULL, batches INTEGER NOT NULL, head BLOB NOT NULL, state TEXT NOT NULL,
            ended_at INTEGER) STRICT;
        CREATE TABLE batches (key INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (key), number INTEGER NOT NULL,
            events TEXT NOT NULL, check_sum BLOB NOT NULL) STRICT;
        CREATE INDEX batches_of_runs ON batches (run);
        PRAGMA application_id = 0x77666300;
        PRAGMA user_version = 1;";

    fn events(number: i64) -> Vec<Event> {
        vec![Event { at: Timestamp { milliseconds: number }, kind: EventKind::RunResumed { boot: None, jobs: None } }]
    }

    fn older(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(FORMAT_1).unwrap();
        let run = "INSERT INTO runs VALUES (1, 'abcd', 'deploy', 'deploy.wf', 5, '{}', 3, zeroblob(32), 'running', NULL)";
        connection.execute(run, []).unwrap();
        let mut head = first_check("abcd", "{}");
        for number in 0..3 {
            let batch = Batch::of(&events(number)).unwrap();
            head = next_check(&head, &batch);
            let insert = "INSERT INTO batches (run, number, events, check_sum) VALUES (1, ?1, ?2, ?3)";
            connection.execute(insert, params![number, batch, head.as_bytes()]).unwrap();
        }
        connection.execute("UPDATE runs SET head = ?1", [head.as_bytes()]).unwrap();
        connection
    }

    /// What tables and indexes there are, without how they are written.
    fn tables(connection: &Connection) -> Vec<String> {
        let query = "SELECT m.type || ' ' || m.name || ' ' || coalesce(group_concat(c.name || ' ' || c.type || c.\"notnull\" || c.pk), '')
                     FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c GROUP BY m.name ORDER BY m.name";
        let mut statement = connection.prepare(query).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn format(connection: &Connection) -> u32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_store_is_brought_to_the_present_format() {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let path = |folder: &TempDir| folder.path().join("store.db");
        drop(older(&path(&old)));
        let store = Store::open(old.path()).unwrap();
        assert_eq!(store.find("last").unwrap().id.as_ref(), "abcd");
        assert_eq!(store.events("abcd").unwrap(), [events(0), events(1), events(2)].concat());
        let (migrated, made) = (open(&path(&old)).unwrap(), open(&path(&new)).unwrap());
        assert_eq!((format(&migrated), format(&made)), (FORMAT, FORMAT));
        assert_eq!(tables(&migrated), tables(&made));
        // Such a store could not give back single pages.
        store.delete("abcd").unwrap();
        store.reclaim().unwrap();
        assert!(store.runs(&crate::RunFilter::default()).unwrap().is_empty());
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.db");
        let connection = older(&path);
        // The step to format 2 makes an index of this name.
        connection.execute_batch("CREATE INDEX runs_by_time ON runs (file)").unwrap();
        let before = tables(&connection);
        assert!(open(&path).is_err());
        assert_eq!((tables(&connection), format(&connection)), (before, 1));
        connection.execute_batch("DROP INDEX runs_by_time").unwrap();
        drop(connection);
        assert_eq!(format(&open(&path).unwrap()), FORMAT);
    }

    #[test]
    fn many_make_or_migrate_one_store_at_once() {
        for begun in [false, true] {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("store.db");
            if begun {
                drop(older(&path));
            }
            std::thread::scope(|scope| {
                let openers: Vec<_> = (0..50).map(|_| scope.spawn(|| format(&open(&path).unwrap()))).collect();
                assert!(openers.into_iter().all(|opener| opener.join().unwrap() == FORMAT));
            });
        }
    }

    #[test]
    fn the_first_format_stays_as_it_was() {
        let (written, remembered) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        written.execute_batch(FIRST).unwrap();
        remembered.execute_batch(FORMAT_1).unwrap();
        assert_eq!(tables(&written), tables(&remembered));
    }
}
