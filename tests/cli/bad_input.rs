//! What nobody should give `wfc`, and somebody does.

use super::Place;

/// A file that is no workflow, by what is wrong with it, and what `check` has to say.
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("not UTF-8", b"workflow main {}\n\xff\xfe".to_vec(), "unreadable-file"),
        ("empty", Vec::new(), "empty-file"),
        ("only a comment", b"# nothing\n".to_vec(), "empty-file"),
        ("brackets", format!("workflow main {{\n  let a = {}\n}}\n", "(".repeat(100_000)).into(), "nesting-too-deep"),
        ("closed brackets", format!("let a = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000)).into(), "nesting-too-deep"),
        ("braces", "workflow main {".repeat(100_000).into(), "missing-brace"),
        ("a long word", "x".repeat(1 << 20).into(), "unknown-statement"),
        ("a long line of words", "let ".repeat(1 << 18).into(), "syntax-error"),
        ("a long operation", format!("let a = 1{}\n", " + 1".repeat(1 << 14)).into(), "too-many-operators"),
        ("a NUL", b"workflow main {\n  let a = \0\n}\n".to_vec(), "stray-character"),
        ("an unclosed string", format!("let a = \"{}\n", "x".repeat(1 << 20)).into(), "unclosed-string"),
        ("too large", vec![b' '; 17 << 20], "unreadable-file"),
        ("a program of another sort", b"#!/bin/sh\nset -e\nfor i in *; do echo $i; done\n".to_vec(), "unknown-statement"),
    ]
}

#[test]
fn bad_files_get_a_diagnostic_in_every_command() {
    let place = Place::new();
    for (what, content, slug) in files() {
        std::fs::write(place.path("main.wf"), &content).expect("the file can be written");
        let check = place.wfc(&["check", "main.wf"]);
        assert!(check.stdout.contains(slug), "{what}: {}", check.stdout);
        assert_eq!(check.code, 1, "{what}");
        for arguments in [&["run", "main.wf"][..], &["fmt", "main.wf"]] {
            let outcome = place.wfc(arguments);
            assert!(outcome.code <= 2, "{what}: {arguments:?} ended with {}", outcome.code);
            assert!(!outcome.stderr.contains("panicked"), "{what}: {}", outcome.stderr);
        }
    }
}

#[test]
fn no_report_is_longer_than_a_screen_for_one_finding() {
    let place = Place::new();
    std::fs::write(place.path("main.wf"), "x".repeat(1 << 20)).expect("the file can be written");
    for format in ["text", "github"] {
        let outcome = place.wfc(&["check", "--format", format, "main.wf"]);
        assert!(outcome.stdout.len() < 8_000, "{format}: {} bytes", outcome.stdout.len());
    }
}

#[test]
fn what_is_no_file_is_told_with_advice() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).expect("a folder");
    place.write("deploy.wf", "workflow main {\n}\n");
    for (name, message, help) in [
        ("folder", "is a directory", "There is no workflow file in it"),
        (".", "is a directory", "The only workflow file in it is "),
        ("deplyo.wf", "there is no file", "deploy.wf"),
        ("folder/missing/x.wf", "there is no file", ""),
        ("", "", ""),
        ("deploy.wf/x", "", ""),
    ] {
        for command in ["check", "run", "fmt"] {
            let outcome = place.wfc(&[command, name]);
            assert!(matches!(outcome.code, 1 | 2), "{command} {name:?}: {outcome:?}");
            let told = outcome.stdout + &outcome.stderr;
            assert!(told.contains(message), "{command} {name:?}: {told}");
            assert!(command == "fmt" || told.contains(help), "{command} {name:?}: {told}");
        }
    }
}

#[test]
fn byte_order_marks_and_line_breaks_of_windows_are_read() {
    let place = Place::new();
    let text = "workflow main {\n  step a: shell \"\"\"\n    printf a\n    printf b\n    \"\"\" -> string { reads only, timeout 5s }\n  output a: string = a\n}\n";
    for text in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), format!("\u{feff}{}", text.replace('\n', "\r\n"))] {
        let text = text.replace("step a", "step b").replace("= a", "= b");
        place.write("main.wf", &text);
        let outcome = place.wfc(&["run", "main.wf"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "a = ab\n"), "{}", outcome.stderr);
    }
}
