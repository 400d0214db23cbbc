//! Where something stands in a source text.

use serde::{Deserialize, Serialize};

/// Names one source text of a compilation; the number is its place in [`crate::source::Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// A half-open range of UTF-8 bytes in one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The text that the offsets count in.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte, never before `start`.
    pub end: u32,
}

impl Span {
    /// Makes the span from `start` to `end` of `source`; an `end` before `start` is taken as `start`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let start = clamp(start);
        Self { source, start, end: clamp(end).max(start) }
    }

    /// The empty span at `offset`.
    #[must_use]
    pub fn at(source: SourceId, offset: usize) -> Self {
        Self::new(source, offset, offset)
    }

    /// The smallest span that holds both; `other` has to be of the same source.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at this one's start.
    #[must_use]
    pub fn before(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// The empty span at this one's end.
    #[must_use]
    pub fn after(self) -> Self {
        Self { start: self.end, ..self }
    }

    /// The bytes as a range that can index the text.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Number of bytes.
    #[must_use]
    pub fn length(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether `offset` lies inside, the end included.
    #[must_use]
    pub fn touches(self, offset: usize) -> bool {
        (self.start as usize) <= offset && offset <= self.end as usize
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// Texts are bounded far below 4 GiB (see `wf_syntax::limits`), so nothing is lost here.
fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
