//! In which order workflows are checked: those that are called come first, and none may come back to itself.

use crate::findings::WorkflowRecursion;
use crate::workflow::FileContext;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_syntax::ast::{Block, Body, ClauseKind, Entry, Invocation, Unknown, Workflow};

/// A call of one workflow by another.
struct Call {
    callee: usize,
    place: Span,
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    New,
    Open,
    Done,
}

/// The workflows, by their place in `workflows`, each behind those that it calls. A circle is reported; its workflows come in
/// some order.
pub(crate) fn order(workflows: &[(&Workflow, &FileContext<'_>)], diagnostics: &mut Vec<Diagnostic>) -> Vec<usize> {
    let calls: Vec<Vec<Call>> = workflows.iter().map(|(workflow, context)| calls(workflow, context)).collect();
    let mut visits = vec![Visit::New; workflows.len()];
    let mut order = Vec::new();
    for start in 0..workflows.len() {
        // A stack of our own: a chain of calls may be longer than the thread's.
        let mut open: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((workflow, next)) = open.pop() {
            let state = visits.get(workflow).copied().unwrap_or(Visit::Done);
            if state == Visit::Done || state == Visit::New && next > 0 {
                continue;
            }
            set(&mut visits, workflow, Visit::Open);
            let Some(call) = calls.get(workflow).and_then(|calls| calls.get(next)) else {
                set(&mut visits, workflow, Visit::Done);
                order.push(workflow);
                continue;
            };
            open.push((workflow, next + 1));
            match visits.get(call.callee) {
                Some(Visit::New) => open.push((call.callee, 0)),
                Some(Visit::Open) => diagnostics.push(circle(&open, call.callee, &calls, workflows)),
                Some(Visit::Done) | None => {}
            }
        }
    }
    order
}

fn set(visits: &mut [Visit], workflow: usize, visit: Visit) {
    if let Some(slot) = visits.get_mut(workflow) {
        *slot = visit;
    }
}

fn circle(
    open: &[(usize, usize)],
    callee: usize,
    calls: &[Vec<Call>],
    workflows: &[(&Workflow, &FileContext<'_>)],
) -> Diagnostic {
    let start = open.iter().position(|(workflow, _)| *workflow == callee).unwrap_or(0);
    let links: Vec<(Span, String)> = open
        .iter()
        .skip(start)
        .filter_map(|(workflow, next)| {
            let call = calls.get(*workflow)?.get(next.checked_sub(1)?)?;
            let name = workflows.get(call.callee)?.0.name.text.to_string();
            Some((call.place, name))
        })
        .collect();
    WorkflowRecursion { links: &links }.diagnostic()
}

fn calls(workflow: &Workflow, context: &FileContext<'_>) -> Vec<Call> {
    let mut found = Vec::new();
    in_body(&workflow.body, &mut |invocation| {
        if let Some(id) = context.workflow_named(invocation.module.as_ref().map(|module| &*module.text), &invocation.kind.text) {
            found.push(Call { callee: id.0 as usize, place: invocation.kind.span });
        }
    });
    found
}

/// Calls `see` for every invocation in a body, at any depth.
pub(crate) fn in_body(body: &Body, see: &mut dyn FnMut(&Invocation)) {
    for entry in &body.entries {
        match entry {
            Entry::Step(step) => in_invocation(&step.invocation, see),
            Entry::If(if_) => {
                if_.branches.iter().for_each(|branch| in_body(&branch.body, see));
                if_.otherwise.iter().for_each(|body| in_body(body, see));
            }
            Entry::Block(block) => {
                let Block { body, .. } = &**block;
                in_body(body, see);
            }
            Entry::Handler(handler) => in_body(&handler.body, see),
            Entry::Clause(clause) => match &clause.kind {
                ClauseKind::Undo(invocation) | ClauseKind::OnUnknown(Unknown::Check(invocation)) => {
                    in_invocation(invocation, see)
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn in_invocation(invocation: &Invocation, see: &mut dyn FnMut(&Invocation)) {
    see(invocation);
    invocation.body.iter().for_each(|body| in_body(body, see));
}
