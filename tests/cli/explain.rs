//! `wfc explain`.

use super::Place;
use crate::pages::pages;

#[test]
fn every_page_is_shown_and_listed() {
    let place = Place::new();
    let list = place.wfc(&["explain"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    assert_eq!(list.stdout.lines().count(), pages().len());
    for (slug, text) in pages() {
        assert!(list.stdout.lines().any(|line| line.starts_with(&format!("{slug} "))), "{slug} is not listed");
        assert_eq!(place.wfc(&["explain", &slug]).stdout, text);
    }
}

#[test]
fn an_unknown_slug_is_wrong_usage() {
    let outcome = Place::new().wfc(&["explain", "no-such-diagnostic-at-all"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert_eq!(
        outcome.stderr,
        "error: no diagnostic is called `no-such-diagnostic-at-all`\nhelp: `wfc explain` lists all diagnostics.\n"
    );
}
