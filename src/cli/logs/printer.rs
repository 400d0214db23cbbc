//! How output is shown: as it is, or escaped where a terminal would obey it.

use crate::report::{Output, printable, printable_line};
use std::io;
use wf_store::{AttemptId, OutputPiece};

/// Writes pieces of output, with a heading wherever another attempt goes on.
pub(super) struct Printer {
    pub(super) headings: bool,
    /// Whether control characters are written out.
    pub(super) escape: bool,
    shown: Option<AttemptId>,
    at_line_start: bool,
    /// The beginning of a character whose end has not come.
    rest: Vec<u8>,
}

impl Printer {
    pub(super) const fn new(headings: bool, escape: bool) -> Self {
        Self { headings, escape, shown: None, at_line_start: true, rest: Vec::new() }
    }

    /// Writes a piece of an attempt's output.
    pub(super) fn piece(&mut self, id: AttemptId, title: &str, piece: &OutputPiece, output: &mut Output) -> io::Result<()> {
        if self.shown != Some(id) {
            self.finish(output)?;
            self.heading(title, output)?;
            self.shown = Some(id);
        }
        match piece {
            OutputPiece::Written { bytes, .. } => self.write(bytes, output),
            OutputPiece::LeftOut(bytes) => {
                self.finish(output)?;
                let gap = if self.at_line_start { "" } else { "\n" };
                self.at_line_start = true;
                output.result(&format!("{gap}[{bytes} bytes left out]\n"))
            }
        }
    }

    fn heading(&mut self, title: &str, output: &mut Output) -> io::Result<()> {
        if !self.headings {
            return Ok(());
        }
        let gap = match (self.shown, self.at_line_start) {
            (None, _) => "",
            (Some(_), true) => "\n",
            (Some(_), false) => "\n\n",
        };
        self.at_line_start = true;
        output.result(&format!("{gap}==> {} <==\n", printable_line(title)))
    }

    fn write(&mut self, bytes: &[u8], output: &mut Output) -> io::Result<()> {
        if !self.escape {
            self.at_line_start = bytes.last().map_or(self.at_line_start, |byte| *byte == b'\n');
            return output.bytes(bytes);
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.rest = all.split_off(whole_characters(&all));
        self.show(&all, output)
    }

    fn show(&mut self, bytes: &[u8], output: &mut Output) -> io::Result<()> {
        // Lines that end as they do on Windows look the same everywhere.
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        self.at_line_start = text.chars().next_back().map_or(self.at_line_start, |last| last == '\n');
        output.result(&printable(&text))
    }

    /// Shows what is left of a character that was not finished.
    pub(super) fn finish(&mut self, output: &mut Output) -> io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { Ok(()) } else { self.show(&rest, output) }
    }
}

/// How many bytes there are before a character that is not finished, or a `\r` that may be the first half of a line break.
fn whole_characters(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return bytes.len() - 1;
    }
    let start = bytes.len().saturating_sub(3);
    let begins = bytes.iter().skip(start).rposition(|byte| *byte >= 0xc0).map(|place| start + place);
    let Some((place, lead)) = begins.and_then(|place| bytes.get(place).map(|lead| (place, *lead))) else { return bytes.len() };
    let length = match lead {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    };
    if place + length > bytes.len() { place } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::Printer;
    use crate::report::Output;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use wf_model::event::{InstanceId, Timestamp};
    use wf_runtime::executor::Stream;
    use wf_store::{AttemptId, OutputPiece};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is shown of pieces, each of an attempt of the step of its number.
    fn shown(printer: &mut Printer, pieces: &[(u64, &[u8])]) -> Vec<u8> {
        let screen = Shared::default();
        let mut output = Output::new(Box::new(screen.clone()), Box::new(io::sink()));
        for (instance, bytes) in pieces {
            let id = AttemptId { instance: InstanceId(*instance), attempt: 1 };
            let piece = OutputPiece::Written { at: Timestamp::default(), stream: Stream::Out, bytes: bytes.to_vec() };
            printer.piece(id, &format!("step{instance}"), &piece, &mut output).unwrap();
        }
        printer.finish(&mut output).unwrap();
        screen.0.lock().unwrap().clone()
    }

    #[test]
    fn bytes_stay_as_they_are_unless_a_terminal_would_obey_them() {
        let bytes: &[u8] = b"\x1b]0;title\x07 \xff\r\n";
        assert_eq!(shown(&mut Printer::new(false, false), &[(1, bytes)]), bytes);
        let escaped = shown(&mut Printer::new(false, true), &[(1, bytes)]);
        assert_eq!(String::from_utf8(escaped).unwrap(), "\\u{1b}]0;title\\u{7} \u{fffd}\n");
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let text = "aä€😀\r\nb\r";
        for place in 0..=text.len() {
            let (first, second) = text.as_bytes().split_at(place);
            let shown = shown(&mut Printer::new(false, true), &[(1, first), (1, second)]);
            assert_eq!(String::from_utf8(shown).unwrap(), "aä€😀\nb\\u{d}", "{place}");
        }
    }

    #[test]
    fn headings_stand_where_another_step_goes_on() {
        let pieces: &[(u64, &[u8])] = &[(1, b"a"), (1, b"b"), (2, b"c\n"), (1, b"d")];
        let shown = shown(&mut Printer::new(true, false), pieces);
        assert_eq!(String::from_utf8(shown).unwrap(), "==> step1 <==\nab\n\n==> step2 <==\nc\n\n==> step1 <==\nd");
    }
}
