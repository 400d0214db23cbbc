//! Expressions as written, to typed expressions: names resolved, types checked, conversions written out.

mod access;
mod call;
mod collection;
mod convert;
mod facts;
mod findings;
mod operator;
#[cfg(test)]
mod property_tests;
mod shell_text;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use convert::fits;
pub(crate) use facts::{Facts, facts_when};
pub(crate) use findings::SecretLeak;
pub(crate) use shell_text::sets;
pub(crate) use text::has_text;

use crate::index::Symbol;
use crate::offer::Offer;
use crate::types::TypeNames;
use convert::as_joined;
use findings::{ConditionNotBool, ConstantCondition, ShadowedName, UnknownName};
use shell_text::ShellText;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{
    BinaryOperator, Comprehension, Conditional, Expression, ExpressionKind, Reference, Scope, ValueId, evaluate,
};
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast;

/// What a name means where it stands.
pub(crate) enum Lookup {
    /// This value.
    Found(Reference, Type),
    /// A value that is known before anything runs.
    Constant(Value, Type),
    /// Nothing of this name is known anywhere.
    Unknown,
    /// It is known, but cannot be used here; the diagnostic says why.
    Refused(Box<Diagnostic>),
    /// Something about it was reported already; nothing more is said.
    Reported,
}

/// Looks names up; a use counts.
pub(crate) trait Names {
    /// What `name` means here.
    fn lookup(&mut self, name: &str, span: Span) -> Lookup;
    /// What a chain such as `ship.health[1]` means as a whole; `None` where its parts have a meaning each.
    fn whole(&mut self, _: &ast::Expression) -> Option<Result<(Reference, Type), Box<Diagnostic>>> {
        None
    }
    /// Every name that can be used here, with its type.
    fn visible(&self) -> Vec<(Arc<str>, Type)> {
        Vec::new()
    }
    /// Names that could have been meant.
    fn candidates(&self) -> Vec<Arc<str>>;
    /// The place that declares what a name refers to; `None` where the language does.
    fn declaration(&self, _: &str, _: &Reference) -> Option<Span> {
        None
    }
    /// Whether a value of this name can be used here.
    fn is_visible(&self, name: &str) -> bool;
    /// What leads to a name that only a loop knows, as a sentence.
    fn through_loop(&self, _: &str) -> Option<String> {
        None
    }
    /// How a secret came into a value, from the value back to the declaration: places with what happens there.
    fn trail(&self, value: ValueId) -> Vec<(Span, String)>;
}

/// The constant that other languages write like this.
fn constant_meant(name: &str) -> Option<&'static str> {
    match name {
        "True" | "TRUE" | "yes" => Some("true"),
        "False" | "FALSE" | "no" => Some("false"),
        "None" | "nil" | "NULL" | "undefined" => Some("null"),
        _ => None,
    }
}

/// What checking an expression needs.
pub(crate) struct Checker<'a> {
    /// Value names.
    pub(crate) names: &'a mut dyn Names,
    /// Type names.
    pub(crate) types: &'a TypeNames,
    /// The absolute directory of the file.
    pub(crate) here: &'a str,
    /// Where findings go.
    pub(crate) diagnostics: &'a mut Vec<Diagnostic>,
    /// The next call that looks outside.
    pub(crate) places: &'a mut u32,
    /// What is known not to be `null`.
    pub(crate) facts: Facts,
    /// Whether secrets fit where strings are wanted.
    pub(crate) takes_secret: bool,
    /// Whether a value may be missing although its type does not say so, as in an undo.
    pub(crate) uncertain: bool,
    locals: Vec<Local>,
    next_local: u32,
}

/// A variable of a comprehension.
struct Local {
    name: Arc<str>,
    id: u32,
    type_: Type,
    /// Its name.
    span: Span,
}

impl<'a> Checker<'a> {
    /// For the expressions of one place.
    pub(crate) fn new(
        names: &'a mut dyn Names,
        types: &'a TypeNames,
        here: &'a str,
        diagnostics: &'a mut Vec<Diagnostic>,
        places: &'a mut u32,
    ) -> Self {
        Self {
            names,
            types,
            here,
            diagnostics,
            places,
            facts: Facts::default(),
            takes_secret: false,
            uncertain: false,
            locals: Vec::new(),
            next_local: 0,
        }
    }

