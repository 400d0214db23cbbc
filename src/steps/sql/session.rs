//! A connection to a database, whatever its sort.

use super::rows::{Rows, TooLarge};
use super::statement::{Parameter, Statement};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, TryStreamExt};
use sqlx::{Arguments, AssertSqlSafe, Column, Connection, Database, Either, Encode, Executor, Row, Type};
use wf_model::value::Value;

/// Runs statements, each sort of database in its own way.
pub(super) trait Statements: Send {
    /// Runs one statement; gives how many rows the database says it touched.
    fn statement<'a>(&'a mut self, statement: &'a Statement, rows: &'a mut Rows) -> BoxFuture<'a, Result<u64, Problem>>;
}

/// A connection that runs statements one after the other.
pub(super) trait Session: Statements {
    /// Runs what a program file says, statements and all, without a value.
    fn script(&mut self, text: String) -> BoxFuture<'_, Result<(), Problem>>;

    /// Says goodbye.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

impl<C: Statements + Connection> Session for C
where
    for<'c> &'c mut C: Executor<'c>,
{
    fn script(&mut self, text: String) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            self.execute(sqlx::raw_sql(AssertSqlSafe(text))).await?;
            Ok(())
        }
        .boxed()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        // Nothing is left to do for one who cannot say goodbye.
        Connection::close(*self).map(drop).boxed()
    }
}

/// Ends what a session does, from outside.
pub(super) trait Interrupt: Send {
    /// Asks the database to end what it does for the session now.
    fn interrupt(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Why a statement gave nothing.
#[derive(Debug)]
pub(super) enum Problem {
    /// What the database or the way to it says.
    Database(sqlx::Error),
    /// More rows than a result holds.
    TooLarge,
    /// A value or a column that does not go over; the text says which.
    Value(String),
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<TooLarge> for Problem {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// What a database gives for a statement: rows, and what it says at the end.
type Fetched<'a, R> = BoxStream<'a, Result<Either<<<R as Row>::Database as Database>::QueryResult, R>, sqlx::Error>>;

/// Takes in the rows of a statement, whose values `value` reads; gives how many rows it `affected` as the database says at the end.
pub(super) async fn gather<R: Row>(
    mut stream: Fetched<'_, R>,
    rows: &mut Rows,
    affected: impl Fn(&<R::Database as Database>::QueryResult) -> u64 + Send,
    value: impl Fn(&R, &<R::Database as Database>::Column) -> Result<Value, Problem> + Send,
) -> Result<u64, Problem> {
    let mut touched = 0;
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Left(done) => touched = affected(&done),
            Either::Right(row) => {
                if !rows.is_named() {
                    rows.name(row.columns().iter().map(Column::name));
                }
                let cells: Vec<Value> = row.columns().iter().map(|column| value(&row, column)).collect::<Result<_, _>>()?;
                rows.push(cells.into_iter())?;
            }
        }
    }
    Ok(touched)
}

/// The values of a statement for a database that takes each as what it is.
pub(super) fn arguments<A: Arguments + Default>(statement: &Statement) -> Result<A, sqlx::Error>
where
    Option<i64>: for<'v> Encode<'v, A::Database> + Type<A::Database>,
    bool: for<'v> Encode<'v, A::Database> + Type<A::Database>,
    i64: for<'v> Encode<'v, A::Database> + Type<A::Database>,
    f64: for<'v> Encode<'v, A::Database> + Type<A::Database>,
    String: for<'v> Encode<'v, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    for parameter in statement.parameters() {
        let added = match parameter {
            Parameter::Null => arguments.add(None::<i64>),
            Parameter::Bool(value) => arguments.add(*value),
            Parameter::Int(value) => arguments.add(*value),
            Parameter::Float(value) => arguments.add(*value),
            Parameter::Text(value) => arguments.add(value.clone()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
