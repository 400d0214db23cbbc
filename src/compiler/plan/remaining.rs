//! How long a run that goes on still takes.

use super::build::{Build, Detail, build};
use super::{Outlook, Request, schedule};
use foldhash::HashMap;
use std::sync::Arc;
use wf_model::estimate::{Basis, Distribution};
use wf_model::plan::{Forecast, Node};
use wf_model::unit::Duration;

/// How far a run has come, by the paths of its steps without places of loops.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// How often a step has ended, or did not have to run.
    pub over: HashMap<Arc<str>, u64>,
    /// For how long a step has run that has not ended.
    pub running: HashMap<Arc<str>, Duration>,
}

/// How long a run still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Half of all take no longer.
    pub p50: Duration,
    /// Nine of ten do.
    pub p90: Duration,
    /// How many steps have not ended.
    pub steps: u64,
    /// Of how many of these nothing is known but their kind.
    pub guessed: u64,
}

/// What a run does, to be asked again and again how long the rest of it takes.
pub struct Remaining {
    nodes: Vec<Node>,
    details: Vec<Detail>,
    jobs: u32,
}

impl Remaining {
    /// For a run that was asked for like this.
    pub fn of(request: &Request<'_>, outlook: &mut dyn Outlook) -> Self {
        let Build { nodes, details, .. } = build(request, outlook);
        Self { nodes, details, jobs: request.jobs }
    }

    /// How long it still takes.
    #[must_use]
    pub fn left(&self, progress: &Progress) -> Left {
        let mut details = self.details.clone();
        let (mut steps, mut guessed) = (0, 0);
        for (node, detail) in self.nodes.iter().zip(&mut details) {
            let Some(takes) = &detail.takes else { continue };
            let over = progress.over.get(&node.path).copied().unwrap_or_default();
            let left = detail.times.saturating_sub(over);
            if left > 0 && detail.is_counted() {
                steps += 1;
                guessed += u64::from(node.forecast.as_ref().is_some_and(|forecast| forecast.basis == Basis::Prior));
            }
            detail.takes = Some(match (left, progress.running.get(&node.path)) {
                (0, _) => Distribution::Fixed(Duration::default()),
                (1, Some(elapsed)) if detail.times == 1 => takes.after(*elapsed),
                // Of a loop all iterations are simulated, each shorter by what is over.
                (left, _) => takes.scaled(share(left, detail.times)),
            });
            detail.slot &= left > 0;
        }
        let draws = schedule::simulate(&self.nodes, &details, self.jobs);
        Left { p50: draws.quantile(0.5), p90: draws.quantile(0.9), steps, guessed }
    }

    /// How long each step took in earlier runs, by its path; without those of which nothing is known.
    pub fn known(&self) -> impl Iterator<Item = (&Arc<str>, &Forecast)> {
        let forecasts = self.nodes.iter().filter_map(|node| Some((&node.path, node.forecast.as_ref()?)));
        forecasts.filter(|(_, forecast)| forecast.basis.runs() > 0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a number of iterations need not be exact")]
fn share(left: u64, times: u64) -> f64 {
    left as f64 / times.max(1) as f64
}
