//! Clauses of steps and bodies.

use super::Check;
use super::body::BodyKind;
use super::names::Visibility;
use crate::expression::constant;
use crate::findings::{BackoffShrinks, EffectTwice, RepeatedClause, StrayClause, StrayHandler, TimeoutZero};
use std::sync::Arc;
use wf_model::expression::Expression;
use wf_model::failure::Failure;
use wf_model::program::{
    BodyClauses, Cache, Continuation, Delay, EffectClause, Expectation, Lock, Retry, StepClauses, Undo, UnknownAnswer,
    UnknownCheck,
};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast::{self, ClauseKind, Entry};

/// The step that clauses belong to.
pub(super) struct Owner<'a> {
    pub(super) name: &'a Arc<str>,
    /// What its name means where it ran.
    pub(super) ran: &'a Type,
    /// The kind's result.
    pub(super) result: &'a Type,
}

/// What a clause is called.
fn title(kind: &ClauseKind) -> &'static str {
    match kind {
        ClauseKind::Timeout(_) => "timeout",
        ClauseKind::Retry(_) => "retry",
        ClauseKind::Expect { .. } => "expect",
        ClauseKind::ReadsOnly => "reads only",
        ClauseKind::NoUndo(_) => "no undo",
        ClauseKind::Undo(_) => "undo",
        ClauseKind::OnFailureContinue(_) => "on failure continue",
        ClauseKind::FailFast => "fail fast",
        ClauseKind::Cache { .. } => "cache",
        ClauseKind::Lock { .. } => "lock",
        ClauseKind::Estimate(_) => "estimate",
        ClauseKind::OnUnknown(_) => "on unknown",
    }
}

/// The clauses in the body of an invocation.
fn clauses_of(invocation: &ast::Invocation) -> impl Iterator<Item = &ast::Clause> {
    invocation.body.iter().flat_map(|body| &body.entries).filter_map(|entry| match entry {
        Entry::Clause(clause) => Some(&**clause),
        _ => None,
    })
}

