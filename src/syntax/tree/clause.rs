//! Clauses.

use super::Parser;
use super::head::Head;
use super::invocation::invocation;
use crate::ast::{Clause, ClauseKind, Delay, Retry, Unknown};
use crate::parse::Rule;
use crate::scan::Entry;
use wf_model::program::LockElse;
use wf_model::span::Span;

impl Parser<'_> {
    /// A clause without a body of its own.
    pub(super) fn clause(&mut self, entry: &Entry, rule: Rule) -> Option<Clause> {
        let span = self.only_head(entry)?;
        let kind = self.head(rule, span, |head| clause_kind(rule, head))?;
        Some(Clause { kind, span })
    }

    /// `undo kind … { … }`
    pub(super) fn undo(&mut self, entry: &Entry, span: Span) -> Option<Clause> {
        let head = self.head(Rule::undo_head, span, invocation);
        let body = self.invocation_body(entry);
        let kind = ClauseKind::Undo(Box::new(self.without_order(head?.with_body(body), "undo")));
        Some(Clause { kind, span: entry.span })
    }

    /// `on unknown rerun`, `on unknown check kind … { … }`
    pub(super) fn on_unknown(&mut self, entry: &Entry, span: Span) -> Option<Clause> {
        let head = self.head(Rule::unknown_head, span, |head| match head.take(Rule::unknown_answer) {
            Some(answer) => Some(Err(answer_of(answer.as_str()))),
            None => invocation(head).map(Ok),
        });
        let answer = match head? {
            Err(answer) => {
                self.only_head(entry);
                answer
            }
            Ok(check) => {
                let body = self.invocation_body(entry);
                Unknown::Check(Box::new(self.without_order(check.with_body(body), "check")))
            }
        };
        Some(Clause { kind: ClauseKind::OnUnknown(answer), span: entry.span })
    }

    /// The invocation of a clause, which has no place in the order of statements.
    fn without_order(&mut self, head: super::invocation::InvocationHead, clause: &'static str) -> crate::ast::Invocation {
        if let Some(depends) = head.depends {
            let found = super::findings::DependsInClause { clause, place: depends.span };
            self.diagnostics.push(wf_model::diagnostic::Finding::diagnostic(&found));
        }
        head.invocation
    }
}

fn answer_of(word: &str) -> Unknown {
    match word {
        "rerun" => Unknown::Rerun,
        "done" => Unknown::Done,
        "fail" => Unknown::Fail,
        _ => Unknown::Ask,
    }
}

fn clause_kind(rule: Rule, head: &mut Head<'_>) -> Option<ClauseKind> {
    match rule {
        Rule::timeout_head => head.expression().map(ClauseKind::Timeout),
        Rule::estimate_head => head.expression().map(ClauseKind::Estimate),
        Rule::retry_head => retry(head).map(|retry| ClauseKind::Retry(Box::new(retry))),
        Rule::expect_head => Some(ClauseKind::Expect { condition: head.expression()?, message: head.expression() }),
        Rule::reads_only_head => Some(ClauseKind::ReadsOnly),
        Rule::fail_fast_head => Some(ClauseKind::FailFast),
        Rule::no_undo_head => {
            let reason = head.take(Rule::string)?;
            Some(ClauseKind::NoUndo(crate::parse::literal(reason, &mut head.convert)))
        }
        Rule::continue_head => Some(ClauseKind::OnFailureContinue(head.expression_in(Rule::when_part))),
        Rule::cache_head => {
            Some(ClauseKind::Cache { inputs: head.expression()?, outputs: head.expression()?, key: head.expression() })
        }
        Rule::lock_head => Some(lock(head.expression()?, head)),
        _ => None,
    }
}

fn lock(key: crate::ast::Expression, head: &mut Head<'_>) -> ClauseKind {
    let max = head.expression_in(Rule::lock_max);
    let otherwise = head.take(Rule::lock_else).map_or(LockElse::Wait, |word| match word.as_str() {
        "skip" => LockElse::Skip,
        _ => LockElse::Fail,
    });
    ClauseKind::Lock { key, max, otherwise }
}

fn retry(head: &mut Head<'_>) -> Option<Retry> {
    let mut retry = Retry { times: head.expression()?, delay: None, within: None, when: None };
    while let Some(part) = head.next() {
        let place: Span = head.convert.span(&part);
        let repeated = match part.as_rule() {
            Rule::pause_part => {
                let pause = head.inner_expression(part).map(Delay::Pause);
                std::mem::replace(&mut retry.delay, pause).is_some()
            }
            Rule::backoff_part => {
                let mut inside = head.inside(part);
                let delay = inside.expression().zip(inside.expression()).map(|(from, to)| Delay::Backoff(from, to));
                head.absorb(inside);
                std::mem::replace(&mut retry.delay, delay).is_some()
            }
            Rule::within_part => {
                let within = head.inner_expression(part);
                std::mem::replace(&mut retry.within, within).is_some()
            }
            Rule::when_part => {
                let when = head.inner_expression(part);
                std::mem::replace(&mut retry.when, when).is_some()
            }
            _ => false,
        };
        if repeated {
            let found = super::findings::RepeatedPart { what: "part of a retry", place };
            head.convert.diagnostics.push(wf_model::diagnostic::Finding::diagnostic(&found));
        }
    }
    Some(retry)
}
