//! `textDocument/inlayHint`: the types of names that say none themselves.

use super::outline::{self, Declaration, What};
use crate::snapshot::{OWN, Snapshot};
use crate::types::{InlayHint, InlayHintKind, InlayHintLabel, Range};
use wf_compiler::index::Occurrence;
use wf_model::types::Type;

/// A longer type is left out: it would push the line away.
const LONGEST: usize = 60;

/// The types of `let`s and variables in a range.
pub(crate) fn types(snapshot: &Snapshot, range: Range) -> Vec<InlayHint> {
    let outline = outline::of(snapshot.file());
    let declared = snapshot.analysis.index.in_source(OWN).iter().filter(|found| found.declares);
    let hints = declared.filter_map(|found| hint(snapshot, outline::find(&outline, found.span)?, found));
    hints.filter(|hint| range.start <= hint.position && hint.position <= range.end).collect()
}

fn hint(snapshot: &Snapshot, declaration: &Declaration<'_>, found: &Occurrence) -> Option<InlayHint> {
    match declaration.what {
        What::Let | What::Output | What::Variable => {}
        What::Workflow
        | What::Test
        | What::Type
        | What::Param
        | What::Secret
        | What::Step
        | What::Block
        | What::Checkpoint
        | What::Handler => return None,
    }
    let behind = snapshot.text().get(found.span.range().end..)?.trim_start();
    let type_ = found.type_.as_ref().filter(|type_| **type_ != Type::Unknown)?.to_string();
    if behind.starts_with(':') || type_.len() > LONGEST {
        return None;
    }
    Some(InlayHint {
        position: snapshot.range(found.span).end,
        label: InlayHintLabel::String(format!(": {type_}")),
        kind: Some(InlayHintKind::TYPE),
        text_edits: None,
        tooltip: None,
        padding_left: None,
        padding_right: None,
        data: None,
    })
}
