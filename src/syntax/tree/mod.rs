//! From the scanner's entries to the tree: each head is parsed by the rule of its first word, so that a broken one costs one
//! diagnostic and leaves its neighbours whole.

mod block;
mod body;
mod clause;
mod declaration;
mod findings;
mod handler;
mod head;
mod import;
mod invocation;
mod item;
mod patch;
mod step;
mod test;
#[cfg(test)]
mod tests;
mod trigger;
mod words;

use crate::ast::File;
use crate::scan::{Entry, Part, Reading, Scan, Token, scan};
use patch::Patch;
use std::collections::HashMap;
use wf_model::diagnostic::Diagnostic;
use wf_model::span::{SourceId, Span};

/// What parsing gives, always: a tree of what could be read, and a diagnostic for everything that could not.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree.
    pub file: File,
    /// All of the text in pieces, blanks and comments included: the tree is lossless through them.
    pub tokens: Vec<Token>,
    /// What could not be read, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Never fails: what cannot be read is left out of the tree and reported.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> Parsed {
    let Scan { tokens, entries, diagnostics } = scan(source, text);
    let mut parser = Parser { source, text, diagnostics, patch: None, in_invocation: false, readings: HashMap::new() };
    parser.collect(&entries);
    let items = entries.iter().filter_map(|entry| parser.item(entry)).collect();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    Parsed { file: File { items }, tokens, diagnostics }
}

/// Turns entries of one text into statements.
struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
    patch: Option<Patch>,
    /// Whether the body at hand belongs to a step, an undo or a check, where attributes stand.
    in_invocation: bool,
    /// Heads that are not read as they stand, by where they begin.
    readings: HashMap<u32, Reading>,
}

impl Parser<'_> {
    /// The text of a span of this file.
    fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Takes down which heads are not read as they stand; nearly none.
    fn collect(&mut self, entries: &[Entry]) {
        for part in entries.iter().flat_map(|entry| &entry.parts) {
            match part {
                Part::Head(head) if head.reading == Reading::AsWritten => {}
                Part::Head(head) => {
                    self.readings.insert(head.span.start, head.reading.clone());
                }
                Part::Body(body) => self.collect(&body.entries),
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }
}
