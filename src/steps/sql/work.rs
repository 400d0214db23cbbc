//! From the attributes of a step to the rows, in one transaction or none.

use super::dialect::Dialect;
use super::migrations::Migrations;
use super::record::Record;
use super::rows::Rows;
use super::session::{Problem, Session};
use super::statement::{Statement, of_call};
use super::trouble::failed;
use crate::process::not_started;
use std::path::Path;
use wf_model::failure::Failure;
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::value::Value;

/// What a step asks of a database.
#[derive(Debug)]
pub(super) struct Work {
    dialect: Dialect,
    statements: Vec<Statement>,
    /// Instead of statements.
    migrations: Option<Migrations>,
    /// Whether all of it takes effect together.
    transaction: bool,
    /// By which it takes effect once.
    record: Option<Record>,
}

impl Work {
    /// Reads the attributes.
    ///
    /// # Errors
    /// Why nothing can be asked.
    pub(super) fn of(call: &Call, dialect: Dialect, folder: &Path, key: &str) -> Result<Self, Failure> {
        let transaction = call.value("transaction") != Some(&Value::Bool(false));
        if let Some(path) = call.value("migrations").and_then(Value::render) {
            let migrations = Migrations::of(&folder.join(path), dialect, transaction)?;
            return Ok(Self { dialect, statements: Vec::new(), migrations: Some(migrations), transaction, record: None });
        }
        let record = (call.value("once") == Some(&Value::Bool(true))).then(|| Record::new(key));
        if record.is_some() && !transaction {
            return Err(not_started("`once` keeps its record in the transaction of the step: leave out `transaction: false`"));
        }
        if record.is_some() && call.decode.as_ref().is_some_and(Type::holds_secret) {
            return Err(not_started("`once` keeps what the step gives in the database, which must not keep a secret"));
        }
        let statements = of_call(call, dialect)?;
        let word = statements.iter().find_map(|statement| Some((statement.transaction_word()?, statement.line)));
        match word.filter(|_| transaction) {
            Some((word, line)) => Err(not_started(&format!(
                "line {line} of the query says `{word}`, but the step is a transaction itself: leave it out, or add \
                 `transaction: false`"
            ))),
            None => Ok(Self { dialect, statements, migrations: None, transaction, record }),
        }
    }

    /// Does it; what fails leaves nothing where there is a transaction.
    pub(super) async fn done(&self, session: &mut dyn Session) -> Result<Rows, Failure> {
        if let Some(migrations) = &self.migrations {
            return migrations.done(session).await;
        }
        let mut rows = Rows::default();
        if let Some(record) = &self.record {
            return self.once(session, record).await;
        }
        let outcome = match self.transaction {
            false => self.statements(session, &mut rows).await,
            true => self.together(session, &mut rows).await,
        };
        outcome.map(|()| rows)
    }

    async fn together(&self, session: &mut dyn Session, rows: &mut Rows) -> Result<(), Failure> {
        self.plain(session, self.begin()).await?;
        let outcome = match self.statements(session, rows).await {
            Ok(()) => self.plain(session, "commit").await,
            failed => failed,
        };
        if outcome.is_err() {
            // The end of the connection does the same.
            let _ = self.plain(session, "rollback").await;
        }
        outcome
    }

    /// As [`Self::together`], unless an attempt before did it.
    async fn once(&self, session: &mut dyn Session, record: &Record) -> Result<Rows, Failure> {
        let trouble = |problem| failed(&problem, self.dialect, " the record of the step");
        record.prepare(session, self.dialect).await.map_err(trouble)?;
        self.plain(session, self.begin()).await?;
        if !record.claim(session).await.map_err(trouble)? {
            self.plain(session, "rollback").await?;
            return record.kept(session).await.map_err(trouble);
        }
        let mut rows = Rows::default();
        // The end of the connection rolls back what fails.
        self.statements(session, &mut rows).await?;
        record.keep(session, &rows).await.map_err(trouble)?;
        self.plain(session, "commit").await.map(|()| rows)
    }

    /// What begins the transaction. One of SQLite that writes says so at once, so that it waits for others rather than fail later.
    fn begin(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite if self.record.is_some() || !self.statements.iter().all(Statement::only_reads) => "begin immediate",
            Dialect::Sqlite | Dialect::Postgres => "begin",
            Dialect::MySql => "start transaction",
        }
    }

    async fn plain(&self, session: &mut dyn Session, text: &str) -> Result<(), Failure> {
        let done = session.script(text.to_owned()).await;
        done.map_err(|problem| failed(&problem, self.dialect, &format!(" `{text}`")))
    }

    async fn statements(&self, session: &mut dyn Session, rows: &mut Rows) -> Result<(), Failure> {
        for statement in &self.statements {
            rows.begin();
            let touched = session.statement(statement, rows).await;
            let touched = touched.map_err(|problem| self.failed(&problem, statement))?;
            if statement.changes_rows() {
                rows.affected += touched;
            }
        }
        Ok(())
    }

    fn failed(&self, problem: &Problem, statement: &Statement) -> Failure {
        let place = match self.statements.len() {
            1 => " the statement".to_owned(),
            _ => format!(" the statement in line {} of the query", statement.line),
        };
        failed(problem, self.dialect, &place)
    }
}
