//! `textDocument/rename` and `prepareRename`: a declared name, and every name that means it.

use super::references;
use crate::snapshot::Snapshot;
use crate::types::{Position, PrepareRenameResponse, TextEdit, Uri};
use std::rc::Rc;
use wf_compiler::index::Symbol;

/// The changes of each document.
pub(crate) type Changes = Vec<(Uri, Vec<TextEdit>)>;

/// What would be renamed at a position; `None` where no name stands that something declares.
pub(crate) fn prepare(snapshot: &Snapshot, position: Position) -> Option<PrepareRenameResponse> {
    let (found, name) = renamed(snapshot, position)?;
    Some(PrepareRenameResponse::RangeWithPlaceholder { range: snapshot.range(found), placeholder: name })
}

/// The changes that give the name at a position another text.
///
/// # Errors
/// Why there are none, as a sentence.
pub(crate) fn changes(
    snapshot: &Snapshot,
    everywhere: &[Rc<Snapshot>],
    position: Position,
    name: &str,
) -> Result<Changes, String> {
    let nothing = || "Nothing that can be renamed stands here.".to_owned();
    renamed(snapshot, position).ok_or_else(nothing)?;
    let symbol = snapshot.name_at(position).ok_or_else(nothing)?.symbol.clone();
    let is_type = matches!(symbol, Symbol::Type(_));
    if !is_name(name, is_type) {
        let form = if is_type { "a capital letter, then letters and digits" } else { "lower-case letters, digits and `_`" };
        return Err(format!("`{name}` is no name: write {form}."));
    }
    let mut changes: Changes = Vec::new();
    for (location, _) in references::of(snapshot, everywhere, &symbol) {
        let edit = TextEdit { range: location.range, new_text: name.to_owned() };
        match changes.last_mut().filter(|(uri, _)| *uri == location.uri) {
            Some((_, edits)) => edits.push(edit),
            None => changes.push((location.uri, vec![edit])),
        }
    }
    Ok(changes)
}

/// The name at a position that something declares by a name.
fn renamed(snapshot: &Snapshot, position: Position) -> Option<(wf_model::span::Span, String)> {
    let found = snapshot.name_at(position)?;
    let name = snapshot.slice(found.symbol.declaration()?);
    // A module without a name of its own is called like its file.
    let is_type = matches!(found.symbol, Symbol::Type(_));
    is_name(name, is_type).then(|| (found.span, name.to_owned()))
}

fn is_name(name: &str, is_type: bool) -> bool {
    let first = |letter: char| if is_type { letter.is_ascii_uppercase() } else { letter.is_ascii_lowercase() };
    let rest = |letter: char| {
        letter.is_ascii_digit()
            || letter.is_ascii_lowercase()
            || if is_type { letter.is_ascii_uppercase() } else { letter == '_' }
    };
    name.starts_with(first) && name.chars().all(rest)
}
