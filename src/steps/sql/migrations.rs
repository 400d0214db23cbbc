//! Migrations: files of statements that a database runs once each, in the order of their names.

use super::dialect::Dialect;
use super::rows::Rows;
use super::session::{Problem, Session};
use super::statement::{Parameter, Statement, of_text};
use super::trouble::{failed, is_busy};
use crate::process::not_started;
use std::path::Path;
use wf_model::failure::Failure;
use wf_model::value::Value;

/// Where the database notes what it ran. `checksum` is empty while a migration runs that no transaction holds together.
const TABLE: &str = "create table if not exists wfc_migrations (name varchar(255) primary key, checksum varchar(64) not null, applied varchar(40) not null)";

/// What one run at a time holds.
const LOCK: i64 = 7_722_001_991_305_513;

/// A file of statements.
#[derive(Debug)]
struct Migration {
    name: String,
    checksum: String,
    statements: Vec<Statement>,
}

/// The migrations of a folder, in their order.
#[derive(Debug)]
pub(super) struct Migrations {
    dialect: Dialect,
    /// Whether what a file says takes effect together.
    transaction: bool,
    all: Vec<Migration>,
}

impl Migrations {
    /// Reads the folder.
    ///
    /// # Errors
    /// Why nothing can run.
    pub(super) fn of(folder: &Path, dialect: Dialect, transaction: bool) -> Result<Self, Failure> {
        let unread = |error: std::io::Error| not_started(&format!("directory `{}` is not read: {error}", folder.display()));
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unread)? {
            let name = entry.map_err(unread)?.file_name();
            let name = name.into_string().map_err(|name| not_started(&format!("name {} is not UTF-8", name.display())))?;
            names.extend(Some(name).filter(|name| name.ends_with(".sql") && !name.starts_with('.')));
        }
        names.sort();
        in_order(&names)?;
        let all = names.into_iter().map(|name| Migration::read(folder, name, dialect, transaction));
        Ok(Self { dialect, transaction, all: all.collect::<Result<_, _>>()? })
    }

    /// Runs those that the database has not seen; gives their names as rows.
    pub(super) async fn done(&self, session: &mut dyn Session) -> Result<Rows, Failure> {
        self.lock(session).await?;
        self.begin(session).await?;
        self.plain(session, TABLE).await?;
        self.plain(session, "commit").await?;
        let seen = self.seen(session).await?;
        let mut rows = Rows::default();
        rows.name(["name"].into_iter());
        for migration in self.pending(&seen)? {
            if self.applied(session, migration).await? {
                rows.affected += 1;
                let row = rows.push(std::iter::once(Value::string(&migration.name)));
                row.map_err(|found| self.failed(&found.into(), ""))?;
            }
        }
        Ok(rows)
    }

    /// Waits until no other run migrates this database; the end of the connection gives the lock back.
    async fn lock(&self, session: &mut dyn Session) -> Result<(), Failure> {
        match self.dialect {
            // Each transaction is the lock.
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.plain(session, &format!("select pg_advisory_lock({LOCK})")).await,
            Dialect::MySql => self.plain(session, "select get_lock(concat('wfc_migrations ', database()), 31536000)").await,
        }
    }

    /// What the database has seen: names and checksums.
    async fn seen(&self, session: &mut dyn Session) -> Result<Vec<(String, String)>, Failure> {
        let mut rows = Rows::default();
        let statement = Statement::made(&["select name, checksum from wfc_migrations order by name"], Vec::new());
        session.statement(&statement, &mut rows).await.map_err(|problem| self.failed(&problem, ""))?;
        let text = |row: &Value, name| row.get(name).and_then(Value::render).unwrap_or_default();
        Ok(rows.so_far().iter().map(|row| (text(row, "name"), text(row, "checksum"))).collect())
    }

    /// Those that are left, where all that was seen is as it was.
    fn pending(&self, seen: &[(String, String)]) -> Result<Vec<&Migration>, Failure> {
        for (name, checksum) in seen {
            let found = self.all.iter().find(|migration| migration.name == *name);
            let Some(found) = found else {
                return Err(not_started(&format!(
                    "migration `{name}` was applied and is not there any more: give the file back"
                )));
            };
            if checksum.is_empty() {
                return Err(not_started(&format!(
                    "migration `{name}` began and did not end: see what it left, then remove its row of `wfc_migrations` to run \
                     it again"
                )));
            }
            if found.checksum != *checksum {
                return Err(not_started(&format!(
                    "migration `{name}` was applied and has changed since: give it back as it was, and say what is new in a \
                     further file"
                )));
            }
        }
        let is_new = |migration: &&Migration| seen.iter().all(|(name, _)| *name != migration.name);
        Ok(self.all.iter().filter(is_new).collect())
    }

    /// Runs one; false where another run was first.
    async fn applied(&self, session: &mut dyn Session, migration: &Migration) -> Result<bool, Failure> {
        if !self.is_whole() {
            self.note(session, migration, "").await?;
            self.statements(session, migration).await?;
            let parameters = [Parameter::Text(migration.checksum.clone()), Parameter::Text(migration.name.clone())];
            let texts = ["update wfc_migrations set checksum = ", " where name = "];
            self.asked(session, Statement::made(&texts, parameters.into())).await?;
            return Ok(true);
        }
        self.begin(session).await?;
        let outcome = self.inside(session, migration).await;
        match outcome {
            Ok(applied) => self.plain(session, "commit").await.map(|()| applied),
            Err(failure) => {
                // The end of the connection does the same.
                let _ = self.plain(session, "rollback").await;
                Err(failure)
            }
        }
    }

    /// Whether a transaction holds a migration together: MySQL commits at each change of a table's form.
    fn is_whole(&self) -> bool {
        self.transaction && self.dialect != Dialect::MySql
    }

    async fn begin(&self, session: &mut dyn Session) -> Result<(), Failure> {
        if self.dialect != Dialect::Sqlite {
            return self.plain(session, "begin").await;
        }
        loop {
            match session.script("begin immediate".to_owned()).await {
                // Another run migrates: its end is waited for, as with the locks of the others.
                Err(problem) if is_busy(&problem) => {}
                done => return done.map_err(|problem| self.failed(&problem, "")),
            }
        }
    }

    async fn inside(&self, session: &mut dyn Session, migration: &Migration) -> Result<bool, Failure> {
        if self.dialect == Dialect::Sqlite && self.seen(session).await?.iter().any(|(name, _)| *name == migration.name) {
            return Ok(false);
        }
        self.statements(session, migration).await?;
        self.note(session, migration, &migration.checksum).await.map(|()| true)
    }

    async fn statements(&self, session: &mut dyn Session, migration: &Migration) -> Result<(), Failure> {
        for statement in &migration.statements {
            let place = format!(" line {} of migration `{}`", statement.line, migration.name);
            let done = session.script(statement.text(|_| String::new())).await;
            done.map_err(|problem| self.failed(&problem, &place))?;
        }
        Ok(())
    }

    async fn note(&self, session: &mut dyn Session, migration: &Migration, checksum: &str) -> Result<(), Failure> {
        let now = jiff::Timestamp::now().to_string();
        let parameters = [&migration.name, checksum, &now].map(|text| Parameter::Text(text.to_owned()));
        let texts = ["insert into wfc_migrations (name, checksum, applied) values (", ", ", ", ", ")"];
        self.asked(session, Statement::made(&texts, parameters.into())).await
    }

    async fn asked(&self, session: &mut dyn Session, statement: Statement) -> Result<(), Failure> {
        let done = session.statement(&statement, &mut Rows::default()).await;
        done.map(drop).map_err(|problem| self.failed(&problem, " the note of a migration"))
    }

    async fn plain(&self, session: &mut dyn Session, text: &str) -> Result<(), Failure> {
        session.script(text.to_owned()).await.map_err(|problem| self.failed(&problem, ""))
    }

    fn failed(&self, problem: &Problem, place: &str) -> Failure {
        failed(problem, self.dialect, place)
    }
}

