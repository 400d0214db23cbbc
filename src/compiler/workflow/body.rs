//! Bodies: what may stand where, and the statements in their order.

use super::Check;
use super::moving::moved;
use super::names::{Known, Visibility};
use super::placing::{Move, moves};
use super::step::may_give_nothing;
use crate::findings::{Misplaced, StrayDeclaration};
use std::sync::Arc;
use wf_model::program::{Body, BodyClauses, BodyId, StatementId, ValueOrigin};
use wf_model::types::Type;
use wf_syntax::ast::{self, Entry};

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// A workflow.
    Workflow,
    /// A branch, a stage or a loop.
    Sequence,
    /// A `parallel`.
    Parallel,
    /// A handler.
    Handler,
}

impl Check<'_> {
    /// The body of the workflow: parameters and secrets first, outputs when everything else is known.
    pub(super) fn workflow_body(&mut self, body: &ast::Body) -> BodyId {
        for entry in &body.entries {
            declared(entry).into_iter().for_each(|name| self.known_below(name));
        }
        for entry in &body.entries {
            if let Entry::Param(param) = entry {
                self.param(param);
            }
        }
        for entry in &body.entries {
            if let Entry::Secret(secret) = entry {
                self.secret(secret);
            }
        }
        for entry in &body.entries {
            if let Entry::Attribute(setting) = entry {
                self.setting(setting);
            }
        }
        self.early = false;
        self.body(body, BodyKind::Workflow)
    }

    /// A body with its clauses, statements and handlers.
    pub(super) fn body(&mut self, body: &ast::Body, kind: BodyKind) -> BodyId {
        self.report_misplaced(body, kind);
        self.declare_ahead(body, kind);
        let start = self.shown.len();
        let outer_checkpoints = std::mem::take(&mut self.checkpoints);
        let mut clauses = BodyClauses::default();
        let mut seen = Vec::new();
        let mut statements = Vec::new();
        for entry in &body.entries {
            match entry {
                Entry::Clause(clause) => self.body_clause(clause, kind, &mut clauses, &mut seen),
                _ => statements.extend(self.statement(entry, kind)),
            }
        }
        let names: Vec<Arc<str>> = self.shown.get(start..).unwrap_or_default().to_vec();
        if kind == BodyKind::Workflow {
            self.outputs_and_triggers(body, may_give_nothing(body), &names);
        }
        let mut handlers = Vec::new();
        for entry in &body.entries {
            if let Entry::Handler(handler) = entry {
                handlers.extend(self.body_handler(handler, kind, &names));
            }
        }
        self.checkpoints = outer_checkpoints;
        self.workflow.bodies.add(Body { statements, clauses, handlers, span: body.span })
    }

    /// What stands behind the statements of a workflow; where its failure is taken, or a held lock skips it, none of them need have run.
    fn outputs_and_triggers(&mut self, body: &ast::Body, continues: bool, names: &[Arc<str>]) {
        let before = if continues { self.see_as_optional(names) } else { Vec::new() };
        for entry in &body.entries {
            match entry {
                Entry::Output(output) => self.output(output),
                Entry::Trigger(trigger) => self.trigger(trigger),
                _ => {}
            }
        }
        for (name, visibility) in before {
            self.see(&name, visibility);
        }
    }

    fn statement(&mut self, entry: &Entry, kind: BodyKind) -> Option<StatementId> {
        match entry {
            Entry::Let(let_) => Some(self.let_(let_)),
            Entry::Step(step) => Some(self.step(step)),
            Entry::If(if_) => Some(self.if_(if_)),
            Entry::Block(block) => self.block(block),
            Entry::Rollback(rollback) => self.rollback(rollback),
            Entry::Checkpoint(name, span) => self.checkpoint(name, *span, kind),
            Entry::Commit(span) => Some(self.commit(*span, kind)),
            Entry::Param(_) | Entry::Secret(_) | Entry::Output(_) | Entry::Trigger(_) | Entry::Attribute(_)
                if kind == BodyKind::Workflow =>
            {
                None
            }
            Entry::Param(_) | Entry::Secret(_) | Entry::Output(_) | Entry::Trigger(_) | Entry::Attribute(_) => {
                let (what, span) = described(entry);
                self.report(&StrayDeclaration { what, span, place: "workflow" });
                let value = match entry {
                    Entry::Param(param) => Some(&param.name),
                    Entry::Secret(secret) => Some(&secret.name),
                    _ => None,
                };
                if let Some(name) = value {
                    // Its uses say nothing more.
                    let value = self.declare(name, &Type::Unknown, ValueOrigin::Step);
                    self.used.insert(value);
                }
                None
            }
            Entry::Run(_) | Entry::Mock(_) => {
                let (what, span) = described(entry);
                self.report(&StrayDeclaration { what, span, place: "test" });
                None
            }
            Entry::Clause(_) | Entry::Handler(_) => None,
        }
    }

    /// Settings and clauses, then declarations and statements, then handlers and triggers.
    fn report_misplaced(&mut self, body: &ast::Body, kind: BodyKind) {
        // What belongs to another body says nothing of the order of this one.
        let entries: Vec<&Entry> = body.entries.iter().filter(|entry| kind == BodyKind::Workflow || fits_blocks(entry)).collect();
        let phases: Vec<u8> = entries.iter().map(|entry| phase(entry)).collect();
        let moves = moves(&phases);
        let alone = moves.len() == 1 && !body.unread && entries.len() == body.entries.len();
        for Move { entry, other, above } in moves {
            if let (Some(entry), Some(other)) = (entries.get(entry), entries.get(other)) {
                let ((what, span), other) = (described(entry), described(other));
                let places: Vec<_> = entries.iter().filter(|_| alone).map(|entry| described(entry).1).collect();
                let text = self.context.slice(body.span);
                let edits = alone.then(|| moved(&text, body.span, &places, span, other.1, above)).flatten();
                self.report(&Misplaced { what, span, other, above, edits });
            }
        }
    }

    /// Makes the names of a body known before its statements are checked: in a `parallel` its steps see each other, elsewhere a
    /// use above the declaration can be told from a name that nothing has.
    fn declare_ahead(&mut self, body: &ast::Body, kind: BodyKind) {
        self.names.reserve(body.entries.len());
        self.ahead.reserve(body.entries.len());
        for entry in &body.entries {
            match entry {
                Entry::Step(step) => {
                    let types = self.step_types(step);
                    let value = self.declare(&step.name, &types.visible, ValueOrigin::Step);
                    self.shown.pop();
                    if kind != BodyKind::Parallel {
                        self.see(&step.name.text, Visibility::Below(types.visible.clone()));
                    }
                    self.ahead.insert(step.name.span, (value, types));
                }
                Entry::Let(let_) => self.known_below(&let_.name),
                Entry::Block(block) => block.name.iter().for_each(|name| self.known_below(name)),
                Entry::If(if_) => if_.name.iter().for_each(|name| self.known_below(name)),
                _ => {}
            }
        }
    }

    fn known_below(&mut self, name: &ast::Name) {
        let branches = self.branches.clone();
        self.names.entry(name.text.clone()).or_insert_with(|| Known {
            value: None,
            span: name.span,
            visibility: Visibility::Below(Type::Unknown),
            branches,
            global: false,
        });
    }
}

