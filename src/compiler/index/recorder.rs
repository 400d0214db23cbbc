//! Writes names down while the check resolves them; does nothing where nobody asked.

use super::{Index, Occurrence, Symbol};
use crate::offer::Offer;
use foldhash::{HashMap, HashSet};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use wf_model::program::{Place as _, StatementId, Workflow, WorkflowId};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast;

/// A place to write names down; what is a copy of it writes to the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Option<Rc<RefCell<Records>>>);

#[derive(Debug, Default)]
struct Records {
    occurrences: Vec<Occurrence>,
    /// Fields, by their names, with the last name of what stands before the dot.
    fields: Vec<(Span, Span)>,
    /// What can be named behind a value or a workflow.
    members: HashMap<Span, HashMap<Arc<str>, Symbol>>,
    /// Steps with the workflows that they call.
    calls: HashMap<Span, Span>,
    /// The names of all workflows, by their ids.
    workflows: Vec<Span>,
    /// The name that somebody is typing, and what it could be.
    cursor: Option<Span>,
    offer: Option<Offer>,
    /// The names of statements, by workflow.
    statements: HashMap<(Span, StatementId), Span>,
}

impl Recorder {
    /// One that writes down, and what the name at `cursor` could be.
    pub(crate) fn listening(cursor: Option<Span>) -> Self {
        Self(Some(Rc::new(RefCell::new(Records { cursor, ..Records::default() }))))
    }

    /// Takes down what could stand at `span`, where the cursor is.
    pub(crate) fn offer(&self, span: Span, offer: impl FnOnce() -> Offer) {
        let Some(records) = &self.0 else { return };
        let here = records.borrow().cursor.is_some_and(|cursor| span.contains(cursor));
        if here {
            let offer = offer();
            records.borrow_mut().offer = Some(offer);
        }
    }

    fn record(&self, span: Span, symbol: impl FnOnce() -> Symbol, type_: Option<&Type>, declares: bool) {
        let Some(records) = &self.0 else { return };
        let occurrence = Occurrence { span, symbol: symbol(), type_: type_.cloned(), declares };
        records.borrow_mut().occurrences.push(occurrence);
    }

    /// A name that declares what it names.
    pub(crate) fn declared(&self, span: Span, symbol: Symbol, type_: Option<&Type>) {
        self.record(span, || symbol, type_, true);
    }

    /// The name of the next workflow of all.
    pub(crate) fn workflow(&self, name: Span) {
        let Some(records) = &self.0 else { return };
        self.declared(name, Symbol::Workflow(name), None);
        records.borrow_mut().workflows.push(name);
    }

    /// A workflow that is named where it is called or imported.
    pub(crate) fn calls(&self, span: Span, workflow: WorkflowId) {
        let Some(records) = &self.0 else { return };
        let name = records.borrow().workflows.get(workflow.index()).copied();
        if let Some(name) = name {
            self.used(span, Symbol::Workflow(name));
        }
    }

    /// A name that means something declared elsewhere.
    pub(crate) fn used(&self, span: Span, symbol: Symbol) {
        self.record(span, || symbol, None, false);
    }

    /// A name that stands for a value, where it is known what declares it or that the language does.
    pub(crate) fn value(&self, name: &Arc<str>, span: Span, declaration: Option<Span>, type_: &Type) {
        self.record(span, || declaration.map_or_else(|| Symbol::Always(name.clone()), Symbol::Value), Some(type_), false);
    }

    /// A field behind `base`.
    pub(crate) fn field(&self, base: &ast::Expression, name: &ast::Name, type_: &Type) {
        let Some(records) = &self.0 else { return };
        self.record(name.span, || Symbol::Field(name.text.clone()), Some(type_), false);
        if let Some(before) = last_name(base) {
            records.borrow_mut().fields.push((name.span, before));
        }
    }

    /// A function.
    pub(crate) fn function(&self, name: &ast::Name, type_: Option<&Type>) {
        self.record(name.span, || Symbol::Function(name.text.clone()), type_, false);
    }

