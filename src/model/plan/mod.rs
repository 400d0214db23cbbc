//! What a run would do, as far as that is known before it begins: data that reports show and that can be kept.

mod node;

pub use node::{
    CacheOutlook, Certainty, Condition, Effect, Forecast, Iterations, Location, Named, Node, NodeId, NodeKind, State, Times,
    Timing, UndoOutlook,
};

use crate::unit::Duration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form of plans as JSON; a change that readers have to know of counts it up.
pub const FORMAT: u32 = 1;

/// A plan of one workflow with one set of arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The form of this JSON.
    pub format: u32,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<Arc<str>>,
    /// The file as it was named.
    pub file: Arc<str>,
    /// BLAKE3, in hex, of what the workflow and all that it calls are made of.
    pub definition: Arc<str>,
    /// Parameters in written order.
    pub parameters: Vec<Named>,
    /// How many steps run at a time.
    pub jobs: u32,
    /// Statements in written order, each before those inside it; a node's number is its place here.
    pub nodes: Vec<Node>,
    /// Outputs in written order; without a value where only the run knows it.
    pub outputs: Vec<Named>,
    /// How long it takes.
    pub outlook: Outlook,
    /// What would make it faster.
    pub advice: Vec<Advice>,
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Half of all runs are over by then.
    pub p50: Duration,
    /// Nine of ten are.
    pub p90: Duration,
    /// The critical path, each step at its P50 and with any number of slots.
    pub critical_path: Duration,
    /// Steps that run for sure or as is assumed, those of loops once for each element.
    pub steps: u64,
    /// In how many waves they would start if all took the same time.
    pub waves: u32,
    /// How often the run was simulated for the estimate.
    pub draws: u32,
}

/// Something that would make the run faster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "advice")]
pub enum Advice {
    /// Statements of one body that share no value, and of which at most one changes anything, could be `parallel`.
    Parallel {
        /// The statements, in written order.
        nodes: Vec<NodeId>,
        /// How much shorter the critical path would be.
        saves: Duration,
    },
    /// The step that pays most when it gets faster.
    SpeedUp {
        /// The step.
        node: NodeId,
        /// How much shorter the critical path would be if it took no time.
        saves: Duration,
    },
}

impl Plan {
    /// The node of a number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// The nodes directly inside one, or those of the workflow itself, in written order.
    pub fn children(&self, parent: Option<NodeId>) -> impl Iterator<Item = &Node> {
        let (mut next, end) = match parent {
            None => (0, self.nodes.len()),
            Some(id) => (id.index() + 1, self.node(id).map_or(0, |node| node.end.index())),
        };
        std::iter::from_fn(move || {
            let node = self.nodes.get(next).filter(|_| next < end)?;
            // A plan that was damaged ends rather than goes round.
            next = node.end.index().max(next + 1);
            Some(node)
        })
    }

    /// How many blocks stand around a node.
    #[must_use]
    pub fn depth(&self, node: &Node) -> usize {
        std::iter::successors(node.parent, |id| self.node(*id).and_then(|node| node.parent).filter(|parent| parent < id)).count()
    }
}
