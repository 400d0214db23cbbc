//! A secret in each attribute of `http` that takes one goes where it is sent, and nowhere else.

use super::http_server::{Server, answer};
use super::keeps_nothing_of;
use crate::cli::{Outcome, Place};

const CANARY: &str = "canary-5Kx\"&/é";

/// A server that tells all that it was sent, with a status.
fn echoing(status: &'static str) -> Server {
    Server::doing(move |request, connection| {
        let headers: serde_json::Map<_, _> =
            request.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let told = serde_json::json!({ "target": request.target, "headers": headers, "body": request.text() }).to_string();
        let key = format!("X-Key: {}", request.header("x-key"));
        let _ = connection.write_all(answer(status, &[&key], &told).as_bytes());
    })
}

/// Whether a text holds the canary in some form.
fn leaks(text: &str) -> bool {
    let forms = ["canary-5Kx", "Y2FuYXJ5LTVLe", "Y2FuYXJ5LTVLeCI", "63616e6172792d354b78"];
    forms.iter().any(|form| text.contains(form))
}

#[test]
fn a_secret_appears_nowhere_but_where_it_was_sent() {
    let attributes = [
        "headers: { \"X-Key\": \"Key ${token}\" }",
        "body: \"a ${token} b\"",
        "form: { key: token }",
        "auth: { bearer: plain }",
        "auth: { user: \"me\", password: token }",
    ];
    for attribute in attributes {
        for status in ["200 OK", "404 Not Found", "503 Busy"] {
            let server = echoing(status);
            let place = Place::with(&format!(
                r#"workflow main {{
  secret token from env "TOKEN"
  secret plain from env "PLAIN"
  step it: http "{}" {{ method: "PUT", {attribute}, retry 1 times, no undo "a test" }}
  output body: string = it.body
  output headers: string = it.headers.to_json()
  output json: string = it.json.to_json()
  on failure {{
    step told: shell "echo ${{failure.message}} ${{failure.stderr}}" {{ reads only }}
  }}
}}
"#,
                server.url("/")
            ));
            let mut command = place.command(&["run", "--verbose", "main.wf"]);
            let outcome = Outcome::of(command.env("TOKEN", CANARY).env("PLAIN", "canary-5Kx").output().expect("it starts"));
            assert_eq!(outcome.code == 0, status.starts_with('2'), "{}", outcome.stderr);
            let sent = server.seen();
            let sent = format!("{:?}{}", sent[0].headers, sent[0].text());
            assert!(
                sent.contains("canary-5Kx") || sent.contains("Y2FuYXJ5LTVLe") || sent.contains("bWU6Y2FuYXJ5"),
                "{attribute}: {sent}"
            );
            assert!(!leaks(&outcome.stdout) && !leaks(&outcome.stderr), "{attribute}: {outcome:?}");
            assert!(outcome.stderr.contains("***") || outcome.stdout.contains("***"), "{attribute}: {outcome:?}");
            for text in ["canary-5Kx", "Y2FuYXJ5LTVLe", "63616e6172792d354b78"] {
                keeps_nothing_of(&place, text);
            }
        }
    }
}

#[test]
fn an_answer_that_is_a_secret_is_kept_nowhere() {
    let server = Server::answering(&[&answer("200 OK", &[], "canary-5Kx")]);
    let place = Place::with(&format!(
        r#"workflow main {{
  step it: http "{0}" -> secret {{ reads only }}
  step use: http "{0}" {{ auth: {{ bearer: it }} }}
}}
"#,
        server.url("/")
    ));
    let outcome = place.wfc(&["run", "--verbose", "main.wf"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(server.seen()[1].header("authorization"), "Bearer canary-5Kx");
    keeps_nothing_of(&place, "canary-5Kx");
    assert!(!leaks(&outcome.stderr), "{}", outcome.stderr);
}

#[test]
fn a_refusal_that_may_tell_a_secret_is_not_shown() {
    for (status, body) in [("500 No", "canary-5Kx"), ("200 OK", "{\"token\": [\"canary-5Kx\"]}")] {
        let server = Server::answering(&[&answer(status, &[], body)]);
        let place = Place::with(&format!(
            "workflow main {{\n  step it: http \"{}\" -> {{ token: secret }} {{ reads only }}\n  step use: http \"{0}\" {{ auth: {{ bearer: it.token }} }}\n}}\n",
            server.url("/")
        ));
        let outcome = place.wfc(&["run", "--verbose", "main.wf"]);
        assert_eq!((outcome.code, server.seen().len()), (1, 1), "{}", outcome.stderr);
        keeps_nothing_of(&place, "canary-5Kx");
        assert!(!leaks(&outcome.stderr), "{}", outcome.stderr);
    }
}

#[test]
fn a_secret_is_refused_where_it_would_show() {
    let place = Place::with(
        r#"workflow main {
  secret token from env "TOKEN"
  step a: http "https://example.com/${token}"
  step b: http "https://example.com/" { query: { key: token } }
  step c: http "https://example.com/" { method: "PUT", json: { key: token }, no undo "x" }
  step d: http "https://example.com/" { save: "./${token}" }
}
"#,
    );
    let outcome = place.wfc(&["check", "main.wf"]);
    assert_eq!(
        (outcome.code, outcome.stdout.matches("secret-leak").count() + outcome.stderr.matches("secret-leak").count()),
        (1, 4),
        "{outcome:?}"
    );
}
