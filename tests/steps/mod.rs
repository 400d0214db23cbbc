//! Step kinds, driven for real: each against the component that it is for.

mod agent;
mod agent_command;
mod approval;
mod canary;
mod certificates;
mod docker;
mod docker_build;
pub(crate) mod docker_engine;
mod docker_interrupted;
mod docker_pull;
mod docker_values;
mod file;
mod gate;
mod http;
mod http_addresses;
mod http_files;
mod http_interrupted;
mod http_redirect;
mod http_secrets;
pub(crate) mod http_server;
mod http_tls;
mod http_trouble;
mod http_values;
mod interpreted;
mod javascript;
pub(crate) mod mail_server;
mod notify;
mod notify_desktop;
mod notify_mail;
mod notify_throttle;
mod python;
mod shell;
mod signal;
mod sleep;
mod sql;
mod sql_migrations;
mod sql_server;
mod sql_servers;

use crate::cli::Place;
use crate::cli::guard::in_folder;
use crate::cli::resume::until;
use rustix::process::{Pid, test_kill_process};
use std::fs;
use std::path::Path;

/// The process whose number a step wrote to the file `number` does not run any more, nor anything that it started.
fn has_ended(place: &Place) {
    let number = Pid::from_raw(place.read("number").trim().parse().expect("a number")).expect("a process number");
    until("the end of the step's process", || test_kill_process(number).is_err());
    until("the end of what it started", || in_folder(&place.path("")).is_empty());
}

/// Nothing that a run keeps holds this text.
fn keeps_nothing_of(place: &Place, text: &str) {
    let mut left = vec![place.path(".local")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
        } else if path.is_file() {
            let bytes = fs::read(&path).expect("a file");
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text:?} stands in {}", path.display());
        }
    }
}

/// The scratch directories of attempts that are left.
fn scratches(place: &Place) -> Vec<String> {
    let (mut open, mut found) = (vec![place.path(".local")], Vec::new());
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("attempt-") {
                found.push(name);
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// No process was started with this text among its arguments.
fn no_argument_holds(text: &str) {
    for entry in fs::read_dir(Path::new("/proc")).expect("processes").flatten() {
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!arguments.windows(text.len()).any(|window| window == text.as_bytes()), "{}", entry.path().display());
    }
}

#[test]
fn the_examples_of_kinds_run() {
    let kinds = wf_steps::registry();
    for (name, stdout) in [("python", "total_of_all = 6\n"), ("javascript", "total_of_all = 6\n"), ("file", "changed = true\n")] {
        let place = Place::with(kinds.get(name).expect("a kind").example);
        let outcome = place.ran(&[]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, stdout), "{name}: {}", outcome.stderr);
        assert_eq!(place.wfc(&["fmt", "--check", "main.wf"]).code, 0, "{name} is formatted");
    }
}
