//! The lines of a run's report.

use crate::report::escape::printable_line;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use wf_model::failure::Failure;
use wf_model::program::{Program, StatementKind};
use wf_model::source::Sources;
use wf_model::unit::Duration;

/// How many lines of a failed step's output are shown.
const TAIL: usize = 20;

/// Longer lines are cut.
const LONGEST_LINE: usize = 2_000;

/// How a step ended.
pub(super) enum Finished<'a> {
    Done,
    Failed(&'a Failure),
    /// It failed, and the run goes on.
    Continued(&'a Failure),
    Stopped,
}

impl Finished<'_> {
    /// `done     build (1.2s)`; the first word carries the state, with or without colours.
    pub(super) fn line(&self, path: &str, took: Option<Duration>) -> String {
        let path = printable_line(path);
        let took = took.map(|took| format!(" ({took})")).unwrap_or_default();
        match self {
            Self::Done => format!("done     {path}{took}"),
            Self::Failed(failure) => format!("failed   {path}{took}: {}", printable_line(&failure.message)),
            Self::Continued(failure) => {
                format!("failed   {path}{took}: {}; the run goes on", printable_line(&failure.message))
            }
            Self::Stopped => format!("stopped  {path}{took}"),
        }
    }
}

/// The last lines that a step wrote.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    /// What came behind the last line break.
    rest: Vec<u8>,
    dropped: bool,
}

impl Tail {
    /// Takes output in; the lines that became whole, where they are asked for.
    pub(super) fn take(&mut self, bytes: &[u8], wanted: bool) -> Vec<String> {
        let mut whole = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST_LINE.saturating_sub(self.rest.len());
            self.rest.extend(piece.iter().take(room));
            if pieces.peek().is_some() {
                let line = String::from_utf8_lossy(&self.rest).trim_end_matches('\r').to_owned();
                self.rest.clear();
                if wanted {
                    whole.push(line.clone());
                }
                self.push(line);
            }
        }
        whole
    }

    fn push(&mut self, line: String) {
        if self.lines.len() == TAIL {
            self.lines.pop_front();
            self.dropped = true;
        }
        self.lines.push_back(line);
    }

    /// The lines, with a mark where earlier ones were dropped.
    pub(super) fn text(mut self) -> String {
        if !self.rest.is_empty() {
            let line = String::from_utf8_lossy(&self.rest).into_owned();
            self.push(line);
        }
        let mark = if self.dropped { "…\n" } else { "" };
        self.lines.iter().fold(mark.to_owned(), |text, line| text + line + "\n")
    }
}

/// Where steps stand in their files, by the last name of their path.
pub(super) struct Places {
    places: HashMap<Arc<str>, Option<String>>,
}

impl Places {
    pub(super) fn new(program: &Program, sources: &Sources) -> Self {
        let mut places: HashMap<Arc<str>, Option<String>> = HashMap::new();
        for (_, workflow) in program.workflows.iter() {
            for (_, statement) in workflow.statements.iter() {
                let (Some(name), StatementKind::Step(_)) = (&statement.name, &statement.kind) else { continue };
                let source = sources.get(statement.span.source);
                let place = source.map(|source| format!("{}:{}", source.name, source.position(statement.span.start).line));
                // A name that two workflows have tells nothing.
                let known = places.contains_key(name);
                places.insert(name.clone(), place.filter(|_| !known));
            }
        }
        Self { places }
    }

    /// `deploy.wf:12`
    pub(super) fn of(&self, path: &str) -> Option<String> {
        let last = path.rsplit('.').next()?;
        let name = last.split('[').next()?;
        self.places.get(name).cloned().flatten()
    }
}

/// Text as an annotation of GitHub Actions takes it.
pub(super) fn annotation(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::{Finished, TAIL, Tail};
    use wf_model::failure::{Failure, FailureKind};
    use wf_model::unit::Duration;

    #[test]
    fn the_last_lines_are_kept_whole() {
        let mut tail = Tail::default();
        assert_eq!(tail.take(b"one\ntw", true), ["one"]);
        assert_eq!(tail.take(b"o\nthree", true), ["two"]);
        assert_eq!(tail.text(), "one\ntwo\nthree\n");
        let mut long = Tail::default();
        for number in 0..TAIL + 5 {
            long.take(format!("{number}\n").as_bytes(), false);
        }
        let text = long.text();
        assert!(text.starts_with("…\n5\n") && text.lines().count() == TAIL + 1, "{text}");
    }

    #[test]
    fn control_characters_of_a_message_are_written_out() {
        let failure = Failure::final_of(FailureKind::Exit, "\u{1b}[2J");
        let line = Finished::Failed(&failure).line("a\u{7}", Some(Duration::from_seconds(61)));
        assert_eq!(line, "failed   a\\u{7} (1m1s): \\u{1b}[2J");
    }
}
