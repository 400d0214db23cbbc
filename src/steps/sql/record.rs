//! The record of a step in the database that it changes, by which its statements take effect once however often it is tried.

use super::dialect::Dialect;
use super::rows::Rows;
use super::session::{Problem, Session};
use super::statement::{Parameter, Statement};

/// The key of a step in its run, under which the database keeps that it was done and what it gave.
#[derive(Debug)]
pub(super) struct Record {
    key: String,
}

impl Record {
    /// That of a step.
    pub(super) fn new(key: &str) -> Self {
        Self { key: key.to_owned() }
    }

    /// Makes the table of all records where there is none. MySQL ends a transaction by that, so it comes before.
    pub(super) async fn prepare(&self, session: &mut dyn Session, dialect: Dialect) -> Result<(), Problem> {
        let text = if dialect == Dialect::MySql { "longtext" } else { "text" };
        let table = format!(
            "create table if not exists wfc_steps (step varchar(200) primary key, result {text} not null, done varchar(40) not null)"
        );
        match session.script(table.clone()).await {
            // Two of PostgreSQL that make it at the same time can be in each other's way; by now it is there.
            Err(_) => session.script(table).await,
            made => made,
        }
    }

    /// Says in the transaction that the step is done; false where another attempt did it. One that still runs is waited for.
    pub(super) async fn claim(&self, session: &mut dyn Session) -> Result<bool, Problem> {
        let parameters = vec![self.key(), Parameter::Text(jiff::Timestamp::now().to_string())];
        let texts = ["insert into wfc_steps (step, result, done) values (", ", '', ", ")"];
        match session.statement(&Statement::made(&texts, parameters), &mut Rows::default()).await {
            Ok(_) => Ok(true),
            Err(Problem::Database(sqlx::Error::Database(found))) if found.is_unique_violation() => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    /// Keeps what the step gave, in the same transaction.
    pub(super) async fn keep(&self, session: &mut dyn Session, rows: &Rows) -> Result<(), Problem> {
        let texts = ["update wfc_steps set result = ", " where step = "];
        let statement = Statement::made(&texts, vec![Parameter::Text(rows.told()), self.key()]);
        session.statement(&statement, &mut Rows::default()).await.map(drop)
    }

    /// What the attempt gave that did it.
    pub(super) async fn kept(&self, session: &mut dyn Session) -> Result<Rows, Problem> {
        let mut found = Rows::default();
        let statement = Statement::made(&["select result from wfc_steps where step = "], vec![self.key()]);
        session.statement(&statement, &mut found).await?;
        let text = found.so_far().first().and_then(|row| row.get("result")?.render()).unwrap_or_default();
        Rows::of_told(&text).ok_or_else(|| Problem::Value("record of the step in `wfc_steps` is not read".to_owned()))
    }

    fn key(&self) -> Parameter {
        Parameter::Text(self.key.clone())
    }
}
