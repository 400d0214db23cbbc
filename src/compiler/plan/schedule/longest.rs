//! The critical path, and how much time there is beside it.

use super::graph::{Graph, Join, Work};
use crate::plan::build::Detail;
use wf_model::plan::{Node, NodeId, Timing};
use wf_model::unit::Duration;

/// When everything happens at the earliest, and at the latest without making the run longer; in milliseconds.
#[derive(Debug)]
pub(in crate::plan) struct Longest {
    /// By vertex: when it is over at the earliest.
    ends: Vec<i64>,
    /// By vertex: how long it takes.
    takes: Vec<i64>,
    /// By vertex: when it has to be over; `None` where nothing waits for it.
    due: Vec<Option<i64>>,
    /// By vertex: how many steps stand before it on the way with the most of them, itself included.
    waves: Vec<u32>,
    /// By vertex: whether it is on the critical path.
    critical: Vec<bool>,
    last: u32,
}

impl Graph {
    /// The longest path where every step takes its P50 and there is a slot for each.
    pub(in crate::plan) fn longest(&self, details: &[Detail]) -> Longest {
        let order = self.order();
        let mut way = Longest {
            ends: vec![0; self.vertices.len()],
            takes: vec![0; self.vertices.len()],
            due: vec![None; self.vertices.len()],
            waves: vec![0; self.vertices.len()],
            critical: vec![false; self.vertices.len()],
            last: self.whole.last,
        };
        let before = self.before();
        way.forward(self, &order, &before, details);
        way.backward(self, &order, &before);
        way.trace(self, &before);
        way
    }

    /// For each vertex the ones before it.
    fn before(&self) -> Vec<Vec<u32>> {
        let mut before = vec![Vec::new(); self.vertices.len()];
        for (vertex, behind) in (0_u32..).zip(&self.behind) {
            for after in behind {
                if let Some(before) = before.get_mut(*after as usize) {
                    before.push(vertex);
                }
            }
        }
        before
    }
}

fn at<T: Copy + Default>(all: &[T], vertex: u32) -> T {
    all.get(vertex as usize).copied().unwrap_or_default()
}

fn set<T>(all: &mut [T], vertex: u32, value: T) {
    if let Some(slot) = all.get_mut(vertex as usize) {
        *slot = value;
    }
}

impl Longest {
    fn forward(&mut self, graph: &Graph, order: &[u32], before: &[Vec<u32>], details: &[Detail]) {
        for &id in order {
            let Some(vertex) = graph.vertex(id) else { continue };
            let before = before.get(id as usize).map_or(&[][..], Vec::as_slice);
            let starts = match vertex.join {
                Join::All => before.iter().map(|before| at(&self.ends, *before)).max(),
                Join::First => before.iter().map(|before| at(&self.ends, *before)).min(),
            };
            let wave = before.iter().map(|before| at(&self.waves, *before)).max().unwrap_or_default();
            let detail = vertex.node.and_then(|node| details.get(node.index()));
            let takes = match vertex.work {
                Work::Nothing => 0,
                Work::Step(_) => {
                    detail.and_then(|detail| detail.takes.as_ref()).map_or(0, |takes| takes.duration(0.5).milliseconds.max(0))
                }
                Work::Rest { times, from, to } => {
                    let once = at(&self.ends, to).saturating_sub(at(&self.ends, from));
                    once.saturating_mul(i64::try_from(times).unwrap_or(i64::MAX))
                }
            };
            let is_step = matches!(vertex.work, Work::Step(_));
            set(&mut self.takes, id, takes);
            set(&mut self.ends, id, starts.unwrap_or_default().saturating_add(takes));
            set(&mut self.waves, id, wave + u32::from(is_step));
        }
    }

    /// Whether the end of `before` decides when a vertex begins, or may come to.
    fn counts(&self, graph: &Graph, before: u32, after: u32, all: &[Vec<u32>]) -> bool {
        let first = graph.vertex(after).is_some_and(|vertex| vertex.join == Join::First);
        !first || self.deciding(graph, after, all) == Some(before)
    }

    /// The vertex whose end decides when one begins.
    fn deciding(&self, graph: &Graph, vertex: u32, all: &[Vec<u32>]) -> Option<u32> {
        let before = all.get(vertex as usize)?.iter().copied();
        match graph.vertex(vertex)?.join {
            // Of several, that with more steps before it, so that the path tells more.
            Join::All => before.max_by_key(|before| (at(&self.ends, *before), at(&self.waves, *before))),
            Join::First => before.min_by_key(|before| at(&self.ends, *before)),
        }
    }

    fn backward(&mut self, graph: &Graph, order: &[u32], before: &[Vec<u32>]) {
        set(&mut self.due, self.last, Some(at(&self.ends, self.last)));
        for &id in order.iter().rev() {
            let mut due = at(&self.due, id);
            for &after in graph.behind(id) {
                let Some(limit) = at(&self.due, after).filter(|_| self.counts(graph, id, after, before)) else { continue };
                let limit = limit.saturating_sub(at(&self.takes, after));
                due = Some(due.map_or(limit, |due| due.min(limit)));
            }
            set(&mut self.due, id, due);
        }
    }

    /// Walks back from the end along what decided.
    fn trace(&mut self, graph: &Graph, before: &[Vec<u32>]) {
        let mut next = Some(self.last);
        while let Some(vertex) = next {
            set(&mut self.critical, vertex, true);
            next = self.deciding(graph, vertex, before);
        }
    }

    /// How long the run takes.
    pub(in crate::plan) fn length(&self) -> Duration {
        Duration { milliseconds: at(&self.ends, self.last) }
    }

    /// The most steps in a row.
    pub(in crate::plan) fn waves(&self) -> u32 {
        at(&self.waves, self.last)
    }

    /// Writes down when each node runs.
    pub(in crate::plan) fn tell(&self, graph: &Graph, nodes: &mut [Node], details: &[Detail]) {
        for (index, node) in nodes.iter_mut().enumerate() {
            let is_spare = details.get(index).is_some_and(|detail| detail.is_spare);
            if is_spare || !node.state.may_run() {
                continue;
            }
            node.timing = self.timing(graph, NodeId::of(index));
        }
    }

    fn timing(&self, graph: &Graph, id: NodeId) -> Option<Timing> {
        let ends = graph.ends.get(id.index()).copied().flatten()?;
        let starts = at(&self.ends, ends.first).saturating_sub(at(&self.takes, ends.first));
        let over = at(&self.ends, ends.last);
        let slack = at(&self.due, ends.last).map(|due| Duration { milliseconds: due.saturating_sub(over).max(0) });
        let is_step = graph.vertex(ends.first).is_some_and(|vertex| matches!(vertex.work, Work::Step(_)));
        Some(Timing {
            starts: Duration { milliseconds: starts },
            takes: Duration { milliseconds: over.saturating_sub(starts) },
            slack,
            critical: at(&self.critical, ends.first) && at(&self.critical, ends.last),
            wave: at(&self.waves, ends.first) + u32::from(!is_step),
        })
    }
}
