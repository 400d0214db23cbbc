//! A workflow in a folder of its own, whose run is killed and goes on.

use crate::cli::{Outcome, Place};
use crate::steps::http_server::{Server, ok};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use wf_model::event::Event;
use wf_store::{RunFilter, Store};

/// A call of the system at which the process that makes it is killed, before anything comes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// What stands behind the name of the database: nothing, or `-wal`.
    pub(super) file: &'static str,
    /// Which call.
    pub(super) call: &'static str,
    /// Which of those that a thread makes to the file, from one.
    pub(super) number: u32,
}

/// Which processes of a run are killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Victim {
    Guard,
    Inner,
    Both,
}

/// How a run is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kill {
    /// At a call of the system.
    At(Fault),
    /// After a time.
    After(Duration, Victim),
}

impl Kill {
    /// How it is called.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::At(fault) => match (fault.file.len(), fault.call.as_bytes()) {
                (0, b"pwrite64") => "at a write to the database",
                (0, _) => "at a sync of the database",
                (_, b"pwrite64") => "at a write to the journal",
                (_, b"unlink") => "as the journal is put away",
                _ => "at a sync of the journal",
            },
            Self::After(..) => "at some instant",
        }
    }

    /// The same, but earlier, where it comes at an instant.
    pub(super) fn earlier(self) -> Option<Self> {
        match self {
            Self::After(time, victim) if !time.is_zero() => Some(Self::After(time / 2, victim)),
            _ => None,
        }
    }

    /// Whether somebody is left to end the steps.
    pub(super) const fn ends_steps(self) -> bool {
        !matches!(self, Self::After(_, Victim::Both))
    }
}

/// A line of what steps wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// `begin`, `end`, `undo` or `undone`.
    pub(super) word: String,
    /// The number of the instance.
    pub(super) key: u64,
    pub(super) attempt: u32,
    pub(super) path: String,
}

pub(super) struct Scene {
    place: Place,
    /// What steps asked for by `ask` and somebody has answered.
    answered: Mutex<BTreeSet<OsString>>,
}

/// What `http://server/` means in all workflows; answers take a little, so that runs die while they wait for them.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    Server::doing(|_, connection| {
        std::thread::sleep(Duration::from_millis(10));
        // Whoever asked may be dead.
        let _ = connection.write_all(ok("served").as_bytes());
    })
});

impl Scene {
    /// A folder with the workflow and an empty store.
    pub(super) fn of(text: &str) -> Self {
        let place = Place::with(&text.replace("http://server/", &SERVER.url("/")));
        place.write("act", include_str!("workflows/act"));
        place.write("undo", include_str!("workflows/undo"));
        place.write("data/one.txt", "one");
        place.write("data/two.txt", "two");
        for name in ["variable", "file", "program", "step"] {
            place.write(&format!("secrets/{name}"), &format!("canary-from-a-{name}\n"));
        }
        place.write("ask", include_str!("workflows/ask"));
        if text.contains("sh ask ") {
            fs::create_dir(place.path("asks")).expect("a folder");
        }
        let scene = Self { place, answered: Mutex::default() };
        scene.ended(&["runs"]);
        scene
    }

    /// Writes a file of the folder.
    pub(super) fn write(&self, name: &str, text: &str) {
        self.place.write(name, text);
    }

    /// Reads a file of the folder.
    pub(super) fn read(&self, name: &str) -> String {
        self.place.read(name)
    }

    /// Lets the undos go well that fail until then.
    pub(super) fn mend(&self) {
        self.place.write("mended", "");
    }

    fn environment(&self, command: &mut Command) {
        let folder = self.place.path("");
        command.env_clear().env("HOME", &folder).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("SEEN", "seen");
        command.env("WFC_STORE", self.store()).env("TOKEN", "canary-from-a-variable").current_dir(folder).stdin(Stdio::null());
    }

    fn store(&self) -> PathBuf {
        self.place.path("store")
    }

