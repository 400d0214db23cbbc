//! What the system offers for processes and signals only without checks: the one module of the project with `unsafe`.
//!
//! A second process of this program is needed before any thread runs, and signals that are waited for instead of being handled; neither
//! the standard library nor `rustix` has them, so they come from `libc`. A program is started here and not by the standard library,
//! because that copies the whole environment three times for each, and does more than is needed. Everything here is safe to call.
#![allow(unsafe_code)]

use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A program that is to be started.
pub(crate) struct Start<'a> {
    /// Its file.
    pub(crate) file: &'a CStr,
    /// Its arguments, the first of which is its name.
    pub(crate) arguments: Vec<&'a CStr>,
    /// Its variables: `NAME=value`.
    pub(crate) environment: &'a [&'a CStr],
    /// Where it runs.
    pub(crate) folder: &'a CStr,
    /// What it has for stdin, stdout and stderr; it inherits nothing else that is closed on `exec`.
    pub(crate) streams: [BorrowedFd<'a>; 3],
}

/// Starts a program as the leader of a new group; it blocks no signal, and SIGPIPE, which Rust programs ignore, ends it.
///
/// The new process lives in the memory of this one, whose thread waits, until it is the program. `posix_spawn` does the same, but asks the
/// system for a stack each time, which stops all threads for a moment, and looks at all signals that there are: half of what a start
/// costs this process.
///
/// # Errors
/// What the system says, also of the folder and of the file.
pub(crate) fn spawn(start: &Start<'_>) -> io::Result<Pid> {
    let (arguments, environment) = (pointers(&start.arguments), pointers(start.environment));
    let streams = start.streams.map(|stream| stream.as_raw_fd());
    let (file, folder) = (start.file.as_ptr(), start.folder.as_ptr());
    let mut newcomer =
        Newcomer { file, arguments: arguments.as_ptr(), environment: environment.as_ptr(), folder, streams, error: None };
    let mut stack = Stack([const { MaybeUninit::uninit() }; STACK]);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // What handles a signal here must not do it in the new process.
    let mask = SignalSet::all().block_for_now();
    // SAFETY: the stack grows down from its end, and all that the new process sees lives until this thread goes on, when the new process
    // is the program or has ended.
    let number = unsafe { libc::clone(become_program, stack.0.as_mut_ptr_range().end.cast(), flags, (&raw mut newcomer).cast()) };
    let failed = io::Error::last_os_error();
    mask.set();
    let Some(leader) = Pid::from_raw(number).filter(|_| number > 0) else { return Err(failed) };
    match newcomer.error {
        None => Ok(leader),
        Some(error) => {
            // It has ended, and only waits to be asked how.
            let _ = rustix::io::retry_on_intr(|| waitpid(Some(leader), WaitOptions::empty()));
            Err(error)
        }
    }
}

/// How much stack a new process has, in bytes; it calls nothing but the system.
const STACK: usize = 32 * 1024;

#[repr(align(16))]
struct Stack([MaybeUninit<u8>; STACK]);

/// What a new process has to become.
struct Newcomer {
    file: *const c_char,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
    folder: *const c_char,
    streams: [c_int; 3],
    /// Why it could not.
    error: Option<io::Error>,
}

impl Newcomer {
    /// Returns only when something fails. Nothing here may allocate or wait for other threads, which could hold what is waited for.
    ///
    /// # Safety
    /// To be called in a new process only, with pointers that hold.
    unsafe fn become_program(&self) -> io::Error {
        for signal in 1..=LAST_SIGNAL {
            forget_handler(signal);
        }
        // SAFETY: all pointers hold, and both lists end with a null pointer.
        unsafe {
            let mut outcome = libc::setpgid(0, 0);
            for (place, stream) in (0..).zip(&self.streams) {
                outcome = outcome.min(libc::dup2(*stream, place));
            }
            if outcome >= 0 && libc::chdir(self.folder) >= 0 {
                SignalSet::of(&[]).set();
                libc::execve(self.file, self.arguments.cast(), self.environment.cast());
            }
        }
        io::Error::last_os_error()
    }
}

