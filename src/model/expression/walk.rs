//! Going through all parts of an expression.

use crate::expression::{Expression, ExpressionKind, Reference, TextPart, ValueId};
use crate::value::Value;

/// An expression and all expressions inside it, outer ones before inner ones.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    /// Apart from the others, so that one without parts takes no room of its own.
    first: Option<&'a Expression>,
    left: Vec<&'a Expression>,
}

impl Expression {
    /// This expression and all inside it, outer ones first; needs no stack of calls, however deep they nest.
    #[must_use]
    pub fn walk(&self) -> Walk<'_> {
        Walk { first: Some(self), left: Vec::new() }
    }

    /// The expressions directly inside, in written order.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        let mut parts = Vec::new();
        push_parts(&self.kind, &mut parts);
        parts
    }

    /// Whether it is the constant `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        let mut expression = self;
        while let ExpressionKind::Convert(inner) = &expression.kind {
            expression = inner;
        }
        matches!(expression.kind, ExpressionKind::Literal(Value::Null))
    }

    /// The value declaration that it names, where it is nothing but a name.
    #[must_use]
    pub fn named_value(&self) -> Option<ValueId> {
        match self.kind {
            ExpressionKind::Reference(Reference::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether it is `result`, and nothing else.
    #[must_use]
    pub const fn is_result(&self) -> bool {
        matches!(self.kind, ExpressionKind::Reference(Reference::Result))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Expression;

    fn next(&mut self) -> Option<&'a Expression> {
        let expression = self.first.take().or_else(|| self.left.pop())?;
        let known = self.left.len();
        push_parts(&expression.kind, &mut self.left);
        if let Some(added) = self.left.get_mut(known..) {
            added.reverse();
        }
        Some(expression)
    }
}

/// Pushes the direct parts in written order.
fn push_parts<'a>(kind: &'a ExpressionKind, parts: &mut Vec<&'a Expression>) {
    match kind {
        ExpressionKind::Literal(_) | ExpressionKind::Reference(_) => {}
        ExpressionKind::Text(pieces) | ExpressionKind::Url(pieces) => {
            parts.extend(pieces.iter().filter_map(|piece| match piece {
                TextPart::Literal(_) => None,
                TextPart::Value(value) => Some(value),
            }))
        }
        ExpressionKind::List(elements) | ExpressionKind::Call(_, elements, _) => parts.extend(elements),
        ExpressionKind::Map(entries) => parts.extend(entries.iter().map(|(_, value)| value)),
        ExpressionKind::Field(inner, _)
        | ExpressionKind::OptionalField(inner, _)
        | ExpressionKind::OptionalReceiver(inner)
        | ExpressionKind::Chain(inner)
        | ExpressionKind::Unary(_, inner)
        | ExpressionKind::As(inner)
        | ExpressionKind::Convert(inner) => parts.push(inner),
        ExpressionKind::Index(left, right) | ExpressionKind::Binary(_, left, right) => parts.extend([&**left, &**right]),
        ExpressionKind::Method(_, receiver, arguments) => {
            parts.push(receiver);
            parts.extend(arguments);
        }
        ExpressionKind::Conditional(parts_of) => parts.extend([&parts_of.condition, &parts_of.then, &parts_of.otherwise]),
        ExpressionKind::Comprehension(parts_of) => {
            parts.extend([&parts_of.element, &parts_of.list]);
            parts.extend(&parts_of.condition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::BinaryOperator;
    use crate::span::Span;
    use crate::types::Type;

    fn expression(kind: ExpressionKind) -> Expression {
        Expression { kind, type_: Type::Unknown, span: Span::default() }
    }

    fn value(id: u32) -> Expression {
        expression(ExpressionKind::Reference(Reference::Value(ValueId(id))))
    }

    #[test]
    fn outer_expressions_come_first_and_parts_in_written_order() {
        let sum = expression(ExpressionKind::Binary(BinaryOperator::Add, Box::new(value(0)), Box::new(value(1))));
        let list = expression(ExpressionKind::List(vec![sum, value(2)]));
        let names: Vec<_> = list.walk().map(Expression::named_value).collect();
        assert_eq!(names, [None, None, Some(ValueId(0)), Some(ValueId(1)), Some(ValueId(2))]);
    }
}
