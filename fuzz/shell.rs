//! Reading shell text always ends, and knows of every value where it stands.

use crate::check::compile;
use crate::seeds::texts;
use crate::spans;
use wf_model::program::{AttributeValue, Program, StatementKind};
use wf_model::script::{Script, ScriptPart};
use wf_model::span::SourceId;
use wf_syntax::scan::{TokenKind, scan};

/// What stands for a string, a list and a raw string among the characters of a shell text.
const VALUES: [(char, &str); 3] = [('\u{1}', "${value}"), ('\u{2}', "${list}"), ('\u{3}', "${raw(value)}")];

/// Compiles a step that runs a text; `\u{1}`, `\u{2}` and `\u{3}` in it stand for values.
pub fn shell(text: &str) {
    let file = file(text);
    let compilation = compile(&file);
    spans::lie_inside(&compilation.diagnostics, |_| Some(&file));
    let syntax = wf_syntax::parse(SourceId(0), &file).diagnostics;
    assert!(syntax.is_empty(), "an escaped text is not read: {syntax:#?}");
    let Some(program) = compilation.program else { return };
    let expected = text.chars().filter(|c| VALUES.iter().any(|(sign, _)| sign == c)).count();
    if expected > 0 {
        let values = scripts(&program).flat_map(|script| &script.parts);
        let found = values.filter(|part| matches!(part, ScriptPart::Value { .. })).count();
        assert!(found == expected, "{found} values of {expected}");
    }
}

/// A file with a step that runs the text.
fn file(text: &str) -> String {
    let mut file = "workflow main {\n  param value: string = \"v\"\n  param list: [string] = []\n  step run: shell \"".to_owned();
    for character in text.chars() {
        match (VALUES.iter().find(|(sign, _)| *sign == character), character) {
            (Some((_, value)), _) => file.push_str(value),
            (None, '\\' | '"' | '$') => file.extend(['\\', character]),
            (None, '\n') => file.push_str("\\n"),
            (None, '\r') => file.push_str("\\r"),
            (None, _) => file.push(character),
        }
    }
    file + "\"\n}\n"
}

fn scripts(program: &Program) -> impl Iterator<Item = &Script<wf_model::expression::Expression>> {
    let statements = program.workflows.iter().flat_map(|(_, workflow)| workflow.statements.iter());
    let attributes = statements.flat_map(|(_, statement)| match &statement.kind {
        StatementKind::Step(step) => step.invocation.attributes.as_slice(),
        _ => &[],
    });
    attributes.filter_map(|attribute| match &attribute.value {
        AttributeValue::Script(script) => Some(script),
        AttributeValue::Expression(_) => None,
    })
}

/// The strings of all seeds, with `\u{1}` where a value stands.
#[must_use]
pub fn shell_texts() -> Vec<String> {
    let mut found: Vec<String> = texts().iter().flat_map(|text| strings(text)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn strings(text: &str) -> Vec<String> {
    let tokens = scan(SourceId(0), text).tokens;
    let strings = tokens.iter().filter(|token| token.kind == TokenKind::Text);
    strings.filter_map(|token| text.get(token.span.range())).map(unquoted).collect()
}

/// What stands between the quotes, roughly: it is only what a search begins with.
fn unquoted(written: &str) -> String {
    let inside = written.trim_matches(['"', '\'']);
    let mut pieces = inside.split("${");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push('\u{1}');
        text.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    text
}
