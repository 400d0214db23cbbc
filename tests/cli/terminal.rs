//! `wfc run` in a shell in a terminal: keys, stops and continuations.

use super::Place;
use super::guard::{in_folder, until};
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A shell in a terminal.
pub(super) struct Terminal {
    pub(super) place: Place,
    script: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    pub(super) fn with(workflow: &str) -> Self {
        let place = Place::with(workflow);
        let mut command = Command::new("script");
        command.args(["--quiet", "--flush", "--command", "exec sh -i", "/dev/null"]).current_dir(place.path("")).env_clear();
        command.envs([("PATH", "/usr/bin:/bin"), ("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("SHELL", "/bin/sh"), ("PS1", "> ")]);
        command.env("HOME", place.path("").canonicalize().expect("the folder is there")).env("WFC", env!("CARGO_BIN_EXE_wfc"));
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is a part of every Linux");
        let (keys, mut output) = (script.stdin.take().expect("a pipe"), script.stdout.take().expect("a pipe"));
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut block) {
                if sender.send(block[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Self { place, script, keys, screen, shown: String::new() };
        terminal.sees("> ");
        terminal
    }

    pub(super) fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).expect("script reads");
    }

    /// Reads on until a text stands there; what stands before it is not looked at again.
    pub(super) fn sees(&mut self, text: &str) -> String {
        loop {
            if let Some((before, after)) = self.shown.split_once(text) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.shown = after;
                return before;
            }
            match self.screen.recv_timeout(Duration::from_secs(60)) {
                Ok(more) => self.shown.push_str(&String::from_utf8_lossy(&more)),
                Err(_) => panic!("{text:?} is not shown, but {:?}", self.shown),
            }
        }
    }

    /// Leaves the shell; checks that it has left nothing.
    pub(super) fn ended(mut self) {
        self.types("exit\n");
        self.script.wait().expect("it ends");
        until("nothing runs", || in_folder(&self.place.path("")).is_empty());
    }
}

/// A step that waits for the file `finish`, once it has made a file of its own.
fn waiting(name: &str, trap: &str, timeout: &str) -> String {
    format!(
        "step {name}: shell \"{trap} touch {name}.ready; until test -e finish; do sleep 0.02; done\" {{ reads only, timeout {timeout} }}\n"
    )
}

fn states(place: &Place) -> Vec<(String, char)> {
    let state = |number: i32| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let (before, after) = stat.rsplit_once(')')?;
        Some((before.split_once('(')?.1.to_owned(), after.trim_start().chars().next()?))
    };
    let processes = in_folder(&place.path("")).into_iter().filter_map(state);
    processes.filter(|(name, state)| name != "script" && *state != 'Z').collect()
}

/// Whether keys reach `wfc`.
fn is_in_front(place: &Place) -> bool {
    let fields = |number: i32| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let (before, after) = stat.rsplit_once(')')?;
        let mut numbers = after.split_ascii_whitespace().skip(2);
        Some((before.ends_with("(wfc"), numbers.next()?.to_owned(), numbers.nth(2)?.to_owned()))
    };
    in_folder(&place.path("")).into_iter().filter_map(fields).any(|(is_wfc, group, front)| is_wfc && group == front)
}

#[test]
fn keys_interrupt_once_and_twice() {
    let mut terminal = Terminal::with(&format!("workflow main {{\n{}}}\n", waiting("deaf", "trap '' INT TERM;", "1m")));
    terminal.types("$WFC run main.wf; echo code=$?\n");
    until("the step is ready", || terminal.place.path("deaf.ready").exists());
    terminal.types("\u{3}");
    terminal.sees("cancel   nothing new starts");
    terminal.types("\u{3}");
    terminal.sees("cancel   running steps are ended at once");
    terminal.sees("code=130");
    terminal.ended();
}

