//! `textDocument/foldingRange`: bodies, lists, texts of several lines, comments and imports.

use super::tokens;
use crate::snapshot::Snapshot;
use crate::types::{FoldingRange, FoldingRangeKind, Range};
use wf_model::span::Span;
use wf_syntax::ast::Item;
use wf_syntax::scan::{Scan, TokenKind};

/// What can be folded, in the order of the text.
pub(crate) fn document(snapshot: &Snapshot) -> Vec<FoldingRange> {
    let scan = tokens::scanned(snapshot);
    let enclosed = tokens::brackets(snapshot, &scan).into_iter().filter_map(|span| inside(snapshot, span));
    let texts = scan.tokens.iter().filter(|token| token.kind == TokenKind::Text);
    let texts = texts.filter_map(|token| inside(snapshot, token.span));
    let comments = comments(&scan).into_iter().filter_map(|span| whole(snapshot, span, FoldingRangeKind::Comment));
    let mut folds: Vec<FoldingRange> = enclosed.chain(texts).chain(comments).chain(imports(snapshot)).collect();
    folds.sort_by_key(|fold| (fold.start_line, std::cmp::Reverse(fold.end_line)));
    // A second fold of a line could not be reached.
    folds.dedup_by_key(|fold| fold.start_line);
    folds
}

/// The lines between a bracket and its partner, which stays to be seen.
fn inside(snapshot: &Snapshot, span: Span) -> Option<FoldingRange> {
    let Range { start, end } = snapshot.range(span);
    let last = end.line.checked_sub(1).filter(|last| *last > start.line)?;
    Some(FoldingRange { start_line: start.line, end_line: last, ..FoldingRange::default() })
}

fn whole(snapshot: &Snapshot, span: Span, kind: FoldingRangeKind) -> Option<FoldingRange> {
    let Range { start, end } = snapshot.range(span);
    let fold = FoldingRange { start_line: start.line, end_line: end.line, kind: Some(kind), ..FoldingRange::default() };
    (end.line > start.line).then_some(fold)
}

/// Comments on lines that follow each other.
fn comments(scan: &Scan) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let (mut open, mut breaks) = (None::<Span>, 0);
    for token in &scan.tokens {
        match token.kind {
            TokenKind::Comment | TokenKind::Doc => {
                open = Some(open.map_or(token.span, |before| before.to(token.span)));
                breaks = 0;
            }
            TokenKind::Blank => {}
            TokenKind::LineBreak if breaks == 0 && open.is_some() => breaks = 1,
            TokenKind::LineBreak | TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Sign | TokenKind::Stray => {
                found.extend(open.take());
            }
        }
    }
    found.extend(open);
    found
}

/// The imports from the first to the last, where nothing else stands between them.
fn imports(snapshot: &Snapshot) -> Option<FoldingRange> {
    let uses = snapshot.file().items.iter().map_while(|item| if let Item::Use(use_) = item { Some(use_.span) } else { None });
    whole(snapshot, uses.reduce(Span::to)?, FoldingRangeKind::Imports)
}
