//! What statements do, in words of the program with the values that are known.

use super::sight::Sight;
use wf_model::expression::{Expression, ExpressionKind, TextPart};
use wf_model::kind::Registry;
use wf_model::program::{Attribute, AttributeValue, Callee, Invocation, Program};
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::source::Sources;
use wf_model::value::Value;

/// Longer texts are cut, in characters.
const LONGEST: usize = 2_000;

/// What words are made of.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) program: &'a Program,
    pub(super) sources: &'a Sources,
    pub(super) kinds: &'a Registry,
}

impl Words<'_> {
    /// `shell "make all", cwd: "/src"`
    pub(super) fn invocation(self, invocation: &Invocation, sight: &mut Sight<'_>) -> String {
        let (name, main) = match &invocation.callee {
            Callee::Kind(kind) => (&**kind, self.kinds.get(kind).map_or(&[][..], |kind| kind.main)),
            Callee::Workflow(id) => (self.program.workflows.get(*id).map_or("", |workflow| &*workflow.name), &[][..]),
        };
        let is_main = |attribute: &&Attribute| main.contains(&&*attribute.name);
        let mut text = name.to_owned();
        if let Some(attribute) = invocation.attributes.iter().find(is_main) {
            text = format!("{text} {}", self.attribute(attribute, sight));
        }
        let others = invocation.attributes.iter().filter(|attribute| !is_main(attribute));
        let others: Vec<String> =
            others.map(|attribute| format!("{}: {}", attribute.name, self.attribute(attribute, sight))).collect();
        if !others.is_empty() {
            text = format!("{text} {{ {} }}", others.join(", "));
        }
        cut(sight.outlook.mask(&text))
    }

    fn attribute(self, attribute: &Attribute, sight: &mut Sight<'_>) -> String {
        match &attribute.value {
            AttributeValue::Expression(expression) => self.expression(expression, sight),
            AttributeValue::Script(script) => self.script(script, sight),
        }
    }

    /// An expression as it is written; where its value is known, that instead.
    pub(super) fn expression(self, expression: &Expression, sight: &mut Sight<'_>) -> String {
        if let Some((value, _)) = sight.fold(expression) {
            return cut(value.write_literal());
        }
        match &expression.kind {
            ExpressionKind::Convert(inner) => self.expression(inner, sight),
            ExpressionKind::Text(parts) | ExpressionKind::Url(parts) => {
                let mut text = String::from("\"");
                for part in parts {
                    match part {
                        TextPart::Literal(literal) => text.push_str(literal),
                        TextPart::Value(value) => text.push_str(&self.inserted(value, sight)),
                    }
                }
                text + "\""
            }
            _ => self.written(expression),
        }
    }

    /// A value in a text: what it is, or `${…}` as it is written.
    fn inserted(self, value: &Expression, sight: &mut Sight<'_>) -> String {
        let known = sight.fold(value).and_then(|(value, _)| shown(&value));
        known.unwrap_or_else(|| format!("${{{}}}", self.written(value)))
    }

    fn script(self, script: &Script<Expression>, sight: &mut Sight<'_>) -> String {
        let mut text = String::from("\"");
        for part in &script.parts {
            match part {
                ScriptPart::Literal(literal) => text.push_str(literal),
                ScriptPart::Value { value, place } => match (sight.fold(value), place) {
                    (Some((value, _)), ScriptPlace::Bare) => text.push_str(&words_of(&value)),
                    _ => text.push_str(&self.inserted(value, sight)),
                },
            }
        }
        text + "\""
    }

    /// An expression as it is written, on one line.
    pub(super) fn written(self, expression: &Expression) -> String {
        one_line(self.sources.slice(expression.span))
    }
}

/// A text with every run of blanks and line breaks as one blank.
pub(super) fn one_line(text: &str) -> String {
    cut(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::List(elements) => Some(elements.iter().filter_map(Value::render).collect::<Vec<_>>().join(" ")),
        value => value.render(),
    }
}

/// A value outside quotes of a shell: each element is one word.
fn words_of(value: &Value) -> String {
    let elements = match value {
        Value::List(elements) => elements.as_slice(),
        value => std::slice::from_ref(value),
    };
    elements.iter().filter_map(Value::render).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+*".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text,
    }
}
