//! Where the lines of a run go: on a terminal below them a line for each step under way, elsewhere nothing but the lines.

use super::look;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;
use wf_model::event::InstanceId;

/// At most so many steps under way have a line.
const MOST_LINES: usize = 16;

/// stderr, as a run uses it.
pub(super) struct Screen {
    live: Option<MultiProgress>,
    bars: HashMap<InstanceId, ProgressBar>,
}

/// Whether steps under way can be drawn.
pub(super) fn is_live() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && look().unicode && !set("CI")
}

impl Screen {
    pub(super) fn new(live: bool) -> Self {
        let live = live.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { live, bars: HashMap::new() }
    }

    /// Writes a line, which may have several, and that stays.
    pub(super) fn line(&self, line: &str) {
        // A reader that went away misses the lines; the run goes on.
        let _ = match &self.live {
            Some(live) => live.println(line),
            None => io::stderr().write_all(format!("{line}\n").as_bytes()),
        };
    }

    /// Draws a step that began.
    pub(super) fn begin(&mut self, id: InstanceId, path: &str) {
        let Some(live) = self.live.as_ref().filter(|_| self.bars.len() < MOST_LINES) else { return };
        if self.bars.contains_key(&id) {
            return;
        }
        let bar = live.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("running  {msg} {elapsed} {spinner}") {
            bar.set_style(style);
        }
        bar.set_message(path.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        self.bars.insert(id, bar);
    }

    /// Takes the line of a step away.
    pub(super) fn end(&mut self, id: InstanceId) {
        if let Some(bar) = self.bars.remove(&id) {
            bar.finish_and_clear();
        }
    }

    /// Takes all lines of steps away.
    pub(super) fn finish(&mut self) {
        for (_, bar) in self.bars.drain() {
            bar.finish_and_clear();
        }
    }
}
