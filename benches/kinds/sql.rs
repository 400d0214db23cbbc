//! `sql` beside sqlx, on a SQLite database.

use super::{measured, step, told};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::path::Path;
use tokio::runtime::Runtime;
use wf_model::value::Value;
use wf_steps::sql::Sql;

/// Transactions of each, every one with a connection of its own.
const TRANSACTIONS: usize = 500;

const QUERY: &str = "select 1 as number, 'text' as text";

async fn bare(path: &Path) {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.expect("the database is there");
    let mut transaction = connection.begin().await.expect("a transaction");
    let rows = sqlx::query(QUERY).fetch_all(&mut *transaction).await.expect("rows");
    assert_eq!(rows.first().map(|row| row.get::<i64, _>(0)), Some(1));
    transaction.commit().await.expect("it ends");
    connection.close().await.expect("it closes");
}

/// A query in a transaction, with the connection that it needs.
pub(super) fn measure(runtime: &Runtime) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data.db");
    runtime.block_on(async {
        let made = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await;
        made.expect("a database").close().await.expect("it closes");
    });
    let attributes = [("query", Value::string(QUERY)), ("database", Value::string("sqlite:data.db"))];
    let by_step = async || step("sql", &Sql, folder.path(), &attributes).await;
    let times = measured(runtime, TRANSACTIONS, by_step, async || bare(&path).await);
    told("sql, a query of SQLite", times, None)
}