/// Where in a body an entry belongs.
fn phase(entry: &Entry) -> u8 {
    match entry {
        Entry::Attribute(_) | Entry::Clause(_) => 0,
        Entry::Param(_)
        | Entry::Secret(_)
        | Entry::Let(_)
        | Entry::Output(_)
        | Entry::Step(_)
        | Entry::If(_)
        | Entry::Block(_)
        | Entry::Rollback(_)
        | Entry::Checkpoint(..)
        | Entry::Commit(_)
        | Entry::Run(_)
        | Entry::Mock(_) => 1,
        Entry::Handler(_) | Entry::Trigger(_) => 2,
    }
}

/// Whether an entry may stand in other bodies than a workflow's.
fn fits_blocks(entry: &Entry) -> bool {
    match entry {
        Entry::Param(_)
        | Entry::Secret(_)
        | Entry::Output(_)
        | Entry::Trigger(_)
        | Entry::Attribute(_)
        | Entry::Run(_)
        | Entry::Mock(_) => false,
        Entry::Let(_)
        | Entry::Step(_)
        | Entry::If(_)
        | Entry::Block(_)
        | Entry::Rollback(_)
        | Entry::Checkpoint(..)
        | Entry::Commit(_)
        | Entry::Clause(_)
        | Entry::Handler(_) => true,
    }
}

/// The name that an entry gives to a value.
pub(super) fn declared(entry: &Entry) -> Option<&ast::Name> {
    match entry {
        Entry::Param(param) => Some(&param.name),
        Entry::Secret(secret) => Some(&secret.name),
        Entry::Let(let_) => Some(&let_.name),
        Entry::Step(step) => Some(&step.name),
        Entry::Block(block) => block.name.as_ref(),
        Entry::If(if_) => if_.name.as_ref(),
        Entry::Output(_)
        | Entry::Attribute(_)
        | Entry::Rollback(_)
        | Entry::Checkpoint(..)
        | Entry::Commit(_)
        | Entry::Clause(_)
        | Entry::Handler(_)
        | Entry::Trigger(_)
        | Entry::Run(_)
        | Entry::Mock(_) => None,
    }
}

/// What an entry is called, and its place.
pub(crate) fn described(entry: &Entry) -> (&'static str, wf_model::span::Span) {
    match entry {
        Entry::Param(param) => ("param", param.span),
        Entry::Secret(secret) => ("secret", secret.span),
        Entry::Let(let_) => ("let", let_.span),
        Entry::Output(output) => ("output", output.span),
        Entry::Attribute(attribute) => ("setting", attribute.span),
        Entry::Step(step) => ("step", step.span),
        Entry::If(if_) => ("if", if_.span),
        Entry::Block(block) => ("block", block.span),
        Entry::Rollback(rollback) => ("rollback", rollback.span),
        Entry::Checkpoint(_, span) => ("checkpoint", *span),
        Entry::Commit(span) => ("commit", *span),
        Entry::Clause(clause) => ("clause", clause.span),
        Entry::Handler(handler) => ("handler", handler.span),
        Entry::Trigger(trigger) => ("trigger", trigger.span),
        Entry::Run(run) => ("run", run.span),
        Entry::Mock(mock) => ("mock", mock.span),
    }
}
