//! Expressions: precedence by pest's Pratt parser, in the order of `language.md` §4.

use super::MOST_OPERATORS;
use super::convert::Convert;
use super::findings::{ChainedComparison, ForeignOperator, LooseBracket, MixedDefault, TooManyOperators};
use super::grammar::Rule;
use super::name::{declared_name, field_name, plain_name};
use super::number::number;
use super::text::text;
use super::types::type_expression;
use crate::ast::{Comprehension, Conditional, Expression, ExpressionKind, Key, Name};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::cell::RefCell;
use std::sync::LazyLock;
use wf_model::expression::{BinaryOperator, UnaryOperator};
use wf_model::span::Span;

static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::not))
        .op(left(Rule::equal)
            | left(Rule::assign)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::less_or_equal)
            | left(Rule::greater)
            | left(Rule::greater_or_equal)
            | left(Rule::in_operator)
            | left(Rule::not_in)
            | left(Rule::contains)
            | left(Rule::matches))
        .op(left(Rule::default))
        .op(left(Rule::range))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide) | left(Rule::remainder))
        .op(Op::prefix(Rule::negate))
});

/// Any expression.
pub(crate) fn expression(pair: Pair<'_, Rule>, convert: &mut Convert) -> Expression {
    let span = convert.span(&pair);
    let missing = Expression { kind: ExpressionKind::Missing, span };
    convert.deeper(1, span, |convert| operation(pair.into_inner(), span, convert)).unwrap_or(missing)
}

/// A string or list that stands where no other expression may.
pub(crate) fn literal(pair: Pair<'_, Rule>, convert: &mut Convert) -> Expression {
    let span = convert.span(&pair);
    let kind = match pair.as_rule() {
        Rule::string => ExpressionKind::Text(text(pair, convert)),
        Rule::list => list(pair, convert),
        _ => ExpressionKind::Missing,
    };
    Expression { kind, span }
}

fn operation(parts: Pairs<'_, Rule>, span: Span, convert: &mut Convert) -> Expression {
    if parts.peek().is_some_and(|first| first.as_rule() == Rule::conditional) {
        let kind = parts.into_iter().next().map_or(ExpressionKind::Missing, |pair| conditional(pair, convert));
        return Expression { kind, span };
    }
    let operators = parts.clone().filter(|part| part.as_rule() != Rule::postfixed).count();
    if operators == 0 {
        let alone = parts.into_iter().next();
        return alone.map_or(Expression { kind: ExpressionKind::Missing, span }, |pair| postfixed(pair, convert));
    }
    in_a_row(operators, span, convert, |convert| {
        let shared = RefCell::new(convert);
        PRECEDENCE
            .map_primary(|pair| postfixed(pair, &mut shared.borrow_mut()))
            .map_prefix(|operator, operand| prefix(&operator, operand, &mut shared.borrow_mut()))
            .map_infix(|left, operator, right| infix(left, &operator, right, &mut shared.borrow_mut()))
            .parse(parts)
    })
}

/// An expression with so many operators in a row: the tree that they make is as deep.
fn in_a_row(operators: usize, span: Span, convert: &mut Convert, make: impl FnOnce(&mut Convert) -> Expression) -> Expression {
    let missing = Expression { kind: ExpressionKind::Missing, span };
    if operators > MOST_OPERATORS {
        convert.report(&TooManyOperators { span });
        return missing;
    }
    convert.deeper(operators, span, make).unwrap_or(missing)
}

fn conditional(pair: Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let mut parts = pair.into_inner().map(|part| expression(part, convert));
    match (parts.next(), parts.next(), parts.next()) {
        (Some(condition), Some(then), Some(otherwise)) => {
            ExpressionKind::Conditional(Box::new(Conditional { condition, then, otherwise }))
        }
        _ => ExpressionKind::Missing,
    }
}

fn prefix(operator: &Pair<'_, Rule>, operand: Expression, convert: &mut Convert) -> Expression {
    let place = convert.span(operator);
    let span = place.to(operand.span);
    if operator.as_str() == "!" {
        convert.report(&ForeignOperator { span: place, written: "!", right: "not " });
    }
    let operator = if operator.as_rule() == Rule::negate { UnaryOperator::Negate } else { UnaryOperator::Not };
    Expression { kind: ExpressionKind::Unary { operator, operand: Box::new(operand) }, span }
}

