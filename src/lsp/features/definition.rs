//! `textDocument/definition`: the declaration of a name; for a module and for the path of a `use`, the file.

use crate::snapshot::{OWN, Snapshot};
use crate::types::{Location, Position};
use wf_compiler::index::Symbol;
use wf_model::span::Span;
use wf_syntax::ast::{Item, Use};

/// Where the name at a position is declared.
pub(crate) fn at(snapshot: &Snapshot, position: Position) -> Option<Location> {
    let offset = snapshot.offset(position);
    if let Some(file) = used(snapshot, |use_| use_.target_span.touches(offset)) {
        return snapshot.location(file);
    }
    let found = snapshot.name_at(position)?;
    let place = found.symbol.declaration()?;
    let named = |use_: &Use| use_.alias.as_ref().map_or(use_.target_span, |alias| alias.span);
    let file = used(snapshot, |use_| matches!(found.symbol, Symbol::Module(_)) && named(use_) == place);
    snapshot.location(file.unwrap_or(place))
}

/// The beginning of the file that a `use` of the document names.
fn used(snapshot: &Snapshot, wanted: impl Fn(&Use) -> bool) -> Option<Span> {
    targets(snapshot).find(|(use_, _)| wanted(use_)).map(|(_, file)| file)
}

/// The `use`s of the document whose files could be read, with the beginnings of those.
pub(crate) fn targets(snapshot: &Snapshot) -> impl Iterator<Item = (&Use, Span)> {
    let uses = snapshot.file().items.iter().filter_map(|item| if let Item::Use(use_) = item { Some(use_) } else { None });
    let targets = snapshot.analysis.uses.get(usize::from(OWN.0)).into_iter().flatten();
    uses.zip(targets).filter_map(|(use_, target)| Some((use_, Span::at((*target)?, 0))))
}
