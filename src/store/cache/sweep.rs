//! How kept successes go away again.
//!
//! A success stays as long as the run that made it, or the one that found it last, is kept. First it goes, then what leads to it, then
//! its contents; so whenever a sweep ends before it is done, nothing that is left leads to what is missing, and the next one goes on.

use super::Cache;
use super::blobs::Kept;
use crate::StoreError;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What no success names is left alone for so long: one that does may be about to be written.
const YOUNG: Duration = Duration::from_hours(1);

/// What of a success tells whether it stays.
#[derive(Deserialize)]
struct Entry {
    run: Arc<str>,
    outputs: Vec<Kept>,
}

impl Cache {
    /// Removes the successes of runs that are not kept any more, and contents that nothing names; tells how many bytes they took.
    /// `kept` is asked once all successes are known, so that it knows the runs of all of them.
    ///
    /// # Errors
    /// When the folder cannot be read, or what `kept` returns.
    pub(crate) fn sweep(&self, kept: impl FnOnce() -> Result<BTreeSet<Arc<str>>, StoreError>) -> Result<u64, StoreError> {
        let entries = files(&self.folder.join("entries")).map_err(StoreError::io(&self.folder))?;
        self.sweep_all(entries, &kept()?).map_err(StoreError::io(&self.folder))
    }

    fn sweep_all(&self, entries: Vec<(PathBuf, Metadata)>, kept: &BTreeSet<Arc<str>>) -> io::Result<u64> {
        let mut freed = 0;
        let mut hashes = BTreeSet::new();
        for (path, found) in entries {
            match self.staying(&path, kept) {
                Some(entry) => hashes.extend(entry.outputs.iter().filter_map(Kept::hash).map(str::to_owned)),
                None if may_be_unfinished(&path, &found) => {}
                None => freed += remove(&path, &found),
            }
        }
        freed += self.remove_uses()? + self.remove_places()?;
        Ok(freed + self.remove_blobs(&hashes)?)
    }

    /// A success that stays: one of a kept run, all of whose contents are there.
    fn staying(&self, path: &Path, kept: &BTreeSet<Arc<str>>) -> Option<Entry> {
        // What is being written is called otherwise, and none yet.
        let digest = path.file_name()?.to_str().filter(|name| !name.contains('.'))?;
        let entry: Entry = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let found_by = std::fs::read_to_string(self.use_path(digest)).ok();
        let needed = kept.contains(&*entry.run) || found_by.is_some_and(|run| kept.contains(run.as_str()));
        let whole = entry.outputs.iter().filter_map(Kept::hash).all(|hash| self.blobs().path(hash).exists());
        (needed && whole).then_some(entry)
    }

    /// Forgets who found what is gone.
    fn remove_uses(&self) -> io::Result<u64> {
        let is_left = |path: &Path, found: &Metadata| {
            let digest = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            !may_be_unfinished(path, found) && !self.entry_path(digest).exists()
        };
        remove_all(&self.folder.join("uses"), is_left)
    }

    /// Forgets the places whose last success is gone.
    fn remove_places(&self) -> io::Result<u64> {
        let leads_nowhere = |path: &Path| std::fs::read_to_string(path).is_ok_and(|digest| !self.entry_path(&digest).exists());
        let is_left = |path: &Path, found: &Metadata| !may_be_unfinished(path, found) && leads_nowhere(path);
        remove_all(&self.folder.join("places"), is_left)
    }

    fn remove_blobs(&self, hashes: &BTreeSet<String>) -> io::Result<u64> {
        let is_left = |path: &Path, found: &Metadata| is_old(found) && !hashes.contains(&hash_of(path));
        let mut freed = remove_all(&self.folder.join("blobs"), is_left)?;
        for folder in folders(&self.folder.join("blobs"))? {
            freed += remove_all(&folder, is_left)?;
        }
        Ok(freed)
    }
}

/// Whether a file may be one that somebody writes beside its place.
fn may_be_unfinished(path: &Path, found: &Metadata) -> bool {
    path.extension().is_some() && !is_old(found)
}

/// The hash that a content is kept under: it begins with the name of its folder.
fn hash_of(path: &Path) -> String {
    let names = [path.parent().and_then(Path::file_name), path.file_name()];
    names.into_iter().flatten().map(|name| name.to_string_lossy()).collect()
}

/// Whether nobody writes a file any more, nor what names it.
fn is_old(found: &Metadata) -> bool {
    let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > YOUNG)
}

/// Removes the files of a folder that are meant; tells how many bytes they took.
fn remove_all(folder: &Path, is_meant: impl Fn(&Path, &Metadata) -> bool) -> io::Result<u64> {
    let meant = files(folder)?.into_iter().filter(|(path, found)| is_meant(path, found));
    Ok(meant.map(|(path, found)| remove(&path, &found)).sum())
}

/// Removes a file; tells how many bytes it took. What stays is tried again the next time.
fn remove(path: &Path, found: &Metadata) -> u64 {
    std::fs::remove_file(path).map_or(0, |()| found.len())
}

fn files(folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let found = inside(folder)?.into_iter().filter_map(|path| path.symlink_metadata().ok().map(|found| (path, found)));
    Ok(found.filter(|(_, found)| found.is_file()).collect())
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(inside(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// What is in a folder; nothing where there is none.
fn inside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}