fn infix(left: Expression, pair: &Pair<'_, Rule>, right: Expression, convert: &mut Convert) -> Expression {
    let (span, operator_span) = (left.span.to(right.span), convert.span(pair));
    let operator = operator(pair.as_rule());
    if let Some(right) = meant(pair.as_str()) {
        convert.report(&ForeignOperator { span: operator_span, written: pair.as_str(), right });
    }
    let inner = |side: &Expression| match side.kind {
        ExpressionKind::Binary { operator, .. } => Some(operator),
        _ => None,
    };
    let sides = [inner(&left), inner(&right)];
    let mut broken = false;
    if is_comparison(operator) && sides.into_iter().flatten().any(is_comparison) {
        convert.report(&ChainedComparison { span, second: operator_span });
        broken = true;
    } else if let Some(mixed) = mixed_default(operator, &left, &right) {
        convert.report(&MixedDefault { span, default: mixed });
        broken = true;
    }
    if broken {
        return Expression { kind: ExpressionKind::Missing, span };
    }
    let kind = ExpressionKind::Binary { operator, operator_span, left: Box::new(left), right: Box::new(right) };
    Expression { kind, span }
}

/// The `??` that stands beside another operator without parentheses: where the one that binds tighter stands.
fn mixed_default(operator: BinaryOperator, left: &Expression, right: &Expression) -> Option<Span> {
    for side in [left, right] {
        if let ExpressionKind::Binary { operator: inner, .. } = side.kind
            && (inner == BinaryOperator::Default) != (operator == BinaryOperator::Default)
        {
            return Some(side.span);
        }
    }
    None
}

fn is_comparison(operator: BinaryOperator) -> bool {
    match operator {
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual
        | BinaryOperator::In
        | BinaryOperator::NotIn
        | BinaryOperator::Contains
        | BinaryOperator::Matches => true,
        BinaryOperator::Or
        | BinaryOperator::And
        | BinaryOperator::Default
        | BinaryOperator::Range
        | BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Remainder => false,
    }
}

fn operator(rule: Rule) -> BinaryOperator {
    match rule {
        Rule::or => BinaryOperator::Or,
        Rule::and => BinaryOperator::And,
        Rule::not_equal => BinaryOperator::NotEqual,
        Rule::less => BinaryOperator::Less,
        Rule::less_or_equal => BinaryOperator::LessOrEqual,
        Rule::greater => BinaryOperator::Greater,
        Rule::greater_or_equal => BinaryOperator::GreaterOrEqual,
        Rule::in_operator => BinaryOperator::In,
        Rule::not_in => BinaryOperator::NotIn,
        Rule::contains => BinaryOperator::Contains,
        Rule::matches => BinaryOperator::Matches,
        Rule::default => BinaryOperator::Default,
        Rule::range => BinaryOperator::Range,
        Rule::add => BinaryOperator::Add,
        Rule::subtract => BinaryOperator::Subtract,
        Rule::multiply => BinaryOperator::Multiply,
        Rule::divide => BinaryOperator::Divide,
        Rule::remainder => BinaryOperator::Remainder,
        // `==`, and `=` where it was meant.
        _ => BinaryOperator::Equal,
    }
}

/// What another language's operator is here.
fn meant(written: &str) -> Option<&'static str> {
    match written {
        "&&" => Some("and"),
        "||" => Some("or"),
        "=" | "===" => Some("=="),
        "!==" => Some("!="),
        _ => None,
    }
}

/// An operand with its fields, methods, indexes and `as`.
fn postfixed(pair: Pair<'_, Rule>, convert: &mut Convert) -> Expression {
    let span = convert.span(&pair);
    let mut parts = pair.into_inner();
    let Some(first) = parts.next() else { return Expression { kind: ExpressionKind::Missing, span } };
    in_a_row(parts.len(), span, convert, |convert| followed(primary(first, convert), parts, convert))
}

fn followed(mut base: Expression, parts: Pairs<'_, Rule>, convert: &mut Convert) -> Expression {
    for part in parts {
        let span = base.span.to(convert.span(&part));
        let kind = match part.as_rule() {
            Rule::member => member(base, part, convert),
            Rule::index => index(base, part, span, convert),
            Rule::loose_index | Rule::loose_arguments => loose(base, part, span, convert),
            _ => match part.into_inner().next() {
                Some(type_) => ExpressionKind::As { base: Box::new(base), type_: type_expression(type_, convert) },
                None => ExpressionKind::Missing,
            },
        };
        base = Expression { kind, span };
    }
    base
}

fn index(base: Expression, part: Pair<'_, Rule>, span: Span, convert: &mut Convert) -> ExpressionKind {
    let index = inner_expression(part, span, convert);
    ExpressionKind::Index { base: Box::new(base), index: Box::new(index) }
}

