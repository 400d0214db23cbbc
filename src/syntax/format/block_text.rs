//! Block strings, whose lines move with their statement where that changes nothing.

use super::writer::LEVEL;
use crate::ast::{ExpressionKind, TextPart};
use crate::parse_expression;
use std::borrow::Cow;
use wf_model::span::SourceId;

/// A string as it stands in a line of this indentation; as it is where its lines cannot be moved.
pub(super) fn moved(text: &str, indentation: usize) -> Cow<'_, str> {
    let is_block = text.starts_with("\"\"\"") || text.starts_with("'''");
    if !is_block || !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let new = reindented(&text.replace("\r\n", "\n"), indentation);
    if new == text || !means_the_same(text, &new) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(new)
}

/// The same lines, what they have in common of their indentation replaced.
fn reindented(text: &str, indentation: usize) -> String {
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or("");
    let lines: Vec<&str> = lines.collect();
    let last = lines.len().saturating_sub(1);
    // The closing quotes make the last line one that counts.
    let counted = lines.iter().map(|line| blanks(line)).zip(&lines).filter(|(blanks, line)| *blanks < line.len());
    let common = counted.map(|(blanks, _)| blanks).min().unwrap_or(0);
    let of_quotes = lines.last().map_or(0, |line| blanks(line));
    let inside = lines.iter().take(last).filter(|line| blanks(line) < line.len());
    let hangs = of_quotes == common && inside.clone().next().is_some() && inside.clone().all(|line| blanks(line) > common);
    let prefix = " ".repeat(if hangs { indentation * LEVEL } else { (indentation + 1) * LEVEL });
    let mut new = if is_only_quotes(first) { first.trim_end().to_owned() } else { first.to_owned() };
    for line in lines {
        new.push('\n');
        let rest = line.get(blanks(line).min(common)..).unwrap_or("");
        if !rest.is_empty() {
            new.push_str(&prefix);
            new.push_str(rest);
        }
    }
    new
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_only_quotes(line: &str) -> bool {
    line.get(3..).is_some_and(|rest| rest.trim_matches([' ', '\t']).is_empty())
}

/// Whether two strings have the same text, and the same values, written in the same way.
fn means_the_same(old: &str, new: &str) -> bool {
    match (parts(old), parts(new)) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
}

/// The parts of a string: whether each is a value, and its text.
fn parts(written: &str) -> Option<Vec<(bool, String)>> {
    let (expression, diagnostics) = parse_expression(SourceId(0), 0, written);
    let ExpressionKind::Text(text) = expression.kind else { return None };
    let part = |part: &TextPart| match part {
        TextPart::Literal { text, .. } => (false, text.clone()),
        TextPart::Value { span, .. } => (true, written.get(span.range()).unwrap_or("").to_owned()),
    };
    diagnostics.is_empty().then(|| text.parts.iter().map(part).collect())
}
