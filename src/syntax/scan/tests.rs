//! Tokens and entries.

use super::{Body, Entry, LARGEST_FILE, Part, Reading, Scan, TokenKind, scan};
use proptest::prelude::*;
use std::fmt::Write;
use wf_model::span::SourceId;

/// Scans a text, whose tokens have to be all of it, one right behind the other.
fn scanned(text: &str) -> Scan {
    let scan = scan(SourceId(0), text);
    let mut end = 0;
    for token in &scan.tokens {
        assert_eq!(token.span.start, end, "no gap before a token");
        assert!(token.span.length() > 0, "no token is empty");
        end = token.span.end;
    }
    assert_eq!(end as usize, text.len(), "the tokens are the text");
    scan
}

/// The entries as an outline: a line for each head, with what is not read as written, and bodies further right.
fn outline(text: &str) -> String {
    let scan = scanned(text);
    let mut shown = String::new();
    entries(&scan.entries, text, 0, &mut shown);
    for diagnostic in &scan.diagnostics {
        let place = text.get(diagnostic.primary.span.range()).unwrap_or("?");
        let line = text.get(..diagnostic.primary.span.start as usize).unwrap_or("").matches('\n').count() + 1;
        let _ = writeln!(shown, "! {} `{place}` in line {line}", diagnostic.slug);
    }
    shown
}

fn entries(entries: &[Entry], text: &str, depth: usize, shown: &mut String) {
    for entry in entries {
        let indentation = "  ".repeat(depth);
        if let Some(doc) = entry.doc {
            let _ = writeln!(shown, "{indentation}{}", text.get(doc.range()).unwrap_or("?").replace('\n', "⏎"));
        }
        for part in &entry.parts {
            match part {
                Part::Head(head) => {
                    let written = text.get(head.span.range()).unwrap_or("?").replace('\n', "⏎");
                    let reading = match &head.reading {
                        Reading::AsWritten => String::new(),
                        Reading::Mended(text) => format!(" (read as `{}`)", text.replace('\n', "⏎")),
                        Reading::Not => " (not read)".to_owned(),
                    };
                    let _ = writeln!(shown, "{indentation}- {written}{reading}");
                }
                Part::Body(body) => self::body(body, text, depth, shown),
            }
        }
    }
}

fn body(body: &Body, text: &str, depth: usize, shown: &mut String) {
    let indentation = "  ".repeat(depth);
    let _ = writeln!(shown, "{indentation}{{");
    entries(&body.entries, text, depth + 1, shown);
    let _ = writeln!(shown, "{indentation}{}", if body.close.is_some() { "}" } else { "(not closed)" });
}

#[test]
fn a_whole_program_is_cut_into_entries() {
    insta::assert_snapshot!(outline(include_str!("../../../tests/data/deploy.wf")));
}

/// The outline of what stands in a body.
fn inside(text: &str) -> String {
    outline(&format!("w {{\n{text}\n}}\n"))
}

#[test]
fn lines_go_on_and_end_where_the_rules_say() {
    for (text, heads) in [
        ("let a = b +\n c", vec!["let a = b +\n c"]),
        ("let a = b\n + c", vec!["let a = b\n + c"]),
        ("let a = b\n -c", vec!["let a = b", "-c"]),
        ("let a = [\n1\n-2]", vec!["let a = [\n1\n-2]"]),
        ("step a: b\n -> c\n depends on d,\n e\n when f", vec!["step a: b\n -> c\n depends on d,\n e\n when f"]),
        ("a: b, when: c", vec!["a: b", "when: c"]),
        ("a: b\n when: c", vec!["a: b", "when: c"]),
        ("a: b.c\n .d", vec!["a: b.c\n .d"]),
        ("let a = if b\n then c\n else d", vec!["let a = if b\n then c\n else d"]),
        ("a: b.in\nc: d . with {\n}", vec!["a: b.in", "c: d . with {\n}"]),
        ("expect a\n else \"b\"", vec!["expect a\n else \"b\""]),
        ("a not\n in b", vec!["a not\n in b"]),
        ("a: { b: 1 }\nc: 2", vec!["a: { b: 1 }", "c: 2"]),
        ("reads only, timeout 5m # c\nd", vec!["reads only", "timeout 5m", "d"]),
    ] {
        let whole = format!("w {{\n{text}\n}}");
        let scan = scanned(&whole);
        assert!(scan.diagnostics.is_empty(), "{text}: {:?}", scan.diagnostics);
        let Some(Part::Body(body)) = scan.entries.first().and_then(|entry| entry.parts.get(1)) else { panic!("{text}") };
        let spans = body.entries.iter().map(|entry| whole.get(entry.span.range()).unwrap_or("?"));
        assert_eq!(spans.collect::<Vec<_>>(), heads, "{text}");
    }
}

