//! The two streams of the process; nothing else writes to them.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Where commands write. A reader that went away (`| head -1`) is no failure: what follows is dropped.
pub struct Output {
    results: Stream,
    notes: Stream,
}

struct Stream {
    sink: Box<dyn Write>,
    closed: bool,
}

impl Output {
    /// Writes to stdout and stderr of this process.
    #[must_use]
    pub fn process() -> Self {
        // Not locked: the report of a run writes to stderr from other threads.
        Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Writes results to the first sink and everything else to the second.
    #[must_use]
    pub fn new(results: Box<dyn Write>, notes: Box<dyn Write>) -> Self {
        Self { results: Stream { sink: results, closed: false }, notes: Stream { sink: notes, closed: false } }
    }

    /// Writes a result, as it is.
    ///
    /// # Errors
    /// Where the stream takes no more for another reason than that its reader went away.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        self.results.write(text.as_bytes())
    }

    /// Writes a result that need not be text.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.results.write(bytes)
    }

    /// Writes what is not a result, as it is.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.notes.write(text.as_bytes())
    }

    /// Says what went wrong outside any file, and what to do.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn error(&mut self, message: impl Display, help: &str) -> io::Result<()> {
        self.note(&format!("error: {message}\nhelp: {help}\n"))
    }

    /// Whether nobody reads the results any more; commands without an end stop then.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.results.closed
    }
}

impl Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.sink.write_all(bytes).and_then(|()| self.sink.flush());
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Output;
    use std::io::{self, ErrorKind, Write};

    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let mut output = Output::new(Box::new(Refusing(ErrorKind::BrokenPipe)), Box::new(io::sink()));
        output.result("one").unwrap();
        output.result("two").unwrap();
        assert!(output.is_closed());
    }

    #[test]
    fn a_full_disk_is_a_failure() {
        let mut output = Output::new(Box::new(Refusing(ErrorKind::StorageFull)), Box::new(io::sink()));
        assert_eq!(output.result("one").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
