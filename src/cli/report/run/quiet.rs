//! Lines about steps that run long, where no terminal shows what is under way.

use super::lines::Title;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use wf_model::event::InstanceId;
use wf_model::unit;

/// At most so many steps are named at a time.
const MOST_LINES: usize = 16;

/// How long a step runs before it is told, and again after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) first: Duration,
    pub(super) again: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_secs(30), again: Duration::from_secs(5 * 60) }
    }
}

/// The steps under way.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    patience: Patience,
    under_way: BTreeMap<InstanceId, Waiting>,
    /// How long the run still takes.
    left: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    title: Title,
    since: Instant,
    /// How long it runs when it is told next.
    next: Duration,
}

impl Quiet {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Takes in a step that began; a further attempt counts from the first one.
    pub(super) fn begin(&mut self, id: InstanceId, title: Title, now: Instant) {
        let next = self.patience.first;
        self.under_way.entry(id).or_insert_with(|| Waiting { title, since: now, next });
    }

    pub(super) fn end(&mut self, id: InstanceId) {
        self.under_way.remove(&id);
    }

    /// Takes in how long the run still takes.
    pub(super) fn expects(&mut self, left: Option<String>) {
        self.left = left;
    }

    pub(super) fn clear(&mut self) {
        self.under_way.clear();
    }

    /// The lines that are due: `running  build (30s)`, and how long the run still takes.
    pub(super) fn due(&mut self, now: Instant) -> String {
        let again = self.patience.again;
        let (mut text, mut hidden, mut shown) = (String::new(), 0_usize, 0_usize);
        for waiting in self.under_way.values_mut() {
            let took = now.saturating_duration_since(waiting.since);
            if took < waiting.next {
                continue;
            }
            // A machine that slept tells it once.
            while waiting.next <= took && !again.is_zero() {
                waiting.next = waiting.next.saturating_add(again);
            }
            if shown == MOST_LINES {
                hidden += 1;
                continue;
            }
            shown += 1;
            let took = unit::Duration::from_seconds(i64::try_from(took.as_secs()).unwrap_or(i64::MAX));
            text += &format!("running  {} ({took})\n", waiting.title);
        }
        if hidden > 0 {
            text += &format!("running  {hidden} more\n");
        }
        if let Some(left) = self.left.as_ref().filter(|_| !text.is_empty()) {
            text += &format!("{left}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINES, Patience, Quiet, Title};
    use std::time::{Duration, Instant};
    use wf_model::event::InstanceId;

    fn title(path: &str) -> Title {
        Title { path: path.into(), kind: None, rounds: Vec::new() }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_step_that_runs_long_is_told_once_and_then_now_and_again() {
        let (mut quiet, start) = (Quiet::new(Patience::default()), Instant::now());
        quiet.begin(InstanceId(1), title("build"), start);
        quiet.begin(InstanceId(2), title("test"), start + 20 * SECOND);
        assert_eq!(quiet.due(start + 29 * SECOND), "");
        assert_eq!(quiet.due(start + 30 * SECOND), "running  build (30s)\n");
        quiet.expects(Some("left     1m".to_owned()));
        assert_eq!(quiet.due(start + 31 * SECOND), "");
        quiet.begin(InstanceId(1), title("build"), start + 40 * SECOND);
        quiet.end(InstanceId(2));
        assert_eq!(quiet.due(start + 329 * SECOND), "");
        assert_eq!(quiet.due(start + 330 * SECOND), "running  build (5m30s)\nleft     1m\n");
        quiet.expects(None);
        assert_eq!(quiet.due(start + 3_000 * SECOND), "running  build (50m)\n");
        assert_eq!(quiet.due(start + 3_001 * SECOND), "");
    }

    #[test]
    fn many_steps_are_counted() {
        let patience = Patience { first: SECOND, again: SECOND };
        let (mut quiet, start) = (Quiet::new(patience), Instant::now());
        for number in 0..MOST_LINES + 3 {
            quiet.begin(InstanceId(number.try_into().unwrap()), title("a"), start);
        }
        let told = quiet.due(start + SECOND);
        assert!(told.ends_with("running  3 more\n") && told.lines().count() == MOST_LINES + 1, "{told}");
        quiet.clear();
        assert_eq!(quiet.due(start + 9 * SECOND), "");
    }
}
