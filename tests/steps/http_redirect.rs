//! `http` steps that are sent elsewhere: what goes along, where they end, and where they must not go.

use super::http_server::{Seen, Server, answer, ok};
use crate::cli::{Outcome, Place};

fn redirecting(to: &str) -> Server {
    Server::answering(&[&answer("302 Found", &[&format!("Location: {to}")], "")])
}

fn asked(server: &Server, rest: &str) -> Outcome {
    let text = format!(
        "workflow main {{\n  secret token from env \"TOKEN\"\n  step it: http \"{}\" {rest}\n  output body: string = it.body\n}}\n",
        server.url("/start")
    );
    let place = Place::with(&text);
    Outcome::of(place.command(&["run", "main.wf"]).env("TOKEN", "canary-7Hq").output().expect("it starts"))
}

/// What a server got that only the first one may get.
fn confidential(seen: &Seen) -> Vec<&str> {
    seen.headers.iter().map(|(_, value)| value.as_str()).filter(|value| value.contains("canary-7Hq")).collect()
}

const SECRETS: &str = "{ auth: { bearer: token }, headers: { \"X-Key\": token, \"X-Plain\": \"open\", Cookie: \"a=b\" } }";

#[test]
fn secrets_stay_with_their_server() {
    let other = Server::answering(&[&ok("there")]);
    let outcome = asked(&redirecting(&other.url("/x")), SECRETS);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = there\n"), "{}", outcome.stderr);
    let seen = &other.seen()[0];
    assert!(confidential(seen).is_empty() && seen.header("cookie").is_empty(), "{seen:?}");
    assert_eq!(seen.header("x-plain"), "open");
}

#[test]
fn secrets_go_along_within_a_server_and_never_come_back_from_another() {
    let same = Server::answering(&[&answer("302 Found", &["Location: next?a=1"], ""), &ok("there")]);
    let outcome = asked(&same, SECRETS);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = there\n"), "{}", outcome.stderr);
    let seen = same.seen();
    assert_eq!((seen[1].target.as_str(), confidential(&seen[1]).len()), ("/next?a=1", 2));

    let first = Server::doing(|request, connection| {
        let other = request.header("x-other").to_owned();
        let told = if request.number == 0 { answer("302 Found", &[&format!("Location: {other}")], "") } else { ok("back") };
        let _ = connection.write_all(told.as_bytes());
    });
    let back = redirecting(&first.url("/back"));
    let rest = format!("{{ auth: {{ bearer: token }}, headers: {{ \"X-Other\": \"{}\" }} }}", back.url("/"));
    let outcome = asked(&first, &rest);
    assert_eq!(outcome.stdout, "body = back\n", "{}", outcome.stderr);
    assert_eq!((confidential(&first.seen()[0]).len(), confidential(&first.seen()[1]).len()), (1, 0));
}

#[test]
fn a_body_with_a_secret_goes_nowhere_else() {
    let other = Server::answering(&[&ok("there")]);
    for (status, attributes, gets) in [
        ("307 Elsewhere", "body: token", false),
        ("308 Elsewhere", "form: { key: token, a: \"1\" }", false),
        ("307 Elsewhere", "body: \"open\"", true),
        ("303 See", "body: token", true),
    ] {
        let before = other.seen().len();
        let server = Server::answering(&[&answer(status, &[&format!("Location: {}", other.url("/x"))], "")]);
        let outcome = asked(&server, &format!("{{ method: \"POST\", {attributes}, no undo \"x\" }}"));
        assert_eq!((outcome.code == 0, other.seen().len() - before), (gets, usize::from(gets)), "{}", outcome.stderr);
        if !gets {
            let expected = format!(
                "{} redirects to {}, which would get a body that holds a secret: ask {} itself",
                server.host(),
                other.host(),
                other.host()
            );
            assert!(outcome.stderr.contains(&expected), "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_circle_ends() {
    let server = Server::answering(&[&answer("302 Found", &["Location: /again"], "")]);
    for (rest, requests, most) in [("{ retry 2 times }", 11, 10), ("{ follow: 3 }", 4, 3)] {
        let before = server.seen().len();
        let outcome = asked(&server, rest);
        let expected = format!("{0} redirects more than {most} times, the last time to {0}", server.host());
        assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
        assert_eq!(server.seen().len() - before, requests);
    }
}

#[test]
fn a_redirect_that_is_not_followed_is_a_status() {
    let server = redirecting("/x");
    let outcome = asked(&server, "{ follow: false }");
    assert!(outcome.code == 1 && outcome.stderr.contains("is answered by 302 Found"), "{}", outcome.stderr);
    let outcome = asked(&server, "{ follow: false, allow_status: [302] }");
    assert_eq!((outcome.code, server.seen().len()), (0, 2), "{}", outcome.stderr);
}

#[test]
fn a_redirect_to_what_is_no_http_is_refused() {
    for (to, expected) in
        [("file:///etc/passwd", "redirects to `file:`, which is not HTTP"), ("http://[", "redirects to a place that is no URL")]
    {
        let outcome = asked(&redirecting(to), "");
        assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
}

#[test]
fn addresses_around_the_machine_are_refused_wherever_they_come_from() {
    let expected =
        "is not sent: 169.254.169.254 is a link-local or metadata address, which a step has to name in `allow_address`";
    let place = Place::with("workflow main {\n  step it: http \"http://169.254.169.254/latest/\" { retry 2 times }\n}\n");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    for to in ["http://169.254.169.254/latest/", "http://0xa9fea9fe/", "http://2852039166/"] {
        let outcome = asked(&redirecting(to), "{ retry 2 times }");
        assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
    let outcome = asked(&redirecting("http://[::ffff:169.254.169.254]/"), "");
    assert!(outcome.stderr.contains("link-local or metadata address"), "{}", outcome.stderr);
}
