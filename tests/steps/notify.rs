//! `notify` steps to servers that take messages over HTTP.

use super::certificates::Authority;
use super::http_server::{Seen, Server, answer, hold, ok};
use super::http_tls::server;
use super::{has_ended, keeps_nothing_of};
use crate::cli::resume::{resumed, start, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::process::Command;

/// A program whose step `tell` says something to channels.
fn telling(to: &str, rest: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  step tell: notify \"it is done\" {{ to: {to}, no undo \"a message\"{rest} }}\n  output delivered: bool = tell.delivered\n}}\n"
    ))
}

fn json_of(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("JSON")
}

fn taking() -> Server {
    Server::answering(&[&ok("ok")])
}

#[test]
fn a_message_goes_to_every_channel() {
    let (slack, webhook) = (taking(), taking());
    let place = telling(
        &format!("[slack(\"{}\"), webhook(\"{}\")]", slack.url("/services/a"), webhook.url("/hook?x=1")),
        ", title: \"Release\"",
    );
    let outcome = place.ran(&["--verbose"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
    let (slack, webhook) = (&slack.seen()[0], &webhook.seen()[0]);
    assert_eq!((&*slack.method, &*slack.target, slack.header("content-type")), ("POST", "/services/a", "application/json"));
    assert_eq!(json_of(slack)["text"], "Release\nit is done");
    assert_eq!(webhook.target, "/hook?x=1");
    let body = json_of(webhook);
    assert_eq!(body, json!({ "title": "Release", "message": "it is done", "run": body["run"], "step": "tell" }));
    let run = body["run"].as_str().expect("a run");
    let key = webhook.header("idempotency-key");
    assert!(!run.is_empty() && key.starts_with(run) && webhook.header("webhook-id") == key, "{webhook:?}");
    assert!(webhook.header("webhook-signature").is_empty());
    assert!(outcome.stderr.contains("`slack` at 127.0.0.1"), "{}", outcome.stderr);
}

#[test]
fn every_text_arrives_as_it_is() {
    let naughty = include_str!("../data/naughty-strings/blns.json");
    let texts: Vec<String> = serde_json::from_str(naughty).expect("a list");
    let server = taking();
    let place = Place::with(&format!(
        r#"workflow main {{
  param texts: [string]
  for each text in texts {{
    step tell: notify {{
      message: text
      title: text
      to: [webhook("{0}"), slack("{0}")]
      no undo "a message"
    }}
  }}
}}
"#,
        server.url("/")
    ));
    place.write("texts.json", &json!({ "texts": texts }).to_string());
    let outcome = place.ran(&["--params", "texts.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let bodies: Vec<Value> = server.seen().iter().map(json_of).collect();
    for text in &texts {
        assert!(bodies.iter().any(|body| body["message"] == **text), "{text:?}");
        let title = if text.trim().is_empty() { Value::Null } else { json!(text) };
        assert!(bodies.iter().any(|body| body["message"] == **text && body["title"] == title), "{text:?}");
    }
    let marks = bodies.iter().filter_map(|body| body["text"].as_str()).filter(|text| text.contains(['<', '>'])).count();
    assert_eq!((bodies.len(), marks), (2 * texts.len(), 0));
}

#[test]
fn a_webhook_is_signed_as_the_standard_says() {
    let server = taking();
    let place = Place::with(&format!(
        "workflow main {{\n  secret key from env \"KEY\"\n  step tell: notify \"é\" {{ to: webhook(\"{}\", key), no undo \"a message\" }}\n}}\n",
        server.url("/")
    ));
    let run = |key| Outcome::of(place.command(&["run", "main.wf"]).env("KEY", key).output().expect("it starts"));
    assert_eq!(run("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").code, 0);
    let seen = &server.seen()[0];
    let program = "import base64, hashlib, hmac, sys\n\
        key = base64.b64decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')\n\
        print('v1,' + base64.b64encode(hmac.new(key, sys.argv[1].encode(), hashlib.sha256).digest()).decode(), end='')";
    let signed = format!("{}.{}.{}", seen.header("webhook-id"), seen.header("webhook-timestamp"), seen.text());
    let expected = Command::new("python3").args(["-c", program, &signed]).output().expect("python3");
    assert_eq!(seen.header("webhook-signature"), String::from_utf8_lossy(&expected.stdout));
    let outcome = run("whsec_canary-");
    assert!(outcome.code == 1 && outcome.stderr.contains("does not go on in base64"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("canary") && server.seen().len() == 1, "{}", outcome.stderr);
}

#[test]
fn a_message_that_is_not_taken_fails_its_step() {
    let refusing = Server::answering(&[&answer("404 Not Found", &[], "no_service")]);
    let place = telling(&format!("slack(\"{}\")", refusing.url("/services/tokentoken")), ", retry 3 times");
    let outcome = place.ran(&[]);
    let host = refusing.host();
    let expected = format!("message is not delivered to `slack` at {host}: POST {host} is answered by 404 Not Found: no_service");
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("tokentoken") && refusing.seen().len() == 1, "{}", outcome.stderr);
}

#[test]
fn a_redirect_is_not_followed() {
    let place_of_token = taking();
    let redirecting =
        Server::answering(&[&answer("307 Temporary Redirect", &[&format!("Location: {}", place_of_token.url("/"))], "")]);
    let outcome = telling(&format!("webhook(\"{}\")", redirecting.url("/")), "").ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("307 Temporary Redirect"), "{}", outcome.stderr);
    assert!(place_of_token.seen().is_empty());
}

#[test]
fn metadata_addresses_get_no_message() {
    let outcome = telling("webhook(\"http://169.254.169.254/latest\")", "").ran(&[]);
    let expected = "169.254.169.254 is a link-local or metadata address";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("allow_address"), "{}", outcome.stderr);
}

