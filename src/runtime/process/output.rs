//! What a process writes: masked, passed on, and kept within bounds.

use super::{KEPT_UNREAD, LOOK};
use crate::executor::{OutputSink, Stream};
use crate::mask::MaskStream;
use crate::system;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use tokio::io::unix::AsyncFd;
use tokio::task::coop::consume_budget;

/// How many bytes are read at once.
const BLOCK: usize = 256 * 1024;

/// What stands behind the number of bytes that were dropped.
const LEFT_OUT: &str = " bytes left out]\n";

/// Whether the middle of a text that is kept was dropped because nobody read it.
#[must_use]
pub fn is_cut(text: &str) -> bool {
    // What is not UTF-8 takes three bytes instead of one; a longer text was kept for somebody.
    (KEPT_UNREAD..4 * KEPT_UNREAD).contains(&text.len()) && text.contains(LEFT_OUT)
}

/// What is kept of an output: all of it, or its beginning and its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// All of it, as long as that is not too much.
    beginning: Vec<u8>,
    end: VecDeque<u8>,
    /// How many bytes between beginning and end were dropped.
    pub dropped: usize,
}

impl Captured {
    /// Adds what comes next; keeps `limit` bytes in all.
    pub fn push(&mut self, bytes: &[u8], limit: usize) {
        let half = limit / 2;
        if self.end.is_empty() {
            if self.beginning.len() + bytes.len() <= limit {
                return self.beginning.extend_from_slice(bytes);
            }
            self.end = self.beginning.split_off(half.min(self.beginning.len())).into();
            self.beginning.shrink_to_fit();
        }
        let (first, rest) = bytes.split_at(bytes.len().min(half.saturating_sub(self.beginning.len())));
        self.beginning.extend_from_slice(first);
        let last = rest.get(rest.len().saturating_sub(half)..).unwrap_or_default();
        let surplus = (self.end.len() + last.len()).saturating_sub(half);
        self.end.drain(..surplus);
        if !last.is_empty() && self.end.capacity() < half {
            // Room that grows by doubling would be twice as much; what is not written to yet takes none.
            self.end.reserve_exact(half - self.end.len());
        }
        self.end.extend(last);
        self.dropped += surplus + (rest.len() - last.len());
    }

    /// The bytes in order; where some were dropped, a line says so.
    #[must_use]
    pub fn bytes(mut self) -> Vec<u8> {
        let mut bytes = self.beginning;
        if self.dropped > 0 {
            bytes.extend_from_slice(format!("\n[{}{LEFT_OUT}", self.dropped).as_bytes());
        }
        bytes.extend_from_slice(self.end.make_contiguous());
        bytes
    }

    /// The same as text; what is not UTF-8 becomes `U+FFFD`.
    #[must_use]
    pub fn text(self) -> String {
        String::from_utf8(self.bytes()).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Takes what one stream of a process writes.
pub struct Outlet {
    stream: Stream,
    /// Where it goes, masked; `None` keeps it unmasked for the result alone.
    shown: Option<(MaskStream, Arc<dyn OutputSink>)>,
    limit: usize,
    captured: Captured,
}

impl Outlet {
    /// Keeps `limit` bytes, masked as they are shown.
    #[must_use]
    pub fn new(stream: Stream, shown: Option<(MaskStream, Arc<dyn OutputSink>)>, limit: usize) -> Self {
        Self { stream, shown, limit, captured: Captured::default() }
    }

    /// Reads until all who hold the other end have closed it. Where they have already, nobody is woken for it.
    pub(super) async fn drain(&mut self, pipe: Option<OwnedFd>) {
        let Some(pipe) = pipe else { return };
        // Most write little: room grows with what comes.
        let (mut block, mut watched) = (Vec::with_capacity(8 * 1024), None);
        loop {
            block.clear();
            let is_empty = match rustix::io::read(&pipe, spare_capacity(&mut block)) {
                Ok(0) => return,
                // What comes behind it is told from now on.
                Ok(length) => watched.is_some() && length < block.capacity(),
                Err(Errno::AGAIN) => true,
                Err(Errno::INTR) => false,
                Err(_) => return,
            };
            if !block.is_empty() {
                self.take(&block);
            }
            if block.len() == block.capacity() && block.capacity() < BLOCK {
                block = Vec::with_capacity(block.capacity() * 4);
            }
            if is_empty { more(&pipe, &mut watched).await } else { consume_budget().await }
        }
    }

    /// Takes what comes next.
    pub fn take(&mut self, bytes: &[u8]) {
        let Some((mask, sink)) = &mut self.shown else {
            return self.captured.push(bytes, self.limit);
        };
        let masked = mask.push(bytes);
        if !masked.is_empty() {
            sink.write(self.stream, masked);
            self.captured.push(masked, self.limit);
        }
    }

    /// Ends the stream.
    #[must_use]
    pub fn finish(mut self) -> Captured {
        if let Some((mask, sink)) = &mut self.shown {
            let rest = mask.finish();
            if !rest.is_empty() {
                sink.write(self.stream, rest);
                self.captured.push(rest, self.limit);
            }
        }
        self.captured
    }
}

/// Waits until there is more to read, or nothing more will come.
async fn more<'a>(pipe: &'a OwnedFd, watched: &mut Option<AsyncFd<BorrowedFd<'a>>>) {
    if watched.is_none() {
        *watched = system::watched(pipe.as_fd()).ok();
    }
    match watched.as_ref().map(AsyncFd::readable) {
        Some(readable) => match readable.await {
            Ok(mut ready) => ready.clear_ready(),
            // Nobody is told anything any more.
            Err(_) => std::future::pending().await,
        },
        // Where the system has no room to tell of it.
        None => tokio::time::sleep(LOOK).await,
    }
}

#[cfg(test)]
mod tests {
    use super::{Captured, KEPT_UNREAD, is_cut};
    use proptest::prelude::*;

    #[test]
    fn what_nobody_read_is_told_from_what_is_whole() {
        let kept = |written: usize, limit| {
            let mut captured = Captured::default();
            captured.push(&vec![0xff; written], limit);
            is_cut(&captured.text())
        };
        assert!(
            kept(KEPT_UNREAD + 1, KEPT_UNREAD) && !kept(KEPT_UNREAD, KEPT_UNREAD) && !kept(KEPT_UNREAD + 1, KEPT_UNREAD * 100)
        );
    }

    proptest! {
        #[test]
        fn beginning_and_end_stay(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..12)) {
            let all = chunks.concat();
            let mut captured = Captured::default();
            for chunk in &chunks {
                captured.push(chunk, 40);
            }
            let dropped = all.len().saturating_sub(40);
            prop_assert_eq!(captured.dropped, dropped);
            if dropped == 0 {
                prop_assert_eq!(captured.bytes(), all);
            } else {
                let note = format!("\n[{dropped} bytes left out]\n");
                prop_assert_eq!(captured.bytes(), [&all[..20], note.as_bytes(), &all[all.len() - 20..]].concat());
            }
        }
    }
}
