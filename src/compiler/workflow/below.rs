//! Names inside blocks, before the check has come to them.

use super::body::declared;
use foldhash::HashMap;
use std::sync::Arc;
use wf_model::span::Span;
use wf_syntax::ast::{Body, Entry};

/// The names that the blocks of a workflow declare, at any depth; of several the first.
pub(super) fn names_in_blocks(workflow: &Body) -> HashMap<Arc<str>, Span> {
    let mut names = HashMap::default();
    let mut left: Vec<&Body> = workflow.entries.iter().flat_map(bodies).collect();
    while let Some(body) = left.pop() {
        for name in body.entries.iter().filter_map(declared) {
            let first = names.entry(name.text.clone()).or_insert(name.span);
            *first = name.span.min(*first);
        }
        left.extend(body.entries.iter().flat_map(bodies));
    }
    names
}

/// The bodies of a block.
fn bodies(entry: &Entry) -> Vec<&Body> {
    match entry {
        Entry::If(if_) => if_.branches.iter().map(|branch| &branch.body).chain(&if_.otherwise).collect(),
        Entry::Block(block) => vec![&block.body],
        Entry::Param(_)
        | Entry::Secret(_)
        | Entry::Let(_)
        | Entry::Output(_)
        | Entry::Attribute(_)
        | Entry::Step(_)
        | Entry::Rollback(_)
        | Entry::Checkpoint(..)
        | Entry::Commit(_)
        | Entry::Clause(_)
        | Entry::Handler(_)
        | Entry::Trigger(_)
        | Entry::Run(_)
        | Entry::Mock(_) => Vec::new(),
    }
}
