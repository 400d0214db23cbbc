//! What changed in texts.

use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};
use wf_store::StoredSource;

/// The changed lines of a text with those around them, as a unified diff.
pub(crate) fn unified(name: (&str, &str), before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().header(name.0, name.1).to_string()
}

/// What changed in the sources of a run, file by file; empty where nothing did.
pub(crate) fn of_sources(before: &[StoredSource], after: &[StoredSource]) -> String {
    let (before, after) = (texts(before), texts(after));
    let paths: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut text = String::new();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        let names = (old.map_or("/dev/null", |_| path), new.map_or("/dev/null", |_| path));
        if old != new {
            let changed = unified(names, old.copied().unwrap_or_default(), new.copied().unwrap_or_default());
            // A file without text says nothing by its lines.
            text += &if changed.is_empty() { format!("--- {}\n+++ {}\n", names.0, names.1) } else { changed };
        }
    }
    text
}

fn texts(sources: &[StoredSource]) -> BTreeMap<&str, &str> {
    sources.iter().map(|source| (&*source.path, &*source.text)).collect()
}
