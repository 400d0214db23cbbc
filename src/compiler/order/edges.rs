//! The edges between statements.

use super::Depends;
use super::findings::ValueUsedBefore;
use super::uses::{self, Use};
use crate::nesting::{Meeting, Tree, Unsettled};
use foldhash::{HashMap, HashSet};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::{Body, Dependency, DependencyReason, Place, StatementId, Workflow};
use wf_model::span::Span;

/// One statement that has to end before another starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Who waits, and for whom.
    pub(super) user: StatementId,
    /// Whom it waits for, and why.
    pub(super) dependency: Dependency,
    /// What says so: a name or a use, or the head of the user.
    pub(super) span: Span,
}

/// The edges while they are found.
pub(super) struct Edges<'a> {
    workflow: &'a Workflow,
    tree: &'a Tree,
    depends: &'a HashMap<StatementId, Depends>,
    known: HashSet<(StatementId, StatementId)>,
    /// By the number of the user.
    waits: Vec<Vec<Edge>>,
}

/// All edges of a workflow, by the number of the statement that waits.
#[derive(Debug)]
pub(super) struct Waits(Vec<Vec<Edge>>);

impl Waits {
    /// What a statement waits for.
    pub(super) fn of(&self, statement: StatementId) -> &[Edge] {
        self.0.get(statement.index()).map_or(&[], Vec::as_slice)
    }

    /// All edges, by statement.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Edge> {
        self.0.iter().flatten()
    }

    /// What each statement waits for, without the places.
    pub(super) fn into_dependencies(self) -> impl Iterator<Item = (StatementId, Vec<Dependency>)> {
        let dependencies = |edges: Vec<Edge>| edges.into_iter().map(|edge| edge.dependency).collect();
        (0_u32..).map(StatementId).zip(self.0.into_iter().map(dependencies))
    }
}

impl<'a> Edges<'a> {
    /// Starts without any edge.
    pub(super) fn new(workflow: &'a Workflow, tree: &'a Tree, depends: &'a HashMap<StatementId, Depends>) -> Self {
        Self { workflow, tree, depends, known: HashSet::default(), waits: vec![Vec::new(); workflow.statements.len()] }
    }

    /// Adds what `depends on` says; a dependency on a step of a loop is one on the loop.
    pub(super) fn add_dependencies(&mut self) {
        let depends = self.depends;
        for (user, _) in self.workflow.statements.iter() {
            let Some(Depends::On(names)) = depends.get(&user) else { continue };
            for (on, span) in names {
                if let Some(meeting) = self.tree.meet(user, *on) {
                    self.add(user, self.settled(*on, &meeting, DependencyReason::DependsOn), DependencyReason::DependsOn, *span);
                } else if self.tree.holds(*on, user) || self.tree.holds(user, *on) {
                    self.add(user, *on, DependencyReason::DependsOn, *span);
                }
            }
        }
    }

    /// Adds what uses of values say, and reports those above the statement that sets the value.
    pub(super) fn add_values(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        let mut reported = HashSet::default();
        for used in uses::collect(self.workflow, self.tree) {
            match self.tree.meet(used.user, used.producer) {
                Some(meeting) if self.comes_too_early(&meeting) => {
                    let is_new = reported.insert((used.user, used.producer));
                    diagnostics.extend(is_new.then(|| self.used_before(&used)).flatten());
                }
                Some(meeting) => self.add_value(&used, &meeting),
                None if self.tree.holds(used.producer, used.user) => {
                    self.add(used.user, used.producer, DependencyReason::Value, used.span);
                }
                None => {}
            }
        }
    }

    /// Adds the edge of a use, where the written order does not make sure of it already.
    fn add_value(&mut self, used: &Use, meeting: &Meeting) {
        if !self.follows_written_order(meeting.first) {
            let on = self.settled(used.producer, meeting, DependencyReason::Value);
            self.add(meeting.first, on, DependencyReason::Value, used.span);
        }
    }

    fn comes_too_early(&self, meeting: &Meeting) -> bool {
        self.follows_written_order(meeting.first) && !self.stands_below(meeting)
    }

    fn used_before(&self, used: &Use) -> Option<Diagnostic> {
        let user = self.workflow.statements.get(used.user)?.title();
        let producer = self.workflow.statements.get(used.producer)?;
        Some(ValueUsedBefore { user, producer: producer.title(), used: used.span, declared: producer.span }.diagnostic())
    }

