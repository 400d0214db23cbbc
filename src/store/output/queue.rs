//! What was written and is not kept yet.

use super::format::{AttemptId, LONGEST_FRAME};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use wf_model::event::{Instance, InstanceId, Timestamp};
use wf_runtime::executor::Stream;

/// Bytes that wait for the disk; more have to wait themselves.
const MOST_WAITING: usize = 8 * 1024 * 1024;

/// Output that came together is kept together up to this size.
const BLOCK: usize = 256 * 1024;

/// How long the writer waits for a block to fill.
const SOON: Duration = Duration::from_millis(5);

/// Something for the writer to do.
#[derive(Debug)]
pub(super) enum Item {
    /// An attempt wrote something.
    Written(Written),
    /// An attempt has ended, after so many bytes.
    AttemptEnded(AttemptId, u64),
    /// No attempts of a step follow.
    Ended(InstanceId),
}

/// Some output of one stream.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) instance: Instance,
    pub(super) attempt: u32,
    pub(super) stream: Stream,
    pub(super) at: Timestamp,
    /// How much the attempt wrote before.
    pub(super) before: u64,
    pub(super) bytes: Vec<u8>,
}

impl Written {
    pub(super) const fn id(&self) -> AttemptId {
        AttemptId { instance: self.instance.id, attempt: self.attempt }
    }

    /// Whether what comes next can be added to it.
    fn takes(&self, id: AttemptId, stream: Stream, before: u64, length: usize) -> bool {
        let follows = self.before + self.bytes.len() as u64 == before;
        self.id() == id && self.stream == stream && follows && self.bytes.len() + length <= BLOCK
    }
}

/// Hands output over to the thread that writes it.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    something: Condvar,
    room: Condvar,
    patience: Duration,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
    /// Bytes that the writer is about to write.
    taken: usize,
    /// Bytes that did not wait for the disk any longer, and the step that wrote the first of them.
    left_out: u64,
    left_out_first: Option<Arc<str>>,
    /// How much the attempts under way wrote, where it was anything.
    written: HashMap<InstanceId, (u32, u64)>,
    /// Steps that wrote something and have not ended.
    steps: HashSet<InstanceId>,
    /// Output is left out without waiting, as room did not come in time.
    stuck: bool,
    closed: bool,
}

impl Queue {
    /// Output waits for so long before it is left out.
    pub(super) fn new(patience: Duration) -> Self {
        Self { waiting: Mutex::default(), something: Condvar::new(), room: Condvar::new(), patience }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here is left half done by a panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what an attempt wrote; waits a while where the disk does not keep up.
    pub(super) fn write(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        for bytes in bytes.chunks(LONGEST_FRAME) {
            self.write_block(instance, attempt, stream, bytes);
        }
    }

    fn write_block(&self, instance: &Instance, attempt: u32, stream: Stream, bytes: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes > MOST_WAITING && !waiting.stuck {
            let full = |waiting: &mut Waiting| waiting.bytes > MOST_WAITING && !waiting.closed;
            waiting = self.room.wait_timeout_while(waiting, self.patience, full).unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.stuck = waiting.bytes > MOST_WAITING;
        let id = AttemptId { instance: instance.id, attempt };
        let before = waiting.advance(id, bytes.len());
        if waiting.stuck || waiting.closed {
            waiting.left_out += bytes.len() as u64;
            waiting.left_out_first.get_or_insert_with(|| Arc::clone(&instance.path));
            return;
        }
        waiting.bytes += bytes.len();
        if let Some(Item::Written(last)) = waiting.items.back_mut()
            && last.takes(id, stream, before, bytes.len())
        {
            last.bytes.extend_from_slice(bytes);
            if waiting.bytes >= BLOCK {
                self.something.notify_one();
            }
            return;
        }
        let written = Written { instance: instance.clone(), attempt, stream, at: now(), before, bytes: bytes.to_vec() };
        waiting.push(Item::Written(written), &self.something);
    }

    /// Takes the end of an attempt; costs next to nothing where it wrote nothing.
    pub(super) fn end_attempt(&self, id: AttemptId) {
        let mut waiting = self.lock();
        if let Some((_, total)) = waiting.written.remove(&id.instance) {
            waiting.push(Item::AttemptEnded(id, total), &self.something);
        }
    }

    /// Takes the end of a step.
    pub(super) fn end(&self, instance: InstanceId) {
        let mut waiting = self.lock();
        if waiting.steps.remove(&instance) {
            waiting.push(Item::Ended(instance), &self.something);
        }
    }

    /// Ends the writer once everything is written.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let left: Vec<_> = waiting.written.drain().collect();
        for (instance, (attempt, total)) in left {
            waiting.items.push_back(Item::AttemptEnded(AttemptId { instance, attempt }, total));
        }
        self.something.notify_all();
        self.room.notify_all();
    }

    /// What was left out because the disk did not keep up, by bytes and the first step that wrote some.
    pub(super) fn left_out(&self) -> (u64, Option<Arc<str>>) {
        let waiting = self.lock();
        (waiting.left_out, waiting.left_out_first.clone())
    }

    /// How many bytes were handed over and are not known to be written.
    pub(super) fn unwritten(&self) -> u64 {
        let waiting = self.lock();
        (waiting.bytes + waiting.taken) as u64
    }

    /// Waits for something to do; `None` once there will be nothing.
    pub(super) fn take(&self) -> Option<VecDeque<Item>> {
        let nothing = |waiting: &mut Waiting| waiting.items.is_empty() && !waiting.closed;
        let waiting = self.something.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        // Whoever writes a little often writes more soon; to be woken for each costs both sides more than the writing.
        let little = |waiting: &mut Waiting| waiting.bytes < BLOCK && !waiting.closed;
        let mut waiting = self.something.wait_timeout_while(waiting, SOON, little).unwrap_or_else(PoisonError::into_inner).0;
        let items = std::mem::take(&mut waiting.items);
        waiting.taken = std::mem::take(&mut waiting.bytes);
        self.room.notify_all();
        (!items.is_empty()).then_some(items)
    }
}

impl Waiting {
    fn push(&mut self, item: Item, something: &Condvar) {
        if self.items.is_empty() || self.bytes >= BLOCK {
            something.notify_one();
        }
        self.items.push_back(item);
    }

    /// Counts what an attempt writes; how much it wrote before.
    fn advance(&mut self, id: AttemptId, length: usize) -> u64 {
        self.steps.insert(id.instance);
        let entry = self.written.entry(id.instance).or_insert((id.attempt, 0));
        if entry.0 != id.attempt {
            *entry = (id.attempt, 0);
        }
        let before = entry.1;
        entry.1 += length as u64;
        before
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { milliseconds: i64::try_from(since.as_millis()).unwrap_or(i64::MAX) }
}
