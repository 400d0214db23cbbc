//! `param`, `secret`, `let`, `output` and settings.

use super::Check;
use crate::expression::constant;
use crate::findings::{
    AmbiguousDefault, ClauseAsParameter, DefaultBreaksConstraint, DuplicateName, InterpolatedSource, SettingRepeated,
    UnknownSetting, attribute_meant, said_otherwise,
};
use crate::index::Symbol;
use foldhash::HashSet;
use std::sync::Arc;
use wf_model::expression::{Expression, ExpressionKind, Reference};
use wf_model::program::{
    Let, Output, Parameter, SecretDeclaration, SecretSource, Statement, StatementId, StatementKind, ValueOrigin,
};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_model::types::Type;
use wf_model::value::Value;
use wf_syntax::ast;

/// So many places are named on the way of a secret.
const LONGEST_TRAIL: usize = 16;

/// The settings of a workflow.
const SETTINGS: [&str; 3] = ["env", "cwd", "shell"];

/// Clauses that an attribute of the same name would be read as.
const CLAUSES: [&str; 6] = ["timeout", "retry", "expect", "undo", "lock", "estimate"];

impl Check<'_> {
    /// `param name: T = default where cond`
    pub(super) fn param(&mut self, param: &ast::Param) {
        let written = param.type_.as_ref().map(|type_| self.type_(type_));
        let default = match (&param.default, &written) {
            (Some(default), Some(type_)) => Some(self.expression(default, type_)),
            (Some(default), None) => Some(self.inferred(default)),
            (None, _) => None,
        };
        let type_ = written.unwrap_or_else(|| self.default_type(param, default.as_ref()));
        let value = self.declare(&param.name, &type_, ValueOrigin::Parameter);
        if CLAUSES.contains(&&*param.name.text) {
            self.report(&ClauseAsParameter { name: &param.name.text, span: param.name.span });
        }
        let constraint = param.constraint.as_ref().map(|constraint| self.condition(constraint));
        self.used.remove(&value);
        if let (Some(default), Some(constraint)) = (&default, &constraint) {
            self.check_default(param, value, default, constraint);
        }
        if type_ == Type::Secret {
            self.trails.insert(value, vec![(param.name.span, format!("parameter `{}` is a secret", param.name.text))]);
        }
        self.workflow.parameters.push(Parameter {
            name: param.name.text.clone(),
            doc: doc(param.doc.as_ref()),
            value,
            type_,
            default,
            constraint,
            span: param.span,
        });
    }

    /// The type that a default alone gives; an empty list, a `null` and the like give none.
    fn default_type(&mut self, param: &ast::Param, default: Option<&Expression>) -> Type {
        let Some(default) = default else {
            self.report(&AmbiguousDefault { name: &param.name, span: param.name.span, type_: None });
            return Type::Unknown;
        };
        if is_ambiguous(&default.type_) {
            self.report(&AmbiguousDefault { name: &param.name, span: default.span, type_: Some(&default.type_) });
            return Type::Unknown;
        }
        default.type_.clone()
    }

    /// A default that is known before anything runs has to fit its own condition.
    fn check_default(
        &mut self,
        param: &ast::Param,
        value: wf_model::expression::ValueId,
        default: &Expression,
        constraint: &Expression,
    ) {
        let Some(default_value) = constant(default) else { return };
        let holds = crate::expression::evaluate_with(constraint, value, &default_value);
        if holds == Some(Value::Bool(false)) {
            self.report(&DefaultBreaksConstraint { name: &param.name.text, default: default.span, constraint: constraint.span });
        }
    }

    /// `secret name from env "X" or file "path"`
    pub(super) fn secret(&mut self, secret: &ast::Secret) {
        let value = self.declare(&secret.name, &Type::Secret, ValueOrigin::Secret);
        self.trails.insert(value, vec![(secret.name.span, format!("`{}` is a secret", secret.name.text))]);
        let sources = secret.sources.iter().filter_map(|source| self.source(source)).collect();
        self.workflow.secrets.push(SecretDeclaration { name: secret.name.text.clone(), value, sources, span: secret.span });
    }

    fn source(&mut self, source: &ast::SecretSource) -> Option<SecretSource> {
        match source {
            ast::SecretSource::Environment(name) => self.plain(name).map(SecretSource::Environment),
            ast::SecretSource::File(path) => self.plain(path).map(SecretSource::File),
            ast::SecretSource::Command(words) => {
                let ast::ExpressionKind::List(words) = &words.kind else { return None };
                let words: Option<Vec<Arc<str>>> = words.iter().map(|word| self.plain(word)).collect();
                words.map(SecretSource::Command)
            }
        }
    }

    /// The text of a string that has to be known before anything runs.
    pub(super) fn plain(&mut self, text: &ast::Expression) -> Option<Arc<str>> {
        match text.plain_text() {
            Some(plain) => Some(plain.into()),
            None => {
                if text.kind != ast::ExpressionKind::Missing {
                    self.report(&InterpolatedSource { span: text.span });
                }
                None
            }
        }
    }

    /// `let name: T = expr`
    pub(super) fn let_(&mut self, let_: &ast::Let) -> StatementId {
        let expression = match &let_.type_ {
            Some(type_) => {
                let type_ = self.type_(type_);
                self.expression(&let_.value, &type_)
            }
            None => self.inferred(&let_.value),
        };
        let type_ = expression.type_.clone();
        let value = self.declare(&let_.name, &type_, ValueOrigin::Let);
        self.follow(value, &expression, &let_.name);
        let statement = Statement {
            name: Some(let_.name.text.clone()),
            doc: doc(let_.doc.as_ref()),
            value: Some(value),
            after: Vec::new(),
            when: None,
            kind: StatementKind::Let(Let { expression }),
            span: let_.span,
        };
        self.workflow.statements.add(statement)
    }

    /// Takes down how a secret comes into a `let`.
    fn follow(&mut self, value: wf_model::expression::ValueId, expression: &Expression, name: &ast::Name) {
        if !expression.type_.holds_secret() {
            return;
        }
        let mut trail = vec![(name.span, format!("`{}` takes it over", name.text))];
        trail.extend(self.trail(expression));
        if trail.len() > LONGEST_TRAIL {
            // The last place is where the secret comes from.
            trail.drain(LONGEST_TRAIL - 1..trail.len() - 1);
        }
        self.trails.insert(value, trail);
    }

    /// How a secret came into an expression: each place once.
    pub(super) fn trail(&self, expression: &Expression) -> Vec<(Span, String)> {
        let mut seen = HashSet::default();
        let mut trail = Vec::new();
        for part in expression.walk() {
            if let ExpressionKind::Reference(Reference::Value(from)) = part.kind {
                let places = self.trails.get(&from).map_or(&[][..], Vec::as_slice);
                trail.extend(places.iter().filter(|(span, _)| seen.insert(*span)).cloned());
            }
        }
        trail
    }

    /// `output name: T = expr`
    pub(super) fn output(&mut self, output: &ast::Output) {
        let expression = match &output.type_ {
            Some(type_) => {
                let type_ = self.type_(type_);
                self.expression(&output.value, &type_)
            }
            None => self.inferred(&output.value),
        };
        let first = *self.output_places.entry(output.name.text.clone()).or_insert(expression.span);
        if first != expression.span {
            self.report(&DuplicateName { name: &output.name.text, span: output.name.span, first: Some(first), what: "output" });
        }
        let symbol = Symbol::Output(output.name.span);
        self.context.recorder.member(self.workflow.span, &output.name.text, symbol.clone());
        self.context.recorder.declared(output.name.span, symbol, Some(&expression.type_));
        self.refuse_secret_output(&expression, output);
        self.workflow.outputs.push(Output { name: output.name.text.clone(), doc: doc(output.doc.as_ref()), expression });
    }

    /// Outputs are shown, so that no secret may be in them; a declared type would let one through.
    fn refuse_secret_output(&mut self, expression: &Expression, output: &ast::Output) {
        if !expression.type_.holds_secret() {
            return;
        }
        let trail = self.trail(expression);
        let leak = crate::expression::SecretLeak { span: output.value.span, target: "output", trail: &trail };
        self.report(&leak);
    }

    fn unknown_setting(&mut self, name: &str, setting: &ast::Attribute) {
        let elsewhere = attribute_meant(name).and_then(|meant| SETTINGS.into_iter().find(|known| *known == meant));
        let otherwise = said_otherwise(name).is_some();
        let near = elsewhere.map(Near::surely).or_else(|| (!otherwise).then(|| near(name, SETTINGS)).flatten());
        self.report(&UnknownSetting { name, span: setting.name.span, near });
        let before = self.diagnostics.len();
        self.inferred(&setting.value);
        if otherwise {
            self.diagnostics.truncate(before);
        }
    }

    /// `env: {…}`, `cwd: path`, `shell: "bash"`
    pub(super) fn setting(&mut self, setting: &ast::Attribute) {
        let type_ = match &*setting.name.text {
            "env" => Type::map(Type::String),
            "cwd" => Type::Path,
            "shell" => Type::String,
            name => {
                self.unknown_setting(name, setting);
                return;
            }
        };
        let takes_secret = &*setting.name.text == "env";
        let value = self.with_checker(|checker| {
            checker.takes_secret = takes_secret;
            checker.check(&setting.value, &type_)
        });
        let settings = &mut self.workflow.settings;
        let slot = match &*setting.name.text {
            "env" => &mut settings.env,
            "cwd" => &mut settings.cwd,
            _ => &mut settings.shell,
        };
        if let Some(first) = slot.replace(value) {
            self.report(&SettingRepeated { name: &setting.name.text, span: setting.name.span, first: first.span });
        }
    }
}

/// Whether a type says too little to be a parameter's.
fn is_ambiguous(type_: &Type) -> bool {
    match type_ {
        Type::Never => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => is_ambiguous(inner),
        Type::Record(fields) => fields.is_empty() || fields.iter().any(|field| is_ambiguous(&field.type_)),
        _ => false,
    }
}

/// A doc comment's text.
pub(super) fn doc(doc: Option<&ast::Doc>) -> Option<Arc<str>> {
    doc.map(|doc| doc.text.as_str().into())
}
