//! Handlers, and the statements that stand in them only.

use super::Check;
use super::body::BodyKind;
use super::names::{Visibility, optional_failure};
use crate::findings::{
    ManualRollbackInside, RollbackOutsideHandler, StrayCheckpoint, StrayCommit, StrayHandler, UnknownCheckpoint,
};
use crate::index::Symbol;
use crate::offer::Offer;
use std::sync::Arc;
use wf_model::failure::Failure;
use wf_model::program::{Handler, HandlerCause, Rollback, Statement, StatementId, StatementKind};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_model::types::Type;
use wf_syntax::ast::{self, RollbackExtent};

/// The innermost handler around what is checked.
pub(super) struct InHandler {
    /// Whether it belongs to a workflow, not to a block or a step.
    of_workflow: bool,
    /// Whether a step in it that fails is only recorded, so that the next statement runs without its value.
    lenient: bool,
    /// The checkpoints of its body.
    checkpoints: Vec<ast::Name>,
}

impl Check<'_> {
    /// A handler at the end of a body whose own names are `names`: it sees them as optional, `on success` as they are.
    pub(super) fn body_handler(&mut self, handler: &ast::Handler, kind: BodyKind, names: &[Arc<str>]) -> Option<Handler> {
        if kind == BodyKind::Handler {
            self.report(&StrayHandler { span: handler.head, place: "a handler" });
            return None;
        }
        let before = if handler.cause == HandlerCause::Success { self.seen(names) } else { self.see_as_optional(names) };
        let failure = match handler.cause {
            HandlerCause::Failure => Some(Failure::type_()),
            HandlerCause::FailureOrCancel | HandlerCause::Finally => Some(optional_failure()),
            HandlerCause::Success | HandlerCause::Cancel => None,
        };
        let outer_failure = std::mem::replace(&mut self.failure, failure);
        let inside = InHandler {
            of_workflow: kind == BodyKind::Workflow,
            lenient: handler.cause != HandlerCause::Success,
            checkpoints: self.checkpoints.clone(),
        };
        let outer_handler = self.handler.replace(inside);
        let start = self.shown.len();
        let body = self.body(&handler.body, BodyKind::Handler);
        let inside: Vec<Arc<str>> = self.shown.get(start..).unwrap_or_default().to_vec();
        for name in inside {
            self.see(&name, Visibility::Over("a handler"));
        }
        self.handler = outer_handler;
        self.failure = outer_failure;
        for (name, visibility) in before {
            self.see(&name, visibility);
        }
        Some(Handler { cause: handler.cause, body, span: handler.head })
    }

    /// Whether what fails here is only recorded.
    pub(super) fn is_lenient(&self) -> bool {
        self.handler.as_ref().is_some_and(|handler| handler.lenient)
    }

    /// How names are visible now.
    fn seen(&self, names: &[Arc<str>]) -> Vec<(Arc<str>, Visibility)> {
        names.iter().filter_map(|name| Some((name.clone(), self.names.get(name)?.visibility.clone()))).collect()
    }

    /// Lets what statements declare be optional, because they may not have run; how all names were visible before.
    pub(super) fn see_as_optional(&mut self, names: &[Arc<str>]) -> Vec<(Arc<str>, Visibility)> {
        let before = self.seen(names);
        for (name, visibility) in &before {
            if let Visibility::Visible(type_) = visibility
                && !self.is_given(name)
            {
                self.see(name, Visibility::Visible(Type::optional(type_.clone())));
            }
        }
        before
    }

    /// Whether a name is a param or a secret, which is there whatever happened.
    fn is_given(&self, name: &str) -> bool {
        let value = self.names.get(name).and_then(|known| known.value);
        let is = |id| Some(id) == value;
        self.workflow.parameters.iter().any(|parameter| is(parameter.value))
            || self.workflow.secrets.iter().any(|secret| is(secret.value))
    }

    fn plain_statement(&mut self, kind: StatementKind, span: Span) -> StatementId {
        let statement = Statement { name: None, doc: None, value: None, after: Vec::new(), when: None, kind, span };
        self.workflow.statements.add(statement)
    }

    /// `rollback`, `rollback to NAME`, `rollback manually`
    pub(super) fn rollback(&mut self, rollback: &ast::Rollback) -> Option<StatementId> {
        let Some(handler) = &self.handler else {
            self.report(&RollbackOutsideHandler { span: rollback.span });
            return None;
        };
        let extent = match &rollback.extent {
            RollbackExtent::Everything => Rollback::Everything,
            RollbackExtent::Manually if handler.of_workflow => Rollback::Manually,
            RollbackExtent::Manually => {
                self.report(&ManualRollbackInside { span: rollback.span });
                Rollback::Manually
            }
            RollbackExtent::To(name) => {
                self.context.recorder.offer(name.span, || {
                    Offer::Statements(handler.checkpoints.iter().map(|checkpoint| checkpoint.text.clone()).collect())
                });
                if let Some(checkpoint) = handler.checkpoints.iter().find(|checkpoint| checkpoint.text == name.text) {
                    self.context.recorder.used(name.span, Symbol::Checkpoint(checkpoint.span));
                }
                let known: Vec<Arc<str>> = handler.checkpoints.iter().map(|checkpoint| checkpoint.text.clone()).collect();
                if !known.contains(&name.text) {
                    let longer = known.iter().find(|known| known.starts_with(&*name.text) || name.text.starts_with(&***known));
                    let longer = longer.map(|name| Near { name, sure: false });
                    let near = near(&name.text, known.iter().map(|known| &**known)).or(longer);
                    self.report(&UnknownCheckpoint { name: &name.text, span: name.span, near });
                }
                Rollback::To(name.text.clone())
            }
        };
        Some(self.plain_statement(StatementKind::Rollback(extent), rollback.span))
    }

    /// `checkpoint NAME`, in a sequential body.
    pub(super) fn checkpoint(&mut self, name: &ast::Name, span: Span, kind: BodyKind) -> Option<StatementId> {
        if matches!(kind, BodyKind::Parallel | BodyKind::Handler) {
            self.report(&StrayCheckpoint { span, in_handler: kind == BodyKind::Handler });
            return None;
        }
        if let Some(first) = self.checkpoints.iter().find(|known| known.text == name.text).map(|first| first.span) {
            let found =
                crate::findings::DuplicateName { name: &name.text, span: name.span, first: Some(first), what: "checkpoint" };
            self.report(&found);
        }
        self.context.recorder.declared(name.span, Symbol::Checkpoint(name.span), None);
        self.checkpoints.push(name.clone());
        Some(self.plain_statement(StatementKind::Checkpoint(name.text.clone()), span))
    }

    /// `commit`
    pub(super) fn commit(&mut self, span: Span, kind: BodyKind) -> StatementId {
        if kind == BodyKind::Parallel {
            self.report(&StrayCommit { span });
        }
        self.plain_statement(StatementKind::Commit, span)
    }
}
