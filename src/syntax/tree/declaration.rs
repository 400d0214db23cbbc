//! `param`, `secret`, `let`, `output`, and attributes.

use super::Parser;
use super::head::Head;
use crate::ast::{
    Attribute, Expression, ExpressionKind, Let, Name, Output, Param, Secret, SecretSource, TypeExpression, TypeKind,
};
use crate::parse::{Rule, field_name};
use crate::scan::Entry;
use wf_model::span::Span;

/// What stands for an expression that could not be read.
pub(super) fn missing(span: Span) -> Expression {
    Expression { kind: ExpressionKind::Missing, span }
}

/// `: T = expr`, both optional here.
fn type_and_value(head: &mut Head<'_>) -> (Option<TypeExpression>, Option<Expression>) {
    let type_ = head.take(Rule::declared_type).and_then(|part| head.inner_type(part));
    let value = head.expression_in(Rule::declared_value);
    (type_, value)
}

impl Parser<'_> {
    /// `param name: T = default where cond`; one that cannot be read keeps its name, so that its uses say nothing more.
    pub(super) fn param(&mut self, entry: &Entry, span: Span) -> Option<Param> {
        let doc = self.doc(entry);
        let read = self.head(Rule::param_head, span, |head| {
            let name = head.declared()?;
            let (type_, default) = type_and_value(head);
            let constraint = head.expression_in(Rule::where_part);
            Some(Param { doc: None, name, type_, default, constraint, span })
        });
        let read = read.or_else(|| {
            let name = self.second_word(span)?;
            let type_ = Some(TypeExpression { kind: TypeKind::Missing, span });
            Some(Param { doc: None, name, type_, default: Some(missing(span)), constraint: None, span })
        })?;
        self.declared.insert(read.name.text.clone());
        Some(Param { doc, ..read })
    }

    /// `let name: T = expr`
    pub(super) fn let_(&mut self, entry: &Entry, span: Span) -> Option<Let> {
        let doc = self.doc(entry);
        let (name, type_, value) = self.named_value(Rule::let_head, span)?;
        self.declared.insert(name.text.clone());
        Some(Let { doc, name, type_, value, span })
    }

    /// `output name: T = expr`
    pub(super) fn output(&mut self, entry: &Entry, span: Span) -> Option<Output> {
        let doc = self.doc(entry);
        let (name, type_, value) = self.named_value(Rule::output_head, span)?;
        Some(Output { doc, name, type_, value, span })
    }

    fn named_value(&mut self, rule: Rule, span: Span) -> Option<(Name, Option<TypeExpression>, Expression)> {
        let read = self.head(rule, span, |head| {
            let name = head.declared()?;
            let (type_, value) = type_and_value(head);
            Some((name, type_, value.unwrap_or_else(|| missing(span))))
        });
        read.or_else(|| Some((self.second_word(span)?, None, missing(span))))
    }

    /// `secret name from env "X" or file "path"`
    pub(super) fn secret(&mut self, entry: &Entry, span: Span) -> Option<Secret> {
        let doc = self.doc(entry);
        let read = self.head(Rule::secret_head, span, |head| {
            let name = head.declared()?;
            let mut sources = Vec::new();
            while let Some(part) = head.take(Rule::secret_source) {
                sources.extend(secret_source(part, head));
            }
            Some(Secret { doc: None, name, sources, span })
        });
        let read = read.or_else(|| Some(Secret { doc: None, name: self.second_word(span)?, sources: Vec::new(), span }))?;
        Some(Secret { doc, ..read })
    }

    /// `name: expr`; one whose value cannot be read keeps its name, so that it is not called missing too.
    pub(super) fn attribute(&mut self, span: Span) -> Option<Attribute> {
        let read = self.head(Rule::attribute_head, span, |head| {
            let name = head.take(Rule::attribute_name)?;
            let name = field_name(name, &mut head.convert);
            let value = head.expression()?;
            Some(Attribute { name, value, span })
        });
        read.or_else(|| {
            let name = self.name_at(span)?;
            Some(Attribute { name, value: missing(span), span })
        })
    }
}

fn secret_source(part: pest::iterators::Pair<'_, Rule>, head: &mut Head<'_>) -> Option<SecretSource> {
    let source = part.into_inner().next()?;
    let rule = source.as_rule();
    let value = crate::parse::literal(source.into_inner().next()?, &mut head.convert);
    match rule {
        Rule::secret_env => Some(SecretSource::Environment(value)),
        Rule::secret_file => Some(SecretSource::File(value)),
        Rule::secret_command => Some(SecretSource::Command(value)),
        _ => None,
    }
}
