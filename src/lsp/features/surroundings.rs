//! What a place in a file stands in.

use wf_syntax::ast::{self, Block, BlockKind, Body, ClauseKind, Entry, Invocation, Item, Unknown};

/// What a place stands in, as near as the tree knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Surroundings<'a> {
    /// A file.
    File,
    /// The body of a workflow.
    Workflow,
    /// The body of a branch, a stage or a loop.
    Sequence,
    /// The body of a `parallel`.
    Parallel,
    /// The body of a handler.
    Handler,
    /// The body of a test.
    Test,
    /// The attributes and clauses of a step, an undo or a check.
    Invocation(&'a Invocation),
}

/// What `offset` stands in.
pub(crate) fn of(file: &ast::File, offset: usize) -> Surroundings<'_> {
    for item in &file.items {
        match item {
            Item::Workflow(workflow) if holds(&workflow.body, offset) => {
                return inside(&workflow.body, offset, Surroundings::Workflow);
            }
            Item::Test(test) if holds(&test.body, offset) => return Surroundings::Test,
            Item::Workflow(_) | Item::Test(_) | Item::Use(_) | Item::Type(_) | Item::Let(_) => {}
        }
    }
    Surroundings::File
}

fn holds(body: &Body, offset: usize) -> bool {
    (body.span.start as usize) < offset && offset < body.span.end as usize
}

fn inside<'a>(body: &'a Body, offset: usize, own: Surroundings<'a>) -> Surroundings<'a> {
    let inner = body.entries.iter().flat_map(bodies).find(|(body, _)| holds(body, offset));
    inner.map_or(own, |(body, own)| inside(body, offset, own))
}

/// The bodies of an entry, and what each is.
fn bodies(entry: &Entry) -> Vec<(&Body, Surroundings<'_>)> {
    let sequence = |body| (body, Surroundings::Sequence);
    match entry {
        Entry::Step(step) => of_invocation(&step.invocation),
        Entry::If(if_) => if_.branches.iter().map(|branch| &branch.body).chain(&if_.otherwise).map(sequence).collect(),
        Entry::Block(block) => {
            let Block { body, kind, .. } = &**block;
            match kind {
                BlockKind::Parallel(_) => vec![(body, Surroundings::Parallel)],
                BlockKind::Stage | BlockKind::ForEach { .. } | BlockKind::Repeat { .. } | BlockKind::Missing => {
                    vec![sequence(body)]
                }
            }
        }
        Entry::Handler(handler) => vec![(&handler.body, Surroundings::Handler)],
        Entry::Clause(clause) => match &clause.kind {
            ClauseKind::Undo(invocation) | ClauseKind::OnUnknown(Unknown::Check(invocation)) => of_invocation(invocation),
            ClauseKind::Timeout(_)
            | ClauseKind::Retry(_)
            | ClauseKind::Expect { .. }
            | ClauseKind::ReadsOnly
            | ClauseKind::NoUndo(_)
            | ClauseKind::OnFailureContinue(_)
            | ClauseKind::FailFast
            | ClauseKind::Cache { .. }
            | ClauseKind::Lock { .. }
            | ClauseKind::Estimate(_)
            | ClauseKind::OnUnknown(Unknown::Rerun | Unknown::Done | Unknown::Fail | Unknown::Ask) => Vec::new(),
        },
        Entry::Param(_)
        | Entry::Secret(_)
        | Entry::Let(_)
        | Entry::Output(_)
        | Entry::Attribute(_)
        | Entry::Rollback(_)
        | Entry::Checkpoint(..)
        | Entry::Commit(_)
        | Entry::Trigger(_)
        | Entry::Run(_)
        | Entry::Mock(_) => Vec::new(),
    }
}

fn of_invocation(invocation: &Invocation) -> Vec<(&Body, Surroundings<'_>)> {
    invocation.body.iter().map(|body| (body, Surroundings::Invocation(invocation))).collect()
}
