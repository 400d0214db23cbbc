//! A source text in printable form, and the way from its offsets to those of the printed one.

use crate::report::escape::{printable_line, push};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use wf_model::source::Source;

/// The printable text; looking up lines takes logarithmic time, so that many diagnostics of a long file stay cheap.
pub(super) struct Excerpt<'s> {
    source: &'s Source,
    name: String,
    text: String,
    line_starts: Vec<usize>,
    /// Where the printed text differs in length: offset behind the character in the source and in the print, ascending.
    shifts: Vec<(usize, usize)>,
}

impl<'s> Excerpt<'s> {
    /// Prints a source.
    pub(super) fn new(source: &'s Source) -> Self {
        let mut text = String::with_capacity(source.text.len());
        let mut shifts = vec![(0, 0)];
        for (at, character) in source.text.char_indices() {
            let behind = at + character.len_utf8();
            let before = text.len();
            // The break of a line of Windows is one break.
            if character != '\r' || !source.text.get(behind..).is_some_and(|rest| rest.starts_with('\n')) {
                push(&mut text, character);
            }
            if text.len() - before != character.len_utf8() {
                shifts.push((behind, text.len()));
            }
        }
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Self { source, name: printable_line(&source.name), text, line_starts, shifts }
    }

    /// The place in the printed text of an offset in the source; always between two characters.
    pub(super) fn offset(&self, offset: u32) -> usize {
        let offset = offset as usize;
        let index = self.shifts.partition_point(|(source, _)| *source <= offset);
        let (source, printed) = index.checked_sub(1).and_then(|index| self.shifts.get(index)).copied().unwrap_or((0, 0));
        self.text.floor_char_boundary(printed + (offset - source).min(self.text.len()))
    }

    /// The column, counted from 0, that the character printed at `offset` has in the source.
    fn column(&self, offset: usize) -> usize {
        let index = self.shifts.partition_point(|(_, printed)| *printed <= offset);
        let (source, printed) = index.checked_sub(1).and_then(|index| self.shifts.get(index)).copied().unwrap_or((0, 0));
        let offset = u32::try_from(source + (offset - printed)).unwrap_or(u32::MAX);
        (self.source.position(offset).column as usize).saturating_sub(1)
    }

    /// Index of the line in which `offset` lies.
    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn start_of(&self, line: usize) -> usize {
        self.line_starts.get(line).copied().unwrap_or(self.text.len())
    }
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let first = self.line(span.offset()).saturating_sub(lines_before);
        let last = self.line(span.offset() + span.len()).saturating_add(lines_after);
        let (start, end) = (self.start_of(first), self.start_of(last.saturating_add(1)));
        let data = self.text.get(start..end).ok_or(MietteError::OutOfBounds)?;
        // Without lines around it, miette asks for the place that it writes above the source.
        let column = if lines_before == 0 { self.column(span.offset()) } else { 0 };
        let (window, count) = ((start, data.len()).into(), self.line_starts.len());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), window, first, column, count)))
    }
}
