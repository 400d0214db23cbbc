//! From pest's pairs to expressions, types, strings and names.

mod convert;
mod describe;
mod expression;
mod findings;
mod form;
mod grammar;
mod name;
mod number;
#[cfg(test)]
mod tests;
mod text;
mod types;

pub(crate) use convert::Convert;
pub(crate) use describe::describe;
pub(crate) use expression::{expression, literal};
pub(crate) use findings::NestedTooDeep;
pub(crate) use grammar::{Grammar, Rule};
pub(crate) use name::{declared_name, field_name, name, type_name};
pub(crate) use text::plain_string;
pub(crate) use types::type_expression;

use crate::ast::{Expression, ExpressionKind, TypeExpression, TypeKind};
use pest::Parser as _;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// Brackets nest no deeper; the stack of the parser below is bounded by it.
pub(crate) const DEEPEST: usize = 64;

/// Parses a whole text that is one expression and stands at `offset` of `source`; what cannot be read is
/// [`ExpressionKind::Missing`].
#[must_use]
pub fn parse_expression(source: SourceId, offset: usize, text: &str) -> (Expression, Vec<Diagnostic>) {
    let span = Span::new(source, offset, offset + text.len());
    let mut convert = Convert::new(source, offset);
    let missing = Expression { kind: ExpressionKind::Missing, span };
    if too_deep(text) {
        return (missing, vec![NestedTooDeep { span }.diagnostic()]);
    }
    match Grammar::parse(Rule::expression_only, text) {
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
    let mut convert = Convert::new(source, offset);
    let missing = TypeExpression { kind: TypeKind::Missing, span };
    if too_deep(text) {
        return (missing, vec![NestedTooDeep { span }.diagnostic()]);
    }
    match Grammar::parse(Rule::type_only, text) {
        Ok(pairs) => {
            let pair = pairs.flatten().find(|pair| pair.as_rule() == Rule::type_expression);
            let read = pair.map(|pair| type_expression(pair, &mut convert));
            (read.unwrap_or(missing), convert.diagnostics)
        }
        Err(error) => (missing, vec![describe(Rule::type_only, &error, text, &convert)]),
    }
}

/// Whether brackets may nest too deeply, those in strings counted too.
fn too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}
