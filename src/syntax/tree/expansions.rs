//! Expansions of the shell that have the name of a value.

use crate::scan::{Token, TokenKind};
use std::collections::HashSet;
use wf_model::diagnostic::Diagnostic;

/// Words that stand before the name of a value where it is declared.
const DECLARING: [&str; 5] = ["param", "let", "step", "secret", "each"];

/// Takes the fix from an expansion that has the name of a value: the shell has no variable of that name.
pub(super) fn keep_values(text: &str, tokens: &[Token], diagnostics: &mut [Diagnostic]) {
    let expands = |diagnostic: &&mut Diagnostic| diagnostic.slug == "shell-expansion" && diagnostic.fix.is_some();
    let mut found = diagnostics.iter_mut().filter(expands).peekable();
    if found.peek().is_none() {
        return;
    }
    let declared = declared(text, tokens);
    for diagnostic in found {
        let inside = text.get(diagnostic.primary.span.range()).unwrap_or("").trim_start_matches(['$', '{', '#', '!']);
        let name = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
        if declared.contains(name) {
            diagnostic.fix = None;
        }
    }
}

/// The names of all values of a file.
fn declared<'a>(text: &'a str, tokens: &[Token]) -> HashSet<&'a str> {
    let words = tokens.iter().filter(|token| token.kind == TokenKind::Word);
    let words = words.map(|token| text.get(token.span.range()).unwrap_or(""));
    let pairs = words.clone().zip(words.skip(1));
    pairs.filter(|(before, _)| DECLARING.contains(before)).map(|(_, name)| name).collect()
}
