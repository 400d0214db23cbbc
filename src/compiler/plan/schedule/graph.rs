//! The graph of a plan: a vertex for the beginning and the end of each block, one for each step.

use crate::plan::build::Detail;
use wf_model::plan::{Node, NodeId, NodeKind};
use wf_model::program::{HandlerCause, Wait};

/// What has to happen before a vertex is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// Everything before it.
    All,
    /// Anything before it.
    First,
}

/// What takes time at a vertex.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    /// Nothing.
    Nothing,
    /// The step that the node is, so many times as long.
    Step(f64),
    /// The iterations of a loop that are not in the graph: so many times what is between these vertices.
    Rest { times: u64, from: u32, to: u32 },
}

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    /// The node that it belongs to; none for the run's own.
    pub(super) node: Option<NodeId>,
    pub(super) join: Join,
    pub(super) work: Work,
    /// What it takes a place of when it begins.
    pub(super) takes: Option<u32>,
    /// What it gives a place back to when it is over.
    pub(super) gives: Option<u32>,
    /// The race that it runs in.
    pub(super) race: Option<u32>,
}

/// Where a node begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) first: u32,
    pub(super) last: u32,
}

/// The graph.
#[derive(Clone, Debug, Default)]
pub(in crate::plan) struct Graph {
    pub(super) vertices: Vec<Vertex>,
    /// For each vertex the ones behind it.
    pub(super) behind: Vec<Vec<u32>>,
    /// How many may be under way at a time, for each block that says so.
    pub(super) bounds: Vec<u32>,
    /// For each race the one around it.
    pub(super) races: Vec<Option<u32>>,
    /// The ends of nodes, those of the last iteration where there are several.
    pub(super) ends: Vec<Option<Ends>>,
    /// Where the run begins and ends.
    pub(super) whole: Ends,
}

/// What is around nodes while they are added.
#[derive(Clone, Copy)]
struct Around {
    begins: u32,
    /// Where everything inside ends, before the handlers.
    ends: u32,
    /// What of `max` those directly inside take a place of.
    bound: Option<u32>,
    race: Option<u32>,
    /// How many times longer each step takes, because iterations are left out.
    scale: f64,
    /// How many iterations may be added.
    budget: u64,
}

struct Adding<'a> {
    nodes: &'a [Node],
    details: &'a [Detail],
    graph: Graph,
    /// Whether each loop is in it once, with the rest of its iterations as one vertex.
    is_folded: bool,
}

impl Graph {
    /// Each loop once: the rest of its iterations takes as long as they would.
    pub(in crate::plan) fn folded(nodes: &[Node], details: &[Detail]) -> Self {
        Self::of(nodes, details, None)
    }

    /// Loops with about so many steps; where they have more, those that are there stand for the others.
    pub(super) fn expanded(nodes: &[Node], details: &[Detail], steps: u64) -> Self {
        Self::of(nodes, details, Some(steps))
    }

    fn of(nodes: &[Node], details: &[Detail], steps: Option<u64>) -> Self {
        let graph = Self { ends: vec![None; nodes.len()], ..Self::default() };
        let mut adding = Adding { nodes, details, graph, is_folded: steps.is_none() };
        let begins = adding.vertex(None, Join::All, None);
        let ends = adding.vertex(None, Join::All, None);
        let around = Around { begins, ends, bound: None, race: None, scale: 1.0, budget: steps.unwrap_or(1) };
        let last = adding.inside(None, around);
        adding.link(begins, ends);
        adding.graph.whole = Ends { first: begins, last };
        adding.graph
    }

    /// Vertices, each behind those before it (Kahn).
    pub(super) fn order(&self) -> Vec<u32> {
        let mut waits = self.counts();
        let mut order: Vec<u32> = (0_u32..).zip(&waits).filter(|(_, count)| **count == 0).map(|(vertex, _)| vertex).collect();
        let mut next = 0;
        while let Some(&vertex) = order.get(next) {
            next += 1;
            for &after in self.behind(vertex) {
                let Some(count) = waits.get_mut(after as usize) else { continue };
                *count = count.saturating_sub(1);
                if *count == 0 {
                    order.push(after);
                }
            }
        }
        order
    }

