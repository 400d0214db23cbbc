//! `step`.

use super::Parser;
use super::invocation::{InvocationHead, invocation};
use crate::ast::Step;
use crate::parse::Rule;
use crate::scan::Entry;
use wf_model::span::Span;

impl Parser<'_> {
    /// `step name: kind …`; one that cannot be read keeps its name and its body.
    pub(super) fn step(&mut self, entry: &Entry, span: Span) -> Option<Step> {
        let read = self.head(Rule::step_head, span, |head| Some((head.declared()?, invocation(head)?)));
        let read = read.or_else(|| Some((self.second_word(span)?, InvocationHead::missing(span))));
        // What stands in the body is read even where the head gives no step.
        let body = self.invocation_body(entry);
        let (name, head) = read?;
        let InvocationHead { invocation, depends } = head.with_body(body);
        Some(Step { doc: self.doc(entry), name, invocation, depends, span: entry.span })
    }
}
