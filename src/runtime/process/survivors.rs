//! What outlived the processes of a run that were killed together.

use super::table;
use rustix::process::{Signal, getpid, kill_process};
use std::time::Duration;

/// How often it is looked for more, which may have begun meanwhile.
const ROUNDS: usize = 50;

/// How long the system gets to end what was killed.
const PAUSE: Duration = Duration::from_millis(2);

/// Kills every process that steps of a run left, wherever it moved to; gives how many there were. The caller knows that no
/// process goes on with the run.
///
/// They are known by the variable `WF_RUN`, which all of them inherit; one that cleared its environment is not found.
pub fn end_survivors(run: &str) -> usize {
    let mark = format!("WF_RUN={run}");
    let own = getpid();
    let mut killed = 0;
    for _ in 0..ROUNDS {
        let living = table::all().into_iter().filter(|entry| !entry.ended && entry.pid != own);
        let left: Vec<_> =
            living.filter(|entry| table::was_given(entry.pid.as_raw_nonzero().get(), &mark) == Some(true)).collect();
        if left.is_empty() {
            break;
        }
        killed += left.iter().filter(|entry| kill_process(entry.pid, Signal::KILL).is_ok()).count();
        std::thread::sleep(PAUSE);
    }
    killed
}

#[cfg(test)]
mod tests {
    use super::end_survivors;
    use std::process::Command;

    #[test]
    fn what_a_run_left_is_ended_and_nothing_else() {
        let start = |run: &str| Command::new("sleep").arg("60").env("WF_RUN", run).spawn().unwrap();
        let (mut own, mut other) = (start("survivors-test"), start("survivors-test-2"));
        assert!(end_survivors("survivors-test") > 0);
        assert!(!own.wait().unwrap().success());
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(end_survivors("survivors-test"), 0);
    }
}
