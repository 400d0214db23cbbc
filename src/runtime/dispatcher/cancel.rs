//! Asking a run to end or to wait, from signals and elsewhere.

use crate::guard::Guarded;
use rustix::process::Signal;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use wf_model::event::CancelCause;

/// How often the end of a run was asked for, and by whom last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often: the first time lets steps end gracefully, the second ends them at once.
    pub times: u32,
    /// Who asked last.
    pub cause: Option<CancelCause>,
    /// Whether nothing new is to start, and the run waits once what runs has ended.
    pub pause: bool,
    /// How often somebody said that there are messages for the run.
    pub mail: u64,
}

/// Asks runs to end; copies ask the same ones.
#[derive(Clone, Debug)]
pub struct Canceller {
    asked: watch::Sender<Asked>,
}

impl Default for Canceller {
    fn default() -> Self {
        Self { asked: watch::Sender::new(Asked::default()) }
    }
}

impl Canceller {
    /// Asks once more.
    pub fn ask(&self, cause: CancelCause) {
        self.asked.send_modify(|asked| (asked.times, asked.cause) = (asked.times.saturating_add(1), Some(cause)));
    }

    /// Asks that nothing new starts, and the run waits once what runs has ended.
    pub fn pause(&self) {
        self.asked.send_modify(|asked| asked.pause = true);
    }

    /// Says that there are messages for the run.
    pub fn has_mail(&self) {
        self.asked.send_modify(|asked| asked.mail = asked.mail.wrapping_add(1));
    }

    /// What a run watches.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Asked> {
        self.asked.subscribe()
    }

    /// Asks unless somebody asked before.
    fn ask_first(&self, cause: CancelCause) {
        self.asked.send_if_modified(|asked| {
            let first = asked.times == 0;
            if first {
                (asked.times, asked.cause) = (1, Some(cause));
            }
            first
        });
    }

    /// Asks whenever this process or its guard gets SIGINT, and the first time that they get SIGTERM or SIGHUP, from now on until it
    /// ends. Of those two managers of services and `timeout` send several where they mean one.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub fn ask_on_signals(&self, guarded: &Guarded) -> std::io::Result<()> {
        let (canceller, heard) = (self.clone(), Arc::new(Mutex::new(Heard::default())));
        let hear = Arc::new(move |cause, way| {
            if !heard.lock().unwrap_or_else(PoisonError::into_inner).is_new(cause, way) {
                return;
            }
            match cause {
                CancelCause::Interrupt | CancelCause::Request => canceller.ask(cause),
                CancelCause::Terminate | CancelCause::Hangup => canceller.ask_first(cause),
            }
        });
        let passed_on = Arc::clone(&hear);
        guarded.on_signal(move |signal| {
            if let Some((_, cause)) = CAUSES.iter().find(|(of, _)| *of == signal) {
                passed_on(*cause, Way::PassedOn);
            }
        });
        for (of, cause) in CAUSES.into_iter().filter(|(of, _)| !guarded.ignores(*of)) {
            let mut signals = signal(SignalKind::from_raw(of.as_raw()))?;
            let hear = Arc::clone(&hear);
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    hear(cause, Way::Direct);
                }
            });
        }
        Ok(())
    }
}

const CAUSES: [(Signal, CancelCause); 3] =
    [(Signal::INT, CancelCause::Interrupt), (Signal::TERM, CancelCause::Terminate), (Signal::HUP, CancelCause::Hangup)];

/// How a signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To this process.
    Direct,
    /// To its guard, which passed it on.
    PassedOn,
}

/// How often each signal came each way. What a terminal sends comes both ways and means one.
#[derive(Debug, Default)]
struct Heard {
    times: Vec<(CancelCause, [u32; 2])>,
}

impl Heard {
    /// Counts a signal; whether it did not come the other way already.
    fn is_new(&mut self, cause: CancelCause, way: Way) -> bool {
        let index = self.times.iter().position(|(of, _)| *of == cause).unwrap_or_else(|| {
            self.times.push((cause, [0, 0]));
            self.times.len() - 1
        });
        let Some((_, [direct, passed_on])) = self.times.get_mut(index) else { return false };
        let before = (*direct).max(*passed_on);
        match way {
            Way::Direct => *direct += 1,
            Way::PassedOn => *passed_on += 1,
        }
        (*direct).max(*passed_on) > before
    }
}

#[cfg(test)]
mod tests {
    use super::{CancelCause, Heard, Way};

    #[test]
    fn a_signal_that_comes_both_ways_counts_once() {
        let mut heard = Heard::default();
        let mut is_new = |way| heard.is_new(CancelCause::Interrupt, way);
        assert!(is_new(Way::Direct) && !is_new(Way::PassedOn));
        assert!(is_new(Way::PassedOn) && !is_new(Way::Direct));
        assert!(is_new(Way::Direct) && is_new(Way::Direct) && !is_new(Way::PassedOn));
        assert!(heard.is_new(CancelCause::Terminate, Way::PassedOn));
    }
}