#[test]
fn only_those_who_have_not_had_it_get_it_again() {
    let first = taking();
    let busy = answer("503 Busy", &["Retry-After: 0"], "later");
    let second = Server::answering(&[&busy, &busy, &ok("")]);
    let third = taking();
    let to = format!("[webhook(\"{}\"), slack(\"{}\"), webhook(\"{}\")]", first.url("/"), second.url("/"), third.url("/"));
    let place = telling(&to, ", retry 2 times");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
    assert_eq!((first.seen().len(), second.seen().len(), third.seen().len()), (1, 3, 1));
    let keys: Vec<String> = second.seen().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
    assert_eq!(kept(&place), Vec::<String>::new());
}

#[test]
fn all_that_failed_are_named() {
    let (taken, refusing) = (taking(), Server::answering(&[&answer("400 Bad Request", &[], "")]));
    let cut = Server::doing(|_, connection| drop(connection.write_all(b"")));
    let to = format!("[slack(\"{}\"), webhook(\"{}\"), slack(\"{}\")]", taken.url("/"), refusing.url("/"), cut.url("/"));
    let outcome = telling(&to, "").ran(&[]);
    let expected = format!(
        "message is not delivered to 2 of 3 channels: `webhook` at {}: POST {0} is answered by 400 Bad Request; `slack` at {}: {1} closed the connection",
        refusing.host(),
        cut.host()
    );
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert_eq!(taken.seen().len(), 1);
}

#[test]
fn a_handler_goes_on_behind_a_message_that_is_not_taken() {
    let refusing = Server::answering(&[&answer("500 No", &[], "")]);
    let place = Place::with(&format!(
        r#"workflow main {{
  step work: shell "exit 3" {{ no undo "x" }}
  on failure {{
    step tell: notify "failed: ${{failure.message}}" {{ to: slack("{}") }}
    step after: shell "touch after"
  }}
}}
"#,
        refusing.url("/")
    ));
    assert_eq!(place.ran(&[]).code, 1);
    assert!(place.path("after").exists() && json_of(&refusing.seen()[0])["text"] == "failed: exit code 3");
}

#[test]
fn a_slow_channel_runs_into_the_timeout_while_others_are_served() {
    let (slow, fast) = (Server::doing(|_, connection| hold(connection)), taking());
    let to = format!("[slack(\"{}\"), slack(\"{}\")]", slow.url("/"), fast.url("/"));
    let place = telling(&to, ", timeout 3s");
    let outcome = place.ran(&[]);
    let expected = format!("not taken yet by `slack` at {}", slow.host());
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 3s"), "{}", outcome.stderr);
    assert!(place.wfc(&["logs", "last", "tell"]).stdout.contains(&expected));
    assert_eq!(fast.seen().len(), 1);
}

#[test]
fn a_cancelled_run_leaves_its_message() {
    let server = Server::doing(|_, connection| hold(connection));
    let place = telling(&format!("webhook(\"{}\")", server.url("/")), ", timeout 1m");
    let mut run = start(&place, &[]);
    until("the request", || server.seen().len() == 1);
    kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), Signal::TERM).expect("it runs");
    assert_eq!(run.wait().expect("it ends").code(), Some(143));
}

