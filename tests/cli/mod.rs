//! Tests of the real binary, each in a folder of its own and with an environment of its own.

mod bad_input;
mod check;
mod commands;
mod control;
mod delete;
mod docs;
mod doctor;
mod explain;
mod faults;
mod fmt;
mod forecast;
pub(crate) mod guard;
mod guard_signals;
mod interruption;
mod locks;
mod logs;
mod lsp;
mod parameters;
mod plan;
mod plan_order;
mod progress;
mod rehearsal;
pub(crate) mod resume;
mod run;
mod runbook;
mod sarif;
mod stats;
mod store;
mod surroundings;
mod terminal;
mod test;
mod unknown_workflow;
mod why;
mod with_current;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// An empty folder in which `wfc` runs; it goes away with the value.
pub(crate) struct Place {
    folder: TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code.
    pub(crate) code: i32,
    /// What it wrote to stdout.
    pub(crate) stdout: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
}

impl Place {
    /// Makes the folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Makes the folder with a `main.wf`.
    pub(crate) fn with(text: &str) -> Self {
        let place = Self::new();
        place.write("main.wf", text);
        place
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders that it needs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a UTF-8 file")
    }

    /// The command with these arguments, no input and no inherited environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_wfc"));
        command.args(arguments);
        command
    }

    /// A shell with a text, in which `$WFC` is the command.
    pub(crate) fn shell(&self, text: &str) -> Command {
        let mut command = self.program("sh");
        command.args(["-c", text]).env("WFC", env!("CARGO_BIN_EXE_wfc"));
        command
    }

    /// A program in the folder, with an environment of its own.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs `main.wf` to its end.
    pub(crate) fn ran(&self, arguments: &[&str]) -> Outcome {
        self.wfc(&[&["run", "main.wf"], arguments].concat())
    }

    /// Runs `wfc` to its end.
    pub(crate) fn wfc(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().expect("the binary starts"))
    }
}

impl Place {
    /// Runs `wfc` to its end with an input.
    pub(crate) fn wfc_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        with_input(&mut self.command(arguments), input)
    }
}

/// Runs a program that reads its stdin.
pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that does not read its input may close it.
    let _ = stdin.write_all(input);
    drop(stdin);
    Outcome::of(child.wait_with_output().expect("the program ends"))
}

impl Place {
    /// Runs a command line that begins with `wfc` in a terminal; types each second text once the first is shown. Returns what the
    /// terminal showed.
    pub(crate) fn in_terminal(&self, line: &str, typed: &[(&str, &str)]) -> String {
        let line = line.replacen("wfc", env!("CARGO_BIN_EXE_wfc"), 1);
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]).current_dir(self.folder.path());
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script is a part of every Linux");
        let (mut keys, mut screen) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let mut shown = Vec::new();
        let mut block = [0; 4096];
        let mut typed = typed.iter().peekable();
        while let Ok(length @ 1..) = screen.read(&mut block) {
            shown.extend_from_slice(&block[..length]);
            if let Some((_, text)) = typed.next_if(|(awaited, _)| String::from_utf8_lossy(&shown).contains(awaited)) {
                keys.write_all(text.as_bytes()).expect("script reads");
            }
        }
        child.wait().expect("the command ends");
        String::from_utf8_lossy(&shown).into_owned()
    }
}

impl Outcome {
    /// What came of a command.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}
