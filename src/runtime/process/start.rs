//! Starting a process.

use super::Program;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::{Child, Command};
use wf_model::failure::{Failure, FailureKind};

/// Where programs are looked for when the environment does not say.
pub const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The name of the variable by which descendants are known.
const MARK: &str = "WF_PROCESS";

/// Starts the program as the leader of a new group; returns it with the variable (`NAME=value`) that marks its descendants.
///
/// The program is looked for here: with another `PATH` the standard library would copy the whole process to start one.
pub(super) fn start(program: &Program) -> Result<(Child, String), Failure> {
    let path = find(program).ok_or_else(|| missing(program))?;
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let mut command = Command::new(path);
    command.arg0(&program.name).args(&program.arguments).current_dir(&program.folder);
    command.env_clear().envs(variables(program)).env(MARK, &mark);
    command.stdin(if program.input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(|error| failure(program, &error))?;
    Ok((child, format!("{MARK}={mark}")))
}

/// All variables that a program gets, the later of two with one name counts.
fn variables(program: &Program) -> impl DoubleEndedIterator<Item = (&OsString, &OsString)> {
    program.inherited.iter().chain(&program.environment).map(|(name, value)| (name, value))
}

/// The file of a program: a name without `/` stands on the `PATH` that it is given, others are seen from its folder.
fn find(program: &Program) -> Option<PathBuf> {
    if program.name.is_empty() {
        return None;
    }
    if program.name.as_bytes().contains(&b'/') {
        return Some(program.folder.join(&program.name));
    }
    let given = variables(program).rev().find(|(name, _)| *name == "PATH").map(|(_, value)| value.as_os_str());
    let folders = std::env::split_paths(given.unwrap_or(OsStr::new(DEFAULT_PATH)));
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