#[test]
fn after_a_kill_somebody_has_to_know_and_a_further_attempt_sends_the_rest() {
    let taken = taking();
    let late = Server::doing(|request, connection| {
        if request.number == 0 {
            return hold(connection);
        }
        let _ = connection.write_all(ok("").as_bytes());
    });
    let place = telling(&format!("[slack(\"{}\"), slack(\"{}\")]", taken.url("/"), late.url("/")), ", timeout 1m");
    let mut run = start(&place, &[]);
    until("both requests", || late.seen().len() == 1 && kept(&place).contains(&"channel-0".to_owned()));
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    let outcome = resumed(&place, &[]);
    assert!(outcome.code == 5 && outcome.stderr.contains("nobody knows whether step `tell` had its effect"), "{outcome:?}");
    let outcome = resumed(&place, &["--step", "tell=rerun"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
    assert_eq!((taken.seen().len(), late.seen().len()), (1, 2));
    assert_eq!(late.seen()[0].header("idempotency-key"), late.seen()[1].header("idempotency-key"));
    assert_eq!(kept(&place), Vec::<String>::new());
}

/// What the runs of a place keep of their steps beside the journal.
fn kept(place: &Place) -> Vec<String> {
    let (mut open, mut found) = (vec![place.path(".local/state/wfc/runs")], Vec::new());
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.starts_with("channel-") {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn secrets_of_channels_go_where_they_are_sent_and_nowhere_else() {
    const CANARY: &str = "canary-7Qz8aB";
    for status in ["200 OK", "404 Not Found", "503 Busy"] {
        let server = Server::doing(move |request, connection| {
            let told = format!("{} {:?} {}", request.target, request.headers, request.text());
            let _ = connection.write_all(answer(status, &[], &told).as_bytes());
        });
        let place = Place::with(
            "workflow main {\n  secret hook from env \"HOOK\"\n  secret token from env \"TOKEN\"\n  secret base from env \"BASE\"\n  step tell: notify \"x\" {\n    to: [slack(hook), webhook(\"${base}/${token}?key=${token}\", token)]\n    retry 1 times\n    no undo \"x\"\n  }\n}\n",
        );
        let mut command = place.command(&["run", "--verbose", "main.wf"]);
        command.env("HOOK", server.url(&format!("/services/{CANARY}"))).env("TOKEN", CANARY).env("BASE", server.url("/hooks"));
        let outcome = Outcome::of(command.output().expect("it starts"));
        assert_eq!(outcome.code == 0, status.starts_with('2'), "{}", outcome.stderr);
        let targets: Vec<String> = server.seen().iter().map(|seen| seen.target.clone()).collect();
        assert!(targets.contains(&format!("/services/{CANARY}")), "{targets:?}");
        assert!(targets.contains(&format!("/hooks/{CANARY}?key={CANARY}")), "{targets:?}");
        assert!(!format!("{outcome:?}").contains(CANARY), "{outcome:?}");
        keeps_nothing_of(&place, CANARY);
        for command in [&["logs", "last"][..], &["why", "last", "tell"], &["status", "last"]] {
            assert!(!format!("{:?}", place.wfc(command)).contains(CANARY), "{command:?}");
        }
    }
}

#[test]
fn the_desktop_shows_a_message() {
    let place = telling("desktop()", ", title: \"-x\\ny\"");
    place.write("bin/notify-send", "#!/bin/sh\nfor word; do printf '%s|' \"$word\" >> shown; done\n");
    let made = Command::new("chmod").args(["+x"]).arg(place.path("bin/notify-send")).status().expect("chmod");
    assert!(made.success());
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("PATH", path).output().expect("it starts"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
    assert_eq!(place.read("shown"), "--app-name=wfc|--|-x y|it is done|");
}

#[test]
fn a_desktop_that_hangs_is_left() {
    let place = telling("desktop()", ", timeout 1s");
    place.write("bin/notify-send", "#!/bin/sh\necho $$ > number\nsleep 1000 &\nsleep 1000\n");
    let made = Command::new("chmod").args(["+x"]).arg(place.path("bin/notify-send")).status().expect("chmod");
    assert!(made.success());
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let outcome = Outcome::of(place.command(&["run", "main.wf"]).env("PATH", path).output().expect("it starts"));
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 1s"), "{}", outcome.stderr);
    has_ended(&place);
}

#[test]
fn nobody_is_told_by_an_empty_list() {
    let place = Place::with(
        "workflow main {\n  step tell: notify \"x\" { to: [webhook(url) for url in [\"http://127.0.0.1:1/\"] if url == \"\"], no undo \"x\" }\n  output delivered: bool = tell.delivered\n}\n",
    );
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = false\n"), "{}", outcome.stderr);
}

#[test]
fn a_server_with_an_authority_of_its_own_is_trusted_where_the_step_says_so() {
    let authority = Authority::new("ours");
    let server = server(&authority.certify("localhost", 2100), None, |_, connection| {
        let _ = connection.write_all(ok("").as_bytes()).and_then(|()| connection.flush());
    });
    let to = format!("[slack(\"https://localhost:{0}/\"), webhook(\"https://localhost:{0}/\")]", server.port());
    let place = telling(&to, ", ca: \"./ca.pem\", retry 2 times");
    place.write("ca.pem", &authority.pem());
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, server.seen().len()), (0, 2), "{}", outcome.stderr);
    let outcome = telling(&to, "").ran(&[]);
    let expected = "is signed by nobody whom this machine trusts: name the file of its authority's certificate in `ca`";
    assert!(outcome.code == 1 && outcome.stderr.matches(expected).count() >= 2, "{}", outcome.stderr);
    assert_eq!(server.seen().len(), 2);
}
