//! Diagnostics point into the text.

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
