//! One head of a statement: parsed by the rule of its first word.

use super::Parser;
use super::findings::BodyMissing;
use crate::ast::{Expression, Name, TypeExpression};
use crate::parse::{Convert, Rule, declared_name, describe, expression, read, type_expression, used_name};
use pest::iterators::{Pair, Pairs};
use wf_model::diagnostic::Finding;
use wf_model::span::Span;

/// The parts of a head that was read, with what turns them into the tree.
pub(super) struct Head<'a> {
    parts: std::iter::Peekable<Pairs<'a, Rule>>,
    /// Turns offsets of the head into places of the file, and collects what is found on the way.
    pub(super) convert: Convert,
    /// Where the head stands.
    pub(super) span: Span,
}

impl<'a> Head<'a> {
    /// The next part where it is of `rule`.
    pub(super) fn take(&mut self, rule: Rule) -> Option<Pair<'a, Rule>> {
        self.parts.next_if(|pair| pair.as_rule() == rule)
    }

    /// The next part.
    pub(super) fn next(&mut self) -> Option<Pair<'a, Rule>> {
        self.parts.next()
    }

    /// The name that comes next, where it is declared.
    pub(super) fn declared(&mut self) -> Option<Name> {
        let pair = self.take(Rule::declared_name)?;
        Some(declared_name(pair, &mut self.convert))
    }

    /// The name that comes next.
    pub(super) fn name(&mut self) -> Option<Name> {
        let pair = self.parts.next_if(|pair| matches!(pair.as_rule(), Rule::name | Rule::used_name))?;
        Some(used_name(pair, &mut self.convert))
    }

    /// The expression that comes next.
    pub(super) fn expression(&mut self) -> Option<Expression> {
        let pair = self.take(Rule::expression)?;
        Some(expression(pair, &mut self.convert))
    }

    /// The expression in the next part, where that is of `rule`: `pause 5s`.
    pub(super) fn expression_in(&mut self, rule: Rule) -> Option<Expression> {
        let pair = self.take(rule)?;
        self.inner_expression(pair)
    }

    /// The expression inside a part.
    pub(super) fn inner_expression(&mut self, part: Pair<'a, Rule>) -> Option<Expression> {
        let pair = part.into_inner().find(|inner| inner.as_rule() == Rule::expression)?;
        Some(expression(pair, &mut self.convert))
    }

    /// The type inside a part.
    pub(super) fn inner_type(&mut self, part: Pair<'a, Rule>) -> Option<TypeExpression> {
        let pair = part.into_inner().find(|inner| inner.as_rule() == Rule::type_expression)?;
        Some(type_expression(pair, &mut self.convert))
    }

    /// The parts of a part, as a head of its own; give its findings back with [`Head::absorb`].
    pub(super) fn inside(&self, part: Pair<'a, Rule>) -> Head<'a> {
        let span = self.convert.span(&part);
        let convert = Convert::new(self.convert.source, self.convert.origin);
        Head { parts: part.into_inner().peekable(), convert, span }
    }

    /// Takes over what was found inside a part.
    pub(super) fn absorb(&mut self, mut inner: Head<'_>) {
        self.convert.diagnostics.append(&mut inner.convert.diagnostics);
    }
}

impl<'a> Parser<'a> {
    /// Reads a head by `rule` and makes something of it; reports what it is where it cannot be read.
    pub(super) fn head<T>(&mut self, rule: Rule, span: Span, make: impl FnOnce(&mut Head<'_>) -> Option<T>) -> Option<T> {
        let (text, origin) = self.head_text(span)?;
        let convert = Convert::new(self.source, origin);
        match read(rule, &text) {
            Ok(mut pairs) => {
                let parts = pairs.next().map_or(pairs, Pair::into_inner).peekable();
                let mut head = Head { parts, convert, span };
                let made = make(&mut head);
                self.diagnostics.append(&mut head.convert.diagnostics);
                made
            }
            Err(error) => {
                // What is wrong with a head that is not read as it stands was said already.
                if !self.readings.contains_key(&span.start) {
                    self.diagnostics.push(describe(rule, &error, &text, &convert));
                }
                None
            }
        }
    }

    /// Whether `text` could be read by `rule`.
    pub(super) fn fits(rule: Rule, text: &str) -> bool {
        read(rule, text).is_ok()
    }

    /// Reports a head that a body has to follow.
    pub(super) fn head_without_body(&mut self, head: Span) {
        self.diagnostics
            .push(BodyMissing { statement: "branch", example: "if ready { … } else { … }", at: head, add: false }.diagnostic());
    }
}
