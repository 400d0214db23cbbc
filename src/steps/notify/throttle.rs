//! At most one message of a step in a time, over all runs of its workflow.
//!
//! Each step has a file with the time of its last message and the key of the step in its run; whoever sends holds it, so that of runs
//! that go at the same time one sends, and the next looks whether it did.

use crate::process::not_started;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use wf_model::failure::{Failure, FailureKind};
use wf_model::unit::Duration;

/// How often who waits for another run looks whether it has sent its message.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// The wish to send no message too soon after another.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    path: PathBuf,
    time: Duration,
    key: String,
}

/// Whether it is time for a message.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is; nobody else sends one as long as this is held.
    Send(Turn),
    /// The last one is not so long ago; whether it was that of this very step.
    Leave {
        /// Whether an attempt before this one sent it.
        own: bool,
    },
}

/// The right to send a message.
#[derive(Debug)]
pub(super) struct Turn {
    file: File,
    key: String,
}

impl Throttle {
    /// That of a step, by its path in its run and the key of it, in the directory that the runs of its workflow share.
    pub(super) fn new(shared: &Path, step: &str, key: &str, time: Duration) -> Self {
        // All iterations of a loop are one step.
        let step = step.split('[').next().unwrap_or_default();
        let name = blake3::hash(step.as_bytes()).to_hex();
        Self { path: shared.join("throttle").join(name.as_str()), time, key: key.to_owned() }
    }

    /// Waits until nobody else sends a message of the step, and looks whether it is time for one.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub(super) async fn answer(&self, now: impl Fn() -> i64) -> Result<Answer, Failure> {
        let mut file = self.opened().map_err(|error| unkept(&error))?;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(unkept(&error.into())),
            }
        }
        let mut text = String::new();
        // What a crash has left half-written is no message.
        let _ = file.read_to_string(&mut text);
        let last = text.trim().split_once(' ').and_then(|(at, key)| Some((at.parse::<i64>().ok()?, key)));
        if let Some((at, key)) = last {
            let ago = now().saturating_sub(at);
            let own = key == self.key;
            if own || (0..self.time.milliseconds).contains(&ago) {
                return Ok(Answer::Leave { own });
            }
        }
        Ok(Answer::Send(Turn { file, key: self.key.clone() }))
    }

    fn opened(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)
    }
}

impl Turn {
    /// Keeps that the message was sent.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) fn sent(self, now: i64) -> io::Result<()> {
        let text = format!("{now} {}\n", self.key);
        self.file.set_len(0)?;
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.sync_all()
    }
}

/// The failure of a step whose message went out, which nobody will know.
pub(super) fn unkept_turn(error: &io::Error) -> Failure {
    let message = format!("the message was sent, but `throttle` cannot keep when: {error}");
    Failure::final_of(FailureKind::Exit, &message)
}

fn unkept(error: &io::Error) -> Failure {
    not_started(&format!("`throttle` cannot look when the last message was sent: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Throttle};
    use futures_util::FutureExt;
    use std::path::Path;
    use wf_model::unit::Duration;

    fn throttle(folder: &Path, step: &str, key: &str) -> Throttle {
        Throttle::new(folder, step, key, Duration::from_seconds(10))
    }

    #[tokio::test]
    async fn one_message_goes_out_in_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let ask = async |step: &str, key: &str, now: i64| throttle(folder.path(), step, key).answer(|| now).await.unwrap();
        let Answer::Send(turn) = ask("tell", "a", 1_000).await else { panic!("the first one goes") };
        turn.sent(1_000).unwrap();
        assert!(matches!(ask("tell", "b", 10_999).await, Answer::Leave { own: false }));
        assert!(matches!(ask("tell[3]", "b", 10_999).await, Answer::Leave { own: false }));
        assert!(matches!(ask("tell", "a", 99_999).await, Answer::Leave { own: true }));
        assert!(matches!(ask("other", "b", 1_001).await, Answer::Send(_)));
        // A clock that was set back holds nothing up.
        assert!(matches!(ask("tell", "b", 999).await, Answer::Send(_)));
        assert!(matches!(ask("tell", "b", 11_000).await, Answer::Send(_)));
    }

    #[tokio::test]
    async fn who_does_not_send_leaves_it_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let first = throttle(folder.path(), "tell", "a").answer(|| 0).await.unwrap();
        let second = throttle(folder.path(), "tell", "b");
        let mut waiting = Box::pin(second.answer(|| 1));
        assert!((&mut waiting).now_or_never().is_none());
        drop(first);
        assert!(matches!(waiting.await.unwrap(), Answer::Send(_)));
    }
}
