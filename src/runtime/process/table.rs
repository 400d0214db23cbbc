//! What the system says of the processes that there are.

use rustix::process::{Pid, getpid};
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::OnceLock;

/// A process as `/proc/PID/stat` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: Pid,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// Whether it has ended and only waits for its parent to ask how.
    pub(super) ended: bool,
}

/// All processes that this one may see; those that end meanwhile are left out.
pub(super) fn all() -> Vec<Entry> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    folder.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok()).filter_map(entry).collect()
}

/// The process with this number.
pub(super) fn entry(number: i32) -> Option<Entry> {
    parse(&fs::read_to_string(format!("/proc/{number}/stat")).ok()?)
}

/// The name of a program stands in parentheses and may hold everything, so the fields are counted from the last one.
fn parse(stat: &str) -> Option<Entry> {
    let (before, after) = stat.rsplit_once(')')?;
    let pid = Pid::from_raw(before.split(' ').next()?.parse().ok()?)?;
    let mut fields = after.split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let mut number = || fields.next()?.parse().ok();
    Some(Entry { pid, parent: number()?, group: number()?, session: number()?, ended })
}

/// The children of this process; `None` where the system does not list them.
pub(crate) fn own_children() -> Option<Vec<i32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
        match children_of(&thread.path()) {
            Some(more) => children.extend(more),
            // The thread has ended.
            None if !thread.path().exists() => {}
            None => return None,
        }
    }
    Some(children)
}

/// The children of this process's first thread; `None` where the system does not list them. Orphans that come to this process come to
/// that thread, as long as it lives (`find_new_reaper` in the kernel's `exit.c`), while programs are started by others.
pub(super) fn adopted_children() -> Option<Vec<i32>> {
    static LIST: OnceLock<Option<File>> = OnceLock::new();
    let path = || Path::new("/proc/self/task").join(getpid().as_raw_nonzero().to_string()).join("children");
    // It is opened once, because it is asked for after every process.
    let list = LIST.get_or_init(|| File::open(path()).ok()).as_ref()?;
    let (mut text, mut block) = (Vec::new(), [0; 1024]);
    loop {
        match list.read_at(&mut block, text.len() as u64).ok()? {
            0 => return Some(numbers(str::from_utf8(&text).ok()?)),
            length => text.extend_from_slice(block.get(..length)?),
        }
    }
}

fn children_of(thread: &Path) -> Option<Vec<i32>> {
    let list = fs::read_to_string(thread.join("children")).ok()?;
    Some(numbers(&list))
}

fn numbers(list: &str) -> Vec<i32> {
    list.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Whether a process was started with this variable (`NAME=value`) in its environment; `None` where it has no environment,
/// as while it becomes another program.
pub(super) fn was_given(number: i32, variable: &str) -> Option<bool> {
    let environment = fs::read(Path::new("/proc").join(number.to_string()).join("environ")).ok()?;
    let given = || environment.split(|byte| *byte == 0).any(|given| given == variable.as_bytes());
    (!environment.is_empty()).then(given)
}

/// Whether a process has one of these pipes open.
pub(super) fn holds(number: i32, pipes: &[u64]) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{number}/fd")) else { return false };
    let pipe = |link: &Path| link.to_str()?.strip_prefix("pipe:[")?.strip_suffix(']')?.parse().ok();
    open.flatten().filter_map(|entry| pipe(&fs::read_link(entry.path()).ok()?)).any(|number| pipes.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::{all, entry, parse};
    use rustix::process::getpid;

    #[test]
    fn a_name_may_hold_parentheses_and_blanks() {
        let entry = parse("42 (a) R 1 (b) S 7 8 9 0 -1 4194304").unwrap();
        assert_eq!((entry.pid.as_raw_nonzero().get(), entry.parent, entry.group, entry.session), (42, 7, 8, 9));
        assert!(!entry.ended);
        assert_eq!(parse("42 (a"), None);
        assert_eq!(parse("42 (a) R"), None);
    }

    #[test]
    fn this_process_is_among_all() {
        let own = entry(getpid().as_raw_nonzero().get()).unwrap();
        assert!(all().iter().any(|entry| entry.pid == own.pid && entry.parent == own.parent));
    }
}
