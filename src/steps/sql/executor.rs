//! Runs `sql` steps.

use super::certificates::located;
use super::dialect::Dialect;
use super::need::database;
use super::rows::Rows;
use super::session::{Interrupt, Session};
use super::trouble::unconnected;
use super::work::Work;
use super::{mysql, postgres, sqlite};
use crate::process::{folder, not_started};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Url;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::Kind;
use wf_model::value::{Secret, Value};
use wf_runtime::executor::{Attempt, Ended, Executor, Known, Stop};
use wf_runtime::mask::Masker;
use wf_runtime::need::Need;

/// How long a connection may take to stand.
const CONNECTING: Duration = Duration::from_secs(30);

/// How long a database may take to end what it was asked to end.
const ENDING: Duration = Duration::from_secs(3);

/// Runs `sql` steps.
#[derive(Clone, Copy, Debug)]
pub struct Sql;

impl Executor for Sql {
    fn kind(&self) -> Kind {
        super::kind()
    }

    fn execute(&self, attempt: Attempt) -> BoxFuture<'static, Ended> {
        async move {
            let url = attempt.call.value("database").map(Value::exposed).unwrap_or_default();
            let masker = Masker::of_values(&attempt.secrets);
            match perform(&attempt, &url).await.and_then(|rows| rows.result(attempt.call.decode.as_ref(), &masker)) {
                Ok((result, decoded)) => Ended { outcome: Ok(result), decoded, leaked: false },
                Err(failure) => {
                    // Rows stay what they are where a password is also a word of them.
                    let secrets: Vec<Value> = attempt.secrets.iter().cloned().chain(password(&url)).collect();
                    let failure = Masker::of_values(&secrets).failure(failure);
                    Ended { outcome: Err(failure), decoded: None, leaked: false }
                }
            }
        }
        .boxed()
    }

    fn needs_by(&self) -> &'static [&'static str] {
        &["database"]
    }

    fn needs(&self, step: Option<Known>) -> BoxFuture<'static, Vec<Need>> {
        async move {
            match step {
                Some(step) => database(step).await.into_iter().collect(),
                None => Vec::new(),
            }
        }
        .boxed()
    }
}

/// The password of a URL, as it is written there and as it is.
pub(super) fn password(url: &str) -> Vec<Value> {
    let Ok(url) = Url::parse(url) else { return Vec::new() };
    let Some(written) = url.password().filter(|password| !password.is_empty()) else { return Vec::new() };
    let plain = percent_encoding::percent_decode_str(written).decode_utf8_lossy();
    [written, &plain].map(|text| Value::Secret(Secret::new(text))).into()
}

async fn perform(attempt: &Attempt, url: &str) -> Result<Rows, Failure> {
    let dialect = Dialect::of(url).ok_or_else(|| not_started("`database` is no URL of `sqlite:`, `postgres:` or `mysql:`"))?;
    let key = attempt.variable("WF_KEY");
    let folder = folder(&attempt.call, &attempt.folder);
    let work = Work::of(&attempt.call, dialect, &folder, key)?;
    let mut stop = attempt.stop.clone();
    let (session, interrupt) = tokio::select! {
        connected = connected(url, dialect, &folder) => connected?,
        Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => return Err(ended()),
    };
    let mut doing = done(&work, session).boxed();
    tokio::select! {
        rows = &mut doing => return rows,
        Ok(_) = stop.wait_for(|stop| *stop != Stop::No) => {}
    }
    let _ = timeout(ENDING, interrupt.interrupt()).await;
    // What was committed before the database heard of it has happened.
    match timeout(ENDING, doing).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(_)) | Err(_) => Err(ended()),
    }
}

async fn done(work: &Work, mut session: Box<dyn Session>) -> Result<Rows, Failure> {
    let rows = work.done(&mut *session).await;
    session.close().await;
    rows
}

type Connected = (Box<dyn Session>, Box<dyn Interrupt>);

pub(super) async fn connected(url: &str, dialect: Dialect, folder: &Path) -> Result<Connected, Failure> {
    let located = located(url, folder)?;
    let connecting = async {
        match dialect {
            Dialect::Sqlite => sqlite::connect(url, folder).await,
            Dialect::Postgres => postgres::connect(&located).await,
            Dialect::MySql => mysql::connect(&located).await,
        }
    };
    match timeout(CONNECTING, connecting).await {
        Ok(connected) => connected.map_err(|error| unconnected(&error, dialect)),
        Err(_) => {
            let message = format!("{} does not answer within 30s", dialect.name());
            Err(Failure { retryable: true, ..Failure::final_of(FailureKind::Spawn, &message) })
        }
    }
}

fn ended() -> Failure {
    Failure::final_of(FailureKind::Signal, "was ended before the database was done")
}
