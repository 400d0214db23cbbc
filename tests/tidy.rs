//! The habits of `docs/architecture.md` that a machine can see.

use std::fs;
use std::path::{Path, PathBuf};

/// No file is longer than this.
const LONGEST_FILE: usize = 800;

/// The one place where `unsafe` may stand.
const UNSAFE_ALLOWED: &str = "src/runtime/system.rs";

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("an entry of the checkout").path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

pub(crate) fn checkout() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "fuzz"] {
        rust_files(&root.join(folder), &mut files);
    }
    let name = |path: &PathBuf| path.strip_prefix(root).expect("below the root").display().to_string();
    files.iter().map(|path| (name(path), fs::read_to_string(path).expect("a UTF-8 source file"))).collect()
}

#[test]
fn no_file_is_too_long() {
    for (name, text) in checkout() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{name} has {lines} lines; more than {LONGEST_FILE} hide the structure");
    }
}

#[test]
fn unsafe_stands_in_one_module_only() {
    let marker = concat!("allow(", "unsafe_code");
    for (name, text) in checkout() {
        assert!(name == UNSAFE_ALLOWED || !text.contains(marker), "{name} allows unsafe code");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for (name, text) in checkout() {
        assert!(text.starts_with("//!"), "{name} begins without a module doc comment");
    }
}

#[test]
fn no_test_is_ignored() {
    let marker = concat!("#[", "ignore");
    for (name, text) in checkout() {
        assert!(!text.contains(marker), "{name} ignores a test");
    }
}
