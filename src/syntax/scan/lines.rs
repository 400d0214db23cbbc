//! Where lines begin, and how far they are indented.

use super::{Token, TokenKind};

/// For each token whether it is the first of its line that is no blank, and the indentation of its line in bytes.
pub(super) struct Lines {
    first: Vec<bool>,
    indentation: Vec<u32>,
}

impl Lines {
    pub(super) fn of(tokens: &[Token]) -> Self {
        let mut lines = Self { first: Vec::with_capacity(tokens.len()), indentation: Vec::with_capacity(tokens.len()) };
        let (mut at_start, mut indentation) = (true, 0);
        for token in tokens {
            match token.kind {
                TokenKind::LineBreak => {
                    lines.push(false, indentation);
                    (at_start, indentation) = (true, 0);
                }
                TokenKind::Blank if at_start => {
                    indentation = token.span.end - token.span.start;
                    lines.push(false, indentation);
                }
                _ => {
                    lines.push(at_start, indentation);
                    at_start = false;
                }
            }
        }
        lines
    }

    fn push(&mut self, first: bool, indentation: u32) {
        self.first.push(first);
        self.indentation.push(indentation);
    }

    /// Whether the token is the first of its line.
    pub(super) fn is_first(&self, token: usize) -> bool {
        self.first.get(token).copied().unwrap_or(false)
    }

    /// The indentation of the token's line.
    pub(super) fn indentation(&self, token: usize) -> u32 {
        self.indentation.get(token).copied().unwrap_or(0)
    }
}
