//! Contents of outputs, under their hashes: how they are kept and restored.

use super::files::{hash_file, is_beneath};
use super::{beside, make_folder};
use rustix::fs::{AtFlags, Mode, OFlags, fchmod, mkdirat, openat, readlinkat, renameat, statat, symlinkat, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

/// An output that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Relative to the folder of its step.
    path: String,
    content: Content,
}

impl Kept {
    /// What its content is kept under; nothing where it is a link.
    pub(super) fn hash(&self) -> Option<&str> {
        match &self.content {
            Content::File { hash, .. } => Some(hash),
            Content::Link(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Content {
    /// A file, by its hash and its permissions.
    File { hash: String, mode: u32 },
    /// A link and what it says.
    Link(String),
}

/// What came of restoring outputs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Restored {
    /// All are there; so many were not.
    All(u64),
    /// The content of one is not kept any more.
    Lost,
}

/// The folder of contents.
pub(super) struct Blobs {
    pub(super) folder: PathBuf,
}

impl Blobs {
    pub(super) fn path(&self, hash: &str) -> PathBuf {
        let (first, rest) = hash.split_at_checked(2).unwrap_or((hash, ""));
        self.folder.join(first).join(rest)
    }

    /// Keeps outputs of a folder.
    pub(super) fn keep_all(&self, folder: &Path, paths: &BTreeSet<String>) -> Result<Vec<Kept>, String> {
        let root = open_root(folder).map_err(|error| format!("its folder cannot be opened: {error}"))?;
        let keep = |path: &String| {
            let content = self.keep(&root, path).map_err(|error| match error.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::LOOP | Errno::NOTDIR) => format!("output `{path}` stands behind a link"),
                _ => format!("output `{path}` cannot be kept: {error}"),
            })?;
            Ok(Kept { path: path.clone(), content })
        };
        paths.iter().map(keep).collect()
    }

    fn keep(&self, root: &OwnedFd, path: &str) -> io::Result<Content> {
        let (parent, name) = walk(root, path, false)?;
        if let Some(text) = link(&parent, name) {
            return Ok(Content::Link(text?));
        }
        let mut file = open(&parent, name)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        Ok(Content::File { hash: self.copy_in(&mut file)?, mode: metadata.mode() & 0o777 })
    }

    /// Takes a content in; gives its hash.
    fn copy_in(&self, from: &mut File) -> io::Result<String> {
        make_folder(&self.folder)?;
        let new = beside(&self.folder.join("new"));
        let to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let hash = copy(from, to);
        let kept = hash.and_then(|hash| {
            let path = self.path(&hash);
            make_folder(path.parent().unwrap_or(&self.folder))?;
            std::fs::rename(&new, path)?;
            Ok(hash)
        });
        if kept.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        kept
    }

    /// Makes outputs be there as they were kept, beneath a folder and through no links.
    pub(super) fn restore(&self, folder: &Path, outputs: &[Kept]) -> Result<Restored, String> {
        let root = open_root(folder).map_err(|error| format!("its folder cannot be opened: {error}"))?;
        let mut restored = 0;
        for output in outputs {
            let failed = |error: io::Error| format!("output `{}` cannot be restored: {error}", output.path);
            if !is_beneath(Path::new(&output.path)) {
                return Ok(Restored::Lost);
            }
            let (parent, name) = walk(&root, &output.path, true).map_err(failed)?;
            if is_as_kept(&parent, name, &output.content) {
                continue;
            }
            if !self.put(&parent, name, &output.content).map_err(failed)? {
                return Ok(Restored::Lost);
            }
            restored += 1;
        }
        Ok(Restored::All(restored))
    }

    /// Puts a content in its place; whether it is still kept.
    fn put(&self, parent: &OwnedFd, name: &OsStr, content: &Content) -> io::Result<bool> {
        let new = format!(".wfc-{:016x}", fastrand::u64(..));
        let made = match content {
            Content::Link(text) => symlinkat(text.as_str(), parent, &new).map(|()| true).map_err(io::Error::from),
            Content::File { hash, mode } => self.copy_out(parent, &new, hash, *mode),
        };
        let put = match made {
            Ok(true) => renameat(parent, &new, parent, name).map(|()| true).map_err(io::Error::from),
            other => other,
        };
        if !matches!(put, Ok(true)) {
            let _ = unlinkat(parent, &new, AtFlags::empty());
        }
        put
    }

    fn copy_out(&self, parent: &OwnedFd, new: &str, hash: &str, mode: u32) -> io::Result<bool> {
        let Ok(mut blob) = File::open(self.path(hash)) else { return Ok(false) };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(parent, new, flags, Mode::RUSR | Mode::WUSR)?);
        if copy(&mut blob, file.try_clone()?)? != hash {
            // It would be taken for kept for ever.
            let _ = std::fs::remove_file(self.path(hash));
            return Ok(false);
        }
        fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(true)
    }
}

/// Copies a content; gives its hash.
fn copy(from: &mut File, mut to: File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut block)?;
        let read = block.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(read);
        to.write_all(read)?;
    }
}

fn open_root(folder: &Path) -> io::Result<OwnedFd> {
    Ok(File::open(folder)?.into())
}

/// Goes to the folder that a path stands in, through no links; gives it and the last name.
fn walk<'a>(root: &OwnedFd, path: &'a str, make: bool) -> io::Result<(OwnedFd, &'a OsStr)> {
    let names = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let names: Vec<&OsStr> = names.collect();
    let Some((name, folders)) = names.split_last() else { return Err(io::Error::other("it has no name")) };
    let mut at = root.try_clone()?;
    for folder in folders {
        if make {
            match mkdirat(&at, *folder, Mode::RWXU | Mode::RWXG | Mode::RWXO) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        at = openat(&at, *folder, flags, Mode::empty())?;
    }
    Ok((at, name))
}

fn open(parent: &OwnedFd, name: &OsStr) -> io::Result<File> {
    // What is no file must not block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?.into())
}

/// What a link says; nothing where there is none.
fn link(parent: &OwnedFd, name: &OsStr) -> Option<io::Result<String>> {
    let text = readlinkat(parent, name, Vec::new()).ok()?;
    let text = OsStr::from_bytes(text.as_bytes()).to_str().map(str::to_owned);
    Some(text.ok_or_else(|| io::Error::other("its text is not UTF-8")))
}

fn is_as_kept(parent: &OwnedFd, name: &OsStr, content: &Content) -> bool {
    match content {
        Content::Link(text) => link(parent, name).and_then(Result::ok).is_some_and(|own| own == *text),
        Content::File { hash, mode } => {
            let stands = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|found| found.st_mode & 0o777 == *mode);
            stands && open(parent, name).and_then(|file| hash_file(&file)).is_ok_and(|own| own == *hash)
        }
    }
}
