//! The lines of a run's report.

use crate::report::escape::printable_line;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use wf_model::event::{FailedInstance, InstanceKind, RollbackCause};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Attribute, AttributeValue, Invocation, Program, StatementKind};
use wf_model::script::ScriptPart;
use wf_model::source::{Source, Sources};
use wf_model::span::Span;
use wf_model::unit::Duration;

/// How many lines of a failed step's output are shown.
const TAIL: usize = 20;

/// Longer lines are cut.
const LONGEST_LINE: usize = 2_000;

/// Longer expressions are not shown beside what went wrong in them.
const LONGEST_EXPRESSION: usize = 80;

/// How a step ended.
pub(super) enum Finished<'a> {
    Done,
    /// An earlier success counts.
    Cached {
        /// The run in which it was.
        from: &'a str,
        /// How many outputs were restored.
        restored: u64,
    },
    Failed {
        message: &'a str,
        attempts: u32,
        /// Whether the run goes on.
        continued: bool,
    },
    Stopped,
    /// The undo of a step.
    Undone,
    UndoFailed {
        message: &'a str,
        attempts: u32,
    },
}

impl Finished<'_> {
    /// `done     build (1.2s)`; the first word carries the state, with or without colours.
    pub(super) fn line(&self, path: &str, rounds: &[u64], took: Option<Duration>) -> String {
        let mut step = printable_line(path);
        let mut separator = " (";
        let mut detail = |detail: &str| {
            step.extend([separator, detail]);
            separator = ", ";
        };
        if !rounds.is_empty() {
            detail(&in_rounds(rounds));
        }
        if let Some(took) = took {
            detail(&rounded(took));
        }
        if let Self::Failed { attempts: attempts @ 2.., .. } | Self::UndoFailed { attempts: attempts @ 2.., .. } = self {
            detail(&format!("{attempts} attempts"));
        }
        if separator == ", " {
            step.push(')');
        }
        match self {
            Self::Done => format!("done     {step}"),
            Self::Cached { from, restored } => {
                let files = match restored {
                    0 => String::new(),
                    1 => "; 1 output restored".to_owned(),
                    restored => format!("; {restored} outputs restored"),
                };
                format!("cached   {step}: from run {}{files}", printable_line(from))
            }
            Self::Failed { message, continued, .. } => {
                let further = if *continued { "; the run goes on" } else { "" };
                format!("failed   {step}: {}{further}", printable_line(message))
            }
            Self::Stopped => format!("stopped  {step}"),
            Self::Undone => format!("undone   {step}"),
            Self::UndoFailed { message, .. } => format!("failed   undo of {step}: {}", printable_line(message)),
        }
    }
}

/// `round 3`, counted from one; of rounds within rounds `round 3.1`.
pub(super) fn in_rounds(rounds: &[u64]) -> String {
    let numbers: Vec<String> = rounds.iter().map(|round| round.saturating_add(1).to_string()).collect();
    if numbers.is_empty() { String::new() } else { format!("round {}", numbers.join(".")) }
}

/// What an instance is called: its path, or what it is where it has no name; a text only where it is shown, as most are not.
#[derive(Clone, Debug)]
pub(super) struct Title {
    pub(super) path: Arc<str>,
    pub(super) kind: Option<InstanceKind>,
    pub(super) rounds: Vec<u64>,
}

impl fmt::Display for Title {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(InstanceKind::Undo(_)) = self.kind {
            formatter.write_str("undo of ")?;
        }
        formatter.write_str(&match &*self.path {
            "" => unnamed(self.kind.as_ref()).into(),
            path => printable_line(path),
        })?;
        if self.rounds.is_empty() { Ok(()) } else { write!(formatter, " ({})", in_rounds(&self.rounds)) }
    }
}

/// What something is called that has no name.
const fn unnamed(kind: Option<&InstanceKind>) -> &'static str {
    match kind {
        Some(InstanceKind::If) => "the `if`",
        Some(InstanceKind::Stage) => "the stage",
        Some(InstanceKind::Parallel) => "the parallel block",
        Some(InstanceKind::ForEach | InstanceKind::Repeat) => "the loop",
        Some(InstanceKind::Rollback) => "the rollback",
        Some(
            InstanceKind::Let
            | InstanceKind::Step(_)
            | InstanceKind::Call(_)
            | InstanceKind::Undo(_)
            | InstanceKind::Checkpoint
            | InstanceKind::Commit,
        )
        | None => "the workflow",
    }
}

