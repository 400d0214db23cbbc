//! `http` steps against servers of their own.

use super::http_server::{Server, answer, hold, ok};
use crate::cli::{Outcome, Place};
use serde_json::Value;

/// A workflow of one step `it`; `rest` is what stands behind the URL.
fn asking(url: &str, rest: &str) -> Place {
    Place::with(&format!("workflow main {{\n  step it: http \"{url}\" {rest}\n}}\n"))
}

/// The message of the failure of the last run.
fn message(outcome: &Outcome) -> String {
    outcome.stderr.clone()
}

/// The outputs of a run as JSON.
fn outputs(place: &Place, arguments: &[&str]) -> Value {
    let outcome = place.ran(&[&["--output", "out.json"], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&place.read("out.json")).expect("outputs are JSON")
}

#[test]
fn an_answer_is_a_record() {
    let server =
        Server::answering(&[&answer("201 Created", &["X-A: 1", "X-A: 2", "Set-Cookie: a=b, c"], "{\"ok\": [1, \"é\"]}")]);
    let text = format!(
        r#"workflow main {{
  step it: http "{}"
  output status: int = it.status
  output header: string = it.headers["x-a"]
  output cookie: string = it.headers["set-cookie"]
  output body: string = it.body
  output second: string = it.json.ok[1] as string
  output quick: bool = it.elapsed < 1m
}}
"#,
        server.url("/x?y=1")
    );
    let found = outputs(&Place::with(&text), &[]);
    let expected = serde_json::json!({
        "status": 201, "header": "1, 2", "cookie": "a=b, c", "body": "{\"ok\": [1, \"é\"]}", "second": "é", "quick": true,
    });
    assert_eq!(found, expected);
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].method.as_str(), seen[0].target.as_str()), (1, "GET", "/x?y=1"));
    assert!(seen[0].header("user-agent").starts_with("wfc/") && seen[0].header("host") == server.host(), "{seen:?}");
    assert_eq!(seen[0].header("idempotency-key"), "");
}

#[test]
fn a_body_is_read_as_json_where_somebody_reads_the_step() {
    let kept = |rest: &str| {
        let server = Server::answering(&[&ok("[1, 2]")]);
        let place = asking(&server.url("/"), rest);
        assert_eq!(place.ran(&[]).code, 0);
        let status = place.wfc(&["status", "last", "--format", "json"]).stdout;
        let record: Value = serde_json::from_str(&status).expect("a record");
        record["instances"]["1"]["status"]["succeeded"]["map"]["json"].clone()
    };
    assert_eq!(kept("{ expect result.status == 200 }"), serde_json::json!({ "list": [{ "int": 1 }, { "int": 2 }] }));
    assert_eq!(kept(""), "null");
}

#[test]
fn a_large_body_that_nobody_reads_is_kept_in_the_log_alone() {
    let body = format!("first{}last", "x".repeat(300_000));
    let kept = |rest: &str| {
        let server = Server::answering(&[&ok(&body)]);
        let place = asking(&server.url("/"), rest);
        assert_eq!(place.ran(&[]).code, 0);
        assert_eq!(place.wfc(&["logs", "last", "it"]).stdout.matches(&body).count(), 1);
        let status = place.wfc(&["status", "last", "--format", "json"]).stdout;
        let record: Value = serde_json::from_str(&status).expect("a record");
        record["instances"]["1"]["status"]["succeeded"]["map"]["body"]["string"].as_str().expect("a text").to_owned()
    };
    assert_eq!(kept("{ expect result.body != \"\" }"), body);
    let short = kept("");
    assert!(short.len() < 70_000 && short.starts_with("firstx") && short.ends_with("xlast"), "{}", short.len());
    assert!(short.contains(&format!("x\n[{} bytes left out]\nx", body.len() - 65_536)));
}

#[test]
fn the_body_is_text_json_or_a_form() {
    let server = Server::answering(&[&ok("")]);
    let cases = [
        ("body: \"a\\nb\"", "", "a\nb"),
        ("json: { a: [1, 2.5, true, null], b: \"é\" }", "application/json", "{\"a\":[1,2.5,true,null],\"b\":\"é\"}"),
        ("form: { a: \"1 & 2\", \"b=c\": \"é\" }", "application/x-www-form-urlencoded", "a=1%20%26%202&b%3Dc=%C3%A9"),
        ("json: [1], headers: { \"Content-Type\": \"application/x+json\" }", "application/x+json", "[1]"),
    ];
    for (attributes, content_type, body) in cases {
        let place = asking(&server.url("/"), &format!("{{ method: \"PUT\", {attributes}, no undo \"a test\" }}"));
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let seen = server.seen().pop().expect("a request");
        assert_eq!((seen.method.as_str(), seen.header("content-type"), &*seen.text()), ("PUT", content_type, body));
    }
}

