//! `http` steps whose run is cancelled or killed while they wait for an answer.

use super::http_server::{Server, hold, ok};
use crate::cli::Place;
use crate::cli::resume::{resumed, start, until};
use rustix::process::{Pid, Signal, kill_process};

/// A server that answers no first request, and all others.
fn late() -> Server {
    Server::doing(|request, connection| {
        if request.number == 0 {
            return hold(connection);
        }
        let _ = connection.write_all(ok("done").as_bytes());
    })
}

fn asking(server: &Server, rest: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  step it: http \"{}\" {{ {rest} }}\n  step after: shell \"touch after\" {{ no undo \"x\" }}\n  output body: string = it.body\n}}\n",
        server.url("/")
    ))
}

/// Runs it, and kills the run once the server has the request.
fn killed(place: &Place, server: &Server) {
    let mut run = start(place, &[]);
    until("the request", || server.seen().len() == 1);
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
}

#[test]
fn a_cancelled_run_leaves_its_request() {
    let server = late();
    let place = asking(&server, "timeout 1m");
    let mut run = start(&place, &[]);
    until("the request", || server.seen().len() == 1);
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(run.wait().expect("it ends").code(), Some(143));
    assert!(!place.path("after").exists());
    let logs = place.wfc(&["logs", "last", "it"]);
    assert!(logs.stdout.contains("has not answered yet"), "{logs:?}");
}

#[test]
fn what_may_run_twice_is_sent_again() {
    for method in ["GET", "PUT", "DELETE"] {
        let server = late();
        let clauses = if method == "GET" { "" } else { ", no undo \"x\"" };
        let place = asking(&server, &format!("method: \"{method}\", timeout 1m{clauses}"));
        killed(&place, &server);
        let outcome = resumed(&place, &[]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = done\n"), "{method}: {}", outcome.stderr);
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn nobody_knows_whether_a_post_had_its_effect() {
    let server = late();
    let place = asking(&server, "method: \"POST\", timeout 1m, no undo \"x\"");
    killed(&place, &server);
    let outcome = resumed(&place, &[]);
    assert_eq!((outcome.code, server.seen().len()), (5, 1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("nobody knows whether step `it` had its effect"), "{}", outcome.stderr);
    let outcome = resumed(&place, &["--step", "it=rerun"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = done\n"), "{}", outcome.stderr);
    let keys: Vec<_> = server.seen().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys[0] == keys[1] && !keys[0].is_empty(), "{keys:?}");
}

#[test]
fn a_check_looks_whether_a_post_had_its_effect() {
    for (status, requests) in [("200 OK", 2), ("404 Not Found", 3)] {
        let status = status.to_owned();
        let server = Server::doing(move |request, connection| match (request.number, &*request.method) {
            (0, _) => hold(connection),
            (_, "GET") => drop(connection.write_all(super::http_server::answer(&status, &[], "found").as_bytes())),
            _ => drop(connection.write_all(ok("done").as_bytes())),
        });
        let check = format!("on unknown check http \"{}\"", server.url("/orders/7"));
        let place = asking(&server, &format!("method: \"POST\", timeout 1m, no undo \"x\", {check}"));
        killed(&place, &server);
        let outcome = resumed(&place, &[]);
        assert_eq!((outcome.code, server.seen().len()), (0, requests), "{}", outcome.stderr);
        let body = if requests == 2 { "body = found\n" } else { "body = done\n" };
        assert_eq!(outcome.stdout, body);
    }
}
