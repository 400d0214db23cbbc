//! What stands behind an operand: fields, methods, indexes and `as`.

use super::call::method_elsewhere;
use super::facts::path;
use super::findings::{
    ArgumentCount, AsNeverHolds, IndexOutside, JsonNeedsAs, MayBeMissing, MethodNotCalled, NotIndexable, PropertyCalled,
    UnknownField, UnknownMethod,
};
use super::{Checker, fits, unknown};
use crate::offer::{Member, Offer};
use crate::types::resolve;
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind, Method};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_model::types::Type;
use wf_syntax::ast;

/// A link of a chain, and whether a `?.` before it may end the chain with `null`.
struct Link {
    expression: Expression,
    may_end: bool,
}

/// What a method takes and gives.
struct Signature {
    arguments: Vec<Type>,
    result: Type,
}

impl Checker<'_> {
    /// A chain of fields, methods and indexes as a whole: with a `?.` in it, it may be `null` as a whole.
    pub(super) fn chain(&mut self, expression: &ast::Expression) -> Expression {
        let Link { expression: inner, may_end } = self.link(expression);
        if !may_end || inner.type_ == Type::Unknown {
            return inner;
        }
        let known = path(expression).is_some_and(|path| self.facts.knows(&path));
        let type_ = if known { inner.type_.clone() } else { Type::optional(inner.type_.clone()) };
        let span = inner.span;
        Expression { kind: ExpressionKind::Chain(Box::new(inner)), type_, span }
    }

    fn link(&mut self, expression: &ast::Expression) -> Link {
        let span = expression.span;
        if let Some(whole) = self.names.whole(expression) {
            let found = whole.map_err(|diagnostic| self.diagnostics.push(*diagnostic));
            let named = |(reference, type_)| Expression { kind: ExpressionKind::Reference(reference), type_, span };
            return Link { expression: found.map_or_else(|()| unknown(span), named), may_end: false };
        }
        match &expression.kind {
            ast::ExpressionKind::Field { base, name, optional } => {
                let link = self.link(base);
                self.types.recorder.offer(name.span, || Offer::Members(members(&link.expression.type_)));
                let mut linked = self.step(link, *optional, |checker, base, may_end| checker.field(base, name, may_end, span));
                self.note_field(base, name, &linked.expression);
                if path(expression).is_some_and(|path| self.facts.knows(&path)) {
                    linked.expression.type_ = linked.expression.type_.required().clone();
                }
                linked
            }
            ast::ExpressionKind::Method { receiver, name, arguments, optional } => {
                let link = self.link(receiver);
                self.types.recorder.offer(name.span, || Offer::Members(members(&link.expression.type_)));
                self.step(link, *optional, |checker, base, may_end| {
                    checker.method(received(base, may_end), name, arguments, span)
                })
            }
            ast::ExpressionKind::Index { base, index } => {
                let link = self.link(base);
                self.step(link, false, |checker, base, _| checker.index(base, index, span))
            }
            _ => Link { expression: self.infer(expression, None), may_end: false },
        }
    }

    /// Takes down what stands behind a dot without parentheses.
    fn note_field(&self, base: &ast::Expression, name: &ast::Name, found: &Expression) {
        match found.kind {
            ExpressionKind::Method(..) => self.types.recorder.method(name, &found.type_),
            _ => self.types.recorder.field(base, name, &found.type_),
        }
    }

    /// Goes one link further, past a base that may be missing where `?.` says so; `go` is told whether it may.
    fn step(&mut self, base: Link, optional: bool, go: impl FnOnce(&mut Self, Expression, bool) -> Expression) -> Link {
        let Link { expression: base, may_end } = base;
        let Type::Optional(inner) = &base.type_ else {
            return Link { expression: go(self, base, false), may_end };
        };
        if !optional {
            self.report(&MayBeMissing { span: base.span, type_: &base.type_ });
            return Link { expression: unknown(base.span), may_end: false };
        }
        let present = Expression { type_: (**inner).clone(), ..base };
        Link { expression: go(self, present, true), may_end: true }
    }

    fn field(&mut self, base: Expression, name: &ast::Name, optional: bool, span: Span) -> Expression {
        let wrap = |base: Expression, type_| {
            let name = name.text.clone();
            let kind = if optional {
                ExpressionKind::OptionalField(Box::new(base), name)
            } else {
                ExpressionKind::Field(Box::new(base), name)
            };
            Expression { kind, type_, span }
        };
        match &base.type_ {
            Type::Unknown => return unknown(span),
            Type::Json => return wrap(base, Type::Json),
            Type::Record(_) => {
                if let Some(type_) = base.type_.field(&name.text).cloned() {
                    return wrap(base, type_);
                }
            }
            _ => {}
        }
        if let Some((property, type_)) = property(&base.type_, &name.text) {
            let receiver = received(base, optional);
            return Expression { kind: ExpressionKind::Method(property, Box::new(receiver), Vec::new()), type_, span };
        }
        self.unknown_field(&base.type_, name);
        unknown(span)
    }

    fn unknown_field(&mut self, of: &Type, name: &ast::Name) {
        let span = name.span;
        if Method::named(&name.text).is_some_and(|method| signature(of, method).is_some()) {
            self.report(&MethodNotCalled { name: &name.text, span });
            return;
        }
        let fields = names_of(of);
        let elsewhere = method_elsewhere(&name.text).filter(|meant| property(of, meant).is_some());
        let near = elsewhere.map(Near::surely).or_else(|| near(&name.text, fields.iter().map(|field| &**field)));
        let help = match of {
            _ if elsewhere.is_some() => None,
            Type::Map(_) => Some(format!("Look a key up with `[\"{}\"]`.", name.text)),
            _ if near.is_some() => None,
            Type::Record(_) => self.names.through_loop(&name.text),
            _ => has(of),
        };
        self.report(&UnknownField { name: &name.text, span, near, of, help });
    }

    fn method(&mut self, base: Expression, name: &ast::Name, arguments: &[ast::Expression], span: Span) -> Expression {
        if base.type_ == Type::Unknown {
            arguments.iter().for_each(|argument| drop(self.infer(argument, None)));
            return unknown(span);
        }
        let Some(method) = Method::named(&name.text).filter(|method| signature(&base.type_, *method).is_some()) else {
            match base.type_.holds_secret() && &*name.text == "to_json" {
                true => self.mismatch(&base, &Type::Json),
                false => self.unknown_method(&base.type_, name),
            }
            return unknown(span);
        };
        if arguments.is_empty() && property(&base.type_, &name.text).is_some() {
            self.report(&PropertyCalled { name: &name.text, name_span: name.span, end: span.after() });
        }
        let Some(Signature { arguments: wanted, result }) = signature(&base.type_, method) else { return unknown(span) };
        self.types.recorder.method(name, &result);
        let fewest = if method == Method::Round { 0 } else { wanted.len() };
        if arguments.len() > wanted.len() || arguments.len() < fewest {
            self.report(&ArgumentCount { name: &name.text, span, wanted: (wanted.len(), wanted.len()), found: arguments.len() });
            return unknown(span);
        }
        let mut checked: Vec<Expression> =
            arguments.iter().zip(&wanted).map(|(argument, type_)| self.check(argument, type_)).collect();
        if method == Method::Round && checked.is_empty() {
            let zero = ExpressionKind::Literal(wf_model::value::Value::Int(0));
            checked.push(Expression { kind: zero, type_: Type::Int, span });
        }
        Expression { kind: ExpressionKind::Method(method, Box::new(base), checked), type_: result, span }
    }

    fn unknown_method(&mut self, of: &Type, name: &ast::Name) {
        let span = name.span;
        match of {
            Type::Json => return self.report(&JsonNeedsAs { span, target: None }),
            Type::Optional(_) => return self.report(&MayBeMissing { span, type_: of }),
            _ => {}
        }
        let known: Vec<&str> =
            Method::ALL.iter().filter(|method| signature(of, **method).is_some()).map(|method| method.name()).collect();
        let elsewhere = method_elsewhere(&name.text).filter(|ours| known.contains(ours));
        let near = elsewhere.map(Near::surely).or_else(|| near(&name.text, known.iter().copied()));
        let function = matches!(of, Type::List(_)) && matches!(&*name.text, "map" | "filter" | "each" | "forEach" | "select");
        self.report(&UnknownMethod { name: &name.text, span, near, of, known: &known, function });
    }

    fn index(&mut self, base: Expression, index: &ast::Expression, span: Span) -> Expression {
        let (wanted, type_) = match &base.type_ {
            Type::List(element) => (Type::Int, (**element).clone()),
            Type::Map(element) => (Type::String, (**element).clone()),
            Type::Json => (Type::Unknown, Type::Json),
            Type::Unknown => (Type::Unknown, Type::Unknown),
            type_ => {
                self.report(&NotIndexable { span: base.span, type_ });
                self.infer(index, None);
                return unknown(span);
            }
        };
        let json = base.type_ == Type::Json;
        let mut index = self.check(index, &wanted);
        if json && !matches!(index.type_, Type::Int | Type::Unknown) {
            index = self.fitted(index, &Type::String);
        }
        if self.outside(&base, &index) {
            return unknown(span);
        }
        Expression { kind: ExpressionKind::Index(Box::new(base), Box::new(index)), type_, span }
    }

    /// Reports a constant index that no list, or not this one, has.
    fn outside(&mut self, base: &Expression, index: &Expression) -> bool {
        let ExpressionKind::Literal(wf_model::value::Value::Int(place)) = &index.kind else { return false };
        let length = match &base.kind {
            ExpressionKind::List(elements) => elements.len(),
            _ => usize::MAX,
        };
        let outside = matches!(base.type_, Type::List(_)) && !usize::try_from(*place).is_ok_and(|place| place < length);
        if outside {
            self.report(&IndexOutside { span: index.span, negative: *place < 0, length });
        }
        outside
    }

    /// `base as T`
    pub(super) fn as_type(&mut self, base: &ast::Expression, type_: &ast::TypeExpression, span: Span) -> Expression {
        let base = self.infer(base, None);
        let target = resolve(type_, self.types, self.diagnostics);
        if base.type_ == Type::Unknown || target == Type::Unknown {
            return unknown(span);
        }
        if target.accepts(&base.type_) {
            return fits(Expression { span, ..base }, &target);
        }
        if matches!(base.type_, Type::Optional(_)) && !matches!(target, Type::Optional(_)) {
            self.report(&MayBeMissing { span: base.span, type_: &base.type_ });
            return unknown(span);
        }
        if !may_hold(&base.type_, &target) {
            self.report(&AsNeverHolds { span, type_: &base.type_, target: &target });
            return unknown(span);
        }
        Expression { kind: ExpressionKind::As(Box::new(base)), type_: target, span }
    }
}