#[test]
fn headers_query_and_auth_go_along() {
    let server = Server::answering(&[&ok("")]);
    let rest = r#"{ headers: { "X-One": "1", "x-two": "a,b" }, query: { q: ["a b", "c&d"], "é": ["="] }, auth: { user: "me", password: "p:w" } }"#;
    for (path, rest) in [("/p?x=1", rest), ("/p", "{ auth: { bearer: \"abc\" }, query: { a: \"1\" } }")] {
        let outcome = asking(&server.url(path), rest).ran(&[]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    let seen = server.seen();
    assert_eq!(seen[0].target, "/p?x=1&q=a%20b&q=c%26d&%C3%A9=%3D");
    assert_eq!((seen[0].header("x-one"), seen[0].header("x-two")), ("1", "a,b"));
    assert_eq!((seen[0].header("authorization"), seen[1].header("authorization")), ("Basic bWU6cDp3", "Bearer abc"));
    assert_eq!(seen[1].target, "/p?a=1");
}

#[test]
fn what_cannot_be_sent_is_said_before_anything_is() {
    let server = Server::answering(&[&ok("")]);
    let cases = [
        ("{ headers: { \"X\": \"a\\r\\nEvil: 1\" } }", "header `X` holds a line break or another control character"),
        ("{ headers: { \"a b\": \"1\" } }", "`a b` in `headers` is no name of a header"),
        ("{ headers: { \"Content-Length\": \"3\" } }", "header `Content-Length` is set by the connection itself"),
        ("{ headers: { Authorization: \"x\" }, auth: { bearer: \"y\" } }", "both `auth` and `headers` give `Authorization`"),
        ("{ auth: { user: \"a:b\", password: \"y\" } }", "the user of `auth` holds a colon"),
        ("{ allow_address: [\"1.2.3\"] }", "`1.2.3` in `allow_address` is no address or network"),
    ];
    for (rest, expected) in cases {
        let outcome = asking(&server.url("/"), rest).ran(&[]);
        assert!(outcome.code == 1 && message(&outcome).contains(expected), "{rest}: {}", outcome.stderr);
    }
    let place = Place::with("workflow main {\n  param base: url\n  step it: http { url: base }\n}\n");
    let outcome = place.ran(&["--param", "base=ftp://example.com/"]);
    assert!(message(&outcome).contains("`url` begins with `ftp:`"), "{}", outcome.stderr);
    assert!(server.seen().is_empty());
}

#[test]
fn a_status_outside_2xx_fails_unless_it_is_allowed() {
    let server = Server::answering(&[&answer("404 Not Found", &[], "no such\u{1b}[31m thing\r\nhere")]);
    let outcome = asking(&server.url("/"), "{ retry 3 times }").ran(&[]);
    assert_eq!((outcome.code, server.seen().len()), (1, 1));
    let expected = format!("GET {} is answered by 404 Not Found: no such [31m thing here", server.host());
    assert!(message(&outcome).contains(&expected), "{}", outcome.stderr);
    assert_eq!(asking(&server.url("/"), "{ allow_status: [404] }").ran(&[]).code, 0);
}

#[test]
fn failure_says_what_came() {
    let server = Server::answering(&[&answer("409 Conflict", &[], "taken by ann")]);
    let text = format!(
        r#"workflow main {{
  step it: http "{}"
  on failure {{
    step told: shell "echo ${{failure.kind}} ${{failure.status ?? 0}} ${{failure.stderr}} ${{failure.attempts}} > told" {{ no undo "a test" }}
  }}
}}
"#,
        server.url("/")
    );
    let place = Place::with(&text);
    assert_eq!(place.ran(&[]).code, 1);
    assert_eq!(place.read("told"), "exit 409 taken by ann 1\n");
}

#[test]
fn an_answer_decodes() {
    let server = Server::answering(&[&ok("{\"name\": \"api\", \"replicas\": 3}\n")]);
    let of = |type_: &str, output: &str| {
        let text =
            format!("workflow main {{\n  step it: http \"{}\" -> {type_}\n  output found = {output}\n}}\n", server.url("/"));
        Place::with(&text)
    };
    assert_eq!(outputs(&of("{ name: string, replicas: int }", "it.replicas"), &[])["found"], 3);
    assert_eq!(outputs(&of("string", "it.length"), &[])["found"], 30);
    let outcome = of("{ name: string, replicas: string }", "it.replicas").ran(&[]);
    assert!(message(&outcome).contains("expected string at `.replicas`, found 3"), "{}", outcome.stderr);
}