    /// For each vertex how many stand before it.
    pub(super) fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0_u32; self.vertices.len()];
        for &after in self.behind.iter().flatten() {
            if let Some(count) = counts.get_mut(after as usize) {
                *count += 1;
            }
        }
        counts
    }

    pub(super) fn behind(&self, vertex: u32) -> &[u32] {
        self.behind.get(vertex as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn vertex(&self, vertex: u32) -> Option<&Vertex> {
        self.vertices.get(vertex as usize)
    }
}

impl Adding<'_> {
    fn vertex(&mut self, node: Option<NodeId>, join: Join, race: Option<u32>) -> u32 {
        let id = u32::try_from(self.graph.vertices.len()).unwrap_or(u32::MAX);
        self.graph.vertices.push(Vertex { node, join, work: Work::Nothing, takes: None, gives: None, race });
        self.graph.behind.push(Vec::new());
        id
    }

    fn link(&mut self, before: u32, after: u32) {
        if let Some(behind) = self.graph.behind.get_mut(before as usize) {
            behind.push(after);
        }
    }

    fn change(&mut self, vertex: u32, change: impl FnOnce(&mut Vertex)) {
        if let Some(vertex) = self.graph.vertices.get_mut(vertex as usize) {
            change(vertex);
        }
    }

    /// Whether what comes first there is enough.
    fn is_race(&self, vertex: u32) -> bool {
        self.graph.vertex(vertex).is_some_and(|vertex| vertex.join == Join::First)
    }

    fn children(&self, parent: Option<NodeId>) -> Vec<NodeId> {
        let (mut next, end) = match parent {
            None => (0, self.nodes.len()),
            Some(id) => (id.index() + 1, self.nodes.get(id.index()).map_or(0, |node| node.end.index())),
        };
        let mut children = Vec::new();
        while let Some(node) = self.nodes.get(next).filter(|_| next < end) {
            children.push(node.id);
            next = node.end.index().max(next + 1);
        }
        children
    }

    /// Adds what is directly inside a node, with all inside that; gives the vertex at which its handlers are over too.
    fn inside(&mut self, parent: Option<NodeId>, around: Around) -> u32 {
        let (mut handlers, mut statements) = (Vec::new(), Vec::new());
        for id in self.children(parent) {
            match self.nodes.get(id.index()).map(|node| &node.kind) {
                Some(NodeKind::Handler { cause: HandlerCause::Success | HandlerCause::Finally }) => handlers.push(id),
                Some(NodeKind::Handler { .. }) | None => {}
                Some(_) => statements.push(id),
            }
        }
        for &id in &statements {
            self.open(id, around.race);
        }
        for &id in &statements {
            self.fill(id, around);
            let Some(ends) = self.ends(id) else { continue };
            let runs = self.nodes.get(id.index()).is_some_and(|node| node.state.may_run());
            self.link(around.begins, ends.first);
            // What does not run wins no race.
            if runs || !self.is_race(around.ends) {
                self.link(ends.last, around.ends);
            }
            self.change(ends.first, |vertex| vertex.takes = around.bound);
            self.change(ends.last, |vertex| vertex.gives = around.bound);
            for before in self.nodes.get(id.index()).map_or(&[][..], |node| &node.after) {
                if let Some(before) = self.ends(*before) {
                    self.link(before.last, ends.first);
                }
            }
        }
        let mut last = around.ends;
        for id in handlers {
            self.open(id, around.race);
            self.fill(id, Around { bound: None, ..around });
            let Some(ends) = self.ends(id) else { continue };
            self.link(last, ends.first);
            last = ends.last;
        }
        last
    }

    fn ends(&self, id: NodeId) -> Option<Ends> {
        self.graph.ends.get(id.index()).copied().flatten()
    }

    /// Adds the ends of a node: one vertex for what has nothing inside.
    fn open(&mut self, id: NodeId, race: Option<u32>) {
        let Some(node) = self.nodes.get(id.index()) else { return };
        let first = self.vertex(Some(id), Join::All, race);
        let is_leaf = node.end.index() == id.index() + 1 || !node.state.may_run();
        let last = if is_leaf { first } else { self.vertex(Some(id), Join::All, race) };
        if let Some(slot) = self.graph.ends.get_mut(id.index()) {
            *slot = Some(Ends { first, last });
        }
    }

    /// Adds what is inside a node.
    fn fill(&mut self, id: NodeId, around: Around) {
        let Some((node, ends)) = self.nodes.get(id.index()).zip(self.ends(id)) else { return };
        if self.details.get(id.index()).is_some_and(Detail::is_counted) {
            self.change(ends.first, |vertex| vertex.work = Work::Step(around.scale));
        }
        if ends.first == ends.last {
            return;
        }
        let inside = Around { begins: ends.first, bound: None, ..around };
        match &node.kind {
            NodeKind::ForEach { parallel, max } => self.iterate(id, (*parallel, *max), ends, inside),
            NodeKind::Repeat => self.iterate(id, (None, None), ends, inside),
            NodeKind::Parallel { wait, max } => {
                let bound = max.map(|max| self.bound(max));
                let (done, race) = self.done(id, *wait, around.race);
                self.whole(id, done, ends, Around { bound, race, ..inside });
            }
            _ => {
                let done = self.vertex(Some(id), Join::All, around.race);
                self.whole(id, done, ends, inside);
            }
        }
    }

    fn bound(&mut self, max: u32) -> u32 {
        self.graph.bounds.push(max);
        u32::try_from(self.graph.bounds.len() - 1).unwrap_or(u32::MAX)
    }

    /// The vertex at which what is inside a block is over, and the race that it runs in.
    fn done(&mut self, id: NodeId, wait: Wait, around: Option<u32>) -> (u32, Option<u32>) {
        if wait == Wait::All {
            return (self.vertex(Some(id), Join::All, around), around);
        }
        self.graph.races.push(around);
        let race = u32::try_from(self.graph.races.len() - 1).ok();
        (self.vertex(Some(id), Join::First, around), race)
    }

    /// Adds what is inside a block once.
    fn whole(&mut self, id: NodeId, done: u32, ends: Ends, inside: Around) {
        let before = self.graph.vertices.len();
        let last = self.inside(Some(id), Around { ends: done, ..inside });
        if !self.is_race(done) || self.graph.vertices.len() == before {
            self.link(ends.first, done);
        }
        self.link(last, ends.last);
    }

    /// Adds the iterations of a loop.
    fn iterate(&mut self, id: NodeId, (parallel, max): (Option<Wait>, Option<u32>), ends: Ends, inside: Around) {
        let count = self.nodes.get(id.index()).and_then(|node| node.times).map_or(1, |times| times.count).max(1);
        let steps = self.nodes.get(id.index()).map_or(1, |node| node.end.index() - id.index());
        let shown = if self.is_folded { 1 } else { (inside.budget / u64::try_from(steps).unwrap_or(1)).clamp(1, count) };
        let bound = parallel.and(max).map(|max| self.bound(max));
        let (over, race) = self.done(id, parallel.unwrap_or(Wait::All), inside.race);
        let mut begins = ends.first;
        let mut iteration = ends;
        for number in 0..shown {
            let first = self.vertex(Some(id), Join::All, race);
            let done = self.vertex(Some(id), Join::All, race);
            self.link(begins, first);
            let scale = if self.is_folded { 1.0 } else { inside.scale * share(count, shown) };
            let body = Around { begins: first, ends: done, bound: None, race, scale, budget: inside.budget / shown };
            let last = self.inside(Some(id), body);
            self.link(first, done);
            self.change(first, |vertex| vertex.takes = bound);
            self.change(last, |vertex| vertex.gives = bound);
            iteration = Ends { first, last };
            match parallel {
                Some(_) => self.link(last, over),
                None if number + 1 == shown => self.link(last, over),
                None => begins = last,
            }
        }
        let left = if self.is_folded { rounds(count, parallel, max) - 1 } else { 0 };
        if left > 0 {
            let rest = self.vertex(Some(id), Join::All, inside.race);
            self.change(rest, |vertex| vertex.work = Work::Rest { times: left, from: iteration.first, to: iteration.last });
            self.link(over, rest);
            self.link(rest, ends.last);
        }
        self.link(over, ends.last);
    }
}

/// How many rounds of iterations there are, one behind the other.
fn rounds(count: u64, parallel: Option<Wait>, max: Option<u32>) -> u64 {
    match (parallel, max) {
        (None, _) => count,
        // The first that ends is enough.
        (Some(Wait::Any | Wait::First), _) | (Some(Wait::All), None) => 1,
        (Some(Wait::All), Some(max)) => count.div_ceil(u64::from(max.max(1))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a number of iterations need not be exact")]
fn share(count: u64, shown: u64) -> f64 {
    count as f64 / shown.max(1) as f64
}
