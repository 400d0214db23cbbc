//! SQLite.

use super::decimal::float;
use super::rows::Rows;
use super::session::{Interrupt, Problem, Session, Statements, arguments, gather};
use super::statement::Statement;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteArguments, SqliteColumn, SqliteConnectOptions, SqliteConnection, SqliteQueryResult, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Executor, Row, TypeInfo, Value as _, ValueRef};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wf_model::value::Value;

/// How long a statement waits for others to leave the database.
const BUSY: Duration = Duration::from_secs(5);

/// Operations of SQLite's machine between two looks at whether the statement is to end.
const OPERATIONS: i32 = 1000;

/// Asks a statement to end.
struct Flag(Arc<AtomicBool>);

/// Opens the database of a URL; a path that is not absolute is one of `folder`.
pub(super) async fn connect(url: &str, folder: &Path) -> Result<(Box<dyn Session>, Box<dyn Interrupt>), sqlx::Error> {
    let options = SqliteConnectOptions::from_str(url)?;
    let path = options.get_filename().to_owned();
    let in_memory = path.to_string_lossy().starts_with("file:sqlx-in-memory");
    let options = if in_memory { options } else { options.filename(folder.join(path)) };
    let mut connection = options.busy_timeout(BUSY).disable_statement_logging().connect().await?;
    let flag = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&flag);
    connection.lock_handle().await?.set_progress_handler(OPERATIONS, move || !asked.load(Ordering::Relaxed));
    Ok((Box::new(connection), Box::new(Flag(flag))))
}

impl Interrupt for Flag {
    fn interrupt(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.0.store(true, Ordering::Relaxed);
        std::future::ready(()).boxed()
    }
}

impl Statements for SqliteConnection {
    fn statement<'a>(&'a mut self, statement: &'a Statement, rows: &'a mut Rows) -> BoxFuture<'a, Result<u64, Problem>> {
        async move {
            let text = statement.text(|number| format!("?{number}"));
            let query = sqlx::query_with(AssertSqlSafe(text), arguments::<SqliteArguments>(statement)?).persistent(false);
            gather(self.fetch_many(query), rows, SqliteQueryResult::rows_affected, value).await
        }
        .boxed()
    }
}

fn value(row: &SqliteRow, column: &SqliteColumn) -> Result<Value, Problem> {
    Ok(cell(row, column.ordinal(), column.type_info().name())?)
}

/// A value by what SQLite keeps, which need not be what its column declares.
fn cell(row: &SqliteRow, index: usize, declared: &str) -> Result<Value, sqlx::Error> {
    let value = ValueRef::to_owned(&row.try_get_raw(index)?);
    if value.is_null() {
        return Ok(Value::Null);
    }
    let stored = value.type_info();
    Ok(match stored.name() {
        "INTEGER" | "BOOLEAN" => match value.try_decode_unchecked::<i64>()? {
            number @ (0 | 1) if declared == "BOOLEAN" => Value::Bool(number == 1),
            number => Value::Int(number),
        },
        "REAL" => float(value.try_decode_unchecked::<f64>()?),
        "BLOB" => Value::string(&BASE64_STANDARD.encode(value.try_decode_unchecked::<Vec<u8>>()?)),
        _ => Value::string(&value.try_decode_unchecked::<String>()?),
    })
}
