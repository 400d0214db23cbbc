//! Whole programs: workflows with parameters, settings, statements in blocks, and outputs.

use super::expression::{Expressions, Known};
use super::tape::Tape;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::failure::FailureKind;
use wf_model::types::Type;
use wf_model::value::Value;

/// A program as text, with what is known of how it may go.
#[derive(Debug)]
pub(super) struct Generated {
    pub(super) text: String,
    /// Whether its end may depend on what is faster.
    pub(super) races: bool,
    /// Whether anything runs beside something else.
    pub(super) concurrent: bool,
    /// The failures that a step or block may have, by name; nothing else fails but by a fault of an expression.
    pub(super) failures: BTreeMap<String, Vec<FailureKind>>,
    /// What its `main` is given.
    pub(super) arguments: Vec<(Arc<str>, Value)>,
}

/// A workflow that others can call.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    pub(super) name: String,
    pub(super) required: Vec<(String, Type)>,
    pub(super) optional: Vec<(String, Type)>,
    pub(super) outputs: Vec<(String, Type)>,
}

pub(super) struct Writer<'a> {
    pub(super) expressions: Expressions<'a>,
    text: String,
    indentation: usize,
    pub(super) callables: Vec<Callable>,
    /// Steps and named blocks that may be depended on.
    pub(super) reach: Vec<String>,
    /// How many statements may still be written.
    pub(super) budget: usize,
    /// How often a statement at hand may run, because of loops around it.
    pub(super) weight: usize,
    pub(super) depth: usize,
    /// Whether statements at hand may run beside others.
    pub(super) beside: bool,
    /// Whether constructs that this version does not run are written too.
    pub(super) all: bool,
    pub(super) races: bool,
    pub(super) concurrent: bool,
    pub(super) failures: BTreeMap<String, Vec<FailureKind>>,
}

/// The program that a tape decides.
pub(super) fn program(numbers: &[u16]) -> Generated {
    let expressions = Expressions { tape: Tape::new(numbers), known: Vec::new(), names: 0 };
    let mut writer = Writer {
        expressions,
        text: String::new(),
        indentation: 0,
        callables: Vec::new(),
        reach: Vec::new(),
        budget: 0,
        weight: 1,
        depth: 0,
        beside: false,
        all: false,
        races: false,
        concurrent: false,
        failures: BTreeMap::new(),
    };
    writer.all = writer.tape().percent(15);
    let globals = writer.globals();
    let mut parts = Vec::new();
    for _ in 0..writer.tape().below(3) {
        writer.budget = 4;
        let name = writer.expressions.fresh("w");
        writer.workflow(&name, &globals);
        parts.push(std::mem::take(&mut writer.text));
    }
    writer.budget = 4 + writer.tape().below(12);
    let arguments = writer.workflow("main", &globals);
    parts.push(std::mem::take(&mut writer.text));
    let declarations: String = globals.iter().map(|(text, _)| format!("{text}\n")).collect();
    if writer.tape().percent(30) {
        parts.reverse();
    }
    let text = format!("{declarations}\n{}", parts.join("\n"));
    let Writer { races, concurrent, failures, .. } = writer;
    Generated { text, races, concurrent, failures, arguments }
}

