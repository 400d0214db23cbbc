//! Asking a run to end, from signals and elsewhere.

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
        self.asked.send_modify(|asked| *asked = Asked { times: asked.times.saturating_add(1), cause: Some(cause) });
    }

    /// What a run watches.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Asked> {
        self.asked.subscribe()
    }

    /// Asks whenever this process gets SIGINT, SIGTERM or SIGHUP, from now on until it ends.
    ///
    /// # Errors
    /// When the signals cannot be caught.
    pub fn ask_on_signals(&self) -> std::io::Result<()> {
        let causes = [
            (SignalKind::interrupt(), CancelCause::Interrupt),
            (SignalKind::terminate(), CancelCause::Terminate),
            (SignalKind::hangup(), CancelCause::Hangup),
        ];
        for (kind, cause) in causes {
            let mut signals = signal(kind)?;
            let canceller = self.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    canceller.ask(cause);
                }
            });
        }
        Ok(())
    }
}
