//! What is kept of output, and what a reader sees of it.

use super::disk::{Disk, Folder, Segment};
use super::format::AttemptId;
use super::queue::{Item, Written};
use super::reader::{OutputPiece, OutputReader, attempts};
use super::writer::{Bounds, Writer};
use super::{KeptOutput, OutputLost};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use wf_model::event::{AttemptOutcome, Event, EventKind, Instance, InstanceId, Timestamp};
use wf_model::value::Value;
use wf_runtime::dispatcher::{Reporter as _, Silence};
use wf_runtime::executor::Stream;

const SMALL: Bounds = Bounds { step: 64 * 1024, segment: 8 * 1024, open: 3 };

fn step(number: u64) -> Instance {
    Instance { id: InstanceId(number), path: format!("ship.step[{number}]").into() }
}

fn id(instance: u64, attempt: u32) -> AttemptId {
    AttemptId { instance: InstanceId(instance), attempt }
}

fn written(number: u64, attempt: u32, before: u64, bytes: &[u8]) -> Item {
    let at = Timestamp { milliseconds: 5 };
    Item::Written(Written { instance: step(number), attempt, stream: Stream::Out, at, before, bytes: bytes.to_vec() })
}

/// Both streams together; what was left out stands as `<N>`. And whether the end was seen.
fn text(folder: &Path, id: AttemptId) -> (String, bool) {
    let mut reader = OutputReader::new(folder.to_owned(), id);
    let mut text = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        match piece {
            OutputPiece::Written { bytes, .. } => text.extend(bytes),
            OutputPiece::LeftOut(bytes) => text.extend(format!("<{bytes}>").bytes()),
        }
    }
    (String::from_utf8_lossy(&text).into_owned(), reader.is_ended())
}

fn size(folder: &Path) -> u64 {
    Folder(folder.to_owned()).names().unwrap().iter().map(|(_, size)| size).sum()
}

fn event(kind: EventKind) -> Event {
    Event { at: Timestamp::default(), kind }
}

fn attempt_ended(number: u64, attempt: u32) -> Event {
    event(EventKind::AttemptEnded { instance: step(number), attempt, outcome: AttemptOutcome::NeverBegan, leaked: false })
}

fn kept(folder: &Path) -> KeptOutput {
    let writer = Writer::new(Box::new(Folder(folder.to_owned())), Bounds::default(), false);
    KeptOutput::new(writer, Arc::new(Silence), Duration::from_secs(60)).unwrap()
}

#[test]
fn both_streams_are_kept_in_their_order() {
    let folder = TempDir::new().unwrap();
    let folder = &folder.path().join("output");
    let output = kept(folder);
    let binary: Vec<u8> = (0..=255).collect();
    output.output(&step(7), 1, Stream::Out, b"one\n");
    output.output(&step(7), 1, Stream::Error, &binary);
    output.output(&step(7), 1, Stream::Out, b"two\n");
    output.event(&attempt_ended(7, 1));
    assert_eq!(output.finish(), OutputLost::default());
    assert_eq!(attempts(folder).unwrap(), [id(7, 1)]);
    let mut reader = OutputReader::new(folder.clone(), id(7, 1));
    assert_eq!(reader.path().unwrap().as_deref(), Some("ship.step[7]"));
    let mut pieces = Vec::new();
    while let Some(piece) = reader.next_piece().unwrap() {
        let OutputPiece::Written { at, stream, bytes } = piece else { panic!("everything is kept") };
        assert!(at.milliseconds > 1_600_000_000_000);
        pieces.push((stream, bytes));
    }
    assert!(reader.is_ended());
    assert_eq!(pieces, [(Stream::Out, b"one\n".to_vec()), (Stream::Error, binary), (Stream::Out, b"two\n".to_vec())]);
}

