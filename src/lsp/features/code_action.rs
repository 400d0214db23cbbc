//! `textDocument/codeAction`: the changes that mend findings, as `wfc check --fix` makes them.

use super::diagnostics;
use crate::snapshot::Snapshot;
use crate::types::{CodeAction, CodeActionKind, CodeActionOrCommand, Range, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;
use wf_model::diagnostic::Fix;

/// The quick fixes for what touches a range.
pub(crate) fn quick_fixes(snapshot: &Snapshot, range: Range) -> Vec<CodeActionOrCommand> {
    let fixes = diagnostics::found(snapshot).filter_map(|finding| {
        let fix = finding.fix.as_ref()?;
        let diagnostic = diagnostics::shown(snapshot, finding)?;
        let touches = diagnostic.range.start <= range.end && range.start <= diagnostic.range.end;
        touches.then(|| action(snapshot, fix, diagnostic))
    });
    fixes.map(CodeActionOrCommand::CodeAction).collect()
}

fn action(snapshot: &Snapshot, fix: &Fix, diagnostic: crate::types::Diagnostic) -> CodeAction {
    CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic]),
        edit: Some(edit(snapshot, fix)),
        is_preferred: Some(true),
        ..CodeAction::default()
    }
}

fn edit(snapshot: &Snapshot, fix: &Fix) -> WorkspaceEdit {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        if let Some(uri) = snapshot.address(edit.span.source) {
            let edit = TextEdit { range: snapshot.range(edit.span), new_text: edit.replacement.clone() };
            changes.entry(uri).or_default().push(edit);
        }
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}
