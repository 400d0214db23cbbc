//! The tokens that say something, with what stands before each.

use crate::scan::{Token, TokenKind};
use std::borrow::Cow;

/// A comment in a gap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment<'a> {
    text: &'a str,
    /// How many lines end between what stands before it and it.
    pub(super) breaks: usize,
}

impl<'a> Comment<'a> {
    /// As it is written: no blanks at the end, one at least behind `##`.
    pub(super) fn normal(&self) -> Cow<'a, str> {
        let text = self.text.trim_end();
        match text.strip_prefix("##") {
            Some(doc) if !doc.is_empty() && !doc.starts_with([' ', '#']) => Cow::Owned(format!("## {}", doc.trim_start())),
            _ => Cow::Borrowed(text),
        }
    }
}

/// What stands between two pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Gap<'a> {
    pub(super) comments: Vec<Comment<'a>>,
    /// How many lines end behind the last comment, or in all.
    pub(super) breaks: usize,
    /// Whether there is nothing at all.
    pub(super) nothing: bool,
}

impl<'a> Gap<'a> {
    pub(super) fn of(text: &'a str, tokens: &[Token]) -> Self {
        let mut gap = Self { nothing: tokens.is_empty(), ..Self::default() };
        // A doc comment above a comma or behind it belongs to nothing, and must not come to stand right above what follows.
        let mut behind_comma = false;
        for token in tokens {
            match token.kind {
                TokenKind::LineBreak => (gap.breaks, behind_comma) = (gap.breaks + 1, false),
                TokenKind::Comment | TokenKind::Doc => {
                    let text = text.get(token.span.range()).unwrap_or("");
                    gap.comments.push(Comment { text, breaks: gap.breaks });
                    gap.breaks = if behind_comma { 2 } else { 0 };
                }
                TokenKind::Sign => {
                    behind_comma = !gap.comments.is_empty();
                    gap.breaks = if behind_comma { 2 } else { 0 };
                }
                TokenKind::Blank | TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Stray => {}
            }
        }
        gap
    }

    /// This gap and the one that follows it, what stood between them gone.
    pub(super) fn joined(mut self, next: Self) -> Self {
        if next.comments.is_empty() {
            self.breaks = self.breaks.max(next.breaks);
        } else {
            let outer = self.breaks;
            let first = self.comments.len();
            self.comments.extend(next.comments);
            if let Some(comment) = self.comments.get_mut(first) {
                comment.breaks = comment.breaks.max(outer);
            }
            self.breaks = next.breaks;
        }
        self.nothing = false;
        self
    }
}

/// A token that says something.
#[derive(Clone, Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    pub(super) start: u32,
    /// What stands before it.
    pub(super) gap: Gap<'a>,
    /// Whether it begins a part of a header.
    pub(super) begins_part: bool,
}

impl<'a> Piece<'a> {
    /// The pieces of `tokens`, the first of which is one.
    pub(super) fn all(text: &'a str, tokens: &[Token]) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for (place, token) in tokens.iter().enumerate() {
            if matches!(token.kind, TokenKind::Blank | TokenKind::LineBreak | TokenKind::Comment | TokenKind::Doc) {
                continue;
            }
            pieces.push(Piece {
                kind: token.kind,
                text: text.get(token.span.range()).unwrap_or(""),
                start: token.span.start,
                gap: Gap::of(text, tokens.get(start..place).unwrap_or_default()),
                begins_part: false,
            });
            start = place + 1;
        }
        pieces
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text == word
    }

    pub(super) fn opens(&self) -> bool {
        self.kind == TokenKind::Sign && matches!(self.text, "(" | "[" | "{")
    }

    pub(super) fn closes(&self) -> bool {
        self.kind == TokenKind::Sign && matches!(self.text, ")" | "]" | "}")
    }

    /// Whether it stands on a line below the piece before it.
    pub(super) fn begins_line(&self) -> bool {
        self.gap.breaks > 0 || !self.gap.comments.is_empty()
    }
}