#[test]
fn steps_that_write_nothing_leave_no_files() {
    let folder = TempDir::new().unwrap();
    let folder = &folder.path().join("output");
    let output = kept(folder);
    for number in 0..100_000 {
        output.event(&attempt_ended(number, 1));
        output.event(&event(EventKind::Succeeded { instance: step(number), value: Value::Null }));
    }
    output.output(&step(1), 1, Stream::Out, b"");
    output.finish();
    assert!(!folder.exists());
    assert_eq!(attempts(folder).unwrap(), []);
}

#[test]
fn the_middle_of_much_output_is_left_out() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    let mut all = String::new();
    for number in 0..30_000 {
        let line = format!("line {number}\n");
        writer.item(written(1, 1, all.len() as u64, line.as_bytes()));
        all += &line;
        assert!(number % 500 > 0 || size(folder.path()) <= SMALL.step + 100, "{}", size(folder.path()));
    }
    writer.item(Item::AttemptEnded(id(1, 1), all.len() as u64));
    assert_eq!(writer.lost(), &OutputLost::default(), "what falls out of the bounds is not lost");
    let (text, ended) = text(folder.path(), id(1, 1));
    let (first, rest) = text.split_once('<').unwrap();
    let (left_out, last) = rest.split_once('>').unwrap();
    assert!(ended && all.starts_with(first) && all.ends_with(last));
    assert!(first.len() > 8_000 && last.len() > 8_000, "{} and {}", first.len(), last.len());
    assert_eq!(left_out.parse::<usize>().unwrap(), all.len() - first.len() - last.len());
}

#[test]
fn attempts_share_the_bounds_of_their_step() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    for attempt in 1..=40 {
        writer.item(written(1, attempt, 0, &[b'x'; 7_000]));
        writer.item(Item::AttemptEnded(id(1, attempt), 7_000));
    }
    assert!(size(folder.path()) <= SMALL.step);
    let kept: Vec<u32> = attempts(folder.path()).unwrap().iter().map(|id| id.attempt).collect();
    assert_eq!((kept.first(), kept.last()), (Some(&1), Some(&40)));
    assert!(kept.len() > 6 && kept.len() < 10, "{kept:?}");
    // Another process goes on.
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, true);
    for attempt in 41..=50 {
        writer.item(written(1, attempt, 0, &[b'x'; 7_000]));
        writer.item(Item::AttemptEnded(id(1, attempt), 7_000));
    }
    assert!(size(folder.path()) <= SMALL.step);
    assert_eq!(attempts(folder.path()).unwrap().first(), Some(&id(1, 1)));
}

#[test]
fn many_steps_write_side_by_side_with_few_files_open() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    for round in 0..5_u64 {
        for number in 0..10 {
            writer.item(written(number, 1, round * 2, format!("{round}\n").as_bytes()));
        }
    }
    for number in 0..10 {
        writer.item(Item::AttemptEnded(id(number, 1), 10));
        writer.item(Item::Ended(InstanceId(number)));
        assert_eq!(text(folder.path(), id(number, 1)), ("0\n1\n2\n3\n4\n".to_owned(), true));
    }
}

#[test]
fn a_reader_follows_a_file_that_grows() {
    let folder = TempDir::new().unwrap();
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    let mut reader = OutputReader::new(folder.path().to_owned(), id(1, 1));
    assert_eq!(reader.next_piece().unwrap(), None);
    let mut before = 0;
    for number in 0..3_000_u64 {
        let line = format!("line {number}\n");
        writer.item(written(1, 1, before, line.as_bytes()));
        before += line.len() as u64;
        let Some(OutputPiece::Written { bytes, .. }) = reader.next_piece().unwrap() else { panic!("{number} is there") };
        assert_eq!(bytes, line.as_bytes());
        assert_eq!(reader.next_piece().unwrap(), None);
    }
    assert!(!reader.is_ended());
    writer.item(Item::AttemptEnded(id(1, 1), before));
    assert_eq!(reader.next_piece().unwrap(), None);
    assert!(reader.is_ended());
}

