//! When a process is asked to end, and when it has to.

use super::standstill::Deadline;
use crate::executor::{Stop, StopSignal};
use rustix::process::Signal;
use std::time::Duration;
use tokio::sync::watch;

/// What is to be done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Send it a signal.
    Signal(Signal),
    /// Kill it.
    Kill,
}

/// Follows what the attempt is asked to do.
pub(super) struct Stopping {
    stop: watch::Receiver<Stop>,
    grace: Duration,
    ordered: Stop,
    /// When patience ends, once it was asked to end.
    deadline: Option<Deadline>,
    /// Whether nobody can ask any more.
    closed: bool,
}

impl Stopping {
    pub(super) fn new(stop: watch::Receiver<Stop>, grace: Duration) -> Self {
        Self { stop, grace, ordered: Stop::No, deadline: None, closed: false }
    }

    /// The next order; may be dropped and asked for again.
    pub(super) async fn order(&mut self) -> Order {
        loop {
            let asked = *self.stop.borrow_and_update();
            if let Some(order) = self.follow(asked) {
                return order;
            }
            tokio::select! {
                changed = self.stop.changed(), if !self.closed => self.closed = changed.is_err(),
                () = until(self.deadline) => {
                    self.kill();
                    return Order::Kill;
                }
            }
        }
    }

    fn follow(&mut self, asked: Stop) -> Option<Order> {
        if asked <= self.ordered {
            return None;
        }
        match asked {
            Stop::No => None,
            Stop::Gracefully(signal) => {
                self.ordered = asked;
                self.deadline.get_or_insert_with(|| Deadline::after(self.grace));
                Some(Order::Signal(number(signal)))
            }
            Stop::Now => {
                self.kill();
                Some(Order::Kill)
            }
        }
    }

    fn kill(&mut self) {
        (self.ordered, self.deadline) = (Stop::Now, None);
    }

    /// When patience ends; `None` unless it was asked to end and not killed yet.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Whether it was ordered to be killed.
    pub(super) fn has_killed(&self) -> bool {
        self.ordered == Stop::Now
    }
}

/// Waits until then, or for ever.
async fn until(deadline: Option<Deadline>) {
    match deadline {
        Some(deadline) => deadline.passed().await,
        None => std::future::pending().await,
    }
}

fn number(signal: StopSignal) -> Signal {
    match signal {
        StopSignal::Hangup => Signal::HUP,
        StopSignal::Interrupt => Signal::INT,
        StopSignal::Terminate => Signal::TERM,
    }
}
