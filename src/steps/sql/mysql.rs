//! MySQL and MariaDB.

use super::decimal::{decimal, float};
use super::rows::Rows;
use super::session::{Interrupt, Problem, Session, Statements, arguments, gather};
use super::statement::Statement;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::mysql::{
    MySqlArguments, MySqlColumn, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlQueryResult, MySqlRow,
};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySql, Row, Type, TypeInfo, ValueRef};
use std::str::FromStr;
use wf_model::value::{Value, parse_json};

/// The number of the error for a statement that only goes without values.
const NOT_PREPARED: u16 = 1295;

/// Ends the server's thread for a session.
struct Kill {
    options: MySqlConnectOptions,
    thread: u64,
}

/// Connects to the database of a URL.
pub(super) async fn connect(url: &str) -> Result<(Box<dyn Session>, Box<dyn Interrupt>), sqlx::Error> {
    let options = MySqlConnectOptions::from_str(url)?.disable_statement_logging();
    let mut connection = options.connect().await?;
    let thread = sqlx::query_scalar("select cast(connection_id() as unsigned)").fetch_one(&mut connection).await?;
    Ok((Box::new(connection), Box::new(Kill { options, thread })))
}

impl Interrupt for Kill {
    fn interrupt(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            // The end of the connection is what is left where no further one can be had.
            if let Ok(mut connection) = self.options.connect().await {
                let _ = connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("kill {}", self.thread)))).await;
                let _ = connection.close().await;
            }
        }
        .boxed()
    }
}

impl Statements for MySqlConnection {
    fn statement<'a>(&'a mut self, statement: &'a Statement, rows: &'a mut Rows) -> BoxFuture<'a, Result<u64, Problem>> {
        async move {
            let text = statement.text(|_| "?".to_owned());
            let without_values = statement.parameters().next().is_none();
            match prepared(self, text.clone(), arguments(statement)?, rows).await {
                Err(problem) if without_values && is_not_prepared(&problem) => self.script(text).await.map(|()| 0),
                done => done,
            }
        }
        .boxed()
    }
}

async fn prepared(
    connection: &mut MySqlConnection,
    text: String,
    arguments: MySqlArguments,
    rows: &mut Rows,
) -> Result<u64, Problem> {
    let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(false);
    gather(connection.fetch_many(query), rows, MySqlQueryResult::rows_affected, value).await
}

fn is_not_prepared(problem: &Problem) -> bool {
    let Problem::Database(sqlx::Error::Database(found)) = problem else { return false };
    found.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| error.number() == NOT_PREPARED)
}

fn value(row: &MySqlRow, column: &MySqlColumn) -> Result<Value, Problem> {
    cell(row, column.ordinal())?.ok_or_else(|| {
        let type_ = column.type_info().name();
        Problem::Value(format!("column `{}` is of the type {type_}, which is not read: cast it to char", column.name()))
    })
}

/// A value; `None` where its type is not read.
fn cell(row: &MySqlRow, index: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    let type_ = raw.type_info().into_owned();
    let bytes: &[u8] = row.try_get_unchecked(index)?;
    Ok(match type_.name() {
        "BOOLEAN" => Some(Value::Bool(row.try_get_unchecked::<i64, _>(index)? != 0)),
        name if name.ends_with("UNSIGNED") || name == "YEAR" => {
            let number: u64 = row.try_get_unchecked(index)?;
            Some(i64::try_from(number).map_or_else(|_| Value::string(&number.to_string()), Value::Int))
        }
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => Some(Value::Int(row.try_get_unchecked(index)?)),
        "BIT" => Some(bits(bytes)),
        // Its shortest decimal, which is not that of the same number as a double.
        "FLOAT" => Some(float(row.try_get_unchecked::<f32, _>(index)?.to_string().parse().unwrap_or(f64::NAN))),
        "DOUBLE" => Some(float(row.try_get_unchecked(index)?)),
        "DECIMAL" => text(bytes).map(decimal),
        "JSON" => text(bytes).and_then(|text| parse_json(text).ok()).map(|json| Value::from_json(&json)),
        "DATE" | "DATETIME" | "TIMESTAMP" => instant(bytes, type_.name()).map(|text| Value::string(&text)),
        "TIME" => time(bytes).map(|text| Value::string(&text)),
        _ if <String as Type<MySql>>::compatible(&type_) || type_.name() == "SET" => text(bytes).map(Value::string),
        "GEOMETRY" => None,
        _ => Some(Value::string(&BASE64_STANDARD.encode(bytes))),
    })
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn bits(bytes: &[u8]) -> Value {
    let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    i64::try_from(number).map_or_else(|_| Value::string(&number.to_string()), Value::Int)
}

/// Length, year, month, day, and where they are not zero hour, minute, second and microseconds.
fn instant(bytes: &[u8], type_: &str) -> Option<String> {
    let part = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let year = u16::from_le_bytes([part(1), part(2)]);
    let date = format!("{year:04}-{:02}-{:02}", part(3), part(4));
    if type_ == "DATE" {
        return Some(date);
    }
    // The session is in UTC, which is what a timestamp counts in.
    let zone = if type_ == "TIMESTAMP" { "Z" } else { "" };
    let micros = u32::from_le_bytes([part(8), part(9), part(10), part(11)]);
    Some(format!("{date}T{:02}:{:02}:{:02}{}{zone}", part(5), part(6), part(7), fraction(micros)))
}

/// Length, sign, days, hours, minutes, seconds and microseconds.
fn time(bytes: &[u8]) -> Option<String> {
    let part = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let sign = if part(1) == 1 { "-" } else { "" };
    let days = u32::from_le_bytes([part(2), part(3), part(4), part(5)]);
    let hours = days.checked_mul(24)?.checked_add(part(6).into())?;
    let micros = u32::from_le_bytes([part(9), part(10), part(11), part(12)]);
    Some(format!("{sign}{hours:02}:{:02}:{:02}{}", part(7), part(8), fraction(micros)))
}

fn fraction(microseconds: u32) -> String {
    if microseconds == 0 { String::new() } else { format!(".{microseconds:06}").trim_end_matches('0').to_owned() }
}
