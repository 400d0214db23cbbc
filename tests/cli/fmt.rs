//! `wfc fmt`: one way for a file to look.

use super::Place;

const UNTIDY: &str = "workflow   main {\n      # why\n  step a:shell \"true\"   {reads only,timeout 5s}\n}";
const TIDY: &str = "workflow main {\n  # why\n  step a: shell \"true\" { reads only, timeout 5s }\n}\n";

#[test]
fn a_file_is_formatted_in_place_and_stays_as_it_is_then() {
    let place = Place::new();
    place.write("main.wf", UNTIDY);
    let first = place.wfc(&["fmt", "main.wf"]);
    assert_eq!((first.code, first.stdout.as_str(), first.stderr.as_str()), (0, "", ""));
    assert_eq!(place.read("main.wf"), TIDY);
    let modified = || std::fs::metadata(place.path("main.wf")).and_then(|metadata| metadata.modified()).expect("a time");
    let before = modified();
    assert_eq!(place.wfc(&["fmt", "main.wf"]).code, 0);
    assert_eq!(modified(), before, "a tidy file is not written");
}

#[test]
fn check_lists_files_and_changes_nothing() {
    let place = Place::new();
    place.write("tidy.wf", TIDY);
    place.write("untidy.wf", UNTIDY);
    let outcome = place.wfc(&["fmt", "--check", "tidy.wf", "untidy.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, "untidy.wf\n"));
    assert_eq!(place.read("untidy.wf"), UNTIDY);
    assert_eq!(place.wfc(&["fmt", "--check", "tidy.wf"]).code, 0);
}

#[test]
fn diff_shows_what_would_change_and_changes_nothing() {
    let place = Place::new();
    place.write("main.wf", UNTIDY);
    let outcome = place.wfc(&["fmt", "--diff", "main.wf"]);
    assert_eq!(outcome.code, 0);
    for line in ["--- main.wf", "-workflow   main {", "+workflow main {", "+  # why"] {
        assert!(outcome.stdout.lines().any(|found| found == line), "{line}: {}", outcome.stdout);
    }
    assert_eq!(place.read("main.wf"), UNTIDY);
}

#[test]
fn stdin_is_formatted_to_stdout() {
    let place = Place::new();
    for arguments in [&["fmt"][..], &["fmt", "-"]] {
        let outcome = place.wfc_with_input(arguments, UNTIDY.as_bytes());
        assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, TIDY, ""));
    }
}

#[test]
fn a_file_that_does_not_parse_is_left_alone_and_those_behind_it_are_not() {
    let place = Place::new();
    place.write("broken.wf", "workflow main {\n  let a   =\n}\n");
    place.write("untidy.wf", UNTIDY);
    let outcome = place.wfc(&["fmt", "broken.wf", "missing.wf", "untidy.wf"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("syntax-error") && outcome.stderr.contains("there is no file missing.wf"), "{outcome:?}");
    assert_eq!(place.read("broken.wf"), "workflow main {\n  let a   =\n}\n");
    assert_eq!(place.read("untidy.wf"), TIDY);
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_go() {
    let place = Place::new();
    place.write("main.wf", &format!("\u{feff}{}", TIDY.replace('\n', "\r\n")));
    assert_eq!(place.wfc(&["fmt", "main.wf"]).code, 0);
    assert_eq!(place.read("main.wf"), TIDY);
}
