//! Scripts of a shell that were pasted between the statements: lines that are none cost one diagnostic together.

use super::Parser;
use super::words::{ENTRIES, ITEMS};
use crate::ast::Entry as Statement;
use crate::scan::{Entry, Part};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// What is reported of a line that is no statement.
const OF_STRAY_LINES: [&str; 6] =
    ["unknown-statement", "statement-expected", "assignment", "else-without-if", "missing-body", "step-without-name"];

/// Words that begin a line of a script, and are the names of kinds too.
const KINDS_OF_SCRIPTS: [&str; 5] = ["sleep", "bash", "sh", "python", "file"];

/// Where the script stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// At the top of a file.
    File,
    /// Among statements.
    Statements,
    /// Among the attributes of a step.
    Attributes,
}

/// Consecutive lines of a shell where none belongs.
struct ShellLines {
    span: Span,
    lines: usize,
    among: Surroundings,
}

impl Finding for ShellLines {
    const SLUG: &'static str = "unknown-statement";

    fn diagnostic(&self) -> Diagnostic {
        let (place, help) = match self.among {
            Surroundings::File => (
                "outside every workflow",
                "Put them into a step of a workflow: `workflow main { step NAME: shell '''…''' }`, with the lines between the quotes.",
            ),
            Surroundings::Statements => (
                "where statements belong",
                "Put them into a step: `step NAME: shell '''…'''`, with the lines between the quotes; `\"\"\"…\"\"\"` lets `${…}` put values in.",
            ),
            Surroundings::Attributes => (
                "where attributes belong",
                "Put them into the text that the step runs: `run: '''…'''`, with the lines between the quotes; `\"\"\"…\"\"\"` lets `${…}` put values in.",
            ),
        };
        let lines = if self.lines == 1 {
            "a line of a shell stands".to_owned()
        } else {
            format!("{} lines of a shell stand", self.lines)
        };
        Self::at(self.span, format!("{lines} {place}")).labelled("nothing here is a statement").with_help(help)
    }
}

/// How an entry looks among the lines of a script.
enum Looks {
    /// Surely a line of a shell.
    Shell,
    /// No statement, whatever it is.
    Stray,
    /// A statement, or nearly one.
    Statement,
}

/// The lines in a row that are no statements, as far as they are read.
pub(super) struct Gathered<T> {
    among: Surroundings,
    /// What was read before them.
    all: Vec<T>,
    /// What stands for them where they are no script.
    read: Vec<T>,
    span: Option<Span>,
    entries: usize,
    sure: bool,
    /// How much was said before them.
    before: Said,
}

/// How much a parser has reported.
#[derive(Clone, Copy)]
struct Said {
    diagnostics: usize,
    heads: usize,
}

impl<T> Gathered<T> {
    /// Nothing yet.
    pub(super) fn new(parser: &Parser<'_>, among: Surroundings) -> Self {
        Self { among, all: Vec::new(), read: Vec::new(), span: None, entries: 0, sure: false, before: parser.said_so_far() }
    }

    /// Reads an entry, and puts it to those before it.
    pub(super) fn add<'a>(&mut self, parser: &mut Parser<'a>, entry: &Entry, read: impl FnOnce(&mut Parser<'a>) -> Option<T>) {
        let before = parser.said_so_far();
        let outer = std::mem::replace(&mut parser.of_shell, false);
        let statement = read(parser);
        let looks = parser.looks(entry, statement.is_some(), before, self.sure);
        parser.of_shell = outer;
        if matches!(looks, Looks::Statement) {
            self.end(parser, before);
            self.all.extend(statement);
            self.before = parser.said_so_far();
            return;
        }
        self.sure |= matches!(looks, Looks::Shell);
        self.entries += 1;
        self.span = Some(self.span.map_or(entry.span, |span| span.to(entry.span)));
        self.read.extend(statement);
    }

    /// All that is read.
    pub(super) fn finish(mut self, parser: &mut Parser<'_>) -> Vec<T> {
        let end = parser.said_so_far();
        self.end(parser, end);
        self.all
    }

