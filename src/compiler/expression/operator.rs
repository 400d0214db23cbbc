//! Operators.

use super::convert::as_joined;
use super::findings::{
    ConstantFails, JsonNeedsAs, MayBeMissing, NeedlessDefault, NeverEqual, NoOrder, NotCompared, OperandsDoNotFit, PatternSyntax,
    UnknownName,
};
use super::{Checker, constant, facts_when, unknown};
use wf_model::expression::{BinaryOperator, Expression, ExpressionKind, Reference, UnaryOperator, evaluate};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast;

impl Checker<'_> {
    /// `not x`, `-x`
    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &ast::Expression, span: Span) -> Expression {
        let operand = match operator {
            UnaryOperator::Not => self.truth(operand),
            UnaryOperator::Negate => self.infer(operand, None),
        };
        let type_ = operand.type_.clone();
        let fits = match operator {
            UnaryOperator::Not => matches!(type_, Type::Bool | Type::Unknown),
            UnaryOperator::Negate => matches!(type_, Type::Int | Type::Float | Type::Duration | Type::Size | Type::Unknown),
        };
        if !fits {
            self.report(&OperandsDoNotFit { span, operator: "-", left: None, right: &type_ });
            return unknown(span);
        }
        if type_ == Type::Unknown {
            return unknown(span);
        }
        self.without_constant_failure(Expression { kind: ExpressionKind::Unary(operator, Box::new(operand)), type_, span })
    }

    /// `x + y`
    pub(super) fn binary(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: &ast::Expression,
        right: &ast::Expression,
        span: Span,
    ) -> Expression {
        match operator {
            BinaryOperator::And | BinaryOperator::Or => return self.logic(operator, left, right, span),
            BinaryOperator::Equal | BinaryOperator::NotEqual => return self.equality(operator, left, right, span),
            BinaryOperator::Default => return self.default(left, right, span),
            _ => {}
        }
        if operator == BinaryOperator::Subtract && self.is_hyphenated(left, right) {
            return unknown(span);
        }
        let left = self.infer(left, None);
        let right = match (operator, &left.type_, &right.bare().kind) {
            (BinaryOperator::Contains, Type::List(element), _) => self.infer(right, Some(element)),
            (
                BinaryOperator::In | BinaryOperator::NotIn,
                Type::Union(_) | Type::Path | Type::Url,
                ast::ExpressionKind::List(elements),
            ) => self.list_of_hinted(elements, right.span, &left.type_),
            _ => self.infer(right, None),
        };
        if left.type_ == Type::Unknown || right.type_ == Type::Unknown {
            return unknown(span);
        }
        for side in [&left, &right] {
            if matches!(side.type_, Type::Optional(_)) {
                self.report(&MayBeMissing { span: side.span, type_: &side.type_ });
                return unknown(span);
            }
        }
        let type_ = match self.result_of(operator, operator_span, &left, &right, span) {
            None | Some(Type::Unknown) => return unknown(span),
            Some(type_) => type_,
        };
        let (left, right) = match (operator, &type_) {
            // Lists of different elements become lists of the common one.
            (BinaryOperator::Add, Type::List(_)) => (as_joined(left, &type_), as_joined(right, &type_)),
            _ => (left, right),
        };
        let kind = ExpressionKind::Binary(operator, Box::new(left), Box::new(right));
        self.without_constant_failure(Expression { kind, type_, span })
    }

    /// Reports a name with a hyphen, which reads as a subtraction of names that nothing has: `my-step.stdout`.
    fn is_hyphenated(&mut self, left: &ast::Expression, right: &ast::Expression) -> bool {
        let mut first = right;
        while let ast::ExpressionKind::Field { base, .. }
        | ast::ExpressionKind::Method { receiver: base, .. }
        | ast::ExpressionKind::Index { base, .. } = &first.kind
        {
            first = base;
        }
        let (Some(before), ast::ExpressionKind::Name(behind)) = (hyphenated(left), &first.kind) else {
            return false;
        };
        // Nothing but the sign stands between them.
        if left.span.end.saturating_add(1) != first.span.start {
            return false;
        }
        let written = format!("{before}-{behind}");
        let name = written.replace('-', "_");
        let near = self.is_known(&name).then_some(name);
        let may_be_calculated = self.is_known(&before) && (near.is_none() || self.is_known(behind));
        if may_be_calculated || (near.is_none() && self.is_known(behind)) {
            return false;
        }
        if let Some(near) = &near {
            drop(self.names.lookup(near, left.span));
        }
        let sure = near.is_some();
        self.report(&UnknownName { name: &written, span: left.span.to(first.span), near, sure, in_shell: None });
        true
    }

    fn is_known(&self, name: &str) -> bool {
        self.locals.iter().any(|local| *local.name == *name) || self.names.is_visible(name)
    }

    fn logic(&mut self, operator: BinaryOperator, left: &ast::Expression, right: &ast::Expression, span: Span) -> Expression {
        let first = self.truth(left);
        let before = self.facts.clone();
        self.facts.learn(facts_when(left, operator == BinaryOperator::And));
        let second = self.truth(right);
        self.facts = before;
        Expression { kind: ExpressionKind::Binary(operator, Box::new(first), Box::new(second)), type_: Type::Bool, span }
    }

    /// `==` and `!=`: the types have to fit, so that no comparison is always the same.
    fn equality(&mut self, operator: BinaryOperator, left: &ast::Expression, right: &ast::Expression, span: Span) -> Expression {
        let is_literal = matches!(left.bare().kind, ast::ExpressionKind::Text(_));
        // A literal takes the type of the other side.
        let (first, second) = if is_literal {
            let second = self.infer(right, None);
            let first = self.infer(left, Some(&second.type_));
            (first, second)
        } else {
            let first = self.infer(left, None);
            // What is never compared asks nothing of the other side.
            let hint = Some(&first.type_).filter(|type_| !type_.holds_secret() && !type_.holds_channel());
            let second = self.infer(right, hint);
            (first, second)
        };
        let type_ = Type::Bool;
        let comparison = |first: Expression, second: Expression| Expression {
            kind: ExpressionKind::Binary(operator, Box::new(first), Box::new(second)),
            type_: type_.clone(),
            span,
        };
        if first.type_ == Type::Unknown || second.type_ == Type::Unknown {
            return unknown(span);
        }
        let is_null = |side: &Expression| side.type_ == Type::null();
        if is_null(&first) || is_null(&second) {
            let other = if is_null(&first) { &second } else { &first };
            if !matches!(other.type_, Type::Optional(_) | Type::Json) && !is_output_of_run(other) {
                self.report(&NeverEqual { span, left: &first.type_, right: &second.type_ });
                return unknown(span);
            }
            return comparison(first, second);
        }
        for side in [&first, &second] {
            if side.type_.holds_secret() || side.type_.holds_channel() {
                self.report(&NotCompared { span: side.span, type_: &side.type_ });
                return unknown(span);
            }
        }
        if first.type_ == Type::Json
            || second.type_ == Type::Json
            || super::convert::joined(&first.type_, &second.type_).is_some()
        {
            let disjoint = match (first.type_.required(), second.type_.required()) {
                (Type::Union(members), Type::Union(others)) => !members.iter().any(|member| others.contains(member)),
                _ => false,
            };
            if !disjoint {
                return comparison(first, second);
            }
        }
        self.unequal(&first, &second, span);
        unknown(span)
    }

    fn unequal(&mut self, first: &Expression, second: &Expression, span: Span) {
        for (number, other) in [(first, second), (second, first)] {
            if matches!(number.type_, Type::Int | Type::Float) && matches!(other.type_.required(), Type::Duration | Type::Size) {
                return self.mismatch(number, other.type_.required());
            }
        }
        match (first.type_.required(), second.type_.required()) {
            (Type::Duration, Type::Size) | (Type::Size, Type::Duration) => self.mismatch(second, first.type_.required()),
            _ => self.report(&NeverEqual { span, left: &first.type_, right: &second.type_ }),
        }
    }

    /// `a ?? b`
    fn default(&mut self, left: &ast::Expression, right: &ast::Expression, span: Span) -> Expression {
        let first = self.infer(left, None);
        let second = self.infer(right, Some(first.type_.required()));
        let type_ = match &first.type_ {
            Type::Unknown => return unknown(span),
            Type::Optional(inner) => {
                let present = Expression { type_: (**inner).clone(), ..unknown(first.span) };
                self.common(&present, &second, None)
            }
            Type::Json => {
                self.report(&JsonNeedsAs { span: first.span, target: Some(&Type::optional(second.type_.clone())) });
                return unknown(span);
            }
            _ if self.uncertain => self.common(&first, &second, None),
            _ => {
                self.report(&NeedlessDefault { span, left: first.span, right: second.span });
                return Expression { span, ..first };
            }
        };
        let optional = Type::optional(type_.clone());
        let first = if matches!(first.type_, Type::Optional(_)) { as_joined(first, &optional) } else { first };
        let second = as_joined(second, &type_);
        Expression { kind: ExpressionKind::Binary(BinaryOperator::Default, Box::new(first), Box::new(second)), type_, span }
    }

    /// The type of an operation; `None` where the operands do not fit, which is reported.
    fn result_of(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: &Expression,
        right: &Expression,
        span: Span,
    ) -> Option<Type> {
        let type_ = match operator {
            BinaryOperator::Less | BinaryOperator::LessOrEqual | BinaryOperator::Greater | BinaryOperator::GreaterOrEqual => {
                return self.order(left, right);
            }
            BinaryOperator::In | BinaryOperator::NotIn => self.held(right, left),
            BinaryOperator::Contains => self.held(left, right),
            BinaryOperator::Matches => self.matches(left, right),
            BinaryOperator::Range => (left.type_ == Type::Int && right.type_ == Type::Int).then(|| Type::list(Type::Int)),
            _ => arithmetic(operator, &left.type_, &right.type_),
        };
        if type_.is_none() {
            self.operands(operator, operator_span, left, right, span);
        }
        type_
    }

    fn operands(&mut self, operator: BinaryOperator, operator_span: Span, left: &Expression, right: &Expression, span: Span) {
        for side in [left, right] {
            if side.type_ == Type::Json {
                self.report(&JsonNeedsAs { span: side.span, target: None });
                return;
            }
        }
        for (number, other) in [(left, right), (right, left)] {
            let additive = matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract);
            if additive && number.type_ == Type::Int && matches!(other.type_, Type::Duration | Type::Size) {
                self.mismatch(number, &other.type_);
                return;
            }
            if additive && matches!((&left.type_, &right.type_), (Type::Duration, Type::Size) | (Type::Size, Type::Duration)) {
                self.mismatch(right, &left.type_);
                return;
            }
        }
        let name = name_of(operator);
        let _ = operator_span;
        self.report(&OperandsDoNotFit { span, operator: name, left: Some(&left.type_), right: &right.type_ });
    }

    /// `<`: numbers, durations, sizes, strings by code point.
    fn order(&mut self, left: &Expression, right: &Expression) -> Option<Type> {
        let number = |type_: &Type| matches!(type_, Type::Int | Type::Float);
        let (first, second) = (&left.type_, &right.type_);
        let fits = number(first) && number(second)
            || matches!((first, second), (Type::Duration, Type::Duration) | (Type::Size, Type::Size))
            || first.is_text() && second.is_text();
        if fits {
            return Some(Type::Bool);
        }
        for side in [left, right] {
            if side.type_ == Type::Json {
                self.report(&JsonNeedsAs { span: side.span, target: None });
                return None;
            }
            if !(number(&side.type_) || side.type_.is_text() || matches!(side.type_, Type::Duration | Type::Size)) {
                self.report(&NoOrder { span: side.span, type_: &side.type_ });
                return None;
            }
        }
        // A number beside a duration lacks its unit; everything else is of another sort.
        if number(first) && !number(second) {
            self.mismatch(left, second)
        } else {
            self.mismatch(right, first)
        }
        None
    }

    /// Whether `part` can be in `whole`.
    fn held(&mut self, whole: &Expression, part: &Expression) -> Option<Type> {
        if whole.type_.holds_secret() || part.type_.holds_secret() {
            self.report(&NotCompared {
                span: if part.type_.holds_secret() { part.span } else { whole.span },
                type_: &Type::Secret,
            });
            return Some(Type::Unknown);
        }
        let fits = match &whole.type_ {
            Type::List(element) => super::convert::joined(element, &part.type_).is_some(),
            Type::Map(_) => part.type_.is_text(),
            type_ => type_.is_text() && part.type_.is_text(),
        };
        fits.then_some(Type::Bool)
    }

    fn matches(&mut self, left: &Expression, right: &Expression) -> Option<Type> {
        if let Some(secret) = [left, right].into_iter().find(|side| side.type_.holds_secret()) {
            self.report(&NotCompared { span: secret.span, type_: &Type::Secret });
            return Some(Type::Unknown);
        }
        if !left.type_.is_text() || !right.type_.is_text() {
            return None;
        }
        if let ExpressionKind::Literal(Value::String(pattern)) = &right.kind
            && let Err(problem) = wf_model::expression::pattern_of(pattern)
        {
            self.report(&PatternSyntax { span: right.span, what: "regular expression", problem: &problem });
            return Some(Type::Unknown);
        }
        Some(Type::Bool)
    }

    /// Reports an operation on literals that always fails.
    fn without_constant_failure(&mut self, expression: Expression) -> Expression {
        let literals = match &expression.kind {
            ExpressionKind::Binary(operator, left, right) => {
                let zero = matches!(operator, BinaryOperator::Divide | BinaryOperator::Remainder)
                    && constant(right).is_some_and(|value| is_zero(&value));
                zero || constant(left).is_some() && constant(right).is_some()
            }
            ExpressionKind::Unary(_, operand) => constant(operand).is_some(),
            _ => false,
        };
        if !literals {
            return expression;
        }
        if let ExpressionKind::Binary(BinaryOperator::Divide | BinaryOperator::Remainder, left, right) = &expression.kind
            && constant(left).is_none()
        {
            self.report(&ConstantFails { span: right.span, problem: "division by zero" });
            return unknown(expression.span);
        }
        match evaluate(&expression, &mut super::Nowhere) {
            Err(wf_model::expression::Stop::Failed(error)) => {
                self.report(&ConstantFails { span: expression.span, problem: &error.message });
                unknown(expression.span)
            }
            // What is known is written out, so that the next operator need not work it out again.
            Ok(value) if is_scalar(&value) => Expression { kind: ExpressionKind::Literal(value), ..expression },
            _ => expression,
        }
    }
}

