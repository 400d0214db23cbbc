//! Large bodies, which several threads read at once.
//!
//! An entry is read the same wherever it stands, unless something is wrong above it. So the threads read a share of the entries
//! each, and what they make counts only where none of them found anything; else the body is read once more, from its first entry
//! to its last.

use super::Parser;
use crate::ast::Entry as Statement;
use crate::scan::Entry;
use std::collections::HashSet;
use std::num::NonZero;
use std::thread::{Builder, available_parallelism, scope};

/// So many entries are worth a thread: it starts in the time that a few of them take.
const SHARE: usize = 250;

/// More threads find too little to do in a file that somebody would write.
const MOST_LANES: usize = 8;

/// Each thread may nest as deep as the first one of a process.
const STACK: usize = 8 << 20;

impl Parser<'_> {
    /// Entries that several threads read; `None` where they are few, or something is wrong with one.
    pub(super) fn in_lanes(&mut self, entries: &[Entry]) -> Option<Vec<Statement>> {
        let undisturbed = self.patch.is_none() && self.said.is_empty();
        if self.alone || !undisturbed || entries.len() < 2 * SHARE {
            return None;
        }
        let processors = available_parallelism().map_or(1, NonZero::get);
        let lanes = processors.min(entries.len() / SHARE).min(MOST_LANES);
        let read = if lanes > 1 { self.shares(entries, entries.len().div_ceil(lanes)) } else { None };
        // What could not be shared out once is not tried again further in, lest a file be read once more for each level.
        self.alone = read.is_none();
        read
    }

    /// Entries of which each thread reads `share`; the first share is this thread's.
    fn shares(&self, entries: &[Entry], share: usize) -> Option<Vec<Statement>> {
        let (first, rest) = entries.split_at_checked(share)?;
        scope(|threads| {
            let start = |share| {
                let mut parser = self.lane();
                let thread = Builder::new().stack_size(STACK);
                thread.spawn_scoped(threads, move || parser.flawless(share)).ok()
            };
            let started: Vec<_> = rest.chunks(share).map(start).collect();
            let mut read = self.lane().flawless(first)?;
            read.reserve_exact(rest.len());
            for thread in started {
                read.append(&mut thread?.join().ok()??);
            }
            Some(read)
        })
    }

    /// A parser for some entries of the body at hand.
    fn lane(&self) -> Self {
        let Self { source, text, in_invocation, readings, .. } = *self;
        Self {
            source,
            text,
            in_invocation,
            readings,
            diagnostics: Vec::new(),
            patch: None,
            of_shell: false,
            declared: HashSet::new(),
            said: Vec::new(),
            alone: true,
        }
    }

    /// The statements of entries; `None` where anything is wrong with them.
    fn flawless(&mut self, entries: &[Entry]) -> Option<Vec<Statement>> {
        let read = entries.iter().filter_map(|entry| self.entry(entry)).collect();
        (self.diagnostics.is_empty() && self.said.is_empty()).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Parser};
    use crate::ast::{Entry as Statement, Item};
    use crate::parse;
    use crate::scan::{Part, scan};
    use crate::tree::Parsed;
    use crate::tree::pasted::Surroundings;
    use std::collections::{HashMap, HashSet};
    use wf_model::span::SourceId;

    /// A workflow of many steps, of which one is written differently.
    fn file(different: &str) -> String {
        let step = |number| if number == 700 { different.to_owned() } else { format!("step s{number}: shell \"make\"\n") };
        format!("workflow main {{\n{}}}\n", (0..1_000).map(step).collect::<String>())
    }

    fn body(parsed: &Parsed) -> &[Statement] {
        match parsed.file.items.as_slice() {
            [Item::Workflow(workflow)] => &workflow.body.entries,
            other => panic!("{other:?}"),
        }
    }

    /// What one thread makes of the body of a file.
    fn alone(text: &str) -> (Vec<Statement>, Vec<String>) {
        let scanned = scan(SourceId(0), text);
        let Some(Part::Body(body)) = scanned.entries.first().and_then(|entry: &Entry| entry.parts.get(1)) else { panic!() };
        let (source, readings, said) = (SourceId(0), &HashMap::new(), Vec::new());
        let mut parser = Parser {
            source,
            text,
            diagnostics: Vec::new(),
            patch: None,
            in_invocation: false,
            of_shell: false,
            declared: HashSet::new(),
            readings,
            said,
            alone: true,
        };
        let entries = parser.gathered(&body.entries, Surroundings::Statements);
        (entries, parser.diagnostics.iter().map(|found| format!("{found:?}")).collect())
    }

    #[test]
    fn several_threads_read_what_one_reads() {
        for different in ["step s700: shell \"x\"\n", "", "parallel {\n step s700: shell \"x\"\n}\n", "let a = 1\nlet b = 2\n"] {
            let text = file(different);
            let parsed = parse(SourceId(0), &text);
            assert_eq!(parsed.diagnostics, []);
            assert_eq!(body(&parsed), alone(&text).0);
        }
    }

    #[test]
    fn a_mistake_in_a_large_body_is_reported_once() {
        for different in [
            "step s700 shell \"x\"\n",
            "cd build; make\n",
            "cd build\nmake all\n",
            "stop s700: shell \"x\"\n",
            "step 7: shell \"x\"\n",
        ] {
            let text = file(different);
            let parsed = parse(SourceId(0), &text);
            let (entries, found) = alone(&text);
            assert_eq!(body(&parsed), entries);
            assert_eq!(parsed.diagnostics.iter().map(|found| format!("{found:?}")).collect::<Vec<_>>(), found, "{different}");
        }
    }
}
