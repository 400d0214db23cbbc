//! What a run did, in the order in which it began.

use crate::report::run::rounded;
use crate::time::local;
use wf_model::event::{Event, EventKind, InstanceKind};
use wf_model::run::{InstanceRecord, RunRecord, RunState, Status};

/// Where a run did more, what succeeded is only counted.
const MOST: usize = 10_000;

/// What a run did.
#[derive(Default)]
pub(super) struct Done {
    record: RunRecord,
    /// How many steps and undos succeeded that are not in the record.
    more: u64,
}

impl Done {
    /// Takes the next event in.
    pub(super) fn apply(&mut self, event: &Event) {
        self.record.apply(event);
        self.record.order.clear();
        if self.record.instances.len() <= MOST {
            return;
        }
        if let EventKind::Succeeded { instance, .. }
        | EventKind::Cached { instance, .. }
        | EventKind::Skipped { instance, .. }
        | EventKind::LetEvaluated { instance, .. } = &event.kind
        {
            let ended = self.record.instances.remove(&instance.id);
            self.more += u64::from(ended.is_some_and(|ended| is_shown(&ended)));
        }
    }

    /// How the run stands.
    pub(super) const fn state(&self) -> RunState {
        self.record.state
    }

    /// The lines about it.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = lines(&self.record);
        if self.more > 0 {
            lines.push(format!("  … and {} more that succeeded", self.more));
        }
        lines
    }
}

/// A line for each step and undo that began or did not have to.
fn lines(record: &RunRecord) -> Vec<String> {
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
        Status::Waiting { .. } => "waited for somebody".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::{Done, MOST};
    use wf_model::event::{Event, EventKind, Instance, InstanceId, InstanceKind, Timestamp};
    use wf_model::failure::{Failure, FailureKind};
    use wf_model::value::Value;

    #[test]
    fn of_very_many_steps_those_that_succeeded_are_counted() {
        let (mut done, more) = (Done::default(), 7);
        let all = MOST as u64 + more;
        for id in 1..=all {
            let instance = Instance { id: InstanceId(id), path: format!("s[{id}]").into() };
            let ready =
                EventKind::Ready { instance: instance.clone(), kind: InstanceKind::Step("gate".into()), rounds: Vec::new() };
            let end = if id == all {
                let failure = Failure::final_of(FailureKind::Exit, "not yet");
                let cause = wf_model::event::FailedInstance { path: instance.path.clone(), failure, attempts: 1 };
                EventKind::Failed { instance, cause, continued: false }
            } else {
                EventKind::Succeeded { instance, value: Value::Null }
            };
            [ready, end].into_iter().for_each(|kind| done.apply(&Event { at: Timestamp::default(), kind }));
        }
        let lines = done.lines();
        let [.., last, counted] = &lines[..] else { panic!("no lines") };
        assert!(
            last.contains("failed: not yet") && counted == &format!("  … and {} more that succeeded", more - 1),
            "{last} {counted}"
        );
    }
}
