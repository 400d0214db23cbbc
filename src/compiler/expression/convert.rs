//! The conversions that happen by themselves (§3), and what to say where none fits.

use super::findings::{BareNumber, JsonNeedsAs, MayBeMissing, SecretLeak, TypeMismatch, WrongUnit};
use super::{Checker, unknown};
use foldhash::HashSet;
use wf_model::expression::{Expression, ExpressionKind, Method, Reference};
use wf_model::span::Span;
use wf_model::types::{Field, Type};
use wf_model::unit::{Duration, Size};
use wf_model::value::Value;

impl Checker<'_> {
    /// The expression as a `target`; one that does not fit is reported, and unknown.
    pub(super) fn fitted(&mut self, expression: Expression, target: &Type) -> Expression {
        if target.accepts(&expression.type_) {
            return fits(expression, target);
        }
        if self.takes_secret && takes_text_of(target, &without_secret(&expression.type_)) {
            return expression;
        }
        self.mismatch(&expression, target);
        unknown(expression.span)
    }

    /// Says why an expression is no `target`.
    pub(super) fn mismatch(&mut self, expression: &Expression, target: &Type) {
        let (span, type_) = (expression.span, &expression.type_);
        let number = match &expression.kind {
            ExpressionKind::Literal(Value::Int(number)) => Some(*number),
            _ => None,
        };
        match (target.required(), type_) {
            (Type::Duration | Type::Size, Type::Int | Type::Float) => {
                self.report(&BareNumber { span, number, target: target.required() });
            }
            (Type::Duration, Type::Size) | (Type::Size, Type::Duration) => self.report(&WrongUnit { span, target, type_ }),
            (_, Type::Optional(inner)) if **inner != Type::Never && target.accepts(inner) => {
                self.report(&MayBeMissing { span, type_ })
            }
            (_, Type::Json) => self.report(&JsonNeedsAs { span, target: Some(target) }),
            (_, found) if found.holds_secret() && !target.holds_secret() => {
                let trail = self.trail_of(expression);
                self.report(&SecretLeak { span, target: &target.to_string(), trail: &trail });
            }
            _ => {
                let text = expression.constant_text();
                let in_quotes = text.as_deref().filter(|text| is_literal_of(text, target.required()));
                self.report(&TypeMismatch { span, target, type_, in_quotes });
            }
        }
    }

    /// How a secret came into an expression.
    fn trail_of(&self, expression: &Expression) -> Vec<(Span, String)> {
        let mut seen = HashSet::default();
        let mut trail = Vec::new();
        for part in expression.walk() {
            if let ExpressionKind::Reference(Reference::Value(value)) = part.kind
                && part.type_.holds_secret()
            {
                trail.extend(self.names.trail(value).into_iter().filter(|(span, _)| seen.insert(*span)));
            }
        }
        trail
    }

    /// The type that both fit; a mismatch is reported at the one that is not what is wanted, else at the second.
    pub(super) fn common(&mut self, first: &Expression, second: &Expression, hint: Option<&Type>) -> Type {
        if let Some(hint) = hint.filter(|hint| hint.accepts(&first.type_) && hint.accepts(&second.type_)) {
            return hint.clone();
        }
        if let Some(type_) = joined(&first.type_, &second.type_) {
            return type_;
        }
        match hint {
            Some(hint) if hint.accepts(&second.type_) => self.mismatch(first, hint),
            Some(hint) if hint.accepts(&first.type_) => self.mismatch(second, hint),
            _ => self.mismatch(second, &first.type_),
        }
        Type::Unknown
    }
}

/// Whether a text would be a literal of a type without its quotes.
fn is_literal_of(text: &str, type_: &Type) -> bool {
    match type_ {
        Type::Duration => Duration::parse(text).is_some(),
        Type::Size => Size::parse(text).is_some(),
        _ => false,
    }
}

