//! From pest's pairs to expressions, types, strings and names.

mod convert;
mod describe;
mod expansion;
mod expression;
mod findings;
mod form;
mod grammar;
mod habits;
mod name;
mod number;
#[cfg(test)]
mod tests;
mod text;
mod types;

pub(crate) use convert::{Convert, Origin};
pub(crate) use describe::describe;
pub(crate) use expression::{expression, literal};
pub(crate) use findings::NestedTooDeep;
pub(crate) use grammar::{Rule, read};
pub(crate) use name::{declared_name, field_name, plain_name, type_name, used_name};
pub(crate) use text::plain_string;
pub(crate) use types::type_expression;

use crate::ast::{Expression, ExpressionKind, TypeExpression, TypeKind};
use crate::scan::{TokenKind, scan};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// Brackets nest no deeper; the stack of the parser below is bounded by it.
const DEEPEST: usize = 64;

/// No more operators, dots or indexes stand in a row.
const MOST_OPERATORS: usize = 100;

/// Parses a whole text that is one expression and stands at `offset` of `source`; what cannot be read is
/// [`ExpressionKind::Missing`].
#[must_use]
pub fn parse_expression(source: SourceId, offset: usize, text: &str) -> (Expression, Vec<Diagnostic>) {
    let span = Span::new(source, offset, offset + text.len());
    let mut convert = Convert::new(source, Origin::plain(offset, offset + text.len()));
    let missing = Expression { kind: ExpressionKind::Missing, span };
    if let Some(found) = too_deep(source, text, span) {
        return (missing, vec![found]);
    }
    match read(Rule::expression_only, text) {
        Ok(pairs) => {
            let pair = pairs.flatten().find(|pair| pair.as_rule() == Rule::expression);
            let read = pair.map(|pair| expression(pair, &mut convert));
            (read.unwrap_or(missing), convert.diagnostics)
        }
        Err(error) => (missing, vec![describe(Rule::expression_only, &error, text, &convert)]),
    }
}

/// Parses a whole text that is one type and stands at `offset` of `source`.
#[must_use]
pub fn parse_type(source: SourceId, offset: usize, text: &str) -> (TypeExpression, Vec<Diagnostic>) {
    let span = Span::new(source, offset, offset + text.len());
    let mut convert = Convert::new(source, Origin::plain(offset, offset + text.len()));
    let missing = TypeExpression { kind: TypeKind::Missing, span };
    if let Some(found) = too_deep(source, text, span) {
        return (missing, vec![found]);
    }
    match read(Rule::type_only, text) {
        Ok(pairs) => {
            let pair = pairs.flatten().find(|pair| pair.as_rule() == Rule::type_expression);
            let read = pair.map(|pair| type_expression(pair, &mut convert));
            (read.unwrap_or(missing), convert.diagnostics)
        }
        Err(error) => (missing, vec![describe(Rule::type_only, &error, text, &convert)]),
    }
}

/// What to say where brackets nest too deeply.
fn too_deep(source: SourceId, text: &str, span: Span) -> Option<Diagnostic> {
    let mut depth = 0_usize;
    let deep = scan(source, text).tokens.iter().filter(|token| token.kind == TokenKind::Sign).any(|token| {
        match text.get(token.span.range()) {
            Some("(" | "[" | "{") => depth += 1,
            Some(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    });
    deep.then(|| NestedTooDeep { span, what: "brackets", deepest: DEEPEST }.diagnostic())
}
