//! What step kinds need of a machine beside `wfc` itself, and whether it is there.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// How long anybody is waited for who may not be there.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Something that a kind needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    /// What it is, such as `python3` or `PostgreSQL at localhost:5432`; never holds a secret.
    pub what: String,
    /// What was found, such as a version and a path.
    pub found: Result<String, Lack>,
}

/// Why something that is needed cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lack {
    /// One fact, lower case, without a full stop; never holds a secret.
    pub problem: String,
    /// What mends it.
    pub remedy: Remedy,
}

/// What mends what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// This program, by its name on the `PATH`, has to be installed.
    Install(&'static str),
    /// A sentence that says what to do.
    Do(String),
}

impl Need {
    /// Something that is there.
    #[must_use]
    pub fn found(what: &str, found: &str) -> Self {
        Self { what: what.to_owned(), found: Ok(found.to_owned()) }
    }

    /// Something that cannot be used.
    #[must_use]
    pub fn lacking(what: &str, problem: &str, remedy: Remedy) -> Self {
        Self { what: what.to_owned(), found: Err(Lack { problem: problem.to_owned(), remedy }) }
    }
}

/// Looks for a program on the `PATH` of this process and asks it for its version.
pub async fn program(name: &'static str) -> Need {
    let Some(path) = on_path(name) else {
        return Need::lacking(name, "is not on the `PATH`", Remedy::Install(name));
    };
    match version(&path).await {
        Some(version) => Need::found(name, &format!("{version} ({})", path.display())),
        None => Need::found(name, &path.display().to_string()),
    }
}

/// Where a program is that the `PATH` of this process leads to.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| crate::process::DEFAULT_PATH.into());
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}

/// The first line that a program writes when it is asked for its version.
async fn version(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next().filter(|line| output.status.success() && !line.is_empty())?;
    Some(line.to_owned())
}
