//! From the scanner's entries to the tree: each head is parsed by the rule of its first word, so that a broken one costs one
//! diagnostic and leaves its neighbours whole.

mod block;
mod body;
mod clause;
mod declaration;
mod elsewhere;
mod expansions;
mod findings;
mod habits;
mod handler;
mod head;
mod hyphens;
mod import;
mod invocation;
mod item;
mod lanes;
mod pasted;
mod patch;
mod step;
mod test;
#[cfg(test)]
mod tests;
mod trigger;
mod words;
mod yaml;

use crate::ast::File;
use crate::scan::{Entry, Part, Reading, Scan, Token, scan};
use patch::Patch;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
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
    if let Some(found) = yaml::recognised(source, text) {
        return Parsed { file: File { items: Vec::new() }, tokens, diagnostics: vec![found] };
    }
    let mut readings = HashMap::new();
    collect(&entries, &mut readings);
    let mut parser = Parser {
        source,
        text,
        diagnostics: Vec::new(),
        patch: None,
        in_invocation: false,
        of_shell: false,
        declared: HashSet::new(),
        readings: &readings,
        said: Vec::new(),
        alone: false,
    };
    let items = parser.items(&entries, &diagnostics);
    let Parser { diagnostics: mut found, mut said, .. } = parser;
    said.sort();
    found.extend(diagnostics.into_iter().filter(|diagnostic| !lies_in(diagnostic.primary.span, &said)));
    let mut diagnostics = found;
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    hyphens::keep_used_names(text, &tokens, &mut diagnostics);
    expansions::keep_values(text, &tokens, &mut diagnostics);
    Parsed { file: File { items }, tokens, diagnostics }
}

/// Whether `place` lies in one of these spans, which are sorted and do not overlap.
fn lies_in(place: Span, spans: &[Span]) -> bool {
    let before = spans.partition_point(|span| span.start <= place.start);
    before.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|span| place.start < span.end)
}

/// Turns entries of one text into statements.
struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
    patch: Option<Patch>,
    /// Whether the body at hand belongs to a step, an undo or a check, where attributes stand.
    in_invocation: bool,
    /// Whether the entry at hand was said to be a line of a shell.
    of_shell: bool,
    /// What the workflow at hand has declared so far with `param` and `let`.
    declared: HashSet<Arc<str>>,
    /// Heads that are not read as they stand, by where they begin.
    readings: &'a HashMap<u32, &'a Reading>,
    /// Heads of which all was said with one diagnostic: what the scanner found in them is left out.
    said: Vec<Span>,
    /// Whether this thread alone reads everything that is left.
    alone: bool,
}

impl<'a> Parser<'a> {
    /// The text of a span of this file.
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }
}

/// Takes down which heads are not read as they stand; nearly none.
fn collect<'a>(entries: &'a [Entry], readings: &mut HashMap<u32, &'a Reading>) {
    for part in entries.iter().flat_map(|entry| &entry.parts) {
        match part {
            Part::Head(head) if head.reading == Reading::AsWritten => {}
            Part::Head(head) => {
                readings.insert(head.span.start, &head.reading);
            }
            Part::Body(body) => collect(&body.entries, readings),
        }
    }
}
