//! The order of the parts of a header.

use super::pieces::Piece;
use crate::ast::{Body, Branch, ClauseKind, Depends, Entry, Expression, File, If, Invocation, Item, Unknown};
use std::collections::HashMap;

/// A part of a header, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal,
    Decode,
    Depends,
    When,
}

/// Where the parts of each header stand, by the offset at which its statement begins.
pub(super) struct Orders {
    parts: HashMap<u32, Vec<(Part, u32)>>,
}

impl Orders {
    pub(super) fn of(file: &File) -> Self {
        let mut orders = Self { parts: HashMap::new() };
        for item in &file.items {
            match item {
                Item::Workflow(workflow) => orders.body(&workflow.body),
                Item::Test(test) => orders.body(&test.body),
                Item::Use(_) | Item::Type(_) | Item::Let(_) => {}
            }
        }
        orders
    }

    /// The pieces of a statement's head with the parts sorted; as they are where a comment stands among them.
    pub(super) fn sorted<'a>(&self, statement: u32, mut pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let Some(parts) = self.parts.get(&statement) else { return pieces };
        let mut starts: Vec<(Part, usize)> = parts.iter().filter_map(|part| start_of(*part, &pieces)).collect();
        starts.sort_by_key(|(_, start)| *start);
        for (_, start) in &starts {
            if let Some(piece) = pieces.get_mut(*start) {
                piece.begins_part = true;
            }
        }
        let sorted = starts.is_sorted_by_key(|(part, _)| *part);
        if sorted || pieces.iter().any(|piece| !piece.gap.comments.is_empty()) {
            return pieces;
        }
        let mut tails: Vec<(Part, Vec<Piece<'a>>)> = Vec::new();
        for (part, start) in starts.into_iter().rev() {
            tails.push((part, pieces.split_off(start)));
        }
        tails.sort_by_key(|(part, _)| *part);
        if changes_meaning(&tails) {
            tails.sort_by_key(|(_, tail)| tail.first().map_or(0, |first| first.start));
        }
        pieces.extend(tails.into_iter().flat_map(|(_, tail)| tail));
        pieces
    }

    fn body(&mut self, body: &Body) {
        for entry in &body.entries {
            self.entry(entry);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Step(step) => self.invocation(step.span.start, &step.invocation, step.depends.as_ref()),
            Entry::If(statement) => self.branches(statement),
            Entry::Block(block) => {
                self.add(block.span.start, order(block.depends.as_ref(), block.when.as_ref()));
                self.body(&block.body);
            }
            Entry::Handler(handler) => self.body(&handler.body),
            Entry::Clause(clause) => match &clause.kind {
                ClauseKind::Undo(invocation) | ClauseKind::OnUnknown(Unknown::Check(invocation)) => {
                    self.invocation(clause.span.start, invocation, None);
                }
                _ => {}
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
            | Entry::Mock(_) => {}
        }
    }

    fn branches(&mut self, statement: &If) {
        self.add(statement.span.start, order(statement.depends.as_ref(), statement.when.as_ref()));
        for Branch { body, .. } in &statement.branches {
            self.body(body);
        }
        statement.otherwise.iter().for_each(|body| self.body(body));
    }

    fn invocation(&mut self, statement: u32, invocation: &Invocation, depends: Option<&Depends>) {
        let mut parts = order(depends, invocation.when.as_ref());
        parts.extend(invocation.literal.as_ref().map(|literal| (Part::Literal, literal.span.start)));
        parts.extend(invocation.decode.as_ref().map(|decode| (Part::Decode, decode.span.start)));
        self.add(statement, parts);
        invocation.body.iter().for_each(|body| self.body(body));
    }

    fn add(&mut self, statement: u32, parts: Vec<(Part, u32)>) {
        if !parts.is_empty() {
            self.parts.insert(statement, parts);
        }
    }
}

/// Whether sorted parts would be read as something else: a value with the name of an operator at the end as that.
fn changes_meaning(tails: &[(Part, Vec<Piece<'_>>)]) -> bool {
    let last = tails.last().and_then(|(_, tail)| tail.last());
    last.is_some_and(|last| ["contains", "matches", "with", "where"].iter().any(|word| last.is_word(word)))
}

fn order(depends: Option<&Depends>, when: Option<&Expression>) -> Vec<(Part, u32)> {
    let depends = depends.map(|depends| (Part::Depends, depends.span.start));
    depends.into_iter().chain(when.map(|when| (Part::When, when.span.start))).collect()
}

/// The piece that begins a part which is known by where its value begins.
fn start_of((part, offset): (Part, u32), pieces: &[Piece<'_>]) -> Option<(Part, usize)> {
    let at = pieces.partition_point(|piece| piece.start < offset);
    let before = pieces.get(..at)?;
    let start = match part {
        Part::Literal | Part::Depends => Some(at),
        Part::Decode => before.iter().rposition(|piece| piece.is("->")),
        Part::When => before.iter().rposition(|piece| piece.is_word("when")),
    };
    Some((part, start?)).filter(|(_, start)| *start < pieces.len())
}
