//! Why a file is not as it should be.

use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};
use wf_model::failure::{Failure, FailureKind};

/// Why a file could not be made so, or given back.
#[derive(Debug)]
pub(super) enum Problem {
    /// It was neither as it stood before nor as the step made it.
    ChangedByOthers(PathBuf),
    /// It changed while the step looked at it.
    ChangesNow(PathBuf),
    /// A directory, a device, a socket.
    NoFile(PathBuf),
    /// A link leads elsewhere than it did at the attempt before.
    LeadsElsewhere(PathBuf),
    /// Its owner cannot be kept by this user.
    Owner(PathBuf),
    /// The attempt was asked to end before it changed anything.
    Stopped,
    /// What is kept of the file cannot be kept or read.
    Kept(io::Error),
    /// Something about the file did not work.
    File(PathBuf, io::Error),
}

/// The failure of a step for a file, `path` as it is written.
pub(super) fn failure(problem: &Problem, path: &Path) -> Failure {
    let shown = |found: &Path| match found == path {
        true => format!("`{}`", path.display()),
        false => format!("`{}`, to which `{}` leads,", found.display(), path.display()),
    };
    let (message, retryable) = match problem {
        Problem::ChangedByOthers(found) => {
            (format!("{} was changed by somebody else since this step wrote it, and is left as it is", shown(found)), false)
        }
        Problem::ChangesNow(found) => (format!("{} changed while this step looked at it", shown(found)), true),
        Problem::NoFile(found) if found.is_dir() => (format!("{} is a directory", shown(found)), false),
        Problem::NoFile(found) => (format!("{} is no regular file", shown(found)), false),
        Problem::LeadsElsewhere(found) => (format!("{} was not what the attempt before found there", shown(found)), false),
        Problem::Owner(found) => (format!("{} belongs to somebody else, which this user cannot preserve", shown(found)), false),
        Problem::Stopped => ("was asked to end before it changed anything".to_owned(), false),
        Problem::Kept(error) => (format!("what stood in the file before cannot be kept: {error}"), may_get_better(error)),
        Problem::File(found, error) => (why(found, &shown(found), error), may_get_better(error)),
    };
    Failure { retryable, ..Failure::final_of(FailureKind::Engine, &message) }
}

fn why(path: &Path, shown: &str, error: &io::Error) -> String {
    let parent = path.parent().unwrap_or(path);
    match error.kind() {
        io::ErrorKind::NotFound if !parent.exists() => format!("directory `{}` is not there", parent.display()),
        io::ErrorKind::NotADirectory => format!("{shown} is beneath something that is no directory"),
        io::ErrorKind::PermissionDenied => format!("{shown} must not be changed by this user: {error}"),
        io::ErrorKind::ReadOnlyFilesystem => format!("{shown} is on a file system that takes no change"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!("the disk has no room for {shown}: {error}"),
        _ => format!("{shown} cannot be changed: {error}"),
    }
}

fn may_get_better(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::NOSPC
                | Errno::DQUOT
                | Errno::IO
                | Errno::AGAIN
                | Errno::INTR
                | Errno::BUSY
                | Errno::STALE
                | Errno::NOMEM
                | Errno::MFILE
                | Errno::NFILE
                | Errno::TXTBSY
        )
    )
}
