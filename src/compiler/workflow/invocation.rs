//! A kind or workflow with its attributes: of a step, an undo or a check.

use super::Check;
use crate::expression::unknown;
use crate::findings::{
    AttributeRepeated, ComputedCode, DecodeNotTaken, EitherOr, FileMode, InputName, LiteralNotTaken, MainTwice, MissingAttribute,
    ShellAsKind, StrayStatement, TimeExpected, UnknownAttribute, UnknownKind, UnknownModule, attribute_meant, said_otherwise,
};
use crate::index::Symbol;
use crate::offer::Offer;
use crate::shell;
use std::sync::Arc;
use wf_model::diagnostic::Edit;
use wf_model::expression::Expression;
use wf_model::kind::{self, Kind, TextSyntax};
use wf_model::program::{Attribute, AttributeValue, Callee, Invocation, Workflow, WorkflowId};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_model::types::{Field, Type};
use wf_syntax::ast::{self, Entry, ExpressionKind};

/// Shells that a step can name, besides the plain one.
const SHELLS: [&str; 5] = ["bash", "zsh", "dash", "ash", "ksh"];

/// What people call a kind that has another name.
const FOREIGN: [(&str, &str); 15] = [
    ("sh", "shell"),
    ("cmd", "shell"),
    ("exec", "shell"),
    ("command", "shell"),
    ("script", "shell"),
    ("curl", "http"),
    ("request", "http"),
    ("email", "notify"),
    ("slack", "notify"),
    ("wait", "sleep"),
    ("delay", "sleep"),
    ("node", "javascript"),
    ("py", "python"),
    ("confirm", "approval"),
    ("container", "docker"),
];

