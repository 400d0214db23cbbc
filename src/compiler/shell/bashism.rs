//! What bash reads and the shell of POSIX does not.

use super::lexer::Lexer;
use super::symbols::Symbols;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::span::Span;

/// A place in a text that needs bash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bashism {
    /// What it is.
    pub(super) kind: BashismKind,
    /// Its first symbol.
    start: usize,
    /// Its last symbol.
    last: usize,
}

/// The sorts of what needs bash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BashismKind {
    /// `[[ … ]]`
    Test,
    /// `source FILE`
    Source,
    /// `a=(…)`
    Array,
    /// `<(…)` and `>(…)`
    ProcessSubstitution,
    /// `<<<`
    HereString,
    /// `function f {`
    Function,
    /// `==` in `[ … ]`
    Equality,
    /// `&>`
    BothStreams,
    /// `|&`
    BothStreamsPiped,
    /// `$'…'`
    DollarQuotes,
    /// `{1..5}`, `{a,b}`
    Braces,
}

impl Lexer<'_> {
    /// Notes that the symbols from `start` on, `length` of them, need bash; once for each sort.
    pub(super) fn needs_bash(&mut self, kind: BashismKind, start: usize, length: usize) {
        let noted = &mut self.reading.bashisms;
        if noted.iter().all(|known| known.kind != kind) {
            noted.push(Bashism { kind, start, last: start + length.saturating_sub(1) });
        }
    }

    /// As [`Lexer::needs_bash`], for the plain word that has just ended at `place` or before it.
    pub(super) fn word_needs_bash(&mut self, kind: BashismKind, word: &str, place: usize) {
        let end = place + usize::from(self.symbol_is_last_of(word, place));
        self.needs_bash(kind, end.saturating_sub(word.len()), word.len());
    }
}

/// Reports what a text needs bash for.
pub(super) fn report(bashism: Bashism, symbols: &Symbols, diagnostics: &mut Vec<Diagnostic>) {
    let span = symbols.span(bashism.start).to(symbols.span(bashism.last));
    diagnostics.push(ShellNotPosix { span, kind: bashism.kind }.diagnostic());
}

/// Text for `sh` that only bash reads as it is meant.
#[derive(Debug)]
struct ShellNotPosix {
    span: Span,
    kind: BashismKind,
}

impl BashismKind {
    /// How it is called, and what to write instead.
    fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Test => ("`[[ … ]]`", "Write `[ … ]`, or `case … in` for patterns"),
            Self::Source => ("`source`", "Write `. ./FILE`"),
            Self::Array => ("an array", "Write `set -- …` and use `\"$@\"`, or give the text a list as `${list}`"),
            Self::ProcessSubstitution => ("`<(…)`", "Write a pipe, or a file in between"),
            Self::HereString => ("`<<<`", "Write `printf '%s\\n' … |` before the command"),
            Self::Function => ("`function`", "Write `NAME() {`"),
            Self::Equality => ("`==` in `[ … ]`", "Write `=`"),
            Self::BothStreams => ("`&>`", "Write `> FILE 2>&1`"),
            Self::BothStreamsPiped => ("`|&`", "Write `2>&1 |`"),
            Self::DollarQuotes => ("`$'…'`", "Write `\"$(printf '…')\"`"),
            Self::Braces => {
                ("a brace expansion", "Write the words out, or `$(seq 1 5)` for numbers, quote braces that mean themselves")
            }
        }
    }
}

impl Finding for ShellNotPosix {
    const SLUG: &'static str = "shell-not-posix";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let (what, instead) = self.kind.advice();
        let found = Self::at(self.span, format!("{what} stands in text for `sh`"))
            .labelled("bash reads this, other shells do not")
            .with_help(format!("{instead}, or let bash read the text: `shell: \"bash\"`."));
        match self.kind {
            BashismKind::Equality => found.with_fix("Write `=`", self.span, "="),
            _ => found,
        }
    }
}
