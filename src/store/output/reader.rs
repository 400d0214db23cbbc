//! Reads output, also while it grows.

use super::disk::no_links;
use super::format::{AttemptId, FRAME_HEAD, FrameHead, HEADER, SegmentState, file_name, parse_name, read_header};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::event::Timestamp;
use wf_runtime::executor::Stream;

/// How much is read at once.
const BLOCK: usize = 256 * 1024;

/// A piece of an attempt's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputPiece {
    /// It wrote something.
    Written {
        /// When.
        at: Timestamp,
        /// Where to.
        stream: Stream,
        /// What.
        bytes: Vec<u8>,
    },
    /// Here so many bytes are not kept.
    LeftOut(u64),
}

/// Reads the output of an attempt from its beginning.
#[derive(Debug)]
pub struct OutputReader {
    folder: PathBuf,
    id: AttemptId,
    /// The segment that is read, or comes next.
    number: u32,
    open: Option<Open>,
    /// How much the attempt wrote up to here.
    before: u64,
    ended: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Where the next bytes are.
    place: u64,
    frame: Option<Frame>,
}

/// A frame that is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    head: FrameHead,
    place: u64,
    read: usize,
}

/// The attempts that files are there of, in the order of steps.
pub(super) fn attempts(folder: &Path) -> io::Result<Vec<AttemptId>> {
    let mut found: Vec<AttemptId> = segments(folder)?.into_iter().map(|(id, _)| id).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn segments(folder: &Path) -> io::Result<Vec<(AttemptId, u32)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| parse_name(&name)).collect())
}

impl OutputReader {
    pub(super) const fn new(folder: PathBuf, id: AttemptId) -> Self {
        Self { folder, id, number: 0, open: None, before: 0, ended: false }
    }

    /// Whose output it is.
    #[must_use]
    pub const fn id(&self) -> AttemptId {
        self.id
    }

    /// Whether the attempt has ended and all that is kept of it was read. Where it is not so and nobody goes on with the run, the
    /// end of the output was not written.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended
    }

    /// The path of the step, as its output names it; `None` where that cannot be read.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn path(&mut self) -> io::Result<Option<Arc<str>>> {
        if self.open.is_none() && !self.open_next()? {
            return Ok(None);
        }
        let Some(open) = &self.open else { return Ok(None) };
        let Some((_, length)) = open.header()? else { return Ok(None) };
        let mut path = vec![0; length];
        open.file.read_exact_at(&mut path, HEADER as u64)?;
        Ok(Some(String::from_utf8_lossy(&path).into()))
    }

    /// The next piece; `None` where there is none, or none yet.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn next_piece(&mut self) -> io::Result<Option<OutputPiece>> {
        while !self.ended {
            if self.open.is_none() && !self.open_next()? {
                return Ok(None);
            }
            let Some(open) = &mut self.open else { return Ok(None) };
            // Read before the rest: what is written before it says that nothing follows is seen then.
            let state = open.header()?.map(|(state, _)| state);
            if let Some(piece) = open.read(&mut self.before)? {
                return Ok(Some(piece));
            }
            match state {
                Some(SegmentState::Grows) | None => return Ok(None),
                Some(SegmentState::Continued) => (self.open, self.number) = (None, self.number.saturating_add(1)),
                Some(SegmentState::Ended(total)) => {
                    self.ended = true;
                    let left_out = total.saturating_sub(self.before);
                    return Ok((left_out > 0).then_some(OutputPiece::LeftOut(left_out)));
                }
            }
        }
        Ok(None)
    }

    /// Opens the first segment from the present number on that is there.
    fn open_next(&mut self) -> io::Result<bool> {
        if self.open_segment(self.number)? {
            return Ok(true);
        }
        let later = segments(&self.folder)?.into_iter().filter(|(id, number)| *id == self.id && *number > self.number);
        match later.map(|(_, number)| number).min() {
            Some(number) => self.open_segment(number),
            None => Ok(false),
        }
    }

    fn open_segment(&mut self, number: u32) -> io::Result<bool> {
        let path = self.folder.join(file_name(self.id, number));
        let file = match OpenOptions::new().read(true).custom_flags(no_links()).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        let mut open = Open { file, place: 0, frame: None };
        // A header that is not written yet, or is none, gives nothing.
        let Some((_, length)) = open.header()? else { return Ok(false) };
        open.place = (HEADER + length) as u64;
        (self.open, self.number) = (Some(open), number);
        Ok(true)
    }
}

impl Open {
    fn header(&self) -> io::Result<Option<(SegmentState, usize)>> {
        let mut bytes = [0; HEADER];
        Ok(if self.read_full(&mut bytes, 0)? { read_header(&bytes) } else { None })
    }

    /// Whether there were bytes enough.
    fn read_full(&self, bytes: &mut [u8], place: u64) -> io::Result<bool> {
        match self.file.read_exact_at(bytes, place) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            outcome => outcome.map(|()| true),
        }
    }

    /// What is there behind what was read.
    fn read(&mut self, before: &mut u64) -> io::Result<Option<OutputPiece>> {
        loop {
            let Some(frame) = self.frame.take().map_or_else(|| self.next_frame(), |frame| Ok(Some(frame)))? else {
                return Ok(None);
            };
            if frame.head.before > *before && frame.read == 0 {
                let left_out = frame.head.before - *before;
                *before = frame.head.before;
                self.frame = Some(frame);
                return Ok(Some(OutputPiece::LeftOut(left_out)));
            }
            let Some(bytes) = self.content(frame)? else { continue };
            if bytes.is_empty() && self.frame.is_some() {
                return Ok(None);
            }
            if !bytes.is_empty() {
                *before += bytes.len() as u64;
                let FrameHead { at, stream, .. } = frame.head;
                return Ok(Some(OutputPiece::Written { at, stream, bytes }));
            }
        }
    }

    fn next_frame(&self) -> io::Result<Option<Frame>> {
        let mut bytes = [0; FRAME_HEAD];
        let head = if self.read_full(&mut bytes, self.place)? { FrameHead::read(&bytes) } else { None };
        Ok(head.map(|head| Frame { head, place: self.place, read: 0 }))
    }

    /// Some more of a frame, empty where none is there yet; `None` where the frame is no longer there.
    fn content(&mut self, frame: Frame) -> io::Result<Option<Vec<u8>>> {
        let place = frame.place + (FRAME_HEAD + frame.read) as u64;
        let mut bytes = vec![0; frame.head.length.saturating_sub(frame.read).min(BLOCK)];
        let length = self.file.read_at(&mut bytes, place)?;
        // Where the disk was full meanwhile, the frame has become shorter or was taken back, and others follow it.
        let mut head = [0; FRAME_HEAD];
        let head = if self.read_full(&mut head, frame.place)? { FrameHead::read(&head) } else { None };
        let Some(head) = head.filter(|head| head.before == frame.head.before) else {
            self.place = frame.place;
            return Ok(None);
        };
        bytes.truncate(length.min(head.length.saturating_sub(frame.read)));
        let read = frame.read + bytes.len();
        if read < head.length {
            self.frame = Some(Frame { head, read, ..frame });
        } else {
            self.place = place + bytes.len() as u64;
        }
        Ok(Some(bytes))
    }
}
