//! Names with a hyphen: which of them can be mended at once.

use crate::scan::{Token, TokenKind};
use std::collections::HashMap;
use wf_model::diagnostic::Diagnostic;

/// Takes the fix from a name with a hyphen that also stands where it reads as a subtraction: not all but that must change.
pub(super) fn keep_used_names(text: &str, tokens: &[Token], diagnostics: &mut [Diagnostic]) {
    let named = |diagnostic: &Diagnostic| text.get(diagnostic.primary.span.range()).unwrap_or("");
    let hyphenated = |diagnostic: &&mut Diagnostic| diagnostic.slug == "hyphenated-name" && diagnostic.fix.is_some();
    let mut found: Vec<&mut Diagnostic> = diagnostics.iter_mut().filter(hyphenated).collect();
    if found.is_empty() {
        return;
    }
    let mut reported: HashMap<&str, usize> = HashMap::new();
    for diagnostic in &found {
        *reported.entry(named(diagnostic)).or_default() += 1;
    }
    let times = times(text, tokens);
    for diagnostic in &mut found {
        let name = named(diagnostic);
        if times.get(name) > reported.get(name) {
            diagnostic.fix = None;
        }
    }
}

/// How often each word with a hyphen stands in a text, but for comments and what is only text.
fn times<'a>(text: &'a str, tokens: &[Token]) -> HashMap<&'a str, usize> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut count = |piece: &'a str| {
        let words = piece.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
        for word in words.filter(|word| word.contains('-')) {
            *times.entry(word).or_default() += 1;
        }
    };
    let mut start = 0;
    for token in tokens {
        let prose = matches!(token.kind, TokenKind::Comment | TokenKind::Doc | TokenKind::Text);
        if !prose {
            continue;
        }
        count(text.get(start..token.span.start as usize).unwrap_or(""));
        start = token.span.end as usize;
        if token.kind == TokenKind::Text {
            let values = text.get(token.span.range()).unwrap_or("").split("${").skip(1);
            values.for_each(|value| count(value.split('}').next().unwrap_or("")));
        }
    }
    count(text.get(start..).unwrap_or(""));
    times
}
