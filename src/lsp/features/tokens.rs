//! The pieces of a document's text, and what its brackets enclose: true for every text, however broken.

use crate::snapshot::{OWN, Snapshot};
use wf_model::span::Span;
use wf_syntax::scan::{Scan, TokenKind, scan};

/// The scanner's view of a document.
pub(crate) fn scanned(snapshot: &Snapshot) -> Scan {
    scan(OWN, snapshot.text())
}

/// What stands between brackets, both included, in the order of the closing ones; brackets without a partner are left out.
pub(crate) fn brackets(snapshot: &Snapshot, scan: &Scan) -> Vec<Span> {
    let (mut open, mut found): (Vec<(&str, Span)>, Vec<Span>) = (Vec::new(), Vec::new());
    for token in scan.tokens.iter().filter(|token| token.kind == TokenKind::Sign) {
        let partner = match snapshot.slice(token.span) {
            sign @ ("{" | "[" | "(") => {
                open.push((sign, token.span));
                continue;
            }
            "}" => "{",
            "]" => "[",
            ")" => "(",
            _ => continue,
        };
        if let Some(place) = open.iter().rposition(|(sign, _)| *sign == partner) {
            let opened = open.drain(place..).next();
            found.extend(opened.map(|(_, span)| span.to(token.span)));
        }
    }
    found
}

/// The letters of a name at the end of a text.
pub(crate) fn word_before(text: &str) -> &str {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.get(text.trim_end_matches(is_part).len()..).unwrap_or("")
}
