//! What can be wrong with a parameter.

use super::{Given, Origin};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::program::{Parameter, Workflow};
use wf_model::span::Span;
use wf_model::suggest::nearest;
use wf_model::types::Type;
use wf_model::value::Value;

/// Longer values are cut in messages.
const LONGEST_SHOWN: usize = 60;

/// A value as a message shows it.
fn shown(value: &Value) -> String {
    let mut text = value.write_literal();
    if let Some((at, _)) = text.char_indices().nth(LONGEST_SHOWN) {
        text.truncate(at);
        text.push('…');
    }
    text
}

pub(super) struct Missing<'a> {
    pub(super) parameter: &'a Parameter,
}

impl Finding for Missing<'_> {
    const SLUG: &'static str = "parameter-missing";

    fn diagnostic(&self) -> Diagnostic {
        let Parameter { name, type_, .. } = self.parameter;
        Self::at(self.parameter.span, format!("parameter `{name}` is not given"))
            .labelled(format!("takes {type_} and has no default"))
            .with_help(format!(
                "Give it: `--param {name}=…`, in a `--params` file, or as the variable {}.",
                super::variable(name)
            ))
    }
}

pub(super) struct Unknown<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) given: &'a Given,
}

impl Finding for Unknown<'_> {
    const SLUG: &'static str = "parameter-unknown";

    fn diagnostic(&self) -> Diagnostic {
        let names = || self.workflow.parameters.iter().map(|parameter| &*parameter.name);
        let help = match nearest(&self.given.name, names()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None if self.workflow.parameters.is_empty() => "It takes no parameters; leave it out.".to_owned(),
            None => format!("It takes {}.", names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        let name = self.given.name.escape_debug();
        Self::at(self.workflow.span, format!("workflow `{}` has no parameter `{name}`", self.workflow.name))
            .labelled(format!("given by {}", self.given.origin))
            .with_help(help)
    }
}

/// What a value of the type looks like, where that is not plain from its name.
fn looks(type_: &Type) -> String {
    let example = match type_.required() {
        Type::Bool => "`true` or `false`",
        Type::Duration => "one such as `90s` or `1h30m`",
        Type::Size => "one such as `512KB` or `2GB`",
        Type::List(_) => "elements with commas between them, or JSON",
        Type::Map(_) => "one such as `{name: …}`, or a JSON object",
        Type::Record(_) => "its fields in braces, or a JSON object",
        Type::Url => "one such as `https://example.com/path`",
        Type::Json => "JSON, or a text that begins otherwise",
        _ => return String::new(),
    };
    format!("; write {example}")
}

pub(super) struct Mismatch<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) given: &'a Given,
    pub(super) problem: String,
}

impl Finding for Mismatch<'_> {
    const SLUG: &'static str = "parameter-mismatch";

    fn diagnostic(&self) -> Diagnostic {
        let Parameter { name, type_, .. } = self.parameter;
        Self::at(self.parameter.span, format!("parameter `{name}` does not fit: {}", self.problem))
            .labelled(format!("declared as {type_}"))
            .with_help(format!("Its value comes from {}{}.", self.given.origin, looks(type_)))
    }
}

pub(super) struct GivenTwice<'a> {
    pub(super) parameter: &'a Parameter,
}

impl Finding for GivenTwice<'_> {
    const SLUG: &'static str = "parameter-given-twice";

    fn diagnostic(&self) -> Diagnostic {
        let Parameter { name, type_, .. } = self.parameter;
        Self::at(self.parameter.span, format!("parameter `{name}` is given twice"))
            .labelled(format!("takes one {type_}"))
            .with_help(format!("Give `--param {name}=…` once; only the elements of a list may come in several flags."))
    }
}

pub(super) struct NotGivable<'a> {
    pub(super) parameter: &'a Parameter,
}

impl Finding for NotGivable<'_> {
    const SLUG: &'static str = "parameter-secret";

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.parameter.name;
        Self::at(self.parameter.span, format!("parameter `{name}` is a secret"))
            .labelled("only a calling workflow can give it")
            .with_help(format!("Read it with `secret {name} from env \"…\"`: a command line shows in the list of processes."))
    }
}

pub(super) struct DefaultFailed<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) problem: String,
}

impl Finding for DefaultFailed<'_> {
    const SLUG: &'static str = "parameter-default-failed";

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.parameter.name;
        let span = self.parameter.default.as_ref().map_or(self.parameter.span, |default| default.span);
        Self::at(span, format!("the default of parameter `{name}` fails: {}", self.problem))
            .labelled("evaluated because nobody gave a value")
            .with_help(format!("Give it: `--param {name}=…`."))
    }
}

pub(super) struct ConstraintBroken<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) value: Value,
    pub(super) origin: Option<&'a Origin>,
    pub(super) constraint: Span,
}

impl Finding for ConstraintBroken<'_> {
    const SLUG: &'static str = "parameter-constraint";

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.parameter.name;
        let origin = self.origin.map_or_else(|| "its default".to_owned(), ToString::to_string);
        // Two marks of which one holds the other are hard to read.
        let whole = self.parameter.span;
        let before = whole.source == self.constraint.source && whole.start < self.constraint.start;
        let declaration = if before { Span { end: self.constraint.start, ..whole } } else { whole };
        Self::at(self.constraint, format!("{} does not fit parameter `{name}`", shown(&self.value)))
            .labelled("this condition does not hold")
            .with_label(declaration, format!("the value comes from {origin}"))
            .with_help(format!("Give a value for which the condition holds: `--param {name}=…`."))
    }
}

pub(super) struct ConstraintFailed<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) problem: String,
    pub(super) constraint: Span,
}

impl Finding for ConstraintFailed<'_> {
    const SLUG: &'static str = "parameter-constraint-failed";

    fn diagnostic(&self) -> Diagnostic {
        let name = &self.parameter.name;
        Self::at(self.constraint, format!("the condition of parameter `{name}` fails: {}", self.problem))
            .labelled("evaluated here")
            .with_help("Give another value, or write a condition that has an answer for every value.")
    }
}
