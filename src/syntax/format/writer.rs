//! Lines with their indentation.

/// Blanks for each level.
pub(super) const LEVEL: usize = 2;

/// Writes words, lines and comments; never a blank at the end of a line.
pub(super) struct Writer {
    text: String,
    /// The level of the line at hand.
    indentation: usize,
    /// Whether nothing stands on the line yet.
    fresh: bool,
    /// Whether the line ends with a comment.
    commented: bool,
}

impl Writer {
    pub(super) fn new(capacity: usize) -> Self {
        Self { text: String::with_capacity(capacity), indentation: 0, fresh: true, commented: false }
    }

    /// The level of the line at hand.
    pub(super) fn indentation(&self) -> usize {
        self.indentation
    }

    /// Writes a word, with a blank before it where `apart`, unless it begins the line.
    pub(super) fn word(&mut self, word: &str, apart: bool) {
        if self.commented {
            self.line(self.indentation);
        }
        if self.fresh {
            self.text.extend(std::iter::repeat_n(' ', self.indentation * LEVEL));
        } else if apart {
            self.text.push(' ');
        }
        self.fresh = false;
        self.text.push_str(word);
    }

    /// Begins a line, unless the one at hand is empty.
    pub(super) fn line(&mut self, indentation: usize) {
        if !self.fresh {
            self.text.push('\n');
        }
        self.indentation = indentation;
        self.fresh = true;
        self.commented = false;
    }

    /// Leaves a line empty above the one that was just begun; nothing stands above the first.
    pub(super) fn blank_line(&mut self) {
        if self.fresh && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Whether a comment can stand at the end of the line at hand.
    pub(super) fn takes_comment(&self) -> bool {
        !self.fresh && !self.commented
    }

    /// Writes a comment behind what stands on the line.
    pub(super) fn trailing_comment(&mut self, comment: &str) {
        self.text.push_str("  ");
        self.text.push_str(comment);
        self.commented = true;
    }

    /// Says that the word just written is a comment.
    pub(super) fn end_comment(&mut self) {
        self.commented = true;
    }

    /// All of the text, the last line ended.
    pub(super) fn finish(mut self) -> String {
        self.line(0);
        self.text
    }
}
