//! How far a rehearsal is: on a terminal a line that is drawn again and again, and goes away; elsewhere nothing.

use crate::report::printable_line;
use crate::report::run::progress::is_live;
use console::{Term, truncate_str};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the line is drawn again.
const TICK: Duration = Duration::from_millis(100);

/// Tells how many scenarios of a workflow were performed, until it is dropped.
pub struct Progress {
    /// Nothing where nothing can be drawn.
    line: Option<Mutex<Line>>,
}

struct Line {
    term: Term,
    title: String,
    performed: usize,
    drawn: Option<Instant>,
}

impl Progress {
    /// For the rehearsal of a workflow of a file.
    #[must_use]
    pub fn of(file: &str, workflow: &str) -> Self {
        let title = printable_line(&format!("{file}:{workflow}"));
        let line = || Mutex::new(Line { term: Term::stderr(), title, performed: 0, drawn: None });
        Self { line: is_live().then(line) }
    }

    /// A scenario was performed.
    pub fn step(&self) {
        let Some(line) = &self.line else { return };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        line.performed += 1;
        if line.drawn.is_none_or(|drawn| drawn.elapsed() >= TICK) {
            line.drawn = Some(Instant::now());
            line.draw();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let Some(line) = &self.line else { return };
        // A reader that went away misses the line.
        let _ = line.lock().unwrap_or_else(PoisonError::into_inner).term.clear_line();
    }
}

impl Line {
    fn draw(&self) {
        let text = format!("rehearsing  {}, scenario {}", self.title, self.performed);
        let width = usize::from(self.term.size().1).saturating_sub(1);
        let _ = self.term.clear_line();
        let _ = self.term.write_str(&truncate_str(&text, width, "…"));
        let _ = self.term.flush();
    }
}
