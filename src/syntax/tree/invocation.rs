//! A kind or workflow with what stands behind it: of a step, an undo or a check.

use super::Parser;
use super::findings::{ClauseInHead, MainNotLiteral, RepeatedPart};
use super::head::Head;
use crate::ast::{Body, Depends, Expression, ExpressionKind, Invocation, Name};
use crate::parse::{Rule, used_name};
use pest::iterators::Pair;
use wf_model::diagnostic::Finding;
use wf_model::span::Span;

/// An invocation as its head says it, with the order that belongs to the statement around it.
pub(super) struct InvocationHead {
    /// Without its body.
    pub(super) invocation: Invocation,
    /// `depends on`
    pub(super) depends: Option<Depends>,
}

impl InvocationHead {
    /// What stands for an invocation that could not be read.
    pub(super) fn missing(span: Span) -> Self {
        let kind = Name { text: "".into(), span };
        let invocation = Invocation { module: None, kind, literal: None, decode: None, when: None, body: None, span };
        Self { invocation, depends: None }
    }

    /// Adds the body.
    pub(super) fn with_body(mut self, body: Option<Body>) -> Self {
        if let Some(body) = &body {
            self.invocation.span = self.invocation.span.to(body.span);
        }
        self.invocation.body = body;
        self
    }
}

/// `kind "literal" -> T depends on a when cond`
pub(super) fn invocation(head: &mut Head<'_>) -> Option<InvocationHead> {
    let part = head.take(Rule::invocation)?;
    let mut inside = head.inside(part);
    let read = parts(&mut inside);
    head.absorb(inside);
    read
}

fn parts(head: &mut Head<'_>) -> Option<InvocationHead> {
    let callee = head.take(Rule::callee)?;
    let span = head.span;
    let mut names = callee.into_inner().map(|pair| used_name(pair, &mut head.convert));
    let (module, kind) = match (names.next()?, names.next()) {
        (module, Some(kind)) => (Some(module), kind),
        (kind, None) => (None, kind),
    };
    let invocation = Invocation { module, kind, literal: None, decode: None, when: None, body: None, span };
    let mut read = InvocationHead { invocation, depends: None };
    while let Some(part) = head.next() {
        let place = head.convert.span(&part);
        match part.as_rule() {
            Rule::decode_part => {
                let decode = head.inner_type(part);
                once(&mut read.invocation.decode, decode, "`->`", place, head);
            }
            Rule::main_literal => {
                let literal = head.inner_expression(part).map(|literal| checked_literal(literal, head));
                once(&mut read.invocation.literal, literal, "main attribute", place, head);
            }
            Rule::main_word => {
                let word = head.inner_expression(part);
                let place = word.map_or(place, |word| word.span);
                head.convert.diagnostics.push(MainNotLiteral { place }.diagnostic());
                read.invocation.literal = Some(super::declaration::missing(place));
            }
            _ => order_part(part, &mut read.depends, &mut read.invocation.when, head),
        }
    }
    Some(read)
}

/// `depends on …` or `when …`, or a clause, which is reported.
pub(super) fn order_part<'a>(
    part: Pair<'a, Rule>,
    depends: &mut Option<Depends>,
    when: &mut Option<Expression>,
    head: &mut Head<'a>,
) {
    let place = head.convert.span(&part);
    match part.as_rule() {
        Rule::depends_part => {
            let names = part.into_inner().filter(|inner| inner.as_rule() == Rule::used_name);
            let names = names.map(|pair| used_name(pair, &mut head.convert)).collect();
            once(depends, Some(Depends { names, span: place }), "`depends on`", place, head);
        }
        Rule::when_part => {
            let condition = head.inner_expression(part);
            once(when, condition, "`when`", place, head);
        }
        Rule::head_clause => {
            let clauses = part.as_str().trim_end();
            head.convert.diagnostics.push(ClauseInHead { clauses, place }.diagnostic());
        }
        _ => {}
    }
}

/// Sets a part that may stand once; a second one is reported and left out.
fn once<T>(slot: &mut Option<T>, part: Option<T>, what: &'static str, place: Span, head: &mut Head<'_>) {
    if slot.is_some() {
        head.convert.diagnostics.push(RepeatedPart { what, place }.diagnostic());
    } else {
        *slot = part;
    }
}

/// The literal of a header, which is no calculation.
fn checked_literal(literal: Expression, head: &mut Head<'_>) -> Expression {
    let is_literal = match &literal.kind {
        ExpressionKind::Text(_)
        | ExpressionKind::List(_)
        | ExpressionKind::Int(_)
        | ExpressionKind::Float(_)
        | ExpressionKind::Duration(_)
        | ExpressionKind::Size(_)
        | ExpressionKind::Missing => true,
        ExpressionKind::Unary { operand, .. } => matches!(operand.kind, ExpressionKind::Int(_) | ExpressionKind::Float(_)),
        _ => false,
    };
    if !is_literal {
        head.convert.diagnostics.push(MainNotLiteral { place: literal.span }.diagnostic());
        return super::declaration::missing(literal.span);
    }
    literal
}

impl Parser<'_> {
    /// The body of an invocation, where it has one.
    pub(super) fn invocation_body(&mut self, entry: &crate::scan::Entry) -> Option<Body> {
        let body = entry.parts.iter().find_map(|part| match part {
            crate::scan::Part::Body(body) => Some(body),
            crate::scan::Part::Head(_) => None,
        })?;
        let outer = std::mem::replace(&mut self.in_invocation, true);
        let read = self.body(body);
        self.in_invocation = outer;
        Some(read)
    }
}
