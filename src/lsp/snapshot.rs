//! What features look at: one document as the compiler sees it, with everything that it uses. Nothing in it changes.

use crate::location;
use crate::position::{Encoding, Lines};
use crate::types::{Location, Position, Range, Uri};
use std::collections::{BTreeSet, HashMap};
use wf_compiler::Analysis;
use wf_compiler::index::Occurrence;
use wf_model::diagnostic::Level;
use wf_model::kind::Registry;
use wf_model::span::{SourceId, Span};
use wf_syntax::ast;

/// The document of a snapshot among the texts of its program.
pub(crate) const OWN: SourceId = SourceId(0);

/// One document with everything that it uses, as it stood at one moment.
pub(crate) struct Snapshot {
    pub(crate) uri: Uri,
    pub(crate) version: Option<i32>,
    pub(crate) analysis: Analysis,
    pub(crate) kinds: &'static Registry,
    pub(crate) level: Level,
    pub(crate) encoding: Encoding,
    /// The paths that were looked at, also those where nothing is.
    pub(crate) looked_at: BTreeSet<String>,
    /// The addresses of documents that are open, by path.
    pub(crate) open: HashMap<String, Uri>,
    /// The lines of every text of the program.
    pub(crate) lines: Vec<Lines>,
}

impl Snapshot {
    /// The text of the document.
    pub(crate) fn text(&self) -> &str {
        self.analysis.compilation.sources.get(OWN).map_or("", |source| &source.text)
    }

    /// The tree of the document.
    pub(crate) fn file(&self) -> &ast::File {
        const EMPTY: &ast::File = &ast::File { items: Vec::new() };
        self.analysis.files.first().unwrap_or(EMPTY)
    }

    /// The offset of a position in the document.
    pub(crate) fn offset(&self, position: Position) -> usize {
        self.lines.first().map_or(0, |lines| lines.offset(self.text(), position, self.encoding))
    }

    /// The name at a position in the document.
    pub(crate) fn name_at(&self, position: Position) -> Option<&Occurrence> {
        self.analysis.index.at(OWN, self.offset(position))
    }

    /// Where a span stands in its text.
    pub(crate) fn range(&self, span: Span) -> Range {
        let source = self.analysis.compilation.sources.get(span.source);
        let lines = self.lines.get(usize::from(span.source.0));
        match (source, lines) {
            (Some(source), Some(lines)) => lines.range(&source.text, span.range(), self.encoding),
            _ => Range::default(),
        }
    }

    /// The address of a text of the program; `None` for one that no editor could open.
    pub(crate) fn address(&self, source: SourceId) -> Option<Uri> {
        if source == OWN {
            return Some(self.uri.clone());
        }
        let source = self.analysis.compilation.sources.get(source)?;
        self.open.get(&*source.path).cloned().or_else(|| location::uri(&source.path))
    }

    /// Where a span stands among all documents.
    pub(crate) fn location(&self, span: Span) -> Option<Location> {
        Some(Location { uri: self.address(span.source)?, range: self.range(span) })
    }

    /// Where bytes of the document stand.
    pub(crate) fn range_of(&self, offsets: std::ops::Range<usize>) -> Range {
        self.range(Span::new(OWN, offsets.start, offsets.end))
    }

    /// The text of a span.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.analysis.compilation.sources.slice(span)
    }
}
