//! Evaluation of checked expressions: checked arithmetic, no effect, and nothing seen of the world but through a [`Scope`].

use super::evaluate_operators::{binary, negate, not, nothing_of, text_of};
use super::{
    BinaryOperator, Comprehension, Expression, ExpressionKind, Function, GlobalId, Method, Place, Reference, TextPart, ValueId,
};
use super::{
    evaluate_convert::{convert, is_of},
    evaluate_functions::call,
    evaluate_methods::method,
    evaluate_url::{UrlText, delimiter},
};
use crate::span::Span;
use crate::value::{Map, Secret, Value};
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::Arc;

/// Compiles a regular expression of `matches`, with the bound on its size that evaluation has.
///
/// # Errors
/// What is wrong with it: one fact; it may quote a part of the pattern.
pub fn pattern_of(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
        // The lines before the last one show the pattern.
        let shown = error.to_string();
        let fact = shown.lines().last().unwrap_or_default().trim();
        fact.trim_start_matches("error: ").trim_end_matches('.').to_owned()
    })
}

/// Expressions nest no deeper; the parser's own bound is far below.
const DEEPEST: usize = 512;

/// What names mean while an expression is evaluated; who implements it names what there is. `None` where a name has no value, which fails the evaluation.
pub trait Scope {
    /// The value of a workflow's declaration.
    fn value(&self, _id: ValueId) -> Option<Value> {
        None
    }

    /// The value of a file's `let`.
    fn global(&self, _id: GlobalId) -> Option<Value> {
        None
    }

    /// The record `run`.
    fn run(&self) -> Option<Value> {
        None
    }

    /// What the step's action gave.
    fn result(&self) -> Option<Value> {
        None
    }

    /// What failed.
    fn failure(&self) -> Option<Value> {
        None
    }

    /// What the trigger was called with.
    fn event(&self) -> Option<Value> {
        None
    }

    /// The outcome of the step or block at a path, in a test.
    fn outcome(&self, _path: &str) -> Option<Value> {
        None
    }

    /// Answers a call that looks outside; `occurrence` counts the calls of one evaluation at `place` from zero.
    ///
    /// # Errors
    /// [`Stop::Pending`] where the answer is not there yet; [`Stop::Failed`] where there is none. The span of a failure is
    /// replaced by the call's.
    fn observe(&mut self, _place: Place, _occurrence: u32, _function: Function, _arguments: &[Value]) -> Result<Value, Stop> {
        Err(Stop::Pending)
    }
}

/// Why an evaluation gave no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It failed, and will fail again.
    Failed(EvaluationError),
    /// An observation has no answer yet.
    Pending,
}

/// A failure at run time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// The expression that failed.
    pub span: Span,
    /// One fact, lower case, without a full stop.
    pub message: String,
}

/// Evaluates an expression.
///
/// # Errors
/// [`Stop::Failed`] at overflow, division by zero, a bad index and all else that §4 lets fail; [`Stop::Pending`] as the scope says.
pub fn evaluate(expression: &Expression, scope: &mut dyn Scope) -> Result<Value, Stop> {
    let mut evaluator = Evaluator { scope, locals: HashMap::new(), calls: HashMap::new(), patterns: HashMap::new(), depth: 0 };
    match evaluator.expression(expression) {
        Err(Interrupt::ChainEnds) => Ok(Value::Null),
        Err(Interrupt::Stop(stop)) => Err(stop),
        Ok(value) => Ok(value),
    }
}

/// What leaves an expression early.
enum Interrupt {
    Stop(Stop),
    /// A `?.` met `null`.
    ChainEnds,
}

type Outcome = Result<Value, Interrupt>;

struct Evaluator<'a> {
    scope: &'a mut dyn Scope,
    locals: HashMap<u32, Value>,
    calls: HashMap<Place, u32>,
    patterns: HashMap<Arc<str>, Regex>,
    depth: usize,
}

fn failed(span: Span, message: impl Into<String>) -> Interrupt {
    Interrupt::Stop(Stop::Failed(EvaluationError { span, message: message.into() }))
}

