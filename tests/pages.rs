//! Every diagnostic has a page, and every page a diagnostic.

use crate::tidy::checkout;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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

#[test]
fn every_example_of_a_page_parses() {
    for (slug, text) in pages() {
        for block in text.split("```wf\n").skip(1).filter_map(|after| after.split("```").next()) {
            let parsed = wf_syntax::parse(wf_model::span::SourceId(0), block);
            let other: Vec<_> = parsed.diagnostics.iter().filter(|found| found.slug != slug).collect();
            assert!(other.is_empty(), "{slug}: {other:?}");
        }
    }
}