    /// What came of a command that nothing disturbed.
    pub(super) fn ended(&self, arguments: &[&str]) -> Outcome {
        self.answering(|| self.output(arguments))
    }

    fn output(&self, arguments: &[&str]) -> Outcome {
        let mut command = interruptible(env!("CARGO_BIN_EXE_wfc"));
        self.environment(command.args(arguments));
        Outcome::of(command.output().expect("the binary starts"))
    }

    /// What came of a command that is killed, or `None` where it was.
    pub(super) fn killed(&self, arguments: &[&str], kill: Kill) -> Option<Outcome> {
        self.answering(|| match kill {
            Kill::At(fault) => self.traced(arguments, fault),
            Kill::After(time, victim) => self.interrupted(arguments, time, victim),
        })
    }

    /// Does something while somebody beside it answers what steps ask for, and once more behind it.
    fn answering<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.place.path("asks").exists() {
            return work();
        }
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    self.answer();
                    std::thread::sleep(Duration::from_millis(2));
                }
                self.answer();
            });
            let done = work();
            over.store(true, Ordering::SeqCst);
            done
        })
    }

    /// Does what steps ask for that is not done yet, in the order of the names; what is refused is tried again later.
    fn answer(&self) {
        let asked = fs::read_dir(self.place.path("asks")).expect("a folder").flatten();
        let asked: BTreeSet<OsString> = asked.map(|entry| entry.file_name()).collect();
        let mut answered = self.answered.lock().expect("nobody panics with it");
        for name in asked {
            if answered.contains(&name) {
                continue;
            }
            let words = fs::read_to_string(self.place.path("asks").join(&name)).expect("a file");
            if self.output(&words.split_whitespace().collect::<Vec<_>>()).code != 0 {
                return;
            }
            answered.insert(name);
        }
    }

    fn traced(&self, arguments: &[&str], Fault { file, call, number }: Fault) -> Option<Outcome> {
        let mut command = self.strace(&[file], call);
        command.args(["--inject", &format!("{call}:signal=KILL:when={number}"), env!("CARGO_BIN_EXE_wfc")]).args(arguments);
        self.environment(&mut command);
        // Calls are counted for each thread.
        command.env("WFC_THREADS", "1");
        let output = command.output().expect("strace is installed by tests/setup");
        (output.status.code() != Some(137)).then(|| Outcome::of(output))
    }

    fn strace(&self, files: &[&str], calls: &str) -> Command {
        let mut command = interruptible("strace");
        let trace = format!("--trace={calls}");
        command.args(["--follow-forks", "--quiet=all", "--signal=none", "--decode-fds=path", "--output=trace", &trace]);
        for file in files {
            command.arg("--trace-path").arg(self.store().join(format!("store.db{file}")));
        }
        command
    }

    /// How often a thread makes each of these calls to each of these files, at most, in a command from beginning to end.
    pub(super) fn calls(&self, arguments: &[&str], calls: &[(&'static str, &'static str)]) -> Vec<u32> {
        let names: Vec<&str> = calls.iter().map(|(_, call)| *call).collect();
        let mut command = self.strace(&["", "-wal"], &names.join(","));
        command.arg(env!("CARGO_BIN_EXE_wfc")).args(arguments);
        self.environment(&mut command);
        command.env("WFC_THREADS", "1");
        self.answering(|| drop(command.output().expect("strace is installed by tests/setup")));
        let trace = self.place.read("trace");
        let made = |(file, call): &(&str, &str)| {
            let (begins, named) = (format!("{call}("), [format!("store.db{file}>"), format!("store.db{file}\"")]);
            let mut counts = BTreeMap::<&str, u32>::new();
            for (thread, line) in trace.lines().filter_map(|line| line.split_once(' ')) {
                let of_file = named.iter().any(|name| line.contains(name.as_str()));
                *counts.entry(thread).or_default() += u32::from(of_file && line.trim_start().starts_with(&begins));
            }
            counts.into_values().max().unwrap_or_default()
        };
        calls.iter().map(made).collect()
    }

    fn interrupted(&self, arguments: &[&str], time: Duration, victim: Victim) -> Option<Outcome> {
        let mut command = interruptible(env!("CARGO_BIN_EXE_wfc"));
        self.environment(command.args(arguments));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        // The instants are what is random here; nothing depends on which is met.
        std::thread::sleep(time);
        let guard = child.id().cast_signed();
        let inner = children(guard);
        let kill = |number: i32| {
            // It may have ended.
            let _ = Pid::from_raw(number).map(|number| kill_process(number, Signal::KILL));
        };
        if child.try_wait().expect("a child").is_some() {
            return child.wait_with_output().map(Outcome::of).ok();
        }
        // At first there is one process.
        if matches!(victim, Victim::Guard | Victim::Both) || inner.is_empty() {
            kill(guard);
        }
        if matches!(victim, Victim::Inner | Victim::Both) {
            inner.into_iter().for_each(kill);
        }
        let output = child.wait_with_output().expect("it is a child");
        let code = output.status.code();
        (code.is_some() && code != Some(137)).then(|| Outcome::of(output))
    }

    /// What the journal held when it is copied: the run's number, and its events; `None` where no run was begun.
    pub(super) fn journal(&self) -> Option<Vec<Event>> {
        let copy = tempfile::tempdir().expect("a temporary folder");
        // The journal that a killed process left is opened by whoever goes on with it, not by its reader.
        for name in ["store.db", "store.db-wal"] {
            let from = self.store().join(name);
            if from.exists() {
                fs::copy(from, copy.path().join(name)).expect("it can be read");
            }
        }
        let store = Store::open(copy.path()).expect("the store is whole");
        let run = store.runs(&RunFilter::default()).expect("the store is whole").pop()?;
        let batches: Result<Vec<Vec<Event>>, _> = store.history(&run.id).expect("the journal is whole").collect();
        Some(batches.expect("the journal is whole").concat())
    }

    /// What steps wrote so far.
    pub(super) fn log(&self) -> Vec<Line> {
        let text = fs::read_to_string(self.place.path("log")).unwrap_or_default();
        text.lines().map(|text| line(text).unwrap_or_else(|| panic!("a line of the log is {text:?}"))).collect()
    }

    /// Every file that a secret could have come into.
    pub(super) fn tells(&self, secret: &str) -> bool {
        fn search(path: &Path, secret: &[u8]) -> bool {
            match fs::read_dir(path) {
                Ok(entries) => entries.flatten().any(|entry| search(&entry.path(), secret)),
                Err(_) => fs::read(path).is_ok_and(|bytes| bytes.windows(secret.len()).any(|window| window == secret)),
            }
        }
        search(&self.store(), secret.as_bytes())
    }

    /// Waits until no process of a run is left.
    pub(super) fn nothing_lives(&self) -> Result<(), String> {
        let folder = self.place.path("").canonicalize().expect("the folder is there");
        let begun = Instant::now();
        loop {
            let living = living(&folder);
            match living.is_empty() {
                true => return Ok(()),
                false if begun.elapsed() > Duration::from_secs(30) => return Err(format!("processes live on: {living:?}")),
                false => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }
}

/// A program that an interrupt ends, even where whoever runs these tests ignores interrupts, as shells let what they start in the
/// background: workflows here interrupt themselves, and would wait for what sleeps.
fn interruptible(program: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", program]);
    command
}

fn line(text: &str) -> Option<Line> {
    let mut words = text.split(' ');
    let word = words.next()?.to_owned();
    let key = words.next()?.rsplit_once('-')?.1.parse().ok()?;
    let attempt = words.next()?.parse().ok()?;
    Some(Line { word, key, attempt, path: words.next()?.to_owned() })
}

fn children(process: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Processes that work in the folder; those of a run all do.
fn living(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("processes").flatten().map(|process| process.path());
    let inside = processes.filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|current| current.starts_with(folder)));
    inside.map(|process| fs::read_to_string(process.join("cmdline")).unwrap_or_default().replace('\0', " ")).collect()
}