/// Whether an expression is an output of a run in a test: one that the run may not have come to.
fn is_output_of_run(expression: &Expression) -> bool {
    let ExpressionKind::Field(outputs, _) = &expression.kind else { return false };
    let ExpressionKind::Field(run, name) = &outputs.kind else { return false };
    &**name == "outputs" && matches!(run.kind, ExpressionKind::Reference(Reference::Run))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Duration(duration) => duration.milliseconds == 0,
        Value::Size(size) => size.bytes == 0,
        _ => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Duration(_) | Value::Size(_))
}

/// A name, or a subtraction of names without a blank between them, as it is written.
fn hyphenated(expression: &ast::Expression) -> Option<String> {
    let mut names = Vec::new();
    let mut rest = expression;
    while let ast::ExpressionKind::Binary { operator: BinaryOperator::Subtract, left, right, .. } = &rest.kind {
        let ast::ExpressionKind::Name(name) = &right.kind else { return None };
        if left.span.end.saturating_add(1) != right.span.start {
            return None;
        }
        names.push(&**name);
        rest = left;
    }
    let ast::ExpressionKind::Name(first) = &rest.kind else { return None };
    names.push(first);
    names.reverse();
    Some(names.join("-"))
}

/// `+ - * / %`
fn arithmetic(operator: BinaryOperator, left: &Type, right: &Type) -> Option<Type> {
    let number = |type_: &Type| matches!(type_, Type::Int | Type::Float);
    let amount = |type_: &Type| matches!(type_, Type::Duration | Type::Size);
    match operator {
        _ if number(left) && number(right) => {
            Some(if *left == Type::Int && *right == Type::Int { Type::Int } else { Type::Float })
        }
        BinaryOperator::Add | BinaryOperator::Subtract if amount(left) && left == right => Some(left.clone()),
        BinaryOperator::Add => match (left, right) {
            (Type::List(_), Type::List(_)) => super::convert::joined(left, right),
            (Type::Secret, other) | (other, Type::Secret) if other.is_text() || *other == Type::Secret => Some(Type::Secret),
            _ => (left.is_text() && right.is_text()).then_some(Type::String),
        },
        BinaryOperator::Multiply if amount(left) && number(right) => Some(left.clone()),
        BinaryOperator::Multiply if number(left) && amount(right) => Some(right.clone()),
        BinaryOperator::Divide if amount(left) && number(right) => Some(left.clone()),
        BinaryOperator::Divide if amount(left) && left == right => Some(Type::Float),
        _ => None,
    }
}

fn name_of(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Or => "or",
        BinaryOperator::And => "and",
        BinaryOperator::Equal => "==",
        BinaryOperator::NotEqual => "!=",
        BinaryOperator::Less => "<",
        BinaryOperator::LessOrEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterOrEqual => ">=",
        BinaryOperator::In => "in",
        BinaryOperator::NotIn => "not in",
        BinaryOperator::Contains => "contains",
        BinaryOperator::Matches => "matches",
        BinaryOperator::Default => "??",
        BinaryOperator::Range => "..",
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Remainder => "%",
    }
}
