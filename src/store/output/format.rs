//! How output is written down.
//!
//! The output of an attempt is a row of files, its segments: `INSTANCE-ATTEMPT.NUMBER`, numbers only. A segment is a header, then frames.
//! All numbers are little-endian.
//!
//! | header | bytes |
//! |---|---|
//! | `wfcout1\n` | 8 |
//! | state: 0 it grows, 1 the next segment goes on, 2 the attempt has ended | 8 |
//! | bytes that the attempt wrote in all, once it has ended | 8 |
//! | length of the step's path | 4 |
//! | the step's path | as long |
//!
//! | frame | bytes |
//! |---|---|
//! | length of what follows the frame's head | 4 |
//! | stream: 1 stdout, 2 stderr | 4 |
//! | milliseconds since 1970-01-01 UTC | 8 |
//! | bytes that the attempt wrote before, on both streams | 8 |
//! | what was written | as long |
//!
//! Because every frame says how much was written before it, what was left out shows wherever it was left out, and for whatever reason.

use wf_model::event::{InstanceId, Timestamp};
use wf_runtime::executor::Stream;

/// The longest content of a frame.
pub(super) const LONGEST_FRAME: usize = 1024 * 1024;

/// The longest path that is kept; the rest of a longer one is cut off.
const LONGEST_PATH: usize = 64 * 1024;

/// Bytes of a frame's head.
pub(super) const FRAME_HEAD: usize = 24;

/// Bytes of a header before the path.
pub(super) const HEADER: usize = 28;

/// Where state and total stand in the header.
pub(super) const STATE_PLACE: u64 = 8;

const MAGIC: &[u8; 8] = b"wfcout1\n";

/// How it stands with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentState {
    /// It may grow.
    Grows,
    /// Another segment goes on.
    Continued,
    /// The attempt has ended, and wrote so many bytes.
    Ended(u64),
}

impl SegmentState {
    /// State and total as they stand in the header.
    pub(super) fn bytes(self) -> [u8; 16] {
        let (state, total): (u64, u64) = match self {
            Self::Grows => (0, 0),
            Self::Continued => (1, 0),
            Self::Ended(total) => (2, total),
        };
        let mut bytes = [0; 16];
        let (first, second) = bytes.split_at_mut(8);
        first.copy_from_slice(&state.to_le_bytes());
        second.copy_from_slice(&total.to_le_bytes());
        bytes
    }

    fn from_bytes(state: u64, total: u64) -> Option<Self> {
        match state {
            0 => Some(Self::Grows),
            1 => Some(Self::Continued),
            2 => Some(Self::Ended(total)),
            _ => None,
        }
    }
}

/// The header of a new segment.
pub(super) fn header(path: &str) -> Vec<u8> {
    let path = path.get(..path.floor_char_boundary(LONGEST_PATH)).unwrap_or_default();
    let length = u32::try_from(path.len()).unwrap_or_default();
    [MAGIC, &SegmentState::Grows.bytes()[..], &length.to_le_bytes(), path.as_bytes()].concat()
}

/// State and length of the path, from the first [`HEADER`] bytes of a segment.
pub(super) fn read_header(bytes: &[u8; HEADER]) -> Option<(SegmentState, usize)> {
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    let (state, total) = (number(rest)?, number(rest.get(8..)?)?);
    let length = u32::from_le_bytes(*rest.get(16..)?.first_chunk()?);
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_PATH)?;
    (magic == MAGIC).then_some((SegmentState::from_bytes(state, total)?, length))
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// What stands before the content of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) stream: Stream,
    pub(super) at: Timestamp,
    /// How much the attempt wrote before.
    pub(super) before: u64,
}

impl FrameHead {
    pub(super) fn bytes(&self) -> [u8; FRAME_HEAD] {
        let stream: u32 = match self.stream {
            Stream::Out => 1,
            Stream::Error => 2,
        };
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        let parts =
            [&length.to_le_bytes()[..], &stream.to_le_bytes(), &self.at.milliseconds.to_le_bytes(), &self.before.to_le_bytes()];
        let mut bytes = [0; FRAME_HEAD];
        bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(byte, part)| *byte = *part);
        bytes
    }

    /// The head that these bytes are, if they are one.
    pub(super) fn read(bytes: &[u8; FRAME_HEAD]) -> Option<Self> {
        let length = u32::from_le_bytes(*bytes.first_chunk()?);
        let stream = match u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) {
            1 => Stream::Out,
            2 => Stream::Error,
            _ => return None,
        };
        let at = Timestamp { milliseconds: number(bytes.get(8..)?)?.cast_signed() };
        let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_FRAME)?;
        Some(Self { length, stream, at, before: number(bytes.get(16..)?)? })
    }
}

/// An attempt of a step, and with it the beginning of its files' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    /// The step.
    pub instance: InstanceId,
    /// Which attempt, from one.
    pub attempt: u32,
}

/// The name of a segment's file.
pub(super) fn file_name(attempt: AttemptId, segment: u32) -> String {
    format!("{}-{}.{segment}", attempt.instance.0, attempt.attempt)
}

/// What a file is a segment of, by its name.
pub(super) fn parse_name(name: &str) -> Option<(AttemptId, u32)> {
    let (instance, rest) = name.split_once('-')?;
    let (attempt, segment) = rest.split_once('.')?;
    let id = AttemptId { instance: InstanceId(instance.parse().ok()?), attempt: attempt.parse().ok()? };
    let segment = segment.parse().ok()?;
    // Signs and leading zeros parse as well, but are never written.
    (file_name(id, segment) == name).then_some((id, segment))
}

#[cfg(test)]
mod tests {
    use super::{AttemptId, FrameHead, HEADER, SegmentState, file_name, header, parse_name, read_header};
    use wf_model::event::{InstanceId, Timestamp};
    use wf_runtime::executor::Stream;

    #[test]
    fn what_is_written_is_read() {
        let head = FrameHead { length: 7, stream: Stream::Error, at: Timestamp { milliseconds: -3 }, before: 1 << 40 };
        assert_eq!(FrameHead::read(&head.bytes()), Some(head));
        assert_eq!(FrameHead::read(&[0; 24]), None, "a hole in a file is no frame");
        let first = |bytes: &[u8]| *bytes.first_chunk::<HEADER>().unwrap();
        assert_eq!(read_header(&first(&header("ä.b"))), Some((SegmentState::Grows, 4)));
        let mut ended = header("a");
        ended[8..24].copy_from_slice(&SegmentState::Ended(9).bytes());
        assert_eq!(read_header(&first(&ended)), Some((SegmentState::Ended(9), 1)));
        assert_eq!(read_header(&[b'x'; HEADER]), None);
        assert!(header(&"é".repeat(100_000)).len() < 70_000);
    }

    #[test]
    fn names_hold_numbers_only() {
        let id = AttemptId { instance: InstanceId(u64::MAX), attempt: 2 };
        assert_eq!(parse_name(&file_name(id, 3)), Some((id, 3)));
        for other in ["", "1-2", "1-2.", "+1-2.3", "01-2.3", "1-2.3.4", "../1-2.3", "1-2.-3", "1-2.4294967296"] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }
}
