//! Tells while a run goes on how long it still takes, and which of its steps take far longer than they used to.
//!
//! The run is looked at as another process would, in the store, and only once it has gone on for a while: one that is over before pays
//! nothing, and a larger one little.

use crate::plan::remaining::{Following, Outlook};
use crate::report::run::RunReport;
use crate::store;
use crate::time::now;
use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use wf_model::event::InstanceId;
use wf_store::{Store, StoreError};

/// Nobody asks how long something shorter takes.
const FIRST: Duration = Duration::from_secs(8);

/// How often it is looked again at most.
const AGAIN: Duration = Duration::from_secs(1);

/// Of the time of one thread looking takes no more than one part in so many.
const SHARE: u32 = 20;

/// Begins to look, until the report is gone.
pub(super) fn begin(run: &Arc<str>, report: &Arc<RunReport>) {
    let (run, report) = (run.clone(), Arc::downgrade(report));
    // A machine that has no thread left shows no forecast; the run goes on.
    let _ = std::thread::Builder::new().name("forecast".to_owned()).spawn(move || {
        std::thread::sleep(FIRST);
        // A run that cannot be looked at says so where it is driven.
        let _ = look(&run, &report);
    });
}

fn look(run: &str, report: &Weak<RunReport>) -> Result<(), StoreError> {
    let began = Instant::now();
    let Some(store) = store::existing() else { return Ok(()) };
    let row = store.find(run)?;
    let Some(outlook) = Outlook::of(&row, &store.definition(run)?) else { return Ok(()) };
    let (mut told, mut took) = (HashSet::new(), began.elapsed());
    loop {
        let began = Instant::now();
        let following = follow(&store, run)?;
        let Some(report) = report.upgrade() else { return Ok(()) };
        tell(&outlook, &following, &report, &mut told);
        drop(report);
        took += began.elapsed();
        std::thread::sleep(std::mem::take(&mut took).saturating_mul(SHARE).max(AGAIN));
    }
}

/// How far the run has come.
fn follow(store: &Store, run: &str) -> Result<Following, StoreError> {
    let mut following = Following::default();
    for events in store.history(run)? {
        events?.iter().for_each(|event| following.event(event));
    }
    Ok(following)
}

fn tell(outlook: &Outlook, following: &Following, report: &RunReport, told: &mut HashSet<InstanceId>) {
    let now = now();
    report.expects(outlook.left(following, now).as_ref());
    for slow in outlook.slow(following, now) {
        if told.insert(slow.instance) {
            report.is_slow(slow.instance, &slow.path, slow.taken, &slow.usual);
        }
    }
}
