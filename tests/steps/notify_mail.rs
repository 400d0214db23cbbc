//! `notify` steps to a real mail server.

use super::mail_server::{MailServer, PASSWORD, read_all_by_python, read_by_python};
use super::{keeps_nothing_of, no_argument_holds};
use crate::cli::resume::until;
use crate::cli::{Outcome, Place};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;

/// A program whose step `tell` mails to somebody, by a server that the variable `SMTP` names.
fn mailing(to: &str, rest: &str) -> Place {
    Place::with(&format!(
        "workflow main {{\n  secret smtp from env \"SMTP\"\n  step tell: notify \"it is done\\n.\\nend\" {{ to: email({to}, smtp), ca: \"./ca.pem\", no undo \"a message\"{rest} }}\n  output delivered: bool = tell.delivered\n}}\n"
    ))
}

fn ran(place: &Place, server: &MailServer, url: &str) -> Outcome {
    place.write("ca.pem", &server.authority());
    Outcome::of(place.command(&["run", "--verbose", "main.wf"]).env("SMTP", url).output().expect("it starts"))
}

#[test]
fn a_mail_arrives_over_tls() {
    for (scheme, rest) in [("smtps", ""), ("smtp", ""), ("smtp", "?tls=required"), ("smtps", "/?from=Ops <ops@example.com>")] {
        let server = MailServer::start();
        let place = mailing("\"Ann <ann@example.com>, bob@example.com\"", ", title: \"Fertig: é\\r\\nBcc: x@example.com\"");
        let outcome = ran(&place, &server, &server.url(scheme, rest));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "delivered = true\n"), "{}", outcome.stderr);
        assert_eq!(server.mails(2).len(), 2);
        let said = read_by_python(
            &server.mails(2)[0],
            "for name in 'From To Subject Bcc Auto-Submitted'.split(): print(mail[name])\nprint(repr(mail.get_content()), 'TLS1' in mail['Received'])",
        );
        let from = if rest.contains("from") { "Ops <ops@example.com>" } else { "me@example.com" };
        let expected = format!(
            "{from}\nAnn <ann@example.com>, bob@example.com\nFertig: é Bcc: x@example.com\nNone\nauto-generated\n'it is done\\n.\\nend\\n' True\n"
        );
        assert_eq!(said.replace("'it is done\\n.\\nend'", "'it is done\\n.\\nend\\n'"), expected);
        assert!(outcome.stderr.contains("`email` by localhost:"), "{}", outcome.stderr);
        for canary in [PASSWORD, "canary-9Wd"] {
            assert!(!format!("{outcome:?}").contains(canary), "{outcome:?}");
            keeps_nothing_of(&place, canary);
        }
    }
}

#[test]
fn every_text_arrives_as_it_is() {
    let texts: Vec<String> = serde_json::from_str(include_str!("../data/naughty-strings/blns.json")).expect("a list");
    // Each costs the server a few processes; the unit tests write all of them.
    let texts: Vec<String> = texts.into_iter().step_by(7).collect();
    let server = MailServer::start();
    let place = Place::with(
        r#"workflow main {
  secret smtp from env "SMTP"
  param texts: [string]
  for each text in texts parallel max 40 {
    step tell: notify { message: text, title: text, to: email(["open@example.com"], smtp), ca: "./ca.pem", no undo "a message" }
  }
}
"#,
    );
    place.write("ca.pem", &server.authority());
    place.write("texts.json", &serde_json::json!({ "texts": texts }).to_string());
    let mut command = place.command(&["run", "main.wf", "--params", "texts.json", "--jobs", "40"]);
    let outcome = Outcome::of(
        command.env("SMTP", format!("smtp://localhost:{}?from=a@example.com&tls=none", server.open)).output().expect("it starts"),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mails = server.mails(texts.len());
    let added = "('Received', 'Envelope-to', 'Return-path', 'Delivery-date')";
    let written =
        "['From', 'Subject', 'Message-ID', 'To', 'Date', 'Auto-Submitted', 'Content-Type', 'Content-Transfer-Encoding']";
    let program = format!(
        "names = [name for name in mail.keys() if name not in {added}]\nassert names == {written}, names\ntold.append(mail.get_payload(decode=True).decode())"
    );
    let mails: Vec<String> = serde_json::from_str(&read_all_by_python(&mails, &program)).expect("a list");
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
    let mut arrived: Vec<String> = mails.iter().map(|mail| lines(mail)).collect();
    let mut sent: Vec<String> = texts.iter().map(|text| lines(text)).collect();
    arrived.sort();
    sent.sort();
    assert_eq!(arrived, sent);
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let server = MailServer::start();
    for (to, url, expected, attempts) in [
        ("nobody", server.url("smtps", ""), "does not take the message: 550 no such user", 1),
        ("later", server.url("smtp", ""), "does not take the message: 451 come back later", 2),
        (
            "ann",
            format!("smtp://localhost:{}?from=a@example.com", server.open),
            "does not take the message: 550 sign in first",
            1,
        ),
        (
            "ann",
            server.url("smtps", "").replace("canary", "wrong"),
            "does not let `wfc` sign in: 535 Incorrect authentication data",
            1,
        ),
    ] {
        let place = mailing(&format!("\"{to}@example.com\""), ", retry 1 times");
        let outcome = ran(&place, &server, &url);
        assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
        assert_eq!(
            outcome.stderr.contains("2 attempts") || outcome.stderr.contains("attempt 2"),
            attempts == 2,
            "{}",
            outcome.stderr
        );
        assert!(!format!("{outcome:?}").contains(PASSWORD));
    }
}

