//! Here-documents: delimiters, and bodies behind the end of the line.

use super::context::{Context, FlawKind, Refusal};
use super::frame::Frame;
use super::interpreter::Interpreter;
use super::lexer::Lexer;
use super::symbols::Symbol;

/// A here-document whose body has not begun.
#[derive(Debug)]
pub(super) struct Pending {
    /// The `<<`.
    opened: usize,
    /// Its delimiter without quotes.
    delimiter: Vec<char>,
    /// Whether a part of the delimiter is quoted, so that the body is plain text.
    quoted: bool,
    /// Whether it is `<<-`, so that tabs may stand before the delimiter.
    strips_tabs: bool,
    /// Whether a value stands in the delimiter, so that the end cannot be told.
    refused: bool,
    /// What reads the body as its program.
    pub(super) reader: Option<&'static Interpreter>,
}

/// Where a body ends.
struct BodyEnd {
    /// Behind its last line.
    end: usize,
    /// Behind the line of the delimiter.
    behind: usize,
    /// Whether there is such a line.
    found: bool,
}

impl Lexer<'_> {
    /// Reads `<<` or `<<-` and the delimiter.
    pub(super) fn here_delimiter(&mut self) {
        let opened = self.place;
        self.place += 2;
        let strips_tabs = self.character(0) == Some('-');
        self.place += usize::from(strips_tabs);
        while matches!(self.character(0), Some(' ' | '\t')) {
            self.place += 1;
        }
        let mut pending = Pending { opened, delimiter: Vec::new(), quoted: false, strips_tabs, refused: false, reader: None };
        while self.delimiter_symbol(&mut pending) {}
        if pending.refused {
            return;
        }
        if let Some(words) = self.words() {
            words.input.documents += 1;
        }
        if let Some(level) = self.pending.last_mut() {
            level.push_back(pending);
        }
    }

    /// Reads a symbol of the delimiter; says whether it goes on.
    fn delimiter_symbol(&mut self, pending: &mut Pending) -> bool {
        match self.peek(0) {
            None => return false,
            Some(Symbol::Value(value)) => {
                self.place += 1;
                self.refuse(value, Refusal::Delimiter);
                pending.refused = true;
            }
            Some(Symbol::Character(character)) => match character {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return false,
                '\'' => {
                    pending.quoted = true;
                    let text = self.single_quotes(false, Refusal::Delimiter);
                    pending.delimiter.extend(text.chars());
                }
                '"' => {
                    pending.quoted = true;
                    self.place += 1;
                }
                '\\' => {
                    pending.quoted = true;
                    pending.delimiter.extend(self.backslash());
                }
                _ => {
                    pending.delimiter.push(character);
                    self.place += 1;
                }
            },
        }
        true
    }

    /// At the start of a line: goes into the body of the next here-document that waits for it, if there is one.
    pub(super) fn next_here_document(&mut self) {
        while let Some(pending) = self.pending.last_mut().and_then(std::collections::VecDeque::pop_front) {
            let body = self.body_end(&pending);
            if !body.found {
                self.flaw(pending.opened, FlawKind::HereDocument);
            }
            if pending.quoted {
                self.quoted_body(&pending, &body);
            } else {
                let frame = Frame::HereDocument { outer_limit: self.limit, behind: body.behind, reader: pending.reader };
                self.limit = body.end;
                return self.enter(frame);
            }
        }
    }

    fn quoted_body(&mut self, pending: &Pending, body: &BodyEnd) {
        let refusal = pending.reader.map_or(Refusal::QuotedHereDocument, Refusal::CodeInput);
        while self.place < body.end {
            if let Some(Symbol::Value(value)) = self.peek(0) {
                self.refuse(value, refusal);
            }
            self.place += 1;
        }
        self.place = body.behind;
    }

    /// Looks for the line that is the delimiter.
    fn body_end(&self, pending: &Pending) -> BodyEnd {
        let mut start = self.place;
        let mut continued = false;
        while start < self.limit {
            let end = self.line_end(start);
            if !continued && self.is_delimiter(start, end, pending) {
                return BodyEnd { end: start, behind: (end + 1).min(self.limit), found: true };
            }
            continued = !pending.quoted && self.ends_escaped(start, end);
            start = end + 1;
        }
        BodyEnd { end: self.limit, behind: self.limit, found: false }
    }

    fn line_end(&self, start: usize) -> usize {
        (start..self.limit).find(|place| self.symbol(*place) == Some(Symbol::Character('\n'))).unwrap_or(self.limit)
    }

    fn is_delimiter(&self, start: usize, end: usize, pending: &Pending) -> bool {
        let tabs = if pending.strips_tabs {
            (start..end).take_while(|place| self.symbol(*place) == Some(Symbol::Character('\t'))).count()
        } else {
            0
        };
        let start = start + tabs;
        end - start == pending.delimiter.len()
            && pending.delimiter.iter().zip(start..end).all(|(c, place)| self.symbol(place) == Some(Symbol::Character(*c)))
    }

    fn ends_escaped(&self, start: usize, end: usize) -> bool {
        (start..end).rev().take_while(|place| self.symbol(*place) == Some(Symbol::Character('\\'))).count() % 2 == 1
    }

    /// Reads a symbol of the body of an unquoted here-document.
    pub(super) fn in_here_document(&mut self) {
        match self.peek(0) {
            None => {}
            Some(Symbol::Value(value)) => {
                let reader = match self.frames.last() {
                    Some(Frame::HereDocument { reader, .. }) => *reader,
                    _ => None,
                };
                self.place += 1;
                let context = reader.map_or(Context::Quoted, |reader| Context::Refused(Refusal::CodeInput(reader)));
                self.found(value, context);
            }
            Some(Symbol::Character('\\')) => drop(self.backslash()),
            Some(Symbol::Character('$')) => self.dollar(true),
            Some(Symbol::Character('`')) => self.backticks(),
            Some(Symbol::Character(_)) => self.place += 1,
        }
    }

    /// Goes out of a command substitution: a here-document that still waits for its body has none.
    pub(super) fn leave_level(&mut self) {
        for pending in self.pending.pop().unwrap_or_default() {
            self.flaw(pending.opened, FlawKind::HereDocument);
        }
    }
}