impl Check<'_> {
    /// The record that an invocation gives before `->`; unknown where its kind is not known, or where it is too large, which is reported.
    pub(super) fn result_of(&mut self, invocation: &ast::Invocation) -> Type {
        let module = invocation.module.as_ref().map(|module| &*module.text);
        if let Some(id) = self.context.workflow_named(module, &invocation.kind.text) {
            let type_ = self.callee(id).map_or(Type::Unknown, |workflow| {
                let field = |output: &wf_model::program::Output| Field {
                    name: output.name.clone(),
                    type_: output.expression.type_.clone(),
                };
                Type::Record(workflow.outputs.iter().map(field).collect())
            });
            return crate::types::bounded(type_, invocation.kind.span, self.diagnostics);
        }
        match module {
            Some(_) => Type::Unknown,
            None => self.context.kinds.get(&invocation.kind.text).map_or(Type::Unknown, |kind| kind.result.clone()),
        }
    }

    /// An invocation with its attributes; clauses and handlers in its body are the caller's.
    pub(super) fn invocation(&mut self, invocation: &ast::Invocation) -> Invocation {
        let span = invocation.span;
        let module = invocation.module.as_ref();
        self.offer_kinds(invocation);
        let decode = invocation.decode.as_ref().map(|type_| (self.type_(type_), type_.span));
        if let Some(id) = self.context.workflow_named(module.map(|module| &*module.text), &invocation.kind.text) {
            self.context.record_call(invocation, id);
            let attributes = self.arguments(invocation, id);
            if let Some((_, place)) = decode {
                self.report(&DecodeNotTaken { kind: &invocation.kind.text, span: place, of_workflow: true, beside: None });
            }
            return Invocation { callee: Callee::Workflow(id), attributes, decode: None, span };
        }
        let kind = self.context.kinds.get(&invocation.kind.text).filter(|_| module.is_none());
        let Some(kind) = kind else {
            self.unknown_kind(invocation);
            self.infer_all(invocation);
            return Invocation { callee: Callee::Kind(invocation.kind.text.clone()), attributes: Vec::new(), decode: None, span };
        };
        if let Some((_, place)) = &decode
            && kind.decodes.is_none()
        {
            self.report(&DecodeNotTaken { kind: kind.name, span: *place, of_workflow: false, beside: None });
        }
        self.context.recorder.used(invocation.kind.span, Symbol::Kind(kind.name.into()));
        let attributes = self.attributes(invocation, kind);
        if kind.name == "sleep" {
            self.refuse_other_than_time(&attributes);
        }
        Invocation {
            callee: Callee::Kind(invocation.kind.text.clone()),
            attributes,
            decode: decode.map(|(type_, _)| type_),
            span,
        }
    }

    /// What could be called where somebody types what is; what could not be read has no name to go on with.
    fn offer_kinds(&self, invocation: &ast::Invocation) {
        if !invocation.kind.text.is_empty() {
            self.context.recorder.offer(invocation.kind.span, || match &invocation.module {
                Some(module) => Offer::Workflows(self.context.callable_of(&module.text)),
                None => Offer::Kinds(self.context.callable()),
            });
        }
    }

    /// A text that `sleep` waits for is a time, where it is known.
    fn refuse_other_than_time(&mut self, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|attribute| &*attribute.name == "until") {
            let AttributeValue::Expression(value) = &attribute.value else { continue };
            if let Some(text) = value.constant_text()
                && text.parse::<jiff::Timestamp>().is_err()
            {
                self.report(&TimeExpected { span: value.span, text: &text });
            }
        }
    }

    fn unknown_kind(&mut self, invocation: &ast::Invocation) {
        let name = &invocation.kind;
        let origin = invocation.module.as_ref().unwrap_or(name);
        if name.text.is_empty() || self.context.is_broken(&origin.text) {
            return;
        }
        if let Some(module) = &invocation.module
            && !self.context.knows_module(&module.text)
        {
            return self.report(&UnknownModule { name: &module.text, span: module.span });
        }
        if invocation.module.is_none() && SHELLS.contains(&&*name.text) {
            let setting = shell_setting(invocation);
            return self.report(&ShellAsKind { name: &name.text, span: name.span, setting });
        }
        let names = self.context.kind_names();
        let written =
            invocation.module.as_ref().map_or_else(|| name.text.to_string(), |module| format!("{}.{}", module.text, name.text));
        let span = invocation.module.as_ref().map_or(name.span, |module| module.span.to(name.span));
        let foreign = FOREIGN.iter().find(|(theirs, _)| *theirs == written).map(|(_, ours)| *ours);
        let near = foreign.map(Near::surely).or_else(|| near(&written, names.iter().map(String::as_str)));
        self.report(&UnknownKind { name: &written, span, near, known: &names });
    }

    /// What an invocation of nothing known uses is used all the same.
    fn infer_all(&mut self, invocation: &ast::Invocation) {
        invocation.literal.iter().for_each(|literal| drop(self.inferred(literal)));
        for entry in invocation.body.iter().flat_map(|body| &body.entries) {
            if let Entry::Attribute(attribute) = entry {
                self.inferred(&attribute.value);
            }
        }
    }

    /// The attributes of a body, the first of each name; statements there are reported.
    fn given<'b>(&mut self, invocation: &'b ast::Invocation) -> Vec<&'b ast::Attribute> {
        let mut given: Vec<&ast::Attribute> = Vec::new();
        for entry in invocation.body.iter().flat_map(|body| &body.entries) {
            match entry {
                Entry::Attribute(attribute) => match given.iter().find(|known| known.name.text == attribute.name.text) {
                    Some(first) => {
                        let first = first.name.span;
                        self.report(&AttributeRepeated { name: &attribute.name.text, span: attribute.name.span, first });
                    }
                    None => given.push(attribute),
                },
                Entry::Clause(_) | Entry::Handler(_) => {}
                other => {
                    let (what, span) = super::body::described(other);
                    self.report(&StrayStatement { what, span, kind: &invocation.kind.text });
                }
            }
        }
        given
    }

    fn attributes(&mut self, invocation: &ast::Invocation, kind: &Kind) -> Vec<Attribute> {
        let given = self.given(invocation);
        let mut attributes = Vec::with_capacity(given.len() + usize::from(invocation.literal.is_some()));
        if let Some(literal) = &invocation.literal {
            let main = kind.main.iter().filter_map(|name| kind.attribute(name)).find(|attribute| fits_shape(literal, attribute));
            let main = main.or_else(|| kind.main.first().and_then(|name| kind.attribute(name)));
            match main {
                Some(main) => {
                    if let Some(twice) = given.iter().find(|attribute| &*attribute.name.text == main.name) {
                        self.report(&MainTwice { name: main.name, literal: literal.span, attribute: twice.name.span });
                    }
                    attributes.push(self.attribute(main, literal, &given));
                }
                None => {
                    self.inferred(literal);
                    self.report(&LiteralNotTaken { kind: kind.name, span: literal.span, of_workflow: false });
                }
            }
        }
        let mut meant = Vec::new();
        for attribute in &given {
            match kind.attribute(&attribute.name.text) {
                Some(known) => {
                    self.context.recorder.attribute(attribute.name.span, kind.name, known.name);
                    if !attributes.iter().any(|taken| *taken.name == *known.name) {
                        attributes.push(self.attribute(known, &attribute.value, &given));
                    }
                }
                None => {
                    let names: Vec<&str> = kind.attributes.iter().map(|attribute| attribute.name).collect();
                    meant.extend(self.unknown_attribute(attribute, kind.name, &names));
                }
            }
        }
        self.report_missing(invocation, kind, &attributes, &meant);
        self.report_alternatives(invocation, kind, &given);
        self.check_beside(invocation, kind, &given, &attributes);
        attributes
    }

    /// Reports an attribute that there is not, and gives the one that is probably meant.
    fn unknown_attribute<'n>(&mut self, attribute: &ast::Attribute, kind: &str, names: &[&'n str]) -> Option<&'n str> {
        let written = &*attribute.name.text;
        let elsewhere = attribute_meant(written).and_then(|meant| names.iter().copied().find(|name| *name == meant));
        let otherwise = said_otherwise(written).is_some();
        let near = elsewhere.map(Near::surely).or_else(|| (!otherwise).then(|| near(written, names.iter().copied())).flatten());
        self.report(&UnknownAttribute { name: written, span: attribute.name.span, near, kind, known: names });
        let before = self.diagnostics.len();
        self.inferred(&attribute.value);
        if otherwise {
            // What another tool takes there, such as the name of a step, is not judged as a value.
            self.diagnostics.truncate(before);
        }
        near.map(|near| near.name)
    }

    fn report_missing(&mut self, invocation: &ast::Invocation, kind: &Kind, given: &[Attribute], meant: &[&str]) {
        if has_unread_lines(invocation) {
            return;
        }
        let has = |name: &str| meant.contains(&name) || given.iter().any(|attribute| *attribute.name == *name);
        let place = invocation.kind.span;
        if !kind.main_optional && !kind.main.is_empty() && !kind.main.iter().any(|name| has(name)) {
            self.report(&MissingAttribute { names: kind.main, kind: kind.name, span: place, main: true });
        }
        for attribute in kind.attributes.iter().filter(|attribute| attribute.required && !has(attribute.name)) {
            self.report(&MissingAttribute { names: &[attribute.name], kind: kind.name, span: place, main: false });
        }
        for attribute in &kind.attributes {
            if let Some(other) = attribute.required_unless.filter(|other| !has(attribute.name) && !has(other)) {
                self.report(&MissingAttribute { names: &[attribute.name, other], kind: kind.name, span: place, main: false });
            }
        }
    }

    /// Of several main attributes a step has one.
    fn report_alternatives(&mut self, invocation: &ast::Invocation, kind: &Kind, given: &[&ast::Attribute]) {
        let header = invocation.literal.as_ref().and_then(|literal| {
            let fits = |name: &&&str| kind.attribute(name).is_some_and(|attribute| fits_shape(literal, attribute));
            kind.main.iter().find(fits).map(|name| (*name, literal.span))
        });
        let in_body = |attribute: &&&ast::Attribute| kind.main.contains(&&*attribute.name.text);
        let in_body = given.iter().filter(in_body).map(|attribute| (&*attribute.name.text, attribute.name.span));
        let mut all = header.into_iter().chain(in_body);
        let Some(one) = all.next() else { return };
        if let Some(other) = all.find(|(name, _)| *name != one.0) {
            self.report(&EitherOr { one, other });
        }
    }

    /// One attribute: of the first of its types that fits.
    fn attribute(&mut self, known: &kind::Attribute, value: &ast::Expression, given: &[&ast::Attribute]) -> Attribute {
        let name: Arc<str> = known.name.into();
        let is_list = matches!(value.bare().kind, ExpressionKind::List(_));
        // A program's arguments show in the list of processes, a shell's variables do not.
        let takes_secret = known.takes_secret && !(known.text == TextSyntax::Shell && is_list);
        let text = match &value.bare().kind {
            ExpressionKind::Text(text) => Some(text),
            _ => None,
        };
        if known.text == TextSyntax::Shell
            && let Some(text) = text
        {
            let script = self.script(text, given);
            return Attribute { name, value: AttributeValue::Script(script) };
        }
        match text {
            Some(text) if known.text == TextSyntax::Code => self.refuse_interpolation(text),
            Some(text) if known.text == TextSyntax::Sql => {
                crate::sql::check(text, self.diagnostics);
                if text.plain().is_none() {
                    return Attribute { name, value: AttributeValue::Script(self.statements(text)) };
                }
            }
            _ => {}
        }
        if known.text == TextSyntax::Shell
            && let ExpressionKind::List(words) = &value.bare().kind
        {
            shell::program(words, self.diagnostics);
        }
        if let (Some(reserved), ExpressionKind::Record(entries)) = (known.variables, &value.bare().kind) {
            for (key, _) in entries.iter().filter(|(key, _)| !kind::is_variable(&key.text, reserved)) {
                self.report(&InputName { name: &key.text, span: key.span });
            }
        }
        let hint = hint(known, value, self.holds_lists(known, value));
        let expression = self.with_checker(|checker| {
            checker.takes_secret = takes_secret;
            let inferred = checker.infer(value, Some(&hint));
            let other = known.types.iter().find(|type_| checker.accepts(type_, &inferred.type_));
            match other {
                Some(type_) => checker.fit(inferred, &type_.clone()),
                None => checker.fit(inferred, &hint),
            }
        });
        if text.is_none() && is_computed_code(known.text, &expression) {
            self.report(&ComputedCode { attribute: known.name, span: value.span });
        }
        if known.is_mode
            && let Some(text) = expression.constant_text()
            && kind::parse_mode(&text).is_none()
        {
            self.report(&FileMode { text: &text, span: expression.span });
        }
        Attribute { name, value: AttributeValue::Expression(expression) }
    }

    /// Whether some element of a map is a list, where an attribute takes maps of lists too.
    fn holds_lists(&mut self, known: &kind::Attribute, value: &ast::Expression) -> bool {
        let takes_lists = |type_: &Type| matches!(type_, Type::Map(element) if matches!(**element, Type::List(_)));
        let ExpressionKind::Record(entries) = &value.bare().kind else { return false };
        if !known.types.iter().any(takes_lists) {
            return false;
        }
        let before = self.diagnostics.len();
        let lists = entries.iter().any(|(_, element)| matches!(self.inferred(element).type_, Type::List(_)));
        // What is wrong with them is said where they are checked.
        self.diagnostics.truncate(before);
        lists
    }

    /// The parameters of a workflow that is called.
    fn arguments(&mut self, invocation: &ast::Invocation, id: WorkflowId) -> Vec<Attribute> {
        let given = self.given(invocation);
        if let Some(literal) = &invocation.literal {
            self.inferred(literal);
            self.report(&LiteralNotTaken { kind: &invocation.kind.text, span: literal.span, of_workflow: true });
        }
        // A workflow that calls itself is reported as such.
        let Some(callee) = self.callee(id) else {
            given.iter().for_each(|attribute| drop(self.inferred(&attribute.value)));
            return Vec::new();
        };
        let names: Vec<&str> = callee.parameters.iter().map(|parameter| &*parameter.name).collect();
        let mut attributes = Vec::new();
        let mut meant = Vec::new();
        for attribute in &given {
            match callee.parameters.iter().find(|parameter| parameter.name == attribute.name.text) {
                Some(parameter) => {
                    self.context.recorder.parameter(attribute.name.span, callee, parameter.value);
                    let expression = self.expression(&attribute.value, &parameter.type_);
                    attributes.push(Attribute { name: parameter.name.clone(), value: AttributeValue::Expression(expression) });
                }
                None => meant.extend(self.unknown_attribute(attribute, &invocation.kind.text, &names)),
            }
        }
        // A literal that has no place was meant for one of them.
        if invocation.literal.is_none() {
            self.report_missing_parameters(invocation, callee, &given, &meant);
        }
        attributes
    }

    fn report_missing_parameters(
        &mut self,
        invocation: &ast::Invocation,
        callee: &Workflow,
        given: &[&ast::Attribute],
        meant: &[&str],
    ) {
        if has_unread_lines(invocation) {
            return;
        }
        for parameter in &callee.parameters {
            let name: &str = &parameter.name;
            let optional = parameter.default.is_some() || matches!(parameter.type_, Type::Optional(_));
            if !optional && !meant.contains(&name) && !given.iter().any(|attribute| *attribute.name.text == *name) {
                let (kind, span) = (&invocation.kind.text, invocation.kind.span);
                self.report(&MissingAttribute { names: &[name], kind, span, main: false });
            }
        }
    }

    /// `python` and `javascript` code takes no values.
    fn refuse_interpolation(&mut self, text: &ast::Text) {
        for part in &text.parts {
            if let ast::TextPart::Value { span, .. } = part {
                self.report(&crate::findings::InterpolationInProgram { span: *span });
            }
        }
    }

    /// An expression of unknown type at `span`.
    pub(super) fn nothing(span: Span) -> Expression {
        unknown(span)
    }
}

