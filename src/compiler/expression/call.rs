//! Functions.

use super::findings::{ArgumentCount, MayBeMissing, NotAddress, PatternSyntax, TimeFormat, UnknownFunction};
use super::{Checker, unknown};
use crate::findings::UrlScheme;
use crate::offer::{Member, Offer};
use wf_model::expression::{Expression, ExpressionKind, Function, Place};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast;

/// What stands behind a value for which other languages have a function.
fn method_meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "length" | "size" | "count" => "length",
        "upper" => "upper()",
        "lower" => "lower()",
        "trim" | "strip" => "trim()",
        "join" => "join(\",\")",
        "split" => "split(\",\")",
        "sum" => "sum()",
        _ => return None,
    })
}

/// What other languages call a method.
pub(super) fn method_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "size" | "count" => "length",
        "toUpperCase" | "to_upper" | "to_uppercase" | "upcase" | "uppercase" => "upper",
        "toLowerCase" | "to_lower" | "to_lowercase" | "downcase" | "lowercase" => "lower",
        "strip" | "chomp" => "trim",
        "startsWith" | "startswith" | "hasPrefix" => "starts_with",
        "endsWith" | "endswith" | "hasSuffix" => "ends_with",
        "includes" | "include" => "contains",
        "toInt" | "to_i" | "parse_int" => "to_int",
        "toFloat" | "to_f" | "parse_float" => "to_float",
        "replaceAll" | "gsub" => "replace",
        "sorted" => "sort",
        "reversed" => "reverse",
        "uniq" | "distinct" => "unique",
        "flat" => "flatten",
        "stringify" | "toJson" | "toJSON" => "to_json",
        "has_key" | "contains_key" | "containsKey" => "has",
        _ => return None,
    })
}

impl Checker<'_> {
    /// `name(arguments)`
    pub(super) fn call(&mut self, name: &ast::Name, arguments: &[ast::Expression], span: Span) -> Expression {
        self.types.recorder.offer(name.span, || Offer::Functions(functions()));
        let Some(function) = Function::named(&name.text) else {
            let method = method_meant(&name.text);
            let near = near(&name.text, Function::ALL.iter().map(|function| function.name()));
            self.report(&UnknownFunction { name: &name.text, span: name.span, near, method });
            arguments.iter().for_each(|argument| drop(self.infer(argument, None)));
            return unknown(span);
        };
        self.types.recorder.function(name, None);
        let (fewest, most) = count(function);
        if arguments.len() < fewest || arguments.len() > most {
            self.report(&ArgumentCount { name: &name.text, span, wanted: (fewest, most), found: arguments.len() });
            return unknown(span);
        }
        let place = Place(*self.places);
        if function.looks_outside() {
            *self.places += 1;
        }
        let (arguments, type_) = self.arguments(function, arguments, span);
        self.types.recorder.function(name, Some(&type_));
        if type_ == Type::Unknown {
            return unknown(span);
        }
        Expression { kind: ExpressionKind::Call(function, arguments, place), type_, span }
    }

    fn arguments(&mut self, function: Function, arguments: &[ast::Expression], span: Span) -> (Vec<Expression>, Type) {
        match function {
            Function::Min | Function::Max => return self.picked(arguments),
            Function::Raw | Function::Hash => {
                let inferred: Vec<Expression> = arguments.iter().map(|argument| self.infer(argument, None)).collect();
                let type_ = match inferred.first().map(|argument| &argument.type_) {
                    Some(Type::Secret) => Type::Secret,
                    Some(Type::Unknown) => return (inferred, Type::Unknown),
                    _ => Type::String,
                };
                return (inferred.into_iter().map(|argument| self.fitted(argument, &type_)).collect(), type_);
            }
            _ => {}
        }
        let (wanted, result) = signature(function);
        let check = |(place, (argument, type_)): (usize, (&ast::Expression, &Type))| match function {
            Function::Reveal => self.check(argument, type_),
            _ if *type_ == Type::Secret => self.argument(argument, function, place),
            _ => self.check(argument, type_),
        };
        let checked: Vec<Expression> = arguments.iter().zip(&wanted).enumerate().map(check).collect();
        self.check_literals(function, &checked, span);
        (checked, result)
    }

    /// A channel's argument may be a secret.
    fn argument(&mut self, argument: &ast::Expression, function: Function, place: usize) -> Expression {
        let schemes = schemes(function, place);
        let form = if schemes.is_empty() { Type::String } else { Type::Url };
        let inferred = self.infer(argument, Some(&form));
        if (function, place) == (Function::Email, 0) {
            self.check_addresses(&inferred);
        }
        if let Some(scheme) = inferred.scheme().filter(|scheme| !schemes.is_empty() && !schemes.contains(scheme)) {
            self.report(&UrlScheme { name: function.name(), span: inferred.span, scheme, schemes });
        }
        if inferred.type_ == Type::Secret || inferred.type_.is_text() || inferred.type_ == Type::list(Type::String) {
            return inferred;
        }
        self.fitted(inferred, &Type::String)
    }

    /// Reports texts that are no mail addresses, whatever they are used for.
    fn check_addresses(&mut self, to: &Expression) {
        let texts = match &to.kind {
            ExpressionKind::List(elements) => elements.as_slice(),
            _ => std::slice::from_ref(to),
        };
        // A quoted name may hold a comma.
        let is_none = |text: &String| !text.contains('"') && !text.split(',').all(is_address);
        for text in texts.iter().filter(|text| text.constant_text().as_ref().is_some_and(is_none)) {
            self.report(&NotAddress { span: text.span });
        }
    }

    /// `min(a, b)`: numbers, durations, sizes or strings.
    fn picked(&mut self, arguments: &[ast::Expression]) -> (Vec<Expression>, Type) {
        let inferred: Vec<Expression> = arguments.iter().map(|argument| self.infer(argument, None)).collect();
        let [left, right] = inferred.as_slice() else { return (inferred, Type::Unknown) };
        if let Some(side) = inferred.iter().find(|side| matches!(side.type_, Type::Optional(_))) {
            self.report(&MayBeMissing { span: side.span, type_: &side.type_ });
            return (inferred, Type::Unknown);
        }
        let type_ = self.common(left, right, None);
        let ordered = matches!(type_, Type::Int | Type::Float | Type::Duration | Type::Size | Type::Unknown) || type_.is_text();
        if !ordered {
            let found = super::findings::NoOrder { span: left.span, type_: &type_ };
            self.report(&found);
            return (inferred, Type::Unknown);
        }
        (inferred.into_iter().map(|argument| self.fitted(argument, &type_)).collect(), type_)
    }

    /// What can be known of literal arguments before anything runs.
    fn check_literals(&mut self, function: Function, arguments: &[Expression], _: Span) {
        let literal = arguments.first().and_then(|argument| match &argument.kind {
            ExpressionKind::Literal(Value::String(text)) => Some((text.clone(), argument.span)),
            _ => None,
        });
        let Some((text, span)) = literal else { return };
        match function {
            Function::Glob => {
                if let Some(problem) = crate::pattern::problem(&text) {
                    self.report(&PatternSyntax { span, what: "path pattern", problem: &problem });
                }
            }
            Function::Now => {
                let example = jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
                let formatted = example.ok().map(|example| jiff::fmt::strtime::format(text.as_bytes(), &example));
                if let Some(Err(error)) = formatted {
                    self.report(&TimeFormat { span, problem: &error.to_string() });
                }
            }
            _ => {}
        }
    }
}

