//! The files that patterns fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};
use std::sync::Arc;
use wf_runtime::dispatcher::{CacheWish, fitting};

/// The files that patterns fit, relative to the folder; a folder stands for all that is in it and not hidden.
fn matching(folder: &Path, pattern: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for path in fitting(folder, pattern)? {
        if !is_folder(&folder.join(&path)) {
            found.insert(path);
        } else if !pattern.ends_with("**") {
            let inside = fitting(&folder.join(&path), "**")?;
            let inside = inside.into_iter().map(|inner| format!("{}/{inner}", path.trim_end_matches('/')));
            found.extend(inside.filter(|inner| !is_folder(&folder.join(inner))));
        }
    }
    Ok(found)
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|entry| entry.is_dir())
}

/// What the inputs of a step contain, each as a hash.
pub(super) fn inputs(wish: &CacheWish) -> Result<BTreeMap<Arc<str>, String>, String> {
    let mut inputs = BTreeMap::new();
    for pattern in &wish.query.inputs {
        for path in matching(&wish.folder, pattern)? {
            let content = content(&wish.folder.join(&path)).map_err(|error| format!("input `{path}` cannot be read: {error}"))?;
            inputs.insert(path.into(), content);
        }
    }
    Ok(inputs)
}

/// The content of a file, and whether it is a program. A link counts as what it leads to; one that leads to no file as its text.
fn content(path: &Path) -> io::Result<String> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {
            let program = if metadata.mode() & 0o111 == 0 { "" } else { "+x" };
            Ok(hash_file(&File::open(path)?)? + program)
        }
        _ if path.is_symlink() => Ok(super::hash(path.read_link()?.as_os_str().as_bytes()) + "->"),
        Ok(metadata) => Ok(sort_of(&metadata)),
        Err(error) => Err(error),
    }
}

/// What has no content that could be read: pipes, sockets, devices.
fn sort_of(metadata: &Metadata) -> String {
    format!("{:o}", metadata.mode())
}

pub(super) fn hash_file(file: &File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The outputs of a step, which stand beneath its folder.
pub(super) fn outputs(wish: &CacheWish) -> Result<BTreeSet<String>, String> {
    let mut outputs = BTreeSet::new();
    for pattern in &wish.query.outputs {
        if !is_beneath(Path::new(&**pattern)) {
            return Err(format!("pattern `{pattern}` of its outputs leads out of the folder"));
        }
        let found = matching(&wish.folder, pattern)?;
        if found.is_empty() {
            return Err(format!("pattern `{pattern}` of its outputs fits no file"));
        }
        outputs.extend(found);
    }
    Ok(outputs)
}

/// Whether a relative path stays where it begins.
pub(super) fn is_beneath(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