/// Whether something is made of statements, so that what fails in it is told already.
pub(super) const fn is_block(kind: &InstanceKind) -> bool {
    match kind {
        InstanceKind::Call(_)
        | InstanceKind::If
        | InstanceKind::Stage
        | InstanceKind::Parallel
        | InstanceKind::ForEach
        | InstanceKind::Repeat => true,
        InstanceKind::Let
        | InstanceKind::Step(_)
        | InstanceKind::Undo(_)
        | InstanceKind::Rollback
        | InstanceKind::Checkpoint
        | InstanceKind::Commit => false,
    }
}

/// The line above a rollback.
pub(super) fn rollback(title: &Title, cause: RollbackCause, steps: usize) -> String {
    let steps = if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") };
    let why = match cause {
        RollbackCause::Handler | RollbackCause::Request => String::new(),
        RollbackCause::Retry => format!(" before {title} is tried again"),
        RollbackCause::LostRace => format!(" that lost the race {title}"),
    };
    format!("rollback {steps}{why}")
}

/// The line of a rollback that somebody has to ask for; the steps are named in the order in which they would be undone, as far as
/// one follows the other.
pub(super) fn rollback_waits(steps: &[Arc<str>]) -> String {
    match steps {
        [] => "waits    for its rollback; there is nothing to undo".to_owned(),
        steps => {
            let names: Vec<String> = steps.iter().rev().map(|step| printable_line(step)).collect();
            format!("waits    for its rollback, of {}", names.join(", "))
        }
    }
}

/// A time as precise as people read it: `703ms`, `4.2s`, `2m5s`.
pub(crate) fn rounded(time: Duration) -> String {
    match time.milliseconds {
        milliseconds @ 1_000..60_000 => format!("{}.{}s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        ..60_000 => time.to_string(),
        milliseconds => Duration::from_seconds(milliseconds / 1_000).to_string(),
    }
}

/// The last lines that a step wrote.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// As bytes: of many lines few are ever shown.
    lines: VecDeque<Vec<u8>>,
    /// What came behind the last line break.
    rest: Vec<u8>,
    dropped: bool,
}

impl Tail {
    /// Takes output in; the lines that became whole, where they are asked for.
    pub(super) fn take(&mut self, bytes: &[u8], wanted: bool) -> Vec<String> {
        let bytes = if wanted { bytes } else { self.skip(bytes) };
        let mut whole = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST_LINE.saturating_sub(self.rest.len());
            self.rest.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if pieces.peek().is_some() {
                if wanted {
                    whole.push(shown(&self.rest));
                }
                self.push();
            }
        }
        whole
    }

    /// Drops at once what only lines are made of that would be dropped for later ones of the same bytes; gives the rest.
    fn skip<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut breaks = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let Some((index, _)) = breaks.nth(TAIL) else { return bytes };
        self.lines.clear();
        self.rest.clear();
        self.dropped = true;
        bytes.get(index + 1..).unwrap_or_default()
    }

    /// Takes what came behind the last line break as a line.
    fn push(&mut self) {
        let mut next = Vec::new();
        if self.lines.len() == TAIL {
            next = self.lines.pop_front().unwrap_or_default();
            next.clear();
            self.dropped = true;
        }
        self.lines.push_back(std::mem::replace(&mut self.rest, next));
    }

    /// Ends the line that has no line break, and gives it.
    pub(super) fn end_line(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let line = shown(&self.rest);
        self.push();
        Some(line)
    }

    /// The last line with something on it.
    pub(super) fn last(self) -> Option<String> {
        self.text().lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
    }

    /// The lines, with a mark where earlier ones were dropped.
    pub(super) fn text(mut self) -> String {
        self.end_line();
        let mark = if self.dropped { "…\n" } else { "" };
        self.lines.iter().fold(mark.to_owned(), |text, line| text + &shown(line) + "\n")
    }
}

