//! One linear, lossless pass over a file: tokens, and the entries that they make up.
//!
//! **Entries.** A file and a body hold entries. An entry is a head, or heads and bodies in turn. A `{` outside brackets opens a
//! body where an operand ends right before it (a name, a literal, a closing bracket, `?`, `%`), and a literal behind an operator,
//! `:`, `=`, `->` or a word such as `in` or `with`. An entry ends with its line, unless brackets are open, the line ends with an
//! operator, or the next one begins with one (but `-`), with `->`, `then`, `depends` or `when`. A comma ends it too, but not
//! between the variables of `for` and the names of `depends on`.
//!
//! **Recovery.** Indentation means nothing in a file whose braces match. Only where they do not, it tells which one is missing or
//! too many.

mod entries;
mod findings;
mod lines;
#[cfg(test)]
mod tests;
mod tokens;

use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// A file has no more bytes.
pub const LARGEST_FILE: usize = 16 << 20;

/// A piece of the text. All tokens together are the text, without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where.
    pub span: Span,
}

/// The sorts of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and tabs; at the start of a file also a byte order mark.
    Blank,
    /// One line break.
    LineBreak,
    /// `# …`
    Comment,
    /// `## …`
    Doc,
    /// An identifier or keyword.
    Word,
    /// What begins with a digit.
    Number,
    /// A whole string, quotes and values included.
    Text,
    /// An operator or bracket.
    Sign,
    /// What is no part of the language.
    Stray,
}

/// What a scan gives, always.
#[derive(Clone, Debug)]
pub struct Scan {
    /// All of the text.
    pub tokens: Vec<Token>,
    /// The entries of the file.
    pub entries: Vec<Entry>,
    /// What was found wrong with strings, brackets and characters.
    pub diagnostics: Vec<Diagnostic>,
}

/// A declaration, statement, clause or attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// From its first word to its end.
    pub span: Span,
    /// The `##` lines right above it.
    pub doc: Option<Span>,
    /// Heads and bodies in written order.
    pub parts: Vec<Part>,
}

/// A part of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text for a rule of the grammar.
    Head(Head),
    /// What stands between braces.
    Body(Body),
}

/// Text for a rule of the grammar.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Where.
    pub span: Span,
    /// How it is to be read.
    pub reading: Reading,
}

/// How a head is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it stands.
    AsWritten,
    /// As this text, which has everything at the same offsets; what is different was reported.
    Mended(String),
    /// Not at all; why was reported.
    Not,
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The opening brace.
    pub open: Span,
    /// The closing brace, where there is one.
    pub close: Option<Span>,
    /// In written order.
    pub entries: Vec<Entry>,
}

/// Scans a file; linear in its size.
#[must_use]
pub fn scan(source: SourceId, text: &str) -> Scan {
    if text.len() > LARGEST_FILE {
        let span = Span::new(source, 0, 0);
        let token = Token { kind: TokenKind::Stray, span: Span::new(source, 0, text.len()) };
        return Scan {
            tokens: vec![token],
            entries: Vec::new(),
            diagnostics: vec![findings::FileTooLarge { span }.diagnostic()],
        };
    }
    let (tokens, mut diagnostics, unread) = tokens::tokens(source, text);
    let entries = entries::entries(text, &tokens, &unread, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span);
    Scan { tokens, entries, diagnostics }
}
