//! Strings: literals that take the type that is wanted, and text with values in it.

use super::findings::{JsonNeedsAs, MayBeMissing, NotPath, NotUrl, TextOfCollection, UnknownMember, ValueBeginsUrl};
use super::{Checker, unknown};
use wf_model::expression::{Expression, ExpressionKind, TextPart};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::types::Type;
use wf_model::value::{Value, absolute, fits_form};
use wf_syntax::ast;

impl Checker<'_> {
    /// A string literal, of the type that is wanted where that is a sort of text.
    pub(super) fn text(&mut self, text: &ast::Text, span: Span, hint: Option<&Type>) -> Expression {
        let wanted = hint.map(Type::required);
        match text.plain() {
            Some(plain) => self.plain(plain, span, wanted),
            None => self.interpolated(text, span, wanted),
        }
    }

    fn plain(&mut self, text: &str, span: Span, wanted: Option<&Type>) -> Expression {
        let literal = |text: &str, type_| Expression { kind: ExpressionKind::Literal(Value::string(text)), type_, span };
        match wanted {
            Some(Type::Path) if fits_form(text, &Type::Path) => literal(&self.absolute(text), Type::Path),
            Some(Type::Path) => {
                self.report(&NotPath { span });
                unknown(span)
            }
            Some(Type::Url) if fits_form(text, &Type::Url) => literal(text, Type::Url),
            Some(Type::Url) => {
                self.report(&NotUrl { span, text });
                unknown(span)
            }
            Some(Type::Union(members)) if members.iter().any(|member| **member == *text) => {
                literal(text, Type::Union(members.clone()))
            }
            Some(Type::Union(members)) => {
                let near = near(text, members.iter().map(|member| &**member));
                self.report(&UnknownMember { span, text, near, members });
                unknown(span)
            }
            _ => literal(text, Type::String),
        }
    }

    /// A relative path, as it is written in the file, from the root.
    fn absolute(&self, path: &str) -> String {
        absolute(self.here, path)
    }

    fn interpolated(&mut self, text: &ast::Text, span: Span, wanted: Option<&Type>) -> Expression {
        let mut parts = Vec::new();
        let (mut tainted, mut broken) = (false, false);
        for part in &text.parts {
            match part {
                ast::TextPart::Literal { text, .. } => parts.push(TextPart::Literal(text.as_str().into())),
                ast::TextPart::Value { expression, .. } => {
                    let value = self.infer(expression, None);
                    let value = self.renderable(value);
                    broken |= value.type_ == Type::Unknown;
                    tainted |= value.type_ == Type::Secret;
                    parts.push(TextPart::Value(value));
                }
            }
        }
        if broken {
            return unknown(span);
        }
        let type_ = if tainted { Type::Secret } else { Type::String };
        let kind = match wanted {
            Some(Type::Url) => {
                if self.begins_no_url(&parts, span) {
                    return unknown(span);
                }
                ExpressionKind::Url(parts)
            }
            Some(Type::Path) if !tainted => {
                self.make_absolute(&mut parts);
                ExpressionKind::Text(parts)
            }
            _ => ExpressionKind::Text(parts),
        };
        let text = Expression { kind, type_, span };
        match wanted {
            // What the values make of it is known in the run only.
            Some(form @ (Type::Path | Type::Url)) if !tainted => {
                Expression { kind: ExpressionKind::As(Box::new(text)), type_: form.clone(), span }
            }
            _ => text,
        }
    }

    /// Whether a text that is to be a URL begins neither with a scheme nor with a URL, which is reported.
    fn begins_no_url(&mut self, parts: &[TextPart], span: Span) -> bool {
        match parts.first() {
            Some(TextPart::Literal(text)) if text.contains("://") || text.starts_with("sqlite:") => return false,
            Some(TextPart::Literal(text)) => self.report(&NotUrl { span, text }),
            Some(TextPart::Value(value)) if matches!(value.type_, Type::Url | Type::Secret) => return false,
            Some(TextPart::Value(value)) => self.report(&ValueBeginsUrl { span: value.span, type_: &value.type_ }),
            None => return false,
        }
        true
    }

    /// A path that begins with text is relative to the file, one that begins with a value is what that value says.
    fn make_absolute(&self, parts: &mut [TextPart]) {
        if let Some(TextPart::Literal(first)) = parts.first_mut()
            && !first.starts_with('/')
        {
            *first = format!("{}/{}", self.here.trim_end_matches('/'), first.strip_prefix("./").unwrap_or(first)).into();
        }
    }

    /// The values of an SQL text: each has a text of its own or is missing, or it is a list of such values.
    pub(crate) fn parameters(&mut self, text: &ast::Text) -> Vec<Expression> {
        let mut values = Vec::new();
        for part in &text.parts {
            let ast::TextPart::Value { expression, .. } = part else { continue };
            let value = self.infer(expression, None);
            let inner = value.type_.required();
            let fits = match inner {
                Type::List(element) => has_text(element.required()),
                single => has_text(single),
            };
            values.push(if fits { value } else { self.renderable(value) });
        }
        values
    }

    /// A value that has a text of its own.
    pub(super) fn renderable(&mut self, value: Expression) -> Expression {
        let span = value.span;
        match &value.type_ {
            type_ if has_text(type_) => return value,
            Type::Optional(_) => self.report(&MayBeMissing { span, type_: &value.type_ }),
            Type::Json => self.report(&JsonNeedsAs { span, target: None }),
            type_ => self.report(&TextOfCollection { span, type_ }),
        }
        unknown(span)
    }
}

/// Whether values of a type have a text of their own (§3).
pub(crate) fn has_text(type_: &Type) -> bool {
    match type_ {
        Type::String
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::Duration
        | Type::Size
        | Type::Path
        | Type::Url
        | Type::Union(_)
        | Type::Secret
        | Type::Unknown => true,
        Type::Optional(_) | Type::Json | Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Channel | Type::Never => false,
    }
}
