//! `wfc check --fix`: applies the changes that mend findings.

use crate::report::Output;
use crate::text;
use std::io;
use wf_compiler::Compilation;
use wf_model::diagnostic::{Edit, Level};
use wf_model::span::SourceId;

/// Applies the fixes of the file itself, not of those that it uses; whether anything changed.
///
/// Fixes that overlap one that is applied wait for the next time.
///
/// # Errors
/// Where stdout or stderr cannot be written.
pub(crate) fn apply(file: &str, compilation: &Compilation, level: Level, output: &mut Output) -> io::Result<bool> {
    let own = SourceId(0);
    let Some(source) = compilation.sources.get(own).filter(|_| file != "-") else { return Ok(false) };
    let shown = compilation.diagnostics.iter().filter(|diagnostic| diagnostic.severity(level).is_some());
    let fixes = shown.filter_map(|diagnostic| diagnostic.fix.as_ref());
    let mut edits: Vec<&Edit> = Vec::new();
    let mut count = 0;
    for fix in fixes {
        let overlaps = |edit: &Edit| edits.iter().any(|taken| edit.span.source != own || touches(taken, edit));
        if fix.edits.iter().any(overlaps) {
            continue;
        }
        count += 1;
        edits.extend(&fix.edits);
    }
    if edits.is_empty() {
        return Ok(false);
    }
    let mended = replaced(&source.text, edits);
    match text::replace(file, &mended) {
        Ok(()) => {
            let plural = if count == 1 { "" } else { "es" };
            output.note(&format!("{}: {count} fix{plural} applied\n", text::name(file)))?;
            Ok(true)
        }
        Err(error) => {
            output
                .note(&format!("error: {} cannot be written: {error}\nhelp: Nothing in it was changed.\n", text::name(file)))?;
            Ok(false)
        }
    }
}

fn touches(first: &Edit, second: &Edit) -> bool {
    first.span.start <= second.span.end && second.span.start <= first.span.end
}

/// The text with all edits made; they do not overlap.
fn replaced(text: &str, mut edits: Vec<&Edit>) -> String {
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut text = text.to_owned();
    for edit in edits {
        if text.get(edit.span.range()).is_some() {
            text.replace_range(edit.span.range(), &edit.replacement);
        }
    }
    text
}
