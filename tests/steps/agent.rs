//! `agent` steps to endpoints that speak as that of OpenAI, and to some that misbehave.

use super::certificates::Authority;
use super::http_server::{Connection, Seen, Server, answer, hold};
use super::{http_tls, keeps_nothing_of};
use crate::cli::resume::{resumed, start, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A program whose step `ask` asks an endpoint and gives its result.
fn asking(server: &Server, decode: &str, rest: &str) -> Place {
    let shown = if decode.is_empty() { "ask.text" } else { "ask.to_json()" };
    Place::with(&format!(
        "workflow main {{\n  step ask: agent \"Judge it\" {decode} {{ endpoint: \"{}\", no undo \"it only costs\"{rest} }}\n  output said: string = {shown}\n}}\n",
        server.url("/v1")
    ))
}

/// A stream of events that says a text in pieces, and what it took.
pub(super) fn stream(text: &str, tokens: i64) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut events = String::from(": hello\n\n");
    for piece in characters.chunks(3) {
        let piece: String = piece.iter().collect();
        events.push_str(&format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": { "content": piece } }] })));
    }
    events.push_str(&format!("data: {}\n\n", json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] })));
    events.push_str(&format!("data: {}\n\ndata: [DONE]\n\n", json!({ "choices": [], "usage": { "total_tokens": tokens } })));
    answer("200 OK", &["Content-Type: text/event-stream"], &events)
}

fn saying(texts: &[&str]) -> Server {
    let answers: Vec<String> = texts.iter().map(|text| stream(text, 10)).collect();
    Server::answering(&answers.iter().map(String::as_str).collect::<Vec<_>>())
}

fn asked(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("JSON")
}

#[test]
fn a_text_is_streamed() {
    let server = saying(&["It is \"fine\": é."]);
    let place = Place::with(&format!(
        r#"workflow main {{
  secret key from env "KEY"
  step ask: agent {{
    prompt: "Judge it"
    endpoint: "{}"
    model: "small"
    system: "Be brief"
    key: key
    temperature: 0.5
    no undo "it only costs"
  }}
  output said: string = ask.text
  output tokens: int = ask.tokens
}}
"#,
        server.url("/v1/")
    ));
    let mut command = place.command(&["run", "--verbose", "main.wf"]);
    let outcome = Outcome::of(command.env("KEY", "canary-3Xk").output().expect("it starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = It is \"fine\": é.\ntokens = 10\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("It is \"fine\": é."), "{}", outcome.stderr);
    let seen = &server.seen()[0];
    assert_eq!(
        (&*seen.method, &*seen.target, seen.header("authorization")),
        ("POST", "/v1/chat/completions", "Bearer canary-3Xk")
    );
    let expected = json!({
        "model": "small",
        "messages": [{ "role": "system", "content": "Be brief" }, { "role": "user", "content": "Judge it" }],
        "temperature": 0.5,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(asked(seen), expected);
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    keeps_nothing_of(&place, "canary-3Xk");
}

#[test]
fn an_answer_is_read_as_its_type() {
    let server = saying(&["{\"severity\": \"low\", \"lines\": [1, 2], \"note\": null}"]);
    let place = asking(&server, "-> { severity: \"low\" | \"high\", lines: [int], note: string? }", "");
    let outcome = place.ran(&[]);
    let said = "said = {\"severity\":\"low\",\"lines\":[1,2],\"note\":null}\n";
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, said), "{}", outcome.stderr);
    let format = &asked(&server.seen()[0])["response_format"];
    assert_eq!((&format["type"], &format["json_schema"]["strict"]), (&json!("json_schema"), &json!(true)));
    assert_eq!(format["json_schema"]["schema"]["required"], json!(["severity", "lines", "note"]));

    let server = saying(&["{\"value\": 7}"]);
    let outcome = asking(&server, "-> int", "").ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = 7\n"), "{}", outcome.stderr);
}

