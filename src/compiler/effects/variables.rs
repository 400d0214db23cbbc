//! Variables of an environment whose values a shell runs.

use super::{Check, Seen};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{Expression, ExpressionKind, Function};
use wf_model::kind::TextSyntax;
use wf_model::program::{AttributeValue, Callee};
use wf_model::span::Span;

/// What a shell runs when it begins, and before each line that it shows.
const RUN_BY_SHELLS: [&str; 2] = ["BASH_ENV", "PS4"];

/// Reports values that a run makes in such variables of a step that a shell runs.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let Callee::Kind(name) = &seen.step.invocation.callee else { return };
    let is_shell = |kind: &&wf_model::kind::Kind| kind.attributes.iter().any(|attribute| attribute.text == TextSyntax::Shell);
    if check.room.kinds.get(name).filter(is_shell).is_none() {
        return;
    }
    for attribute in seen.step.invocation.attributes.iter().filter(|attribute| &*attribute.name == "env") {
        if let AttributeValue::Expression(environment) = &attribute.value {
            report(check, environment);
        }
    }
}

/// As [`check`], for the environment of the workflow.
pub(super) fn check_setting(check: &mut Check<'_, '_>) {
    if let Some(environment) = &check.room.workflow.settings.env {
        report(check, environment);
    }
}

fn report(check: &mut Check<'_, '_>, environment: &Expression) {
    for (variable, value) in environment.walk().filter_map(entries).flatten() {
        if RUN_BY_SHELLS.contains(&&**variable) && !is_settled(value) {
            check.report(&VariableIsRun { span: value.span, variable });
        }
    }
}

fn entries(part: &Expression) -> Option<&[(std::sync::Arc<str>, Expression)]> {
    match &part.kind {
        ExpressionKind::Map(entries) => Some(entries),
        _ => None,
    }
}

/// Whether the program alone decides what a value is, or says that it does.
fn is_settled(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Literal(_) | ExpressionKind::Call(Function::Raw, ..) => true,
        ExpressionKind::Convert(inner) => is_settled(inner),
        _ => value.constant_text().is_some(),
    }
}

/// A value in a variable that a shell runs.
struct VariableIsRun<'a> {
    span: Span,
    variable: &'a str,
}

impl Finding for VariableIsRun<'_> {
    const SLUG: &'static str = "interpolation-in-code";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a value stands in `{}`, which shells run", self.variable))
            .labelled("a shell would run what it holds")
            .with_help(format!(
                "Write `{}` out as a text, or leave it to the script: a value goes into a variable of another name.",
                self.variable
            ))
    }
}
