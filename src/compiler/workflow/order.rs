//! `depends on`: names to statements, once all are known.

use super::Check;
use crate::findings::{OutOfReach, SelfDependency, UnknownStep};
use crate::nesting::{Owner, Tree};
use crate::offer::Offer;
use crate::order::Depends;
use wf_model::program::{BodyId, StatementId};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_syntax::ast;

/// What a statement says of its order.
pub(super) struct Written {
    pub(super) statement: StatementId,
    /// Its own name.
    pub(super) name: Option<ast::Name>,
    pub(super) depends: ast::Depends,
}

impl Check<'_> {
    /// Finds the statements that every `depends on` names.
    pub(super) fn resolve_depends(&mut self) {
        if self.written.is_empty() {
            return;
        }
        let tree = Tree::new(&self.workflow);
        for Written { statement, name, depends } in std::mem::take(&mut self.written) {
            if depends.names.is_empty() {
                self.depends.insert(statement, Depends::Nothing);
                continue;
            }
            let mut on: Vec<(StatementId, Span)> = Vec::new();
            for wanted in &depends.names {
                self.context.recorder.offer(wanted.span, || Offer::Statements(self.statements_of.keys().cloned().collect()));
                if name.as_ref().is_some_and(|name| name.text == wanted.text) {
                    self.report(&SelfDependency { name: &wanted.text, span: wanted.span });
                    continue;
                }
                match self.statements_of.get(&wanted.text) {
                    Some(found) => {
                        let first = found.first().copied();
                        first.iter().for_each(|first| self.context.recorder.named(wanted.span, self.workflow.span, *first));
                        let reached = found.iter().filter(|on| is_in_reach(&tree, statement, **on));
                        let before = on.len();
                        on.extend(reached.map(|statement| (*statement, wanted.span)));
                        if on.len() == before {
                            self.out_of_reach(wanted);
                        }
                    }
                    None => self.unknown_step(wanted),
                }
            }
            self.depends.insert(statement, Depends::On(on));
        }
    }

    fn out_of_reach(&mut self, wanted: &ast::Name) {
        let declared = self.names.get(&wanted.text).map(|known| known.span);
        self.report(&OutOfReach { name: &wanted.text, span: wanted.span, declared });
    }

    fn unknown_step(&mut self, wanted: &ast::Name) {
        let near = if self.context.suggestions.wanted() {
            let mut names: Vec<&str> = self.statements_of.keys().map(|name| &**name).collect();
            names.sort_unstable();
            near(&wanted.text, names).map(|near| (near.name.to_owned(), near.sure))
        } else {
            None
        };
        let near = near.as_ref().map(|(name, sure)| Near { name, sure: *sure });
        let is_value = self.names.get(&wanted.text).is_some_and(|known| known.value.is_some());
        self.report(&UnknownStep { name: &wanted.text, span: wanted.span, near, is_value });
    }
}

/// Whether a statement can wait for another: not for one of another branch or of a handler that it does not stand in.
fn is_in_reach(tree: &Tree, user: StatementId, on: StatementId) -> bool {
    if tree.meet(user, on).is_some() || tree.holds(user, on) || tree.holds(on, user) {
        return true;
    }
    let Some((target, owner)) = tree.bodies_around(on).last() else { return false };
    let outermost = |statement| tree.bodies_around(statement).last().map(|(body, _)| body);
    let Some(own) = outermost(user).filter(|own| *own != target) else { return false };
    // A handler runs when its body has ended.
    owner == Owner::Workflow || is_inside(tree, own, target)
}

/// Whether the handler `inner` belongs to something in the handler `outer`.
fn is_inside(tree: &Tree, inner: BodyId, outer: BodyId) -> bool {
    let around = |body: &BodyId| {
        let statement = tree.container(*body)?;
        tree.bodies_around(statement).last().map(|(body, _)| body)
    };
    std::iter::successors(Some(inner), around).any(|body| body == outer)
}