    /// Says of a script that ends here what it is, instead of all that was said of its lines; what was said from `end` on stays.
    fn end(&mut self, parser: &mut Parser<'_>, end: Said) {
        let several = self.entries > 1 && end.diagnostics > self.before.diagnostics + 1;
        let script = self.span.take().filter(|_| self.sure && several);
        if let Some(span) = script {
            self.read.clear();
            parser.diagnostics.drain(self.before.diagnostics..end.diagnostics);
            parser.said.drain(self.before.heads..end.heads);
            parser.say_script(span, self.among);
        }
        self.all.append(&mut self.read);
        (self.entries, self.sure) = (0, false);
    }
}

impl Parser<'_> {
    /// Reads entries one after another; those in a row that are a script of the shell cost one diagnostic.
    pub(super) fn gathered(&mut self, entries: &[Entry], among: Surroundings) -> Vec<Statement> {
        if let Some(read) = self.in_lanes(entries) {
            return read;
        }
        let mut gathered = Gathered::new(self, among);
        for entry in entries {
            gathered.add(self, entry, |parser| parser.entry(entry));
        }
        gathered.finish(self)
    }

    fn said_so_far(&self) -> Said {
        Said { diagnostics: self.diagnostics.len(), heads: self.said.len() }
    }

    fn say_script(&mut self, span: Span, among: Surroundings) {
        let lines = self.slice(span).lines().filter(|line| !line.trim().is_empty()).count();
        // What the scanner found behind the last word of the line belongs to it too.
        let rest = self.text.get(span.end as usize..).unwrap_or("");
        let length = rest.find(['\n', '}']).unwrap_or(rest.len());
        self.said.push(self.span(span.start as usize, span.end as usize + length));
        self.diagnostics.push(ShellLines { span, lines, among }.diagnostic());
    }

    /// What an entry looks like of which all from `before` on was said.
    fn looks(&self, entry: &Entry, is_read: bool, before: Said, in_script: bool) -> Looks {
        let new = self.diagnostics.get(before.diagnostics..).unwrap_or_default();
        if is_read && new.is_empty() && !self.of_shell {
            return Looks::Statement;
        }
        let Some(Part::Head(head)) = entry.parts.first() else { return Looks::Statement };
        if !self.bodies_are_of_shell(entry) {
            return Looks::Statement;
        }
        if self.of_shell {
            return Looks::Shell;
        }
        let word = self.name_at(head.span).map(|name| name.text).unwrap_or_default();
        let known = ENTRIES.contains(&&*word) || ITEMS.contains(&&*word);
        if known && new.first().map_or(self.said.len() == before.heads, |first| first.slug == "missing-body" && &*word != "if") {
            return Looks::Statement;
        }
        let stray = new.first().is_none_or(|first| OF_STRAY_LINES.contains(&first.slug) && first.fix.is_none());
        let line = self.slice(head.span);
        let touching = line.get(word.len()..).is_some_and(|rest| rest.starts_with('=') && !rest.starts_with([' ', '\t']));
        let assigned = touching && new.first().is_some_and(|first| first.slug == "assignment");
        let named = new.first().is_some_and(|first| first.slug == "step-without-name");
        match () {
            () if assigned && in_script => Looks::Stray,
            () if is_read || !stray => Looks::Statement,
            () if named && !KINDS_OF_SCRIPTS.contains(&&*word) => Looks::Statement,
            () => Looks::Stray,
        }
    }

    /// Whether the braces of an entry are those of `${x}` and `name() { … }`.
    fn bodies_are_of_shell(&self, entry: &Entry) -> bool {
        entry.parts.iter().all(|part| match part {
            Part::Head(_) => true,
            Part::Body(body) => {
                let before = self.text.get(..body.open.start as usize).unwrap_or("");
                before.ends_with('$') || before.trim_end().ends_with("()")
            }
        })
    }
}
