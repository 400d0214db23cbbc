//! The workflow files of the folders that the editor has open.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// No more files are looked for, nor deeper: a folder such as the root of a disk stays cheap.
const MOST_FILES: usize = 5_000;
const DEEPEST: usize = 16;

/// Folders that hold no files of a project itself.
const SKIPPED: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// The paths of all workflow files below these folders; hidden folders are left out.
pub(super) fn files(folders: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    folders.iter().for_each(|folder| below(Path::new(folder), 0, &mut found));
    found
}

fn below(folder: &Path, depth: usize, found: &mut BTreeSet<String>) {
    // A folder that cannot be read holds nothing that could be shown.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if found.len() >= MOST_FILES {
            return;
        }
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        // Links are not followed, so that none leads in a circle.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < DEEPEST && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
            below(&path, depth + 1, found);
        } else if kind.is_file() && name.ends_with(".wf") {
            found.insert(path.display().to_string());
        }
    }
}
