//! How long runs take where there are few slots: the plan is run many times, with durations drawn anew each time.

use super::graph::{Graph, Join, Work};
use crate::plan::build::Detail;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use wf_model::estimate::{Distribution, whole};
use wf_model::plan::Node;
use wf_model::unit::Duration;

/// About how many steps loops are simulated with.
const STEPS: u64 = 5_000;

/// How many vertices are gone through in all draws together, about.
const EFFORT: usize = 1_000_000;

/// At most and at least so many draws.
const DRAWS: (usize, usize) = (20, 400);

/// In one run such a share of steps is equally fast or slow: they share the machine, the network and the day.
const SHARED: f64 = 0.25;

/// The same plan has the same estimate.
const SEED: u64 = 5;

/// How long the draws took, in milliseconds, ascending.
#[derive(Debug)]
pub(in crate::plan) struct Draws(Vec<f64>);

impl Draws {
    /// The duration that a share `u` of all draws does not exceed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "few draws")]
    pub(in crate::plan) fn quantile(&self, u: f64) -> Duration {
        let at = (u * self.0.len() as f64).ceil() as usize;
        whole(self.0.get(at.saturating_sub(1)).copied().unwrap_or_default())
    }

    pub(in crate::plan) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

/// Runs a plan many times with so many slots.
pub(in crate::plan) fn simulate(nodes: &[Node], details: &[Detail], jobs: u32) -> Draws {
    let graph = Graph::expanded(nodes, details, STEPS);
    let ranks = graph.ranks();
    let counts = graph.counts();
    let draws = (EFFORT / graph.vertices.len().max(1)).clamp(DRAWS.0, DRAWS.1);
    let mut chance = fastrand::Rng::with_seed(SEED);
    let mut took: Vec<f64> = (0..draws).map(|_| Run::new(&graph, details, &ranks, &counts, jobs, &mut chance).take()).collect();
    took.sort_by(f64::total_cmp);
    Draws(took)
}

impl Graph {
    /// For each vertex how many steps stand on the longest way behind it: who has more goes first, as in the engine.
    fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0_u32; self.vertices.len()];
        for &id in self.order().iter().rev() {
            let behind = self.behind(id).iter();
            let step = |vertex: &u32| self.vertex(*vertex).is_some_and(|vertex| matches!(vertex.work, Work::Step(_)));
            let longest = behind.map(|next| ranks.get(*next as usize).copied().unwrap_or_default() + u32::from(step(next))).max();
            if let Some(rank) = ranks.get_mut(id as usize) {
                *rank = longest.unwrap_or_default();
            }
        }
        ranks
    }
}

/// Milliseconds that can be compared; they are never not a number.
#[derive(Clone, Copy, PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Vertices that wait for a place, the longest way behind first, then the earliest.
type Line = BTreeSet<(Reverse<u32>, u32)>;

/// One draw.
struct Run<'a> {
    graph: &'a Graph,
    details: &'a [Detail],
    ranks: &'a [u32],
    chance: &'a mut fastrand::Rng,
    /// How slow the steps are that are as slow as others in this run: a share of all times.
    common: f64,
    /// For each vertex how much it waits for.
    waits: Vec<u32>,
    now: f64,
    slots: u32,
    line: Line,
    /// For each bound how many places are free, and who waits for one.
    bounds: Vec<(u32, Line)>,
    /// What is under way, by when it is over; and whether it holds a slot.
    under_way: BinaryHeap<Reverse<(Time, u32, bool)>>,
    /// Races that are over.
    over: BTreeSet<u32>,
    /// What is over now.
    ended: Vec<u32>,
}

impl<'a> Run<'a> {
    fn new(
        graph: &'a Graph,
        details: &'a [Detail],
        ranks: &'a [u32],
        counts: &[u32],
        jobs: u32,
        chance: &'a mut fastrand::Rng,
    ) -> Self {
        let bounds = graph.bounds.iter().map(|bound| (*bound, Line::new())).collect();
        let common = chance.f64();
        Self {
            graph,
            details,
            ranks,
            chance,
            common,
            waits: counts.to_vec(),
            now: 0.0,
            slots: jobs.max(1),
            line: Line::new(),
            bounds,
            under_way: BinaryHeap::new(),
            over: BTreeSet::new(),
            ended: Vec::new(),
        }
    }

