//! Every diagnostic has a page, and every page a diagnostic.

use crate::tidy::checkout;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use wf_compiler::{FileProblem, Files, compile};
use wf_model::diagnostic::Level;

/// Slug and text of every page.
pub(crate) fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry of the checkout").path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let slug = |path: &Path| path.file_stem().expect("a file name").to_string_lossy().into_owned();
    pages.map(|path| (slug(&path), fs::read_to_string(&path).expect("a UTF-8 page"))).collect()
}

fn slugs() -> BTreeSet<String> {
    let marker = "const SLUG: &str = \"";
    let mut slugs = BTreeSet::new();
    let product = |name: &str| name.starts_with("src/") && !name.ends_with("tests.rs");
    for (name, text) in checkout().into_iter().filter(|(name, _)| product(name)) {
        // Tests make up findings of their own; they stand at the end of a file.
        let text = text.split("\nmod tests {").next().expect("split gives a first part").replace("&'static str", "&str");
        for after in text.split(marker).skip(1) {
            let slug = after.split('"').next().expect("split gives a first part");
            let kebab = slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(kebab && !slug.is_empty(), "{name}: the slug {slug:?} is not kebab-case");
            slugs.insert(slug.to_owned());
        }
    }
    slugs
}

#[test]
fn every_slug_has_a_page_and_every_page_a_slug() {
    let written: BTreeSet<String> = pages().into_iter().map(|(slug, _)| slug).collect();
    let used = slugs();
    let missing: Vec<_> = used.difference(&written).collect();
    let orphaned: Vec<_> = written.difference(&used).collect();
    assert!(missing.is_empty(), "no page in docs/diagnostics: {missing:?}");
    assert!(orphaned.is_empty(), "pages of no diagnostic: {orphaned:?}");
}

#[test]
fn every_page_has_its_title_and_an_example_before_and_after() {
    for (slug, text) in pages() {
        assert_eq!(text.lines().next(), Some(format!("# {slug}").as_str()), "the title of {slug}");
        for heading in ["## Before", "## After"] {
            assert!(text.lines().any(|line| line == heading), "{slug} has no {heading:?}");
        }
    }
}

/// Findings that only a run, a machine, a file of a certain size or a broken file system can give.
const NOT_SHOWN: [&str; 16] = [
    "file-missing",
    "file-too-large",
    "parameter-constraint",
    "parameter-constraint-failed",
    "parameter-default-failed",
    "parameter-given-twice",
    "parameter-mismatch",
    "parameter-missing",
    "parameter-secret",
    "parameter-unknown",
    "program-missing",
    "secret-missing",
    "too-complicated",
    "unreachable",
    "unreadable-file",
    "value-used-before",
];

/// One file, called `/page/main.wf`.
pub(crate) struct OneFile<'a>(pub(crate) &'a str);

impl Files for OneFile<'_> {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let problem = FileProblem { message: format!("there is no file {path}"), help: "Write it.".to_owned() };
        match path {
            "/page/main.wf" => Ok(self.0.to_owned()),
            "/page/lib.wf" => Ok("workflow build {\n  step make: shell \"make\" { reads only }\n}\n".to_owned()),
            _ => Err(problem),
        }
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        format!("/page/{}", path.trim_start_matches("./"))
    }
}

/// The slugs of what is found in a file, at standard level and at strict.
fn found(text: &str) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let compilation = compile("main.wf", &OneFile(text), wf_steps::registry(), Level::Strict);
    let at = |level| {
        let shown = compilation.diagnostics.iter().filter(|found| found.severity(level).is_some());
        shown.map(|found| found.slug).collect()
    };
    (at(Level::Standard), at(Level::Strict))
}

#[test]
fn every_page_shows_its_diagnostic_before_and_not_after() {
    let mut problems = String::new();
    for (slug, text) in pages() {
        let blocks: Vec<&str> = text.split("```wf\n").skip(1).filter_map(|after| after.split("```").next()).collect();
        let [before, after] = blocks.as_slice() else { panic!("{slug} has {} examples, not two", blocks.len()) };
        let (standard, strict) = found(before);
        let shown = NOT_SHOWN.contains(&slug.as_str());
        if !shown && !strict.contains(slug.as_str()) {
            problems += &format!("{slug}: not before: {strict:?}\n");
        }
        if let Some(other) = standard.iter().find(|other| **other != slug && !shown) {
            problems += &format!("{slug}: before also shows {other}\n");
        }
        let (standard, strict) = found(after);
        if strict.contains(slug.as_str()) {
            problems += &format!("{slug}: still after\n");
        }
        if let Some(other) = standard.iter().find(|other| **other != slug) {
            problems += &format!("{slug}: after shows {other}\n");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

/// Whether a help begins and ends like a sentence; it may begin with a sign or a piece of code.
fn is_sentence(help: &str) -> bool {
    help.ends_with(['.', '?']) && !help.starts_with(|first: char| first.is_lowercase())
}

#[test]
fn every_help_is_a_sentence() {
    let mut problems = String::new();
    for (slug, text) in pages() {
        for block in text.split("```wf\n").skip(1).filter_map(|after| after.split("```").next()) {
            let compilation = compile("main.wf", &OneFile(block), wf_steps::registry(), Level::Strict);
            for help in compilation.diagnostics.iter().filter_map(|found| found.help.as_deref()) {
                if !is_sentence(help) {
                    problems += &format!("{slug}: {help}\n");
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
