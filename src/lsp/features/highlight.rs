//! `textDocument/documentHighlight`: the names of a document that mean the same.

use crate::snapshot::{OWN, Snapshot};
use crate::types::{DocumentHighlight, DocumentHighlightKind, Position};

/// The names of the document that mean what the one at a position does.
pub(crate) fn at(snapshot: &Snapshot, position: Position) -> Option<Vec<DocumentHighlight>> {
    let found = snapshot.name_at(position)?;
    let own = snapshot.analysis.index.of(&found.symbol).filter(|other| other.span.source == OWN);
    let highlights = own.map(|other| DocumentHighlight {
        range: snapshot.range(other.span),
        kind: Some(if other.declares { DocumentHighlightKind::WRITE } else { DocumentHighlightKind::READ }),
    });
    Some(highlights.collect())
}
