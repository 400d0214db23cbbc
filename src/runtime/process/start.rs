//! Starting a process.

use super::Program;
use super::child::{Child, Prepared};
use super::environment::Environment;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use wf_model::failure::{Failure, FailureKind};

/// Where programs are looked for when the environment does not say.
pub const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The name of the variable by which descendants are known.
const MARK: &str = "WF_PROCESS";

/// Starts the program as the leader of a new group; returns it with the variable (`NAME=value`) that marks its descendants.
pub(super) fn start(program: &Program) -> Result<(Child, String), Failure> {
    let mark = mark();
    let child = child(program, &mark).map_err(|error| failure(program, &error))?;
    Ok((child.ok_or_else(|| missing(program))?, format!("{MARK}={mark}")))
}

fn child(program: &Program, mark: &str) -> io::Result<Option<Child>> {
    let own = program.environment.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
    let own = Environment::new(own.chain([(OsStr::new(MARK), OsStr::new(mark))]))?;
    let Some(file) = find(program) else { return Ok(None) };
    let text = |text: &OsStr| CString::new(text.as_bytes());
    let words = std::iter::once(&program.name).chain(&program.arguments);
    let prepared = Prepared {
        file: text(file.as_os_str())?,
        arguments: words.map(|word| text(word)).collect::<Result<_, _>>()?,
        environment: program.inherited.with(&own).collect(),
        folder: text(program.folder.as_os_str())?,
        reads: program.input.is_some(),
    };
    Child::start(&prepared).map(Some)
}

/// A text that no other process on this machine is marked with.
fn mark() -> String {
    static ALL: LazyLock<String> = LazyLock::new(|| uuid::Uuid::new_v4().simple().to_string());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", *ALL, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The file of a program: a name without `/` stands on the `PATH` that it is given, others are seen from its folder.
fn find(program: &Program) -> Option<PathBuf> {
    if program.name.is_empty() {
        return None;
    }
    if program.name.as_bytes().contains(&b'/') {
        return Some(program.folder.join(&program.name));
    }
    let given = program.environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let folders = given.or_else(|| program.inherited.get("PATH")).unwrap_or(OsStr::new(DEFAULT_PATH));
    let folders = std::env::split_paths(folders);
    let candidates: Vec<PathBuf> = folders.map(|folder| program.folder.join(folder).join(&program.name)).collect();
    let runs = |path: &&PathBuf| path.is_file() && access(path.as_path(), Access::EXEC_OK).is_ok();
    // One that is there but does not run says more than none.
    candidates.iter().find(runs).or_else(|| candidates.iter().find(|path| path.is_file())).cloned()
}

fn missing(program: &Program) -> Failure {
    spawn_failure(format!("program `{}` is not on the `PATH`", shown(&program.name)), false)
}

fn spawn_failure(message: String, retryable: bool) -> Failure {
    Failure { retryable, ..Failure::final_of(FailureKind::Spawn, &message) }
}

/// Says why a program could not be started, in words that name what to mend.
fn failure(program: &Program, error: &io::Error) -> Failure {
    let name = shown(&program.name);
    let (message, retryable) = match Errno::from_io_error(error) {
        Some(Errno::TXTBSY) => (format!("program `{name}` is being written"), true),
        Some(Errno::AGAIN) => ("the system allows no more processes".to_owned(), true),
        Some(Errno::NOMEM) => ("the system has no memory for another process".to_owned(), true),
        Some(Errno::MFILE | Errno::NFILE) => ("the system allows no more open files".to_owned(), true),
        Some(Errno::TOOBIG) => {
            let advice = "pass large values through a file or `stdin`";
            (format!("arguments and environment of `{name}` are larger than the system takes; {advice}"), false)
        }
        Some(Errno::NOEXEC) => (format!("file `{name}` is no program: a script begins with `#!` and its interpreter"), false),
        Some(Errno::NOENT | Errno::NOTDIR) => (absent(program), false),
        Some(Errno::ACCESS | Errno::PERM) => (denied(program), false),
        _ if error.kind() == io::ErrorKind::InvalidInput => {
            (format!("an argument or a variable of `{name}` holds a NUL character"), false)
        }
        _ => (format!("program `{name}` does not start: {error}"), false),
    };
    spawn_failure(message, retryable)
}

fn absent(program: &Program) -> String {
    let name = shown(&program.name);
    if !program.folder.exists() {
        format!("directory `{}` is not there", program.folder.display())
    } else if !program.folder.is_dir() {
        format!("`{}` is not a directory", program.folder.display())
    } else if program.folder.join(&program.name).exists() {
        format!("the interpreter that the first line of `{name}` names is not there")
    } else {
        format!("program `{name}` is not there")
    }
}

fn denied(program: &Program) -> String {
    let name = shown(&program.name);
    if access(&*program.folder, Access::EXEC_OK).is_err() {
        format!("directory `{}` must not be entered by this user", program.folder.display())
    } else if find(program).is_some_and(|path| path.is_dir()) {
        format!("`{name}` is a directory, not a program")
    } else {
        format!("program `{name}` must not be run by this user")
    }
}

fn shown(name: &OsString) -> String {
    Path::new(name).display().to_string()
}
