//! `http` steps that take a body into a file, and that send files.

use super::http_server::{Connection, Server, answer, hold, ok};
use crate::cli::resume::{start, until};
use crate::cli::{Outcome, Place};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The head of an answer whose body has no announced length.
const ENDLESS: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

const GIGABYTE: u64 = 1 << 30;

fn asking(server: &Server, rest: &str) -> Place {
    Place::with(&format!("workflow main {{\n  step it: http \"{}\" {rest}\n}}\n", server.url("/")))
}

/// The names in the folder, but for the workflow and the store.
fn names(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("")).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| !["main.wf", ".local"].contains(&name.as_str()));
    names.sort();
    names
}

/// A server that sends ten gigabytes and counts what it got rid of.
fn endless(head: &'static str) -> (Server, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let server = Server::doing(move |_, connection| {
        let block = vec![b'x'; 1 << 20];
        let _ = connection.write_all(head.as_bytes());
        while counted.load(Ordering::Relaxed) < 10 * GIGABYTE && connection.write_all(&block).is_ok() {
            counted.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
    });
    (server, sent)
}

#[test]
fn a_body_becomes_a_file() {
    let body = "x".repeat(300_000);
    let server = Server::answering(&[&ok(&body), &ok("new")]);
    let text = format!(
        "workflow main {{\n  step it: http \"{}\" {{ save: \"./out/big.bin\" }}\n  output body: string = it.body\n  output status: int = it.status\n}}\n",
        server.url("/")
    );
    let place = Place::with(&text);
    place.write("out/old.bin", "");
    let outcome = place.ran(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "body = \nstatus = 200\n"), "{}", outcome.stderr);
    assert_eq!(place.read("out/big.bin"), body);
    assert_eq!(place.ran(&[]).code, 0);
    assert_eq!(place.read("out/big.bin"), "new");
    assert_eq!(fs::read_dir(place.path("out")).expect("a folder").count(), 2);
}

#[test]
fn a_refusal_or_a_broken_body_leaves_the_file_as_it_was() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    for bad in [&answer("500 No", &[], "sorry"), cut] {
        let server = Server::answering(&[bad]);
        let place = asking(&server, "{ save: \"./big.bin\" }");
        place.write("big.bin", "old");
        let outcome = place.ran(&[]);
        assert_eq!((outcome.code, place.read("big.bin").as_str()), (1, "old"), "{}", outcome.stderr);
        assert_eq!(names(&place), ["big.bin"]);
    }
}

#[test]
fn what_cannot_be_saved_is_said_before_anything_is_sent() {
    let server = Server::answering(&[&ok("")]);
    let cases = [
        ("{ save: \"./missing/x\" }", "missing/x` of `save` cannot be made: No such file or directory"),
        ("{ save: \"./\" }", "of `save` cannot be made: it is a folder"),
        ("{ max_size: 65MB }", "`max_size` of a body that is kept is at most 64MB"),
        ("{ method: \"PUT\", upload: \"./missing\", no undo \"x\" }", "missing` of `upload` cannot be read: No such file"),
        ("{ method: \"PUT\", upload: \"./\", no undo \"x\" }", "of `upload` cannot be read: it is no regular file"),
    ];
    for (rest, expected) in cases {
        let outcome = asking(&server, rest).ran(&[]);
        assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{rest}: {}", outcome.stderr);
    }
    assert!(server.seen().is_empty());
}

#[test]
fn ten_gigabytes_are_refused_without_taking_them() {
    let announced = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10737418240\r\n\r\n";
    let cases = [
        (ENDLESS, "{}", "is larger than 64MB, which a result holds at most: take it in a file by `save`"),
        (announced, "{}", "is larger than 64MB, which a result holds at most: take it in a file by `save`"),
        (announced, "{ save: \"./x\" }", "is larger than 1GB, unless `max_size` allows more"),
        (ENDLESS, "{ save: \"./x\", max_size: 5MB }", "is larger than 5MB, which `max_size` allows"),
        (ENDLESS, "{ max_size: 1KB }", "is larger than 1KB, which `max_size` allows"),
    ];
    for (head, rest, expected) in cases {
        let (server, sent) = endless(head);
        let place = asking(&server, rest);
        let outcome = place.ran(&[]);
        assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{}", outcome.stderr);
        // What the two ends of the connection buffer goes on top of what was taken.
        assert!(sent.load(Ordering::Relaxed) < 200 << 20, "{rest}: {sent:?}");
        assert!(names(&place).is_empty(), "{:?}", names(&place));
    }
}

#[test]
fn a_body_that_unpacks_to_too_much_is_refused() {
    // A megabyte of zeros in a block of a kilobyte, again and again: deflate has blocks that can follow one another.
    let server = Server::doing(|_, connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n");
        let _ = bomb(connection);
    });
    let outcome = asking(&server, "{}").ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is larger than 64MB"), "{}", outcome.stderr);
    let place = asking(&server, "{ save: \"./x\", max_size: 3MB }");
    let outcome = place.ran(&[]);
    assert!(outcome.code == 1 && outcome.stderr.contains("is larger than 3MB"), "{}", outcome.stderr);
    assert!(names(&place).is_empty());
}

