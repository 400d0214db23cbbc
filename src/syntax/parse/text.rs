//! Strings: escapes resolved, the indentation of blocks removed.

use super::convert::Convert;
use super::expression::expression;
use super::findings::{InterpolationNotHere, ShellExpansion, UnknownEscape};
use super::grammar::Rule;
use crate::ast::{Expression, ExpressionKind, Quotes, Text, TextPart};
use pest::iterators::Pair;
use wf_model::span::Span;

/// A string of any form.
pub(super) fn text(pair: Pair<'_, Rule>, convert: &mut Convert) -> Text {
    match pair.into_inner().next() {
        Some(form) => form_of(form, convert),
        None => Text { quotes: Quotes::Double, parts: Vec::new() },
    }
}

/// The text of a string that must hold no value; one that does is reported.
pub(crate) fn plain_string(pair: Pair<'_, Rule>, convert: &mut Convert) -> Option<String> {
    let form = pair.into_inner().next()?;
    plain_text(form, convert)
}

/// As [`plain_string`], for a string whose form is known.
pub(super) fn plain_text(form: Pair<'_, Rule>, convert: &mut Convert) -> Option<String> {
    let text = form_of(form, convert);
    let value = text.parts.iter().find_map(|part| match part {
        TextPart::Value { span, .. } => Some(*span),
        TextPart::Literal { .. } => None,
    });
    if let Some(span) = value {
        convert.report(&InterpolationNotHere { span });
        return None;
    }
    text.plain().map(str::to_owned)
}

fn form_of(form: Pair<'_, Rule>, convert: &mut Convert) -> Text {
    let quotes = match form.as_rule() {
        Rule::block_double => Quotes::BlockDouble,
        Rule::block_single => Quotes::BlockSingle,
        Rule::single => Quotes::Single,
        _ => Quotes::Double,
    };
    let pieces = form.into_inner().map(|piece| piece_of(piece, convert)).collect();
    let pieces = if matches!(quotes, Quotes::BlockDouble | Quotes::BlockSingle) { dedent(pieces) } else { pieces };
    Text { quotes, parts: joined(pieces) }
}

fn piece_of(pair: Pair<'_, Rule>, convert: &mut Convert) -> TextPart {
    let span = convert.span(&pair);
    match pair.as_rule() {
        Rule::interpolation => TextPart::Value { expression: interpolation(pair, span, convert), span },
        Rule::block_escape => TextPart::Literal { text: "${".to_owned(), span },
        Rule::escape => TextPart::Literal { text: escape(pair.as_str(), span, convert), span },
        _ => TextPart::Literal { text: pair.as_str().to_owned(), span },
    }
}

fn interpolation(pair: Pair<'_, Rule>, span: Span, convert: &mut Convert) -> Expression {
    let missing = Expression { kind: ExpressionKind::Missing, span };
    match pair.into_inner().next() {
        Some(inner) if inner.as_rule() == Rule::expression => expression(inner, convert),
        Some(inner) => {
            convert.report(&ShellExpansion { span, inside: inner.as_str() });
            missing
        }
        None => missing,
    }
}

/// What an escape stands for; an unknown one stays as it is, once it is reported.
fn escape(written: &str, span: Span, convert: &mut Convert) -> String {
    let known = match written {
        "\\n" => Some('\n'),
        "\\t" => Some('\t'),
        "\\r" => Some('\r'),
        "\\\\" => Some('\\'),
        "\\\"" => Some('"'),
        "\\$" => Some('$'),
        _ => {
            let code = written.strip_prefix("\\u{").and_then(|rest| rest.strip_suffix('}'));
            // Rust reads a sign before the digits too.
            let code = code.filter(|code| code.chars().all(|digit| digit.is_ascii_hexdigit()));
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32)
        }
    };
    known.map_or_else(
        || {
            convert.report(&UnknownEscape { span, written });
            written.to_owned()
        },
        |character| character.to_string(),
    )
}

/// Literal parts side by side become one; empty ones go.
fn joined(pieces: Vec<TextPart>) -> Vec<TextPart> {
    let mut parts: Vec<TextPart> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (parts.last_mut(), piece) {
            (_, TextPart::Literal { text, .. }) if text.is_empty() => {}
            (Some(TextPart::Literal { text, span }), TextPart::Literal { text: more, span: place }) => {
                text.push_str(&more);
                *span = span.to(place);
            }
            (_, piece) => parts.push(piece),
        }
    }
    parts
}

/// Removes the break behind the opening quotes and the indentation that all lines share, that of the closing quotes too.
fn dedent(mut pieces: Vec<TextPart>) -> Vec<TextPart> {
    let mut first_is_whole = false;
    for piece in &mut pieces {
        if let TextPart::Literal { text, .. } = piece
            && text.contains('\r')
        {
            // A file from Windows means the same as any other.
            *text = text.replace("\r\n", "\n");
        }
    }
    if let Some(TextPart::Literal { text, .. }) = pieces.first_mut() {
        let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
        if text.get(blanks..).is_some_and(|rest| rest.starts_with('\n')) {
            text.replace_range(..=blanks, "");
            first_is_whole = true;
        }
    }
    let common = common_indentation(&pieces, first_is_whole);
    let mut at_start = first_is_whole;
    for piece in &mut pieces {
        match piece {
            TextPart::Literal { text, .. } => {
                *text = without_indentation(text, common, at_start);
                at_start = false;
            }
            TextPart::Value { .. } => at_start = false,
        }
    }
    pieces
}

/// How many blanks all lines begin with, those that are only blanks left out, but not the last.
fn common_indentation(pieces: &[TextPart], first_is_whole: bool) -> usize {
    let mut common: Option<usize> = None;
    let mut at_start = first_is_whole;
    let mut count = |blanks: usize| common = Some(common.map_or(blanks, |least| least.min(blanks)));
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            TextPart::Literal { text, .. } => {
                let last = place + 1 == pieces.len();
                let lines: Vec<&str> = text.split('\n').collect();
                for (index, line) in lines.iter().enumerate() {
                    if index == 0 && !at_start {
                        continue;
                    }
                    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
                    // The end of a piece that is not the last is followed by a value, so its line is not blank.
                    if blanks < line.len() || index + 1 == lines.len() {
                        count(blanks);
                    }
                }
                at_start = false;
                if last && lines.is_empty() {
                    count(0);
                }
            }
            TextPart::Value { .. } => {
                if at_start {
                    count(0);
                }
                at_start = false;
            }
        }
    }
    common.unwrap_or(0)
}

fn without_indentation(text: &str, common: usize, at_start: bool) -> String {
    let mut kept = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            kept.push('\n');
        }
        if index == 0 && !at_start {
            kept.push_str(line);
            continue;
        }
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        kept.push_str(line.get(blanks.min(common)..).unwrap_or(""));
    }
    kept
}
