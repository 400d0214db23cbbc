//! Writes output to files, within bounds.

use super::disk::{Disk, Segment};
use super::format::{AttemptId, FRAME_HEAD, FrameHead, STATE_PLACE, SegmentState, file_name, header, parse_name};
use super::queue::{Item, Queue, Written};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use wf_model::event::InstanceId;

/// How much of a step's output is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of all files of a step: half for the beginning, half for the end.
    pub(super) step: u64,
    /// Bytes of one file.
    pub(super) segment: u64,
    /// Files that are open at a time.
    pub(super) open: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { step: 64 * 1024 * 1024, segment: 4 * 1024 * 1024, open: 8 }
    }
}

/// What a small file takes on a disk.
const SMALLEST: u64 = 4096;

/// What could not be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputLost {
    /// How many bytes.
    pub bytes: u64,
    /// Of which steps some was lost, by their paths; the first few.
    pub steps: Vec<Arc<str>>,
    /// Why the first of them could not be written.
    pub reason: Option<String>,
}

/// How many steps are named that lost output.
const NAMED: usize = 5;

pub(super) struct Writer {
    disk: Box<dyn Disk>,
    bounds: Bounds,
    steps: HashMap<InstanceId, Step>,
    open: usize,
    /// Earlier attempts may have left files.
    resumed: bool,
    lost: OutputLost,
}

/// The files of a step.
#[derive(Default)]
struct Step {
    /// Segments of the beginning; they stay.
    first: u64,
    /// Segments behind them, oldest first, and how large they are together.
    last: VecDeque<Closed>,
    last_size: u64,
    current: Option<Current>,
}

struct Closed {
    attempt: AttemptId,
    number: u32,
    size: u64,
}

/// The segment that grows.
struct Current {
    attempt: AttemptId,
    number: u32,
    length: u64,
    /// `None` while the file is not open.
    file: Option<Box<dyn Segment>>,
}

impl Writer {
    pub(super) fn new(disk: Box<dyn Disk>, bounds: Bounds, resumed: bool) -> Self {
        Self { disk, bounds, resumed, steps: HashMap::new(), open: 0, lost: OutputLost::default() }
    }

    /// Writes what comes until nothing will; tells what could not be written.
    pub(super) fn run(mut self, queue: &Queue) -> OutputLost {
        while let Some(items) = queue.take() {
            for item in items {
                self.item(item);
            }
        }
        self.lost
    }

