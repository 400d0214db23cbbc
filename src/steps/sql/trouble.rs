//! What a database says went wrong, in words that say what to do.

use super::dialect::Dialect;
use super::session::Problem;
use crate::text::one_line;
use crate::web::trouble::distrusted;
use sqlx::Error;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use wf_model::failure::{Failure, FailureKind};

/// Numbers of MySQL for what another attempt can mend: waits for locks, deadlocks, too many connections, shutdown.
const PASSING_OF_MYSQL: [u16; 8] = [1040, 1053, 1158, 1159, 1160, 1161, 1205, 1213];

/// The failure of a step that has no connection.
pub(super) fn unconnected(error: &Error, dialect: Dialect) -> Failure {
    let name = dialect.name();
    let (message, retryable) = match error {
        Error::Configuration(_) => (format!("`database` is not read as a URL of {name}"), false),
        Error::Database(found) if dialect == Dialect::Sqlite && found.code().is_some_and(|code| code == "14") => (
            "the database file cannot be opened: see whether it is there and this user may write it, or add `?mode=rwc` to the URL, \
             which creates it"
                .to_owned(),
            false,
        ),
        Error::Database(found) => (format!("{name} takes no connection: {}", told(&**found)), is_passing(&**found, dialect)),
        Error::Io(found) => match distrusted(found, name, dialect.authority()) {
            Some(message) => (message, false),
            None => (format!("{name} is not reached: {found}"), true),
        },
        Error::Tls(found) => (format!("TLS with {name} fails: {found}"), false),
        other => (format!("{name} is not reached: {other}"), true),
    };
    Failure { retryable, ..Failure::final_of(FailureKind::Spawn, &message) }
}

/// The failure of a step whose statement gave nothing; `place` says which it was, where there are several.
pub(super) fn failed(problem: &Problem, dialect: Dialect, place: &str) -> Failure {
    let name = dialect.name();
    match problem {
        Problem::TooLarge => {
            let message = format!("rows{place} take more than 64MB, which a result holds at most: ask for fewer by `limit`");
            Failure::final_of(FailureKind::Decode, &message)
        }
        Problem::Value(message) => Failure::final_of(FailureKind::Decode, message),
        Problem::Database(Error::Database(found)) => {
            let message = format!("{name} refuses{place}: {}", told(&**found));
            Failure { retryable: is_passing(&**found, dialect), ..Failure::final_of(FailureKind::Exit, &message) }
        }
        Problem::Database(Error::Io(found)) => {
            let message = format!("connection to {name} broke{place}: {found}");
            Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, &message) }
        }
        Problem::Database(other) => Failure::final_of(FailureKind::Exit, &format!("{name} fails{place}: {other}")),
    }
}

/// Whether somebody else holds the database.
pub(super) fn is_busy(problem: &Problem) -> bool {
    matches!(problem, Problem::Database(Error::Database(found)) if is_passing(&**found, Dialect::Sqlite))
}

/// The message of a database in one line, with its code.
fn told(error: &dyn DatabaseError) -> String {
    let message = one_line(error.message());
    let detail = error.try_downcast_ref::<PgDatabaseError>().map(of_postgres).unwrap_or_default();
    let code = match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => Some(error.number().to_string()),
        None => error.code().map(|code| code.to_string()),
    };
    let code = code.map(|code| format!(" (code {code}{})", sort(error.kind()))).unwrap_or_default();
    format!("{message}{code}{detail}")
}

fn of_postgres(error: &PgDatabaseError) -> String {
    let position = match error.position() {
        Some(PgErrorPosition::Original(position)) => format!(", at character {position} of the statement"),
        Some(PgErrorPosition::Internal { .. }) | None => String::new(),
    };
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{position}{hint}")
}

fn sort(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UniqueViolation => ", not unique",
        ErrorKind::ForeignKeyViolation => ", foreign key",
        ErrorKind::NotNullViolation => ", null",
        ErrorKind::CheckViolation => ", check",
        _ => "",
    }
}

/// Whether another attempt can get better.
fn is_passing(error: &dyn DatabaseError, dialect: Dialect) -> bool {
    let code = error.code().unwrap_or_default();
    match dialect {
        // The lower byte is the primary code: busy, locked.
        Dialect::Sqlite => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
        // Serialization and deadlock, connections, resources, what an operator does.
        Dialect::Postgres => {
            ["40", "08", "53", "57P"].iter().any(|class| code.starts_with(class)) || matches!(&*code, "55P03" | "55006")
        }
        Dialect::MySql => {
            error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| PASSING_OF_MYSQL.contains(&error.number()))
        }
    }
}