#[test]
fn a_reader_beside_a_writer_sees_everything_or_how_much_it_missed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    let total = 2_000 * 1_000_u64;
    let writer = std::thread::spawn(move || {
        let mut writer = Writer::new(Box::new(Folder(path)), SMALL, false);
        for number in 0..2_000 {
            writer.item(written(1, 1, number * 1_000, &[b'x'; 1_000]));
        }
        writer.item(Item::AttemptEnded(id(1, 1), total));
    });
    let mut reader = OutputReader::new(folder.path().to_owned(), id(1, 1));
    let mut seen = 0;
    while !reader.is_ended() {
        match reader.next_piece().unwrap() {
            Some(OutputPiece::Written { bytes, .. }) => {
                assert!(bytes.iter().all(|byte| *byte == b'x'));
                seen += bytes.len() as u64;
            }
            Some(OutputPiece::LeftOut(bytes)) => seen += bytes,
            None => std::thread::yield_now(),
        }
    }
    writer.join().unwrap();
    assert_eq!(seen, total);
}

/// A folder on a disk that takes so many bytes more.
#[derive(Clone)]
struct Full {
    folder: std::path::PathBuf,
    room: Arc<AtomicUsize>,
}

struct FullSegment {
    file: Box<dyn Segment>,
    room: Arc<AtomicUsize>,
}

