//! Real processes: how they end, what they write, and that nothing of them stays.

use super::{Exit, Finished, GRACE, KEPT, Program, Surroundings, become_subreaper, run, table};
use crate::executor::{OutputSink, Stop, StopSignal, Stream};
use crate::mask::Masker;
use crate::system::SignalSet;
use rustix::process::Signal;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use wf_model::failure::{Failure, FailureKind};

/// Keeps what was written, and tells who waits for it.
struct Seen {
    bytes: Mutex<Vec<u8>>,
    length: watch::Sender<usize>,
}

impl Seen {
    fn new() -> Arc<Self> {
        Arc::new(Self { bytes: Mutex::default(), length: watch::Sender::new(0) })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    async fn wait_for(&self, text: &str) {
        let mut length = self.length.subscribe();
        length.wait_for(|_| self.text().contains(text)).await.unwrap();
    }
}

impl OutputSink for Seen {
    fn write(&self, _: Stream, bytes: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        self.length.send_modify(|length| *length += bytes.len());
    }
}

fn program(words: &[&str]) -> Program {
    let path = std::env::var_os("PATH").unwrap();
    Program {
        name: words[0].into(),
        arguments: words[1..].iter().map(OsString::from).collect(),
        inherited: Arc::default(),
        environment: vec![("PATH".into(), path)],
        folder: std::env::temp_dir(),
        input: None,
    }
}

fn shell(text: &str) -> Program {
    program(&["sh", "-c", text])
}

fn surroundings(sink: &Arc<Seen>) -> (Surroundings, watch::Sender<Stop>) {
    let (stop, asked) = watch::channel(Stop::No);
    let (masker, sink) = (Masker::new(["hunter2"]), sink.clone());
    (Surroundings { masker, sink, secret_out: false, kept: KEPT, stop: asked, grace: GRACE }, stop)
}

async fn try_run(program: Program) -> Result<Finished, Failure> {
    become_subreaper().unwrap();
    let (surroundings, _stop) = surroundings(&Seen::new());
    run(program, surroundings).await
}

async fn finished(program: Program) -> Finished {
    try_run(program).await.unwrap()
}

async fn failed(program: Program) -> (String, bool) {
    let failure = try_run(program).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Spawn);
    (failure.message.to_string(), failure.retryable)
}

/// Runs a shell text, and asks it to stop when it has written `ready`.
async fn stopped(text: &str, stop: Stop, grace: Duration) -> (Finished, String) {
    become_subreaper().unwrap();
    let seen = Seen::new();
    let (surroundings, sender) = surroundings(&seen);
    let running = run(shell(text), Surroundings { grace, ..surroundings });
    let asking = async {
        seen.wait_for("ready").await;
        sender.send(stop).unwrap();
    };
    let (finished, ()) = tokio::join!(running, asking);
    (finished.unwrap(), seen.text())
}

const TERMINATE: Stop = Stop::Gracefully(StopSignal::Terminate);

fn runs(number: &str) -> bool {
    table::entry(number.trim().parse().unwrap()).is_some_and(|entry| !entry.ended)
}

/// The first number on the output.
fn number(text: &str) -> &str {
    text.split_ascii_whitespace().find(|word| word.parse::<i32>().is_ok()).unwrap()
}

#[tokio::test]
async fn exit_codes_and_signals_are_told() {
    for code in [0, 3, 126, 255] {
        assert_eq!(finished(shell(&format!("exit {code}"))).await.exit, Exit::Code(code));
    }
    assert_eq!(finished(shell("kill -9 $$")).await.exit, Exit::Signal(9));
}

#[tokio::test]
async fn both_streams_are_kept() {
    let finished = finished(shell("echo one; echo two >&2")).await;
    assert_eq!((finished.out.text(), finished.error.text()), ("one\n".to_owned(), "two\n".to_owned()));
    assert!(!finished.leaked);
}

#[tokio::test]
async fn only_the_given_variables_are_there() {
    let mut program = program(&["env"]);
    program.environment.extend([("A".into(), "1".into()), ("A".into(), "2".into())]);
    let text = finished(program).await.out.text();
    let mut names: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap().0).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", "PATH", "WF_PROCESS"]);
    assert!(text.contains("A=2"));
}

#[tokio::test]
async fn a_program_blocks_no_signal_and_is_ended_by_a_broken_pipe() {
    SignalSet::of(&[Signal::USR1]).block();
    let status = finished(program(&["cat", "/proc/self/status"])).await.out.text();
    let signals = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    let pipe = 1 << (Signal::PIPE.as_raw() - 1);
    assert_eq!((signals("SigBlk:"), signals("SigIgn:") & pipe), (0, 0));
}