/// A line as text, however it ended.
fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches('\r').to_owned()
}

/// A line of a file: `deploy.wf:12`.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    file: String,
    line: u32,
}

impl Spot {
    fn of(source: &Source, span: Span) -> Self {
        Self { file: source.name.to_string(), line: source.position(span.start).line }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// What is said of a step beside what it did.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// Where it stands.
    pub(super) place: Spot,
    /// What it runs, with values as the file writes them; empty for kinds that run no command.
    pub(super) command: String,
    /// Where the first and the last line of its code stand.
    code: Option<(Spot, u32)>,
}

/// How steps are written in their files, by the last name of their path.
pub(super) struct Steps {
    steps: HashMap<Arc<str>, Option<Written>>,
    undos: HashMap<Arc<str>, Option<Written>>,
    sources: Sources,
}

impl Steps {
    pub(super) fn new(program: &Program, sources: &Sources) -> Self {
        let (mut steps, mut undos) = (HashMap::new(), HashMap::new());
        for (_, workflow) in program.workflows.iter() {
            for (_, statement) in workflow.statements.iter() {
                let (Some(name), StatementKind::Step(step)) = (&statement.name, &statement.kind) else { continue };
                note(&mut steps, name, Written::of(&step.invocation, statement.span, sources));
                let undo = step.clauses.undo().map(|undo| (&undo.invocation, undo.invocation.span));
                let itself = step.clauses.is_undoable().then_some((&step.invocation, statement.span));
                if let Some((invocation, span)) = undo.or(itself) {
                    note(&mut undos, name, Written::of(invocation, span, sources));
                }
            }
        }
        Self { steps, undos, sources: sources.clone() }
    }

    /// What went wrong with a step, or its undo; with the expression and its place where one failed.
    pub(super) fn message(&self, path: &str, is_undo: bool, failure: &Failure) -> String {
        let written = failure.span.and_then(|span| Some((span, self.sources.get(span.source)?)));
        let Some((span, source)) = written else {
            let code = if is_undo { self.undo_of(path) } else { self.of(path) };
            let place = code.and_then(|written| written.line_of_code(failure.line?));
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            return format!("{}{place}", failure.message);
        };
        let place = Spot::of(source, span);
        match source.slice(span) {
            // What ran out of time is a block, whose head says nothing of it.
            _ if failure.kind == FailureKind::Timeout => format!("{} ({place})", failure.message),
            // The message says it already.
            text if failure.message.contains(&format!("`{text}`")) => format!("{} ({place})", failure.message),
            text if text.is_empty() || text.len() > LONGEST_EXPRESSION || text.contains('\n') => {
                format!("{} ({place})", failure.message)
            }
            text => format!("{} in `{text}` ({place})", failure.message),
        }
    }

    /// Where what failed stands: the expression or block, the line of its code, or else the step.
    pub(super) fn place(&self, cause: &FailedInstance) -> Option<Spot> {
        let span = cause.failure.span.and_then(|span| Some(Spot::of(self.sources.get(span.source)?, span)));
        let step = self.of(&cause.path);
        let code = || step?.line_of_code(cause.failure.line?);
        span.or_else(code).or_else(|| Some(step?.place.clone()))
    }

    /// The step at a path of a run.
    pub(super) fn of(&self, path: &str) -> Option<&Written> {
        self.steps.get(name_in(path)?)?.as_ref()
    }

    /// What the undo of a step does, by the step's path.
    pub(super) fn undo_of(&self, path: &str) -> Option<&Written> {
        self.undos.get(name_in(path)?)?.as_ref()
    }
}

impl Written {
    fn of(invocation: &Invocation, span: Span, sources: &Sources) -> Option<Self> {
        let source = sources.get(span.source)?;
        let command = invocation.attributes.iter().find_map(|given| command(given, source)).unwrap_or_default();
        let code = invocation.attributes.iter().find_map(|given| code(given, source));
        Some(Self { place: Spot::of(source, span), command, code })
    }