/// Whether a value of type `from` could be a `target`.
fn may_hold(from: &Type, target: &Type) -> bool {
    if from.holds_secret() || target.holds_secret() || from.holds_channel() || target.holds_channel() {
        return false;
    }
    match (from, target) {
        (Type::Json, _) => true,
        (Type::Optional(inner), _) => may_hold(inner, target.required()) || target.accepts(inner),
        (_, Type::Optional(inner)) => may_hold(from, inner),
        (Type::List(from), Type::List(to)) | (Type::Map(from), Type::Map(to)) => may_hold(from, to) || to.accepts(from),
        (Type::Record(_), Type::Record(fields)) => fields.iter().all(|field| match from.field(&field.name) {
            Some(type_) => field.type_.accepts(type_) || may_hold(type_, &field.type_),
            None => matches!(field.type_, Type::Optional(_)),
        }),
        _ => from.is_text() && target.is_text(),
    }
}

/// The receiver of a property: one behind `?.` ends the chain where it is `null`.
fn received(base: Expression, optional: bool) -> Expression {
    if !optional {
        return base;
    }
    let (type_, span) = (base.type_.clone(), base.span);
    Expression { kind: ExpressionKind::OptionalReceiver(Box::new(base)), type_, span }
}

/// What is read without parentheses.
fn property(of: &Type, name: &str) -> Option<(Method, Type)> {
    let method = Method::named(name)?;
    let is_property = match of {
        Type::List(_) => matches!(method, Method::Length | Method::First | Method::Last),
        Type::Map(_) => matches!(method, Method::Length | Method::Keys | Method::Values),
        Type::Duration => matches!(method, Method::Seconds | Method::Minutes),
        Type::Path => matches!(method, Method::Length | Method::Name | Method::Stem | Method::Extension | Method::Parent),
        Type::String | Type::Url | Type::Union(_) => method == Method::Length,
        _ => false,
    };
    if !is_property {
        return None;
    }
    Some((method, signature(of, method)?.result))
}

