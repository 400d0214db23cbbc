//! `textDocument/selectionRange`: from a word to what encloses it, step by step to the whole text.

use super::tokens;
use crate::snapshot::{OWN, Snapshot};
use crate::types::{Position, SelectionRange};
use wf_model::span::Span;
use wf_syntax::scan::{Entry, Part, TokenKind};

/// What encloses each of these positions.
pub(crate) fn at(snapshot: &Snapshot, positions: &[Position]) -> Vec<SelectionRange> {
    let scan = tokens::scanned(snapshot);
    let mut spans: Vec<Span> = vec![Span::new(OWN, 0, snapshot.text().len())];
    spans.extend(tokens::brackets(snapshot, &scan).into_iter().flat_map(|span| [span, within(span)]));
    spans.extend(scan.tokens.iter().filter(|token| is_selected(token.kind)).map(|token| token.span));
    spans.extend(snapshot.analysis.index.in_source(OWN).iter().map(|found| found.span));
    scan.entries.iter().for_each(|entry| entries(entry, &mut spans));
    positions.iter().map(|position| around(snapshot, &spans, *position)).collect()
}

/// A span without its brackets.
fn within(span: Span) -> Span {
    Span { start: span.start + 1, end: span.end - 1, ..span }
}

fn is_selected(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Comment | TokenKind::Doc => true,
        TokenKind::Blank | TokenKind::LineBreak | TokenKind::Sign | TokenKind::Stray => false,
    }
}

fn entries(entry: &Entry, spans: &mut Vec<Span>) {
    spans.push(entry.span);
    spans.extend(entry.doc.map(|doc| doc.to(entry.span)));
    for part in &entry.parts {
        match part {
            Part::Head(head) => spans.push(head.span),
            Part::Body(body) => body.entries.iter().for_each(|entry| entries(entry, spans)),
        }
    }
}

fn around(snapshot: &Snapshot, spans: &[Span], position: Position) -> SelectionRange {
    let offset = snapshot.offset(position);
    let mut touching: Vec<Span> = spans.iter().copied().filter(|span| span.touches(offset)).collect();
    touching.sort_by_key(|span| std::cmp::Reverse(span.length()));
    let mut found: Option<(Span, SelectionRange)> = None;
    for span in touching {
        // Each lies in the one before.
        if found.as_ref().is_some_and(|(outer, _)| *outer == span || !outer.contains(span)) {
            continue;
        }
        let parent = found.map(|(_, outer)| Box::new(outer));
        found = Some((span, SelectionRange { range: snapshot.range(span), parent }));
    }
    let nothing = || SelectionRange { range: crate::types::Range { start: position, end: position }, parent: None };
    found.map_or_else(nothing, |(_, innermost)| innermost)
}