/// What a new process begins with.
extern "C" fn become_program(newcomer: *mut c_void) -> c_int {
    // SAFETY: this is what `spawn` has passed, whose thread waits.
    unsafe {
        let newcomer = &mut *newcomer.cast::<Newcomer>();
        newcomer.error = Some(newcomer.become_program());
    }
    // Its end runs nothing that this program does at its own.
    127
}

/// Signals that have a name; what comes behind them is used by nobody here.
const LAST_SIGNAL: c_int = 31;

/// Lets a signal do what it does by default, where it is handled, or is SIGPIPE; others that are ignored stay so.
fn forget_handler(signal: c_int) {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zeros are a whole action, the default one, which stays where the system does not answer.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr());
        let handler = action.assume_init().sa_sigaction;
        if handler != libc::SIG_DFL && (handler != libc::SIG_IGN || signal == libc::SIGPIPE) {
            libc::sigaction(signal, MaybeUninit::zeroed().as_ptr(), ptr::null_mut());
        }
    }
}

/// A descriptor of which tokio tells when it can be read; to be called inside tokio.
///
/// # Errors
/// Where the system does not tell.
pub(crate) fn watched<T: AsFd + AsRawFd>(descriptor: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: nobody closes it as long as it is owned or borrowed, and its number stays the same.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?)
}

/// A list of texts as the system takes it, which does not change them.
fn pointers(texts: &[&CStr]) -> Vec<*mut c_char> {
    texts.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

/// Which of the two processes this is.
pub(crate) enum Side {
    /// The one that was there before; the other one has this number.
    Outer(Pid),
    /// The new one.
    Inner,
}

/// Makes a second process like this one.
///
/// # Errors
/// Where the system allows no further process, or where other threads run: their locks would stay taken in the new process for ever.
pub(crate) fn fork() -> io::Result<Side> {
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

/// Gives memory back to the system that was freed: whoever did large work for once keeps it otherwise, in pieces for each thread.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it has no preconditions.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Lets all threads that begin from now on take their memory from one place: each would keep pieces for itself otherwise, and what one takes
/// another gives back.
pub fn share_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it has no preconditions.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Some signals.
pub(crate) struct SignalSet(libc::sigset_t);

impl SignalSet {
    pub(crate) fn of(signals: &[Signal]) -> Self {
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

    fn all() -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the call fills in the whole set.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            Self(set.assume_init())
        }
    }

    /// Keeps these signals waiting; gives those that did before.
    fn block_for_now(&self) -> Self {
        let mut before = MaybeUninit::zeroed();
        // SAFETY: the set is whole, and all zeros are one, which the call fills in.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const self.0, before.as_mut_ptr());
            Self(before.assume_init())
        }
    }

    /// Keeps these signals waiting and no others.
    fn set(&self) {
        self.change_mask(libc::SIG_SETMASK);
    }

    /// Keeps these signals waiting until they are asked for.
    pub(crate) fn block(&self) {
        self.change_mask(libc::SIG_BLOCK);
    }

    /// Lets these signals come as they used to.
    pub(crate) fn unblock(&self) {
        self.change_mask(libc::SIG_UNBLOCK);
    }

    fn change_mask(&self, how: c_int) {
        // SAFETY: the set is whole, and nobody wants the old mask.
        unsafe { libc::pthread_sigmask(how, &raw const self.0, ptr::null_mut()) };
    }

    /// Waits for one of these signals, which are blocked.
    pub(crate) fn wait(&self) -> Option<Signal> {
        // SAFETY: the set is whole, and nobody wants to know more of the signal.
        Signal::from_named_raw(unsafe { libc::sigwaitinfo(&raw const self.0, ptr::null_mut()) })
    }
}

/// Whether this process ignores a signal.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only the present action is asked for; all zeros are a whole one where the system does not answer.
    let action = unsafe {
        libc::sigaction(signal.as_raw(), ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

/// What a signal does to this process from now on.
pub(crate) enum Reaction {
    /// What it does by default.
    Default,
    /// Nothing; programs that are started do not inherit that.
    Nothing,
}

/// Sets what a signal does.
pub(crate) fn react(signal: Signal, reaction: &Reaction) {
    extern "C" fn nothing(_: c_int) {}
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
pub(crate) fn stop_here() {
    // SAFETY: it has no preconditions.
    unsafe { libc::raise(libc::SIGSTOP) };
}
