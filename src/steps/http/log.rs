//! What an exchange leaves in the output of its step: what was asked and answered on stderr, the body on stdout.

use std::sync::Arc;
use wf_runtime::executor::{OutputSink, Stream};
use wf_runtime::mask::{MaskStream, Masker};

/// Writes the output of an attempt, masked.
pub(super) struct Log {
    pub(super) masker: Masker,
    sink: Arc<dyn OutputSink>,
    body: MaskStream,
    /// Whether the body may be shown at all.
    open: bool,
    /// What the exchange waits for, in words.
    pub(super) stage: String,
}

impl Log {
    pub(super) fn new(masker: Masker, sink: Arc<dyn OutputSink>, open: bool) -> Self {
        Self { body: masker.stream(), masker, sink, open, stage: String::new() }
    }

    /// Says a line.
    pub(super) fn line(&self, text: &str) {
        self.sink.write(Stream::Error, format!("{}\n", self.masker.text(text)).as_bytes());
    }

    /// Passes on a piece of the body.
    pub(super) fn body(&mut self, bytes: &[u8]) {
        if self.open {
            pass(&self.sink, self.body.push(bytes));
        }
    }

    /// Ends the body.
    pub(super) fn end_body(&mut self) {
        if self.open {
            pass(&self.sink, self.body.finish());
        }
    }
}

fn pass(sink: &Arc<dyn OutputSink>, bytes: &[u8]) {
    if !bytes.is_empty() {
        sink.write(Stream::Out, bytes);
    }
}
