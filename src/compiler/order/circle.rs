//! Circles: statements that wait for themselves.
//!
//! The graph has a node for the start and for the end of each statement and one for the moment when all statements of a body have
//! ended; an edge leads to what has to come before. Strongly connected parts are found as Tarjan does (1972), without recursion.

use super::edges::{Edge, Waits};
use super::findings::DependencyCycle;
use crate::nesting::{Owner, Tree};
use foldhash::{HashMap, HashSet};
use std::collections::VecDeque;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::{DependencyReason, Place, StatementId, Workflow};
use wf_model::span::Span;

/// Reports one circle of each knot of statements that wait for each other.
pub(super) fn report(workflow: &Workflow, tree: &Tree, waits: &Waits, diagnostics: &mut Vec<Diagnostic>) {
    let written = |edge: &Edge| edge.dependency.reason == DependencyReason::WrittenOrder;
    if waits.iter().all(written) {
        return;
    }
    let graph = Graph::new(workflow, tree, waits);
    let knots = graph.knots();
    let knot_of = |node: usize| knots.get(node).copied();
    let mut reported = HashSet::default();
    for edge in waits.iter().filter(|edge| !written(edge)) {
        let (from, to) = (graph.start(edge.user), graph.end(edge.dependency.on));
        if knot_of(from) == knot_of(to) && reported.insert(knot_of(from)) {
            let mut way = vec![from];
            way.extend(graph.way(to, from, &knots));
            diagnostics.push(Telling { workflow, waits, graph: &graph }.finding(&way).diagnostic());
        }
    }
}

/// What one node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    /// A statement starts.
    Start(StatementId),
    /// It has ended, with its handlers.
    End(StatementId),
    /// All statements of a body have ended.
    Done,
}

/// For each node the nodes that come before.
struct Graph {
    statements: usize,
    needs: Vec<Vec<usize>>,
}

impl Graph {
    fn new(workflow: &Workflow, tree: &Tree, waits: &Waits) -> Self {
        let statements = workflow.statements.len();
        let mut graph = Self { statements, needs: vec![Vec::new(); 2 * statements + workflow.bodies.len()] };
        for (id, _) in workflow.statements.iter() {
            graph.add(graph.end(id), graph.start(id));
            for edge in waits.of(id) {
                graph.add(graph.start(id), graph.end(edge.dependency.on));
            }
        }
        for (id, body) in workflow.bodies.iter() {
            let done = 2 * statements + id.index();
            let before = tree.room(id).and_then(|room| match room.owner {
                Owner::Workflow => None,
                Owner::Block(holder) | Owner::StepHandler(holder) => Some(graph.start(holder)),
                Owner::BodyHandler(outer) => Some(2 * statements + outer.index()),
            });
            for statement in &body.statements {
                graph.add(done, graph.end(*statement));
                before.into_iter().for_each(|before| graph.add(graph.start(*statement), before));
            }
            if let Some(holder) = tree.container(id) {
                graph.add(graph.end(holder), done);
            }
        }
        graph
    }

    fn start(&self, statement: StatementId) -> usize {
        statement.index()
    }

    fn end(&self, statement: StatementId) -> usize {
        self.statements + statement.index()
    }

    fn node(&self, index: usize) -> Node {
        let statement = |index: usize| StatementId(u32::try_from(index).unwrap_or(u32::MAX));
        match index.checked_sub(self.statements) {
            None => Node::Start(statement(index)),
            Some(index) if index < self.statements => Node::End(statement(index)),
            Some(_) => Node::Done,
        }
    }

    fn add(&mut self, from: usize, to: usize) {
        if let Some(needs) = self.needs.get_mut(from) {
            needs.push(to);
        }
    }

    fn needs(&self, node: usize) -> &[usize] {
        self.needs.get(node).map_or(&[], Vec::as_slice)
    }

    /// For each node the number of the knot that it is in: nodes of one number can reach each other.
    fn knots(&self) -> Vec<usize> {
        let mut search = Search::new(self.needs.len());
        for node in 0..self.needs.len() {
            search.from(node, self);
        }
        search.knots
    }

    /// The shortest way between two nodes of one knot, both included.
    fn way(&self, from: usize, to: usize, knots: &[usize]) -> Vec<usize> {
        let knot = knots.get(to);
        let mut came_from = HashMap::from_iter([(from, from)]);
        let mut left = VecDeque::from([from]);
        while let Some(node) = left.pop_front() {
            if node == to {
                break;
            }
            for next in self.needs(node).iter().copied().filter(|next| knots.get(*next) == knot) {
                came_from.entry(next).or_insert_with(|| {
                    left.push_back(next);
                    node
                });
            }
        }
        let back = |node: &usize| came_from.get(node).copied().filter(|before| before != node);
        let mut way: Vec<_> = std::iter::successors(Some(to), back).collect();
        way.reverse();
        way
    }
}

/// Not visited yet.
const UNSEEN: usize = usize::MAX;

/// The state of Tarjan's search.
struct Search {
    next: usize,
    /// When a node was reached first.
    reached: Vec<usize>,
    /// The earliest node that it leads back to.
    low: Vec<usize>,
    knots: Vec<usize>,
    /// Nodes whose knot is not known yet.
    open: Vec<usize>,
    /// The way down, with the number of the next edge to take.
    way: Vec<(usize, usize)>,
}