/// All functions with what they take and give.
pub(super) fn functions() -> Vec<Member> {
    let member = |function: &Function| {
        let (arguments, result) = match function {
            Function::Hash | Function::Raw => (vec![Type::String], Type::String),
            Function::Min | Function::Max => (vec![Type::Unknown, Type::Unknown], Type::Unknown),
            _ => signature(*function),
        };
        Member { name: function.name().into(), type_: result, arguments: Some(arguments) }
    };
    Function::ALL.iter().map(member).collect()
}

/// The fewest and the most arguments.
fn count(function: Function) -> (usize, usize) {
    match function {
        Function::Uuid | Function::Desktop => (0, 0),
        Function::Now => (0, 1),
        Function::Webhook => (1, 2),
        Function::Min | Function::Max | Function::Email => (2, 2),
        Function::Env | Function::Read | Function::Glob | Function::Hash | Function::Raw | Function::Reveal | Function::Slack => {
            (1, 1)
        }
    }
}

/// Whether a text may be a mail address, with or without a name before it: `ann@example.com`, `Ann <ann@example.com>`.
fn is_address(text: &str) -> bool {
    let bare = text.trim().strip_suffix('>').map_or(text, |named| named.rsplit('<').next().unwrap_or_default());
    let parts = bare.trim().rsplit_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains(char::is_whitespace))
}

/// The schemes of the URL that a channel takes at a place; empty where it takes no URL there.
const fn schemes(function: Function, place: usize) -> &'static [&'static str] {
    match (function, place) {
        (Function::Slack | Function::Webhook, 0) => &["http", "https"],
        (Function::Email, 1) => &["smtp", "smtps"],
        _ => &[],
    }
}

/// Arguments and result; a secret argument takes plain text too.
fn signature(function: Function) -> (Vec<Type>, Type) {
    match function {
        Function::Env => (vec![Type::String], Type::optional(Type::String)),
        Function::Read => (vec![Type::Path], Type::String),
        Function::Glob => (vec![Type::String], Type::list(Type::Path)),
        Function::Now => (vec![Type::String], Type::String),
        Function::Uuid => (vec![], Type::String),
        Function::Reveal => (vec![Type::Secret], Type::String),
        Function::Slack => (vec![Type::Secret], Type::Channel),
        Function::Webhook | Function::Email => (vec![Type::Secret, Type::Secret], Type::Channel),
        Function::Desktop => (vec![], Type::Channel),
        Function::Hash | Function::Min | Function::Max | Function::Raw => (vec![], Type::Unknown),
    }
}
