//! Source texts and the way from byte offsets to lines and columns.

use crate::span::{SourceId, Span};
use std::sync::Arc;

/// One text that takes part in a compilation.
#[derive(Clone, Debug)]
pub struct Source {
    /// What people call it: the path as they gave it, or `<stdin>`.
    pub name: Arc<str>,
    /// Its absolute path, or an empty string where it has none.
    pub path: Arc<str>,
    /// The text itself.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    /// How many characters begin before each block of the text, so that a place in a long line is counted from nearby.
    characters: Vec<u32>,
}

/// Size in bytes of the blocks whose characters are counted ahead.
const BLOCK: usize = 1024;

/// A place as people count it; both numbers begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the line.
    pub line: u32,
    /// Number of the Unicode scalar value in the line.
    pub column: u32,
}

impl Source {
    /// Takes a text in and finds its lines.
    #[must_use]
    pub fn new(name: &str, path: &str, text: Arc<str>) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.filter_map(|(at, _)| u32::try_from(at + 1).ok())).collect();
        let counts = text.as_bytes().chunks(BLOCK).scan(0, |count, block| {
            *count += to_u32(characters(block));
            Some(*count)
        });
        let characters = std::iter::once(0).chain(counts).collect();
        Self { name: name.into(), path: path.into(), text, line_starts, characters }
    }

    /// The line and column of a byte offset; one behind the end counts as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.line_starts.get(index)).copied().unwrap_or(0);
        let before = self.characters_before(offset) - self.characters_before(start);
        Position { line: to_u32(line.max(1)), column: to_u32(before + 1) }
    }

    /// How many characters begin before a byte offset.
    fn characters_before(&self, offset: u32) -> usize {
        let offset = (offset as usize).min(self.text.len());
        let block = offset / BLOCK;
        let counted = self.characters.get(block).copied().unwrap_or(0);
        counted as usize + characters(self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default())
    }

    /// The text of a span, empty where the span does not fit the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Number of lines; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }
}

/// How many characters begin in a piece of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// All texts of one compilation, in the order in which they were loaded; the first is the one that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// Adds a text and says how spans name it, or `None` when there are more than 65,535.
    pub fn add(&mut self, source: Source) -> Option<SourceId> {
        let id = u16::try_from(self.all.len()).ok()?;
        self.all.push(source);
        Some(SourceId(id))
    }

    /// The text named by `id`.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.all.get(usize::from(id.0))
    }

    /// The text of a span, empty where there is none.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).map_or("", |source| source.slice(span))
    }

    /// All texts with their names.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.all.iter().enumerate().filter_map(|(index, source)| Some((SourceId(u16::try_from(index).ok()?), source)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a.wf", "", "ab\nçd\n".into());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 2, column: 2 }, "ç has two bytes and is one column");
        assert_eq!(source.position(7), Position { line: 3, column: 1 });
        assert_eq!(source.position(99), Position { line: 3, column: 1 });
        assert_eq!(source.line_count(), 3);
    }

    #[test]
    fn columns_of_long_lines_count_characters_too() {
        let line = "aç€".repeat(700);
        let source = Source::new("a.wf", "", format!("é\n{line}").as_str().into());
        for at in [0, 1, 341, 342, 699, 700] {
            assert_eq!(source.position(to_u32(3 + at * 6)), Position { line: 2, column: to_u32(at * 3 + 1) });
        }
        let whole = Source::new("a.wf", "", "x".repeat(2 * BLOCK).as_str().into());
        assert_eq!(whole.position(to_u32(2 * BLOCK)).column, to_u32(2 * BLOCK + 1));
    }

    #[test]
    fn a_span_that_does_not_fit_the_text_is_empty() {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("a.wf", "", "ç".into())).unwrap();
        assert_eq!(sources.slice(Span::new(id, 0, 2)), "ç");
        assert_eq!(sources.slice(Span::new(id, 0, 1)), "");
        assert_eq!(sources.slice(Span::new(SourceId(4), 0, 1)), "");
    }
}