    /// Where a line of its code stands.
    fn line_of_code(&self, line: u32) -> Option<Spot> {
        let (first, last) = self.code.as_ref()?;
        let line = first.line.checked_add(line.checked_sub(1)?)?;
        (line <= *last).then(|| Spot { file: first.file.clone(), line })
    }
}

/// Where the lines of a step's code stand, where it is written out: in a block string they begin behind the quotes.
fn code(given: &Attribute, source: &Source) -> Option<(Spot, u32)> {
    let AttributeValue::Expression(text) = &given.value else { return None };
    if &*given.name != "code" || text.constant_text().is_none() {
        return None;
    }
    let written = source.slice(text.span);
    let block = ["'''", "\"\"\""].iter().find_map(|quotes| written.strip_prefix(quotes));
    let is_block = block.is_some_and(|block| block.lines().next().is_some_and(|line| line.trim().is_empty()));
    let mut first = Spot::of(source, text.span);
    let last = source.position(text.span.end).line;
    if is_block {
        first.line += 1;
        return Some((first, last));
    }
    // Escapes can make more lines of one.
    let one_line = first.line;
    Some((first, one_line))
}

/// Keeps what stands under a name; one that two workflows have tells nothing.
fn note(known: &mut HashMap<Arc<str>, Option<Written>>, name: &Arc<str>, written: Option<Written>) {
    let first = !known.contains_key(name);
    known.insert(name.clone(), written.filter(|_| first));
}

/// The name of a step at the end of its path.
pub(super) fn name_in(path: &str) -> Option<&str> {
    path.rsplit('.').next()?.split('[').next()
}

/// The command that an attribute holds.
fn command(given: &Attribute, source: &Source) -> Option<String> {
    match &given.value {
        AttributeValue::Script(script) => Some(
            script
                .parts
                .iter()
                .map(|part| match part {
                    ScriptPart::Literal(text) => text.to_string(),
                    ScriptPart::Value { value, .. } => format!("${{{}}}", source.slice(value.span)),
                })
                .collect(),
        ),
        AttributeValue::Expression(words) if &*given.name == "run" => Some(source.slice(words.span).to_owned()),
        AttributeValue::Expression(_) => None,
    }
}

/// An annotation of GitHub Actions for a run that failed.
pub(super) fn error(place: Option<&Spot>, message: &str) -> String {
    format!("::error {}title=run failed::{}\n", located(place), annotation(message))
}

/// An annotation of GitHub Actions for a step that is slow.
pub(super) fn warning(place: Option<&Spot>, message: &str) -> String {
    format!("::warning {}title=slow step::{}", located(place), annotation(message))
}

/// Where an annotation stands.
fn located(place: Option<&Spot>) -> String {
    let property = |text: &str| annotation(text).replace(':', "%3A").replace(',', "%2C");
    place.map(|place| format!("file={},line={},", property(&place.file), place.line)).unwrap_or_default()
}

/// Text as an annotation of GitHub Actions takes it.
pub(super) fn annotation(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::{Finished, TAIL, Tail, rounded};
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
        let mut at_once = Tail::default();
        at_once.take(b"before\nand", false);
        at_once.take((0..TAIL + 5).map(|number| format!("{number}\n")).collect::<String>().as_bytes(), false);
        let text = long.text();
        assert_eq!(at_once.text(), text);
        assert!(text.starts_with("…\n5\n") && text.lines().count() == TAIL + 1, "{text}");
    }

    #[test]
    fn times_are_as_precise_as_people_read_them() {
        let rounded = |milliseconds| rounded(Duration { milliseconds });
        assert_eq!(rounded(703), "703ms");
        assert_eq!(rounded(4_019), "4.0s");
        assert_eq!(rounded(59_999), "59.9s");
        assert_eq!(rounded(125_999), "2m5s");
    }

    #[test]
    fn control_characters_of_a_message_are_written_out() {
        let failed = Finished::Failed { message: "\u{1b}[2J", attempts: 3, continued: false };
        let line = failed.line("a\u{7}", &[1, 0], Some(Duration::from_seconds(61)));
        assert_eq!(line, "failed   a\\u{7} (round 2.1, 1m1s, 3 attempts): \\u{1b}[2J");
    }
}