/// What names the shell of a step in its body; `None` where some of it could not be read.
fn shell_setting(invocation: &ast::Invocation) -> Option<Vec<Edit>> {
    let setting = format!("shell: \"{}\"", invocation.kind.text);
    let Some(body) = &invocation.body else {
        return Some(vec![Edit { span: invocation.span.after(), replacement: format!(" {{ {setting} }}") }]);
    };
    let names_it = |entry: &Entry| matches!(entry, Entry::Attribute(attribute) if &*attribute.name.text == "shell");
    if body.unread {
        return None;
    }
    if body.entries.iter().any(names_it) {
        return Some(Vec::new());
    }
    let opened = Span { start: body.span.start + 1, end: body.span.start + 1, ..body.span };
    let replacement = if body.entries.is_empty() { format!(" {setting} ") } else { format!(" {setting},") };
    Some(vec![Edit { span: opened, replacement }])
}

/// Whether an expression that is no text in quotes would become code.
fn is_computed_code(syntax: TextSyntax, expression: &Expression) -> bool {
    let code = match syntax {
        TextSyntax::Shell | TextSyntax::Sql | TextSyntax::Code => true,
        TextSyntax::Plain | TextSyntax::Url | TextSyntax::Glob => false,
    };
    let text = expression.type_.is_text() || expression.type_.holds_secret() && !matches!(expression.type_, Type::List(_));
    code && text && !shell::is_raw(expression) && expression.constant_text().is_none()
}

