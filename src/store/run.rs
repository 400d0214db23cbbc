//! Runs: how they are begun, found and read.

use crate::batch::Batch;
use crate::reached::reached;
use crate::schema::failed;
use crate::{Store, StoreError, place};
use rusqlite::{OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use wf_model::event::Timestamp;
use wf_model::run::RunState;
use wf_model::value::Value;

/// How many runs are named where several are meant.
const NAMED: usize = 5;

/// A run that is about to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its name, as [`new_id`] makes them.
    pub id: Arc<str>,
    /// The name of the workflow.
    pub workflow: Arc<str>,
    /// When.
    pub created_at: Timestamp,
    /// What it goes by.
    pub definition: Definition,
}

/// What a run goes by, kept whole so that it goes on with what it began with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The file that was started, as it was named.
    pub file: Arc<str>,
    /// Where steps run: absolute.
    pub folder: Arc<str>,
    /// The file and all that it imports.
    pub sources: Vec<StoredSource>,
    /// How the sources name each other.
    pub resolutions: Vec<Resolution>,
    /// What the parameters were given; secrets are `***`.
    pub arguments: Vec<StoredArgument>,
    /// How many steps run at a time.
    pub jobs: u32,
    /// The version of this program.
    pub version: Arc<str>,
    /// The hash of the kept plan that was started, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Arc<str>>,
}

impl Definition {
    /// What the parameters were given, by name.
    #[must_use]
    pub fn given(&self) -> Vec<(Arc<str>, Value)> {
        self.arguments.iter().map(|given| (given.name.clone(), given.value.clone())).collect()
    }

    /// How the database keeps it.
    pub(crate) fn text(&self, database: &Path) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Database { path: database.to_owned(), reason: error.to_string() })
    }
}

/// What a parameter was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredArgument {
    /// The parameter.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
    /// Where it came from, as people say it; `None` for a default.
    pub origin: Option<Arc<str>>,
}

/// A source file of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSource {
    /// Its path: absolute, but for text from standard input.
    pub path: Arc<str>,
    /// What stood in it.
    pub text: Arc<str>,
}

/// What a path means where it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The folder of the file that names it; empty for the command line.
    pub folder: Arc<str>,
    /// The path as it is written.
    pub written: Arc<str>,
    /// The path of the source.
    pub path: Arc<str>,
}

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// `run.id`
    pub id: Arc<str>,
    /// The name of its workflow.
    pub workflow: Arc<str>,
    /// The file that was started.
    pub file: Arc<str>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// How it stands, as its events say; whether a process goes on with it is [`Store::is_held`].
    pub state: RunState,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Which runs are meant.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Those of a workflow.
    pub workflow: Option<String>,
    /// Those in a state.
    pub state: Option<RunState>,
    /// Those that were begun at this time or later.
    pub since: Option<Timestamp>,
    /// At most as many, the latest.
    pub limit: Option<u32>,
}

/// The check that a journal begins with, so that batches of one run are never those of another.
pub(crate) fn first_check(id: &str, definition: &str) -> blake3::Hash {
    blake3::Hasher::new().update(id.as_bytes()).update(&[0]).update(definition.as_bytes()).finalize()
}

/// The check of a batch behind another.
pub(crate) fn next_check(before: &blake3::Hash, batch: &Batch) -> blake3::Hash {
    blake3::Hasher::new().update(before.as_bytes()).update(batch.bytes()).finalize()
}

/// A name for a run: 16 characters, 80 random bits, so that a few of them are enough to mean it.
#[must_use]
pub fn new_id() -> Arc<str> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    std::iter::repeat_with(|| fastrand::choice(ALPHABET).copied().map_or('a', char::from)).take(16).collect::<String>().into()
}