    /// A method or property.
    pub(crate) fn method(&self, name: &ast::Name, type_: &Type) {
        self.record(name.span, || Symbol::Method(name.text.clone()), Some(type_), false);
    }

    /// An attribute of a kind.
    pub(crate) fn attribute(&self, span: Span, kind: &str, name: &str) {
        self.record(span, || Symbol::Attribute { kind: kind.into(), name: name.into() }, None, false);
    }

    /// What can be named behind a value, by a dot, or behind a step that calls a workflow.
    pub(crate) fn member(&self, of: Span, name: &Arc<str>, symbol: Symbol) {
        let Some(records) = &self.0 else { return };
        records.borrow_mut().members.entry(of).or_default().insert(name.clone(), symbol);
    }

    /// The value of a step that calls a workflow.
    pub(crate) fn result(&self, step: Span, workflow: WorkflowId) {
        let Some(records) = &self.0 else { return };
        let mut records = records.borrow_mut();
        if let Some(name) = records.workflows.get(workflow.index()).copied() {
            records.calls.insert(step, name);
        }
    }

    /// A parameter of `workflow`, named where it is given.
    pub(crate) fn parameter(&self, span: Span, workflow: &Workflow, value: wf_model::expression::ValueId) {
        if let Some(declared) = workflow.values.get(value) {
            self.record(span, || Symbol::Value(declared.span), Some(&declared.type_), false);
        }
    }

    /// The name of a statement.
    pub(crate) fn statement(&self, workflow: Span, statement: StatementId, name: Span) {
        let Some(records) = &self.0 else { return };
        records.borrow_mut().statements.insert((workflow, statement), name);
    }

    /// A statement that is named from outside.
    pub(crate) fn named(&self, span: Span, workflow: Span, statement: StatementId) {
        let Some(records) = &self.0 else { return };
        let name = records.borrow().statements.get(&(workflow, statement)).copied();
        if let Some(name) = name {
            self.used(span, Symbol::Value(name));
        }
    }

    /// What was written down.
    pub(crate) fn finish(self) -> (Index, Option<Offer>) {
        let Some(records) = self.0 else { return (Index::default(), None) };
        let mut records = records.take();
        // What is checked twice is written twice; what is known last is known best.
        records.occurrences.reverse();
        let mut seen = HashSet::default();
        records.occurrences.retain(|occurrence| seen.insert(occurrence.span));
        records.occurrences.sort_by_key(|occurrence| occurrence.span);
        records.resolve_fields();
        (Index { occurrences: records.occurrences }, records.offer)
    }
}

impl Records {
    /// Fields that are names of a block's steps or of a workflow's outputs mean those.
    fn resolve_fields(&mut self) {
        self.fields.sort_unstable();
        self.fields.dedup();
        let find = |occurrences: &[Occurrence], span: Span| occurrences.binary_search_by_key(&span, |found| found.span).ok();
        for (name, before) in std::mem::take(&mut self.fields) {
            let owner = find(&self.occurrences, before).and_then(|place| self.occurrences.get(place));
            let Some(owner) = owner.and_then(|owner| owner.symbol.declaration()) else { continue };
            let owner = self.calls.get(&owner).copied().unwrap_or(owner);
            let Some(place) = find(&self.occurrences, name) else { continue };
            let Some(occurrence) = self.occurrences.get_mut(place) else { continue };
            let Symbol::Field(field) = &occurrence.symbol else { continue };
            if let Some(symbol) = self.members.get(&owner).and_then(|members| members.get(field)) {
                occurrence.symbol = symbol.clone();
            }
        }
    }
}

/// The last name of a chain, whose value a further field is taken from.
fn last_name(expression: &ast::Expression) -> Option<Span> {
    match &expression.kind {
        ast::ExpressionKind::Name(_) => Some(expression.span),
        ast::ExpressionKind::Field { name, .. } => Some(name.span),
        ast::ExpressionKind::Index { base, .. } => last_name(base),
        ast::ExpressionKind::Parenthesised(inner) => last_name(inner),
        _ => None,
    }
}
