//! A connection to a database, whatever its sort.

use super::rows::{Rows, TooLarge};
use super::statement::Statement;
use futures_util::future::BoxFuture;

/// A connection that runs statements one after the other.
pub(super) trait Session: Send {
    /// Runs one statement; gives how many rows the database says it touched.
    fn execute<'a>(&'a mut self, statement: &'a Statement, rows: &'a mut Rows) -> BoxFuture<'a, Result<u64, Problem>>;

    /// Runs what a program file says, statements and all, without a value.
    fn script(&mut self, text: String) -> BoxFuture<'_, Result<(), Problem>>;

    /// Says goodbye.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
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
