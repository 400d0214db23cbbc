//! Heads of statements, piece by piece.

use super::Printer;
use super::block_text::moved;
use super::brackets::{Laid, Separated, lay};
use super::pieces::Piece;
use super::roles::{Role, apart};
use crate::scan::TokenKind;
use std::ops::Range;

/// The head itself, or a bracket that is open.
#[derive(Clone, Copy)]
struct Level {
    /// Whether it takes several lines.
    long: bool,
    /// The indentation of its elements.
    inner: usize,
    /// The indentation of its closing bracket.
    outer: usize,
}

impl<'a> Printer<'a> {
    /// Writes the head that `tokens` are; a continued line of it stands one level further right.
    pub(super) fn head(&mut self, tokens: Range<usize>, statement: u32, indentation: usize) {
        let mut pieces = Piece::all(self.text, self.tokens.get(tokens).unwrap_or_default());
        if pieces.first().is_some_and(|first| first.start == statement) {
            pieces = self.orders.sorted(statement, pieces);
        }
        let keeps_commas = pieces.first().is_some_and(|first| first.is_word("use"));
        let laid = lay(pieces);
        let base = Level { long: false, inner: indentation, outer: indentation };
        let mut levels = vec![base];
        let mut before: Option<&Laid<'a>> = None;
        for piece in &laid {
            let level = levels.last().copied().unwrap_or(base);
            if piece.role == Role::Close && levels.len() > 1 {
                levels.pop();
            }
            self.piece(piece, before, level, keeps_commas);
            if piece.role.opens() {
                let outer = self.out.indentation();
                levels.push(Level { long: piece.long, inner: outer + usize::from(piece.long), outer });
            }
            before = Some(piece);
        }
    }

    fn piece(&mut self, laid: &Laid<'a>, before: Option<&Laid<'a>>, level: Level, keeps_commas: bool) {
        let Some(before) = before else { return self.write(laid, true) };
        let behind_bracket = before.role.opens();
        match laid.separated {
            _ if level.long && (laid.role == Role::Close || behind_bracket) => self.edge(laid, behind_bracket, level),
            Separated::Comma | Separated::NeededComma | Separated::Break | Separated::Line if level.long => {
                if laid.separated == Separated::NeededComma || keeps_commas {
                    self.out.word(",", false);
                }
                self.on_next_line(laid, level.inner, laid.piece.gap.breaks > 1);
            }
            Separated::Comma | Separated::NeededComma | Separated::Break => {
                self.out.word(",", false);
                self.write(laid, true);
            }
            Separated::Line => self.on_next_line(laid, level.inner, false),
            Separated::No if laid.piece.begins_line() && !behind_bracket && laid.role != Role::Close => {
                self.on_next_line(laid, level.inner + 1, false);
            }
            Separated::No => self.write(laid, apart((&before.piece, before.role), (&laid.piece, laid.role))),
        }
    }

    /// Writes the first piece in a bracket of several lines, or its closing bracket.
    fn edge(&mut self, laid: &Laid<'a>, first: bool, level: Level) {
        let closes = laid.role == Role::Close;
        let own = self.comments(&laid.piece.gap.comments, level.inner, first, false);
        self.out.line(if closes { level.outer } else { level.inner });
        if own && !closes && laid.piece.gap.breaks > 1 {
            self.out.blank_line();
        }
        self.write(laid, false);
    }

    fn on_next_line(&mut self, laid: &Laid<'a>, indentation: usize, blank_line: bool) {
        self.comments(&laid.piece.gap.comments, indentation, false, false);
        self.out.line(indentation);
        if blank_line {
            self.out.blank_line();
        }
        self.write(laid, false);
    }

    fn write(&mut self, laid: &Laid<'a>, apart: bool) {
        if laid.piece.kind == TokenKind::Text {
            let text = moved(laid.piece.text, self.out.indentation());
            self.out.word(&text, apart);
        } else {
            self.out.word(laid.piece.text, apart);
        }
    }
}
