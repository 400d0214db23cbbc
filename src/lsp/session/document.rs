//! A text that an editor holds.

use crate::position::{Encoding, Lines};
use crate::types::{TextDocumentContentChangeEvent, Uri};

/// A text that an editor holds, in the state of its last change.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: String,
}

impl Document {
    /// Makes changes in their order, each to what the one before left.
    pub(crate) fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        self.version = version;
        for change in changes {
            let Some(range) = change.range else {
                self.text = change.text;
                continue;
            };
            let lines = Lines::new(&self.text);
            let start = lines.offset(&self.text, range.start, encoding);
            let end = lines.offset(&self.text, range.end, encoding).max(start);
            self.text.replace_range(start..end, &change.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Document;
    use crate::position::Encoding;
    use crate::types::{Position, Range, TextDocumentContentChangeEvent, Uri};
    use std::str::FromStr;

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let range = Range { start: Position::new(from.0, from.1), end: Position::new(to.0, to.1) };
        TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.to_owned() }
    }

    #[test]
    fn each_change_counts_in_what_the_one_before_left() {
        let uri = Uri::from_str("file:///a.wf").unwrap();
        let mut document = Document { uri, version: 1, text: "one\ntwo\u{1F600}!\n".to_owned() };
        let changes = vec![change((0, 0), (1, 0), ""), change((0, 3), (0, 5), "\n"), change((9, 9), (9, 9), "end")];
        document.change(2, changes, Encoding::Utf16);
        assert_eq!((document.text.as_str(), document.version), ("two\n!\nend", 2));
        document.change(3, vec![change((1, 1), (0, 0), "?")], Encoding::Utf16);
        assert_eq!(document.text, "two\n!?\nend", "an end before the start is taken as the start");
    }
}
