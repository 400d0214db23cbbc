//! Masking of bytes that arrive piece by piece.

use super::{MASK, Masker, Search, Stretch};
use aho_corasick::automaton::StateID;

/// Masks one stream; holds back only what may still become a secret.
pub struct MaskStream {
    masker: Masker,
    state: Option<StateID>,
    /// Bytes that have not left yet.
    held: Vec<u8>,
    /// Where `held` begins, in bytes from the beginning of the stream.
    position: usize,
    /// Stretches that have not left yet, in order and apart from each other.
    stretches: Vec<Stretch>,
    /// The end of the last stretch that left; one that begins before it is a part of it.
    masked_to: usize,
    output: Vec<u8>,
}

impl MaskStream {
    pub(super) fn new(masker: Masker) -> Self {
        Self { masker, state: None, held: Vec::new(), position: 0, stretches: Vec::new(), masked_to: 0, output: Vec::new() }
    }

    /// Takes the next bytes; gives what may leave now.
    pub fn push<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        if matches!(*self.masker.search, Search::Nothing) {
            return bytes;
        }
        let begins = self.position + self.held.len();
        let stretches = &mut self.stretches;
        let (state, open) = self.masker.search.read(self.state, bytes, begins, |stretch| add(stretches, stretch));
        self.state = state;
        self.held.extend_from_slice(bytes);
        self.release((begins + bytes.len()).saturating_sub(open));
        &self.output
    }

    /// Ends the stream; gives what was held back.
    pub fn finish(&mut self) -> &[u8] {
        self.state = None;
        self.release(self.position + self.held.len());
        &self.output
    }

    /// Writes everything before `safe`, where no secret begins that has not been found.
    fn release(&mut self, safe: usize) {
        self.output.clear();
        let leaving = self.stretches.iter().take_while(|stretch| stretch.start <= safe).count();
        let mut written = self.position;
        for stretch in self.stretches.drain(..leaving) {
            let before = stretch.start.max(written);
            self.output.extend_from_slice(between(&self.held, self.position, written, before));
            if stretch.start >= self.masked_to {
                self.output.extend_from_slice(MASK.as_bytes());
            }
            written = written.max(stretch.end);
            self.masked_to = stretch.end;
        }
        let end = safe.max(written);
        self.output.extend_from_slice(between(&self.held, self.position, written, end));
        self.held.drain(..(end - self.position).min(self.held.len()));
        self.position = end;
    }
}

/// The bytes of `held`, which begins at `position`, from `start` to `end`.
fn between(held: &[u8], position: usize, start: usize, end: usize) -> &[u8] {
    held.get(start.saturating_sub(position)..end.saturating_sub(position)).unwrap_or_default()
}

/// Adds a stretch that ends after all others; those that it overlaps become one with it.
fn add(stretches: &mut Vec<Stretch>, mut stretch: Stretch) {
    while let Some(last) = stretches.pop_if(|last| last.end > stretch.start) {
        stretch.start = stretch.start.min(last.start);
    }
    stretches.push(stretch);
}