#[tokio::test]
async fn a_program_is_found_on_its_own_path_and_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    script(&folder.path().join("tool"), "#!/bin/sh\necho $0\n");
    let at = |name: &str, path: &str| Program {
        inherited: Arc::default(),
        environment: vec![("PATH".into(), path.into())],
        folder: folder.path().to_owned(),
        ..program(&[name])
    };
    assert!(finished(at("tool", folder.path().to_str().unwrap())).await.out.text().ends_with("/tool\n"));
    assert!(finished(at("./tool", "/nowhere")).await.out.text().ends_with("tool\n"));
}

#[tokio::test]
async fn a_secret_is_masked_across_writes() {
    let seen = Seen::new();
    let (surroundings, _stop) = surroundings(&seen);
    let finished = run(shell("printf hun; printf ter2; echo; printf 'aHVudGVyMg==\\n' >&2"), surroundings).await.unwrap();
    assert_eq!(finished.out.text(), "***\n");
    assert_eq!(finished.error.text(), "***g==\n");
    assert!(!seen.text().contains("hunter2"));
}

#[tokio::test]
async fn a_secret_output_goes_nowhere() {
    let seen = Seen::new();
    let (surroundings, _stop) = surroundings(&seen);
    let finished = run(shell("echo hunter2; echo log >&2"), Surroundings { secret_out: true, ..surroundings }).await.unwrap();
    assert_eq!(finished.out.text(), "hunter2\n");
    assert_eq!(seen.text(), "log\n");
}

#[tokio::test]
async fn a_large_output_keeps_its_ends() {
    let seen = Seen::new();
    let (surroundings, _stop) = surroundings(&seen);
    let text = "echo begin; head -c 100000000 /dev/zero; echo end";
    let finished = run(shell(text), Surroundings { kept: 1000, ..surroundings }).await.unwrap();
    assert_eq!(finished.out.dropped, 100_000_010 - 1000);
    let text = finished.out.text();
    assert!(text.starts_with("begin\n") && text.ends_with("end\n") && text.contains("[99999010 bytes left out]"));
    assert_eq!(*seen.length.borrow(), 100_000_010);
}

#[tokio::test]
async fn input_arrives_while_output_is_read() {
    let input: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let finished = finished(Program { input: Some(input.clone()), ..program(&["cat"]) }).await;
    assert!(finished.out.bytes() == input);
}

#[tokio::test]
async fn a_process_need_not_read_its_input() {
    let finished = finished(Program { input: Some(vec![b'x'; 1_000_000]), ..shell("exit 5") }).await;
    assert_eq!(finished.exit, Exit::Code(5));
}

#[tokio::test]
async fn a_process_may_close_its_streams_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let text = format!("mkfifo {0}; exec <&- >&- 2>&-; : < {0}; exit 4", fifo.display());
    let writer = tokio::task::spawn_blocking(move || {
        while fs::OpenOptions::new().write(true).open(&fifo).is_err() {
            std::thread::yield_now();
        }
    });
    assert_eq!(finished(shell(&text)).await.exit, Exit::Code(4));
    writer.await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_asked_to_end_ends() {
    let (finished, _) = stopped("echo ready; exec sleep 1000", TERMINATE, GRACE).await;
    assert_eq!((finished.exit, finished.leaked), (Exit::Signal(15), false));
    let (finished, _) = stopped("echo ready; exec sleep 1000", Stop::Gracefully(StopSignal::Interrupt), GRACE).await;
    assert_eq!(finished.exit, Exit::Signal(2));
}

#[tokio::test]
async fn the_whole_group_is_asked() {
    let (finished, text) = stopped("sleep 1000 & echo $! ready; wait", TERMINATE, GRACE).await;
    assert_eq!(finished.exit, Exit::Signal(15));
    assert!(!runs(number(&text)));
}

#[tokio::test]
async fn a_process_may_clean_up_when_it_is_asked_to_end() {
    let text = "trap 'echo bye; exit 7' TERM; echo ready; sleep 1000 & wait";
    let (finished, text) = stopped(text, TERMINATE, GRACE).await;
    assert_eq!(finished.exit, Exit::Code(7));
    assert!(text.ends_with("bye\n"));
}

#[tokio::test]
async fn a_process_that_does_not_listen_is_killed() {
    let text = "trap '' TERM; echo $$ ready; while :; do sleep 1000; done";
    let (finished, text) = stopped(text, TERMINATE, Duration::from_millis(20)).await;
    assert_eq!(finished.exit, Exit::Signal(9));
    assert!(!runs(number(&text)));
}

#[tokio::test]
async fn a_process_can_be_killed_at_once() {
    let text = "trap '' TERM; setsid sleep 1000 & echo $! ready; wait; wait";
    let (finished, text) = stopped(text, Stop::Now, GRACE).await;
    assert_eq!(finished.exit, Exit::Signal(9));
    assert!(!runs(number(&text)));
}

#[tokio::test]
async fn a_process_that_is_asleep_hears_the_signal() {
    let (finished, _) = stopped("echo ready; kill -STOP $$; sleep 1000", TERMINATE, GRACE).await;
    assert_eq!(finished.exit, Exit::Signal(15));
}