    /// With what is known not to be `null`.
    pub(crate) fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    fn report(&mut self, finding: &impl Finding) {
        self.diagnostics.push(finding.diagnostic());
    }

    /// An expression that has to fit `expected`; one that does not is reported, and unknown.
    pub(crate) fn check(&mut self, expression: &ast::Expression, expected: &Type) -> Expression {
        let inferred = self.infer(expression, Some(expected));
        self.fitted(inferred, expected)
    }

    /// Whether a value of one type fits where another is wanted, secrets where they are taken.
    pub(crate) fn accepts(&self, target: &Type, from: &Type) -> bool {
        target.accepts(from) || self.takes_secret && target.accepts(&convert::without_secret(from))
    }

    /// A checked expression as a `target`; one that does not fit is reported, and unknown.
    pub(crate) fn fit(&mut self, expression: Expression, target: &Type) -> Expression {
        self.fitted(expression, target)
    }

    /// A condition: a bool, which is reported where it is always the same.
    pub(crate) fn condition(&mut self, expression: &ast::Expression) -> Expression {
        let condition = self.truth(expression);
        if let Some(value) = constant(&condition) {
            self.report(&ConstantCondition { span: condition.span, value: value == Value::Bool(true) });
        }
        condition
    }

    /// A bool.
    fn truth(&mut self, expression: &ast::Expression) -> Expression {
        let condition = self.infer(expression, Some(&Type::Bool));
        match condition.type_ {
            Type::Bool => condition,
            Type::Unknown => unknown(condition.span),
            _ => {
                self.report(&ConditionNotBool { span: condition.span, type_: &condition.type_ });
                unknown(condition.span)
            }
        }
    }

    /// The typed expression; `hint` is the type that literals take where they fit.
    pub(crate) fn infer(&mut self, expression: &ast::Expression, hint: Option<&Type>) -> Expression {
        let inferred = self.unbounded(expression, hint);
        match inferred.kind {
            // Only these make a type larger than those that it is made of.
            ExpressionKind::List(_) | ExpressionKind::Map(_) | ExpressionKind::Comprehension(_) => {
                let type_ = crate::types::bounded(inferred.type_, inferred.span, self.diagnostics);
                Expression { type_, ..inferred }
            }
            _ => inferred,
        }
    }

    fn unbounded(&mut self, expression: &ast::Expression, hint: Option<&Type>) -> Expression {
        let span = expression.span;
        let literal = |value, type_| Expression { kind: ExpressionKind::Literal(value), type_, span };
        match &expression.kind {
            ast::ExpressionKind::Null => literal(Value::Null, Type::null()),
            ast::ExpressionKind::Bool(value) => literal(Value::Bool(*value), Type::Bool),
            ast::ExpressionKind::Int(value) => literal(Value::Int(*value), Type::Int),
            ast::ExpressionKind::Float(value) => literal(Value::Float(*value), Type::Float),
            ast::ExpressionKind::Duration(value) => literal(Value::Duration(*value), Type::Duration),
            ast::ExpressionKind::Size(value) => literal(Value::Size(*value), Type::Size),
            ast::ExpressionKind::Text(text) => {
                if let Some(Type::Union(members)) = hint.map(Type::required) {
                    self.types.recorder.offer(span, || Offer::Words(members.to_vec()));
                }
                self.text(text, span, hint)
            }
            ast::ExpressionKind::List(elements) => self.list(elements, span, hint),
            ast::ExpressionKind::Record(entries) => self.record(entries, span, hint),
            ast::ExpressionKind::Name(name) => {
                self.types.recorder.offer(span, || self.values(hint));
                self.name(name, span, None)
            }
            ast::ExpressionKind::Field { .. } | ast::ExpressionKind::Method { .. } | ast::ExpressionKind::Index { .. } => {
                self.chain(expression)
            }
            ast::ExpressionKind::Call { name, arguments } => self.call(name, arguments, span),
            ast::ExpressionKind::As { base, type_ } => self.as_type(base, type_, span),
            ast::ExpressionKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ast::ExpressionKind::Binary { operator, operator_span, left, right } => {
                self.binary(*operator, *operator_span, left, right, span)
            }
            ast::ExpressionKind::Conditional(parts) => self.conditional(parts, span, hint),
            ast::ExpressionKind::Comprehension(parts) => self.comprehension(parts, span, hint),
            ast::ExpressionKind::Parenthesised(inner) => Expression { span, ..self.infer(inner, hint) },
            ast::ExpressionKind::Missing => unknown(span),
        }
    }

