//! Scenarios side by side: several threads perform and judge them, and what they show comes in the order that was asked for.

use super::arrangement::Arrangement;
use super::fault::{Fault, Seen};
use super::finding::{Finding, Judge};
use super::scenario::{Performed, Scenario, perform};
use super::{Manner, Subject};
use crate::dispatcher::STACK;
use crate::engine::IllegalTransition;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};
use wf_model::event::{Event, InstanceId};
use wf_model::program::{StatementId, WorkflowId};

/// A scenario that is to be performed.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What goes wrong.
    pub(super) faults: Vec<Fault>,
    /// After how many events of the run without a fault the process dies, where it does.
    pub(super) dies_behind: Option<usize>,
}

/// What a scenario showed.
pub(super) struct Shown {
    pub(super) scenario: Scenario,
    pub(super) findings: Vec<Finding>,
    /// Every step and undo that began.
    pub(super) seen: BTreeMap<InstanceId, Seen>,
}

/// What all scenarios of a rehearsal have in common.
pub(super) struct Stage<'a> {
    pub(super) subject: Arc<Subject>,
    pub(super) workflow: WorkflowId,
    pub(super) manner: &'a Manner,
    /// Is told of each scenario that was performed.
    pub(super) told: &'a (dyn Fn() + Sync),
    /// Whether handlers of the program roll back.
    pub(super) rolls_back: bool,
    /// The statements of handlers.
    pub(super) of_handlers: BTreeSet<(WorkflowId, StatementId)>,
}

impl Stage<'_> {
    /// Performs and judges a scenario; `events` are those of the run without a fault.
    pub(super) fn shown(&self, arrangement: &Arrangement, events: &[Event], wanted: &Wanted) -> Result<Shown, IllegalTransition> {
        let history = wanted.dies_behind.and_then(|until| events.get(..until));
        let performed = perform(arrangement, self.workflow, &wanted.faults, history)?;
        (self.told)();
        let is_wanted = self.is_wanted(&performed.scenario);
        let findings = if is_wanted { self.judge(&performed).findings() } else { Vec::new() };
        let Performed { scenario, events, seen, .. } = performed;
        // They are told of one that was asked for by its name.
        let events = if is_wanted && self.manner.seed.is_some() { events } else { Vec::new() };
        Ok(Shown { scenario: Scenario { events, ..scenario }, findings, seen })
    }

    /// Performs and judges scenarios, as many at a time as there are processors.
    pub(super) fn all_shown(
        &self,
        arrangement: &Arrangement,
        events: &[Event],
        wanted: &[Wanted],
    ) -> Result<Vec<Shown>, IllegalTransition> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut shown = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(wanted) = wanted.get(place) else { return Ok(shown) };
                shown.push((place, self.shown(arrangement, events, wanted)?));
            }
        };
        let lanes = available_parallelism().map_or(1, NonZero::get).min(wanted.len());
        let mut all: Vec<(usize, Shown)> = scope(|threads| {
            let start = |_| Builder::new().stack_size(STACK).spawn_scoped(threads, work).ok();
            let started: Vec<_> = (1..lanes).filter_map(start).collect();
            let mut all = work()?;
            for thread in started {
                all.append(&mut thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok::<_, IllegalTransition>(all)
        })?;
        all.sort_by_key(|(place, _)| *place);
        Ok(all.into_iter().map(|(_, shown)| shown).collect())
    }

    /// Whether a scenario is one that was asked for.
    pub(super) fn is_wanted(&self, scenario: &Scenario) -> bool {
        self.manner.seed.as_ref().is_none_or(|seed| *seed == scenario.seed)
    }

    fn judge<'a>(&'a self, performed: &'a Performed) -> Judge<'a> {
        Judge { subject: &self.subject, rolls_back: self.rolls_back, of_handlers: &self.of_handlers, performed }
    }
}
