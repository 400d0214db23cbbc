//! First words of statements, and what people write instead of them.

/// Words that begin a declaration of a file.
pub(super) const ITEMS: [&str; 5] = ["use", "type", "let", "workflow", "test"];

/// Words that begin an entry of a body.
pub(super) const ENTRIES: [&str; 28] = [
    "param",
    "secret",
    "let",
    "output",
    "step",
    "if",
    "stage",
    "parallel",
    "for",
    "repeat",
    "rollback",
    "checkpoint",
    "commit",
    "timeout",
    "retry",
    "expect",
    "reads",
    "no",
    "undo",
    "on",
    "fail",
    "cache",
    "lock",
    "estimate",
    "finally",
    "trigger",
    "run",
    "mock",
];

/// Words that begin a clause: no colon follows them.
pub(super) const CLAUSES: [&str; 11] =
    ["timeout", "retry", "expect", "reads", "no", "undo", "on", "fail", "cache", "lock", "estimate"];

/// Words that begin a block with one body.
pub(super) const BLOCKS: [&str; 4] = ["stage", "parallel", "for", "repeat"];

/// What other languages call a statement, and what it is here.
const FOREIGN: [(&str, &str); 21] = [
    ("task", "step"),
    ("job", "step"),
    ("run_step", "step"),
    ("elif", "else if"),
    ("elsif", "else if"),
    ("elseif", "else if"),
    ("foreach", "for each"),
    ("loop", "for each"),
    ("var", "let"),
    ("const", "let"),
    ("for", "for each"),
    ("set", "let"),
    ("input", "param"),
    ("parameter", "param"),
    ("import", "use"),
    ("include", "use"),
    ("group", "stage"),
    ("sequence", "stage"),
    ("catch", "on failure"),
    ("ensure", "finally"),
    ("return", "output"),
];

/// What another language's word is here.
pub(super) fn foreign(word: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours)
}
