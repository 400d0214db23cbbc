//! The few things that are done with files of output.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// Where segments are.
pub(super) trait Disk: Send {
    /// A new, empty file; there must be none of the name.
    fn create(&self, name: &str) -> io::Result<Box<dyn Segment>>;
    /// A file that was made before, to go on at its end.
    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>>;
    /// Takes a file away.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Names of all files.
    fn names(&self) -> io::Result<Vec<(String, u64)>>;
}

/// A file that grows.
pub(super) trait Segment: Send {
    /// Writes at the end; gives how many bytes were written, which are fewer where there was no room.
    fn append(&mut self, parts: [&[u8]; 2]) -> io::Result<usize>;
    /// Writes over what is there.
    fn patch(&mut self, place: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts off what stands behind `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// A folder of the file system.
pub(super) struct Folder(pub(super) PathBuf);

impl Disk for Folder {
    fn create(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.0.join(name));
        let file = match open() {
            // The first output of the run.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::DirBuilder::new().create(&self.0)?;
                open()
            }
            opened => opened,
        };
        Ok(Box::new(OpenSegment { file: file?, length: 0 }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Segment>> {
        let file = OpenOptions::new().write(true).custom_flags(no_links()).open(self.0.join(name))?;
        let length = file.metadata()?.len();
        Ok(Box::new(OpenSegment { file, length }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }

    fn names(&self) -> io::Result<Vec<(String, u64)>> {
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let named = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.metadata().map_or(0, |found| found.len())))
        };
        entries.map(named).collect()
    }
}

/// Files of output are never links.
pub(super) fn no_links() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

struct OpenSegment {
    file: File,
    length: u64,
}

impl Segment for OpenSegment {
    fn append(&mut self, parts: [&[u8]; 2]) -> io::Result<usize> {
        let (mut rest, mut written) = (parts, 0);
        while !rest.concat_is_empty() {
            let slices = rest.map(IoSlice::new);
            match rustix::io::pwritev(&self.file, &slices, self.length) {
                Ok(0) => break,
                Ok(some) => {
                    written += some;
                    self.length += some as u64;
                    rest = rest.without(some);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) if written == 0 => return Err(error.into()),
                Err(_) => break,
            }
        }
        Ok(written)
    }

    fn patch(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, place)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }
}

/// Two pieces that are written one behind the other.
trait Pieces {
    fn concat_is_empty(&self) -> bool;
    fn without(self, count: usize) -> Self;
}

impl Pieces for [&[u8]; 2] {
    fn concat_is_empty(&self) -> bool {
        self.iter().all(|piece| piece.is_empty())
    }

    fn without(self, count: usize) -> Self {
        let [first, second] = self;
        let of_first = count.min(first.len());
        [first.get(of_first..).unwrap_or_default(), second.get(count - of_first..).unwrap_or_default()]
    }
}