/// The names that stand behind a dot of this type.
fn names_of(of: &Type) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = match of {
        Type::Record(fields) => fields.iter().map(|field| field.name.clone()).collect(),
        _ => Vec::new(),
    };
    names.extend(Method::ALL.iter().filter(|method| signature(of, **method).is_some()).map(|method| method.name().into()));
    names
}

/// What stands behind a dot of this type, or of what it is where it is not missing.
fn members(of: &Type) -> Vec<Member> {
    let of = of.required();
    let mut members: Vec<Member> = match of {
        Type::Record(fields) => {
            fields.iter().map(|field| Member { name: field.name.clone(), type_: field.type_.clone(), arguments: None }).collect()
        }
        _ => Vec::new(),
    };
    members.extend(Method::ALL.iter().filter_map(|method| {
        let Signature { arguments, result } = signature(of, *method)?;
        let called = property(of, method.name()).is_none();
        Some(Member { name: method.name().into(), type_: result, arguments: called.then_some(arguments) })
    }));
    members
}

/// The methods of §4.
fn signature(of: &Type, method: Method) -> Option<Signature> {
    if method == Method::ToJson {
        let fits = !of.holds_secret() && !of.holds_channel();
        return fits.then_some(Signature { arguments: Vec::new(), result: Type::String });
    }
    let (arguments, result) = match of {
        Type::Path => path_method(method).or_else(|| text_method(method)),
        Type::String | Type::Url | Type::Union(_) => text_method(method),
        Type::Secret => secret_method(method),
        Type::List(element) => list_method(element, method),
        Type::Map(element) => match method {
            Method::Length => Some((vec![], Type::Int)),
            Method::Keys => Some((vec![], Type::list(Type::String))),
            Method::Values => Some((vec![], Type::list((**element).clone()))),
            Method::Has => Some((vec![Type::String], Type::Bool)),
            _ => None,
        },
        Type::Int | Type::Float => match method {
            Method::Round => Some((vec![Type::Int], of.clone())),
            Method::Abs => Some((vec![], of.clone())),
            _ => None,
        },
        Type::Duration => matches!(method, Method::Seconds | Method::Minutes).then(|| (vec![], Type::Float)),
        _ => None,
    }?;
    Some(Signature { arguments, result })
}

