//! Handlers, and the statements that stand in them only.

use super::Parser;
use super::head::Head;
use crate::ast::{Body, Entry as Statement, Handler, Name, Rollback, RollbackExtent};
use crate::parse::{Rule, used_name};
use crate::scan::Entry;
use pest::iterators::Pair;
use wf_model::program::HandlerCause;
use wf_model::span::Span;

impl Parser<'_> {
    /// `on failure { … }`, `on failure or cancel rollback`, `finally { … }`
    pub(super) fn handler(&mut self, entry: &Entry, span: Span) -> Option<Handler> {
        let read = self.head(Rule::handler_head, span, |head| {
            let cause = head.take(Rule::handler_cause)?.into_inner().next().map(|cause| cause_of(cause.as_rule()))?;
            let rollback = head.take(Rule::rollback_statement).map(|part| rollback(part, head));
            Some((cause, rollback))
        });
        let Some((cause, rollback)) = read else {
            self.invocation_body(entry);
            return None;
        };
        let body = match rollback {
            Some(rollback) => {
                self.only_head(entry);
                Body { unread: false, span: rollback.span, entries: vec![Statement::Rollback(Box::new(rollback))] }
            }
            None => self.one_body(entry, "handler", "on failure { … }")?,
        };
        Some(Handler { cause, body, head: span, span: entry.span })
    }

    /// `rollback`, `rollback to NAME`, `rollback manually`
    pub(super) fn rollback(&mut self, span: Span) -> Option<Rollback> {
        self.head(Rule::rollback_head, span, |head| {
            let part = head.take(Rule::rollback_statement)?;
            Some(rollback(part, head))
        })
    }

    /// `checkpoint NAME`
    pub(super) fn checkpoint(&mut self, span: Span) -> Option<Name> {
        self.head(Rule::checkpoint_head, span, |head| head.declared())
    }
}

fn cause_of(rule: Rule) -> HandlerCause {
    match rule {
        Rule::handler_failure_or_cancel => HandlerCause::FailureOrCancel,
        Rule::handler_success => HandlerCause::Success,
        Rule::handler_cancel => HandlerCause::Cancel,
        Rule::handler_finally => HandlerCause::Finally,
        _ => HandlerCause::Failure,
    }
}

fn rollback<'a>(part: Pair<'a, Rule>, head: &mut Head<'a>) -> Rollback {
    let span = head.convert.span(&part);
    let extent = match part.into_inner().next() {
        None => RollbackExtent::Everything,
        Some(inner) if inner.as_rule() == Rule::rollback_manually => RollbackExtent::Manually,
        Some(inner) => RollbackExtent::To(used_name(inner, &mut head.convert)),
    };
    Rollback { extent, span }
}
