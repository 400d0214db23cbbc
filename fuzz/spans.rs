//! Diagnostics and trees point into the text.

use wf_model::diagnostic::Diagnostic;
use wf_model::span::Span;

/// Panics where a place of a diagnostic, or of its fix, is none of the text that `text_of` gives.
pub(crate) fn lie_inside<'a>(diagnostics: &[Diagnostic], text_of: impl Fn(Span) -> Option<&'a str>) {
    let inside = |span: Span| span.start <= span.end && text_of(span).is_some_and(|text| text.get(span.range()).is_some());
    for diagnostic in diagnostics {
        let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels).map(|label| label.span);
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in labels.chain(edits) {
            assert!(inside(span), "{span:?} is no place of the text: {diagnostic:#?}");
        }
        let mut edits: Vec<Span> = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span).collect();
        edits.sort_unstable();
        let apart = edits.windows(2).all(|pair| matches!(pair, [first, second] if first.end <= second.start));
        assert!(apart, "edits overlap: {diagnostic:#?}");
        assert!(!diagnostic.message.is_empty(), "nothing is said: {diagnostic:#?}");
    }
}

/// How a tree shows a place.
const SPAN: &str = "Span { source: SourceId(0), start: ";

/// Panics where a place of a tree, which is `shown` as Rust shows values, is none of the text, or where a name does not begin what
/// stands at its place.
pub(crate) fn of_tree_lie_inside(shown: &str, text: &str) {
    let mut before = "";
    for (number, piece) in shown.split(SPAN).enumerate() {
        if let (true, Some(range)) = (number > 0, range(piece)) {
            let Some(written) = text.get(range.clone()) else { panic!("{range:?} is no place of the text, behind {before}") };
            if let Some(name) = name(before) {
                // `undo "rm x"` is read with the kind that it means, which stands nowhere.
                let read_in = written.is_empty() && (name.is_empty() || name == "shell");
                assert!(written.starts_with(name) || written.contains('-') || read_in, "{name:?} stands at {written:?}");
            }
        }
        before = piece;
    }
}

/// `12, end: 34 } …`
fn range(piece: &str) -> Option<std::ops::Range<usize>> {
    let (start, rest) = piece.split_once(", end: ")?;
    let (end, _) = rest.split_once(" }")?;
    Some(start.parse().ok()?..end.parse().ok()?)
}

/// The name whose place follows `… Name { text: "name", span: `.
fn name(before: &str) -> Option<&str> {
    let (_, name) = before.rsplit_once("Name { text: \"")?;
    name.strip_suffix("\", span: ")
}