impl Migration {
    fn read(folder: &Path, name: String, dialect: Dialect, transaction: bool) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(folder.join(&name));
        let text = text.map_err(|error| not_started(&format!("migration `{name}` is not read: {error}")))?;
        let statements = of_text(&text, dialect)?;
        let word = statements.iter().find_map(|statement| Some((statement.transaction_word()?, statement.line)));
        if let Some((word, line)) = word.filter(|_| transaction) {
            return Err(not_started(&format!(
                "line {line} of migration `{name}` says `{word}`, but each migration is a transaction itself: leave it out, or \
                 add `transaction: false`"
            )));
        }
        if name.len() > 255 {
            return Err(not_started(&format!("name of migration `{name}` is longer than 255 bytes")));
        }
        Ok(Self { checksum: blake3::hash(text.as_bytes()).to_hex().to_string(), name, statements })
    }
}

/// Numbers at the beginnings of names grow with the names.
fn in_order(names: &[String]) -> Result<(), Failure> {
    let number = |name: &str| {
        let end = name.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(name.len());
        name.get(..end)?.parse::<u128>().ok()
    };
    let mut pairs = names.iter().zip(names.iter().skip(1));
    match pairs.find(|(one, next)| number(one) > number(next) && number(next).is_some()) {
        Some((one, next)) => Err(not_started(&format!(
            "migration `{one}` would run before `{next}`, as their names are sorted: give all numbers the same number of digits"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn numbers_have_to_grow_with_names() {
        let ordered = |names: &[&str]| in_order(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).is_ok();
        assert!(ordered(&["001_a.sql", "002_b.sql", "010_c.sql"]));
        assert!(ordered(&["a.sql", "b.sql"]) && ordered(&["20260101_a.sql", "20260102_a.sql", "last.sql"]));
        assert!(!ordered(&["10_b.sql", "2_a.sql"]));
    }
}