/// Brackets that stand apart from what they belong to: reported, and read as if they touched it.
fn loose(base: Expression, part: Pair<'_, Rule>, span: Span, convert: &mut Convert) -> ExpressionKind {
    let Some(brackets) = part.into_inner().next() else { return ExpressionKind::Missing };
    let whole = convert.span(&brackets);
    let opening = Span { end: whole.start.saturating_add(1), ..whole };
    convert.report(&LooseBracket { span: opening, call: brackets.as_rule() == Rule::arguments });
    if brackets.as_rule() == Rule::index {
        return index(base, brackets, span, convert);
    }
    let arguments = elements(brackets, convert);
    match base.kind {
        ExpressionKind::Name(name) => ExpressionKind::Call { name: Name { text: name, span: base.span }, arguments },
        ExpressionKind::Field { base: receiver, name, optional } => {
            ExpressionKind::Method { receiver, name, arguments, optional }
        }
        kind => kind,
    }
}

fn member(base: Expression, part: Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let (mut optional, mut name, mut arguments) = (false, None, None);
    for piece in part.into_inner() {
        match piece.as_rule() {
            Rule::optional_dot => optional = true,
            Rule::field_name => name = Some(field_name(piece, convert)),
            Rule::arguments => arguments = Some(elements(piece, convert)),
            _ => {}
        }
    }
    let Some(name) = name else { return ExpressionKind::Missing };
    match arguments {
        Some(arguments) => ExpressionKind::Method { receiver: Box::new(base), name, arguments, optional },
        None => ExpressionKind::Field { base: Box::new(base), name, optional },
    }
}

fn inner_expression(pair: Pair<'_, Rule>, span: Span, convert: &mut Convert) -> Expression {
    match pair.into_inner().find(|inner| inner.as_rule() == Rule::expression) {
        Some(inner) => expression(inner, convert),
        None => Expression { kind: ExpressionKind::Missing, span },
    }
}

fn elements(pair: Pair<'_, Rule>, convert: &mut Convert) -> Vec<Expression> {
    let inner = pair.into_inner().filter(|inner| inner.as_rule() == Rule::expression);
    inner.map(|inner| expression(inner, convert)).collect()
}

fn primary(pair: Pair<'_, Rule>, convert: &mut Convert) -> Expression {
    let span = convert.span(&pair);
    let kind = match pair.as_rule() {
        Rule::parenthesised => ExpressionKind::Parenthesised(Box::new(inner_expression(pair, span, convert))),
        Rule::list => list(pair, convert),
        Rule::record => record(pair, convert),
        Rule::string => ExpressionKind::Text(text(pair, convert)),
        Rule::constant => match pair.as_str() {
            "true" => ExpressionKind::Bool(true),
            "false" => ExpressionKind::Bool(false),
            _ => ExpressionKind::Null,
        },
        Rule::call => call(pair, convert),
        Rule::name => ExpressionKind::Name(pair.as_str().into()),
        _ => number(&pair, convert),
    };
    Expression { kind, span }
}

fn call(pair: Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let mut parts = pair.into_inner();
    let function = parts.next().map(|part| plain_name(part, convert));
    let arguments = parts.next().map(|part| elements(part, convert)).unwrap_or_default();
    function.map_or(ExpressionKind::Missing, |name| ExpressionKind::Call { name, arguments })
}

fn list(pair: Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let mut found = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::expression => found.push(expression(part, convert)),
            Rule::comprehension => {
                let element = found.pop();
                return element.and_then(|element| comprehension(element, part, convert)).unwrap_or(ExpressionKind::Missing);
            }
            _ => {}
        }
    }
    ExpressionKind::List(found)
}

fn comprehension(element: Expression, pair: Pair<'_, Rule>, convert: &mut Convert) -> Option<ExpressionKind> {
    let mut names: Vec<Name> = Vec::new();
    let mut expressions = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::declared_name => names.push(declared_name(part, convert)),
            Rule::expression => expressions.push(expression(part, convert)),
            _ => {}
        }
    }
    let item = names.pop()?;
    let mut expressions = expressions.into_iter();
    let (list, condition) = (expressions.next()?, expressions.next());
    Some(ExpressionKind::Comprehension(Box::new(Comprehension { element, index: names.pop(), item, list, condition })))
}

fn record(pair: Pair<'_, Rule>, convert: &mut Convert) -> ExpressionKind {
    let entries = pair.into_inner().filter(|part| part.as_rule() == Rule::entry);
    ExpressionKind::Record(entries.filter_map(|part| entry(part, convert)).collect())
}

fn entry(pair: Pair<'_, Rule>, convert: &mut Convert) -> Option<(Key, Expression)> {
    let mut parts = pair.into_inner();
    let key = parts.next()?;
    let span = convert.span(&key);
    let key = match key.as_rule() {
        Rule::string => Key { text: super::text::plain_string(key, convert).unwrap_or_default().into(), quoted: true, span },
        _ => Key { text: key.as_str().into(), quoted: false, span },
    };
    Some((key, expression(parts.next()?, convert)))
}
