//! The formatter: one way to lay a file out, and no options.
//!
//! - Two blanks for each level, one statement a line, at most one blank line in a row and none at the edges of a body; one
//!   between items, but `use`, `type` and `let` may stand together.
//! - The author decides what takes several lines: a body that is written on one line, and a bracket without a break or comment
//!   behind it, stay on one line; in others each entry or element has its own, and no comma. A break beside an operator stays.
//! - The parts of a header are sorted: main attribute, `->`, `depends on`, `when`; not where a comment stands between them.
//! - Comments stay where they are; strings stay as they are, but the lines of a block string move with its statement.
//!
//! Nothing changes what a file means: all tokens stay, in their order within each header part, except commas and line breaks that
//! separate.

mod block_text;
mod brackets;
mod head;
mod order;
mod pieces;
mod roles;
#[cfg(test)]
mod tests;
mod writer;

use crate::scan::{Body, Entry, Part, Token, TokenKind, scan};
use order::Orders;
use pieces::{Comment, Gap};
use std::ops::Range;
use wf_model::diagnostic::Diagnostic;
use wf_model::span::{SourceId, Span};
use writer::Writer;

/// Lays a file out.
///
/// # Errors
///
/// The diagnostics of a file that cannot be read without one; their spans name source 0.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let source = SourceId(0);
    let parsed = crate::parse(source, text);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let scanned = scan(source, text);
    let orders = Orders::of(&parsed.file);
    let mut printer = Printer { text, tokens: &scanned.tokens, orders, out: Writer::new(text.len()) };
    printer.entries(&scanned.entries, 0..scanned.tokens.len(), Place::File);
    Ok(printer.out.finish())
}

/// Where entries stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the file itself.
    File,
    /// In a body, with this indentation.
    Body(usize),
}

impl Place {
    fn indentation(self) -> usize {
        match self {
            Self::File => 0,
            Self::Body(indentation) => indentation,
        }
    }
}

struct Printer<'a> {
    text: &'a str,
    tokens: &'a [Token],
    orders: Orders,
    out: Writer,
}

impl<'a> Printer<'a> {
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The first token that begins at `offset` or behind it.
    fn token_at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.span.start < offset)
    }

    /// The tokens of a span.
    fn tokens_of(&self, span: Span) -> Range<usize> {
        self.token_at(span.start)..self.token_at(span.end)
    }

    fn gap(&self, range: Range<usize>) -> Gap<'a> {
        Gap::of(self.text, self.tokens.get(range).unwrap_or_default())
    }

    /// Entries on lines of their own, with the comments among them, out of the tokens of `range`.
    fn entries(&mut self, entries: &[Entry], range: Range<usize>, place: Place) {
        let indentation = place.indentation();
        let mut at = range.start;
        let mut before: Option<&Entry> = None;
        for entry in entries {
            let tokens = self.tokens_of(entry.span);
            let gap = self.gap(at..tokens.start);
            let apart = place == Place::File && before.is_some_and(|before| self.apart(before, entry));
            let first = before.is_none();
            let written = self.comments(&gap.comments, indentation, first, apart);
            self.out.line(indentation);
            if (!first || written) && (gap.breaks > 1 || apart && !written) {
                self.out.blank_line();
            }
            self.entry(entry, indentation);
            at = tokens.end;
            before = Some(entry);
        }
        let gap = self.gap(at..range.end);
        self.comments(&gap.comments, indentation, before.is_none(), false);
    }

    /// Writes comments; whether one has a line of its own. Where they are not the `first` of a body, blank lines between them stay;
    /// where `apart`, one comes before them in any case.
    fn comments(&mut self, comments: &[Comment<'a>], indentation: usize, first: bool, apart: bool) -> bool {
        let mut own = false;
        for comment in comments {
            if comment.breaks == 0 && self.out.takes_comment() {
                self.out.trailing_comment(&comment.normal());
                continue;
            }
            self.out.line(indentation);
            if (comment.breaks > 1 || apart && !own) && (!first || own) {
                self.out.blank_line();
            }
            self.out.word(&comment.normal(), false);
            self.out.end_comment();
            own = true;
        }
        own
    }

    /// Whether a blank line stands between two items of a file in any case.
    fn apart(&self, before: &Entry, entry: &Entry) -> bool {
        let is_long = |entry: &Entry| entry.parts.iter().any(|part| matches!(part, Part::Body(_)));
        let word = |entry: &Entry| self.tokens.get(self.token_at(entry.span.start)).map(|token| self.slice(token.span));
        is_long(before) || is_long(entry) || word(before) != word(entry)
    }

    fn entry(&mut self, entry: &Entry, indentation: usize) {
        let mut at = self.token_at(entry.span.start);
        for (place, part) in entry.parts.iter().enumerate() {
            match part {
                Part::Head(head) => {
                    let tokens = self.tokens_of(head.span);
                    if place > 0 {
                        let gap = self.gap(at..tokens.start);
                        self.before_else(&gap, indentation);
                    }
                    self.head(tokens.clone(), entry.span.start, indentation);
                    at = tokens.end;
                }
                Part::Body(body) => {
                    self.body(body, indentation);
                    at = self.token_at(body.close.unwrap_or(body.open).end);
                }
            }
        }
    }

    /// `else` stands behind the brace, unless a comment stands between them.
    fn before_else(&mut self, gap: &Gap<'a>, indentation: usize) {
        if !gap.comments.is_empty() {
            self.comments(&gap.comments, indentation, false, false);
            self.out.line(indentation);
        }
    }

    fn body(&mut self, body: &Body, indentation: usize) {
        let inside = self.token_at(body.open.end)..self.token_at(body.close.unwrap_or(body.open).start);
        self.out.word("{", true);
        let tokens = self.tokens.get(inside.clone()).unwrap_or_default();
        let commented = tokens.iter().any(|token| matches!(token.kind, TokenKind::Comment | TokenKind::Doc));
        let lines = tokens.iter().any(|token| token.kind == TokenKind::LineBreak || self.slice(token.span).contains('\n'));
        if body.entries.is_empty() && !commented {
            self.out.word("}", false);
        } else if lines {
            self.entries(&body.entries, inside, Place::Body(indentation + 1));
            self.out.line(indentation);
            self.out.word("}", false);
        } else {
            self.on_one_line(&body.entries, indentation);
        }
    }

    fn on_one_line(&mut self, entries: &[Entry], indentation: usize) {
        for (place, entry) in entries.iter().enumerate() {
            if place > 0 {
                self.out.word(",", false);
            }
            self.entry(entry, indentation);
        }
        self.out.word("}", true);
    }
}
