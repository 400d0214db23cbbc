//! `textDocument/formatting` and `rangeFormatting`: what `wfc fmt` makes of a text, as the fewest lines that change.

use crate::snapshot::{OWN, Snapshot};
use crate::types::{Range, TextEdit};
use similar::{Algorithm, DiffOp, TextDiff};
use wf_model::span::Span;

/// The changes that lay a document out; `None` where it cannot be read without a diagnostic.
pub(crate) fn document(snapshot: &Snapshot) -> Option<Vec<TextEdit>> {
    edits(snapshot)
}

/// Those of them that touch a range.
pub(crate) fn range(snapshot: &Snapshot, range: Range) -> Option<Vec<TextEdit>> {
    let mut edits = edits(snapshot)?;
    edits.retain(|edit| edit.range.start <= range.end && range.start <= edit.range.end);
    Some(edits)
}

fn edits(snapshot: &Snapshot) -> Option<Vec<TextEdit>> {
    let text = snapshot.text();
    let formatted = wf_syntax::format(text).ok()?;
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(text, &formatted);
    let (old, new) = (starts(text), starts(&formatted));
    let at = |starts: &[usize], line: usize| starts.get(line).copied().unwrap_or_default();
    let edit = |op: &DiffOp| {
        let (before, after) = (op.old_range(), op.new_range());
        let replaced = Span::new(OWN, at(&old, before.start), at(&old, before.end));
        let new_text = formatted.get(at(&new, after.start)..at(&new, after.end)).unwrap_or("").to_owned();
        TextEdit { range: snapshot.range(replaced), new_text }
    };
    Some(diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).map(edit).collect())
}

/// Where each line begins, and the end of the text.
fn starts(text: &str) -> Vec<usize> {
    let ends = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}
