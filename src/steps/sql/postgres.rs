//! PostgreSQL.

use super::postgres_value::{Bound, cast, value};
use super::rows::Rows;
use super::session::{Interrupt, Problem, Session, Statements, gather};
use super::statement::Statement;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgColumn, PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgTypeInfo};
use sqlx::{Arguments, AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, Statement as _};
use std::str::FromStr;
use wf_model::value::Value;

/// Ends the server's process for a session.
struct Terminate {
    options: PgConnectOptions,
    process: i32,
}

/// Connects to the database of a URL.
pub(super) async fn connect(url: &str) -> Result<(Box<dyn Session>, Box<dyn Interrupt>), sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("wfc").disable_statement_logging();
    let mut connection = options.connect().await?;
    // So that the server sees the end of a client that was killed; those before version 14 do not know it.
    let _ = connection.execute("set client_connection_check_interval = '1s'").await;
    let process = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut connection).await?;
    Ok((Box::new(connection), Box::new(Terminate { options, process })))
}

impl Interrupt for Terminate {
    fn interrupt(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            // The end of the connection is what is left where no further one can be had.
            if let Ok(mut connection) = self.options.connect().await {
                let _ = sqlx::query("select pg_terminate_backend($1)").bind(self.process).execute(&mut connection).await;
                let _ = connection.close().await;
            }
        }
        .boxed()
    }
}

impl Statements for PgConnection {
    fn statement<'a>(&'a mut self, statement: &'a Statement, rows: &'a mut Rows) -> BoxFuture<'a, Result<u64, Problem>> {
        async move {
            let (text, arguments) = prepared(self, statement).await?;
            let query = sqlx::query_with(AssertSqlSafe(text), arguments);
            gather(self.fetch_many(query), rows, PgQueryResult::rows_affected, read).await
        }
        .boxed()
    }
}

/// The statement as it is sent, and its values in the types that the database takes them for.
async fn prepared(connection: &mut PgConnection, statement: &Statement) -> Result<(String, PgArguments), Problem> {
    let text = statement.text(|number| format!("${number}"));
    let types = types_of_parameters(connection, &text).await?;
    let mut arguments = PgArguments::default();
    for (index, parameter) in statement.parameters().enumerate() {
        let type_ = types.get(index);
        let bound = Bound { parameter, type_: type_.map_or("TEXT", sqlx::TypeInfo::name) };
        arguments.add(bound).map_err(|error| Problem::Value(format!("value {} of the statement {error}", index + 1)))?;
    }
    let casts: Vec<String> = types.iter().map(|type_| cast(type_).unwrap_or_default()).collect();
    if casts.iter().all(String::is_empty) {
        return Ok((text, arguments));
    }
    let place = |number: usize| match casts.get(number - 1) {
        Some(cast) if !cast.is_empty() => format!("(${number}::text)::{cast}"),
        _ => format!("${number}"),
    };
    let text = statement.text(place);
    types_of_parameters(connection, &text).await?;
    Ok((text, arguments))
}

/// The types of a statement's parameters, as the database reads them from where they stand.
async fn types_of_parameters(connection: &mut PgConnection, text: &str) -> Result<Vec<PgTypeInfo>, Problem> {
    let prepared = connection.prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await?;
    Ok(match prepared.parameters() {
        Some(Either::Left(types)) => types.to_vec(),
        Some(Either::Right(_)) | None => Vec::new(),
    })
}

fn read(row: &PgRow, column: &PgColumn) -> Result<Value, Problem> {
    let found = value(&row.try_get_raw(column.ordinal())?);
    found.map_err(|message| Problem::Value(format!("column `{}` {message}", column.name())))
}