    /// What could stand where a value is wanted.
    fn values(&self, expected: Option<&Type>) -> Offer {
        let mut visible = self.names.visible();
        visible.extend(self.locals.iter().map(|local| (local.name.clone(), local.type_.clone())));
        Offer::Values { visible, functions: call::functions(), expected: expected.cloned() }
    }

    /// What a name stands for; `shell` is the text of a shell that it stands in as a value of its own.
    fn name(&mut self, name: &Arc<str>, span: Span, shell: Option<&mut ShellText<'_>>) -> Expression {
        let found = match self.locals.iter().rev().find(|local| local.name == *name) {
            Some(local) => {
                let kind = ExpressionKind::Reference(Reference::Local(local.id));
                Some((kind, local.type_.clone(), Some(local.span)))
            }
            None => self.lookup(name, span, shell).map(|(kind, type_)| {
                let declaration = match &kind {
                    ExpressionKind::Reference(reference) => self.names.declaration(name, reference),
                    _ => None,
                };
                (kind, type_, declaration)
            }),
        };
        let Some((kind, type_, declaration)) = found else { return unknown(span) };
        let type_ = if self.facts.knows(name) { type_.required().clone() } else { type_ };
        if !matches!(kind, ExpressionKind::Reference(Reference::Outcome(_))) {
            self.types.recorder.value(name, span, declaration, &type_);
        }
        Expression { kind, type_, span }
    }

    fn lookup(&mut self, name: &Arc<str>, span: Span, shell: Option<&mut ShellText<'_>>) -> Option<(ExpressionKind, Type)> {
        match self.names.lookup(name, span) {
            Lookup::Found(reference, type_) => return Some((ExpressionKind::Reference(reference), type_)),
            Lookup::Constant(value, type_) => return Some((ExpressionKind::Literal(value), type_)),
            Lookup::Refused(diagnostic) => self.diagnostics.push(*diagnostic),
            Lookup::Reported => {}
            Lookup::Unknown => {
                let candidates = self.names.candidates();
                let locals = self.locals.iter().map(|local| &*local.name);
                if let Some(constant) = constant_meant(name) {
                    self.report(&UnknownName { name, span, near: Some(constant.to_owned()), sure: true, in_shell: None });
                    return None;
                }
                let found = near(name, candidates.iter().map(|name| &**name).chain(locals));
                let (near, sure) = (found.map(|near| near.name.to_owned()), found.is_some_and(|near| near.sure));
                if let Some(near) = &near {
                    // What was most likely meant is not called unused too.
                    drop(self.names.lookup(near, span));
                }
                let in_shell = shell.filter(|_| near.is_none()).map(|shell| shell.left_to_it(name));
                self.report(&UnknownName { name, span, near, sure, in_shell });
            }
        }
        None
    }

    fn conditional(&mut self, parts: &ast::Conditional, span: Span, hint: Option<&Type>) -> Expression {
        let condition = self.truth(&parts.condition);
        let before = self.facts.clone();
        self.facts.learn(facts_when(&parts.condition, true));
        let then = self.infer(&parts.then, hint);
        self.facts = before.clone();
        self.facts.learn(facts_when(&parts.condition, false));
        let otherwise = self.infer(&parts.otherwise, hint);
        self.facts = before;
        let type_ = self.common(&then, &otherwise, hint);
        let then = as_joined(then, &type_);
        let otherwise = as_joined(otherwise, &type_);
        Expression { kind: ExpressionKind::Conditional(Box::new(Conditional { condition, then, otherwise })), type_, span }
    }

