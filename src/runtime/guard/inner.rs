//! The inner process: hears what the guard passes on, and notices its end.

use super::left::{self, LookAfter};
use crate::process::{become_subreaper, end_all, give_up, stand_still};
use crate::system::{Reaction, react, stop_here};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::Signal;
use std::io;
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};

type Listener = Arc<dyn Fn(Signal) + Send + Sync>;

/// A process with a guard.
pub struct Guarded {
    ignored: Vec<Signal>,
    listener: Arc<Mutex<Option<Listener>>>,
}

impl Guarded {
    /// Whether whoever started this program wants a signal to be ignored.
    #[must_use]
    pub fn ignores(&self, signal: Signal) -> bool {
        self.ignored.contains(&signal)
    }

    /// Calls `listener` with each SIGHUP, SIGINT and SIGTERM that the guard got; until then they end this process.
    pub fn on_signal(&self, listener: impl Fn(Signal) + Send + Sync + 'static) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(listener));
    }
}

/// Begins to listen to the guard, in a thread that nothing else can hold up.
pub(super) fn listen(relay: OwnedFd, ignored: Vec<Signal>, look_after: LookAfter) -> io::Result<Guarded> {
    become_subreaper()?;
    if !ignored.contains(&Signal::TSTP) {
        // The guard says when to stop: steps have to stop first.
        react(Signal::TSTP, &Reaction::Nothing);
    }
    let guarded = Guarded { ignored, listener: Arc::default() };
    let listener = Arc::clone(&guarded.listener);
    std::thread::Builder::new().name("guard".to_owned()).spawn(move || hear(&relay, &listener, look_after))?;
    Ok(guarded)
}

fn hear(relay: &OwnedFd, listener: &Mutex<Option<Listener>>, look_after: LookAfter) {
    loop {
        let mut byte = [0];
        match rustix::io::read(relay, &mut byte) {
            Ok(1..) => obey(byte[0], listener),
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => {
                give_up();
                end_all(&[]);
                left::look_after_own(look_after);
                // As the guard was most likely ended.
                exit(128 + Signal::KILL.as_raw());
            }
        }
    }
}

fn obey(number: u8, listener: &Mutex<Option<Listener>>) {
    let Some(signal) = Signal::from_named_raw(i32::from(number)) else { return };
    if signal == Signal::TSTP {
        return stand_still(stop_here);
    }
    let listener = listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match listener {
        Some(listener) => listener(signal),
        // Nothing runs yet that would have to be ended with care.
        None => exit(128 + signal.as_raw()),
    }
}
