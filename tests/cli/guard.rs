//! No process of a step outlives its run, however the run ends.

use super::Place;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What steps leave around, as shell texts; each goes on once the file `ready` is there.
const HABITS: [(&str, &str); 8] = [
    ("background children", "sleep 1000 & sleep 1000 & touch ready; wait"),
    ("a session of its own", "setsid sleep 1000 & touch ready; wait"),
    ("forked twice", "(setsid sh -c 'sleep 1000 & touch ready; sleep 1000' &); sleep 1000"),
    ("signals ignored", "trap '' TERM INT HUP; touch ready; while :; do sleep 1; done"),
    ("closed streams", "exec <&- >&- 2>&-; setsid -f sleep 1000; touch ready; sleep 1000"),
    ("a thousand children", "i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); done; touch ready; wait"),
    ("a held pipe", "setsid -f sh -c 'touch ready; exec sleep 1000'; sleep 1000"),
    ("no environment", "env -i PATH=/usr/bin:/bin setsid -f sh -c 'touch ready; exec sleep 1000'; sleep 1000"),
];

/// A run whose step has done what it does.
pub(super) struct Run {
    pub(super) place: Place,
    pub(super) child: Child,
}

impl Run {
    fn of(script: &str) -> Self {
        let place = Place::new();
        place.write("step.sh", script);
        place.write("main.wf", "workflow main {\n  step wait: shell \"exec sh step.sh\" { reads only, timeout 10m }\n}\n");
        let mut command = place.command(&["run", "main.wf"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        let run = Self { place, child };
        until("the step is ready", || run.place.path("ready").exists());
        run
    }

    /// The process that the shell knows.
    pub(super) fn guard(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// The process that does the work.
    pub(super) fn inner(&self) -> i32 {
        let guard = self.guard();
        let children = fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).expect("it runs");
        children.trim().parse().expect("one child")
    }

    /// The exit code as a shell counts; checks that nothing runs any more.
    pub(super) fn ended(mut self, habit: &str) -> i32 {
        let status = self.child.wait().expect("it ends");
        until(&format!("nothing runs ({habit})"), || in_folder(&self.place.path("")).is_empty());
        status.code().unwrap_or_else(|| 128 + status.signal().expect("a signal"))
    }
}

/// The processes that work in a folder or know of it, wherever they came from.
pub(crate) fn in_folder(folder: &Path) -> Vec<i32> {
    let folder = folder.canonicalize().expect("the folder is there");
    let home = format!("HOME={}", folder.display());
    let belongs = |number: &i32| {
        let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        fs::read_link(format!("/proc/{number}/cwd")).is_ok_and(|current| current == folder)
            || environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
    };
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).filter(belongs).collect()
}

/// Waits for a state that comes within a second; on a busy machine it may take longer.
pub(super) fn until(state: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not reached: {state}");
        sleep(Duration::from_millis(2));
    }
}

pub(super) fn send(number: i32, signal: Signal) {
    kill_process(Pid::from_raw(number).expect("a process number"), signal).expect("it runs");
}

#[test]
fn a_killed_runner_takes_its_steps_with_it() {
    for (habit, script) in HABITS {
        let run = Run::of(script);
        send(run.inner(), Signal::KILL);
        assert_eq!(run.ended(habit), 137, "{habit}");
    }
}

#[test]
fn a_killed_guard_takes_everything_with_it() {
    for (habit, script) in HABITS {
        let run = Run::of(script);
        send(run.guard(), Signal::KILL);
        assert_eq!(run.ended(habit), 137, "{habit}");
    }
}

#[test]
fn what_both_are_asked_to_end_leaves_nothing() {
    for (habit, script) in HABITS {
        let mut run = Run::of(script);
        send(run.inner(), Signal::TERM);
        send(run.guard(), Signal::TERM);
        // Patience is not what is tried here.
        let in_haste = ["signals ignored", "no environment"].contains(&habit);
        while in_haste && run.child.try_wait().expect("a child").is_none() {
            send(run.guard(), Signal::INT);
            sleep(Duration::from_millis(20));
        }
        let code = run.ended(habit);
        assert!(code == 143 || in_haste && code == 130, "{habit}: {code}");
    }
}