    pub(super) fn item(&mut self, item: Item) {
        match item {
            Item::Written(written) => {
                if let Err(error) = self.write(&written) {
                    self.lose(&written.instance.path, written.bytes.len(), &error);
                }
            }
            Item::AttemptEnded(attempt, total) => self.end_attempt(attempt, total),
            Item::Ended(instance) => {
                if let Some(current) = self.steps.remove(&instance).and_then(|step| step.current) {
                    self.open -= usize::from(current.file.is_some());
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) const fn lost(&self) -> &OutputLost {
        &self.lost
    }

    fn lose(&mut self, path: &Arc<str>, bytes: usize, error: &io::Error) {
        self.lost.bytes += bytes as u64;
        self.lost.reason.get_or_insert_with(|| error.to_string());
        if self.lost.steps.len() < NAMED && !self.lost.steps.contains(path) {
            self.lost.steps.push(Arc::clone(path));
        }
    }

    fn write(&mut self, written: &Written) -> io::Result<()> {
        let needed = (FRAME_HEAD + written.bytes.len()) as u64;
        self.make_room(written, needed)?;
        let path = Arc::clone(&written.instance.path);
        let Some(current) = self.opened(written.instance.id)? else { return Ok(()) };
        let outcome = current.append(written);
        match outcome {
            Ok(length) if length < written.bytes.len() => {
                self.lose(&path, written.bytes.len() - length, &io::ErrorKind::StorageFull.into());
                Ok(())
            }
            outcome => outcome.map(|_| ()),
        }
    }

    /// Sees to it that there is a segment of the attempt which takes some bytes more.
    fn make_room(&mut self, written: &Written, needed: u64) -> io::Result<()> {
        let (id, bounds) = (written.id(), self.bounds);
        let current = self.steps.get(&id.instance).and_then(|step| step.current.as_ref());
        let number = match current {
            Some(current) if current.attempt == id && current.length + needed <= bounds.segment => return Ok(()),
            Some(current) if current.attempt == id => current.number + 1,
            _ => 0,
        };
        if !self.steps.contains_key(&id.instance) {
            let step = self.step_before(written)?;
            self.steps.insert(id.instance, step);
        }
        self.keep_few_open(1);
        let header = header(&written.instance.path);
        let mut file = self.disk.create(&file_name(id, number))?;
        let begun = file.append([&header, &[]]).and_then(|length| match length {
            length if length == header.len() => Ok(()),
            _ => Err(io::ErrorKind::StorageFull.into()),
        });
        if let Err(error) = begun {
            // An empty file would stand for an attempt that wrote nothing.
            let _ = self.disk.remove(&file_name(id, number));
            return Err(error);
        }
        self.close(id.instance, SegmentState::Continued);
        let Some(step) = self.steps.get_mut(&id.instance) else { return Ok(()) };
        step.current = Some(Current { attempt: id, number, length: header.len() as u64, file: Some(file) });
        self.open += 1;
        for gone in step.drop_middle(bounds) {
            // What cannot be taken away stays; there is nothing else to do about it.
            let _ = self.disk.remove(&file_name(gone.attempt, gone.number));
        }
        Ok(())
    }

    /// What a step wrote before this process went on with its run.
    fn step_before(&self, written: &Written) -> io::Result<Step> {
        let mut step = Step::default();
        if !self.resumed || written.attempt == 1 {
            return Ok(step);
        }
        let names = self.disk.names()?;
        let parsed = names.iter().filter_map(|(name, size)| parse_name(name).map(|(attempt, number)| (attempt, number, *size)));
        let mut segments: Vec<_> = parsed.filter(|(attempt, ..)| attempt.instance == written.instance.id).collect();
        segments.sort_unstable();
        for (attempt, number, size) in segments {
            step.keep(Closed { attempt, number, size: size.max(SMALLEST) }, self.bounds);
        }
        Ok(step)
    }

    /// Ends the segment that grows, if there is one.
    fn close(&mut self, instance: InstanceId, state: SegmentState) {
        let Ok(Some(_)) = self.opened(instance) else { return };
        let Some(step) = self.steps.get_mut(&instance) else { return };
        let Some(mut current) = step.current.take() else { return };
        if let Some(file) = &mut current.file {
            self.open -= 1;
            // Without it the segment seems to grow, until it is known that nobody writes it.
            let _ = file.patch(STATE_PLACE, &state.bytes());
        }
        let Current { attempt, number, length, .. } = current;
        step.keep(Closed { attempt, number, size: length.max(SMALLEST) }, self.bounds);
    }

    fn end_attempt(&mut self, attempt: AttemptId, total: u64) {
        let current = self.steps.get(&attempt.instance).and_then(|step| step.current.as_ref());
        if current.is_some_and(|current| current.attempt == attempt) {
            self.close(attempt.instance, SegmentState::Ended(total));
        }
    }

    /// The segment of a step that grows, with its file open.
    fn opened(&mut self, instance: InstanceId) -> io::Result<Option<&mut Current>> {
        let closed = |step: &Step| step.current.as_ref().filter(|current| current.file.is_none()).map(Current::name);
        if let Some(name) = self.steps.get(&instance).and_then(closed) {
            self.keep_few_open(1);
            let file = self.disk.open(&name)?;
            self.open += 1;
            if let Some(current) = self.steps.get_mut(&instance).and_then(|step| step.current.as_mut()) {
                current.file = Some(file);
            }
        }
        Ok(self.steps.get_mut(&instance).and_then(|step| step.current.as_mut()))
    }

    /// Closes all files where there is no room for some more: thousands of steps may write side by side.
    fn keep_few_open(&mut self, more: usize) {
        if self.open + more > self.bounds.open {
            self.steps.values_mut().filter_map(|step| step.current.as_mut()).for_each(|current| current.file = None);
            self.open = 0;
        }
    }
}

impl Step {
    /// Takes in a segment that has its size.
    fn keep(&mut self, closed: Closed, bounds: Bounds) {
        if self.last.is_empty() && self.first + closed.size <= bounds.step / 2 {
            self.first += closed.size;
        } else {
            self.last_size += closed.size;
            self.last.push_back(closed);
        }
    }

    /// The oldest segments behind the beginning, so many that the segment that grows has room.
    fn drop_middle(&mut self, bounds: Bounds) -> Vec<Closed> {
        let room = (bounds.step - bounds.step / 2).saturating_sub(bounds.segment);
        let mut gone = Vec::new();
        while self.last_size > room
            && let Some(oldest) = self.last.pop_front()
        {
            self.last_size -= oldest.size;
            gone.push(oldest);
        }
        gone
    }
}

impl Current {
    fn name(&self) -> String {
        file_name(self.attempt, self.number)
    }

    /// Writes a frame; how much of its content there was room for.
    fn append(&mut self, written: &Written) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let Written { stream, at, before, ref bytes, .. } = *written;
        let head = FrameHead { length: bytes.len(), stream, at, before };
        let length = file.append([&head.bytes(), bytes])?;
        if length == FRAME_HEAD + bytes.len() {
            self.length += length as u64;
            return Ok(bytes.len());
        }
        // The disk is full: the frame becomes as long as there was room, or is taken back.
        let kept = length.saturating_sub(FRAME_HEAD);
        let shorter = FrameHead { length: kept, ..head };
        if kept > 0 && file.patch(self.length, &shorter.bytes()).is_ok() {
            self.length += length as u64;
            return Ok(kept);
        }
        file.cut(self.length)?;
        Ok(0)
    }
}