fn text_method(method: Method) -> Option<(Vec<Type>, Type)> {
    Some(match method {
        Method::Length => (vec![], Type::Int),
        Method::Upper | Method::Lower | Method::Trim => (vec![], Type::String),
        Method::Lines => (vec![], Type::list(Type::String)),
        Method::Split => (vec![Type::String], Type::list(Type::String)),
        Method::Replace => (vec![Type::String, Type::String], Type::String),
        Method::StartsWith | Method::EndsWith | Method::Contains => (vec![Type::String], Type::Bool),
        Method::ToInt => (vec![], Type::Int),
        Method::ToFloat => (vec![], Type::Float),
        Method::ParseJson => (vec![], Type::Json),
        _ => return None,
    })
}

/// What gives a secret again; all else would tell something of it.
fn secret_method(method: Method) -> Option<(Vec<Type>, Type)> {
    Some(match method {
        Method::Upper | Method::Lower | Method::Trim => (vec![], Type::Secret),
        Method::Lines => (vec![], Type::list(Type::Secret)),
        Method::Split => (vec![Type::String], Type::list(Type::Secret)),
        Method::Replace => (vec![Type::String, Type::String], Type::Secret),
        _ => return None,
    })
}

fn path_method(method: Method) -> Option<(Vec<Type>, Type)> {
    Some(match method {
        Method::Name | Method::Stem | Method::Extension => (vec![], Type::String),
        Method::Parent => (vec![], Type::Path),
        _ => return None,
    })
}

fn list_method(element: &Type, method: Method) -> Option<(Vec<Type>, Type)> {
    let list = || Type::list(element.clone());
    let ordered = matches!(element, Type::Int | Type::Float | Type::Duration | Type::Size | Type::Unknown | Type::Never)
        || element.is_text();
    let summed = matches!(element, Type::Int | Type::Float | Type::Duration | Type::Size | Type::Unknown | Type::Never);
    let joined = element.is_text()
        || matches!(element, Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size | Type::Unknown | Type::Never);
    let compared = !element.holds_secret() && !element.holds_channel();
    Some(match method {
        Method::Length => (vec![], Type::Int),
        Method::First | Method::Last => (vec![], Type::optional(element.clone())),
        Method::Reverse => (vec![], list()),
        Method::Join if joined => (vec![Type::String], Type::String),
        Method::Join if *element == Type::Secret => (vec![Type::String], Type::Secret),
        Method::Sort if ordered => (vec![], list()),
        Method::Unique if compared => (vec![], list()),
        Method::Contains if compared && *element == Type::Never => (vec![Type::Unknown], Type::Bool),
        Method::Contains if compared => (vec![element.clone()], Type::Bool),
        Method::Min | Method::Max if ordered => (vec![], Type::optional(element.clone())),
        Method::Sum if summed => (vec![], if *element == Type::Never { Type::Int } else { element.clone() }),
        Method::Flatten => match element {
            Type::List(_) => (vec![], element.clone()),
            Type::Unknown | Type::Never => (vec![], list()),
            _ => return None,
        },
        _ => return None,
    })
}

/// What a type that has no fields has instead.
fn has(of: &Type) -> Option<String> {
    let written = |method: &Method| match property(of, method.name()) {
        Some(_) => Some(format!("`{}`", method.name())),
        None => signature(of, *method).map(|_| format!("`{}()`", method.name())),
    };
    let names: Vec<String> = Method::ALL.iter().filter_map(written).collect();
    (!names.is_empty()).then(|| format!("It has {}.", names.join(", ")))
}
