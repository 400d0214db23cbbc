//! Raw strings of a shell in which a value was meant.

use super::Check;
use foldhash::HashSet;
use wf_model::diagnostic::{Diagnostic, Edit, Finding, Strictness};
use wf_model::span::Span;
use wf_syntax::ast::{self, ExpressionKind, Quotes, TextPart};

/// `${env}` in a raw string, where `env` is a value.
struct RawInterpolation<'a> {
    /// The string's text, without its quotes.
    span: Span,
    name: &'a str,
    /// Whether double quotes make values of all that looks like one, and change nothing else.
    mends: bool,
}

impl Finding for RawInterpolation<'_> {
    const SLUG: &'static str = "raw-interpolation";
    const STRICTNESS: Strictness = Strictness::WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let name = self.name;
        let found = Self::at(self.span, format!("single quotes of .wf take `${{{name}}}` as text"))
            .labelled(format!("the shell looks for a variable `{name}` of its own"))
            .with_help(format!("Use double quotes for the value; for a variable of the shell write `${name}`."));
        if !self.mends {
            return found;
        }
        let quote = |start: u32| Span { start, end: start + 1, ..self.span };
        let edits = [quote(self.span.start.saturating_sub(1)), quote(self.span.end)];
        found.with_edits("Use double quotes", edits.map(|span| Edit { span, replacement: "\"".to_owned() }).into())
    }
}

impl Check<'_> {
    /// Reports a raw string in which the name of a value stands as one would write it in double quotes.
    pub(super) fn raw_text(&mut self, text: &ast::Text, given: &[&ast::Attribute]) {
        let (Quotes::Single | Quotes::BlockSingle, [TextPart::Literal { text: content, span }]) = (text.quotes, &*text.parts)
        else {
            return;
        };
        // Variables that are set for all steps may have any names.
        if self.workflow.settings.env.is_some() {
            return;
        }
        let env = given.iter().find(|attribute| &*attribute.name.text == "env");
        let is_given = |name: &str| env.is_some_and(|env| may_set(&env.value, name));
        let (names, own) = (expansions(content), own_names(content));
        let value = names.iter().copied().find(|name| self.is_value(name) && !is_given(name) && !own.contains(name));
        let Some(name) = value else { return };
        let whole = content.matches("${").count() == names.len() && names.iter().all(|name| self.is_value(name));
        let mends = whole && text.quotes == Quotes::Single && !content.contains(['"', '\\', '\'']);
        // It was meant, so it is not called unused too.
        self.with_checker(|checker| drop(checker.names.lookup(name, *span)));
        self.diagnostics.push(RawInterpolation { span: *span, name, mends }.diagnostic());
    }

    fn is_value(&mut self, name: &str) -> bool {
        self.with_checker(|checker| checker.names.is_visible(name))
    }
}

/// The names in each `${name}` of a text.
fn expansions(text: &str) -> Vec<&str> {
    let named = |rest: &'_ str| rest.find('}').filter(|end| *end > 0);
    let pieces = text.split("${").skip(1).filter_map(|rest| rest.get(..named(rest)?));
    pieces.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect()
}

/// Names of variables that the text itself may set.
fn own_names(text: &str) -> HashSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_=${".contains(c)));
    words.map(|word| word.split_once('=').map_or(word, |(name, _)| name)).collect()
}

/// Whether the `env` of a step may set a variable.
pub(super) fn may_set(env: &ast::Expression, name: &str) -> bool {
    match &env.bare().kind {
        ExpressionKind::Record(entries) => entries.iter().any(|(key, _)| &*key.text == name),
        _ => true,
    }
}
