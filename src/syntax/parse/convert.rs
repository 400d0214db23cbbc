//! What every conversion needs: places in the file, and somewhere to put what is found.

use super::findings::NestedTooDeep;
use super::grammar::Rule;
use pest::iterators::Pair;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// Expressions nest no deeper, brackets or not.
const DEEPEST: usize = 128;

/// Turns offsets of a head into places of its file.
pub(crate) struct Convert {
    /// The file.
    pub(crate) source: SourceId,
    /// Where the head begins.
    pub(crate) offset: usize,
    /// What was found so far.
    pub(crate) diagnostics: Vec<Diagnostic>,
    depth: usize,
}

impl Convert {
    /// For a head that begins at `offset` of `source`.
    pub(crate) fn new(source: SourceId, offset: usize) -> Self {
        Self { source, offset, diagnostics: Vec::new(), depth: 0 }
    }

    /// Where a pair stands.
    pub(crate) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.range(span.start(), span.end())
    }

    /// Where a part of the head stands.
    pub(crate) fn range(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.offset + start, self.offset + end)
    }

    /// Reports something.
    pub(crate) fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    /// Converts one level further in; `None` where that is too deep, which is reported once for a head.
    pub(crate) fn deeper<T>(&mut self, span: Span, convert: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEEPEST {
            if !self.diagnostics.iter().any(|found| found.slug == NestedTooDeep::SLUG) {
                self.report(&NestedTooDeep { span });
            }
            return None;
        }
        self.depth += 1;
        let converted = convert(self);
        self.depth -= 1;
        Some(converted)
    }
}
