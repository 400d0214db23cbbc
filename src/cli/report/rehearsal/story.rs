//! Everything that happens in a scenario, a line each.

use std::collections::BTreeSet;
use wf_model::event::{AttemptOutcome, CancelCause, Event, EventKind, InstanceId, InstanceKind, LostAnswer};
use wf_model::unit::Duration;

/// What happens, each with the time since the run began.
pub(super) fn story(events: &[Event]) -> Vec<String> {
    let began = events.first().map(|event| event.at).unwrap_or_default();
    let undo = |event: &Event| match &event.kind {
        EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => Some(instance.id),
        _ => None,
    };
    let undos: BTreeSet<InstanceId> = events.iter().filter_map(undo).collect();
    let line = |event: &Event| {
        let is_undo = event.kind.instance().is_some_and(|instance| undos.contains(&instance.id));
        let whose = if is_undo { "undo of " } else { "" };
        Some(format!("{:>9}  {whose}{}", after(event.at.since(began)), told(&event.kind)?))
    };
    events.iter().filter_map(line).collect()
}

fn after(time: Duration) -> String {
    format!("+{time}")
}

/// What happened in words; nothing where it only follows from what is told.
fn told(event: &EventKind) -> Option<String> {
    Some(match event {
        EventKind::RunResumed { .. } => "the process died; the run is resumed".to_owned(),
        EventKind::CancelRequested { cause } => match cause {
            CancelCause::Interrupt => "the run is interrupted".to_owned(),
            CancelCause::Hangup | CancelCause::Terminate | CancelCause::Request => "the run is cancelled".to_owned(),
        },
        EventKind::Started { instance, attempt } => format!("{} starts, attempt {attempt}", instance.path),
        EventKind::Waiting { instance, .. } => format!("{} waits", instance.path),
        EventKind::AttemptEnded { instance, outcome, .. } => format!("{} {}", instance.path, ended(outcome)),
        EventKind::Lost { instance, answer, .. } => {
            let answer = match answer {
                LostAnswer::Rerun => "was not done, and runs again",
                LostAnswer::Done(_) => "was done",
                LostAnswer::Failed => "failed",
            };
            format!("{} {answer}", instance.path)
        }
        EventKind::RetryScheduled { instance, attempt, delay, .. } => {
            format!("{} is tried again in {delay}, attempt {attempt}", instance.path)
        }
        EventKind::Failed { instance, cause, continued } => {
            let goes_on = if *continued { ", and the run goes on" } else { "" };
            format!("{} is failed for good: {}{goes_on}", instance.path, cause.failure.message)
        }
        EventKind::Cancelled { instance, .. } => format!("{} is cancelled", instance.path),
        EventKind::Skipped { instance, .. } => format!("{} is skipped", instance.path),
        EventKind::HandlerOpened { handler, cause, .. } => format!("{} of {} begins", cause.text(), whose(&handler.path)),
        EventKind::RollbackStarted { steps, .. } => format!("a rollback of {} begins", counted(steps.len())),
        EventKind::RollbackWaits { steps, .. } => format!("a rollback of {} waits for somebody", counted(steps.len())),
        EventKind::LockAwaited { instance, lock, .. } => format!("{} waits for lock {lock:?}", instance.path),
        EventKind::LockAcquired { instance, lock } => format!("{} holds lock {lock:?}", whose(&instance.path)),
        EventKind::Signalled { name, .. } => format!("signal {name:?} comes"),
        EventKind::Answered { instance, answer, .. } => {
            let word = if answer.approved { "approved" } else { "rejected" };
            format!("{} is {word}", instance.path)
        }
        EventKind::RunEnded { state, .. } => format!("the run is {}", state.name()),
        _ => return None,
    })
}

fn whose(path: &str) -> &str {
    if path.is_empty() { "the run" } else { path }
}

fn counted(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

fn ended(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Succeeded { .. } => "succeeds".to_owned(),
        AttemptOutcome::Failed(failure) => format!("fails: {}", failure.message),
        AttemptOutcome::Cancelled => "is ended".to_owned(),
        AttemptOutcome::NeverBegan => "is given up before it began".to_owned(),
    }
}
