//! `[…]` and `{…}`.

use super::findings::{DuplicateKey, MissingField, UnknownField};
use super::{Checker, convert::joined, unknown};
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::span::Span;
use wf_model::suggest::nearest;
use wf_model::types::{Field, Type};
use wf_syntax::ast;

impl Checker<'_> {
    /// `[a, b]`
    pub(super) fn list(&mut self, elements: &[ast::Expression], span: Span, hint: Option<&Type>) -> Expression {
        let wanted = match hint.map(Type::required) {
            Some(Type::List(element)) => Some((**element).clone()),
            Some(Type::Json) => Some(Type::Json),
            _ => None,
        };
        let inferred: Vec<Expression> = elements.iter().map(|element| self.infer(element, wanted.as_ref())).collect();
        let element = wanted.or_else(|| self.element_type(&inferred)).unwrap_or(Type::Unknown);
        // A list with a secret in it has secret elements.
        let element =
            if element.is_text() && inferred.iter().any(|one| one.type_ == Type::Secret) { Type::Secret } else { element };
        let elements = inferred.into_iter().map(|one| self.element(one, &element)).collect();
        Expression { kind: ExpressionKind::List(elements), type_: Type::list(element), span }
    }

    /// The type that all elements fit; the first that does not is reported.
    fn element_type(&mut self, elements: &[Expression]) -> Option<Type> {
        let mut common = Type::Never;
        for element in elements {
            common = match joined(&common, &element.type_) {
                Some(type_) => type_,
                None => {
                    self.mismatch(element, &common);
                    return None;
                }
            };
        }
        Some(common)
    }

    /// `{ a: x, "k": y }`: a map or json where one is wanted, else a record when all keys are identifiers, else a map.
    pub(super) fn record(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span, hint: Option<&Type>) -> Expression {
        self.report_repeated(entries);
        match hint.map(Type::required) {
            Some(Type::Map(element)) => self.map(entries, span, Some(element)),
            Some(Type::Json) => Expression { type_: Type::Json, ..self.map(entries, span, Some(&Type::Json)) },
            Some(Type::Record(fields)) => self.record_of(entries, span, &fields.clone()),
            _ if entries.iter().all(|(key, _)| !key.quoted) => self.plain_record(entries, span),
            _ => self.map(entries, span, None),
        }
    }

    fn report_repeated(&mut self, entries: &[(ast::Key, ast::Expression)]) {
        for (place, (key, _)) in entries.iter().enumerate() {
            let first = entries.iter().take(place).find(|(earlier, _)| earlier.text == key.text);
            if let Some((first, _)) = first {
                self.report(&DuplicateKey { key, first: first.span });
            }
        }
    }

    fn map(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span, element: Option<&Type>) -> Expression {
        let values: Vec<Expression> = entries.iter().map(|(_, value)| self.infer(value, element)).collect();
        let element = element.cloned().or_else(|| self.element_type(&values)).unwrap_or(Type::Unknown);
        let element =
            if element.is_text() && values.iter().any(|one| one.type_ == Type::Secret) { Type::Secret } else { element };
        let values = values.into_iter().map(|value| self.element(value, &element));
        let entries = entries.iter().map(|(key, _)| key.text.clone()).zip(values).collect();
        Expression { kind: ExpressionKind::Map(entries), type_: Type::map(element), span }
    }

    fn plain_record(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span) -> Expression {
        let entries: Vec<(Arc<str>, Expression)> =
            entries.iter().map(|(key, value)| (key.text.clone(), self.infer(value, None))).collect();
        let field = |(name, value): &(Arc<str>, Expression)| Field { name: name.clone(), type_: value.type_.clone() };
        let type_ = Type::Record(entries.iter().map(field).collect());
        Expression { kind: ExpressionKind::Map(entries), type_, span }
    }

    /// A record whose fields are known: each is checked by itself, so that a mistake is shown where it is.
    fn record_of(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span, fields: &[Field]) -> Expression {
        let mut checked: Vec<(Arc<str>, Expression)> = Vec::new();
        for (key, value) in entries {
            if let Some(field) = fields.iter().find(|field| field.name == key.text) {
                checked.push((key.text.clone(), self.check(value, &field.type_)));
            } else {
                let near = nearest(&key.text, fields.iter().map(|field| &*field.name));
                self.report(&UnknownField {
                    name: &key.text,
                    span: key.span,
                    near,
                    of: &Type::Record(fields.into()),
                    help: None,
                });
                self.infer(value, None);
            }
        }
        for field in fields {
            if checked.iter().any(|(name, _)| *name == field.name) {
                continue;
            }
            if !matches!(field.type_, Type::Optional(_)) {
                self.report(&MissingField { name: &field.name, type_: &field.type_, span });
            }
            let null = Expression { kind: ExpressionKind::Literal(wf_model::value::Value::Null), ..unknown(span) };
            checked.push((field.name.clone(), Expression { type_: field.type_.clone(), ..null }));
        }
        Expression { kind: ExpressionKind::Map(checked), type_: Type::Record(fields.into()), span }
    }
}
