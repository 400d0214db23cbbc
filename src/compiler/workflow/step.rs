//! `step`.

use super::Check;
use super::clause::Owner;
use super::declaration::doc;
use super::names::Visibility;
use super::order::Written;
use crate::expression::facts_when;
use std::sync::Arc;
use wf_model::program::{Callee, Effect, EffectClause, LockElse, Statement, StatementId, StatementKind, Step, ValueOrigin};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{self, ClauseKind, Entry};

/// The types of a step's value.
pub(super) struct Types {
    /// Where it ran.
    pub(super) ran: Type,
    /// Where it is used behind: one that may be skipped, or fail and go on, is optional.
    pub(super) visible: Type,
}

impl Check<'_> {
    /// The types of a step's value. Says nothing; the step's own check does.
    pub(super) fn step_types(&mut self, step: &ast::Step) -> Types {
        let said = self.diagnostics.len();
        let type_ = match &step.invocation.decode {
            Some(type_) => crate::types::resolve(type_, &self.context.types, self.diagnostics),
            None => self.result_of(&step.invocation),
        };
        self.diagnostics.truncate(said);
        let optional =
            step.invocation.when.is_some() || step.invocation.body.as_ref().is_some_and(may_give_nothing) || self.is_lenient();
        let visible = if optional { Type::optional(type_.clone()) } else { type_.clone() };
        Types { ran: type_, visible }
    }

    /// `step name: kind …`
    pub(super) fn step(&mut self, step: &ast::Step) -> StatementId {
        let name = &step.name;
        let (value, Types { ran, visible }) = self.ahead.remove(&name.span).unwrap_or_else(|| {
            let types = self.step_types(step);
            (self.declare(name, &types.visible, ValueOrigin::Step), types)
        });
        self.see(&name.text, Visibility::Over("the step itself"));
        let outer_order = std::mem::replace(&mut self.free_order, step.depends.is_some());
        let outer_facts = self.facts.clone();
        let when = step.invocation.when.as_ref().map(|when| self.condition(when));
        if let Some(when) = &step.invocation.when {
            self.facts.learn(facts_when(when, true));
        }
        let invocation = self.invocation(&step.invocation);
        if let (Callee::Workflow(callee), Some(declared)) = (&invocation.callee, self.workflow.values.get(value)) {
            self.context.recorder.result(declared.span, *callee);
        }
        self.see(&name.text, Visibility::Visible(ran.clone()));
        let result = self.result_of(&step.invocation);
        let mut clauses = self.step_clauses(&step.invocation, &Owner { name: &name.text, ran: &ran, result: &result });
        if clauses.effect == EffectClause::Unstated && invocation.effect(self.context.kinds) == Effect::UndoesItself {
            clauses.effect = EffectClause::UndoesItself;
        }
        self.facts = outer_facts;
        self.free_order = outer_order;
        self.see(&name.text, Visibility::Visible(visible.clone()));
        self.shown.push(name.text.clone());
        if visible.holds_secret() {
            self.trails.insert(value, vec![(name.span, format!("step `{}` gives a secret", name.text))]);
        }
        let kind = StatementKind::Step(Box::new(Step { invocation, clauses }));
        self.add_statement(Some(name), step.doc.as_ref(), Some(value), when, kind, head(step), step.depends.as_ref())
    }

    /// Adds a statement and takes down what it says of its order.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn add_statement(
        &mut self,
        name: Option<&ast::Name>,
        comment: Option<&ast::Doc>,
        value: Option<wf_model::expression::ValueId>,
        when: Option<wf_model::expression::Expression>,
        kind: StatementKind,
        span: Span,
        depends: Option<&ast::Depends>,
    ) -> StatementId {
        let text: Option<Arc<str>> = name.map(|name| name.text.clone());
        let statement = Statement { name: text.clone(), doc: doc(comment), value, after: Vec::new(), when, kind, span };
        let id = self.workflow.statements.add(statement);
        if let Some(name) = name {
            let declared = value.and_then(|value| self.workflow.values.get(value)).map_or(name.span, |value| value.span);
            self.context.recorder.statement(self.workflow.span, id, declared);
        }
        if let Some(text) = text {
            self.statements_of.entry(text).or_default().push(id);
        }
        if let Some(depends) = depends {
            self.written.push(Written { statement: id, name: name.cloned(), depends: depends.clone() });
        }
        id
    }
}

/// Whether the run goes on when the step has failed.
pub(super) fn goes_on(step: &ast::Step) -> bool {
    step.invocation.body.as_ref().is_some_and(|body| says(body, |kind| matches!(kind, ClauseKind::OnFailureContinue(_))))
}

/// Whether the run goes on where what has this body failed, or did not get its lock.
pub(super) fn may_give_nothing(body: &ast::Body) -> bool {
    says(body, |kind| matches!(kind, ClauseKind::OnFailureContinue(_) | ClauseKind::Lock { otherwise: LockElse::Skip, .. }))
}

fn says(body: &ast::Body, wanted: impl Fn(&ClauseKind) -> bool) -> bool {
    body.entries.iter().any(|entry| matches!(entry, Entry::Clause(clause) if wanted(&clause.kind)))
}

/// A step from its first word to the end of its head; a block string stands below it.
fn head(step: &ast::Step) -> Span {
    let invocation = &step.invocation;
    let literal = invocation.literal.as_ref().filter(|literal| !is_block_string(literal)).map(|literal| literal.span);
    let decode = invocation.decode.as_ref().map(|decode| decode.span);
    let when = invocation.when.as_ref().map(|when| when.span);
    let depends = step.depends.as_ref().map(|depends| depends.span);
    let parts = [Some(invocation.kind.span), literal, decode, when, depends];
    parts.into_iter().flatten().fold(step.span.before(), Span::to)
}

fn is_block_string(literal: &ast::Expression) -> bool {
    match &literal.kind {
        ast::ExpressionKind::Text(text) => matches!(text.quotes, ast::Quotes::BlockDouble | ast::Quotes::BlockSingle),
        _ => false,
    }
}
