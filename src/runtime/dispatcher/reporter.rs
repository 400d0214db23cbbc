//! Who is told of a run while it goes on.

use crate::executor::{OutputSink, Stream};
use std::sync::Arc;
use wf_model::event::{Event, Instance};

/// Sees a run go on.
pub trait Reporter: Send + Sync {
    /// An event is durable.
    fn event(&self, event: &Event);

    /// An attempt of a step writes; whole or partial lines, in order within each stream, secrets masked.
    fn output(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silence;

impl Reporter for Silence {
    fn event(&self, _event: &Event) {}

    fn output(&self, _instance: &Instance, _attempt: u32, _stream: Stream, _bytes: &[u8]) {}
}

/// The output of one attempt.
pub(super) struct AttemptOutput {
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) instance: Instance,
    pub(super) attempt: u32,
}

impl OutputSink for AttemptOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        self.reporter.output(&self.instance, self.attempt, stream, bytes);
    }
}

/// Output that nobody sees.
pub(super) struct Unheard;

impl OutputSink for Unheard {
    fn write(&self, _stream: Stream, _bytes: &[u8]) {}
}
