//! `wfc check --fix`: applies the changes that mend findings.

use crate::report::Output;
use crate::text;
use std::collections::BTreeMap;
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
    // By where they start; no two touch, so that what is replaced last before a place is the one that may reach it.
    let mut edits: BTreeMap<u32, &Edit> = BTreeMap::new();
    let mut count = 0;
    for fix in fixes {
        let touches =
            |edit: &Edit| edits.range(..=edit.span.end).next_back().is_some_and(|(_, taken)| taken.span.end >= edit.span.start);
        if fix.edits.iter().any(|edit| edit.span.source != own || touches(edit)) {
            continue;
        }
        count += 1;
        edits.extend(fix.edits.iter().map(|edit| (edit.span.start, edit)));
    }
    if edits.is_empty() {
        return Ok(false);
    }
    let mended = replaced(&source.text, edits.values());
    match text::replace(file, &mended) {
        Ok(()) => {
            let plural = if count == 1 { "" } else { "es" };
            output.note(&format!("{}: {count} fix{plural} applied\n", text::name(file)))?;
            Ok(true)
        }
        Err(error) => {
            output.error(format!("{} cannot be written: {error}", text::name(file)), "Nothing in it was changed.")?;
            Ok(false)
        }
    }
}

/// The text with all edits made; they stand in its order and do not overlap.
fn replaced<'a>(text: &str, edits: impl Iterator<Item = &'a &'a Edit>) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut behind = 0;
    for edit in edits.filter(|edit| text.get(edit.span.range()).is_some()) {
        mended.push_str(text.get(behind..edit.span.range().start).unwrap_or(""));
        mended.push_str(&edit.replacement);
        behind = edit.span.range().end;
    }
    mended + text.get(behind..).unwrap_or("")
}
