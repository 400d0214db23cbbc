//! Everything that descends from the process of an attempt.

use super::table::{self, Entry};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, kill_process_group, test_kill_process_group, waitpid,
};
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// Processes that were started here and whose ends are awaited where they were started.
static LEADERS: LazyLock<Mutex<HashSet<i32>>> = LazyLock::new(Mutex::default);

/// How often a killed tree is looked at again for processes that began meanwhile.
const ROUNDS: usize = 100;

/// How long the system gets to end killed processes before they are looked for again.
const PAUSE: Duration = Duration::from_millis(2);

/// A process, its group, and its descendants in whatever group or session.
///
/// Descendants are found by their parents; those whose parents have ended, by the group, by a variable that all of them
/// inherit, or by the pipes that they hold. A process that left its group, lost its parent, cleared its environment and closed its
/// streams is not found; it ends with the run.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    leader: Pid,
    /// `NAME=value`
    mark: String,
    /// The numbers of the pipes that the leader was given to write to.
    pipes: Vec<u64>,
}

/// Whether a process is one of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owned {
    No,
    Unknown,
    Yes,
}

/// Takes the leader out of the list when its end is known.
#[derive(Debug)]
pub(super) struct Leader(i32);

impl Drop for Leader {
    fn drop(&mut self) {
        LEADERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

impl Tree {
    /// The tree below a process that was just started with the variable `mark` and leads a group.
    pub(super) fn new(leader: Pid, mark: String, pipes: Vec<u64>) -> (Self, Leader) {
        let number = leader.as_raw_nonzero().get();
        LEADERS.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        (Self { leader, mark, pipes }, Leader(number))
    }

    /// Sends a signal to all and wakes those that are stopped, so that they can act on it.
    pub(super) fn signal(&self, signal: Signal) {
        let others = self.living();
        for signal in [signal, Signal::CONT] {
            // Whoever has ended meanwhile needs no signal.
            let _ = kill_process_group(self.leader, signal);
            for entry in others.iter().filter(|entry| entry.group != self.number()) {
                let _ = kill_process(entry.pid, signal);
            }
        }
    }

    /// Kills all, also those that begin while it does; waits until they have ended, but not for ever.
    pub(super) async fn kill(&self) {
        let mut killed = HashSet::new();
        for round in 0..ROUNDS {
            // One that is about to end has lost its environment, by which it was known, and still runs.
            killed.retain(|number| table::entry(*number).is_some_and(|entry| !entry.ended));
            let living = self.kill_once();
            let doubt = round < super::DOUBTS && self.foreign_children() == Owned::Unknown;
            if killed.is_empty() && living.is_empty() && !doubt {
                return;
            }
            killed.extend(living);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Kills all that there are now, and says which.
    pub(super) fn kill_once(&self) -> Vec<i32> {
        let living = self.living();
        for entry in &living {
            let _ = kill_process(entry.pid, Signal::KILL);
        }
        living.iter().map(|entry| entry.pid.as_raw_nonzero().get()).collect()
    }

    /// Whether nothing runs any more; to be asked when the leader has ended. A process of which nothing is known counts as one
    /// of the tree when `in_doubt` says so.
    pub(super) fn is_empty(&self, in_doubt: bool) -> bool {
        let group_is_empty = test_kill_process_group(self.leader).is_err();
        match if group_is_empty { self.foreign_children() } else { Owned::Yes } {
            Owned::No => true,
            Owned::Unknown if in_doubt => false,
            Owned::Unknown | Owned::Yes => self.living().is_empty(),
        }
    }

    /// Whether one of the children that nobody here started is of the tree.
    fn foreign_children(&self) -> Owned {
        let Some(children) = table::adopted_children() else { return Owned::Yes };
        self.strangers(children).iter().map(|number| self.owns(*number)).max().unwrap_or(Owned::No)
    }

    fn number(&self) -> i32 {
        self.leader.as_raw_nonzero().get()
    }

    /// Those of `children` that nobody here started.
    fn strangers(&self, mut children: Vec<i32>) -> Vec<i32> {
        let mut keep_strangers = || {
            let leaders = LEADERS.lock().unwrap_or_else(PoisonError::into_inner);
            children.retain(|number| *number != self.number() && !leaders.contains(number));
            children.is_empty()
        };
        // One that is just being started holds all pipes of this process for a moment, and is no stranger.
        if !keep_strangers() {
            super::all::starts_are_known();
            keep_strangers();
        }
        children
    }

    fn owns(&self, number: i32) -> Owned {
        match table::entry(number) {
            None => Owned::No,
            Some(entry) if entry.group == self.number() || self.left_over(&entry) => Owned::Yes,
            Some(entry) => self.marks(&entry),
        }
    }

    fn marks(&self, entry: &Entry) -> Owned {
        if entry.ended {
            return Owned::No;
        }
        let number = entry.pid.as_raw_nonzero().get();
        // Only children have come to us; this process itself holds the other ends.
        let holds_pipe = || entry.parent == getpid().as_raw_nonzero().get() && table::holds(number, &self.pipes);
        match table::was_given(number, &self.mark) {
            Some(true) => Owned::Yes,
            None | Some(false) if holds_pipe() => Owned::Yes,
            None => Owned::Unknown,
            Some(false) => Owned::No,
        }
    }

    /// Whether it is an ended process that came to us and that nobody else asks for: those that are started here stay in our
    /// session.
    fn left_over(&self, entry: &Entry) -> bool {
        let ours = entry.parent == getpid().as_raw_nonzero().get() && entry.pid != self.leader;
        let own_session = || table::entry(getpid().as_raw_nonzero().get()).map(|own| own.session);
        entry.ended && ours && (entry.group == self.number() || own_session().is_some_and(|own| own != entry.session))
    }

    /// All processes of the tree that have not ended; those that have are asked how, so that they go away.
    fn living(&self) -> Vec<Entry> {
        let all = table::all();
        for entry in all.iter().filter(|entry| self.left_over(entry)) {
            let _ = waitpid(Some(entry.pid), WaitOptions::NOHANG);
        }
        let mut members = self.roots(&all);
        let mut known: HashSet<i32> = members.iter().map(|entry| entry.pid.as_raw_nonzero().get()).collect();
        known.insert(self.number());
        loop {
            let more =
                all.iter().filter(|entry| known.contains(&entry.parent) && !known.contains(&entry.pid.as_raw_nonzero().get()));
            let more: Vec<Entry> = more.copied().collect();
            if more.is_empty() {
                break;
            }
            known.extend(more.iter().map(|entry| entry.pid.as_raw_nonzero().get()));
            members.extend(more);
        }
        members.retain(|entry| !entry.ended);
        members
    }

    /// Members of the tree that are known without their parents.
    fn roots(&self, all: &[Entry]) -> Vec<Entry> {
        let adopters = [1, getpid().as_raw_nonzero().get(), getppid().map_or(1, |parent| parent.as_raw_nonzero().get())];
        super::all::starts_are_known();
        let leaders = LEADERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let orphan = |entry: &Entry| adopters.contains(&entry.parent) && !leaders.contains(&entry.pid.as_raw_nonzero().get());
        let root = |entry: &&Entry| entry.group == self.number() || (orphan(entry) && self.marks(entry) == Owned::Yes);
        all.iter().filter(root).copied().collect()
    }
}

/// Makes orphans below this process its children, so that they can be found and ended; to be called once, at the start.
///
/// # Errors
/// Where the system knows no such thing.
pub fn become_subreaper() -> std::io::Result<()> {
    rustix::process::set_child_subreaper(Some(getpid()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use crate::process::all::may_start;
    use rustix::process::Pid;
    use std::io::{Read as _, pipe};
    use std::os::fd::AsFd as _;
    use std::process::Command;
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    #[test]
    fn what_is_just_being_started_is_not_ended_with_another_step() {
        let (mut output, into) = pipe().unwrap();
        let number = rustix::fs::fstat(output.as_fd()).unwrap().st_ino;
        let other =
            Tree { leader: Pid::from_raw(i32::MAX).unwrap(), mark: "WF_PROCESS=tree-test".to_owned(), pipes: vec![number] };
        let starting = may_start();
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).stdout(into).spawn().unwrap();
        let (begins, begun) = channel();
        let killing = std::thread::spawn(move || {
            begins.send(()).unwrap();
            other.kill_once()
        });
        begun.recv().unwrap();
        // Long enough for whoever would not wait; nothing depends on it.
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(50) && !killing.is_finished() {
            std::thread::yield_now();
        }
        let (_, listed) = Tree::new(Pid::from_raw(child.id().cast_signed()).unwrap(), String::new(), Vec::new());
        drop(starting);
        assert_eq!(killing.join().unwrap(), [0_i32; 0]);
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success(), "nobody ended it");
        drop(listed);
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
    }
}
