//! A program with its arguments, without a shell: which of them it reads as code.

use super::command::{Command, Role, Word};
use super::context::Refusal;
use super::findings::{CodeReader, InterpolationInCode};
use super::report::written;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_syntax::ast::{Expression, ExpressionKind, TextPart};

/// Reports the values among `words`, a program and its arguments, that are code of an interpreter.
pub(crate) fn program(words: &[Expression], diagnostics: &mut Vec<Diagnostic>) {
    let mut command = Command::default();
    for expression in words {
        let mut word = Word { quoted: true, ..Word::default() };
        for piece in pieces(expression) {
            match piece {
                Piece::Literal(text) => word.text.push_str(text),
                Piece::Value(value, span) => {
                    if let Role::Refused(Refusal::Code(interpreter)) = command.role(&word)
                        && !is_raw(value)
                    {
                        let reader = CodeReader::Argument(interpreter);
                        diagnostics.push(InterpolationInCode { span, reader, written: written(Some(value)) }.diagnostic());
                    }
                    word.open = true;
                }
            }
        }
        command.push(&word);
    }
}

/// A part of an argument.
enum Piece<'a> {
    Literal(&'a str),
    Value(&'a Expression, Span),
}

/// What an argument is made of.
fn pieces(expression: &Expression) -> Vec<Piece<'_>> {
    match &expression.bare().kind {
        ExpressionKind::Text(text) => {
            let pieces = text.parts.iter().map(|part| match part {
                TextPart::Literal { text, .. } => Piece::Literal(text.as_str()),
                TextPart::Value { expression, span } => Piece::Value(expression, *span),
            });
            pieces.collect()
        }
        _ => vec![Piece::Value(expression, expression.span)],
    }
}

fn is_raw(expression: &Expression) -> bool {
    matches!(&expression.bare().kind, ExpressionKind::Call { name, .. } if &*name.text == "raw")
}
