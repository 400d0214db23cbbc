//! The guard: passes on signals, and ends what the inner process leaves behind.

use super::PASSED_ON;
use super::left::End;
use crate::process::end_all;
use crate::system::{SignalSet, stop_here};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};
use std::process::exit;

/// Whether the inner process was asked to stop for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    No,
    /// It will; the guard stops as soon as it has.
    Asked,
    /// It will, but was let go on meanwhile.
    Revoked,
}

/// What the guard knows.
struct Guard {
    inner: Pid,
    relay: OwnedFd,
    pause: Pause,
    /// Whether the inner process was ended by a signal.
    was_killed: bool,
}

/// Stays until the inner process has ended, then ends what is left, here and elsewhere, and exits as the inner one did. The signals are
/// blocked.
pub(super) fn watch(inner: Pid, relay: OwnedFd, signals: &SignalSet, spared: Vec<i32>, look_after: &dyn Fn(End)) -> ! {
    // A guard that waited for room in the pipe would hear nothing.
    let _ = rustix::io::ioctl_fionbio(&relay, true);
    let mut guard = Guard { inner, relay, pause: Pause::No, was_killed: false };
    loop {
        match signals.wait() {
            Some(Signal::CHILD) => {
                if let Some(code) = guard.look_after_children() {
                    end_all(&spared);
                    look_after(if guard.was_killed { End::Killed } else { End::Itself });
                    exit(code);
                }
            }
            Some(signal) => guard.pass_on(signal),
            None => {}
        }
    }
}

impl Guard {
    fn pass_on(&mut self, signal: Signal) {
        if signal == Signal::CONT && self.pause == Pause::Asked {
            self.pause = Pause::Revoked;
        }
        if signal == Signal::TSTP {
            self.pause = Pause::Asked;
        }
        // Where the inner process has ended, nobody needs the signal.
        if PASSED_ON.contains(&signal) {
            let _ = rustix::io::write(&self.relay, &[u8::try_from(signal.as_raw()).unwrap_or_default()]);
        } else {
            let _ = kill_process(self.inner, signal);
        }
    }

    /// Takes note of the ends of children; gives the exit code of the inner process once that has ended.
    fn look_after_children(&mut self) -> Option<i32> {
        let mut code = None;
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            if pid != self.inner {
                continue;
            }
            match exit_code(status) {
                Some(ended) => {
                    self.was_killed = status.terminating_signal().is_some();
                    code = Some(ended);
                }
                None => self.stop_too(),
            }
        }
        code
    }

    /// Stops as the inner process has, so that a shell sees it; the shell lets both go on.
    fn stop_too(&mut self) {
        if self.pause == Pause::No {
            // Somebody stopped the inner process alone and will let it go on.
            return;
        }
        if self.pause == Pause::Asked {
            // SIGTSTP would have to be unblocked for that, and a second one that comes just then would stop the guard alone. Process 1
            // is not stopped by this, and lets the inner process go on at once.
            stop_here();
        }
        self.pause = Pause::No;
        let _ = kill_process(self.inner, Signal::CONT);
    }
}

/// As a shell counts; `None` while it has not ended.
fn exit_code(status: WaitStatus) -> Option<i32> {
    status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal))
}