/// The type of an attribute that a literal looks like; the first where nothing tells.
fn hint(known: &kind::Attribute, value: &ast::Expression, lists: bool) -> Type {
    let fits = |type_: &&Type| match (&value.bare().kind, type_) {
        (ExpressionKind::List(_) | ExpressionKind::Comprehension(_), Type::List(_)) => true,
        (ExpressionKind::Record(entries), Type::Record(fields)) => fields
            .iter()
            .all(|field| matches!(field.type_, Type::Optional(_)) || entries.iter().any(|(key, _)| key.text == field.name)),
        (ExpressionKind::Record(_), Type::Map(element)) => matches!(**element, Type::List(_)) == lists,
        (ExpressionKind::Record(_), Type::Json) => true,
        (ExpressionKind::Text(_), type_) => type_.is_text(),
        (ExpressionKind::Int(_), Type::Int | Type::Float) => true,
        (ExpressionKind::Bool(_), Type::Bool) => true,
        _ => false,
    };
    let first = known.types.iter().find(fits).or_else(|| known.types.first());
    first.cloned().unwrap_or(Type::Unknown)
}

/// Whether some lines of the body could not be read, which may have held what seems to be missing.
fn has_unread_lines(invocation: &ast::Invocation) -> bool {
    invocation.body.as_ref().is_some_and(|body| body.unread)
}

/// Whether a header's literal is of the sort that an attribute takes.
fn fits_shape(literal: &ast::Expression, attribute: &kind::Attribute) -> bool {
    attribute.types.iter().any(|type_| match &literal.bare().kind {
        ExpressionKind::Text(_) => type_.is_text(),
        ExpressionKind::List(_) => matches!(type_, Type::List(_)),
        ExpressionKind::Duration(_) => *type_ == Type::Duration,
        ExpressionKind::Size(_) => *type_ == Type::Size,
        ExpressionKind::Int(_) => matches!(type_, Type::Int | Type::Float | Type::Duration),
        ExpressionKind::Float(_) => *type_ == Type::Float,
        _ => false,
    })
}
