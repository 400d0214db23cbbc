//! Whether the database of a step can be reached.

use super::dialect::Dialect;
use super::executor::{connected, password};
use super::rows::Rows;
use super::statement::Statement;
use reqwest::Url;
use std::path::Path;
use tokio::time::timeout;
use wf_model::value::{Secret, Value};
use wf_runtime::executor::Known;
use wf_runtime::mask::Masker;
use wf_runtime::need::{Need, PATIENCE, Remedy};

/// The database that a step names, where the file tells.
pub(super) async fn database(step: Known) -> Option<Need> {
    let value = step.value("database")?;
    let url = value.exposed();
    let dialect = Dialect::of(&url)?;
    let what = place(&url, dialect);
    Some(match timeout(PATIENCE, version(&url, dialect, &step.folder)).await {
        Ok(Ok(version)) => Need::found(&what, &version),
        Ok(Err(problem)) => {
            let secrets: Vec<Value> = password(&url).into_iter().chain([Value::Secret(Secret::new(&url))]).collect();
            let problem = Masker::of_values(&secrets).text(&problem);
            // The place begins with the name already.
            let problem = problem.strip_prefix(dialect.name()).map_or(&*problem, str::trim_start);
            Need::lacking(&what, problem, Remedy::Do(remedy(dialect)))
        }
        Err(_) => Need::lacking(&what, &format!("does not answer within {}s", PATIENCE.as_secs()), Remedy::Do(remedy(dialect))),
    })
}

/// The database without user, password and options.
fn place(url: &str, dialect: Dialect) -> String {
    let name = dialect.name();
    if dialect == Dialect::Sqlite {
        let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
        return format!("{name} in `{path}`");
    }
    match Url::parse(url) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let database = url.path().trim_start_matches('/');
            let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
            format!("{name} at {host}{port}, database `{database}`")
        }
        Err(_) => name.to_owned(),
    }
}

fn remedy(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "Look at the path, which is relative to the directory that the step runs in.".to_owned(),
        Dialect::Postgres | Dialect::MySql => {
            format!("Start {} or look at the URL: its host, port, user and database.", dialect.name())
        }
    }
}

/// What the database says that it is.
async fn version(url: &str, dialect: Dialect, folder: &Path) -> Result<String, String> {
    let (mut session, _) = connected(url, dialect, folder).await.map_err(|failure| failure.message.to_string())?;
    let statement = match dialect {
        Dialect::Sqlite => "select sqlite_version()",
        Dialect::Postgres => "select current_setting('server_version')",
        Dialect::MySql => "select version()",
    };
    let mut rows = Rows::default();
    rows.begin();
    let asked = session.statement(&Statement::made(&[statement], Vec::new()), &mut rows).await;
    session.close().await;
    asked.map_err(|_| "takes connections, but does not say what it is".to_owned())?;
    let version = match rows.so_far() {
        [Value::Map(row)] => row.values().next().and_then(Value::render),
        _ => None,
    };
    Ok(version.unwrap_or_else(|| "answers".to_owned()))
}
