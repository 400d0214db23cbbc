//! What an exchange leaves in the output of its step: what was asked and answered on stderr, the body on stdout.

use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_runtime::executor::{OutputSink, Stream};
use wf_runtime::mask::{MaskStream, Masker};

/// Bytes of a file of unknown length between two lines about it.
const PROGRESS: u64 = 64 << 20;

/// Bytes of a file between two lines about it, at least.
const LEAST_PROGRESS: u64 = 1 << 20;

/// Writes the output of an attempt, masked.
pub(crate) struct Log {
    pub(crate) masker: Masker,
    sink: Arc<dyn OutputSink>,
    body: MaskStream,
    /// Whether the body may be shown at all.
    open: bool,
    stage: Stage,
}

/// What an exchange waits for.
#[derive(Default)]
struct Stage {
    host: String,
    /// How many bytes of the body have come, once the head has.
    length: Option<u64>,
}

impl Log {
    pub(crate) fn new(masker: Masker, sink: Arc<dyn OutputSink>, open: bool) -> Self {
        Self { body: masker.stream(), masker, sink, open, stage: Stage::default() }
    }

    /// Waits for the head of an answer.
    pub(crate) fn waits_for(&mut self, host: &str) {
        self.stage = Stage { host: host.to_owned(), length: None };
    }

    /// Waits for more than these bytes of a body.
    pub(crate) const fn has_read(&mut self, length: u64) {
        self.stage.length = Some(length);
    }

    /// What the exchange waits for, in words.
    fn stage(&self) -> String {
        let Stage { host, length } = &self.stage;
        match length {
            None => format!("{host} has not answered yet"),
            Some(length) => format!("{length} bytes of the body of the answer of {host} have come"),
        }
    }

    /// The failure of an exchange that was asked to end; the output says what it waited for.
    pub(crate) fn ended(&mut self) -> Failure {
        self.end_body();
        let stage = self.stage();
        self.line(&format!("* {stage}"));
        Failure { stderr: stage.into(), ..Failure::final_of(FailureKind::Signal, "was ended before its answer had come") }
    }

    /// Says a line.
    pub(crate) fn line(&self, text: &str) {
        self.sink.write(Stream::Error, format!("{}\n", self.masker.text(text)).as_bytes());
    }

    /// Whether a body may be shown.
    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// Passes on a piece of the body; gives what of it a result may hold: what is shown, or all where nothing is.
    pub(crate) fn body<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.open { pass(&self.sink, self.body.push(bytes)) } else { bytes }
    }

    /// Says how far a file is, where it has passed a further tenth of what was announced, or 64 MB.
    pub(crate) fn progress(&self, before: u64, length: u64, announced: Option<u64>) {
        let step = announced.map_or(PROGRESS, |announced| (announced / 10).max(LEAST_PROGRESS));
        if before / step == length / step {
            return;
        }
        let of = announced.map(|announced| format!(" of {}", megabytes(announced))).unwrap_or_default();
        self.line(&format!("* {}{of} saved", megabytes(length)));
    }

    /// Ends the body; gives what was held back of it.
    pub(crate) fn end_body(&mut self) -> &[u8] {
        pass(&self.sink, self.body.finish())
    }
}

fn pass<'a>(sink: &Arc<dyn OutputSink>, bytes: &'a [u8]) -> &'a [u8] {
    if !bytes.is_empty() {
        sink.write(Stream::Out, bytes);
    }
    bytes
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}
