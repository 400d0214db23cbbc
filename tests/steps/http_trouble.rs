//! `http` steps against servers that misbehave: each message says what happened and what to do.

use super::http_server::{Connection, Server, answer, hold, ok};
use crate::cli::{Outcome, Place};
use std::net::TcpListener;

fn asked(url: &str, rest: &str) -> Outcome {
    Place::with(&format!("workflow main {{\n  step it: http \"{url}\" {rest}\n}}\n")).ran(&[])
}

/// Asks a server that writes these bytes and closes the connection, with a retry; how many requests it got.
fn told(bytes: &'static [u8], expected: &str) -> usize {
    let server = Server::doing(move |_, connection| {
        let _ = connection.write_all(bytes).and_then(|()| connection.flush());
    });
    let outcome = asked(&server.url("/"), "{ retry 1 times }");
    let expected = expected.replace("HOST", &server.host());
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{expected}\n{}", outcome.stderr);
    server.seen().len()
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let outcome = asked(&format!("http://127.0.0.1:{port}/"), "{ retry 1 times }");
    let expected = format!("nothing listens at 127.0.0.1:{port} (connection refused): start the server, or mend host and port");
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("2 attempts") || outcome.stderr.contains("attempt 2"), "{}", outcome.stderr);
    let outcome = asked("http://nowhere.invalid/", "");
    let expected = "name of nowhere.invalid does not resolve: mend the name, or the DNS of this machine";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn a_step_that_sent_nothing_has_nothing_to_undo() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let server = Server::doing(|_, connection| drop(connection.write_all(b"")));
    for (url, undone) in [(format!("http://127.0.0.1:{port}/"), false), (server.url("/"), true)] {
        let place = Place::with(&format!(
            "workflow main {{\n  step it: http \"{url}\" {{ method: \"POST\", undo shell \"touch undone\" }}\n  on failure rollback\n}}\n"
        ));
        let outcome = place.ran(&[]);
        assert_eq!(place.path("undone").exists(), undone, "{}", outcome.stderr);
    }
}

#[test]
fn a_connection_that_ends_too_early_is_said() {
    assert_eq!(told(b"", "HOST closed the connection before it answered: see what it logs"), 2);
    assert_eq!(told(b"HTTP/1.1 200 OK\r\nContent-Le", "HOST closed the connection before it answered: see what it logs"), 2);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(told(cut, "connection to HOST broke after 4 bytes of the body: see what it logs"), 2);
    let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n9\r\nwor";
    assert_eq!(told(cut, "connection to HOST broke after 8 bytes of the body: see what it logs"), 2);
}

#[test]
fn an_answer_that_is_no_http_is_said() {
    let expected = "answer of HOST is no HTTP: see whether the port is one of HTTP, and the URL should say https://";
    assert_eq!(told(b"SSH-2.0-OpenSSH_9.6\r\n", expected), 2);
    assert_eq!(told(b"\x00\x01\x02\xff\xfe\r\n\r\n", expected), 2);
    assert_eq!(told(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", expected), 2);
}

#[test]
fn headers_without_end_are_refused() {
    let server = Server::doing(|_, connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n");
        while connection.write_all(format!("X-A: {}\r\n", "x".repeat(8_000)).as_bytes()).is_ok() {}
    });
    let outcome = asked(&server.url("/"), "{ retry 1 times }");
    let expected = format!("headers of the answer of {} are larger than a client takes: mend the server", server.host());
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn what_a_late_answer_waited_for_is_in_the_output() {
    let silent = |beginning: &'static [u8]| {
        Server::doing(move |_, connection: &mut dyn Connection| {
            let _ = connection.write_all(beginning).and_then(|()| connection.flush());
            hold(connection);
        })
    };
    for (beginning, expected) in [
        (&b"HTTP/1.1 200 OK\r\nX: "[..], "HOST has not answered yet"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "4 bytes of the body of the answer of HOST have come"),
    ] {
        let server = silent(beginning);
        let outcome = asked(&server.url("/"), "{ timeout 500ms }");
        let expected = expected.replace("HOST", &server.host());
        assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 500ms"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&expected), "{expected}\n{}", outcome.stderr);
    }
}

#[test]
fn a_body_that_is_no_utf_8_is_text_all_the_same() {
    let server = Server::doing(|_, connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nX-A: \xe9\r\nContent-Length: 3\r\n\r\na\xffb");
    });
    let text = format!(
        "workflow main {{\n  step it: http \"{}\"\n  output body: string = it.body\n  output header: string = it.headers[\"x-a\"]\n}}\n",
        server.url("/")
    );
    let outcome = Place::with(&text).ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = a\u{fffd}b\nheader = \u{fffd}\n"), "{}", outcome.stderr);
}

#[test]
fn a_packed_body_is_unpacked_and_a_broken_one_said() {
    // `echo -n hello | gzip -n`
    let hello = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
    let server = Server::doing(move |request, connection| {
        let content: &[u8] = if request.number == 0 { hello } else { b"this is no gzip" };
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n");
        let _ = connection.write_all(content);
    });
    let text = format!("workflow main {{\n  step it: http \"{}\"\n  output body: string = it.body\n}}\n", server.url("/"));
    let outcome = Place::with(&text).ran(&[]);
    assert_eq!(outcome.stdout, "body = hello\n", "{}", outcome.stderr);
    let outcome = Place::with(&text).ran(&[]);
    let expected = "cannot be unpacked after 0 bytes: see what it says in `content-encoding`";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn retry_after_is_the_least_wait() {
    for (header, waits) in [("1", 1_000), ("0", 0), ("never", 0)] {
        let server = Server::answering(&[&answer("429 Slow Down", &[&format!("Retry-After: {header}")], ""), &ok("")]);
        let place = Place::with(&format!(
            "workflow main {{\n  step it: http \"{}\" {{ retry 2 times backoff 1ms to 2ms }}\n}}\n",
            server.url("/")
        ));
        let outcome = place.wfc(&["run", "--format", "json", "main.wf"]);
        assert_eq!((outcome.code, server.seen().len()), (0, 2), "{}", outcome.stderr);
        let scheduled = outcome.stderr.lines().find(|line| line.contains("retry-scheduled")).expect("a retry");
        let event: serde_json::Value = serde_json::from_str(scheduled).expect("JSON");
        let delay = event["delay"].as_u64().or_else(|| event["event"]["delay"].as_u64());
        assert!(delay.is_some_and(|delay| delay >= waits && delay <= waits + 2), "{event}");
    }
}

#[test]
fn a_server_that_asks_to_wait_for_hours_is_not_asked_again() {
    let server = Server::answering(&[&answer("503 Away", &["Retry-After: 7200"], "back at noon")]);
    let outcome = asked(&server.url("/"), "{ retry 2 times }");
    let expected =
        "503 Service Unavailable, to be tried again in 2h, which is longer than the 1h that a retry waits: back at noon";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 1);
    let server = Server::answering(&[&answer("503 Away", &["Retry-After: 60"], "")]);
    let outcome = asked(&server.url("/"), "{ retry 2 times within 30s }");
    assert_eq!((outcome.code, server.seen().len()), (1, 1), "{}", outcome.stderr);
}
