//! `trigger`.

use super::Parser;
use super::head::Head;
use crate::ast::{Name, Trigger, TriggerOption};
use crate::parse::{Rule, literal};
use crate::scan::Entry;
use pest::iterators::Pair;
use wf_model::span::Span;

impl Parser<'_> {
    /// `trigger schedule "0 2 * * *" timezone "Europe/Berlin" …`
    pub(super) fn trigger(&mut self, entry: &Entry, span: Span) -> Option<Trigger> {
        let doc = self.doc(entry);
        self.head(Rule::trigger_head, span, |head| {
            let kind = head.name()?;
            let subject = literal(head.take(Rule::string)?, &mut head.convert);
            let mut options = Vec::new();
            while let Some(part) = head.take(Rule::trigger_option) {
                options.extend(option(part, head));
            }
            Some(Trigger { doc, kind, subject, options, span })
        })
    }
}

fn option<'a>(part: Pair<'a, Rule>, head: &mut Head<'a>) -> Option<TriggerOption> {
    let mut inside = head.inside(part);
    let word = inside.take(Rule::trigger_option_name)?;
    let span = inside.convert.span(&word);
    let text = word.as_str().split_whitespace().next().unwrap_or_default().into();
    let value = inside.expression();
    head.absorb(inside);
    Some(TriggerOption { name: Name { text, span }, value: value? })
}