#[test]
fn what_may_pass_is_tried_again_and_nothing_else() {
    for (status, attempts) in [(408, 3), (425, 3), (429, 3), (500, 3), (503, 3), (599, 3), (400, 1), (401, 1), (404, 1), (422, 1)]
    {
        let server = Server::answering(&[&answer(&format!("{status} No"), &[], "")]);
        let outcome = asking(&server.url("/"), "{ retry 2 times }").ran(&[]);
        assert_eq!((outcome.code, server.seen().len()), (1, attempts), "{status}: {}", outcome.stderr);
    }
    let server = Server::answering(&[&answer("503 Busy", &[], ""), &ok("done")]);
    assert_eq!(asking(&server.url("/"), "{ retry 2 times }").ran(&[]).code, 0);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_post_has_one_key_for_all_its_attempts() {
    let server = Server::answering(&[&answer("503 Busy", &[], ""), &ok("")]);
    let rest = "{ method: \"POST\", retry 1 times, on unknown rerun, no undo \"a test\" }";
    assert_eq!(asking(&server.url("/"), rest).ran(&[]).code, 0);
    let keys: Vec<_> = server.seen().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1] && !keys[0].is_empty(), "{keys:?}");
    let own = "{ method: \"POST\", headers: { \"Idempotency-Key\": \"mine\" }, no undo \"a test\" }";
    assert_eq!(asking(&server.url("/"), own).ran(&[]).code, 0);
    assert_eq!(server.seen()[2].header("idempotency-key"), "mine");
}

#[test]
fn an_attempt_that_takes_too_long_ends() {
    let server = Server::doing(|_, connection| hold(connection));
    let outcome = asking(&server.url("/"), "{ timeout 300ms }").ran(&[]);
    assert_eq!(outcome.code, 1);
    assert!(message(&outcome).contains("attempt took longer than 300ms"), "{}", outcome.stderr);
    assert!(message(&outcome).contains(&format!("{} has not answered yet", server.host())), "{}", outcome.stderr);
}

#[test]
fn lists_of_a_query_may_be_values() {
    let server = Server::answering(&[&ok("")]);
    let text = format!(
        "workflow main {{\n  param tags: [string] = [\"a\", \"b c\"]\n  step it: http \"{}\" {{ query: {{ tag: tags, n: [\"1\"] }} }}\n}}\n",
        server.url("/")
    );
    let outcome = Place::with(&text).ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(server.seen()[0].target, "/?tag=a&tag=b%20c&n=1");
}

#[test]
fn an_undo_asks_for_what_the_step_was_told() {
    let server = Server::answering(&[&ok("{\"id\": \"c/1\"}"), &ok("")]);
    let text = format!(
        r#"workflow main {{
  step charge: http "{0}/charges" -> {{ id: string }} {{
    method: "POST"
    undo http "{0}/refunds/${{charge.id}}" when charge != null {{ method: "POST" }}
  }}
  step ship: shell "false" {{ no undo "nothing happened" }}
  on failure rollback
}}
"#,
        server.url("")
    );
    let outcome = Place::with(&text).ran(&[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let asked: Vec<_> = server.seen().iter().map(|seen| (seen.method.clone(), seen.target.clone())).collect();
    assert_eq!(
        asked,
        [("POST", "/charges"), ("POST", "/refunds/c%2F1")].map(|(method, target)| (method.to_owned(), target.to_owned()))
    );
}

#[test]
fn a_head_tells_of_a_body_that_does_not_come() {
    let server = Server::answering(&["HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"]);
    let text = format!(
        "workflow main {{\n  step it: http \"{}\" {{ method: \"HEAD\" }}\n  output length: string = it.headers[\"content-length\"]\n}}\n",
        server.url("/")
    );
    let outcome = Place::with(&text).ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "length = 10737418240\n"), "{}", outcome.stderr);
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let server = Server::answering(&[&answer("404 Not Found", &[], "")]);
    let place = asking(&server.url("/").replace("http://", "http://ann:open-sesame@"), "");
    let outcome = place.wfc(&["run", "--verbose", "main.wf"]);
    assert!(outcome.stderr.contains("http://***@127.0.0.1:") && !outcome.stderr.contains("sesame"), "{}", outcome.stderr);
    assert_eq!(server.seen()[0].header("authorization"), "Basic YW5uOm9wZW4tc2VzYW1l");
}

#[test]
fn the_example_runs() {
    let server = Server::answering(&[&answer("503 Busy", &[], ""), &ok("{\"open\": true}"), &answer("204 No Content", &[], "")]);
    let kinds = wf_steps::registry();
    let example = kinds.get("http").expect("a kind").example;
    let place = Place::with(
        &example.replace("https://api.example.com", &server.url("")).replace("backoff 1s to 10s", "backoff 1ms to 2ms"),
    );
    let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("API_TOKEN", "canary").output().expect("it starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "status = 204\n"), "{}", outcome.stderr);
    let last = server.seen().pop().expect("a request");
    assert_eq!((last.target.as_str(), &*last.text()), ("/orders/A-17/close", "{\"reason\":\"shipped\"}"));
    assert_eq!(last.header("authorization"), "Bearer canary");
}
