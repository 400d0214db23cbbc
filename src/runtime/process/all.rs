//! Everything that runs below this process: stopped, let go on, or ended, all at once.

use super::standstill::Standstill;
use super::table::{self, Entry};
use rustix::process::{Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, wait};
use std::collections::{BTreeSet, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

/// How long it is tried to end what does not end.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the system gets to end killed processes before they are looked for again.
const PAUSE: Duration = Duration::from_millis(1);

/// Whether processes may be started; held while one is.
static MAY_START: RwLock<bool> = RwLock::new(true);

/// While the answer is held, nothing is stopped or given up.
pub(super) fn may_start() -> RwLockReadGuard<'static, bool> {
    MAY_START.read().unwrap_or_else(PoisonError::into_inner)
}

/// Returns when every process that was being started is known as one.
pub(super) fn starts_are_known() {
    drop(MAY_START.write().unwrap_or_else(PoisonError::into_inner));
}

/// From now on no process is started, and how one ended is told to nobody.
pub(crate) fn give_up() {
    *MAY_START.write().unwrap_or_else(PoisonError::into_inner) = false;
}

/// Stops all steps and their clocks, then this process with `stop`, which returns when it is let go on; so do the steps then.
pub(crate) fn stand_still(stop: impl FnOnce()) {
    // What began now would not be stopped.
    let _nothing_starts = MAY_START.write().unwrap_or_else(PoisonError::into_inner);
    let _standstill = Standstill::begin();
    signal_groups(Signal::TSTP);
    stop();
    signal_groups(Signal::CONT);
}

/// Kills all descendants but `spared` ones and what is below those, until none is left; not for ever.
pub(crate) fn end_all(spared: &[i32]) {
    let begun = Instant::now();
    loop {
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        let left = table::own_children().is_none_or(|children| children.iter().any(|number| !spared.contains(number)));
        let living = if left { below(getpid().as_raw_nonzero().get(), spared) } else { Vec::new() };
        if !left || (living.is_empty() && table::own_children().is_none()) || begun.elapsed() > PATIENCE {
            return;
        }
        for entry in living {
            // What this user may not end stays.
            let _ = kill_process(entry.pid, Signal::KILL);
        }
        std::thread::sleep(PAUSE);
    }
}

fn signal_groups(signal: Signal) {
    let groups: BTreeSet<i32> = below(getpid().as_raw_nonzero().get(), &[]).iter().map(|entry| entry.group).collect();
    let own = getpgrp().as_raw_nonzero().get();
    for group in groups.into_iter().filter(|group| *group != own).filter_map(rustix::process::Pid::from_raw) {
        // Whoever has ended meanwhile needs no signal.
        let _ = kill_process_group(group, signal);
    }
}

/// The descendants of a process that have not ended, but `spared` ones and what is below those.
fn below(root: i32, spared: &[i32]) -> Vec<Entry> {
    let all = table::all();
    let mut known = HashSet::from([root]);
    let mut found = Vec::new();
    loop {
        let more: Vec<&Entry> = all.iter().filter(|entry| known.contains(&entry.parent)).collect();
        let more: Vec<&Entry> = more
            .into_iter()
            .filter(|entry| !spared.contains(&entry.pid.as_raw_nonzero().get()))
            .filter(|entry| known.insert(entry.pid.as_raw_nonzero().get()))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more.into_iter().filter(|entry| !entry.ended).copied());
    }
}
