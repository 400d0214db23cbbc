//! Two processes for one run, so that steps die with it: when one dies, even by SIGKILL, the other ends all descendants.
//!
//! The outer process, the guard, is the one that a shell or a service manager knows. It waits for signals and for the end of the inner
//! one, which does everything else. Both belong to the same process group: what a terminal sends reaches both, what is sent to a process
//! number reaches the guard alone. So the guard passes on all that it gets, through a pipe, and the inner one counts what it got itself
//! and what was passed on, and takes the higher of the two numbers. `docs/decisions/0012-guard.md` says why.

mod inner;
mod left;
mod outer;

pub use inner::Guarded;
pub use left::{End, LookAfter, leave};

use crate::process::{become_subreaper, own_children};
use crate::system::{self, Reaction, Side, SignalSet};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;
use std::io;

/// Signals that ask for something; the guard tells the inner process of them.
const PASSED_ON: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::TERM, Signal::TSTP];

/// Signals that the guard sends on as they are.
const FORWARDED: [Signal; 4] = [Signal::QUIT, Signal::ALARM, Signal::USR1, Signal::USR2];

/// Signals that the guard needs for itself.
const OWN: [Signal; 2] = [Signal::CHILD, Signal::CONT];

/// Splits this process in two; only the inner one returns. To be called before any thread runs. Where the inner one has named what
/// it [leaves](leave) elsewhere, `look_after` is called by the other one at its end.
///
/// # Errors
/// Where other threads run or the system allows no further process.
pub fn start(look_after: LookAfter) -> io::Result<Guarded> {
    // Whoever ignores the ends of children cannot wait for them.
    system::react(Signal::CHILD, &Reaction::Default);
    become_subreaper()?;
    // What ran as a child before this program replaced another one is not ours to end.
    let spared = own_children().unwrap_or_default();
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    let (left, leaving) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    // Who started us with a signal ignored wants it ignored: `nohup`, and `&` in scripts.
    let ignored: Vec<Signal> = PASSED_ON.iter().chain(&FORWARDED).copied().filter(|signal| system::is_ignored(*signal)).collect();
    let heard = PASSED_ON.iter().chain(&FORWARDED).chain(&OWN).copied().filter(|signal| !ignored.contains(signal));
    let signals = SignalSet::of(&heard.collect::<Vec<Signal>>());
    signals.block();
    match system::fork() {
        Ok(Side::Outer(inner)) => {
            drop((read, leaving));
            outer::watch(inner, write, &signals, spared, &|how| left::look_after(&left, look_after, how))
        }
        Ok(Side::Inner) => {
            drop((write, left));
            left::tell(leaving);
            let guarded = inner::listen(read, ignored, look_after);
            signals.unblock();
            guarded
        }
        Err(error) => {
            signals.unblock();
            Err(error)
        }
    }
}