impl<'a> Writer<'a> {
    pub(super) fn tape(&mut self) -> &mut Tape<'a> {
        &mut self.expressions.tape
    }

    pub(super) fn line(&mut self, line: &str) {
        let blanks = "  ".repeat(self.indentation);
        self.text.push_str(&blanks);
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Opens a body behind `head`.
    pub(super) fn open(&mut self, head: &str) {
        self.line(&format!("{head} {{"));
        self.indentation += 1;
    }

    pub(super) fn close(&mut self) {
        self.indentation -= 1;
        self.line("}");
    }

    /// Makes a name visible that is used as it stands.
    pub(super) fn know(&mut self, name: &str, type_: Type) {
        self.expressions.known.push(Known::new(name, type_));
    }

    pub(super) fn may_fail(&mut self, name: &str, kind: FailureKind) {
        self.failures.entry(name.to_owned()).or_default().push(kind);
    }

    /// A type of something that is declared.
    pub(super) fn type_(&mut self, depth: usize) -> Type {
        match self.tape().below(if depth == 0 { 10 } else { 16 }) {
            0 | 1 => Type::Int,
            2 | 3 => Type::String,
            4 => Type::Bool,
            5 => Type::Float,
            6 => Type::Duration,
            7 => Type::Size,
            8 => Type::union(["a", "prod-1", "B c"].into_iter().take(1 + self.tape().below(3))),
            9 => Type::Path,
            10 => Type::list(self.type_(0)),
            11 => Type::list(Type::Int),
            12 => Type::map(self.type_(0)),
            13 => Type::optional(self.type_(depth - 1)),
            14 => {
                let names = ["a", "text", "in_it"].into_iter().take(1 + self.tape().below(3));
                let fields: Vec<(&str, Type)> = names.map(|name| (name, self.type_(0))).collect();
                Type::record(fields)
            }
            _ => Type::Json,
        }
    }

    /// `type`s and `let`s of the file: their texts, and the names of the values.
    fn globals(&mut self) -> Vec<(String, Option<Known>)> {
        let mut globals = Vec::new();
        for _ in 0..self.tape().below(3) {
            let type_ = self.type_(1);
            if self.tape().percent(30) {
                let name = self.expressions.fresh("T");
                globals.push((format!("type {name} = {type_}"), None));
                continue;
            }
            let name = self.expressions.fresh("g");
            let value = self.expressions.literal(&type_, 1, true);
            let known = Known::new(&name, type_.clone());
            globals.push((format!("let {name}: {type_} = {value}"), Some(known)));
        }
        globals
    }

    /// A workflow that others can call behind it; what it is to be given where nobody does.
    fn workflow(&mut self, name: &str, globals: &[(String, Option<Known>)]) -> Vec<(Arc<str>, Value)> {
        self.expressions.known = globals.iter().filter_map(|(_, known)| known.clone()).collect();
        self.reach.clear();
        let mut callable = Callable { name: name.to_owned(), required: Vec::new(), optional: Vec::new(), outputs: Vec::new() };
        if self.tape().percent(20) {
            self.line("## What it does: `nothing`, \"mostly\".");
        }
        self.open(&format!("workflow {name}"));
        self.settings();
        let arguments = self.parameters(&mut callable);
        let least = 1 + self.tape().below(4);
        self.statements(least);
        for _ in 0..self.tape().below(4) {
            self.output(&mut callable);
        }
        if self.all {
            self.handlers();
        }
        self.close();
        self.callables.push(callable);
        arguments
    }

    fn settings(&mut self) {
        if self.tape().percent(10) {
            let value = self.expressions.inferred(&Type::String);
            self.line(&format!("env: {{ WF_A: {value}, wf_b: 'x' }}"));
        }
        if self.tape().percent(5) {
            self.line("shell: \"/bin/sh\"");
        }
        if self.tape().percent(5) {
            self.line("cwd: \".\"");
        }
    }

    fn parameters(&mut self, callable: &mut Callable) -> Vec<(Arc<str>, Value)> {
        let mut arguments = Vec::new();
        for _ in 0..self.tape().below(5) {
            let (name, type_) = (self.expressions.fresh("param"), self.type_(2));
            let given = self.tape().percent(30);
            if given {
                let value = self.value(&type_);
                arguments.push((name.as_str().into(), value));
            }
            if given && self.tape().percent(60) || matches!(type_, Type::Optional(_)) {
                self.line(&format!("param {name}: {type_}"));
                let optional = matches!(type_, Type::Optional(_));
                let of = if optional { &mut callable.optional } else { &mut callable.required };
                of.push((name.clone(), type_.clone()));
            } else {
                let default = self.expressions.expected(&type_);
                let constraint = if self.tape().percent(10) { format!(" where {name} == {name}") } else { String::new() };
                self.line(&format!("param {name}: {type_} = {default}{constraint}"));
                callable.optional.push((name.clone(), type_.clone()));
            }
            self.know(&name, type_);
        }
        arguments
    }

    /// A value that somebody gives.
    fn value(&mut self, type_: &Type) -> Value {
        const INTS: [i64; 7] = [0, 1, 2, -1, 3, i64::MAX, i64::MIN];
        const TEXTS: [&str; 8] = ["", "a", "a,b", "12", " b\nc", "[1, {\"a\": 2}]", "$(exit 7)", "ä.5 'q' \"r\""];
        match type_ {
            Type::Int => Value::Int(self.tape().pick(&INTS)),
            Type::Float => Value::Float(self.tape().pick(&[0.0, 0.5, -1.5, 1e300, 3.0])),
            Type::Bool => Value::Bool(self.tape().percent(50)),
            Type::String => Value::string(self.tape().pick(&TEXTS)),
            Type::Path => Value::string(self.tape().pick(&["/a/b.txt", "/", "/x/.y"])),
            Type::Url => Value::string("https://example.com/a"),
            Type::Union(members) => Value::String(members[self.tape().below(members.len())].clone()),
            Type::Duration => Value::Duration(wf_model::unit::Duration { milliseconds: self.tape().pick(&INTS) }),
            Type::Size => Value::Size(wf_model::unit::Size { bytes: self.tape().pick(&INTS) }),
            Type::Json => match self.tape().below(4) {
                0 => Value::Null,
                1 => Value::list([Value::Int(1), Value::string("x")]),
                2 => Value::map([("a", Value::Int(1)), ("x", Value::map([("x", Value::Bool(true))]))]),
                _ => Value::Int(4),
            },
            Type::Optional(inner) => {
                if self.tape().percent(50) {
                    self.value(inner)
                } else {
                    Value::Null
                }
            }
            Type::List(element) => {
                let length = self.tape().below(4);
                Value::list((0..length).map(|_| self.value(element)).collect::<Vec<_>>())
            }
            Type::Map(element) => {
                let keys = ["a", "b", "x y"].into_iter().take(self.tape().below(4));
                Value::map(keys.map(|key| (key, self.value(element))).collect::<Vec<_>>())
            }
            Type::Record(fields) => {
                Value::map(fields.iter().map(|field| (&*field.name, self.value(&field.type_))).collect::<Vec<_>>())
            }
            Type::Unknown | Type::Never | Type::Secret | Type::Channel => Value::Null,
        }
    }

    fn output(&mut self, callable: &mut Callable) {
        let name = self.expressions.fresh("out");
        let visible = if self.tape().percent(60) { self.expressions.anything() } else { None };
        let (type_, value) = match visible {
            Some((text, type_)) => (type_, text),
            None => {
                let type_ = self.type_(2);
                let value = self.expressions.expected(&type_);
                (type_, value)
            }
        };
        self.line(&format!("output {name}: {type_} = {value}"));
        callable.outputs.push((name, type_));
    }

    /// What is decided on `undo` and its kin only runs in later versions, but parses, checks and is laid out.
    pub(super) fn handlers(&mut self) {
        let heads = ["on failure", "on success", "on cancel", "on failure or cancel", "finally"];
        let head = self.tape().pick(&heads);
        match self.tape().below(4) {
            0 | 1 => {}
            2 if head.starts_with("on failure") => self.line(&format!("{head} rollback")),
            _ => {
                self.open(head);
                let known = self.expressions.known.len();
                // What a step gave may be missing in a handler.
                for name in &mut self.expressions.known {
                    name.whole &= !matches!(name.type_, Type::Record(_));
                }
                let name = self.expressions.fresh("h");
                let message = if head == "on failure" { "${failure.step}: ${failure.kind}" } else { "over" };
                self.line(&format!("step {name}: shell \"echo {message}\""));
                if head != "on success" && self.tape().percent(50) {
                    self.line("rollback");
                }
                self.expressions.known.truncate(known);
                self.close();
            }
        }
    }
}
