//! Names and values that mean something in the formats that plans are written in.

use super::Format;
use serde_json::json;
use wf_model::plan::Plan;

const NAUGHTY: [&str; 9] = [
    "\"]; click n0 \"javascript:alert(1)\"",
    "</text></svg><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><!--",
    "]]> & &lt; ``` `code`",
    "two\nlines\r\u{1b}[31m\u{202e}",
    "\\\" ]; graph [label=\\N\\",
    "end\nsubgraph x[\"y\"]",
    "#quot;%%{init: {}}%%---",
];

/// A plan in which every text is this one.
fn plan(text: &str) -> Plan {
    let named = json!([{ "name": text, "value": text }, { "name": text }]);
    let location = json!({ "file": text, "line": 1 });
    let timing = json!({ "starts": 0, "takes": 1500, "slack": 10, "critical": true, "wave": 1 });
    let plan = json!({
        "format": 1, "workflow": text, "doc": text, "file": text, "definition": text, "parameters": named, "jobs": 4, "outputs": named,
        "outlook": { "p50": 1, "p90": 2, "critical_path": 1, "steps": 2, "waves": 1, "draws": 20 },
        "advice": [{ "advice": "speed-up", "node": 1, "saves": 200 }, { "advice": "parallel", "nodes": [1, 2], "saves": 200 }],
        "nodes": [
            { "id": 0, "end": 3, "path": text, "kind": { "sort": "stage" }, "location": location, "certainty": "known", "action": text,
              "state": { "state": "runs", "condition": { "text": text, "values": named } }, "timing": timing },
            { "id": 1, "parent": 0, "end": 2, "path": text, "name": text, "doc": text, "kind": { "sort": "step", "kind": text },
              "location": location, "certainty": "known", "state": { "state": "runs" }, "action": text,
              "effect": { "effect": "no-undo", "reason": text }, "cache": { "hit": true, "reason": text }, "secrets": [text],
              "waits": text, "preview": text, "fails": text, "timing": timing, "forecast": { "p50": 1, "p90": 2, "basis": "history", "runs": 2 } },
            { "id": 2, "parent": 0, "end": 3, "path": text, "name": text, "kind": { "sort": "call", "workflow": text, "folded": true },
              "location": location, "certainty": "at-run-time", "state": { "state": "open", "condition": { "text": text } },
              "action": text, "undo": { "action": text, "when": text }, "after": [1], "timing": timing },
        ],
    });
    serde_json::from_value(plan).expect("a plan")
}

/// The tags of a document, each without its attributes' values.
fn tags(document: &str) -> Vec<String> {
    let rests = document.split('<').skip(1);
    let tag = |rest: &str| {
        let inside = rest.split('>').next().expect("a first part");
        // Every other part stands between quotes.
        inside.split('"').step_by(2).collect::<String>()
    };
    rests.map(tag).collect()
}

#[test]
fn texts_add_no_tags_to_pictures_and_pages() {
    for format in [Format::Svg, Format::Html] {
        let harmless = tags(&format.write(&plan("word")));
        for text in NAUGHTY {
            let written = format.write(&plan(text));
            assert_eq!(tags(&written), harmless, "{text:?}\n{written}");
            assert!(
                !written.chars().any(|c| c.is_control() && c != '\n') && !written.contains('\u{202e}'),
                "{text:?}\n{written}"
            );
        }
    }
}

/// What stands outside quotes in Graphviz' language.
fn outside_quotes(text: &str) -> String {
    let (mut outside, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            character => outside.push(character),
        }
    }
    assert!(!quoted, "{text}");
    outside
}

#[test]
fn texts_stay_inside_their_quotes_for_graphviz() {
    let harmless = outside_quotes(&Format::Dot.write(&plan("word")));
    for text in NAUGHTY {
        assert_eq!(outside_quotes(&Format::Dot.write(&plan(text))), harmless, "{text:?}");
    }
}

#[test]
fn texts_are_letters_and_numbers_for_mermaid() {
    let lines = |text: &str| Format::Mermaid.write(&plan(text)).lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    let harmless = lines("word");
    for text in NAUGHTY {
        let written = lines(text);
        assert_eq!(written.len(), harmless.len(), "{written:#?}");
        for (line, known) in written.iter().zip(&harmless).skip(3) {
            let label = |line: &str| {
                line.split_once("[\"").and_then(|(head, rest)| Some((head.to_owned(), rest.rsplit_once("\"]")?.0.to_owned())))
            };
            let (Some((head, label)), Some((expected, _))) = (label(line), label(known)) else {
                assert_eq!(line, known);
                continue;
            };
            assert_eq!(head, expected);
            assert!(label.chars().all(|c| c.is_alphanumeric() || " .,:_-/+=×#;".contains(c)), "{label}");
        }
    }
}

#[test]
fn a_terminal_gets_no_control_characters_and_no_long_lines() {
    for text in NAUGHTY {
        let written = Format::Text.write(&plan(&format!("{text} {}", "w".repeat(150))));
        assert!(!written.chars().any(|c| c.is_control() && c != '\n') && !written.contains('\u{202e}'), "{written}");
        // What a step would change stands there as it is.
        let long = written.lines().filter(|line| line.chars().count() > 100).count();
        assert!(long <= 1, "{written}");
    }
}
