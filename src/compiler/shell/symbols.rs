//! A shell text as a row of characters and values.

use wf_model::span::Span;
use wf_syntax::ast::{Text, TextPart};

/// One thing that the lexer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A character of the text.
    Character(char),
    /// A value, by its place among the values of the text.
    Value(usize),
}

/// All symbols of a text, with the way back to the file.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    all: Vec<Symbol>,
    /// How many bytes of its part stand before each symbol.
    before: Vec<usize>,
    /// Where each part begins, in order.
    parts: Vec<Part>,
    /// The symbol of each value.
    values: Vec<usize>,
}

#[derive(Debug)]
struct Part {
    /// The first symbol.
    start: usize,
    /// Where the part stands in the file.
    span: Span,
    /// Number of bytes of its text; equal to the span's where nothing is escaped or removed.
    bytes: usize,
}

impl Symbols {
    /// Takes a text apart.
    pub(super) fn of(text: &Text) -> Self {
        let mut symbols = Self::default();
        let length = text.parts.iter().map(|part| if let TextPart::Literal { text, .. } = part { text.len() } else { 1 }).sum();
        symbols.all.reserve_exact(length);
        symbols.before.reserve_exact(length);
        for part in &text.parts {
            match part {
                TextPart::Literal { text, span } => symbols.push_part(*span, text.len(), text.chars().map(Symbol::Character)),
                TextPart::Value { span, .. } => {
                    let value = Symbol::Value(symbols.values.len());
                    symbols.values.push(symbols.all.len());
                    symbols.push_part(*span, 0, [value]);
                }
            }
        }
        symbols
    }

    fn push_part(&mut self, span: Span, bytes: usize, symbols: impl IntoIterator<Item = Symbol>) {
        self.parts.push(Part { start: self.all.len(), span, bytes });
        let mut before = 0;
        for symbol in symbols {
            self.all.push(symbol);
            self.before.push(before);
            before += symbol.bytes();
        }
    }

    /// Number of values.
    pub(super) fn value_count(&self) -> usize {
        self.values.len()
    }

    /// The symbol at `place`.
    pub(super) fn get(&self, place: usize) -> Option<Symbol> {
        self.all.get(place).copied()
    }

    /// Number of symbols.
    pub(super) fn length(&self) -> usize {
        self.all.len()
    }

    /// Where the symbol at `place` stands in the file: exactly where the file has the text as it means, else its whole part.
    pub(super) fn span(&self, place: usize) -> Span {
        let index = self.parts.partition_point(|part| part.start <= place);
        let Some(part) = index.checked_sub(1).and_then(|index| self.parts.get(index)) else { return Span::default() };
        if part.span.length() != part.bytes {
            return part.span;
        }
        // Behind the last symbol stands what the part has left.
        let before = self.before.get(place).copied().unwrap_or(part.bytes);
        let offset = before + part.span.start as usize;
        let own = self.get(place).map_or(0, Symbol::bytes);
        Span::new(part.span.source, offset, offset + own)
    }

    /// The part in which a symbol stands, and how many bytes of the part's text stand before it.
    pub(super) fn in_part(&self, place: usize) -> Option<(Span, usize)> {
        let index = self.parts.partition_point(|part| part.start <= place);
        let part = index.checked_sub(1).and_then(|index| self.parts.get(index))?;
        Some((part.span, self.before.get(place).copied()?))
    }

    /// The single quotes around a value that nothing but it stands in, where the file has them just so.
    pub(super) fn quotes_around(&self, value: usize) -> Option<(Span, Span)> {
        let place = self.values.get(value).copied()?;
        let before = place.checked_sub(1)?;
        let quote = Some(Symbol::Character('\''));
        let quoted = self.get(before) == quote && self.get(place + 1) == quote;
        let spans = (self.span(before), self.span(place + 1));
        (quoted && spans.0.length() == 1 && spans.1.length() == 1).then_some(spans)
    }
}

impl Symbol {
    fn bytes(self) -> usize {
        match self {
            Self::Character(character) => character.len_utf8(),
            Self::Value(_) => 0,
        }
    }
}
