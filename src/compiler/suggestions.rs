//! A limit to the search for near names.

use std::cell::Cell;

/// So many unknown names of a file are compared with all that are known: a thousand of them are one mistake, not a thousand.
const MOST: u32 = 100;

/// Says for how many unknown names a near one is still looked for.
#[derive(Debug)]
pub(crate) struct Suggestions {
    left: Cell<u32>,
}

impl Default for Suggestions {
    fn default() -> Self {
        Self { left: Cell::new(MOST) }
    }
}

impl Suggestions {
    /// Whether to look for one more.
    pub(crate) fn wanted(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}
