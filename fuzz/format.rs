//! Formatting keeps what a file means, and does nothing to what is formatted.

use wf_model::span::SourceId;
use wf_syntax::scan::{TokenKind, scan};

/// Formats a text, twice where it can be read.
pub fn format(text: &str) {
    let before = meaning(text);
    let Ok(once) = wf_syntax::format(text) else {
        assert!(before.is_none(), "a file that can be read is not formatted");
        return;
    };
    let Some(before) = before else { panic!("a file that cannot be read is formatted") };
    let Some(after) = meaning(&once) else { panic!("what was formatted cannot be read:\n{once}") };
    assert!(before == after, "the meaning changed from\n{before}\nto\n{after}\nin\n{once}");
    assert!(comments(text) == comments(&once), "the comments changed in\n{once}");
    match wf_syntax::format(&once) {
        Ok(twice) => assert!(twice == once, "once\n{once}\ntwice\n{twice}"),
        Err(found) => panic!("what was formatted cannot be formatted: {found:#?}\n{once}"),
    }
}

/// The tree without the places; `None` where something cannot be read.
fn meaning(text: &str) -> Option<String> {
    let parsed = wf_syntax::parse(SourceId(0), text);
    let shown = format!("{:?}", parsed.file);
    let mut pieces = shown.split("Span { source: SourceId(0), start: ");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    parsed.diagnostics.is_empty().then_some(kept)
}

/// The comments in their order, blanks left out.
fn comments(text: &str) -> Vec<String> {
    let tokens = scan(SourceId(0), text).tokens;
    let comments = tokens.iter().filter(|token| matches!(token.kind, TokenKind::Comment | TokenKind::Doc));
    let slices = comments.filter_map(|token| text.get(token.span.range()));
    slices.map(|comment| comment.chars().filter(|c| !c.is_whitespace()).collect()).collect()
}