impl Check<'_> {
    /// Whether a clause may stand again; a second one of most is reported.
    fn first_of(&mut self, clause: &ast::Clause, seen: &mut Vec<(&'static str, Span)>) -> bool {
        let title = title(&clause.kind);
        if title == "expect" {
            return true;
        }
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == title) {
            let first = *first;
            self.report(&RepeatedClause { clause: title, span: clause.span, first });
            return false;
        }
        seen.push((title, clause.span));
        true
    }

    /// The clauses and handlers in the body of a step.
    pub(super) fn step_clauses(&mut self, invocation: &ast::Invocation, owner: &Owner<'_>) -> StepClauses {
        let mut clauses = StepClauses::default();
        let mut seen = Vec::new();
        // A handler of a step sees no checkpoint: nothing stands before the step in its body.
        let outer_checkpoints = std::mem::take(&mut self.checkpoints);
        for entry in invocation.body.iter().flat_map(|body| &body.entries) {
            match entry {
                Entry::Clause(clause) if self.first_of(clause, &mut seen) => self.step_clause(clause, owner, &mut clauses, &seen),
                Entry::Handler(handler) => {
                    let names = [owner.name.clone()];
                    clauses.handlers.extend(self.body_handler(handler, BodyKind::Sequence, &names));
                }
                _ => {}
            }
        }
        self.checkpoints = outer_checkpoints;
        clauses
    }

    fn step_clause(&mut self, clause: &ast::Clause, owner: &Owner<'_>, clauses: &mut StepClauses, seen: &[(&'static str, Span)]) {
        let effect = match &clause.kind {
            ClauseKind::Timeout(duration) => return clauses.timeout = Some(self.limit(duration)),
            ClauseKind::Estimate(duration) => return clauses.estimate = Some(self.time(duration)),
            ClauseKind::Retry(retry) => return clauses.retry = Some(Box::new(self.retry(retry))),
            ClauseKind::Expect { condition, message } => {
                let expectation = self.expectation(condition, message.as_ref(), owner);
                return clauses.expectations.push(expectation);
            }
            ClauseKind::OnFailureContinue(when) => return clauses.continuation = Some(self.continuation(when.as_ref())),
            ClauseKind::Cache { inputs, outputs, key } => {
                return clauses.cache = Some(self.cache(inputs, outputs, key.as_ref()).into());
            }
            ClauseKind::Lock { key, max, otherwise } => {
                return clauses.lock = Some(self.lock(key, max.as_ref(), *otherwise).into());
            }
            ClauseKind::OnUnknown(answer) => return clauses.unknown = Some(self.on_unknown(answer, owner)),
            ClauseKind::FailFast => {
                return self.report(&StrayClause {
                    clause: "fail fast",
                    span: clause.span,
                    place: "a step",
                    belongs: "the body of a block",
                });
            }
            ClauseKind::ReadsOnly => EffectClause::ReadsOnly,
            ClauseKind::NoUndo(why) => EffectClause::NoUndo(self.plain(why).unwrap_or_else(|| "".into())),
            ClauseKind::Undo(undo) => EffectClause::Undo(Box::new(self.undo(undo, owner))),
        };
        if clauses.effect != EffectClause::Unstated {
            let effects = ["reads only", "no undo", "undo"];
            let first = seen.iter().find(|(known, span)| effects.contains(known) && *span != clause.span);
            let (first_clause, first) = first.copied().unwrap_or(("effect", clause.span));
            return self.report(&EffectTwice { clause: title(&clause.kind), span: clause.span, first_clause, first });
        }
        clauses.effect = effect;
    }

    fn expectation(&mut self, condition: &ast::Expression, message: Option<&ast::Expression>, owner: &Owner<'_>) -> Expectation {
        let outer = self.result.replace(owner.result.clone());
        let span = condition.span;
        let condition = self.condition(condition);
        let message = message.map(|message| self.expression(message, &Type::String));
        self.result = outer;
        Expectation { condition, message, text: self.context.slice(span) }
    }

    /// `retry N times …`
    fn retry(&mut self, retry: &ast::Retry) -> Retry {
        let times = self.not_below_zero(&retry.times, &Type::Int);
        let delay = retry.delay.as_ref().map(|delay| match delay {
            ast::Delay::Pause(pause) => Delay::Pause(self.time(pause)),
            ast::Delay::Backoff(from, to) => self.backoff(from, to),
        });
        let within = retry.within.as_ref().map(|within| self.time(within));
        let when = retry.when.as_ref().map(|when| self.condition_on_failure(when));
        Retry { times, delay, within, when }
    }

    /// `backoff D to D`
    fn backoff(&mut self, from: &ast::Expression, to: &ast::Expression) -> Delay {
        let (first, last) = (self.time(from), self.time(to));
        if let (Some(Value::Duration(shortest)), Some(Value::Duration(longest))) = (constant(&first), constant(&last))
            && longest.milliseconds < shortest.milliseconds
        {
            let written = (self.context.slice(from.span).to_string(), self.context.slice(to.span).to_string());
            self.report(&BackoffShrinks { from: from.span, to: to.span, written });
        }
        Delay::Backoff { from: first, to: last }
    }

    /// The duration of a `timeout`, which is some time.
    fn limit(&mut self, duration: &ast::Expression) -> Expression {
        let limit = self.time(duration);
        if let Some(Value::Duration(none)) = constant(&limit)
            && none.milliseconds == 0
        {
            self.report(&TimeoutZero { span: duration.span });
        }
        limit
    }

    fn continuation(&mut self, when: Option<&ast::Expression>) -> Continuation {
        Continuation { when: when.map(|when| self.condition_on_failure(when)) }
    }

    fn condition_on_failure(&mut self, when: &ast::Expression) -> Expression {
        let outer = self.failure.replace(Failure::type_());
        let condition = self.condition(when);
        self.failure = outer;
        condition
    }

    fn cache(&mut self, inputs: &ast::Expression, outputs: &ast::Expression, key: Option<&ast::Expression>) -> Cache {
        let patterns = Type::list(Type::String);
        let inputs = self.expression(inputs, &patterns);
        let outputs = self.expression(outputs, &patterns);
        let key = key.map(|key| {
            let key = self.inferred(key);
            if key.type_.holds_secret() { self.refuse_secret(key, "cache key") } else { key }
        });
        Cache { inputs, outputs, key }
    }

    fn refuse_secret(&mut self, expression: Expression, target: &str) -> Expression {
        let (span, trail) = (expression.span, self.trail(&expression));
        self.report(&crate::expression::SecretLeak { span, target, trail: &trail });
        Self::nothing(span)
    }

    fn lock(&mut self, key: &ast::Expression, max: Option<&ast::Expression>, otherwise: wf_model::program::LockElse) -> Lock {
        let key = self.expression(key, &Type::String);
        let max = self.most(max);
        Lock { key, max, otherwise }
    }

    fn on_unknown(&mut self, answer: &ast::Unknown, owner: &Owner<'_>) -> UnknownAnswer {
        match answer {
            ast::Unknown::Rerun => UnknownAnswer::Rerun,
            ast::Unknown::Done => UnknownAnswer::Done,
            ast::Unknown::Fail => UnknownAnswer::Fail,
            ast::Unknown::Ask => UnknownAnswer::Ask,
            ast::Unknown::Check(invocation) => {
                // Nothing of the step is there: that is what the check finds out.
                self.see(owner.name, Visibility::Over("the step that is looked for"));
                let check = self.invocation(invocation);
                let (mut timeout, mut seen) = (None, Vec::new());
                for clause in clauses_of(invocation) {
                    if let ClauseKind::Timeout(duration) = &clause.kind
                        && self.first_of(clause, &mut seen)
                    {
                        timeout = Some(self.limit(duration));
                    }
                }
                self.see(owner.name, Visibility::Visible(owner.ran.clone()));
                self.refuse_others(invocation, "a check", &["timeout"]);
                UnknownAnswer::Check(Box::new(UnknownCheck { invocation: check, timeout }))
            }
        }
    }

    /// `undo kind …`: sees the step's name and `result`, `null` where the action gave none.
    fn undo(&mut self, undo: &ast::Invocation, owner: &Owner<'_>) -> Undo {
        let outer_result = self.result.replace(Type::optional(owner.result.clone()));
        let outer_facts = self.facts.clone();
        self.see(owner.name, Visibility::Visible(Type::optional(owner.ran.clone())));
        let when = undo.when.as_ref().map(|when| self.condition(when));
        // The undo runs where the step ran, in whatever state: its values are as the step saw them, its own may be missing.
        match &undo.when {
            Some(when) => self.facts.learn(crate::expression::facts_when(when, true)),
            None => self.see(owner.name, Visibility::Visible(owner.ran.clone())),
        }
        if undo.when.is_none() {
            self.result = Some(owner.result.clone());
        }
        self.in_undo = true;
        let invocation = self.invocation(undo);
        self.in_undo = false;
        let (mut timeout, mut retry) = (None, None);
        let mut seen = Vec::new();
        for clause in clauses_of(undo) {
            if self.first_of(clause, &mut seen) {
                match &clause.kind {
                    ClauseKind::Timeout(duration) => timeout = Some(self.limit(duration)),
                    ClauseKind::Retry(clause) => retry = Some(self.retry(clause)),
                    _ => {}
                }
            }
        }
        self.refuse_others(undo, "an undo", &["timeout", "retry"]);
        self.see(owner.name, Visibility::Visible(owner.ran.clone()));
        self.result = outer_result;
        self.facts = outer_facts;
        Undo { invocation, when, timeout, retry }
    }

    /// Reports clauses that are not `allowed`, and handlers, in the body of an undo or a check.
    fn refuse_others(&mut self, invocation: &ast::Invocation, place: &'static str, allowed: &[&str]) {
        for clause in clauses_of(invocation).filter(|clause| !allowed.contains(&title(&clause.kind))) {
            self.report(&StrayClause { clause: title(&clause.kind), span: clause.span, place, belongs: "the step" });
        }
        for entry in invocation.body.iter().flat_map(|body| &body.entries) {
            if let Entry::Handler(handler) = entry {
                self.report(&StrayHandler { span: handler.head, place });
            }
        }
    }

    /// A clause at the beginning of a body.
    pub(super) fn body_clause(
        &mut self,
        clause: &ast::Clause,
        kind: BodyKind,
        clauses: &mut BodyClauses,
        seen: &mut Vec<(&'static str, Span)>,
    ) {
        let place = match kind {
            BodyKind::Workflow => "a workflow",
            BodyKind::Handler => "a handler",
            BodyKind::Sequence | BodyKind::Parallel => "a block",
        };
        let allowed = kind != BodyKind::Handler;
        let fits = allowed
            && matches!(
                clause.kind,
                ClauseKind::Timeout(_)
                    | ClauseKind::Retry(_)
                    | ClauseKind::OnFailureContinue(_)
                    | ClauseKind::FailFast
                    | ClauseKind::Lock { .. }
            );
        if !fits {
            let belongs = if matches!(clause.kind, ClauseKind::FailFast) { "the body of a block" } else { "a step" };
            return self.report(&StrayClause { clause: title(&clause.kind), span: clause.span, place, belongs });
        }
        if !self.first_of(clause, seen) {
            return;
        }
        match &clause.kind {
            ClauseKind::Timeout(duration) => clauses.timeout = Some(self.limit(duration)),
            ClauseKind::Retry(retry) => clauses.retry = Some(self.retry(retry)),
            ClauseKind::OnFailureContinue(when) => clauses.continuation = Some(self.continuation(when.as_ref())),
            ClauseKind::FailFast => clauses.fail_fast = true,
            ClauseKind::Lock { key, max, otherwise } => clauses.lock = Some(self.lock(key, max.as_ref(), *otherwise)),
            _ => {}
        }
    }
}
