//! What a run did, in the order in which it began.

use crate::report::run::rounded;
use crate::time::local;
use wf_model::event::InstanceKind;
use wf_model::run::{InstanceRecord, RunRecord, Status};

/// A line for each step and undo that began or did not have to.
pub(super) fn lines(record: &RunRecord) -> Vec<String> {
    let mut steps: Vec<&InstanceRecord> = record.instances.values().filter(|record| is_shown(record)).collect();
    steps.sort_by_key(|record| (record.started_at.unwrap_or(record.ready_at), record.instance.id));
    let width = steps.iter().map(|record| name(record).chars().count()).max().unwrap_or(0);
    steps.into_iter().map(|record| format!("  {:<width$}  {}", name(record), end(record))).collect()
}

fn is_shown(record: &InstanceRecord) -> bool {
    let is_step = matches!(record.kind, InstanceKind::Step(_) | InstanceKind::Call(_) | InstanceKind::Undo(_));
    is_step && !matches!(record.status, Status::Skipped(_) | Status::Ready | Status::Locked { .. })
}

fn name(record: &InstanceRecord) -> String {
    let undo = if matches!(record.kind, InstanceKind::Undo(_)) { "undo of " } else { "" };
    format!("{undo}{}", record.instance.path)
}

fn end(record: &InstanceRecord) -> String {
    let standing = match &record.status {
        Status::Ready | Status::Locked { .. } => "did not begin".to_owned(),
        Status::Running => "did not end".to_owned(),
        Status::Retrying(_) => "failed, and another attempt was to come".to_owned(),
        Status::Succeeded(_) => "succeeded".to_owned(),
        Status::Cached(_) => "was not run: an earlier success counts".to_owned(),
        Status::Failed { cause, .. } => format!("failed: {}", cause.failure.message),
        Status::Skipped(_) => "skipped".to_owned(),
        Status::Cancelled(_) => "was ended".to_owned(),
    };
    let began = record.started_at.unwrap_or(record.ready_at);
    let took = record.ended_at.map(|ended| format!(", took {}", rounded(ended.since(began))));
    format!("{}{}  {standing}", local(began), took.unwrap_or_default())
}
