//! `wfc docs`.

use super::Place;
use std::fs;
use std::path::Path;

#[test]
fn the_reference_of_all_kinds_is_the_page_in_the_docs() {
    let outcome = Place::new().wfc(&["docs", "--kinds"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kinds.md")).expect("UTF-8");
    assert!(page == outcome.stdout, "write it anew: cargo run -- docs --kinds > docs/kinds.md");
}

#[test]
fn each_kind_is_shown_alone_with_all_its_attributes() {
    let place = Place::new();
    for kind in wf_steps::registry().iter() {
        let outcome = place.wfc(&["docs", "--kinds", kind.name]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
        assert!(outcome.stdout.starts_with(&format!("# `{}`\n\n{}\n", kind.name, kind.doc)), "{}", outcome.stdout);
        for attribute in &kind.attributes {
            assert!(outcome.stdout.contains(&format!("\n- **`{}`**: ", attribute.name)), "{}.{}", kind.name, attribute.name);
        }
        assert!(outcome.stdout.ends_with(&format!("```wf\n{}```\n", kind.example)), "{}", outcome.stdout);
    }
}

#[test]
fn what_is_not_there_is_wrong_usage() {
    let place = Place::new();
    let outcome = place.wfc(&["docs", "--kinds", "shel"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert_eq!(outcome.stderr, "error: no step kind is called `shel`\nhelp: Did you mean `shell`?\n");
    let outcome = place.wfc(&["docs"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("--kinds"), "{}", outcome.stderr);
}
