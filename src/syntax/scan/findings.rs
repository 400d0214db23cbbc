//! What can be wrong with strings, brackets and characters.

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// More bytes than a file may have.
pub(super) struct FileTooLarge {
    pub(super) span: Span,
}

impl Finding for FileTooLarge {
    const SLUG: &'static str = "file-too-large";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "the file is larger than 16 MB")
            .labelled("begins here")
            .with_help("Split it into files that `use` each other; data belongs into files that steps read.")
    }
}

/// A character that is no part of the language.
pub(super) struct StrayCharacter<'a> {
    pub(super) span: Span,
    pub(super) written: &'a str,
    /// Whether nothing more stands on its line.
    pub(super) line_ends: bool,
    /// The character that it stands right before.
    pub(super) before: Option<char>,
}

/// What does the work of `$(…)` and of backticks.
const COMMAND: &str =
    "What a command prints is the value of a step: `step NAME: shell \"date\" -> string`; a text stands in quotes.";

impl StrayCharacter<'_> {
    /// What to do about it, and what to write instead.
    fn advice(&self) -> (&'static str, Option<&'static str>) {
        match self.written.chars().next() {
            Some(';') if !self.line_ends => {
                ("Write a comma, or begin a new line: they stand between what a line holds.", Some(","))
            }
            Some(';') => ("Remove it: a line break ends a statement.", Some("")),
            Some('“' | '”' | '„' | '«' | '»') => ("Write a straight double quote, \".", Some("\"")),
            Some('‘' | '’' | '‚') => ("Write a straight single quote, '.", Some("'")),
            Some('–' | '—' | '−') => ("Write a plain minus, -.", Some("-")),
            Some('\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{202f}' | '\u{3000}' | '\u{feff}') => {
                ("Write a plain blank; this one only looks like it.", Some(" "))
            }
            Some('\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                ("Remove it: it changes the order in which text is shown, so that readers see something else.", Some(""))
            }
            Some('$') if self.before == Some('(') => (COMMAND, None),
            Some('$') if self.before.is_some_and(|next| next.is_ascii_alphabetic()) => {
                ("Write the name alone; `${…}` stands inside strings.", Some(""))
            }
            Some('$') => ("Write the name alone; `${…}` stands inside strings.", None),
            Some('`') => (COMMAND, None),
            Some('&') => ("Write `and`.", None),
            _ => ("Remove it, or put it into a string.", None),
        }
    }
}

/// A character as it stands, unless nobody would see it.
fn shown(character: char) -> String {
    let hidden = matches!(character, '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{3000}' | '\u{feff}');
    if hidden || character.is_control() { character.escape_default().to_string() } else { character.to_string() }
}

impl Finding for StrayCharacter<'_> {
    const SLUG: &'static str = "stray-character";

    fn diagnostic(&self) -> Diagnostic {
        let (help, replacement) = self.advice();
        let shown: String = self.written.chars().take(30).map(shown).collect();
        let found = Self::at(self.span, format!("`{shown}` is no part of the language"))
            .labelled("stands outside every string")
            .with_help(help);
        if let Some(inside) = self.written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            let name = inside.trim();
            let named = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') && !name.is_empty();
            return if named { found.with_fix(format!("Write `{name}`"), self.span, name) } else { found };
        }
        match replacement {
            Some(text) if self.written.chars().count() == 1 => {
                let title = if text.is_empty() { "Remove it".to_owned() } else { format!("Write `{text}`") };
                found.with_fix(title, self.span, text)
            }
            _ => found,
        }
    }
}

/// A string without its closing quotes.
pub(super) struct UnclosedString {
    pub(super) open: Span,
    /// Where a quote would close it; `None` where one would not.
    pub(super) end: Option<Span>,
    pub(super) quotes: &'static str,
}

impl Finding for UnclosedString {
    const SLUG: &'static str = "unclosed-string";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.open, "the string is not closed").labelled("begins here");
        if self.quotes.len() == 1 {
            let found = found.with_help(format!(
                "Close it with {} on the same line; text of several lines stands between \"\"\".",
                self.quotes
            ));
            return match self.end {
                Some(end) => found.with_fix("Close it at the end of the line", end, self.quotes),
                None => found,
            };
        }
        found.with_help(format!("Close it with {}.", self.quotes))
    }
}

/// `${…` without its closing brace.
pub(super) struct UnclosedInterpolation {
    pub(super) place: Span,
}

impl Finding for UnclosedInterpolation {
    const SLUG: &'static str = "unclosed-interpolation";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.place, "`${` is not closed")
            .labelled("begins here")
            .with_help("Close it with `}` before the string ends, or write `\\${` for the two signs themselves.")
    }
}

/// The brace of a body on a line of its own.
pub(super) struct BraceBelow {
    /// Where the head ends.
    pub(super) head: Span,
    pub(super) brace: Span,
    /// Whether a comment stands between both.
    pub(super) comment: bool,
}

impl Finding for BraceBelow {
    const SLUG: &'static str = "brace-below";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.brace, "the brace of a body stands on a line of its own")
            .labelled("belongs to the end of the line above")
            .with_help("Put it behind the head: `workflow main {`.");
        if self.comment {
            return found;
        }
        found.with_fix("Put it at the end of the line above", self.head.to(self.brace), " {")
    }
}

/// A body without its closing brace.
pub(super) struct MissingBrace {
    pub(super) open: Span,
    /// Where the body seems to end.
    pub(super) end: Span,
    /// Whether a brace there surely closes it.
    pub(super) sure: bool,
}

impl Finding for MissingBrace {
    const SLUG: &'static str = "missing-brace";

    fn diagnostic(&self) -> Diagnostic {
        let found = Self::at(self.open, "the body is not closed")
            .labelled("opened here")
            .with_label(self.end, "seems to end here")
            .with_help("Close it with `}` on a line of its own.");
        if self.sure { found.with_fix("Close it where it seems to end", self.end, "\n}") } else { found }
    }
}

/// A closing brace that closes nothing.
pub(super) struct StrayBrace {
    pub(super) span: Span,
}

impl Finding for StrayBrace {
    const SLUG: &'static str = "stray-brace";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this brace closes nothing")
            .labelled("no body is open here")
            .with_help("Remove it, or open a body before it.")
            .with_fix("Remove it", self.span, "")
    }
}

/// A closing bracket that closes nothing.
pub(super) struct StrayBracket {
    pub(super) span: Span,
}

impl Finding for StrayBracket {
    const SLUG: &'static str = "stray-bracket";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, "this bracket closes nothing")
            .labelled("no such bracket is open here")
            .with_help("Remove it, or open one before it.")
            .with_fix("Remove it", self.span, "")
    }
}

/// A bracket that is not closed.
pub(super) struct UnclosedBracket<'a> {
    pub(super) open: Span,
    pub(super) sign: &'a str,
    /// Where it should have been closed.
    pub(super) at: Span,
}

impl Finding for UnclosedBracket<'_> {
    const SLUG: &'static str = "unclosed-bracket";

    fn diagnostic(&self) -> Diagnostic {
        let closer = match self.sign {
            "{" => "}",
            "[" => "]",
            _ => ")",
        };
        let found = Self::at(self.open, format!("`{}` is not closed", self.sign))
            .labelled("opened here")
            .with_label(self.at, format!("`{closer}` is missing here"))
            .with_help(format!("Close it with `{closer}`."));
        if self.at.length() == 0 {
            return found.with_fix(format!("Add `{closer}`"), self.at, closer);
        }
        found
    }
}