#[test]
fn a_quit_leaves_nothing() {
    let mut terminal = Terminal::with(&format!("workflow main {{\n{}}}\n", waiting("deaf", "trap '' QUIT;", "1m")));
    terminal.types("ulimit -c 0; $WFC run main.wf; echo code=$?\n");
    until("the step is ready", || terminal.place.path("deaf.ready").exists());
    terminal.types("\u{1c}");
    terminal.sees("code=131");
    terminal.ended();
}

#[test]
fn stops_and_continuations_reach_all_steps() {
    let steps: String = (0..64).map(|index| waiting(&format!("s{index}"), "", "10m")).collect();
    let mut terminal = Terminal::with(&format!("workflow main {{\nparallel {{\n{steps}}}\n}}\n"));
    terminal.types("$WFC run --jobs 64 main.wf; echo code=$?\n");
    let ready = |terminal: &Terminal| (0..64).all(|index| terminal.place.path(&format!("s{index}.ready")).exists());
    until("all steps are ready", || ready(&terminal));
    for _ in 0..50 {
        terminal.types("\u{1a}");
        terminal.sees("Stopped");
        // The shell that shows this waits for input itself; a step waits in `D` for a child of which it has no copy yet.
        let goes_on = |(_, state): &&(String, char)| !matches!(state, 'T' | 'D');
        until("all but the shell stand still", || states(&terminal.place).iter().filter(goes_on).count() <= 1);
        let wfc = |(name, _): &&(String, char)| name == "wfc";
        assert_eq!(states(&terminal.place).iter().filter(wfc).count(), 2);
        terminal.types("fg\n");
        until("nobody stands still", || states(&terminal.place).iter().all(|(_, state)| *state != 'T'));
    }
    terminal.place.write("finish", "");
    terminal.sees("succeeded in");
    terminal.ended();
}

#[test]
fn clocks_of_attempts_stand_still_with_them() {
    let mut terminal = Terminal::with(&format!("workflow main {{\n{}}}\n", waiting("slow", "", "3s")));
    terminal.types("$WFC run main.wf\n");
    until("the step is ready", || terminal.place.path("slow.ready").exists());
    terminal.types("\u{1a}");
    terminal.sees("Stopped");
    // Longer than the step may take.
    std::thread::sleep(Duration::from_secs(4));
    terminal.place.write("finish", "");
    terminal.types("fg; echo code=$?\n");
    terminal.sees("code=0");
    terminal.ended();
}

#[test]
fn a_run_in_the_background_goes_on_and_can_be_fetched() {
    let mut terminal = Terminal::with(&format!("workflow main {{\n{}}}\n", waiting("slow", "", "1m")));
    terminal.types("$WFC run main.wf &\n");
    until("the step is ready", || terminal.place.path("slow.ready").exists());
    terminal.types("fg\n");
    until("the run has the terminal", || is_in_front(&terminal.place));
    terminal.types("\u{1a}");
    terminal.sees("Stopped");
    terminal.types("bg\n");
    until("nobody stands still", || states(&terminal.place).iter().all(|(_, state)| *state != 'T'));
    terminal.types("kill -TERM %1; wait %1; echo code=$?\n");
    terminal.sees("code=143");
    terminal.ended();
}

#[test]
fn a_question_is_answered_and_interrupted() {
    let workflow =
        "workflow main {\n  param name: string\n  step greet: shell \"echo hello ${name}\" { reads only, timeout 10s }\n}\n";
    let mut terminal = Terminal::with(workflow);
    terminal.types("$WFC run --verbose main.wf; echo code=$?\n");
    terminal.sees("name (string): ");
    terminal.types("\u{1a}");
    terminal.sees("Stopped");
    terminal.types("fg\n");
    terminal.sees("fg\r\n");
    terminal.sees("main.wf");
    terminal.types("world\n");
    terminal.sees("hello world");
    terminal.types("$WFC run main.wf; echo code=$?\n");
    terminal.sees("name (string): ");
    terminal.types("\u{3}");
    terminal.sees("code=130");
    terminal.ended();
}
