//! Texts of others, in messages of ours.

/// A text without line breaks and other runs of white space.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