    /// Runs to the end and gives how long that took.
    fn take(mut self) -> f64 {
        self.arrive(self.graph.whole.first);
        loop {
            while let Some(vertex) = self.ended.pop() {
                if vertex == self.graph.whole.last {
                    return self.now;
                }
                self.end(vertex);
            }
            if self.start_next() {
                continue;
            }
            let Some(Reverse((Time(time), vertex, slot))) = self.under_way.pop() else { return self.now };
            if self.is_lost(vertex) {
                continue;
            }
            (self.now, self.slots) = (time, self.slots + u32::from(slot));
            self.ended.push(vertex);
        }
    }

    fn rank(&self, vertex: u32) -> (Reverse<u32>, u32) {
        (Reverse(self.ranks.get(vertex as usize).copied().unwrap_or_default()), vertex)
    }

    /// Whether it runs in a race that is over.
    fn is_lost(&self, vertex: u32) -> bool {
        let mut race = self.graph.vertex(vertex).and_then(|vertex| vertex.race);
        while let Some(id) = race {
            if self.over.contains(&id) {
                return true;
            }
            race = self.graph.races.get(id as usize).copied().flatten();
        }
        false
    }

    /// Everything before a vertex is over.
    fn arrive(&mut self, id: u32) {
        let place = self.rank(id);
        let bound = self.graph.vertex(id).and_then(|vertex| vertex.takes).and_then(|bound| self.bounds.get_mut(bound as usize));
        match bound {
            Some((0, line)) => {
                line.insert(place);
            }
            Some((free, _)) => {
                *free -= 1;
                self.begin(id);
            }
            None => self.begin(id),
        }
    }

    fn begin(&mut self, id: u32) {
        let Some(vertex) = self.graph.vertex(id) else { return };
        let detail = vertex.node.and_then(|node| self.details.get(node.index()));
        match (vertex.work, detail) {
            (Work::Step(_), Some(detail)) if detail.slot => {
                self.line.insert(self.rank(id));
            }
            (Work::Step(scale), Some(detail)) => self.go(id, scale, detail.takes.as_ref(), false),
            (Work::Step(_) | Work::Nothing | Work::Rest { .. }, _) => self.ended.push(id),
        }
    }

    /// Gives a free slot to the first in line; whether there was one.
    fn start_next(&mut self) -> bool {
        while self.slots > 0 {
            let Some((_, id)) = self.line.pop_first() else { return false };
            let Some(vertex) = self.graph.vertex(id).filter(|_| !self.is_lost(id)) else { continue };
            let scale = if let Work::Step(scale) = vertex.work { scale } else { 0.0 };
            let takes = vertex.node.and_then(|node| self.details.get(node.index())).and_then(|detail| detail.takes.as_ref());
            self.slots -= 1;
            self.go(id, scale, takes, true);
            return true;
        }
        false
    }

    fn go(&mut self, id: u32, scale: f64, takes: Option<&Distribution>, slot: bool) {
        let share = if self.chance.f64() < SHARED { self.common } else { self.chance.f64() };
        let takes = takes.map_or(0.0, |takes| takes.quantile(share)) * scale;
        self.under_way.push(Reverse((Time(self.now + takes), id, slot)));
    }

    fn end(&mut self, id: u32) {
        let graph = self.graph;
        let Some(vertex) = graph.vertex(id) else { return };
        if let Some(bound) = vertex.gives
            && let Some((free, line)) = self.bounds.get_mut(bound as usize)
        {
            match line.pop_first() {
                Some((_, next)) => self.begin(next),
                None => *free += 1,
            }
        }
        for &after in graph.behind(id) {
            let first = graph.vertex(after).is_some_and(|vertex| vertex.join == Join::First);
            let Some(waits) = self.waits.get_mut(after as usize).filter(|waits| **waits > 0) else { continue };
            *waits = if first { 0 } else { *waits - 1 };
            if *waits == 0 {
                if first {
                    self.finish_race(vertex.race);
                }
                self.arrive(after);
            }
        }
    }

    /// A race is over: what still runs in it is ended.
    fn finish_race(&mut self, race: Option<u32>) {
        let Some(race) = race else { return };
        self.over.insert(race);
        let lost = self.under_way.iter().filter(|Reverse((_, vertex, slot))| *slot && self.is_lost(*vertex)).count();
        // What was lost before was taken out then.
        let under_way = std::mem::take(&mut self.under_way);
        self.under_way = under_way.into_iter().filter(|Reverse((_, vertex, _))| !self.is_lost(*vertex)).collect();
        self.slots = self.slots.saturating_add(u32::try_from(lost).unwrap_or(0));
    }
}
