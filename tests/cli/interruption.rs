//! Signals that reach `wfc run`.

use super::Place;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

/// A step that writes its process number and waits; `trap` lets it ignore what asks it to end.
fn waiting(trap: &str) -> String {
    format!(
        "workflow main {{\n  step wait: shell \"{trap} echo $$ > number; echo ready; while :; do sleep 0.01; done\" {{ reads only, timeout 1m }}\n  step after: shell \"touch after\" {{ no undo \"x\", timeout 5s }}\n}}\n"
    )
}

/// A run whose step has started.
struct Run {
    place: Place,
    child: Child,
    errors: BufReader<ChildStderr>,
}

impl Run {
    fn start(trap: &str) -> Self {
        let place = Place::new();
        place.write("main.wf", &waiting(trap));
        Self::of(place)
    }

    fn of(place: Place) -> Self {
        let mut command = place.command(&["run", "--verbose", "main.wf"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut run = Self { place, child, errors };
        run.wait_for("ready");
        run
    }

    /// Reads stderr up to a line that holds `text`.
    fn wait_for(&mut self, text: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.errors.read_line(&mut line).expect("UTF-8"), 0, "stderr ends before {text:?}");
            if line.contains(text) {
                return line;
            }
        }
    }

    fn send(&self, signal: Signal) {
        let number = Pid::from_raw(self.child.id().cast_signed()).expect("a process number");
        kill_process(number, signal).expect("it runs");
    }

    /// The exit code; checks that neither the step nor one behind it is there.
    fn ended(mut self) -> i32 {
        let code = self.child.wait().expect("it ends").code().expect("no signal ended it");
        let number = Pid::from_raw(self.place.read("number").trim().parse().expect("a number")).expect("a process number");
        assert!(test_kill_process(number).is_err(), "the step still runs");
        assert!(!self.place.path("after").exists());
        code
    }
}

#[test]
fn a_signal_ends_the_run_and_its_steps() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut run = Run::start("");
        run.send(signal);
        run.wait_for("cancel   nothing new starts");
        run.wait_for("stopped  wait");
        run.wait_for("cancelled in");
        assert_eq!(run.ended(), code);
    }
}

#[test]
fn a_second_interrupt_ends_at_once_what_does_not_listen() {
    let mut run = Run::start("trap '' INT TERM HUP;");
    run.send(Signal::INT);
    run.wait_for("cancel   nothing new starts");
    run.send(Signal::INT);
    run.wait_for("cancel   running steps are ended at once");
    assert_eq!(run.ended(), 130);
}

/// The run of a file whose undo waits.
fn undoing() -> Run {
    let undo = "echo $$ > number; echo ready; while :; do sleep 0.01; done";
    let place = Place::new();
    place.write(
        "main.wf",
        &format!(
            "workflow main {{\n  step first: shell \"true\" {{ undo shell \"true\" }}\n  step second: shell \"true\" {{ undo shell \"{undo}\" }}\n  step end: shell \"exit 1\" {{ reads only }}\n  on failure rollback\n}}\n"
        ),
    );
    Run::of(place)
}

#[test]
fn a_first_interrupt_leaves_a_rollback_alone_and_a_second_says_what_is_not_undone() {
    let mut run = undoing();
    run.send(Signal::INT);
    run.wait_for("cancel   the rollback and handlers go on; once more ends everything at once");
    run.send(Signal::INT);
    run.wait_for("cancel   running steps are ended at once");
    let told = run.wait_for(" of second");
    assert!(told.starts_with("stopped  undo of second") && !told.contains("next"), "{told}");
    assert!(run.wait_for("killed in").contains("2 steps done, 1 failed\n"));
    run.wait_for("not undone: second (its undo was ended)");
    run.wait_for("not undone: first (its undo did not begin)");
    assert_eq!(run.ended(), 130);
}

#[test]
fn what_a_shell_runs_in_the_background_ends_with_an_interrupt_too() {
    let mut run = Run::start("sleep 1000 & sleep 1000 &");
    run.send(Signal::INT);
    run.wait_for("stopped  wait");
    assert_eq!(run.ended(), 130);
}

#[test]
fn the_keys_of_a_terminal_interrupt() {
    let place = Place::new();
    place.write("main.wf", &waiting(""));
    let shown = place.in_terminal("wfc run --verbose main.wf", &[("wait: ready", "\u{3}")]);
    assert!(shown.contains("cancel   nothing new starts") && shown.contains("cancelled in"), "{shown}");
    assert!(!place.path("after").exists());
}