#[test]
fn braces_open_bodies_behind_operands_and_literals_behind_operators() {
    insta::assert_snapshot!(inside(
        "if a == b { c } else if d { e }\nelse { f }\nfor each x in { a: 1 } { g }\nfor each x in y, z in u { h }\nstep s: k -> { a: T } { i }
step t: k -> T? { j }\nstep u: k 80% { l }\nrun w with { m: 1 }\nlet a = b ?? { n: 1 }\nparam a: { b: T } = { b: 1 }"
    ));
}

#[test]
fn each_mistake_costs_one_diagnostic_and_leaves_its_neighbours_whole() {
    let cases = [
        ("a brace is missing before an item", "workflow a {\n  b {\n    c\n  }\n\nworkflow d {\n  e\n}\n"),
        ("a brace is missing before a line further left", "workflow a {\n  b {\n    c\n  d\n}\n"),
        ("a brace is too many in the file", "workflow a {\n  b\n}\n}\nworkflow c {}\n"),
        ("a brace is too many in a body", "workflow a {\n  b {\n    c\n  }\n  }\n  d\n}\n"),
        ("a bracket is not closed", "workflow a {\n  let b = [1, 2\n  step c: d\n}\n"),
        ("a bracket is not closed at the end", "let a = f(1"),
        ("a bracket closes nothing", "workflow a {\n  let b = 1]\n  c\n}\n"),
        ("a bracket closes another", "workflow a {\n  let b = [1)\n  step c: d\n}\n"),
        ("a string is not closed", "workflow a {\n  b: \"c\n  d\n}\n"),
        ("a string is not closed before a body", "workflow a {\n  step b: c 'd {\n    e\n  }\n  f\n}\n"),
        (
            "a block string is not closed",
            "workflow a {\n  b {\n    c: \"\"\"\n      f() {\n      }\n  }\n}\n\nworkflow d {\n  e\n}\n",
        ),
        ("a value is not closed", "workflow a {\n  b: \"${c\"\n  d\n}\n"),
        ("semicolons", "workflow a {\n  b;\n  c;;\n}\n"),
        ("smart quotes", "workflow a {\n  b: “c”\n  d\n}\n"),
        ("half a line", "workflow a {\n  b\n  step c"),
    ];
    let shown = cases.map(|(name, text)| format!("-- {name}\n{}", outline(text)));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn stray_characters_are_named() {
    for (text, message) in [
        ("a \u{202e} b", "`\\u{202e}` is no part of the language"),
        ("a ;; b", "`;;` is no part of the language"),
        ("a \u{0} b", "`\\u{0}` is no part of the language"),
        ("a \u{feff} b", "`\\u{feff}` is no part of the language"),
        ("a “ b", "`“` is no part of the language"),
        ("a \r b", "`\\r` is no part of the language"),
    ] {
        let found = scanned(text).diagnostics;
        assert_eq!(found.iter().map(|found| found.message.as_str()).collect::<Vec<_>>(), [message], "{text:?}");
    }
    assert!(scanned("\u{feff}a\t: 1\r\n").diagnostics.is_empty());
}

#[test]
fn a_literal_is_one_token_whatever_stands_in_it() {
    for text in [
        "\"a\"",
        "'a\"'",
        "\"\\\"\"",
        "\"${\"}\"}\"",
        "\"${f({ a: '}' })}\"",
        "\"\"\"a\n\"b\" ${\"\"\"c\n\"\"\"} \\${\"\"\"",
        "'''\n${\"'''",
        "1h30m",
        "0.5",
        "1_000",
        "5min",
        "name_1",
        "->",
        "??",
        "?.",
        "..",
    ] {
        let scan = scanned(text);
        assert_eq!(scan.tokens.len(), 1, "{text}: {:?}", scan.tokens);
        assert!(scan.diagnostics.is_empty() && scan.tokens.iter().all(|token| token.kind != TokenKind::Stray), "{text}");
    }
    assert_eq!(scanned("1..5").tokens.len(), 3);
}

#[test]
fn no_text_is_too_much() {
    for text in [
        "",
        "\n",
        "{",
        "}",
        "(",
        ")",
        "[",
        "a {",
        "a: {",
        "a: [",
        "\"${",
        "\"\"\"",
        "\"",
        "'",
        "a,",
        "depends on a, ",
        "if a {} else ",
    ] {
        scanned(&text.repeat(100_000));
    }
    for text in ["(", "a { ", "a: ["] {
        let slugs: Vec<_> = scanned(&text.repeat(100_000)).diagnostics.iter().map(|found| found.slug).collect();
        assert_eq!(slugs.iter().filter(|slug| **slug == "nesting-too-deep").count(), 1, "{text}: {}", slugs.len());
    }
    for (before, text, behind) in [
        ("let a = [", "\n", "1]"),
        ("let a = b +", "\n\n# c\n", "1"),
        ("step a: b depends on c", ", c", ""),
        ("let a = [", "\"b\n", "]"),
        ("let a", ".b", ""),
        ("let a = b", " + b", ""),
        ("let a = [b", "\n\n, b", "]"),
    ] {
        assert_eq!(scanned(&format!("{before}{}{behind}", text.repeat(100_000))).entries.len(), 1, "{before}");
    }
    let line = format!("a: \"{}\"\n", "x".repeat(1 << 20));
    assert_eq!(scanned(&line).entries.len(), 1);
    let large = scanned(&" ".repeat(LARGEST_FILE + 1));
    assert_eq!(large.diagnostics.iter().map(|found| found.slug).collect::<Vec<_>>(), ["file-too-large"]);
}

const FRAGMENTS: [&str; 36] = [
    "workflow ",
    "step ",
    "a",
    "B",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "->",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "${",
    "\\",
    "#",
    "## ",
    "1h",
    "80%",
    "??",
    "else ",
    "if ",
    "depends on ",
    "for each ",
    "é",
    "\u{feff}",
    ";",
];

proptest! {
    #[test]
    fn the_tokens_are_the_text_of_any_soup(pieces in prop::collection::vec(prop::sample::select(FRAGMENTS.to_vec()), 0..80)) {
        scanned(&pieces.concat());
    }

    #[test]
    fn the_tokens_are_the_text_of_anything(text in any::<String>()) {
        scanned(&text);
    }
}

#[test]
fn a_string_is_closed_only_where_a_quote_would_close_it() {
    for (text, fixed) in [
        ("a: \"b", true),
        ("a: \"b\\\\", true),
        ("a: \"b\\", false),
        ("a: 'b\\", true),
        ("step a: shell \"b { reads only }", true),
        ("step a: shell \"b; { c; }", false),
        ("step a: shell \"b -> string", false),
        ("step a: shell \"b depends on c", false),
        ("step a: shell \"b when c", false),
    ] {
        let found = scanned(text).diagnostics;
        assert_eq!(found.iter().map(|found| found.fix.is_some()).collect::<Vec<_>>(), [fixed], "{text}");
    }
}