impl Search {
    fn new(nodes: usize) -> Self {
        let unseen = || vec![UNSEEN; nodes];
        Self { next: 0, reached: unseen(), low: unseen(), knots: unseen(), open: Vec::new(), way: Vec::new() }
    }

    fn from(&mut self, root: usize, graph: &Graph) {
        if at(&self.reached, root) != UNSEEN {
            return;
        }
        self.enter(root);
        while let Some((node, edge)) = self.way.pop() {
            let Some(next) = graph.needs(node).get(edge).copied() else {
                self.leave(node);
                continue;
            };
            self.way.push((node, edge + 1));
            if at(&self.reached, next) == UNSEEN {
                self.enter(next);
            } else if at(&self.knots, next) == UNSEEN {
                lower(&mut self.low, node, at(&self.reached, next));
            }
        }
    }

    fn enter(&mut self, node: usize) {
        lower(&mut self.reached, node, self.next);
        lower(&mut self.low, node, self.next);
        self.next += 1;
        self.open.push(node);
        self.way.push((node, 0));
    }

    fn leave(&mut self, node: usize) {
        let low = at(&self.low, node);
        if let Some((above, _)) = self.way.last() {
            lower(&mut self.low, *above, low);
        }
        if low == at(&self.reached, node) {
            while let Some(member) = self.open.pop() {
                lower(&mut self.knots, member, node);
                if member == node {
                    break;
                }
            }
        }
    }
}

fn at(numbers: &[usize], index: usize) -> usize {
    numbers.get(index).copied().unwrap_or(UNSEEN)
}

fn lower(numbers: &mut [usize], index: usize, number: usize) {
    if let Some(slot) = numbers.get_mut(index) {
        *slot = number.min(*slot);
    }
}

/// Turns a way through the graph into sentences.
struct Telling<'a> {
    workflow: &'a Workflow,
    waits: &'a Waits,
    graph: &'a Graph,
}

/// A link of a circle.
struct Link {
    from: StatementId,
    to: StatementId,
    reason: Reason,
    span: Span,
}

/// Why one end of a link comes before the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Waits(DependencyReason),
    StartsWith,
    EndsWith,
    Handles,
}

impl Telling<'_> {
    fn finding(&self, way: &[usize]) -> DependencyCycle {
        let nodes: Vec<_> = way.iter().map(|node| self.graph.node(*node)).filter(|node| *node != Node::Done).collect();
        let mut links: Vec<Link> = Vec::new();
        for link in nodes.iter().zip(nodes.iter().skip(1)).filter_map(|(from, to)| self.link(*from, *to)) {
            match links.last_mut() {
                // A statement that stands below one that stands below a third stands below that one.
                Some(last) if [last.reason, link.reason] == [Reason::Waits(DependencyReason::WrittenOrder); 2] => {
                    last.to = link.to
                }
                _ => links.push(link),
            }
        }
        let waiting = links.iter().filter(|link| matches!(link.reason, Reason::Waits(_)));
        DependencyCycle {
            titles: waiting.map(|link| self.title(link.from)).collect(),
            links: links.iter().map(|link| (self.sentence(link), link.span)).collect(),
        }
    }

    fn link(&self, from: Node, to: Node) -> Option<Link> {
        match (from, to) {
            (Node::Start(user), Node::End(on)) => {
                let edge = self.waits.of(user).iter().find(|edge| edge.dependency.on == on);
                let reason = edge.map_or(Reason::Handles, |edge| Reason::Waits(edge.dependency.reason));
                Some(Link { from: user, to: on, reason, span: edge.map_or_else(|| self.span(user), |edge| edge.span) })
            }
            (Node::Start(inner), Node::Start(outer)) => {
                Some(Link { from: inner, to: outer, reason: Reason::StartsWith, span: self.span(inner) })
            }
            (Node::End(outer), Node::End(inner)) => {
                Some(Link { from: outer, to: inner, reason: Reason::EndsWith, span: self.span(inner) })
            }
            (Node::End(_), Node::Start(_)) | (Node::Done, _) | (_, Node::Done) => None,
        }
    }

    fn sentence(&self, link: &Link) -> String {
        let (from, to) = (self.title(link.from), self.title(link.to));
        match link.reason {
            Reason::Waits(DependencyReason::WrittenOrder) => format!("{from} stands below {to}"),
            Reason::Waits(DependencyReason::DependsOn) => format!("{from} depends on {to}"),
            Reason::Waits(DependencyReason::Value) => format!("{from} uses the value of {to}"),
            Reason::StartsWith => format!("{from} starts within {to}"),
            Reason::EndsWith => format!("{from} ends after {to}, which is inside it"),
            Reason::Handles => format!("{from} is in a handler, which runs after {to}"),
        }
    }

    fn title(&self, id: StatementId) -> String {
        self.workflow.statements.get(id).map_or_else(String::new, wf_model::program::Statement::title)
    }

    fn span(&self, id: StatementId) -> Span {
        self.workflow.statements.get(id).map(|statement| statement.span).unwrap_or_default()
    }
}
