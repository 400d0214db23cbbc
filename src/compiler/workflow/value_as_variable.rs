//! Variables of the shell that have the name of a value, where the value was meant.

use super::Check;
use super::raw_text::may_set;
use crate::expression::{Lookup, has_text, sets};
use crate::shell;
use std::collections::BTreeMap;
use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{self, Quotes, TextPart};

/// `$release` in a shell text, where `release` is a value.
struct ValueAsVariable<'a> {
    name: &'a str,
    places: &'a [Span],
}

impl Finding for ValueAsVariable<'_> {
    const SLUG: &'static str = "value-as-variable";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let name = self.name;
        let first = self.places.first().copied().unwrap_or_default();
        let edits = self.places.iter().map(|span| Edit { span: *span, replacement: format!("${{{name}}}") });
        Self::at(first, format!("the shell is asked for a variable `{name}`, which nothing sets"))
            .labelled(format!("not the value `{name}` of the workflow"))
            .with_help(format!(
                "Write `${{{name}}}` for the value; a variable of the shell is set with `env: {{ {name}: … }}` or in the text."
            ))
            .with_edits(format!("Write `${{{name}}}`"), edits.collect())
    }
}

impl Check<'_> {
    /// Reports each variable of a shell text that has the name of a value, where nothing sets it.
    pub(super) fn values_as_variables(&mut self, text: &ast::Text, shell: Option<&str>, given: &[&ast::Attribute]) {
        if matches!(text.quotes, Quotes::Single | Quotes::BlockSingle) || !has_variable(text) || runs_others(text) {
            return;
        }
        let mut found: BTreeMap<String, Vec<(Span, usize)>> = BTreeMap::new();
        for (name, part, before) in shell::parameters(text, shell) {
            found.entry(name).or_default().push((part, before));
        }
        for (name, found) in found {
            if !self.with_checker(|checker| checker.names.is_visible(&name)) || self.is_set(text, &name, given) {
                continue;
            }
            let places = self.written_places(text, &name, &found);
            if !places.is_empty() && self.has_value(&name, &places) {
                self.report(&ValueAsVariable { name: &name, places: &places });
            }
        }
    }

    /// Where the file has the uses of a `$name`, each of which stands behind so many bytes of a part; one that is written with an
    /// escape is left out, because the shell's variable is meant.
    fn written_places(&self, text: &ast::Text, name: &str, found: &[(Span, usize)]) -> Vec<Span> {
        let mut places = Vec::new();
        for part in &text.parts {
            let TextPart::Literal { text: meant, span } = part else { continue };
            let of_part = || found.iter().filter(|(part, _)| part == span).map(|(_, before)| *before);
            if of_part().next().is_none() {
                continue;
            }
            let written = self.context.slice(*span);
            let (all, starts) = (uses(meant, name), uses(&written, name));
            if all.len() != starts.len() {
                continue;
            }
            let start = |before: usize| starts.get(all.binary_search(&before).ok()?).copied();
            let escaped = |start: &usize| written.get(..*start).is_some_and(|text| text.ends_with('\\'));
            places.extend(of_part().filter_map(start).filter(|start| !escaped(start)).map(|start| {
                let start = span.start as usize + start;
                Span::new(span.source, start, start + 1 + name.len())
            }));
        }
        places
    }

    /// Whether the text, the step or the workflow may set a variable.
    fn is_set(&self, text: &ast::Text, name: &str, given: &[&ast::Attribute]) -> bool {
        let own = given.iter().find(|attribute| &*attribute.name.text == "env");
        own.is_some_and(|env| may_set(&env.value, name))
            || self.workflow.settings.env.as_ref().is_some_and(|env| setting_sets(env, name))
            || sets(text, name)
    }

    /// Whether the value of this name has a text of its own; it was meant, so that it is not called unused too.
    fn has_value(&mut self, name: &str, places: &[Span]) -> bool {
        let place = places.first().copied().unwrap_or_default();
        self.with_checker(|checker| match checker.names.lookup(name, place) {
            Lookup::Found(_, type_) | Lookup::Constant(_, type_) => is_word(&type_),
            Lookup::Unknown | Lookup::Refused(_) | Lookup::Reported => false,
        })
    }
}

/// Whether values of a type stand in a shell text as they are.
fn is_word(type_: &Type) -> bool {
    match type_ {
        Type::Unknown => false,
        Type::List(element) => has_text(element),
        _ => has_text(type_),
    }
}

/// Where `$name` stands in a text.
fn uses(text: &str, name: &str) -> Vec<usize> {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_use = |place: &usize| {
        let behind = text.get(place + 1..).and_then(|rest| rest.strip_prefix(name));
        behind.is_some_and(ends)
    };
    text.match_indices('$').map(|(place, _)| place).filter(is_use).collect()
}

fn literals(text: &ast::Text) -> impl Iterator<Item = &str> {
    text.parts.iter().filter_map(|part| match part {
        TextPart::Literal { text, .. } => Some(text.as_str()),
        TextPart::Value { .. } => None,
    })
}

/// Whether a text holds a `$name` in small letters, as values are called.
fn has_variable(text: &ast::Text) -> bool {
    literals(text).any(|literal| literal.split('$').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())))
}

/// Whether a text runs files or texts that may set any variable.
fn runs_others(text: &ast::Text) -> bool {
    let mut commands = literals(text).flat_map(|literal| literal.split(['\n', ';', '&', '|', '(', '{']));
    commands.any(|command| matches!(command.split_whitespace().next(), Some("." | "source" | "eval")))
}

/// Whether the `env` of a workflow may set a variable.
fn setting_sets(env: &Expression, name: &str) -> bool {
    match &env.kind {
        ExpressionKind::Map(entries) => entries.iter().any(|(key, _)| **key == *name),
        ExpressionKind::Convert(inner) => setting_sets(inner, name),
        _ => true,
    }
}
