//! What the system offers for processes and signals only without checks: the one module of the project with `unsafe`.
//!
//! A second process of this program is needed before any thread runs, and signals that are waited for instead of being handled; neither
//! the standard library nor `rustix` has them, so they come from `libc`. A program is started here and not by the standard library,
//! because that copies the whole environment three times for each. Everything here is safe to call.
#![allow(unsafe_code)]

use rustix::process::{Pid, Signal};
use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
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
/// # Errors
/// What the system says, also of the folder and of the file.
pub(crate) fn spawn(start: &Start<'_>) -> io::Result<Pid> {
    let (arguments, environment) = (pointers(&start.arguments), pointers(start.environment));
    let actions = Actions::new(start.folder, &start.streams)?;
    let attributes = Attributes::new()?;
    let (mut number, file) = (0, start.file.as_ptr());
    // SAFETY: all texts and descriptors live until the program runs or has failed to, and both lists end with a null pointer.
    checked(unsafe {
        libc::posix_spawn(
            &raw mut number,
            file,
            &raw const actions.0,
            &raw const attributes.0,
            arguments.as_ptr(),
            environment.as_ptr(),
        )
    })?;
    Pid::from_raw(number).ok_or_else(|| io::Error::other("it has no number"))
}

/// A descriptor of which tokio tells when it can be read; to be called inside tokio.
///
/// # Errors
/// Where the system does not tell.
pub(crate) fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: nobody closes it as long as it is owned, and its number stays the same.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?)
}

/// A list of texts as the system takes it, which does not change them.
fn pointers(texts: &[&CStr]) -> Vec<*mut c_char> {
    texts.iter().map(|text| text.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

fn checked(error: c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// What a new process does before it becomes the program.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new(folder: &CStr, streams: &[BorrowedFd<'_>; 3]) -> io::Result<Self> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the call fills in the whole list, or fails.
        let mut actions = unsafe {
            checked(libc::posix_spawn_file_actions_init(actions.as_mut_ptr()))?;
            Self(actions.assume_init())
        };
        for (place, stream) in (0..).zip(streams) {
            // SAFETY: the list is whole.
            checked(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut actions.0, stream.as_raw_fd(), place) })?;
        }
        // SAFETY: the list is whole, and takes a copy of the path.
        checked(unsafe { libc::posix_spawn_file_actions_addchdir_np(&raw mut actions.0, folder.as_ptr()) })?;
        Ok(actions)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: the list is whole and used no more.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// What a new process is like.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> io::Result<Self> {
        let (none, pipe) = (SignalSet::of(&[]), SignalSet::of(&[Signal::PIPE]));
        let flags = libc::POSIX_SPAWN_SETPGROUP | libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        let flags = flags.try_into().map_err(io::Error::other)?;
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the first call fills in all attributes, or fails; the sets are whole.
        unsafe {
            checked(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            let mut attributes = Self(attributes.assume_init());
            let all = &raw mut attributes.0;
            checked(libc::posix_spawnattr_setpgroup(all, 0))?;
            checked(libc::posix_spawnattr_setsigmask(all, &raw const none.0))?;
            checked(libc::posix_spawnattr_setsigdefault(all, &raw const pipe.0))?;
            checked(libc::posix_spawnattr_setflags(all, flags))?;
            Ok(attributes)
        }
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: they are whole and used no more.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
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
