//! What the lexer finds: the context of each value and what does not end.

use super::interpreter::Interpreter;

/// How the shell reads the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// Outside quotes, in a word.
    Bare {
        /// Whether several words may stand here instead.
        list: ListPlace,
    },
    /// Inside double quotes or an unquoted here-document.
    Quoted,
    /// In a comment.
    Comment,
    /// Where a value does not arrive as data.
    Refused(Refusal),
}

/// Whether a place takes a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListPlace {
    /// A whole word where any number of words may stand.
    Words,
    /// A part of a word.
    Part,
    /// A place for exactly one word, such as an assignment or the file of a redirection.
    One,
}

/// Why a value cannot stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `'…'`
    SingleQuotes,
    /// `$'…'`
    DollarQuotes,
    /// `<<'END'`
    QuotedHereDocument,
    /// An argument that an interpreter reads as a program.
    Code(&'static Interpreter),
    /// The standard input of an interpreter that reads its program there.
    CodeInput(&'static Interpreter),
    /// `$((…))`, `((…))`, `a[…]` and numeric comparisons of `[[ ]]`.
    Arithmetic,
    /// The right side of `=~`.
    Regex,
    /// The word behind `<<`.
    Delimiter,
    /// `` `…` ``
    Backticks,
    /// `${name…}` of the shell.
    Expansion,
    /// Where the name of a variable stands.
    Name,
    /// Behind an unquoted `$`.
    AfterDollar,
    /// Behind an unquoted `\`.
    AfterBackslash,
    /// Behind a place where the reading had to end.
    Unread,
}

/// What is wrong with a shell text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The symbol that it is about: where the thing that does not end begins.
    pub(super) place: usize,
    /// What.
    pub(super) kind: FlawKind,
}

/// The sorts of flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlawKind {
    /// A construct has no end; the texts are how it begins and what would end it.
    Unclosed(&'static str, &'static str),
    /// A here-document has no line that is its delimiter.
    HereDocument,
    /// `$((` or `((` that is not closed by `))`.
    AmbiguousArithmetic,
    /// A `)` without its `(`.
    StrayParenthesis,
    /// More than 64 constructs inside each other.
    TooDeep,
}

/// A value that a variable of the shell carries to where it becomes code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// The value.
    pub(super) value: usize,
    /// The variable that is used.
    pub(super) variable: String,
    /// The symbol where it is.
    pub(super) place: usize,
    /// What it is there.
    pub(super) refusal: Refusal,
}