#[test]
fn a_relay_without_tls_has_to_be_allowed() {
    let server = MailServer::start();
    let place = mailing("\"open@example.com\"", "");
    let url = format!("smtp://localhost:{}?from=a@example.com&tls=none", server.open);
    let outcome = ran(&place, &server, &url);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(server.told("print('TLS1' in mail['Received'])"), "False\n");
    // A server that offers none gets nothing else.
    let plain = talking(&["220 here", "250 hello", "221 bye"]);
    let outcome = ran(&place, &server, &format!("smtp://localhost:{plain}?from=a@example.com"));
    let expected = format!("localhost:{plain} offers no TLS: mend the port, write smtps://, or allow it with `tls=none`");
    assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{}", outcome.stderr);
}

/// A server that says these lines, one for each that it hears, and then closes the connection.
fn talking(lines: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            for line in lines {
                let _ = stream.write_all(format!("{line}\r\n").as_bytes());
                heard(&mut stream);
            }
        }
    });
    port
}

fn heard(stream: &mut TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|length| length == 1) && byte[0] != b'\n' {}
}

#[test]
fn what_keeps_a_mail_away_is_told() {
    let server = MailServer::start();
    let unused = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let babbling = talking(&["SSH-2.0-OpenSSH_9.6"]);
    let cut = talking(&["220 here", "250-hello\r\n250 8BITMIME", "250 ok", "250 ok", "354 go on"]);
    for (url, expected) in [
        (format!("smtps://a%40example.com:x@localhost:{unused}"), "nothing listens at localhost".to_owned()),
        ("smtps://a%40example.com:x@nowhere.invalid".to_owned(), "name of nowhere.invalid:465 does not resolve".to_owned()),
        (server.url("smtps", "").replace("localhost", "127.0.0.1"), "is for other names: ask for the host".to_owned()),
        (
            server.url("smtps", "").replace(&server.encrypted.to_string(), &server.open.to_string()),
            "does not speak TLS at this port: mend the port, or say smtp:// in the URL".to_owned(),
        ),
        (
            format!("smtp://localhost:{cut}?from=a@example.com&tls=none"),
            "closed the connection before it took the message: see what it logs".to_owned(),
        ),
        (
            format!("smtp://localhost:{babbling}?from=a@example.com"),
            "answers with what is no SMTP: see whether the port is one of SMTP".to_owned(),
        ),
        (format!("smtp://127.0.0.1:{}", server.open), "does not say who it is from".to_owned()),
        (format!("smtp://me:{}@localhost:1?tls=none", "canary-9Wd"), "a password is not sent without TLS".to_owned()),
        ("smtp://localhost?form=canary-9Wd".to_owned(), "takes `from` and `tls` behind its `?`, and nothing else".to_owned()),
        ("smtp://localhost?from=canary-9Wd".to_owned(), "`from` of the SMTP server of `email` is no mail address".to_owned()),
        ("canary-9Wd".to_owned(), "the SMTP server of `email` is not read as a URL".to_owned()),
        (
            "smtp://169.254.169.254?from=a@example.com".to_owned(),
            "169.254.169.254 is a link-local or metadata address".to_owned(),
        ),
    ] {
        let outcome = ran(&mailing("\"ann@example.com\"", ""), &server, &url);
        assert!(outcome.code == 1 && outcome.stderr.contains(&expected), "{url}: {}", outcome.stderr);
        assert!(!format!("{outcome:?}").contains("canary-9Wd"), "{outcome:?}");
    }
    let place = mailing("\"ann@example.com\"", "");
    let untrusting = Place::with(&place.read("main.wf").replace(", ca: \"./ca.pem\"", ""));
    let outcome = ran(&untrusting, &server, &server.url("smtps", ""));
    let expected = "is signed by nobody whom this machine trusts: name the file of its authority's certificate in `ca`";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
    let outcome = ran(&mailing("\"ann\\nBcc: x@example.com\"", ""), &server, &server.url("smtps", ""));
    assert!(outcome.code == 1 && outcome.stderr.contains("`email` goes to a text that is no mail address"), "{}", outcome.stderr);
}

