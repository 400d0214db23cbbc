//! The database and its formats.

use crate::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// The format that this version writes.
const FORMAT: u32 = 1;

/// Says whose database it is: "wfc" and a zero, as a number.
const APPLICATION: u32 = 0x7766_6300;

/// How long one of many processes waits for the others to write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pages of the write-ahead log before they are moved into the database.
const CHECKPOINT: u32 = 4_000;

const TABLES: &str = "
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
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed(path))?;
    prepare(&connection, path)?;
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE).map_err(failed(path))?;
    let set = |name, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value).map_err(failed(path));
    set("journal_mode", &"wal")?;
    set("synchronous", &"full")?;
    set("wal_autocheckpoint", &CHECKPOINT)?;
    set("foreign_keys", &true)?;
    // Cells of a page are looked at as they are read, so that damage is found rather than believed.
    set("cell_size_check", &true)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map_err(failed(path));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, FORMAT) => Ok(()),
        (APPLICATION, found @ 1..) if found > FORMAT => Err(StoreError::Newer { path: path.to_owned(), found, known: FORMAT }),
        (0, 0) => create(connection, path),
        _ => {
            let reason = "it is no store of wfc".to_owned();
            Err(StoreError::Database { path: path.to_owned(), reason })
        }
    }
}

/// Makes the tables, unless another process did meanwhile.
fn create(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed(path))?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed(path))?;
    let made = match tables {
        0 => connection
            .execute_batch(TABLES)
            .and_then(|()| connection.pragma_update(None, "application_id", APPLICATION))
            .and_then(|()| connection.pragma_update(None, "user_version", FORMAT)),
        _ => Ok(()),
    };
    made.and_then(|()| connection.execute_batch("COMMIT")).map_err(failed(path))?;
    let application = connection.pragma_query_value(None, "application_id", |row| row.get::<_, u32>(0)).map_err(failed(path))?;
    if application == APPLICATION {
        return Ok(());
    }
    Err(StoreError::Database { path: path.to_owned(), reason: "it is no store of wfc".to_owned() })
}

/// What an error of the database means for its users.
pub(crate) fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { reason: error.to_string() },
        Some(ErrorCode::NotADatabase) => StoreError::Database { path: path.clone(), reason: "it is no store of wfc".to_owned() },
        _ => StoreError::Database { path: path.clone(), reason: error.to_string() },
    }
}
