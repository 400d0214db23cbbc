//! `depends on`: names to statements, once all are known.

use super::Check;
use crate::findings::{SelfDependency, UnknownStep};
use crate::order::Depends;
use wf_model::program::StatementId;
use wf_model::span::Span;
use wf_model::suggest::nearest;
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
        for Written { statement, name, depends } in std::mem::take(&mut self.written) {
            if depends.names.is_empty() {
                self.depends.insert(statement, Depends::Nothing);
                continue;
            }
            let mut on: Vec<(StatementId, Span)> = Vec::new();
            for wanted in &depends.names {
                if name.as_ref().is_some_and(|name| name.text == wanted.text) {
                    self.report(&SelfDependency { name: &wanted.text, span: wanted.span });
                    continue;
                }
                match self.statements_of.get(&wanted.text) {
                    Some(found) => on.extend(found.iter().map(|statement| (*statement, wanted.span))),
                    None => self.unknown_step(wanted),
                }
            }
            self.depends.insert(statement, Depends::On(on));
        }
    }

    fn unknown_step(&mut self, wanted: &ast::Name) {
        let mut names: Vec<&str> = self.statements_of.keys().map(|name| &**name).collect();
        names.sort_unstable();
        let near = nearest(&wanted.text, names).map(str::to_owned);
        let is_value = self.names.get(&wanted.text).is_some_and(|known| known.value.is_some());
        self.report(&UnknownStep { name: &wanted.text, span: wanted.span, near: near.as_deref(), is_value });
    }
}