#[test]
fn an_answer_that_comes_whole_is_taken_too() {
    let whole = json!({ "choices": [{ "message": { "content": "fine" }, "finish_reason": "stop" }], "usage": { "prompt_tokens": 3, "completion_tokens": 4 } });
    let server = Server::answering(&[&answer("200 OK", &["Content-Type: application/json"], &whole.to_string())]);
    let place = asking(&server, "", "");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = fine\n"), "{}", outcome.stderr);
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_again() {
    let server = saying(&["Sure! Here you are: 7", "{\"value\": \"seven\"}", "{\"value\": 7}"]);
    let place = asking(&server, "-> int", "");
    let outcome = place.ran(&["--verbose"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = 7\n"), "{}", outcome.stderr);
    let seen = server.seen();
    let messages = asked(&seen[2])["messages"].clone();
    let roles: Vec<_> = messages.as_array().expect("a list").iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
    assert_eq!(messages[1]["content"], "Sure! Here you are: 7");
    let objection = messages[4]["content"].as_str().expect("a text");
    assert!(objection.contains("expected int") && objection.contains("seven"), "{objection}");
    let keys: Vec<_> = seen.iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
    assert!(outcome.stderr.contains("the answer does not fit, so it is asked for again"), "{}", outcome.stderr);
}

#[test]
fn three_answers_that_do_not_fit_are_enough() {
    let server = saying(&["no"]);
    let place = asking(&server, "-> int", ", retry 3 times");
    let outcome = place.ran(&[]);
    let expected = "answer does not fit, also not the 3 times it was asked for: expected int";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn tokens_of_all_answers_are_counted() {
    let server = saying(&["no", "{\"value\": 1}"]);
    let place = Place::with(&format!(
        "workflow main {{\n  step ask: agent \"Judge\" {{ endpoint: \"{}\", no undo \"x\" }}\n  output tokens: int = ask.tokens\n}}\n",
        server.url("/v1")
    ));
    assert_eq!(place.ran(&[]).stdout, "tokens = 10\n");
}

#[test]
fn a_busy_endpoint_is_asked_again_when_it_says() {
    let busy = answer("429 Too Many Requests", &["Retry-After: 1"], "{\"error\": {\"message\": \"slow down\"}}");
    let server = Server::answering(&[&busy, &stream("fine", 1)]);
    let outcome = asking(&server, "", ", retry 1 times").ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = fine\n"), "{}", outcome.stderr);
    let outcome = asking(&Server::answering(&[&busy]), "", "").ran(&[]);
    assert!(
        outcome.code == 1 && outcome.stderr.contains("is answered by 429 Too Many Requests: {\"error\""),
        "{}",
        outcome.stderr
    );
    let wrong = Server::answering(&[&answer("401 Unauthorized", &[], "bad key")]);
    let outcome = asking(&wrong, "", ", retry 2 times").ran(&[]);
    assert!(outcome.code == 1 && wrong.seen().len() == 1, "{}", outcome.stderr);
}

/// What comes of a step whose endpoint writes these bytes and closes the connection, and how often it was asked with one retry.
fn told(bytes: &str, expected: &str) -> usize {
    let bytes = bytes.to_owned();
    let server = Server::doing(move |_, connection: &mut dyn Connection| {
        let _ = connection.write_all(bytes.as_bytes()).and_then(|()| connection.flush());
    });
    let outcome = asking(&server, "", ", retry 1 times").ran(&[]);
    let expected = expected.replace("HOST", &server.host());
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{expected}\n{}", outcome.stderr);
    server.seen().len()
}

#[test]
fn what_is_wrong_with_an_answer_is_told() {
    let events = |text: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{text}");
    let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
    assert_eq!(told(&events(piece), "connection to HOST broke after"), 2);
    assert_eq!(told("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ndata: ", "connection to HOST broke after 6 bytes"), 2);
    assert_eq!(told("", "HOST closed the connection before it answered"), 2);
    assert_eq!(
        told(&events("<html>welcome</html>\n"), "answer of HOST is no chat completion: see whether `endpoint` is the base"),
        1
    );
    assert_eq!(
        told(
            &events("data: {\"error\":{\"message\":\"out of\\nmemory\"}}\n\n"),
            "HOST ends its answer with an error: out of memory"
        ),
        2
    );
    let cut = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    assert_eq!(told(&events(cut), "answer of HOST is cut where the model may say no more"), 1);
    let refusal = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I will not\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    assert_eq!(told(&events(refusal), "model of HOST does not answer: I will not"), 1);
    assert_eq!(told(&answer("307 Moved", &["Location: http://127.0.0.1:1/"], ""), "POST HOST is answered by 307"), 1);
}

#[test]
fn metadata_addresses_are_asked_nothing() {
    let place = Place::with(
        "workflow main {\n  step ask: agent \"x\" { endpoint: \"http://169.254.169.254/v1\", timeout 5s, no undo \"x\" }\n}\n",
    );
    let outcome = place.ran(&[]);
    let expected = "169.254.169.254 is a link-local or metadata address, which a step has to name in `allow_address`";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn prompts_are_data() {
    let texts: Vec<String> = serde_json::from_str(include_str!("../data/naughty-strings/blns.json")).expect("a list");
    let server = Server::doing(|request, connection| {
        let said = asked(request)["messages"][1]["content"].as_str().unwrap_or_default().to_owned();
        let _ = connection.write_all(stream(&said, 1).as_bytes());
    });
    let place = Place::with(&format!(
        r#"workflow main {{
  param texts: [string]
  for each text in texts parallel max 8 {{
    step ask: agent {{ prompt: text, system: text, endpoint: "{}", reads only, expect result.text == text }}
  }}
}}
"#,
        server.url("/v1")
    ));
    place.write("texts.json", &json!({ "texts": texts }).to_string());
    let outcome = place.ran(&["--params", "texts.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| asked(seen)["messages"][0]
                == json!({ "role": "system", "content": asked(seen)["messages"][1]["content"] }))
    );
}

/// An endpoint that begins a first answer and does not go on, and gives all others.
fn late() -> Server {
    Server::doing(|request, connection| {
        if request.number == 0 {
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"ha\"}}]}\n\n");
            return hold(connection);
        }
        let _ = connection.write_all(stream("whole", 1).as_bytes());
    })
}

#[test]
fn a_slow_answer_runs_into_the_timeout() {
    let server = late();
    let place = asking(&server, "", ", timeout 3s, retry 1 times");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "said = whole\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("attempt took longer than 3s"), "{}", outcome.stderr);
    assert!(place.wfc(&["logs", "last", "ask"]).stdout.contains("bytes of the body of the answer of"));
}

#[test]
fn a_cancelled_run_leaves_its_question() {
    let server = late();
    let place = asking(&server, "", ", timeout 1m");
    let mut run = start(&place, &[]);
    until("the question", || server.seen().len() == 1);
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(run.wait().expect("it ends").code(), Some(143));
}

#[test]
fn after_a_kill_what_only_reads_is_asked_again() {
    for (clause, code) in [("reads only", 0), ("no undo \"x\"", 5)] {
        let server = late();
        let place = asking(&server, "", ", timeout 1m");
        place.write("main.wf", &place.read("main.wf").replace("no undo \"it only costs\"", clause));
        let mut run = start(&place, &[]);
        until("the question", || server.seen().len() == 1);
        run.kill().expect("it runs");
        run.wait().expect("it was started here");
        until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
        let outcome = resumed(&place, &[]);
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert_eq!(server.seen().len(), if code == 0 { 2 } else { 1 });
    }
}

#[test]
fn what_an_endpoint_tells_of_its_key_is_masked() {
    for status in ["200 OK", "401 Unauthorized", "503 Busy"] {
        let server = Server::doing(move |request, connection| {
            let told = format!("your key is {}", request.header("authorization"));
            let said = if status == "200 OK" { stream(&told, 1) } else { answer(status, &[], &told) };
            let _ = connection.write_all(said.as_bytes());
        });
        let place = asking(&server, "", ", key: key");
        place.write(
            "main.wf",
            &place.read("main.wf").replacen("workflow main {", "workflow main {\n  secret key from env \"KEY\"", 1),
        );
        let mut command = place.command(&["run", "--verbose", "main.wf"]);
        let outcome = Outcome::of(command.env("KEY", "canary-8Lp").output().expect("it starts"));
        assert_eq!(outcome.code == 0, status == "200 OK", "{}", outcome.stderr);
        assert!(
            !format!("{outcome:?}").contains("canary") && format!("{outcome:?}").contains("your key is Bearer ***"),
            "{outcome:?}"
        );
        keeps_nothing_of(&place, "canary-8Lp");
    }
}

#[test]
fn an_answer_that_is_a_secret_is_kept_nowhere() {
    let server = saying(&["{\"password\": \"canary-4Zt\"}"]);
    let place = Place::with(&format!(
        r#"workflow main {{
  step ask: agent "Make a password" -> {{ password: secret }} {{ endpoint: "{}", reads only }}
  step use: shell "echo \"$P\" > used" {{ env: {{ P: ask.password }}, no undo "x" }}
}}
"#,
        server.url("/v1")
    ));
    let outcome = place.ran(&["--verbose"]);
    assert_eq!((outcome.code, place.read("used").as_str()), (0, "canary-4Zt\n"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    keeps_nothing_of(&place, "canary-4Zt");
}

#[test]
fn an_endpoint_with_an_authority_of_its_own_is_trusted_where_the_step_says_so() {
    let authority = Authority::new("ours");
    let server = http_tls::server(&authority.certify("localhost", 2100), None, |_, connection| {
        let _ = connection.write_all(stream("fine", 1).as_bytes()).and_then(|()| connection.flush());
    });
    for (attribute, code) in [(", ca: \"./ca.pem\"", 0), ("", 1)] {
        let place = asking(&server, "", attribute);
        let https = format!("https://localhost:{}", server.port());
        place.write("main.wf", &place.read("main.wf").replace(&server.url(""), &https));
        place.write("ca.pem", &authority.pem());
        let outcome = place.ran(&[]);
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("is signed by nobody whom this machine trusts"), code == 1, "{}", outcome.stderr);
    }
}
