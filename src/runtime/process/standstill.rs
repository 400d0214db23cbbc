//! Time that stands still while the run is stopped by job control.

use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What there was of it so far.
#[derive(Clone, Copy, Debug, Default)]
struct Stood {
    still: bool,
    total: Duration,
}

static STOOD: LazyLock<watch::Sender<Stood>> = LazyLock::new(|| watch::Sender::new(Stood::default()));

/// Time stands still as long as this is there.
#[derive(Debug)]
pub(super) struct Standstill(std::time::Instant);

impl Standstill {
    pub(super) fn begin() -> Self {
        STOOD.send_modify(|stood| stood.still = true);
        Self(std::time::Instant::now())
    }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        STOOD.send_modify(|stood| *stood = Stood { still: false, total: stood.total + self.0.elapsed() });
    }
}

/// An instant that moves away while time stands still.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    counted: Duration,
}

impl Deadline {
    /// The instant when so much time has passed.
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        let now = Instant::now();
        // What lies beyond all clocks is never reached.
        let end = now.checked_add(duration).unwrap_or(now + Duration::from_secs(30 * 365 * 24 * 60 * 60));
        Self { end, counted: STOOD.borrow().total }
    }

    /// Waits until it has passed.
    pub async fn passed(self) {
        let Self { mut end, mut counted } = self;
        let mut stood = STOOD.subscribe();
        loop {
            tokio::time::sleep_until(end).await;
            // The one who tells is never gone.
            let total = stood.wait_for(|stood| !stood.still).await.map_or(counted, |stood| stood.total);
            if total == counted {
                return;
            }
            end += total.saturating_sub(counted);
            counted = total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Standstill};
    use std::time::Duration;

    #[tokio::test]
    async fn a_standstill_puts_off_what_is_to_come() {
        let deadline = Deadline::after(Duration::from_millis(1));
        let standstill = Standstill::begin();
        let mut passed = std::pin::pin!(deadline.passed());
        let early = tokio::time::timeout(Duration::from_millis(30), passed.as_mut()).await;
        assert!(early.is_err());
        drop(standstill);
        passed.await;
    }
}
