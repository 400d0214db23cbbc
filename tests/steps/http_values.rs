//! Values in every place of a request arrive as they are.

use super::http_server::{Seen, Server, ok};
use crate::cli::Place;
use crate::injection::strings;
use percent_encoding::percent_decode_str;

/// What a percent-encoded text stands for.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

/// The value of `name` in `a=1&b=2`.
fn value<'a>(pairs: &'a str, name: &str) -> &'a str {
    pairs.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).expect("a pair of that name")
}

/// How the value arrived in each place.
fn arrived(seen: &Seen) -> Vec<String> {
    let (path, query) = seen.target.split_once('?').expect("a query");
    let segments: Vec<&str> = path.split('/').collect();
    assert_eq!((segments.len(), segments[1], segments[3]), (4, "s", "t"), "{path}");
    assert_eq!((query.split('&').count(), value(query, "r")), (4, "1"), "{query}");
    let form = seen.text();
    assert_eq!((form.split('&').count(), value(&form, "c")), (2, "1"), "{form}");
    let segment = decoded(segments[2].strip_prefix('-').expect("the literal before it"));
    vec![segment, decoded(value(query, "q")), decoded(value(query, "p")), decoded(value(query, "l")), decoded(value(&form, "b"))]
}

#[test]
fn every_naughty_string_arrives_as_data() {
    let server = Server::answering(&[&ok("")]);
    let texts = strings::all();
    let text = format!(
        r#"workflow main {{
  param texts: [string]
  for each x in texts {{
    step it: http "{}/s/-${{x}}/t?q=${{x}}&r=1#${{x}}" {{ method: "PUT", query: {{ p: [x], l: [x] }}, form: {{ b: x, c: "1" }}, no undo "a test" }}
  }}
}}
"#,
        server.url("")
    );
    let place = Place::with(&text);
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let outcome = place.ran(&["--params", "texts.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let seen = server.seen();
    assert_eq!(seen.len(), texts.len());
    for (text, seen) in texts.iter().zip(&seen) {
        assert!(arrived(seen).iter().all(|arrived| arrived == text), "{text:?}: {seen:?}");
    }
}

#[test]
fn every_naughty_string_arrives_in_a_body() {
    let server = Server::answering(&[&ok("")]);
    let texts = strings::all();
    let text = format!(
        r#"workflow main {{
  param texts: [string]
  for each x in texts {{
    step text: http "{0}" {{ method: "PUT", body: x, no undo "a test" }}
    step json: http "{0}" {{ method: "PUT", json: {{ x: x, all: [x] }}, no undo "a test" }}
  }}
}}
"#,
        server.url("/")
    );
    let place = Place::with(&text);
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let outcome = place.ran(&["--params", "texts.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let seen = server.seen();
    for (text, seen) in texts.iter().zip(seen.chunks(2)) {
        assert_eq!(&seen[0].text(), text);
        let json: serde_json::Value = serde_json::from_slice(&seen[1].body).expect("JSON");
        assert_eq!(json, serde_json::json!({ "x": text, "all": [text] }));
    }
}

#[test]
fn a_value_makes_no_step_up_and_no_other_host() {
    let server = Server::answering(&[&ok("")]);
    for value in [".", ".."] {
        let place =
            Place::with(&format!("workflow main {{\n  param x: string\n  step it: http \"{}/a/${{x}}/b\"\n}}\n", server.url("")));
        let outcome = place.ran(&["--param", &format!("x={value}")]);
        assert!(outcome.code == 1 && outcome.stderr.contains("makes `.` or `..` of a part of the path"), "{}", outcome.stderr);
    }
    for value in ["evil.example/", "a@evil.example", "a:1", "a?b", "a#b", "[::1]", ""] {
        let place = Place::with("workflow main {\n  param x: string\n  step it: http \"http://${x}.example.com/\"\n}\n");
        let outcome = place.ran(&["--param", &format!("x={value}")]);
        assert!(outcome.code == 1 && outcome.stderr.contains("does not fit into the host of a URL"), "{}", outcome.stderr);
    }
    assert!(server.seen().is_empty());
}