impl Store {
    /// Begins a run: it is there from now on, without events, and durable together with the first of them.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin(&self, run: &NewRun) -> Result<(), StoreError> {
        let path = self.database();
        let definition = run.definition.text(&path)?;
        let id = &run.id;
        place::make(&self.folder(id))?;
        let head = first_check(id, &definition);
        let insert = "INSERT INTO runs (id, workflow, file, created_at, definition, batches, head, state)
                      VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)";
        let state = RunState::Queued.name();
        let (created_at, file) = (run.created_at.milliseconds, &run.definition.file);
        let values = rusqlite::params![id, run.workflow, file, created_at, definition, head.as_bytes(), state];
        self.connection.pragma_update(None, "synchronous", "normal").map_err(failed(&path))?;
        self.connection.execute(insert, values).map_err(failed(&path))?;
        Ok(())
    }

    /// The run that is meant: `last`, or the one whose name begins so.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn find(&self, meant: &str) -> Result<RunRow, StoreError> {
        if meant == "last" {
            let last = self.runs(&RunFilter { limit: Some(1), ..RunFilter::default() })?.pop();
            return last.ok_or_else(|| StoreError::UnknownRun(meant.to_owned()));
        }
        // Names hold letters and digits only, so nothing in a name is a sign of a pattern.
        let is_name = !meant.is_empty() && meant.chars().all(|character| character.is_ascii_alphanumeric());
        let mut found = if is_name { self.select("id GLOB ?1 || '*'", &[&meant], None)? } else { Vec::new() };
        match (found.pop(), found.len()) {
            (Some(run), 0) => Ok(run),
            (None, _) if is_name => Err(self.missing(meant)),
            (None, _) => Err(StoreError::UnknownRun(meant.to_owned())),
            (Some(run), _) => {
                let runs = [run].iter().chain(&found).take(NAMED).map(|run| run.id.to_string()).collect();
                Err(StoreError::Ambiguous { prefix: meant.to_owned(), runs })
            }
        }
    }

    /// The runs that are meant, the latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, StoreError> {
        let since = filter.since.map(|since| since.milliseconds);
        let state = filter.state.map(RunState::name);
        let condition = "(?1 IS NULL OR workflow = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR created_at >= ?3)";
        self.select(condition, &[&filter.workflow, &state, &since], filter.limit)
    }

    fn select(
        &self,
        condition: &'static str,
        values: &[&dyn rusqlite::ToSql],
        limit: Option<u32>,
    ) -> Result<Vec<RunRow>, StoreError> {
        let path = self.database();
        let limit = limit.map_or(-1, i64::from);
        let query = format!(
            "SELECT id, workflow, file, created_at, state, ended_at FROM runs WHERE {condition}
             ORDER BY created_at DESC, key DESC LIMIT {limit}"
        );
        let mut statement = self.connection.prepare_cached(&query).map_err(failed(&path))?;
        let rows = statement.query_map(values, row).map_err(failed(&path))?;
        let rows: Result<Vec<RunRow>, _> = rows.collect();
        rows.map_err(failed(&path))
    }

    /// The key, definition, number of batches and last check of a run.
    pub(crate) fn journal_of(&self, id: &str) -> Result<(i64, String, i64, Vec<u8>), StoreError> {
        let path = self.database();
        let query = "SELECT key, definition, batches, head FROM runs WHERE id = ?1";
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let found = self.connection.query_row(query, [id], row).optional().map_err(failed(&path))?;
        found.ok_or_else(|| self.missing(id))
    }

    /// Why there is no run of a name: there never was, or what was written of it is gone.
    fn missing(&self, id: &str) -> StoreError {
        match reached(&self.folder(id)) {
            0 => StoreError::UnknownRun(id.to_owned()),
            written => damaged(format!("{written} batches of run `{id}` are gone")),
        }
    }
}

/// Refuses a journal that ends before what was durable.
pub(crate) fn complete(id: &str, batches: i64, reached: i64) -> Result<(), StoreError> {
    if batches >= reached {
        return Ok(());
    }
    Err(damaged(format!("run `{id}` has {batches} batches of {reached} that were written")))
}

pub(crate) fn damaged(reason: String) -> StoreError {
    StoreError::Damaged { reason }
}

fn row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let state: String = row.get(4)?;
    let Some(state) = RunState::named(&state) else {
        let error = format!("no state is called {state:?}").into();
        return Err(rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, error));
    };
    let time = |milliseconds| Timestamp { milliseconds };
    Ok(RunRow {
        id: row.get(0)?,
        workflow: row.get(1)?,
        file: row.get(2)?,
        created_at: time(row.get(3)?),
        state,
        ended_at: row.get::<_, Option<i64>>(5)?.map(time),
    })
}
