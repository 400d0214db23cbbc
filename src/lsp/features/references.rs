//! `textDocument/references`: every name that means the same, in all documents.

use crate::snapshot::Snapshot;
use crate::types::{Location, Position};
use std::rc::Rc;
use wf_compiler::index::{Occurrence, Symbol};
use wf_model::span::SourceId;

/// Every name that means what the one at a position does.
pub(crate) fn at(
    snapshot: &Snapshot,
    everywhere: &[Rc<Snapshot>],
    position: Position,
    declarations: bool,
) -> Option<Vec<Location>> {
    let symbol = snapshot.name_at(position)?.symbol.clone();
    let mut found = of(snapshot, everywhere, &symbol);
    found.retain(|(_, declares)| declarations || !declares);
    Some(found.into_iter().map(|(location, _)| location).collect())
}

/// Every name that means this, and whether it declares it; sorted, none twice.
pub(crate) fn of(snapshot: &Snapshot, everywhere: &[Rc<Snapshot>], symbol: &Symbol) -> Vec<(Location, bool)> {
    let own = std::iter::once(snapshot);
    let all = own.chain(everywhere.iter().map(|snapshot| &**snapshot));
    let mut found: Vec<(Location, bool)> = all
        .filter_map(|other| Some((other, seen_from(snapshot, other, symbol)?)))
        .flat_map(|(other, symbol)| occurrences(other, &symbol))
        .collect();
    found.sort_by(|(one, _), (other, _)| {
        let key = |location: &Location| (location.uri.as_str().to_owned(), location.range.start, location.range.end);
        key(one).cmp(&key(other))
    });
    found.dedup_by(|(one, _), (other, _)| one == other);
    found
}

fn occurrences(snapshot: &Snapshot, symbol: &Symbol) -> Vec<(Location, bool)> {
    let located = |found: &Occurrence| Some((snapshot.location(found.span)?, found.declares));
    snapshot.analysis.index.of(symbol).filter_map(located).collect()
}

/// What a symbol of one program is in another; `None` where that does not hold its declaration.
fn seen_from(snapshot: &Snapshot, other: &Snapshot, symbol: &Symbol) -> Option<Symbol> {
    let Some(declaration) = symbol.declaration() else { return Some(symbol.clone()) };
    let path = &snapshot.analysis.compilation.sources.get(declaration.source)?.path;
    let source: SourceId = other.analysis.compilation.sources.iter().find(|(_, source)| source.path == *path)?.0;
    Some(symbol.moved(source))
}