impl Disk for Full {
    fn create(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let file = Folder(self.folder.clone()).create(name)?;
        Ok(Box::new(FullSegment { file, room: Arc::clone(&self.room) }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let file = Folder(self.folder.clone()).open(name)?;
        Ok(Box::new(FullSegment { file, room: Arc::clone(&self.room) }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Folder(self.folder.clone()).remove(name)
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        Folder(self.folder.clone()).names()
    }
}

impl Segment for FullSegment {
    fn append(&mut self, [head, content]: [&[u8]; 2]) -> io::Result<usize> {
        let both = [head, content].concat();
        let length = both.len().min(self.room.load(Ordering::Relaxed));
        self.room.fetch_sub(length, Ordering::Relaxed);
        if length == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.append([&both[..length], &[]])
    }

    fn patch(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.patch(place, bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }
}

#[test]
fn a_full_disk_cuts_the_output_and_says_so() {
    // The header has 40 bytes, a frame's head 24.
    for room in 0..400 {
        let folder = TempDir::new().unwrap();
        let disk = Full { folder: folder.path().to_owned(), room: Arc::new(AtomicUsize::new(room)) };
        let mut writer = Writer::new(Box::new(disk.clone()), SMALL, false);
        for number in 0..5 {
            writer.item(written(1, 1, number * 20, b"01234567890123456789"));
        }
        let lost = writer.lost().bytes;
        disk.room.store(10_000, Ordering::Relaxed);
        writer.item(written(1, 1, 100, b"again"));
        writer.item(Item::AttemptEnded(id(1, 1), 105));
        let (text, ended) = text(folder.path(), id(1, 1));
        let mark = if lost > 0 { format!("<{lost}>") } else { String::new() };
        let first: String = "01234567890123456789".repeat(5).chars().take(100 - usize::try_from(lost).unwrap()).collect();
        assert_eq!(text, format!("{first}{mark}again"), "room for {room}");
        assert!(ended);
        assert_eq!(lost > 0, room < 260, "room for {room}: {lost}");
    }
}

#[test]
fn a_disk_that_stays_full_is_told_at_the_end() {
    let folder = TempDir::new().unwrap();
    let disk = Full { folder: folder.path().to_owned(), room: Arc::new(AtomicUsize::new(70)) };
    let mut writer = Writer::new(Box::new(disk), SMALL, false);
    writer.item(written(1, 1, 0, b"0123456789"));
    writer.item(written(2, 1, 0, b"not even a file"));
    writer.item(Item::AttemptEnded(id(1, 1), 10));
    assert_eq!(text(folder.path(), id(1, 1)), ("012345<4>".to_owned(), true));
    assert_eq!(attempts(folder.path()).unwrap(), [id(1, 1)]);
    let lost = writer.lost();
    assert_eq!((lost.bytes, lost.steps.len()), (19, 2));
    assert!(lost.reason.is_some());
}

#[test]
fn what_was_written_before_a_process_died_is_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("1-1.0");
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    writer.item(written(1, 1, 0, b"first\n"));
    writer.item(written(1, 1, 6, b"second\n"));
    drop(writer);
    let whole = std::fs::read(&path).unwrap();
    for length in (0..=whole.len()).rev() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let (text, ended) = text(folder.path(), id(1, 1));
        assert!("first\nsecond\n".starts_with(&text) && !ended, "{length}: {text}");
        assert_eq!(text.len(), length.saturating_sub(64).min(6) + length.saturating_sub(94), "{length}");
    }
}

#[test]
fn damaged_files_are_read_as_far_as_they_go() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("1-1.0");
    let mut writer = Writer::new(Box::new(Folder(folder.path().to_owned())), SMALL, false);
    for number in 0..20 {
        writer.item(written(1, 1, number * 10, b"0123456789"));
    }
    writer.item(Item::AttemptEnded(id(1, 1), 200));
    let whole = std::fs::read(&path).unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..2_000 {
        let mut harmed = whole.clone();
        harmed[random.usize(..whole.len())] = random.u8(..);
        std::fs::write(&path, harmed).unwrap();
        let mut reader = OutputReader::new(folder.path().to_owned(), id(1, 1));
        let _ = reader.path();
        let mut pieces = 0;
        while let Ok(Some(_)) = reader.next_piece() {
            pieces += 1;
            assert!(pieces < 1_000, "it ends");
        }
    }
}

/// A folder on a disk that hangs until the other end is dropped.
struct Hanging(Folder, Mutex<Receiver<()>>);

impl Disk for Hanging {
    fn create(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let _ = self.1.lock().unwrap().recv();
        self.0.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        self.0.open(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        self.0.names()
    }
}

#[test]
fn a_disk_that_hangs_costs_output_and_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let (release, hangs) = channel();
    let disk = Hanging(Folder(folder.path().to_owned()), Mutex::new(hangs));
    let writer = Writer::new(Box::new(disk), Bounds::default(), false);
    let output = KeptOutput::new(writer, Arc::new(Silence), Duration::from_millis(1)).unwrap();
    let block = vec![b'x'; 1_000_000];
    for _ in 0..30 {
        output.output(&step(1), 1, Stream::Out, &block);
    }
    let writer = output.writer.lock().unwrap().take().unwrap();
    let (left_out, first) = output.queue.left_out();
    assert!(left_out >= 10_000_000 && first.as_deref() == Some("ship.step[1]"), "{left_out}");
    // Once the disk goes on, so does the output, and says what is missing.
    drop(release);
    output.queue.close();
    writer.recv().unwrap();
    let (text, ended) = text(folder.path(), id(1, 1));
    assert!(ended && text.ends_with(&format!("<{left_out}>")));
    assert_eq!(text.bytes().filter(|byte| *byte == b'x').count() as u64, 30_000_000 - left_out);
}

#[test]
fn the_end_of_a_run_does_not_wait_for_a_disk_that_hangs() {
    let folder = TempDir::new().unwrap();
    let (release, hangs) = channel::<()>();
    let disk = Hanging(Folder(folder.path().to_owned()), Mutex::new(hangs));
    let output = KeptOutput::new(Writer::new(Box::new(disk), SMALL, false), Arc::new(Silence), Duration::from_millis(1)).unwrap();
    output.output(&step(1), 1, Stream::Out, b"hello");
    assert_eq!(output.finish_within(Duration::from_millis(1)).bytes, 5);
    drop(release);
}
