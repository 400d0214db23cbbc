//! What stands at a path.

use super::problem::Problem;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many links lead to a file at most, as in the kernel.
const MOST_LINKS: usize = 40;

/// The permissions in a file's mode.
const PERMISSIONS: u32 = 0o7777;

/// What stands at a path, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Nothing.
    Missing,
    /// A file.
    File {
        /// Its permissions.
        mode: u32,
        /// The BLAKE3 of its content, in hex, where that counts.
        digest: Option<String>,
    },
    /// A symbolic link.
    Link(PathBuf),
}

/// What tells whether a file changed between two looks.
pub(super) type Identity = (u64, u64, u64, i64, i64);

/// What stood at a path when it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) state: State,
    /// Whose it is: user and group.
    pub(super) owner: Option<(u32, u32)>,
    pub(super) identity: Option<Identity>,
}

/// The file that a path leads to, through symbolic links.
pub(super) fn followed(path: &Path) -> Result<PathBuf, Problem> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match metadata(&path)? {
            Some(found) if found.is_symlink() => {
                let target = path.read_link().map_err(|error| Problem::File(path.clone(), error))?;
                path = path.parent().map_or_else(|| target.clone(), |parent| parent.join(&target));
            }
            _ => return Ok(path),
        }
    }
    Err(Problem::File(path, rustix::io::Errno::LOOP.into()))
}

/// Looks at a path without following it; its content is copied to `copy` meanwhile where that is asked for.
pub(super) fn look(
    path: &Path,
    with_content: bool,
    copy: Option<&mut File>,
    stopped: &dyn Fn() -> bool,
) -> Result<Seen, Problem> {
    let Some(found) = metadata(path)? else {
        return Ok(Seen { state: State::Missing, owner: None, identity: None });
    };
    let error = |error| Problem::File(path.to_owned(), error);
    let seen = |state, found: &Metadata| Seen { state, owner: Some((found.uid(), found.gid())), identity: Some(identity(found)) };
    if found.is_symlink() {
        return Ok(seen(State::Link(path.read_link().map_err(error)?), &found));
    }
    if !found.is_file() {
        return Err(Problem::NoFile(path.to_owned()));
    }
    let mode = found.mode() & PERMISSIONS;
    if !with_content {
        return Ok(seen(State::File { mode, digest: None }, &found));
    }
    // Nothing is waited for where something else was put there meanwhile.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(error)?;
    let digest = transfer(&mut file, copy, stopped).map_err(|problem| match problem {
        Transfer::Reading(cause) => error(cause),
        Transfer::Writing(cause) => Problem::Kept(cause),
        Transfer::Stopped => Problem::Stopped,
    })?;
    if metadata(path)?.as_ref().map(identity) != Some(identity(&found)) {
        return Err(Problem::ChangesNow(path.to_owned()));
    }
    Ok(seen(State::File { mode, digest: Some(digest) }, &found))
}

/// What tells whether something else stands at a path now.
pub(super) fn identity_at(path: &Path) -> Result<Option<Identity>, Problem> {
    Ok(metadata(path)?.as_ref().map(identity))
}

/// The digest of a content.
pub(super) fn digest(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

fn metadata(path: &Path) -> Result<Option<Metadata>, Problem> {
    match path.symlink_metadata() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::File(path.to_owned(), error)),
    }
}

fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec())
}

enum Transfer {
    Reading(io::Error),
    Writing(io::Error),
    Stopped,
}

fn transfer(from: &mut File, mut copy: Option<&mut File>, stopped: &dyn Fn() -> bool) -> Result<String, Transfer> {
    let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; 1 << 16]);
    loop {
        let length = from.read(&mut block).map_err(Transfer::Reading)?;
        let read = block.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        if stopped() {
            return Err(Transfer::Stopped);
        }
        hasher.update(read);
        if let Some(copy) = copy.as_mut() {
            copy.write_all(read).map_err(Transfer::Writing)?;
        }
    }
}
