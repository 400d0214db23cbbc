//! `textDocument/documentLink`: the files that a document uses.

use super::definition::targets;
use crate::snapshot::Snapshot;
use crate::types::DocumentLink;

/// The links of a document.
pub(crate) fn document(snapshot: &Snapshot) -> Vec<DocumentLink> {
    let link = |(use_, file): (&wf_syntax::ast::Use, wf_model::span::Span)| DocumentLink {
        range: snapshot.range(use_.target_span),
        target: snapshot.address(file.source),
        tooltip: None,
        data: None,
    };
    targets(snapshot).map(link).collect()
}
