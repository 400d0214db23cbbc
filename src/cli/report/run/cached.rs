//! What is said of steps with a `cache`.

use super::State;
use crate::report::escape::printable_line;
use std::sync::Arc;
use wf_model::event::{CacheChange, CacheMiss, Instance};

/// How many things that changed are named.
const MOST: usize = 3;

impl State {
    pub(super) fn found(&mut self, instance: &Instance, from: &str, restored: u64) {
        self.hits.insert(instance.id, (from.to_owned(), restored));
    }

    /// Why a step runs is told to whom it interests, and always where it cannot be cached.
    pub(super) fn missed(&mut self, instance: &Instance, reason: &CacheMiss, verbose: bool) {
        let (word, why) = match reason {
            CacheMiss::Failed(problem) => ("uncached", problem.to_string()),
            _ if !verbose => return,
            CacheMiss::New => ("changed ", "nothing is kept of it".to_owned()),
            CacheMiss::Lost => ("changed ", "what was kept of it is gone".to_owned()),
            CacheMiss::Changed(change) => ("changed ", differences(change)),
        };
        let line = format!("{word} {}: {why}", self.title(instance));
        self.screen.line(&printable_line(&line));
    }

    pub(super) fn not_kept(&mut self, instance: &Instance, problem: &str) {
        let line = format!("uncached {}: {problem}", self.title(instance));
        self.screen.line(&printable_line(&line));
    }
}

/// ``attribute `run`; input `src/a.rs` changed; 2 inputs more``
fn differences(change: &CacheChange) -> String {
    let named = |what: &str, names: &[Arc<str>], how: &str| -> Vec<String> {
        names.iter().map(|name| format!("{what} `{name}`{how}")).collect()
    };
    let mut all = named("attribute", &change.attributes, " changed");
    all.extend(named("workflow", &change.workflows, " changed"));
    all.extend(change.key.then(|| "the key changed".to_owned()));
    all.extend(named("input", &change.changed, " changed"));
    all.extend(named("input", &change.added, " is new"));
    all.extend(named("input", &change.removed, " is gone"));
    if all.is_empty() {
        return "it stands in another folder".to_owned();
    }
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    all.join("; ")
}
