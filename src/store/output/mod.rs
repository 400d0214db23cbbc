//! What steps write, kept in files while the run goes on.
//!
//! A thread writes; attempts only hand over what they wrote. Half of what is kept of a step is its beginning, half its end, attempts
//! one behind the other; what falls out between is told when it is read. A disk that is full cuts the output and nothing else.

mod disk;
mod format;
mod queue;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use format::AttemptId;
pub use reader::{OutputPiece, OutputReader};
pub use writer::OutputLost;

use crate::{Store, StoreError};
use disk::Folder;
use queue::Queue;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wf_model::event::{Event, EventKind, Instance};
use wf_runtime::dispatcher::Reporter;
use wf_runtime::executor::Stream;
use writer::{Bounds, Writer};

/// Keeps the output of a run, and passes on what it is told to another reporter.
pub struct KeptOutput {
    told: Arc<dyn Reporter>,
    queue: Arc<Queue>,
    /// What the writer tells when it has ended; gone once it was asked for.
    writer: Mutex<Option<Receiver<OutputLost>>>,
}

/// How long output waits for room before it is left out: a disk that hangs must not hang the run.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the end of a run waits for output that is not written yet.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Where the output of a run is kept.
    #[must_use]
    pub fn output_place(&self, run: &str) -> OutputPlace {
        OutputPlace(self.output_folder(run))
    }

    /// The attempts of a run that wrote something, in the order in which their steps came to be.
    ///
    /// # Errors
    /// When the folder of the run cannot be read.
    pub fn outputs(&self, run: &str) -> Result<Vec<AttemptId>, StoreError> {
        let folder = self.output_folder(run);
        reader::attempts(&folder).map_err(StoreError::io(folder))
    }

    /// Reads what an attempt wrote.
    #[must_use]
    pub fn output(&self, run: &str, attempt: AttemptId) -> OutputReader {
        OutputReader::new(self.output_folder(run), attempt)
    }

    fn output_folder(&self, run: &str) -> PathBuf {
        self.folder(run).join("output")
    }
}

/// Where the output of a run is kept.
#[derive(Clone, Debug)]
pub struct OutputPlace(PathBuf);

impl KeptOutput {
    /// Keeps what the steps of a run write, beside `told`. The caller holds the run's lock.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn begin(place: OutputPlace, told: Arc<dyn Reporter>) -> io::Result<Self> {
        let resumed = place.0.exists();
        Self::new(Writer::new(Box::new(Folder(place.0)), Bounds::default(), resumed), told, PATIENCE)
    }

    fn new(writes: Writer, told: Arc<dyn Reporter>, patience: Duration) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(patience));
        let items = Arc::clone(&queue);
        let (ended, writer) = sync_channel(1);
        // Nobody may be left who wants to know.
        let run = move || drop(ended.send(writes.run(&items)));
        std::thread::Builder::new().name("output".to_owned()).spawn(run)?;
        Ok(Self { told, queue, writer: Mutex::new(Some(writer)) })
    }

    /// Waits until everything is written, but not for a disk that hangs; tells what could not be.
    pub fn finish(&self) -> OutputLost {
        self.finish_within(LAST_PATIENCE)
    }

    fn finish_within(&self, patience: Duration) -> OutputLost {
        self.queue.close();
        let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return OutputLost::default();
        };
        let unknown = |_| OutputLost { bytes: self.queue.unwritten(), ..OutputLost::default() };
        let mut lost = writer.recv_timeout(patience).unwrap_or_else(unknown);
        let (bytes, first) = self.queue.left_out();
        lost.bytes += bytes;
        lost.steps.extend(first.filter(|path| !lost.steps.contains(path)));
        lost
    }
}

impl Reporter for KeptOutput {
    fn event(&self, event: &Event) {
        self.told.event(event);
        match &event.kind {
            EventKind::AttemptEnded { instance, attempt, .. } => {
                self.queue.end_attempt(AttemptId { instance: instance.id, attempt: *attempt });
            }
            EventKind::Succeeded { instance, .. }
            | EventKind::Failed { instance, .. }
            | EventKind::Cancelled { instance, .. } => {
                self.queue.end(instance.id);
            }
            _ => {}
        }
    }

    fn output(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        self.told.output(instance, attempt, stream, bytes);
        self.queue.write(instance, attempt, stream, bytes);
    }
}

impl Drop for KeptOutput {
    fn drop(&mut self) {
        self.finish();
    }
}
