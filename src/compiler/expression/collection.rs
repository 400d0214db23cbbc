//! `[…]` and `{…}`.

use super::convert::{as_joined, joined};
use super::findings::{DuplicateKey, MissingField, UnknownField};
use super::{Checker, unknown};
use foldhash::{HashMap, HashSet};
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::span::Span;
use wf_model::suggest::near;
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
        let (elements, element) = self.elements(inferred, wanted);
        Expression { kind: ExpressionKind::List(elements), type_: Type::list(element), span }
    }

    /// `[a, b]` where literals take a type and everything else keeps its own, as beside `==`.
    pub(super) fn list_of_hinted(&mut self, elements: &[ast::Expression], span: Span, hint: &Type) -> Expression {
        let inferred: Vec<Expression> = elements.iter().map(|element| self.infer(element, Some(hint))).collect();
        let (elements, element) = self.elements(inferred, None);
        Expression { kind: ExpressionKind::List(elements), type_: Type::list(element), span }
    }

    /// Elements as one type: what is wanted, else what all fit. With a secret in it a list or map has secret elements.
    fn elements(&mut self, inferred: Vec<Expression>, wanted: Option<Type>) -> (Vec<Expression>, Type) {
        let Some(wanted) = wanted else {
            let element = self.element_type(&inferred).unwrap_or(Type::Unknown);
            return (inferred.into_iter().map(|one| as_joined(one, &element)).collect(), element);
        };
        let fitted: Vec<Expression> = inferred.into_iter().map(|one| self.fitted(one, &wanted)).collect();
        let element = match fitted.iter().find(|one| one.type_.holds_secret()) {
            Some(secret) if !wanted.holds_secret() => secret.type_.clone(),
            _ => wanted,
        };
        (fitted, element)
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
            Some(Type::Json) => self.json(entries, span),
            Some(Type::Record(fields)) => self.record_of(entries, span, &fields.clone()),
            _ if entries.iter().all(|(key, _)| !key.quoted) => self.plain_record(entries, span),
            _ => self.map(entries, span, None),
        }
    }

    fn report_repeated(&mut self, entries: &[(ast::Key, ast::Expression)]) {
        let mut known: HashMap<&str, Span> = HashMap::default();
        for (key, _) in entries {
            match known.get(&*key.text) {
                Some(first) => self.report(&DuplicateKey { key, first: *first }),
                None => drop(known.insert(&key.text, key.span)),
            }
        }
    }

    /// An object; with secrets in it, where those are taken, it stays a map of them.
    fn json(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span) -> Expression {
        let map = self.map(entries, span, Some(&Type::Json));
        let type_ = if map.type_.holds_secret() { map.type_ } else { Type::Json };
        Expression { type_, ..map }
    }

    fn map(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span, element: Option<&Type>) -> Expression {
        let values: Vec<Expression> = entries.iter().map(|(_, value)| self.infer(value, element)).collect();
        let (values, element) = self.elements(values, element.cloned());
        let entries = entries.iter().map(|(key, _)| key.text.clone()).zip(values).collect();
        Expression { kind: ExpressionKind::Map(entries), type_: Type::map(element), span }
    }

    fn plain_record(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span) -> Expression {
        let entries: Vec<(Arc<str>, Expression)> =
            entries.iter().map(|(key, value)| (key.text.clone(), self.infer(value, None))).collect();
        let type_ = type_of(&entries);
        Expression { kind: ExpressionKind::Map(entries), type_, span }
    }

    /// A record whose fields are known: each is checked by itself, so that a mistake is shown where it is.
    fn record_of(&mut self, entries: &[(ast::Key, ast::Expression)], span: Span, fields: &[Field]) -> Expression {
        let known: HashMap<&str, &Field> = fields.iter().map(|field| (&*field.name, field)).collect();
        let mut checked: Vec<(Arc<str>, Expression)> = Vec::new();
        // A field that was most likely meant is not called missing too.
        let mut meant: Vec<&str> = Vec::new();
        for (key, value) in entries {
            if let Some(field) = known.get(&*key.text) {
                checked.push((key.text.clone(), self.check(value, &field.type_)));
            } else {
                let near = near(&key.text, fields.iter().map(|field| &*field.name));
                meant.extend(near.map(|near| near.name));
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
        let given: HashSet<&str> = entries.iter().map(|(key, _)| &*key.text).collect();
        for field in fields.iter().filter(|field| !given.contains(&*field.name)) {
            if !matches!(field.type_, Type::Optional(_)) && !meant.contains(&&*field.name) {
                self.report(&MissingField { name: &field.name, type_: &field.type_, span });
            }
            let null = Expression { kind: ExpressionKind::Literal(wf_model::value::Value::Null), ..unknown(span) };
            checked.push((field.name.clone(), Expression { type_: field.type_.clone(), ..null }));
        }
        let type_ = if self.takes_secret { type_of(&checked) } else { Type::Record(fields.into()) };
        Expression { kind: ExpressionKind::Map(checked), type_, span }
    }
}

/// The record type of these fields.
fn type_of(entries: &[(Arc<str>, Expression)]) -> Type {
    let field = |(name, value): &(Arc<str>, Expression)| Field { name: name.clone(), type_: value.type_.clone() };
    Type::Record(entries.iter().map(field).collect())
}
