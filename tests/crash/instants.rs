//! What a journal tells of waits before further attempts, whichever process lives by then.

use std::collections::BTreeMap;
use wf_model::event::{Event, EventKind, Timer, Timestamp};
use wf_model::unit::Duration;

/// Each wait is drawn and told once, and over at the instant that was told: not earlier, and, where the clock only moves when
/// everybody waits (`exact`), not later.
pub(crate) fn waits_are_kept(events: &[Event], exact: bool) -> Result<(), String> {
    let mut drawn: BTreeMap<u64, Duration> = BTreeMap::new();
    let mut due: BTreeMap<u64, (u32, Option<Timestamp>)> = BTreeMap::new();
    for event in events {
        let Some(instance) = event.kind.instance() else { continue };
        let id = instance.id.0;
        let waits = due.get(&id).and_then(|(_, due)| *due);
        let fits = match &event.kind {
            EventKind::JitterDrawn { delay, .. } => waits.is_none() && drawn.insert(id, *delay).is_none(),
            EventKind::RetryScheduled { attempt, delay, due: at, .. } => {
                let same = drawn.remove(&id).is_none_or(|drawn| drawn == *delay) && event.at.after(*delay) == *at;
                let earlier = due.insert(id, (*attempt, Some(*at).filter(|_| delay.milliseconds > 0)));
                same && waits.is_none() && earlier.is_none_or(|(earlier, _)| earlier < *attempt)
            }
            EventKind::TimerWoke { timer: Timer::Retry, .. } => {
                due.entry(id).and_modify(|(_, due)| *due = None);
                waits.is_some_and(|due| if exact { event.at == due } else { event.at >= due })
            }
            EventKind::Announced { .. } | EventKind::Started { .. } => waits.is_none(),
            _ => true,
        };
        if !fits {
            return Err(format!("{:?} at {}, with {waits:?} told", event.kind, event.at.milliseconds));
        }
    }
    Ok(())
}