impl Evaluator<'_> {
    fn expression(&mut self, expression: &Expression) -> Outcome {
        if self.depth >= DEEPEST {
            return Err(failed(expression.span, format!("expression nests deeper than {DEEPEST} levels")));
        }
        self.depth += 1;
        let outcome = self.kind(expression);
        self.depth -= 1;
        outcome
    }

    fn kind(&mut self, expression: &Expression) -> Outcome {
        let span = expression.span;
        let fail = |message| failed(span, message);
        match &expression.kind {
            ExpressionKind::Literal(value) => Ok(value.clone()),
            ExpressionKind::Text(parts) => self.text(parts),
            ExpressionKind::Url(parts) => self.url(parts, span),
            ExpressionKind::List(elements) => Ok(Value::List(Arc::new(self.all(elements)?))),
            ExpressionKind::Map(entries) => self.map(entries),
            ExpressionKind::Reference(reference) => self.reference(reference, span),
            ExpressionKind::Field(base, name) => field(&self.expression(base)?, name).map_err(fail),
            ExpressionKind::OptionalField(base, name) => field(&self.present(base)?, name).map_err(fail),
            ExpressionKind::OptionalReceiver(base) => self.present(base),
            ExpressionKind::Chain(inner) => match self.expression(inner) {
                Err(Interrupt::ChainEnds) => Ok(Value::Null),
                outcome => outcome,
            },
            ExpressionKind::Index(base, index) => {
                let (value, index) = (self.expression(base)?, self.expression(index)?);
                element(&value, &index, base.type_ == crate::types::Type::Json).map_err(fail)
            }
            ExpressionKind::Method(name, receiver, arguments) => {
                let receiver = self.expression(receiver)?;
                let arguments = self.all(arguments)?;
                match (name, &receiver) {
                    (Method::Sum, Value::List(list)) if list.is_empty() => Ok(nothing_of(&expression.type_)),
                    _ => method(*name, &receiver, &arguments).map_err(fail),
                }
            }
            ExpressionKind::Call(function, arguments, place) => self.call(*function, arguments, *place, span),
            ExpressionKind::Unary(super::UnaryOperator::Not, operand) => not(&self.expression(operand)?).map_err(fail),
            ExpressionKind::Unary(super::UnaryOperator::Negate, operand) => negate(&self.expression(operand)?).map_err(fail),
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right, span),
            ExpressionKind::Conditional(parts) => {
                let chosen = if self.truth(&parts.condition)? { &parts.then } else { &parts.otherwise };
                self.expression(chosen)
            }
            ExpressionKind::Comprehension(parts) => self.comprehension(parts),
            ExpressionKind::As(inner) => {
                let value = self.expression(inner)?;
                is_of(value, &expression.type_).map_err(fail)
            }
            ExpressionKind::Convert(inner) => Ok(convert(self.expression(inner)?, &expression.type_)),
        }
    }

    fn all(&mut self, expressions: &[Expression]) -> Result<Vec<Value>, Interrupt> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    fn truth(&mut self, condition: &Expression) -> Result<bool, Interrupt> {
        match self.expression(condition)? {
            Value::Bool(value) => Ok(value),
            _ => Err(failed(condition.span, "condition is not a bool")),
        }
    }

    fn present(&mut self, base: &Expression) -> Outcome {
        match self.expression(base)? {
            Value::Null => Err(Interrupt::ChainEnds),
            value => Ok(value),
        }
    }

    fn map(&mut self, entries: &[(Arc<str>, Expression)]) -> Outcome {
        let mut map = Map::with_capacity(entries.len());
        for (key, expression) in entries {
            map.insert(key.clone(), self.expression(expression)?);
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn text(&mut self, parts: &[TextPart]) -> Outcome {
        let mut text = String::new();
        let mut tainted = false;
        for part in parts {
            match part {
                TextPart::Literal(literal) => text.push_str(literal),
                TextPart::Value(expression) => text.push_str(&self.rendered(expression, &mut tainted)?),
            }
        }
        Ok(if tainted { Value::Secret(Secret::new(&text)) } else { Value::string(&text) })
    }

    /// The text of a value in a text, and whether that is a secret now.
    fn rendered(&mut self, expression: &Expression, tainted: &mut bool) -> Result<String, Interrupt> {
        match self.expression(expression)? {
            Value::Secret(secret) => {
                *tainted = true;
                Ok(secret.expose().to_string())
            }
            value => value.render().ok_or_else(|| failed(expression.span, "value has no text of its own")),
        }
    }

    fn url(&mut self, parts: &[TextPart], span: Span) -> Outcome {
        let mut delimiters = vec![None; parts.len()];
        let mut next = None;
        for (slot, part) in delimiters.iter_mut().zip(parts).rev() {
            *slot = next;
            if let TextPart::Literal(literal) = part {
                next = delimiter(literal).or(next);
            }
        }
        let (mut url, mut tainted) = (UrlText::default(), false);
        for (position, (part, next)) in parts.iter().zip(delimiters).enumerate() {
            match part {
                TextPart::Literal(literal) => url.push(literal),
                TextPart::Value(expression) => {
                    let text = self.rendered(expression, &mut tainted)?;
                    if position == 0 {
                        url.push(&text);
                    } else {
                        url.push_value(&text, next).map_err(|problem| failed(expression.span, format!("value {problem}")))?;
                    }
                }
            }
        }
        let text = url.finish().map_err(|problem| failed(span, format!("a value {problem}")))?;
        Ok(if tainted { Value::Secret(Secret::new(&text)) } else { Value::string(&text) })
    }

    fn reference(&self, reference: &Reference, span: Span) -> Outcome {
        let value = match reference {
            Reference::Value(id) => self.scope.value(*id),
            Reference::Global(id) => self.scope.global(*id),
            Reference::Local(local) => self.locals.get(local).cloned(),
            Reference::Run => self.scope.run(),
            Reference::Result => self.scope.result(),
            Reference::Failure => self.scope.failure(),
            Reference::Event => self.scope.event(),
            Reference::Outcome(path) => self.scope.outcome(path),
        };
        value.ok_or_else(|| failed(span, "name has no value here"))
    }

    fn call(&mut self, function: Function, arguments: &[Expression], place: Place, span: Span) -> Outcome {
        let arguments = self.all(arguments)?;
        if !function.looks_outside() {
            return call(function, arguments).map_err(|message| failed(span, message));
        }
        let next = self.calls.entry(place).or_default();
        let occurrence = *next;
        *next = next.saturating_add(1);
        self.scope.observe(place, occurrence, function, &arguments).map_err(|stop| match stop {
            Stop::Failed(error) => failed(span, error.message),
            Stop::Pending => Interrupt::Stop(Stop::Pending),
        })
    }

    fn binary(&mut self, operator: BinaryOperator, left: &Expression, right: &Expression, span: Span) -> Outcome {
        match operator {
            BinaryOperator::And => Ok(Value::Bool(self.truth(left)? && self.truth(right)?)),
            BinaryOperator::Or => Ok(Value::Bool(self.truth(left)? || self.truth(right)?)),
            BinaryOperator::Default => match self.expression(left)? {
                Value::Null => self.expression(right),
                value => Ok(value),
            },
            BinaryOperator::Matches => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                self.matches(&left, &right).map(Value::Bool).map_err(|message| failed(span, message))
            }
            _ => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                binary(operator, &left, &right).map_err(|message| failed(span, message))
            }
        }
    }

    /// Whether a text matches; a pattern is compiled once in an evaluation.
    fn matches(&mut self, text: &Value, pattern: &Value) -> Result<bool, String> {
        let (Some(text), Some(written)) = (text_of(text), text_of(pattern)) else {
            return Err("`matches` needs strings".to_owned());
        };
        if let Some(compiled) = self.patterns.get(written) {
            return Ok(compiled.is_match(text));
        }
        let compiled = pattern_of(written).map_err(|problem| match pattern {
            // The parser's message quotes the pattern.
            Value::Secret(_) => "regular expression, which is a secret, does not parse".to_owned(),
            _ => format!("regular expression does not parse: {problem}"),
        })?;
        let matched = compiled.is_match(text);
        self.patterns.insert(written.clone(), compiled);
        Ok(matched)
    }

    fn comprehension(&mut self, parts: &Comprehension) -> Outcome {
        let entries: Vec<(Value, Value)> = match self.expression(&parts.list)? {
            Value::List(list) => (0_i64..).map(Value::Int).zip(list.iter().cloned()).collect(),
            Value::Map(map) => map.iter().map(|(key, value)| (Value::String(key.clone()), value.clone())).collect(),
            _ => return Err(failed(parts.list.span, "value is neither a list nor a map")),
        };
        let mut elements = Vec::new();
        for (index, item) in entries {
            if let Some(local) = parts.index {
                self.locals.insert(local, index);
            }
            self.locals.insert(parts.item, item);
            let counts = parts.condition.as_ref().map_or(Ok(true), |condition| self.truth(condition))?;
            if counts {
                elements.push(self.expression(&parts.element)?);
            }
        }
        Ok(Value::List(Arc::new(elements)))
    }
}

/// A field that is missing is `null`: records have all of theirs, so only `json` and optional fields come to that.
fn field(base: &Value, name: &str) -> Result<Value, String> {
    match base {
        Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Null)),
        Value::Channel(_) => Err(format!("channel has no field `{name}`")),
        _ => Ok(Value::Null),
    }
}

fn element(base: &Value, index: &Value, json: bool) -> Result<Value, String> {
    let (found, message) = match (base, index) {
        (Value::List(list), Value::Int(index)) => {
            let found = usize::try_from(*index).ok().and_then(|index| list.get(index)).cloned();
            (found, format!("index {index} is outside a list of {} elements", list.len()))
        }
        (Value::Map(map), Value::String(key)) => (map.get(key).cloned(), format!("map has no key {key:?}")),
        _ => (None, "value has no such index".to_owned()),
    };
    found.or_else(|| json.then_some(Value::Null)).ok_or(message)
}
