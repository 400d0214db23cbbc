//! What a run leaves elsewhere than below its processes, such as containers: named while it goes, looked after when it is over.

use rustix::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

/// Ends what was left under these names.
pub type LookAfter = fn(&[String], End);

/// How the process ended that left something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Itself,
    /// By a signal: what it asked for just then may still come.
    Killed,
}

/// Names are told once; all together are no longer than a pipe takes in, as nobody reads them before the end.
const MOST: usize = 60_000;

/// What this process has left.
static LEFT: Mutex<Left> = Mutex::new(Left { names: Vec::new(), length: 0, guard: None });

struct Left {
    names: Vec<String>,
    length: usize,
    /// Where the guard hears of it.
    guard: Option<OwnedFd>,
}

/// Says that something may be left under this name, one line of text, before it comes to be.
pub fn leave(name: &str) {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    if left.length + name.len() > MOST || left.names.iter().any(|known| known == name) {
        return;
    }
    left.length += name.len() + 1;
    left.names.push(name.to_owned());
    if let Some(guard) = &left.guard {
        // A guard that has died hears nothing; this process ends then.
        let _ = rustix::io::write(guard, format!("{name}\n").as_bytes());
    }
}

/// From now on the guard is told.
pub(super) fn tell(guard: OwnedFd) {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).guard = Some(guard);
}

/// Looks after what this process has left, whose guard is dead.
pub(super) fn look_after_own(look_after: LookAfter) {
    let names = LEFT.lock().unwrap_or_else(PoisonError::into_inner).names.clone();
    if !names.is_empty() {
        look_after(&names, End::Killed);
    }
}

/// Looks after what the inner process, which has ended, told of.
pub(super) fn look_after(told: &OwnedFd, look_after: LookAfter, end: End) {
    let mut text = Vec::new();
    let mut block = [0; 4096];
    while let Ok(length @ 1..) = rustix::io::read(told, &mut block) {
        text.extend(block.iter().take(length));
    }
    let names: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    if !names.is_empty() {
        look_after(&names, end);
    }
}
