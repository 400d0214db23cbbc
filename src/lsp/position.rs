//! From byte offsets to the positions of the protocol and back, in the unit that the client counts in.

use crate::types::{Position, PositionEncodingKind, Range};

/// What the characters of a line are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Halves of what UTF-16 writes; what is meant where nobody says anything.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best one that a client offers.
    pub(crate) fn best(offered: &[PositionEncodingKind]) -> Self {
        let has = |encoding: &Self| offered.contains(&encoding.name());
        [Self::Utf8, Self::Utf16, Self::Utf32].into_iter().find(has).unwrap_or_default()
    }

    /// Its name in the protocol.
    pub(crate) fn name(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// How long a text is.
    pub(crate) fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        }
    }

    fn of(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text.
    pub(crate) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// The bytes of a line without its break.
    pub(crate) fn line<'a>(&self, text: &'a str, line: usize) -> &'a str {
        let start = self.starts.get(line).copied().unwrap_or(text.len());
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Where a line begins; the end of the text where there are not so many.
    pub(crate) fn start(&self, text: &str, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(text.len())
    }

    /// The line of an offset.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The position of an offset; one inside a character counts as its start.
    pub(crate) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let start = self.start(text, line);
        Position { line: to_u32(line), character: to_u32(encoding.length(text.get(start..offset).unwrap_or(""))) }
    }

    /// The offset of a position; one behind the end of its line counts as that end, one inside a character as its start.
    pub(crate) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        let start = self.start(text, line);
        let mut left = position.character as usize;
        let mut offset = start;
        for character in self.line(text, line).chars() {
            let length = encoding.of(character);
            if left < length {
                break;
            }
            left -= length;
            offset += character.len_utf8();
        }
        offset
    }

    /// The range of two offsets.
    pub(crate) fn range(&self, text: &str, range: std::ops::Range<usize>, encoding: Encoding) -> Range {
        Range { start: self.position(text, range.start, encoding), end: self.position(text, range.end, encoding) }
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Lines};
    use crate::types::{Position, PositionEncodingKind};

    const TEXT: &str = "a\u{e7}\r\n\u{1F600}b";

    #[test]
    fn positions_count_in_the_unit_of_the_client_and_lead_back() {
        let lines = Lines::new(TEXT);
        for (encoding, widths) in [(Encoding::Utf8, [3, 4]), (Encoding::Utf16, [2, 2]), (Encoding::Utf32, [2, 1])] {
            let places = [(3, Position::new(0, widths[0])), (5, Position::new(1, 0)), (9, Position::new(1, widths[1]))];
            for (offset, position) in places {
                assert_eq!(lines.position(TEXT, offset, encoding), position, "{encoding:?}");
                assert_eq!(lines.offset(TEXT, position, encoding), offset, "{encoding:?}");
            }
        }
    }

    #[test]
    fn positions_outside_the_text_are_the_nearest_inside() {
        let lines = Lines::new(TEXT);
        let offset = |line, character| lines.offset(TEXT, Position::new(line, character), Encoding::Utf16);
        assert_eq!([offset(0, 99), offset(7, 0), offset(1, 1)], [3, TEXT.len(), 5], "not behind a break, nor inside a character");
        assert_eq!(lines.position(TEXT, 6, Encoding::Utf16), Position::new(1, 0));
        assert_eq!(lines.position(TEXT, 999, Encoding::Utf16), Position::new(1, 3));
    }

    #[test]
    fn clients_that_know_bytes_are_told_bytes() {
        let [eight, sixteen, thirty_two] = [PositionEncodingKind::UTF8, PositionEncodingKind::UTF16, PositionEncodingKind::UTF32];
        assert_eq!(Encoding::best(&[sixteen.clone(), eight]), Encoding::Utf8);
        assert_eq!(Encoding::best(std::slice::from_ref(&thirty_two)), Encoding::Utf32);
        assert_eq!(Encoding::best(&[thirty_two, sixteen]), Encoding::Utf16);
        assert_eq!(Encoding::best(&[]), Encoding::Utf16);
    }
}
