//! Types.

use super::convert::Convert;
use super::findings::UnionOfTypes;
use super::grammar::Rule;
use super::name::field_name;
use super::text::plain_text;
use crate::ast::{TypeExpression, TypeKind};
use pest::iterators::Pair;
use wf_model::span::Span;

/// `"a" | "b"`, `[T]`, `T?` …
pub(crate) fn type_expression(pair: Pair<'_, Rule>, convert: &mut Convert) -> TypeExpression {
    let span = convert.span(&pair);
    let missing = TypeExpression { kind: TypeKind::Missing, span };
    convert.deeper(1, span, |convert| members(pair, span, convert)).unwrap_or(missing)
}

fn members(pair: Pair<'_, Rule>, span: Span, convert: &mut Convert) -> TypeExpression {
    let mut optional = false;
    let mut members = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::optional_mark => optional = true,
            _ => members.push(member(part, convert)),
        }
    }
    let end = members.iter().map(|member| member.span).reduce(Span::to).unwrap_or(span);
    let kind = union(members, end, convert);
    if optional {
        let inner = TypeExpression { kind, span: end };
        return TypeExpression { kind: TypeKind::Optional(Box::new(inner)), span };
    }
    TypeExpression { kind, span: end }
}

/// One type alone, or several strings; other types have no union.
fn union(members: Vec<TypeExpression>, span: Span, convert: &mut Convert) -> TypeKind {
    let alone = members.len() == 1;
    let mut strings = Vec::new();
    for member in members {
        match member.kind {
            TypeKind::Union(mut more) => strings.append(&mut more),
            kind if alone => return kind,
            TypeKind::Missing => return TypeKind::Missing,
            _ => {
                convert.report(&UnionOfTypes { span, member: member.span });
                return TypeKind::Missing;
            }
        }
    }
    TypeKind::Union(strings)
}

fn member(pair: Pair<'_, Rule>, convert: &mut Convert) -> TypeExpression {
    let span = convert.span(&pair);
    let kind = match pair.as_rule() {
        Rule::type_literal => match pair.into_inner().next().and_then(|string| plain_text(string, convert)) {
            Some(text) => TypeKind::Union(vec![(text.into(), span)]),
            None => TypeKind::Missing,
        },
        Rule::named_type => TypeKind::Named(pair.as_str().into()),
        Rule::list_type => list(pair, convert),
        Rule::record_type => record(pair, convert),
        _ => match inner(pair, convert) {
            // The parentheses group; the type stands alone.
            Some(inner) => inner.kind,
            None => TypeKind::Missing,
        },
    };
    TypeExpression { kind, span }
}

fn inner(pair: Pair<'_, Rule>, convert: &mut Convert) -> Option<TypeExpression> {
    let pair = pair.into_inner().find(|inner| inner.as_rule() == Rule::type_expression)?;
    Some(type_expression(pair, convert))
}

fn list(pair: Pair<'_, Rule>, convert: &mut Convert) -> TypeKind {
    let is_map = pair.clone().into_inner().any(|part| part.as_rule() == Rule::map_key);
    match inner(pair, convert).map(Box::new) {
        Some(element) if is_map => TypeKind::Map(element),
        Some(element) => TypeKind::List(element),
        None => TypeKind::Missing,
    }
}

fn record(pair: Pair<'_, Rule>, convert: &mut Convert) -> TypeKind {
    let mut fields = Vec::new();
    for field in pair.into_inner().filter(|part| part.as_rule() == Rule::type_field) {
        let mut parts = field.into_inner();
        if let (Some(name), Some(type_)) = (parts.next(), parts.next()) {
            fields.push((field_name(name, convert), type_expression(type_, convert)));
        }
    }
    TypeKind::Record(fields)
}
