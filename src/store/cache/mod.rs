//! Earlier successes of steps, and what they wrote.
//!
//! One folder holds them: `entries/` has a file for each success, under the digest of all that counts; `blobs/` the contents of
//! outputs under their BLAKE3; `places/` says which success of a step was the last, so that it can be told what changed; `uses/` which
//! run found a success last. Everything is written beside its place and renamed. Nothing has to outlive a crash: contents are checked where they are restored.

mod blobs;
mod files;
mod manifest;
mod sweep;
#[cfg(test)]
mod tests;

use crate::Store;
use blobs::{Blobs, Kept, Restored};
use manifest::Manifest;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::event::CacheMiss;
use wf_model::value::Value;
use wf_runtime::dispatcher::{CacheAnswer, CacheWish, CachedValue, StepCache};

/// The kept successes of a store.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// A success that was kept.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    run: Arc<str>,
    manifest: Manifest,
    outputs: Vec<Kept>,
    result: Value,
    decoded: Option<Value>,
}

impl Store {
    /// The kept successes.
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache { folder: self.root().join("cache") }
    }
}

impl Cache {
    fn blobs(&self) -> Blobs {
        Blobs { folder: self.folder.join("blobs") }
    }

    fn entry_path(&self, digest: &str) -> PathBuf {
        self.folder.join("entries").join(digest)
    }

    /// Where it is said which run found a success last.
    fn use_path(&self, digest: &str) -> PathBuf {
        self.folder.join("uses").join(digest)
    }

    /// Where it is said which success of a step was the last.
    fn place_path(&self, wish: &CacheWish) -> PathBuf {
        let place = format!("{}\0{}", wish.folder.display(), wish.query.place);
        self.folder.join("places").join(hash(place.as_bytes()))
    }

    /// A kept success; nothing where there is none, or it cannot be read.
    fn entry(&self, digest: &str) -> Option<Entry> {
        serde_json::from_slice(&std::fs::read(self.entry_path(digest)).ok()?).ok()
    }

    fn last(&self, wish: &CacheWish) -> Option<Entry> {
        self.entry(&std::fs::read_to_string(self.place_path(wish)).ok()?)
    }

    /// The success that counts for a step as it is now.
    fn find(&self, wish: &CacheWish, manifest: &Manifest, digest: &str) -> Result<Entry, CacheMiss> {
        self.entry(digest).ok_or_else(|| match self.last(wish) {
            None => CacheMiss::New,
            Some(last) if last.manifest.digest() == digest => CacheMiss::Lost,
            Some(last) => CacheMiss::Changed(manifest.change_since(&last.manifest).into()),
        })
    }

    /// The run whose success would count for a step now; nothing is restored or noted.
    ///
    /// # Errors
    /// Why the step would have to run.
    pub fn foresee(&self, wish: &CacheWish) -> Result<Arc<str>, CacheMiss> {
        let manifest = Manifest::of(wish).map_err(|problem| CacheMiss::Failed(problem.into()))?;
        self.find(wish, &manifest, &manifest.digest()).map(|entry| entry.run)
    }

    fn hit(&self, wish: &CacheWish, digest: &str, entry: Entry) -> Result<CacheAnswer, CacheMiss> {
        let restored = self.blobs().restore(&wish.folder, &entry.outputs);
        let restored = match restored.map_err(|problem| CacheMiss::Failed(problem.into()))? {
            Restored::All(restored) => restored,
            Restored::Lost => return Err(CacheMiss::Lost),
        };
        // Otherwise it goes away with the run that made it.
        let _ = write(&self.use_path(digest), wish.run.as_bytes());
        let value = CachedValue { result: entry.result, decoded: entry.decoded };
        Ok(CacheAnswer::Hit { from: entry.run, value, restored, digest: digest.into() })
    }

    fn put(&self, wish: &CacheWish, digest: &str, value: &CachedValue) -> Result<(), String> {
        let manifest = Manifest::of(wish)?;
        if manifest.digest() != digest {
            return Err("what it depends on changed while it ran".to_owned());
        }
        let outputs = files::outputs(wish)?;
        let outputs = self.blobs().keep_all(&wish.folder, &outputs)?;
        let CachedValue { result, decoded } = value.clone();
        let entry = Entry { run: wish.run.clone(), manifest, outputs, result, decoded };
        let text = serde_json::to_vec(&entry).map_err(|error| error.to_string())?;
        let written = write(&self.entry_path(digest), &text).and_then(|()| write(&self.place_path(wish), digest.as_bytes()));
        written.map_err(|error| format!("the store cannot be written: {error}"))
    }
}

impl StepCache for Cache {
    fn look_up(&self, wish: &CacheWish) -> CacheAnswer {
        let manifest = match Manifest::of(wish) {
            Ok(manifest) => manifest,
            Err(problem) => return CacheAnswer::Missed { reason: CacheMiss::Failed(problem.into()), digest: None },
        };
        let digest = manifest.digest();
        let found = self.find(wish, &manifest, &digest).and_then(|entry| self.hit(wish, &digest, entry));
        found.unwrap_or_else(|reason| CacheAnswer::Missed { reason, digest: Some(digest.into()) })
    }

    fn keep(&self, wish: &CacheWish, digest: &str, value: &CachedValue) -> Result<(), String> {
        self.put(wish, digest, value)
    }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A path beside another that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    path.with_extension(format!("{:016x}", fastrand::u64(..)))
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let new = beside(path);
    let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}
