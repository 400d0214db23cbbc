//! How long a run that goes on still takes.

use super::world::Now;
use crate::drive::secrets::SecretValues;
use crate::files;
use crate::run::asked::{Found, Prepared};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use wf_compiler::plan::{Left, Progress, Remaining};
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind, Timestamp, without_places};
use wf_model::plan::Forecast;
use wf_model::unit::Duration;
use wf_runtime::mask::Masker;
use wf_store::{Definition, RunRow};

/// A step is slow that has taken so many times what nine of ten earlier ones did.
const FAR: i64 = 2;

/// And longer than that by so much: nobody looks at what is over in a moment.
const LONGER: Duration = Duration::from_seconds(10);

/// Fewer earlier runs say nothing of what is usual.
const FEWEST_RUNS: u32 = 3;

/// For so long journals of earlier runs are read that nobody knows yet: the run itself needs the processors.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(200);

/// Follows the events of a run.
#[derive(Default)]
pub(crate) struct Following {
    over: HashMap<Arc<str>, u64>,
    running: HashMap<InstanceId, Running>,
    /// Undos have the paths of their steps.
    undos: HashSet<InstanceId>,
    goes_back: bool,
}

/// A step under way.
struct Running {
    path: Arc<str>,
    since: Timestamp,
    /// Whether it waits for somebody, who takes as long as it pleases.
    waits: bool,
}

/// A step that takes far longer than it used to.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub(crate) instance: InstanceId,
    pub(crate) path: Arc<str>,
    pub(crate) taken: Duration,
    pub(crate) usual: Forecast,
}

impl Following {
    /// Takes the next event in.
    pub(crate) fn event(&mut self, event: &Event) {
        let mut begin = |instance: &wf_model::event::Instance, waits| {
            let running = || Running { path: instance.path.clone(), since: event.at, waits };
            self.running.entry(instance.id).or_insert_with(running);
        };
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                self.undos.insert(instance.id);
            }
            EventKind::Started { instance, .. } if !self.undos.contains(&instance.id) => begin(instance, false),
            EventKind::Waiting { instance, .. } if !self.undos.contains(&instance.id) => begin(instance, true),
            EventKind::Lost { instance, .. } => drop(self.running.remove(&instance.id)),
            EventKind::Succeeded { instance, .. }
            | EventKind::Cached { instance, .. }
            | EventKind::Failed { instance, .. }
            | EventKind::Cancelled { instance, .. }
            | EventKind::Skipped { instance, .. } => {
                self.running.remove(&instance.id);
                if !self.undos.contains(&instance.id) {
                    *self.over.entry(without_places(&instance.path).into()).or_default() += 1;
                }
            }
            EventKind::RollbackStarted { .. } | EventKind::CancelRequested { .. } => self.goes_back = true,
            _ => {}
        }
    }

    /// The steps of which an attempt is under way, and for how long they have run.
    pub(crate) fn running(&self, now: Timestamp) -> Vec<(Arc<str>, Duration)> {
        let mut running: Vec<_> = self.running.iter().filter(|(_, running)| !running.waits).collect();
        running.sort_by_key(|(id, _)| **id);
        running.into_iter().map(|(_, running)| (running.path.clone(), now.since(running.since))).collect()
    }

    /// What is under way and still to come at a time; `None` where the run goes back.
    fn progress(&self, now: Timestamp) -> Option<Progress> {
        let mut progress = Progress::default();
        progress.over.extend(self.over.iter().map(|(path, count)| (path.clone(), *count)));
        let running = self.running.values().map(|running| (without_places(&running.path).into(), now.since(running.since)));
        progress.running.extend(running);
        (!self.goes_back).then_some(progress)
    }
}

/// What is expected of a run that goes on.
pub(crate) struct Outlook {
    remaining: Remaining,
}

impl Outlook {
    /// Of a run with what it goes by; `None` where that does not check any more.
    pub(crate) fn of(run: &RunRow, definition: &Definition) -> Option<Self> {
        let read = (definition.sources.clone(), definition.resolutions.clone());
        let found = Found::named(files::compiled(definition), &run.workflow, &definition.file, read)?;
        let prepared = Prepared {
            id: run.id.clone(),
            arguments: definition.arguments.clone(),
            secrets: SecretValues::default(),
            folder: definition.folder.to_string().into(),
            masker: Masker::of_values(&[]),
            plan: definition.plan.clone(),
        };
        let given = definition.given();
        let request = found.request(&given, definition.jobs);
        Some(Self { remaining: Remaining::of(&request, &mut Now::of(&found, &prepared, PATIENCE)) })
    }

    /// How long the rest takes; `None` where the run goes back.
    pub(crate) fn left(&self, following: &Following, now: Timestamp) -> Option<Left> {
        Some(self.remaining.left(&following.progress(now)?))
    }

    /// The steps under way that take far longer than they used to.
    pub(crate) fn slow(&self, following: &Following, now: Timestamp) -> Vec<Slow> {
        let known: HashMap<&str, &Forecast> = self.remaining.known().map(|(path, usual)| (&**path, usual)).collect();
        let slow = |(id, running): (&InstanceId, &Running)| {
            let usual = *known.get(without_places(&running.path)).filter(|_| !running.waits)?;
            let taken = now.since(running.since);
            let found = || Slow { instance: *id, path: running.path.clone(), taken, usual: usual.clone() };
            is_far_longer(taken, usual).then(found)
        };
        let mut slow: Vec<Slow> = following.running.iter().filter_map(slow).collect();
        slow.sort_by_key(|slow| slow.instance);
        slow
    }
}

/// Whether a step takes far longer than it used to.
fn is_far_longer(taken: Duration, usual: &Forecast) -> bool {
    let p90 = usual.p90.milliseconds;
    let limit = p90.saturating_mul(FAR).max(p90.saturating_add(LONGER.milliseconds));
    usual.basis.runs() >= FEWEST_RUNS && taken.milliseconds >= limit
}

#[cfg(test)]
mod tests {
    use super::is_far_longer;
    use wf_model::estimate::Basis;
    use wf_model::plan::Forecast;
    use wf_model::unit::Duration;

    #[test]
    fn slow_is_what_takes_twice_as_long_as_nearly_all_and_is_felt() {
        let usual = |seconds, runs| {
            let p90 = Duration::from_seconds(seconds);
            Forecast { p50: p90, p90, basis: Basis::History { runs } }
        };
        let far = |taken, usual: &Forecast| is_far_longer(Duration::from_seconds(taken), usual);
        assert_eq!([9, 10].map(|taken| far(taken, &usual(0, 3))), [false, true]);
        assert_eq!([11, 12].map(|taken| far(taken, &usual(2, 9))), [false, true]);
        assert_eq!([119, 120].map(|taken| far(taken, &usual(60, 3))), [false, true]);
        assert!(!far(1_000, &usual(1, 2)));
    }
}
