//! The programs that a step names: its shell, the first word of its command, the first element of its list.

use wf_model::expression::{Expression, ExpressionKind};
use wf_model::program::{AttributeValue, Callee, Invocation};
use wf_model::script::ScriptPart;
use wf_model::span::Span;

/// Words of a shell that begin a command and are no program.
const WORDS: [&str; 43] = [
    ".", ":", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue", "declare", "do", "done", "echo", "eval",
    "exec", "exit", "export", "false", "fg", "for", "function", "if", "kill", "let", "local", "printf", "pwd", "read", "return",
    "select", "set", "shift", "source", "test", "time", "trap", "true", "type", "ulimit", "unset", "until", "while",
];

/// The programs that an invocation names, each with its place; what only a run knows is left out.
pub(super) fn named(invocation: &Invocation) -> Vec<(String, Span)> {
    let mut named = Vec::new();
    if let Some(AttributeValue::Expression(shell)) = invocation.attribute("shell").map(|shell| &shell.value) {
        let text = shell.constant_text();
        let program = text.as_deref().and_then(|text| text.split_whitespace().next()).map(str::to_owned);
        named.extend(program.map(|program| (program, shell.span)));
    }
    let command = match &invocation.callee {
        Callee::Kind(kind) if **kind == *"shell" => invocation.attribute("run"),
        Callee::Kind(kind) if **kind == *"agent" => invocation.attribute("command"),
        Callee::Kind(_) | Callee::Workflow(_) => None,
    };
    match command.map(|command| &command.value) {
        Some(AttributeValue::Script(script)) => {
            if let Some(ScriptPart::Literal(text)) = script.parts.first() {
                let whole = script.parts.len() == 1;
                named.extend(first_word(text, whole).map(|word| (word.to_owned(), invocation.span)));
            }
        }
        Some(AttributeValue::Expression(expression)) => named.extend(first_element(expression)),
        None => {}
    }
    named
}

fn first_element(expression: &Expression) -> Option<(String, Span)> {
    let mut inner = expression;
    while let ExpressionKind::Convert(converted) = &inner.kind {
        inner = converted;
    }
    match &inner.kind {
        ExpressionKind::List(elements) => {
            let first = elements.first()?;
            Some((first.constant_text()?, first.span))
        }
        _ => None,
    }
}

/// The program with which a shell text begins, where that is plain to see.
fn first_word(text: &str, whole: bool) -> Option<&str> {
    let text = text.trim_start();
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-+./".contains(character);
    let end = text.find(|character| !plain(character));
    let behind = match end {
        Some(end) => text.get(end..)?.chars().next()?,
        None if whole => ' ',
        None => return None,
    };
    let word = text.get(..end.unwrap_or(text.len()))?;
    let is_program = (behind.is_whitespace() || ";|&<>".contains(behind)) && !word.is_empty() && !WORDS.contains(&word);
    is_program.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::first_word;

    #[test]
    fn a_text_begins_with_a_program_or_not() {
        for (text, word) in [
            ("make all", Some("make")),
            ("  g++ x", Some("g++")),
            ("make", Some("make")),
            ("make; x", Some("make")),
            ("A=1 make", None),
            ("make() { x; }", None),
            ("if make; then", None),
            ("$make", None),
            ("# make", None),
            ("\"make\" x", None),
            ("", None),
        ] {
            assert_eq!(first_word(text, true), word, "{text}");
        }
        assert_eq!(first_word("make", false), None, "a value goes on with the word");
    }
}