    /// Takes out what another edge already makes sure of: one of the block around the user, or one to the block around the target.
    pub(super) fn leave_implied_out(&mut self) {
        let mut waits = std::mem::take(&mut self.waits);
        for edges in &mut waits {
            edges.retain(|edge| !self.is_implied(edge));
        }
        self.waits = waits;
    }

    fn is_implied(&self, edge: &Edge) -> bool {
        let Some(meeting) = self.tree.meet(edge.user, edge.dependency.on) else { return false };
        let inside = edge.user != meeting.first;
        (inside && self.follows_written_order(meeting.first) && self.stands_below(&meeting))
            || self.holders(edge.user, meeting.first).any(|holder| self.known.contains(&(holder, edge.dependency.on)))
            || self.holders(edge.dependency.on, meeting.second).any(|holder| self.known.contains(&(edge.user, holder)))
    }

    /// The statements around `inner` from the innermost to `outermost`.
    fn holders(&self, inner: StatementId, outermost: StatementId) -> impl Iterator<Item = StatementId> {
        let next = move |current: &StatementId| (*current != outermost).then(|| self.tree.holder(*current)).flatten();
        std::iter::successors(Some(inner), next).skip(1)
    }

    /// Adds the written order of sequential bodies.
    pub(super) fn add_written_order(&mut self) {
        let mut open = vec![false; self.workflow.statements.len()];
        for (id, body) in self.workflow.bodies.iter() {
            if self.tree.room(id).is_some_and(|room| !room.parallel) {
                self.add_frontiers(body, &mut open);
            }
        }
    }

    /// `open` says of each statement whether nobody has waited for it yet; all are closed before and after.
    fn add_frontiers(&mut self, body: &Body, open: &mut [bool]) {
        let mut frontier = Vec::new();
        for user in &body.statements {
            if self.depends.contains_key(user) {
                for edge in self.waits.get(user.index()).into_iter().flatten() {
                    close(open, edge.dependency.on);
                }
            } else {
                let span = self.workflow.statements.get(*user).map(|statement| statement.span).unwrap_or_default();
                for on in frontier.drain(..) {
                    if close(open, on) {
                        self.add(*user, on, DependencyReason::WrittenOrder, span);
                    }
                }
            }
            frontier.push(*user);
            if let Some(open) = open.get_mut(user.index()) {
                *open = true;
            }
        }
        for left in frontier {
            close(open, left);
        }
    }

    /// The edges that were found.
    pub(super) fn finish(self) -> Waits {
        Waits(self.waits)
    }

    fn add(&mut self, user: StatementId, on: StatementId, reason: DependencyReason, span: Span) {
        if self.known.insert((user, on))
            && let Some(edges) = self.waits.get_mut(user.index())
        {
            edges.push(Edge { user, dependency: Dependency { on, reason }, span });
        }
    }

    /// Whether a statement waits for all above it.
    fn follows_written_order(&self, statement: StatementId) -> bool {
        let room = self.tree.seat_of(statement).and_then(|seat| self.tree.room(seat.body));
        room.is_some_and(|room| !room.parallel) && !self.depends.contains_key(&statement)
    }

    fn stands_below(&self, meeting: &Meeting) -> bool {
        let position = |statement| self.tree.seat_of(statement).map(|seat| seat.position);
        position(meeting.first) > position(meeting.second)
    }

    /// The statement whose end settles what `target` gives to those outside: itself, or the outermost block around it that may run it
    /// again or take it back.
    fn settled(&self, target: StatementId, meeting: &Meeting, reason: DependencyReason) -> StatementId {
        let mut settled = target;
        let mut current = target;
        while current != meeting.second {
            let Some(room) = self.tree.seat_of(current).and_then(|seat| self.tree.room(seat.body)) else { break };
            let Some(holder) = self.tree.holder(current) else { break };
            let changes = match room.unsettled {
                Unsettled::No => false,
                Unsettled::Value => reason == DependencyReason::Value,
                Unsettled::Iterations => true,
            };
            if changes {
                settled = holder;
            }
            current = holder;
        }
        settled
    }
}

/// Marks a statement as waited for; says whether it was not before.
fn close(open: &mut [bool], statement: StatementId) -> bool {
    open.get_mut(statement.index()).is_some_and(|open| std::mem::replace(open, false))
}
