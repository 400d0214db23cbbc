//! What `wfc run` owes whoever starts it: signals, streams, exit codes, and processes that are not its own.

use super::Place;
use super::guard::{in_folder, send, until};
use rustix::process::{Pid, Signal, getpgid, kill_process_group};
use std::fs;
use std::io::Read;
use std::process::{Child, Output, Stdio};

/// A run that is started by a shell text in which `$WFC` is the binary.
struct Started {
    place: Place,
    shell: Child,
}

impl Started {
    /// With a step that waits for the file `finish`.
    fn by(text: &str) -> Self {
        let step = "touch ready; until test -e finish; do sleep 0.02; done";
        let place = Place::with(&format!("workflow main {{\n  step wait: shell \"{step}\" {{ reads only, timeout 10m }}\n}}\n"));
        Self::in_place(place, text)
    }

    fn in_place(place: Place, text: &str) -> Self {
        let shell = shell(&place, text);
        until("the step is ready", || place.path("ready").exists());
        Self { place, shell }
    }

    fn ended(self) -> (Place, String) {
        let output = self.shell.wait_with_output().expect("it ends");
        until("nothing runs", || in_folder(&self.place.path("")).is_empty());
        (self.place, text_of(&output))
    }
}

fn shell(place: &Place, text: &str) -> Child {
    place.shell(text).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell")
}

/// The processes of a program, as of `wfc` both.
fn named(place: &Place, program: &str) -> Vec<i32> {
    let is_it = |number: &i32| fs::read_to_string(format!("/proc/{number}/comm")).is_ok_and(|name| name.trim() == program);
    in_folder(&place.path("")).into_iter().filter(is_it).collect()
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a shell text whose steps end by themselves.
fn shown(workflow: &str, text: &str) -> (Place, String) {
    let place = Place::with(workflow);
    let output = shell(&place, text).wait_with_output().expect("it ends");
    until("nothing runs", || in_folder(&place.path("")).is_empty());
    (place, text_of(&output))
}

/// Ends a run that goes on although it got a signal.
fn finished(run: Started) -> String {
    run.place.write("finish", "");
    run.ended().1
}

#[test]
fn what_was_ignored_stays_ignored() {
    // A shell without job control lets what it starts in the background ignore SIGINT.
    for (signal, before) in [(Signal::HUP, "nohup"), (Signal::INT, "")] {
        let run = Started::by(&format!("{before} $WFC run main.wf & wait $!; echo code=$?"));
        for number in named(&run.place, "wfc") {
            send(number, signal);
        }
        let shown = finished(run);
        assert!(shown.contains("code=0"), "{signal:?}: {shown}");
    }
}

#[test]
fn a_signal_to_the_whole_group_counts_once() {
    let place = Place::new();
    let step = "trap 'until test -e finish; do sleep 0.02; done; exit 3' INT; touch ready; while :; do sleep 0.02; done";
    place.write("main.wf", &format!("workflow main {{\n  step wait: shell \"{step}\" {{ reads only, timeout 10m }}\n}}\n"));
    let run = Started::in_place(place, "setsid --wait $WFC run main.wf; echo code=$?");
    let number = named(&run.place, "wfc").into_iter().min().and_then(Pid::from_raw).expect("it runs");
    kill_process_group(getpgid(Some(number)).expect("it runs"), Signal::INT).expect("it runs");
    // A second one would have killed the step, which waits for this.
    let shown = finished(run);
    assert!(shown.contains("code=130") && shown.contains("nothing new starts"), "{shown}");
    assert!(!shown.contains("ended at once"), "{shown}");
}

#[test]
fn a_caller_that_sends_twice_what_it_means_once_leaves_the_grace() {
    let place = Place::new();
    let step = "trap 'until test -e finish; do sleep 0.02; done; exit 3' TERM; touch ready; while :; do sleep 0.02; done";
    place.write("main.wf", &format!("workflow main {{\n  step wait: shell \"{step}\" {{ reads only, timeout 10m }}\n}}\n"));
    // `timeout` passes on what it gets to the run, and then to the whole group.
    let run = Started::in_place(place, "timeout 600 $WFC run main.wf; echo code=$?");
    send(named(&run.place, "timeout")[0], Signal::TERM);
    let shown = finished(run);
    assert!(shown.contains("code=143") && shown.contains("nothing new starts"), "{shown}");
    assert!(!shown.contains("ended at once"), "{shown}");
}

#[test]
fn children_of_before_are_left_alone() {
    let workflow = "workflow main {\n  step a: shell \"true\" { reads only, timeout 10s }\n}\n";
    let text = "sh -c 'until test -e finish; do sleep 0.02; done; echo still here' & exec $WFC run main.wf";
    let place = Place::with(workflow);
    let mut shell = shell(&place, text);
    let status = shell.wait().expect("it ends");
    assert!(status.success());
    place.write("finish", "");
    let mut shown = String::new();
    shell.stdout.take().expect("a pipe").read_to_string(&mut shown).expect("UTF-8");
    assert!(shown.ends_with("still here\n"), "{shown}");
}

#[test]
fn closed_streams_and_readers_that_go_away_are_borne() {
    let workflow = "workflow main {\n  step a: shell \"seq 1000\" { reads only, timeout 10s }\n  step b: shell \"echo b > b\" { no undo \"x\", timeout 10s }\n}\n";
    for text in ["$WFC run main.wf <&- >&- 2>&-", "$WFC run --verbose main.wf 2>&1 | head -1", "$WFC run --verbose main.wf 2>&-"]
    {
        let (place, _) = shown(workflow, text);
        assert_eq!(place.read("b"), "b\n", "{text}");
    }
}

#[test]
fn where_no_second_process_is_allowed_nothing_starts() {
    let workflow = "workflow main {\n  step a: shell \"touch a\" { no undo \"x\", timeout 10s }\n}\n";
    // Root may start more than others, who may not look everywhere.
    let user = if rustix::process::getuid().is_root() { "setpriv --reuid 65534 --clear-groups " } else { "" };
    let place = Place::with(workflow);
    let text = format!("chmod a+rwx . && cp $WFC wfc && {user}prlimit --nproc=0 ./wfc run main.wf; echo code=$?");
    let output = shell(&place, &text).wait_with_output().expect("it ends");
    let shown = text_of(&output);
    assert!(shown.contains("the process that ends steps with their run does not start"), "{shown}");
    assert!(shown.contains("code=1") && !place.path("a").exists(), "{shown}");
}
