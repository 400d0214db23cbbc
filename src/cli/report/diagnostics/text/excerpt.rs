//! A source text in printable form, and the way from its offsets to those of the printed one.

use crate::report::escape::{printable_line, push};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;
use wf_model::source::Source;

/// Bytes of a line that are printed whole; of a longer one only what stands near the places that are pointed at.
const LONGEST_LINE: usize = 400;

/// Bytes that are printed on either side of such a place.
const NEAR: usize = 60;

/// The printable text; looking up lines takes logarithmic time, so that many diagnostics of a long file stay cheap.
pub(super) struct Excerpt<'s> {
    source: &'s Source,
    name: String,
    text: String,
    line_starts: Vec<usize>,
    /// Index in the source of the first line of the text.
    first_line: usize,
    /// Where the printed text differs in length: offset behind the character in the source and in the print, ascending.
    shifts: Vec<(usize, usize)>,
}

/// Whether a source has a line that is not printed whole.
pub(super) fn has_long_line(source: &Source) -> bool {
    source.text.lines().any(|line| line.len() > LONGEST_LINE)
}

impl<'s> Excerpt<'s> {
    /// Prints a source.
    pub(super) fn new(source: &'s Source) -> Self {
        let mut excerpt = Self::empty(source, 0);
        excerpt.print(0..source.text.len());
        excerpt.finished()
    }

    /// Prints the lines around `places`, offsets of the source, and of long lines only what stands near one of them.
    pub(super) fn around(source: &'s Source, places: &[usize]) -> Self {
        let text = &*source.text;
        let (first, last) = (places.iter().min().copied().unwrap_or(0), places.iter().max().copied().unwrap_or(0));
        let line_start = |offset: usize| text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line_end =
            |offset: usize| text.get(offset..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| offset + at + 1);
        let start = line_start(line_start(text.floor_char_boundary(first)).saturating_sub(1));
        let end = line_end(line_end(text.floor_char_boundary(last)));
        let first_line = u32::try_from(start).map_or(0, |start| source.position(start).line as usize).saturating_sub(1);
        let mut excerpt = Self::empty(source, first_line);
        excerpt.shifts.push((start, 0));
        let mut at = start;
        for line in text.get(start..end).unwrap_or_default().split_inclusive('\n') {
            excerpt.line(at..at + line.len(), places);
            at += line.len();
        }
        excerpt.finished()
    }

    fn empty(source: &'s Source, first_line: usize) -> Self {
        let name = printable_line(&source.name);
        Self { source, name, text: String::new(), line_starts: Vec::new(), first_line, shifts: vec![(0, 0)] }
    }

    /// Prints one line of the source.
    fn line(&mut self, line: Range<usize>, places: &[usize]) {
        if line.len() <= LONGEST_LINE {
            return self.print(line);
        }
        let text = &*self.source.text;
        let mut kept: Vec<Range<usize>> =
            places.iter().filter(|place| line.contains(place)).map(|place| *place..*place).collect();
        kept.sort_by_key(|range| range.start);
        kept.push(line.end..line.end);
        if kept.len() == 1 {
            kept.insert(0, line.start..line.start);
        }
        let mut at = line.start;
        for place in kept {
            let start = text.floor_char_boundary(place.start.saturating_sub(NEAR)).max(at);
            let end = text.floor_char_boundary(place.end + NEAR).min(line.end).max(start);
            if start > at {
                self.text.push('…');
                self.shifts.push((start, self.text.len()));
            }
            self.print(start..end);
            at = end;
        }
    }

    /// Prints a stretch of the source.
    fn print(&mut self, stretch: Range<usize>) {
        let start = stretch.start;
        let whole = &*self.source.text;
        for (at, character) in whole.get(stretch).unwrap_or_default().char_indices() {
            let behind = start + at + character.len_utf8();
            let before = self.text.len();
            // The break of a line of Windows is one break.
            if character != '\r' || !whole.get(behind..).is_some_and(|rest| rest.starts_with('\n')) {
                push(&mut self.text, character);
            }
            if self.text.len() - before != character.len_utf8() {
                self.shifts.push((behind, self.text.len()));
            }
        }
    }

    fn finished(mut self) -> Self {
        let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        self.line_starts = std::iter::once(0).chain(breaks).collect();
        self
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

    /// Index of the printed line in which `offset` lies.
    fn line_at(&self, offset: usize) -> usize {
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
        let first = self.line_at(span.offset()).saturating_sub(lines_before);
        let last = self.line_at(span.offset() + span.len()).saturating_add(lines_after);
        let (start, end) = (self.start_of(first), self.start_of(last.saturating_add(1)));
        let data = self.text.get(start..end).ok_or(MietteError::OutOfBounds)?;
        // Without lines around it, miette asks for the place that it writes above the source.
        let column = if lines_before == 0 { self.column(span.offset()) } else { 0 };
        // By the count miette joins places whose lines touch, and no others.
        let (window, line, count) = ((start, data.len()).into(), self.first_line + first, last - first + 1);
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), window, line, column, count)))
    }
}
