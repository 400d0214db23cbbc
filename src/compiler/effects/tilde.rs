//! `~` in a path, which only a shell expands.

use super::Check;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind, Function};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;

/// Reports paths and patterns of files that begin with `~/`.
pub(super) fn check(check: &mut Check<'_, '_>) {
    for expression in check.room.workflow.expressions().flat_map(Expression::walk) {
        let pattern = match &expression.kind {
            ExpressionKind::Call(Function::Glob, arguments, _) => arguments.first(),
            _ => None,
        };
        let literal = pattern.unwrap_or(expression);
        let ExpressionKind::Literal(Value::String(text)) = &literal.kind else { continue };
        let of_path = *literal.type_.required() == Type::Path && (text.contains("/~/") || text.ends_with("/~"));
        if of_path || pattern.is_some() && text.starts_with("~/") {
            check.report(&TildeInPath { span: literal.span });
        }
    }
}

/// A path that begins with `~`.
struct TildeInPath {
    span: Span,
}

impl Finding for TildeInPath {
    const SLUG: &'static str = "tilde-in-path";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "`~` is a folder of that name in a path")
            .labelled("only a shell puts the home folder in")
            .with_help("Write the path from `/` on, or use `$HOME` in a text that a shell reads.")
    }
}
