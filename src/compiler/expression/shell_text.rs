//! Values in a shell text.

use super::text::has_text;
use super::{Checker, unknown};
use foldhash::HashSet;
use std::sync::Arc;
use wf_model::diagnostic::Edit;
use wf_model::expression::{BinaryOperator, Expression};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{self, ExpressionKind, TextPart};

/// A shell text, and which of its names were taken for variables of the shell.
pub(super) struct ShellText<'a> {
    text: &'a ast::Text,
    told: HashSet<Arc<str>>,
}

/// How a name that nothing has is left to the shell.
pub(super) struct LeftToShell {
    /// What stands for its first use then.
    pub(super) first: String,
    /// What leaves all of its uses.
    pub(super) edits: Vec<Edit>,
    /// Whether it surely is a variable of the shell: one of the environment, or one that the text itself sets.
    pub(super) sure: bool,
}

impl Checker<'_> {
    /// The values of a shell text, each with the place of its `${…}`.
    pub(crate) fn words(&mut self, text: &ast::Text) -> Vec<(Expression, Span)> {
        let mut shell = ShellText { text, told: HashSet::default() };
        let mut values = Vec::new();
        for part in &text.parts {
            if let TextPart::Value { expression, span } = part {
                values.push((self.word(expression, &mut shell), *span));
            }
        }
        values
    }

    /// One with a text of its own, or a list of those, one word for each.
    fn word(&mut self, expression: &ast::Expression, shell: &mut ShellText<'_>) -> Expression {
        if let Some((name, span)) = variable(expression) {
            if shell.told.contains(name) {
                return unknown(expression.span);
            }
            self.types.recorder.offer(span, || self.values(None));
            let value = self.name(name, span, Some(shell));
            if value.type_ == Type::Unknown {
                return value;
            }
        }
        let value = self.infer(expression, None);
        match &value.type_ {
            Type::List(element) if has_text(element) => value,
            _ => self.renderable(value),
        }
    }
}

impl ShellText<'_> {
    /// Takes a name that nothing has for a variable of the shell; gives how it is left to the shell.
    pub(super) fn left_to_it(&mut self, name: &Arc<str>) -> LeftToShell {
        self.told.insert(name.clone());
        let mut following = self.text.parts.iter().skip(1);
        let mut shown = None;
        let mut edits = Vec::new();
        for part in &self.text.parts {
            let next = following.next();
            let TextPart::Value { expression, span } = part else { continue };
            if variable(expression).is_none_or(|(other, _)| other != name) {
                continue;
            }
            let plain = matches!(expression.kind, ExpressionKind::Name(_));
            let (written, edit) = match (plain, joins(next)) {
                (true, false) => (format!("${name}"), Edit { span: *span, replacement: format!("${name}") }),
                (true, true) => (format!("\\${{{name}}}"), Edit { span: span.before(), replacement: "\\".to_owned() }),
                (false, _) => (format!("\\${{{name}…}}"), Edit { span: span.before(), replacement: "\\".to_owned() }),
            };
            shown.get_or_insert(written);
            edits.push(edit);
        }
        let of_environment = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        LeftToShell { first: shown.unwrap_or_default(), edits, sure: of_environment || sets(self.text, name) }
    }
}

/// Words before the names of variables that they set.
const DECLARING: [&str; 12] =
    ["for", "select", "read", "local", "declare", "typeset", "mapfile", "readarray", "getopts", "printf", "export", "readonly"];

/// Whether a shell text gives a variable of this name a value: `x=1`, `for x in …`, `read -r x`.
pub(crate) fn sets(text: &ast::Text, name: &str) -> bool {
    let literals = text.parts.iter().filter_map(|part| match part {
        TextPart::Literal { text, .. } => Some(text.as_str()),
        TextPart::Value { .. } => None,
    });
    let mut declares = false;
    for line in literals.flat_map(|literal| literal.split(['\n', ';', '|', '&', '('])) {
        for word in line.split_whitespace() {
            let assigned = word.strip_prefix(name).is_some_and(|rest| rest.starts_with(['=', '+', '[']));
            if assigned || declares && word == name {
                return true;
            }
            declares |= DECLARING.contains(&word);
        }
        declares = false;
    }
    false
}

/// The name of which a value consists as the shell would read it: `x`, `x[0]`, `x/a/b`, `x%a`.
fn variable(expression: &ast::Expression) -> Option<(&Arc<str>, Span)> {
    let mut inner = expression;
    loop {
        match &inner.kind {
            ExpressionKind::Name(name) => return Some((name, inner.span)),
            ExpressionKind::Index { base, .. } if matches!(base.kind, ExpressionKind::Name(_)) => inner = base,
            ExpressionKind::Binary {
                operator: BinaryOperator::Divide | BinaryOperator::Remainder,
                operator_span,
                left,
                right,
            } => {
                let touching = left.span.end == operator_span.start && operator_span.end == right.span.start;
                inner = Some(&**left).filter(|_| touching)?;
            }
            _ => return None,
        }
    }
}

/// Whether what follows would belong to a `$name` before it.
fn joins(next: Option<&TextPart>) -> bool {
    let Some(TextPart::Literal { text, .. }) = next else { return false };
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '[')
}
