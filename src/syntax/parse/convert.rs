//! What every conversion needs: places in the file, and somewhere to put what is found.

use super::findings::NestedTooDeep;
use super::grammar::Rule;
use pest::iterators::Pair;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// No tree of an expression or type is deeper: brackets, conditions and operators in a row all count.
const DEEPEST: usize = 128;

/// Where a text that is read stands in its file, though it may differ from what stands there in one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Where it begins in the file.
    pub(crate) start: usize,
    /// Where it ends there: what is read behind stands at the end.
    pub(crate) end: usize,
    /// Where the change begins in the text, how much of the file it takes away, and how much it puts there.
    pub(crate) change: (usize, usize, usize),
}

impl Origin {
    /// Of a text that begins as the file does between `start` and `end`; what it has more stands at the end.
    pub(crate) fn plain(start: usize, end: usize) -> Self {
        Self { start, end, change: (end.saturating_sub(start), 0, 0) }
    }

    /// The place in the file of an offset in the text; what was put there stands where it was put.
    fn place(self, offset: usize) -> usize {
        let (begin, removed, inserted) = self.change;
        let offset = if offset <= begin {
            offset
        } else if offset < begin + inserted {
            begin
        } else {
            offset - inserted + removed
        };
        (self.start + offset).min(self.end)
    }
}

/// Turns offsets of a head into places of its file.
pub(crate) struct Convert {
    /// The file.
    pub(crate) source: SourceId,
    /// Where the head stands.
    pub(crate) origin: Origin,
    /// What was found so far.
    pub(crate) diagnostics: Vec<Diagnostic>,
    depth: usize,
}

impl Convert {
    /// For a head of `source`.
    pub(crate) fn new(source: SourceId, origin: Origin) -> Self {
        Self { source, origin, diagnostics: Vec::new(), depth: 0 }
    }

    /// Where a pair stands.
    pub(crate) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.range(span.start(), span.end())
    }

    /// Where a part of the head stands.
    pub(crate) fn range(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.origin.place(start), self.origin.place(end))
    }

    /// Reports something.
    pub(crate) fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    /// Converts so many levels further in; `None` where that is too deep, which is reported once for a head.
    pub(crate) fn deeper<T>(&mut self, levels: usize, span: Span, convert: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth + levels > DEEPEST {
            if !self.diagnostics.iter().any(|found| found.slug == NestedTooDeep::SLUG) {
                self.report(&NestedTooDeep { span, what: "expressions", deepest: DEEPEST });
            }
            return None;
        }
        self.depth += levels;
        let converted = convert(self);
        self.depth -= levels;
        Some(converted)
    }
}