/// A server that takes a connection and says nothing.
fn silent() -> (u16, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&count);
    thread::spawn(move || {
        let streams: Vec<TcpStream> = listener
            .incoming()
            .map_while(Result::ok)
            .inspect(|_| {
                seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            })
            .collect();
        drop(streams);
    });
    (port, count)
}

#[test]
fn a_silent_server_runs_into_the_timeout() {
    let server = MailServer::start();
    let (port, _) = silent();
    let place = mailing("\"ann@example.com\"", ", timeout 1s");
    let outcome = ran(&place, &server, &format!("smtp://localhost:{port}?from=a@example.com"));
    assert!(outcome.code == 1 && outcome.stderr.contains("attempt took longer than 1s"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("not taken yet by `email` by localhost:{port}")), "{}", outcome.stderr);
}

#[test]
fn a_killed_run_mails_what_has_not_been_mailed() {
    let server = MailServer::start();
    let (port, connections) = silent();
    let place = Place::with(
        r#"workflow main {
  secret smtp from env "SMTP"
  secret other from file "other"
  step tell: notify "x" { to: [email("ann@example.com", smtp), email("bob@example.com", other)], ca: "./ca.pem", no undo "x" }
}
"#,
    );
    place.write("ca.pem", &server.authority());
    place.write("other", &format!("smtp://localhost:{port}?from=a@example.com"));
    let mut run: Child = {
        let mut command = place.command(&["run", "main.wf"]);
        command.env("SMTP", server.url("smtps", "")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    };
    until("the second server", || connections.load(std::sync::atomic::Ordering::Relaxed) == 1);
    assert_eq!(server.mails(1).len(), 1);
    no_argument_holds("canary-9Wd");
    until("the receipt", || place.wfc(&["logs", "last", "tell"]).stdout.contains("has taken the message"));
    run.kill().expect("it runs");
    run.wait().expect("it was started here");
    until("the end of the other process", || place.wfc(&["runs"]).stdout.contains("interrupted"));
    place.write("other", &server.url("smtps", ""));
    let mut command = place.command(&["resume", "last", "--step", "tell=rerun"]);
    let outcome = Outcome::of(command.env("SMTP", server.url("smtps", "")).output().expect("it starts"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mails = server.mails(2);
    let to: Vec<String> = mails.iter().map(|mail| read_by_python(mail, "print(mail['To'])")).collect();
    assert!(
        mails.len() == 2 && to.contains(&"ann@example.com\n".to_owned()) && to.contains(&"bob@example.com\n".to_owned()),
        "{to:?}"
    );
}

#[test]
fn a_doctor_asks_the_server_and_shows_no_password() {
    let server = MailServer::start();
    let place = mailing("\"ann@example.com\"", "");
    place.write("ca.pem", &server.authority());
    let examined = |url: &str| {
        let mut command = place.command(&["doctor", "main.wf"]);
        Outcome::of(command.env("SMTP", url).output().expect("it starts"))
    };
    let outcome = examined(&server.url("smtps", ""));
    assert!(outcome.code == 0 && outcome.stdout.contains("ok       main.wf: notify\n"), "{}", outcome.stdout);
    let url = server.url("smtps", "");
    let (signed_in, host) = url.rsplit_once('@').expect("a user");
    let (user, _) = signed_in.rsplit_once(':').expect("a password");
    let outcome = examined(&format!("{user}:canary-wrong-word@{host}"));
    assert!(outcome.code == 1 && outcome.stdout.contains("line 3: SMTP server localhost:"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("does not let `wfc` sign in"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("canary-wrong-word"), "{}", outcome.stdout);
}
