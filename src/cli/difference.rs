//! What changed in texts.

use similar::TextDiff;

/// The changed lines of a text with those around them, as a unified diff.
pub(crate) fn unified(name: (&str, &str), before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().header(name.0, name.1).to_string()
}
