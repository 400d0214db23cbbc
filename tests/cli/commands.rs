//! The command line itself: help, version, wrong usage, a reader that goes away.

use super::Place;
use std::fs::File;
use std::process::Stdio;

#[test]
fn help_and_version_are_results() {
    let place = Place::new();
    let help = place.wfc(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("Usage: wfc <COMMAND>") && help.stdout.contains("explain"), "{}", help.stdout);
    let version = place.wfc(&["--version"]);
    assert_eq!((version.code, version.stdout), (0, format!("wfc {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn an_unknown_command_is_wrong_usage() {
    let outcome = Place::new().wfc(&["explian"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("'explian'") && outcome.stderr.contains("'explain'"), "{}", outcome.stderr);
}

#[test]
fn no_command_is_wrong_usage() {
    let outcome = Place::new().wfc(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let place = Place::new();
    let mut command = place.command(&["--help"]);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("the binary starts");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn a_full_disk_is_told() {
    let full = File::options().write(true).open("/dev/full").expect("a Linux machine");
    let place = Place::new();
    let mut command = place.command(&["--help"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: the output cannot be written: "));
}