#[tokio::test]
async fn processes_in_another_session_hear_the_signal() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let inner = format!("trap 'echo heard; exit' TERM; echo up > {}; sleep 1000 & wait", fifo.display());
    let text =
        format!(r#"mkfifo {0}; trap : TERM; setsid sh -c "{inner}" & read up < {0}; echo ready; wait; wait"#, fifo.display());
    let (_, text) = stopped(&text, TERMINATE, GRACE).await;
    assert!(text.contains("heard"), "{text}");
}

#[tokio::test]
async fn what_is_left_behind_is_ended() {
    let left = [
        "sleep 1000 & echo $!",
        "sleep 1000 >/dev/null 2>&1 & echo $!",
        "setsid sleep 1000 & echo $!",
        "trap '' TERM HUP; sleep 1000 & echo $!",
        "setsid -f sh -c 'echo $$; exec sleep 1000'",
        "env -i PATH=$PATH setsid -f sh -c 'echo $$; exec sleep 1000'",
        "(setsid sh -c 'echo $$; exec sleep 1000' &) | { read pid; echo $pid; }",
        "echo $(setsid -f sh -c 'echo $$; exec >/dev/null 2>&1; exec sleep 1000')",
        "echo $(setsid -f sh -c 'setsid -f sh -c \"echo \\$\\$; exec >/dev/null 2>&1; exec sleep 1000\"')",
    ];
    for script in left {
        loop {
            let finished = finished(shell(script)).await;
            assert!(finished.leaked, "{script}");
            let text = finished.out.text();
            // On a busy machine one may be ended before it has said its number.
            if text.trim().is_empty() {
                continue;
            }
            assert!(!runs(number(&text)), "{script}");
            break;
        }
    }
}

#[tokio::test]
async fn nothing_stays_as_a_zombie() {
    finished(shell("setsid -f true; (sleep 0 &); sleep 1000 >/dev/null 2>&1 &")).await;
    let own = table::entry(std::process::id().cast_signed()).unwrap();
    let is_left = || table::all().iter().any(|entry| entry.parent == own.pid.as_raw_nonzero().get());
    while is_left() {
        finished(shell(":")).await;
    }
}

#[tokio::test]
async fn processes_end_with_the_future() {
    become_subreaper().unwrap();
    let seen = Seen::new();
    let (surroundings, _stop) = surroundings(&seen);
    let text = "setsid sleep 1000 & echo $! ready; wait";
    let running = tokio::spawn(run(shell(text), surroundings));
    seen.wait_for("ready").await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    while runs(number(&seen.text())) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_at_once_end_each_with_its_own_code() {
    let children = (0..200).map(|index| async move {
        let finished = finished(shell(&format!("echo {index}; exit {}", index % 7))).await;
        assert_eq!(finished.exit, Exit::Code(index % 7));
        assert_eq!(finished.out.text(), format!("{index}\n"));
    });
    let tasks: Vec<_> = children.map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("plain"), "text").unwrap();
    script(&path("odd"), "#!/no/such/interpreter\n");
    script(&path("empty"), "\u{1}");
    let at = |name: &str| Program { folder: folder.path().to_owned(), ..program(&[name]) };
    let cases = [
        (at("no-such-program"), "program `no-such-program` is not on the `PATH`"),
        (at(""), "program `` is not on the `PATH`"),
        (at("./none"), "program `./none` is not there"),
        (at("./plain"), "program `./plain` must not be run by this user"),
        (at("/tmp"), "`/tmp` is a directory, not a program"),
        (at("./odd"), "the interpreter that the first line of `./odd` names is not there"),
        (at("./empty"), "file `./empty` is no program: a script begins with `#!` and its interpreter"),
        (Program { folder: "/no/such".into(), ..program(&["true"]) }, "directory `/no/such` is not there"),
        (Program { folder: path("plain"), ..program(&["/bin/true"]) }, ""),
        (program(&["true", "a\0b"]), "an argument or a variable of `true` holds a NUL character"),
    ];
    for (program, expected) in cases {
        let (message, retryable) = failed(program).await;
        let expected =
            if expected.is_empty() { format!("`{}` is not a directory", path("plain").display()) } else { expected.to_owned() };
        assert_eq!((message, retryable), (expected, false));
    }
}

#[tokio::test]
async fn too_much_to_pass_says_what_to_do() {
    let large = "x".repeat(3_000_000);
    let (message, _) = failed(program(&["true", &large])).await;
    assert!(message.starts_with("arguments and environment of `true` are larger"), "{message}");
}

#[tokio::test]
async fn a_program_that_is_being_written_may_start_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tool");
    fs::copy("/bin/true", &path).unwrap();
    let open = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let (message, retryable) = failed(program(&[path.to_str().unwrap()])).await;
    assert!(message.ends_with("is being written") && retryable, "{message}");
    drop(open);
}