    fn comprehension(&mut self, parts: &ast::Comprehension, span: Span, hint: Option<&Type>) -> Expression {
        let list = self.infer(&parts.list, None);
        let (index_type, item_type) = self.iterated(&list);
        let before = (self.locals.len(), self.facts.clone());
        let index = parts.index.as_ref().map(|name| self.local(name, index_type));
        let item = self.local(&parts.item, item_type);
        let condition = parts.condition.as_ref().map(|condition| {
            let checked = self.truth(condition);
            self.facts.learn(facts_when(condition, true));
            checked
        });
        let element_hint = match hint.map(Type::required) {
            Some(Type::List(element)) => Some(&**element),
            _ => None,
        };
        let mut element = self.infer(&parts.element, element_hint);
        if let Some(expected) = element_hint {
            element = self.fitted(element, expected);
        }
        self.locals.truncate(before.0);
        self.facts = before.1;
        let type_ = Type::list(element.type_.clone());
        let parts = Comprehension { element, index, item, list, condition };
        Expression { kind: ExpressionKind::Comprehension(Box::new(parts)), type_, span }
    }

    fn local(&mut self, name: &ast::Name, type_: Type) -> u32 {
        let id = self.next_local;
        self.next_local += 1;
        let taken = self.locals.iter().any(|local| local.name == name.text) || self.names.is_visible(&name.text);
        if taken {
            self.report(&ShadowedName { name: &name.text, span: name.span });
        }
        self.types.recorder.declared(name.span, Symbol::Value(name.span), Some(&type_));
        self.locals.push(Local { name: name.text.clone(), id, type_, span: name.span });
        id
    }

    /// The types of index and element of what is gone through.
    pub(crate) fn iterated(&mut self, list: &Expression) -> (Type, Type) {
        match &list.type_ {
            Type::List(element) => (Type::Int, (**element).clone()),
            Type::Map(element) => (Type::String, (**element).clone()),
            Type::Unknown => (Type::Unknown, Type::Unknown),
            type_ => {
                let found = findings::NotIterable { span: list.span, type_ }.diagnostic();
                self.diagnostics.push(found);
                (Type::Unknown, Type::Unknown)
            }
        }
    }
}

/// What stands for an expression that was reported.
pub(crate) fn unknown(span: Span) -> Expression {
    Expression { kind: ExpressionKind::Literal(Value::Null), type_: Type::Unknown, span }
}

/// The value of an expression that depends on nothing; `None` where it depends on something, or fails.
pub(crate) fn constant(expression: &Expression) -> Option<Value> {
    if expression.type_ == Type::Unknown || !is_constant(expression) {
        return None;
    }
    evaluate(expression, &mut Nowhere).ok()
}

/// What an expression comes to where one value is known and nothing else; `None` where it needs more, or fails.
pub(crate) fn evaluate_with(expression: &Expression, value: ValueId, known: &Value) -> Option<Value> {
    if expression.type_ == Type::Unknown {
        return None;
    }
    evaluate(expression, &mut Only { id: value, value: known }).ok()
}

/// Whether nothing but literals is in it; looks no further than an expression that people would call constant.
fn is_constant(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Literal(_) => true,
        ExpressionKind::Unary(_, operand) => is_constant(operand),
        // A long range takes its time.
        ExpressionKind::Binary(operator, left, right) => {
            *operator != BinaryOperator::Range && is_constant(left) && is_constant(right)
        }
        ExpressionKind::Convert(inner) => is_constant(inner),
        ExpressionKind::List(elements) => elements.iter().all(is_constant),
        _ => false,
    }
}

/// Where one name has a value.
struct Only<'a> {
    id: ValueId,
    value: &'a Value,
}

/// Where no name has a value.
struct Nowhere;

impl Scope for Nowhere {}

impl Scope for Only<'_> {
    fn value(&self, id: ValueId) -> Option<Value> {
        (id == self.id).then(|| self.value.clone())
    }
}
