//! What a shell text leaves to chance: a value that a tool may take as an option, and a failure that a pipe hides.

use super::commands::{Command, commands};
use super::{Check, Seen};
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind, Reference};
use wf_model::kind::TextSyntax;
use wf_model::program::{Attribute, AttributeValue, Callee, Parameter};
use wf_model::span::Span;
use wf_model::types::Type;

/// Tools whose options may run or overwrite something.
const TOOLS: [&str; 28] = [
    "git", "rm", "cp", "mv", "ln", "mkdir", "cat", "chmod", "chown", "grep", "sed", "sort", "tar", "zip", "curl", "wget", "ssh",
    "scp", "rsync", "find", "docker", "podman", "kubectl", "helm", "npm", "pip", "make", "tee",
];

/// Commands that do not fail, or whose failure says nothing.
const HARMLESS: [&str; 13] =
    ["echo", "printf", "ls", "true", "yes", "seq", "date", "env", "hostname", "whoami", "pwd", "set", "exit"];

/// Reports both in the texts of a step.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let Callee::Kind(name) = &seen.step.invocation.callee else { return };
    if !check.asks_for(MayBeOption::STRICTNESS) {
        return;
    }
    let kind = check.room.kinds.get(name);
    let is_shell = |attribute: &&Attribute| {
        kind.and_then(|kind| kind.attribute(&attribute.name)).is_some_and(|attribute| attribute.text == TextSyntax::Shell)
    };
    let sees_pipes = sees_pipes(check, seen);
    for attribute in seen.step.invocation.attributes.iter().filter(is_shell) {
        let commands = commands(&attribute.value);
        for (command, value) in commands.iter().flat_map(|command| arguments(command).map(move |value| (command, value))) {
            if let Some(parameter) = parameter(check, value).filter(|parameter| parameter.constraint.is_none()) {
                let (tool, name) = (command.name(), &*parameter.name);
                check.report(&MayBeOption { span: value.span, tool, name });
            }
        }
        let hides =
            |command: &&Command<'_>| command.piped && !command.fed && !command.asked && !HARMLESS.contains(&command.name());
        if let Some(command) = commands.iter().find(hides).filter(|_| !sees_pipes) {
            check.report(&PipeHidesFailure { span: seen.statement.span, command: command.name() });
        }
    }
}

/// Whether the shell of a step fails with any command of a pipeline, or nobody knows which shell it is.
fn sees_pipes(check: &Check<'_, '_>, seen: &Seen<'_>) -> bool {
    let own = seen.step.invocation.attribute("shell").map(|attribute| match &attribute.value {
        AttributeValue::Expression(shell) => Some(shell),
        AttributeValue::Script(_) => None,
    });
    let shell = own.unwrap_or(check.room.workflow.settings.shell.as_ref());
    let is_default = seen.step.invocation.attribute("shell").is_none() && shell.is_none();
    let text = shell.and_then(Expression::constant_text);
    !is_default && text.is_none_or(|text| !matches!(text.rsplit('/').next(), Some("sh" | "dash" | "ash")))
}

/// Values that begin an argument of a tool, where an option could stand.
fn arguments<'c, 'a>(command: &'c Command<'a>) -> impl Iterator<Item = &'a Expression> + use<'c, 'a> {
    let known = TOOLS.contains(&command.name());
    let before = command.words.iter();
    let words = command.words.iter().skip(1).zip(before);
    let words = words.take_while(|(word, _)| word.text != "--").filter(move |_| known);
    words.filter(|(_, before)| !before.text.starts_with('-')).filter_map(|(word, _)| word.first)
}

/// The parameter that a value is, where it holds any text.
fn parameter<'p>(check: &Check<'p, '_>, value: &Expression) -> Option<&'p Parameter> {
    let mut inner = value;
    while let ExpressionKind::Convert(next) = &inner.kind {
        inner = next;
    }
    let ExpressionKind::Reference(Reference::Value(id)) = inner.kind else { return None };
    let text = |type_: &Type| matches!(type_.required(), Type::String);
    let any_text = match inner.type_.required() {
        Type::List(element) => text(element),
        type_ => text(type_),
    };
    check.room.workflow.parameters.iter().find(|parameter| parameter.value == id).filter(|_| any_text)
}

/// A parameter that a tool may take as an option.
struct MayBeOption<'a> {
    span: Span,
    tool: &'a str,
    name: &'a str,
}

impl Finding for MayBeOption<'_> {
    const SLUG: &'static str = "may-be-option";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let Self { tool, name, .. } = self;
        Self::at(self.span, format!("`{tool}` takes parameter `{name}` as an option where it begins with `-`"))
            .labelled("any text may stand here")
            .with_help(format!(
                "Put `--` before it where `{tool}` knows that, or constrain the parameter: `where {name} matches '^[^-]'`."
            ))
    }
}

/// A pipeline whose first command may fail unseen.
struct PipeHidesFailure<'a> {
    span: Span,
    command: &'a str,
}

impl Finding for PipeHidesFailure<'_> {
    const SLUG: &'static str = "pipe-hides-failure";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.span, format!("a pipe hides whether `{}` failed", self.command))
            .labelled("`sh` looks at the last command of a pipeline only")
            .with_help(
                "Let bash read the text, `shell: \"bash\"`, which fails with any of its commands, or write to a file in between.",
            )
    }
}
