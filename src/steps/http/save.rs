//! A body that becomes a file: whole under its name, or not there at all.

use crate::process::not_started;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;
use wf_model::failure::{Failure, FailureKind};

/// Who may do what with a new file, but for what the process takes away.
const MODE: u32 = 0o666;

/// A file on its way to its name.
#[derive(Debug)]
pub(super) struct Download {
    target: PathBuf,
    /// The name that it has until it is whole, where it needs one.
    beside: PathBuf,
    file: Option<tokio::fs::File>,
    /// Whether it stands under the name beside: file systems that keep no file without a name want one.
    is_named: bool,
}

impl Download {
    /// Makes a file without a name in the folder of `target`; `key` tells its name from those of other steps where it needs one.
    ///
    /// # Errors
    /// Why there can be none.
    pub(super) fn new(target: PathBuf, key: &str) -> Result<Self, Failure> {
        let fault = |why: &str| not_started(&format!("file `{}` of `save` cannot be made: {why}", target.display()));
        let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else { return Err(fault("it has no name")) };
        let existing = fs::metadata(&target).ok();
        if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(fault("it is a folder"));
        }
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{key}.part"));
        let beside = folder.join(hidden);
        let (file, is_named) = unnamed(folder, &beside).map_err(|error| fault(&error.to_string()))?;
        if let Some(existing) = existing {
            // Who could read the old one can read the new one; where that cannot be, the new one is as any other.
            let _ = file.set_permissions(fs::Permissions::from_mode(existing.mode() & 0o7777));
        }
        Ok(Self { target, beside, file: Some(tokio::fs::File::from_std(file)), is_named })
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).await.map_err(|error| unwritten(&self.target, &error))
    }

    /// Gives the file its name, once its content is on disk.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.flush().await.map_err(|error| unwritten(&self.target, &error))?;
        let file = file.into_std().await;
        let target = self.target.clone();
        let named = tokio::task::spawn_blocking(move || self.name(&file)).await;
        let named = named.unwrap_or_else(|_| Err(io::Error::other("it was given up")));
        named.map_err(|error| unwritten(&target, &error))
    }

    fn name(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        if !self.is_named {
            match link(file, &self.target) {
                Ok(()) => return self.sync_folder(),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let _ = fs::remove_file(&self.beside);
            link(file, &self.beside)?;
            self.is_named = true;
        }
        fs::rename(&self.beside, &self.target)?;
        self.is_named = false;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if self.is_named {
            // Nobody is left to hear of it.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// A file without a name in a folder; one of the name `beside` where the file system knows no such thing.
fn unnamed(folder: &Path, beside: &Path) -> io::Result<(File, bool)> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match openat(CWD, folder, flags, Mode::from_raw_mode(MODE)) {
        Ok(file) => return Ok((file.into(), false)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    // One that a killed attempt of this step left.
    let _ = fs::remove_file(beside);
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(beside)?;
    Ok((file, true))
}

fn link(file: &File, path: &Path) -> Result<(), Errno> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)
}

fn unwritten(target: &Path, error: &io::Error) -> Failure {
    let message = format!("file `{}` of `save` cannot be written: {error}", target.display());
    Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, &message) }
}

#[cfg(test)]
mod tests {
    use super::Download;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.bin");
        for content in ["one", "another"] {
            let mut download = Download::new(target.clone(), "k").unwrap();
            download.write(content.as_bytes()).await.unwrap();
            download.finish().await.unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), content);
            fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let mut download = Download::new(target.clone(), "k").unwrap();
        download.write(b"half").await.unwrap();
        drop(download);
        assert_eq!(names(folder.path()), ["x.bin"]);
        assert_eq!(fs::read_to_string(&target).unwrap(), "another");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[tokio::test]
    async fn a_file_that_needs_a_name_leaves_none() {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join(".x.bin.k.part");
        fs::write(&beside, "left by a killed attempt").unwrap();
        let named = |content: &'static str| {
            let file = fs::File::create(&beside).unwrap();
            fs::write(&beside, content).unwrap();
            let file = Some(tokio::fs::File::from_std(file));
            Download { target: folder.path().join("x.bin"), beside: beside.clone(), file, is_named: true }
        };
        drop(named("half"));
        assert!(names(folder.path()).is_empty());
        named("whole").finish().await.unwrap();
        assert_eq!(names(folder.path()), ["x.bin"]);
    }

    #[test]
    fn a_place_that_takes_no_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let fault = |name: &str| Download::new(folder.path().join(name), "k").unwrap_err().message.to_string();
        assert!(fault("missing/x").ends_with("cannot be made: No such file or directory (os error 2)"), "{}", fault("missing/x"));
        assert!(fault("").ends_with("it is a folder"));
    }
}
