//! Parsing never fails, and loses nothing of the text.

use crate::spans;
use wf_model::span::SourceId;
use wf_syntax::scan::Token;
use wf_syntax::{parse_expression, parse_type};

/// Parses a text as a file, as an expression and as a type.
pub fn parse(text: &str) {
    let source = SourceId(0);
    let parsed = wf_syntax::parse(source, text);
    cover(&parsed.tokens, text);
    spans::lie_inside(&parsed.diagnostics, |_| Some(text));
    spans::of_tree_lie_inside(&format!("{:?}", parsed.file), text);
    let (_, expression) = parse_expression(source, 0, text);
    spans::lie_inside(&expression, |_| Some(text));
    let (_, type_) = parse_type(source, 0, text);
    spans::lie_inside(&type_, |_| Some(text));
}

/// Panics where the tokens are not the whole text, one behind the other.
fn cover(tokens: &[Token], text: &str) {
    let mut at = 0;
    for token in tokens {
        let range = token.span.range();
        assert!(range.start == at && range.end > at, "a gap, an overlap or nothing at {at}: {token:?}");
        assert!(text.get(range.clone()).is_some(), "{token:?} cuts a character");
        at = range.end;
    }
    assert!(at == text.len(), "the tokens end at {at} of {}", text.len());
}
