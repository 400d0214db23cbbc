//! What a step tells beside the output of its container: pulls, builds and warnings, on stderr.

use crate::process::last_lines;
use std::sync::{Arc, Mutex, PoisonError};
use wf_runtime::executor::{OutputSink, Stream};
use wf_runtime::mask::{MaskStream, Masker};

/// Bytes of what was told that are kept for a failure.
const KEPT: usize = 16 * 1024;

/// Tells of an attempt, masked.
pub(super) struct Log {
    pub(super) masker: Masker,
    sink: Arc<dyn OutputSink>,
    told: Mutex<Told>,
}

struct Told {
    mask: MaskStream,
    end: String,
}

impl Log {
    pub(super) fn new(masker: Masker, sink: Arc<dyn OutputSink>) -> Self {
        let told = Told { mask: masker.stream(), end: String::new() };
        Self { masker, sink, told: Mutex::new(told) }
    }

    /// Says a line of its own.
    pub(super) fn line(&self, text: &str) {
        self.text(&format!("* {text}\n"));
    }

    /// Passes on text.
    pub(super) fn text(&self, text: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let masked = told.mask.push(text.as_bytes()).to_vec();
        self.pass(&mut told.end, &masked);
    }

    /// Ends what is told; gives its last lines.
    pub(super) fn finish(&self) -> String {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let masked = told.mask.finish().to_vec();
        self.pass(&mut told.end, &masked);
        last_lines(&told.end)
    }

    fn pass(&self, end: &mut String, masked: &[u8]) {
        if masked.is_empty() {
            return;
        }
        self.sink.write(Stream::Error, masked);
        end.push_str(&String::from_utf8_lossy(masked));
        if end.len() > 2 * KEPT {
            let mut start = end.len() - KEPT;
            while !end.is_char_boundary(start) {
                start += 1;
            }
            end.drain(..start);
        }
    }
}
