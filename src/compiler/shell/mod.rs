//! Values in shell text: the quoting around each is read, so that it arrives as data.

mod bashism;
mod command;
mod context;
mod findings;
mod flow;
mod frame;
mod here_document;
mod interpreter;
mod lexer;
mod program;
mod quoted;
mod report;
mod symbols;
#[cfg(test)]
mod tests;
mod variables;
mod words;

pub(crate) use program::program;

use context::{Context, Refusal};
use report::Report;
use symbols::Symbols;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, ExpressionKind, Function};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{self, TextPart};

/// Makes a script of a shell text, and reports what does not arrive as data or what the shell would not read.
///
/// `values` are the expressions of the text's values, in its order, each with the place of its `${…}`. `shell` is what reads the
/// text: its name or path, `/bin/sh` where the program names none, `None` where it is known only when it runs.
/// A value that was reported has the place [`ScriptPlace::Quoted`].
pub(crate) fn script(
    text: &ast::Text,
    values: Vec<(Expression, Span)>,
    shell: Option<&str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Script<Expression> {
    let symbols = Symbols::of(text);
    let known = shell.is_some_and(is_known);
    let report = Report::new(text, &symbols, !known);
    let contexts = if known {
        let reading = lexer::read(&symbols);
        reading.flaws.iter().for_each(|flaw| report::flaw(*flaw, &symbols, diagnostics));
        if shell.is_some_and(is_posix_only) {
            reading.bashisms.iter().for_each(|bashism| bashism::report(*bashism, &symbols, diagnostics));
        }
        for carried in &reading.carried {
            let refused = matches!(reading.contexts.get(carried.value), Some(Context::Refused(_)));
            let value = values.get(carried.value).filter(|(value, _)| !refused && !is_raw(value) && may_be_code(&value.type_));
            value.iter().for_each(|(_, span)| report.carried(*span, carried, diagnostics));
        }
        reading.contexts
    } else {
        let first = values.iter().find(|(value, _)| !is_raw(value));
        diagnostics.extend(first.map(|(_, span)| findings::ShellUnknown { span: *span, shell }.diagnostic()));
        Vec::new()
    };
    let mut values = values.into_iter().enumerate();
    let mut part = |part: &TextPart| match part {
        TextPart::Literal { text, .. } => Some(ScriptPart::Literal(text.as_str().into())),
        TextPart::Value { .. } => {
            let (index, (value, span)) = values.next()?;
            let context = contexts.get(index).copied().unwrap_or(Context::Refused(Refusal::Unread));
            let place = if is_raw(&value) {
                ScriptPlace::Raw
            } else {
                report.value(index, span, context, is_list(&value.type_), diagnostics);
                place_of(context)
            };
            Some(ScriptPart::Value { value, place })
        }
    };
    let mut parts = Vec::with_capacity(text.parts.len());
    parts.extend(text.parts.iter().filter_map(&mut part));
    Script { parts }
}

/// Each `$name` of a text that a shell like the one of POSIX would read as a variable, with the place of its part of the text, and
/// how many bytes of that part's text stand before it.
pub(crate) fn parameters(text: &ast::Text, shell: Option<&str>) -> Vec<(String, Span, usize)> {
    if !shell.is_some_and(is_known) {
        return Vec::new();
    }
    let symbols = Symbols::of(text);
    let found = lexer::read(&symbols).parameters;
    let placed = |(name, place)| symbols.in_part(place).map(|(part, before)| (name, part, before));
    found.into_iter().filter_map(placed).collect()
}

fn place_of(context: Context) -> ScriptPlace {
    match context {
        Context::Bare { .. } => ScriptPlace::Bare,
        Context::Quoted | Context::Comment | Context::Refused(_) => ScriptPlace::Quoted,
    }
}

/// Whether a shell's quoting is known as the one of POSIX and bash, by its name, path or command line.
fn is_known(shell: &str) -> bool {
    let mut words = shell.split_whitespace();
    match words.next().map(interpreter::base_name) {
        Some("sh" | "bash" | "dash" | "ash" | "zsh") => true,
        Some("busybox") => matches!(words.next(), Some("sh" | "ash")),
        _ => false,
    }
}

/// Whether what only bash reads does not belong into text for a shell.
fn is_posix_only(shell: &str) -> bool {
    let program = shell.split_whitespace().next().map(interpreter::base_name);
    matches!(program, Some("sh" | "dash"))
}

/// Whether a value is `raw(x)`.
pub(crate) fn is_raw(value: &Expression) -> bool {
    let mut inner = value;
    while let ExpressionKind::Convert(next) = &inner.kind {
        inner = next;
    }
    matches!(inner.kind, ExpressionKind::Call(Function::Raw, ..))
}

/// Whether a value of a type can hold more than a number or a word that the program lists.
fn may_be_code(type_: &Type) -> bool {
    match type_.required() {
        Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size | Type::Union(_) => false,
        Type::List(element) => may_be_code(element),
        _ => true,
    }
}

fn is_list(type_: &Type) -> bool {
    matches!(type_.required(), Type::List(_))
}