/// An expression as the type that it was [`joined`] into: text beside a secret becomes one.
pub(super) fn as_joined(expression: Expression, type_: &Type) -> Expression {
    if type_.accepts(&expression.type_) {
        return fits(expression, type_);
    }
    let span = expression.span;
    Expression { kind: ExpressionKind::Convert(Box::new(expression)), type_: type_.clone(), span }
}

/// Whether a target takes what a secret's text may be: of a URL or path, only the run knows the form.
fn takes_text_of(target: &Type, revealed: &Type) -> bool {
    target.accepts(revealed) || matches!(target.required(), Type::Url | Type::Path) && *revealed == Type::String
}

/// The type with strings in place of secrets.
pub(crate) fn without_secret(type_: &Type) -> Type {
    match type_ {
        Type::Secret => Type::String,
        Type::List(inner) => Type::list(without_secret(inner)),
        Type::Map(inner) => Type::map(without_secret(inner)),
        Type::Optional(inner) => Type::optional(without_secret(inner)),
        Type::Record(fields) => {
            let field = |field: &Field| Field { name: field.name.clone(), type_: without_secret(&field.type_) };
            Type::Record(fields.iter().map(field).collect())
        }
        _ => type_.clone(),
    }
}

/// The smallest type that both fit, where there is one.
pub(super) fn joined(first: &Type, second: &Type) -> Option<Type> {
    match (first, second) {
        (Type::Unknown, _) | (_, Type::Unknown) => Some(Type::Unknown),
        (Type::Optional(inner), other) | (other, Type::Optional(inner)) => joined(inner, other.required()).map(Type::optional),
        (Type::Union(members), Type::Union(others)) => {
            let added = others.iter().filter(|other| !members.contains(other));
            Some(Type::Union(members.iter().chain(added).cloned().collect()))
        }
        (Type::Never, other) | (other, Type::Never) => Some(other.clone()),
        (Type::List(first), Type::List(second)) => joined(first, second).map(Type::list),
        (Type::Map(first), Type::Map(second)) => joined(first, second).map(Type::map),
        _ if first.accepts(second) => Some(first.clone()),
        _ if second.accepts(first) => Some(second.clone()),
        _ if first.is_text() && second.is_text() => Some(Type::String),
        (Type::Secret, other) | (other, Type::Secret) if other.is_text() => Some(Type::Secret),
        _ => None,
    }
}

/// An expression whose type fits, as a `target`.
pub(crate) fn fits(expression: Expression, target: &Type) -> Expression {
    if expression.type_ == *target || *target == Type::Unknown || expression.type_ == Type::Unknown {
        return expression;
    }
    if let (ExpressionKind::Literal(Value::Int(number)), Type::Float) = (&expression.kind, target.required()) {
        let kind = ExpressionKind::Literal(Value::Float(*number as f64));
        return Expression { kind, type_: target.clone(), span: expression.span };
    }
    // What these evaluate to depends on their own type.
    let by_type =
        matches!(expression.kind, ExpressionKind::As(_) | ExpressionKind::Convert(_) | ExpressionKind::Method(Method::Sum, ..));
    if !by_type && same_at_run_time(&expression.type_, target) {
        return Expression { type_: target.clone(), ..expression };
    }
    let span = expression.span;
    Expression { kind: ExpressionKind::Convert(Box::new(expression)), type_: target.clone(), span }
}

/// Whether a value of one type is one of the other as it stands.
fn same_at_run_time(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Json) | (Type::Never, _) => true,
        (Type::Int, Type::Float) => false,
        (Type::Optional(from), Type::Optional(to)) => same_at_run_time(from, to),
        (_, Type::Optional(to)) => same_at_run_time(from, to),
        (Type::List(from), Type::List(to)) | (Type::Map(from), Type::Map(to)) => same_at_run_time(from, to),
        (Type::Record(_), Type::Record(_)) => from == to,
        _ => true,
    }
}
