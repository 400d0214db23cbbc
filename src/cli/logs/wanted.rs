//! Which output is meant.

use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::event::{Event, EventKind, InstanceId, InstanceKind, without_places};
use wf_model::suggest::nearest;
use wf_runtime::executor::Stream;
use wf_store::{History, StoreError};

/// Which output is meant.
pub(crate) struct Wanted<'a> {
    /// A step by its path; with its places in loops, or without for all of them.
    pub(crate) step: Option<&'a str>,
    pub(crate) attempt: Option<u32>,
    pub(crate) stream: Option<Stream>,
}

impl Wanted<'_> {
    pub(crate) fn takes_path(&self, path: &str) -> bool {
        self.step.is_none_or(|step| path == step || without_places(path) == step)
    }

    pub(crate) fn takes_attempt(&self, attempt: u32) -> bool {
        self.attempt.is_none_or(|wanted| wanted == attempt)
    }

    pub(crate) fn takes_stream(&self, stream: Stream) -> bool {
        self.stream.is_none_or(|wanted| wanted == stream)
    }
}

/// The steps of a run that may be meant by what is `written`: their paths without places in loops, and with those that are written.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn steps(history: History<'_>, written: &str) -> Result<BTreeSet<Arc<str>>, StoreError> {
    let places = written.strip_prefix(without_places(written)).unwrap_or_default();
    let mut steps = BTreeSet::new();
    for events in history {
        for event in events? {
            let (EventKind::Ready { instance, kind: InstanceKind::Step(_), .. }
            | EventKind::Skipped { instance, kind: InstanceKind::Step(_), .. }) = event.kind
            else {
                continue;
            };
            let name = without_places(&instance.path);
            if !steps.contains(name) {
                steps.insert(name.into());
            }
            if instance.path.strip_prefix(name) == Some(places) {
                steps.insert(instance.path);
            }
        }
    }
    Ok(steps)
}

/// The step that was probably meant.
pub(crate) fn meant<'a>(written: &str, steps: &'a BTreeSet<Arc<str>>) -> Option<&'a str> {
    nearest(written, steps.iter().map(AsRef::as_ref))
}

/// What tells an instance from others that share its path, where its first event says so: that it undoes, and in which rounds it stands.
pub(crate) fn distinction(event: &Event) -> Option<(InstanceId, String)> {
    let EventKind::Ready { instance, kind, rounds } = &event.kind else { return None };
    let undo = matches!(kind, InstanceKind::Undo(_)).then(|| "undo".to_owned());
    let numbers: Vec<String> = rounds.iter().map(|round| round.saturating_add(1).to_string()).collect();
    let round = (!numbers.is_empty()).then(|| format!("round {}", numbers.join(".")));
    let parts: Vec<String> = undo.into_iter().chain(round).collect();
    (!parts.is_empty()).then(|| (instance.id, parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, meant};
    use std::sync::Arc;

    #[test]
    fn a_step_is_named_with_or_without_its_places_in_loops() {
        let takes = |step, path| Wanted { step, attempt: None, stream: None }.takes_path(path);
        assert!(takes(Some("ship.health[1]"), "ship.health[1]") && takes(Some("ship.health"), "ship.health[1]"));
        assert!(takes(None, "any") && takes(Some("build"), "build"));
        assert!(!takes(Some("ship.health[2]"), "ship.health[1]") && !takes(Some("ship"), "ship.health[1]"));
    }

    #[test]
    fn near_names_are_suggested() {
        let steps = ["build", "ship.health", "ship.health[1]"].map(Arc::from).into();
        assert_eq!(meant("ship.helth", &steps), Some("ship.health"));
        assert_eq!(meant("ship.healt[1]", &steps), Some("ship.health[1]"));
        assert_eq!(meant("entirely", &steps), None);
    }
}
