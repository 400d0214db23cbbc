//! What the system offers for forks and signals only without checks: the one module of the project with `unsafe`.
//!
//! A second process of this program is needed before any thread runs, and signals that are waited for instead of being handled; neither
//! the standard library nor `rustix` has them, so they come from `libc`. Everything here is safe to call.
#![allow(unsafe_code)]

use rustix::process::{Pid, Signal};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Which of the two processes this is.
pub(super) enum Side {
    /// The one that was there before; the other one has this number.
    Outer(Pid),
    /// The new one.
    Inner,
}

/// Makes a second process like this one.
///
/// # Errors
/// Where the system allows no further process, or where other threads run: their locks would stay taken in the new process for ever.
pub(super) fn fork() -> io::Result<Side> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("other threads run already"));
    }
    // SAFETY: this is the only thread, so nothing is half done in the new process.
    let number = unsafe { libc::fork() };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Pid::from_raw(number).map_or(Side::Inner, Side::Outer))
}

/// Some signals.
pub(super) struct SignalSet(libc::sigset_t);

impl SignalSet {
    pub(super) fn of(signals: &[Signal]) -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` fills in the whole set, and `sigaddset` refuses numbers that are none of signals.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal.as_raw());
            }
            Self(set.assume_init())
        }
    }

    /// Keeps these signals waiting until they are asked for.
    pub(super) fn block(&self) {
        self.change_mask(libc::SIG_BLOCK);
    }

    /// Lets these signals come as they used to.
    pub(super) fn unblock(&self) {
        self.change_mask(libc::SIG_UNBLOCK);
    }

    fn change_mask(&self, how: libc::c_int) {
        // SAFETY: the set is whole, and nobody wants the old mask.
        unsafe { libc::pthread_sigmask(how, &raw const self.0, ptr::null_mut()) };
    }

    /// Waits for one of these signals, which are blocked.
    pub(super) fn wait(&self) -> Option<Signal> {
        // SAFETY: the set is whole, and nobody wants to know more of the signal.
        Signal::from_named_raw(unsafe { libc::sigwaitinfo(&raw const self.0, ptr::null_mut()) })
    }
}

/// Whether this process ignores a signal.
pub(super) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only the present action is asked for; all zeros are a whole one where the system does not answer.
    let action = unsafe {
        libc::sigaction(signal.as_raw(), ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

/// What a signal does to this process from now on.
pub(super) enum Reaction {
    /// What it does by default.
    Default,
    /// Nothing; programs that are started do not inherit that.
    Nothing,
}

/// Sets what a signal does.
pub(super) fn react(signal: Signal, reaction: &Reaction) {
    extern "C" fn nothing(_: libc::c_int) {}
    let handler = match reaction {
        Reaction::Default => libc::SIG_DFL,
        Reaction::Nothing => nothing as *const () as libc::sighandler_t,
    };
    // SAFETY: all zeros are an action without flags; the handler does nothing, which is allowed at any time.
    unsafe {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal.as_raw(), &raw const action, ptr::null_mut());
    }
}

/// Stops this process until somebody lets it go on; a signal to the process could let this thread run on for a while.
pub(super) fn stop_here() {
    // SAFETY: it has no preconditions.
    unsafe { libc::raise(libc::SIGSTOP) };
}
