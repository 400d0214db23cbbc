//! Entries that are moved to where they belong in their body, with the comments above them.

use std::ops::Range;
use wf_model::diagnostic::Edit;
use wf_model::span::Span;

/// What moves an entry to the other side of another one; `None` where one of them shares a line with something else.
///
/// `text` is that of the body, which stands at `body`; `entries` are the places of all entries in it.
pub(super) fn moved(text: &str, body: Span, entries: &[Span], entry: Span, other: Span, above: bool) -> Option<Vec<Edit>> {
    let lines = |span| lines_of(text, body, entries, span);
    let (entry, other) = (lines(entry)?, lines(other)?);
    let place = if above { other.start } else { other.end };
    let replacement = text.get(entry.clone())?.to_owned();
    let at = |range: Range<usize>| {
        let start = body.start as usize;
        Span::new(body.source, start + range.start, start + range.end)
    };
    Some(vec![Edit { span: at(place..place), replacement }, Edit { span: at(entry), replacement: String::new() }])
}

/// The lines of an entry with the comments right above it, where nothing else stands on them.
fn lines_of(text: &str, body: Span, entries: &[Span], entry: Span) -> Option<Range<usize>> {
    let inside = |place: u32| Some(place.checked_sub(body.start)? as usize);
    let (first, last) = (inside(entry.start)?, inside(entry.end)?);
    let before = entries.iter().filter(|other| other.end <= entry.start).filter_map(|other| inside(other.end)).max().unwrap_or(0);
    let mut start = text.get(..first)?.rfind('\n')? + 1;
    let alone = start > before && text.get(start..first)?.trim().is_empty();
    let behind = text.get(last..)?;
    let length = behind.find('\n')? + 1;
    let rest = behind.get(..length)?.trim();
    if !alone || !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    while let Some(above) = text.get(before..start.saturating_sub(1)).and_then(|above| above.rfind('\n')) {
        let line = before + above + 1;
        if !text.get(line..start)?.trim_start().starts_with('#') {
            break;
        }
        start = line;
    }
    Some(start..last + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wf_model::span::SourceId;

    #[test]
    fn an_entry_is_moved_with_the_comments_above_it() {
        let text = "{\n  # one\n  a\n  # two\n  b # three\n}";
        let place = |name: &str| text.find(name).map(|at| Span::new(SourceId(0), at, at + 1)).unwrap();
        let body = Span::new(SourceId(0), 0, text.len());
        let (a, b) = (place("a\n"), place("b #"));
        let edits = moved(text, body, &[a, b], b, a, true).unwrap();
        let mended = edits.iter().rev().fold(text.to_owned(), |mut text, edit| {
            text.replace_range(edit.span.range(), &edit.replacement);
            text
        });
        assert_eq!(mended, "{\n  # two\n  b # three\n  # one\n  a\n}");
        assert_eq!(moved("{ a, b }", Span::new(SourceId(0), 0, 8), &[], place("a"), place("b"), true), None);
    }
}