/// Writes gzip that unpacks to gigabytes: a byte, then the longest matches of it, a bit and a bit for each 258 bytes.
fn bomb(connection: &mut dyn Connection) -> std::io::Result<()> {
    connection.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
    // A block with fixed codes, not the last: three bits of head, `x` as eight bits, then 258 bytes from one byte back, as eight bits
    // of length (11000101) and five of distance (00000), most significant bit first.
    let mut bits = vec![0, 1, 0];
    bits.extend([1, 0, 1, 0, 1, 0, 0, 0]);
    let matched = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let mut block = Vec::new();
    for _ in 0..8 * 1024 {
        bits.extend(matched);
    }
    for byte in bits.chunks_exact(8) {
        block.push(byte.iter().rev().fold(0_u8, |byte, bit| byte << 1 | bit));
    }
    connection.write_all(&block)?;
    // Eight matches are a whole number of bytes; where they begin within one does not change from here on.
    let mut rest = bits.chunks_exact(8).remainder().to_vec();
    for _ in 0..1_000 {
        let mut bytes = Vec::new();
        for _ in 0..8 * 1024 {
            rest.extend(matched);
        }
        for byte in rest.chunks_exact(8) {
            bytes.push(byte.iter().rev().fold(0_u8, |byte, bit| byte << 1 | bit));
        }
        rest = rest.chunks_exact(8).remainder().to_vec();
        connection.write_all(&bytes)?;
    }
    Ok(())
}

#[test]
fn a_download_that_is_killed_or_cancelled_leaves_nothing() {
    let server = Server::doing(|_, connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
        let _ = connection.write_all(&vec![b'x'; 3_000_000]);
        let _ = connection.flush();
        hold(connection);
    });
    for signal in [Signal::TERM, Signal::KILL] {
        let place = asking(&server, "{ save: \"./big.bin\", timeout 1m }");
        let mut run = start(&place, &["--verbose"]);
        let log = || place.wfc(&["logs", "last", "it"]).stdout + &place.wfc(&["logs", "last"]).stderr;
        until("the beginning of the file", || log().contains("MB saved") || log().contains("saved"));
        kill_process(Pid::from_raw(run.id().cast_signed()).expect("a process number"), signal).expect("it runs");
        run.wait().expect("it ends");
        until("the end of the other process", || !place.wfc(&["runs"]).stdout.contains("running"));
        assert!(names(&place).is_empty(), "{:?}", names(&place));
    }
}

#[test]
fn a_file_is_sent_as_the_body() {
    let server = Server::answering(&[&ok("")]);
    let content = "é\0\r\n".repeat(100_000);
    let place = asking(&server, "{ method: \"PUT\", upload: \"./data.bin\", headers: { \"X\": \"1\" }, no undo \"x\" }");
    place.write("data.bin", &content);
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let seen = &server.seen()[0];
    assert_eq!((seen.header("content-type"), seen.header("content-length")), ("application/octet-stream", "500000"));
    assert!(seen.text() == content, "the body is the file");
}

#[test]
fn a_map_of_files_is_sent_as_a_form() {
    let server = Server::answering(&[&ok("")]);
    let rest = "{ method: \"POST\", upload: { \"a\": \"./a.csv\", \"b\": \"./b.csv\" }, form: { note: \"é&=\" }, no undo \"x\" }";
    let place = asking(&server, rest);
    place.write("a.csv", "1,2\n");
    place.write("b.csv", "");
    let outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let seen = &server.seen()[0];
    let boundary = seen.header("content-type").strip_prefix("multipart/form-data; boundary=").expect("a form").to_owned();
    let file = |name: &str, content: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.csv\"\r\nContent-Type: application/octet-stream\r\n\r\n{content}\r\n"
        )
    };
    let note = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\né&=\r\n");
    assert_eq!(seen.text(), format!("{note}{}{}--{boundary}--\r\n", file("a", "1,2\n"), file("b", "")));
}

#[test]
fn a_redirect_that_keeps_the_body_sends_the_file_again() {
    let server = Server::answering(&[&answer("307 Elsewhere", &["Location: /there"], ""), &ok("")]);
    let place = asking(&server, "{ method: \"PUT\", upload: \"./data.bin\", no undo \"x\" }");
    place.write("data.bin", "content");
    let outcome: Outcome = place.ran(&[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let seen: Vec<_> = server.seen().iter().map(|seen| (seen.target.clone(), seen.text())).collect();
    assert_eq!(seen, [("/".to_owned(), "content".to_owned()), ("/there".to_owned(), "content".to_owned())]);
}
