//! SQL text with values in it (§12): a value is a bind parameter, so it stands where an expression does.

mod lexer;
mod place;
#[cfg(test)]
mod tests;

use lexer::{Lexer, Region};
use place::Reader;
use wf_model::diagnostic::{Diagnostic, Edit, Finding};
use wf_model::span::Span;
use wf_syntax::ast::{Expression, ExpressionKind, Text, TextPart};

/// Reports the values of a text that stand where no bind parameter can: for a name, inside quotes, in a comment.
pub(crate) fn check(text: &Text, diagnostics: &mut Vec<Diagnostic>) {
    let tokens = Lexer::read(text);
    let mut reader = Reader::default();
    let parts = text.parts.iter().enumerate();
    let values: Vec<(usize, Span, &Expression)> = parts
        .filter_map(|(index, part)| match part {
            TextPart::Literal { .. } => None,
            TextPart::Value { expression, span } => Some((index, *span, expression)),
        })
        .collect();
    for (position, token) in tokens.bare.iter().enumerate() {
        if let Some(value) = reader.read(&tokens.bare, position, token)
            && let Some((_, span, expression)) = values.get(value)
            && !is_raw(expression)
        {
            diagnostics.push(InterpolationInSql { span: *span, place: Place::Name, quotes: None }.diagnostic());
        }
    }
    for (value, region) in tokens.enclosed {
        if let Some((index, span, expression)) = values.get(value)
            && !is_raw(expression)
        {
            let quotes = if region == Region::Text { lone(text, *index, *span) } else { None };
            let place = if region == Region::Comment {
                Place::Comment
            } else if region == Region::Name {
                Place::Name
            } else {
                Place::Quotes
            };
            diagnostics.push(InterpolationInSql { span: *span, place, quotes }.diagnostic());
        }
    }
}

fn is_raw(expression: &Expression) -> bool {
    matches!(&expression.bare().kind, ExpressionKind::Call { name, .. } if &*name.text == "raw")
}

/// The quotes around a value, where nothing else stands in them.
fn lone(text: &Text, index: usize, value: Span) -> Option<(Span, Span)> {
    let literal = |index: usize| match text.parts.get(index) {
        Some(TextPart::Literal { text, .. }) => Some(text),
        _ => None,
    };
    let before = literal(index.checked_sub(1)?)?;
    let after = literal(index + 1)?;
    let alone = before.ends_with('\'') && !before.ends_with("''") && after.starts_with('\'') && !after.starts_with("''");
    let quote = |start: u32| Span { start, end: start + 1, ..value };
    alone.then_some((quote(value.start.checked_sub(1)?), quote(value.end)))
}

/// Where a value stands that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// For a table, a column or another name.
    Name,
    /// In a text.
    Quotes,
    /// In a comment.
    Comment,
}

/// A value of an SQL text where no bind parameter can stand.
struct InterpolationInSql {
    span: Span,
    place: Place,
    /// The quotes, where nothing but the value stands in them.
    quotes: Option<(Span, Span)>,
}

impl Finding for InterpolationInSql {
    const SLUG: &'static str = "interpolation-in-sql";

    fn diagnostic(&self) -> Diagnostic {
        let (message, label, help) = match self.place {
            Place::Name => (
                "a value stands for a name in SQL",
                "a bind parameter is never the name of a table or column",
                "Write the name out; to choose one, let the program say them all: `${raw(if old then \"users_old\" else \"users\")}`.",
            ),
            Place::Quotes => (
                "a value stands in quotes of SQL",
                "the database replaces nothing here",
                "Remove the quotes: a value is a bind parameter, whatever it holds. Join texts with `||`.",
            ),
            Place::Comment => ("a value stands in a comment of SQL", "nothing reads it", "Remove it from the comment."),
        };
        let found = Self::at(self.span, message).labelled(label).with_help(help);
        match self.quotes {
            Some((before, after)) => {
                let edits = [before, after].map(|span| Edit { span, replacement: String::new() });
                found.with_edits("Remove the quotes", edits.into())
            }
            None => found,
        }
    }
}
