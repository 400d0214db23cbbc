//! Whole programs: workflows with parameters, settings, statements in blocks, and outputs.

use super::expression::{Expressions, Known};
use super::tape::Tape;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use wf_model::failure::FailureKind;
use wf_model::types::Type;
use wf_model::value::Value;

/// A program as text, with what is known of how it may go.
#[derive(Debug)]
pub(super) struct Generated {
    pub(super) text: String,
    /// The file `lib.wf`; empty where there is none.
    pub(super) library: String,
    /// Whether its end may depend on what is faster.
    pub(super) races: bool,
    /// Whether anything runs beside something else.
    pub(super) concurrent: bool,
    /// The failures that a step or block may have, by name; nothing else fails but by a fault of an expression.
    pub(super) failures: BTreeMap<String, Vec<FailureKind>>,
    /// What its `main` is given.
    pub(super) arguments: Vec<(Arc<str>, Value)>,
}

impl fmt::Display for Generated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)?;
        if self.library.is_empty() { Ok(()) } else { write!(formatter, "\n# lib.wf\n\n{}", self.library) }
    }
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
    pub(super) text: String,
    pub(super) indentation: usize,
    /// Text that stands behind all other statements of the next body.
    pub(super) last_of_body: Option<String>,
    pub(super) callables: Vec<Callable>,
    /// Steps and named blocks that may be depended on.
    pub(super) reach: Vec<String>,
    /// Expressions that are secrets.
    pub(super) secrets: Vec<String>,
    /// Types that have names.
    aliases: Vec<(Type, String)>,
    /// Whether the run goes on when the step that was written last has failed.
    pub(super) went_on: bool,
    /// How many statements may still be written.
    pub(super) budget: usize,
    /// How often a statement at hand may run, because of loops around it.
    pub(super) weight: usize,
    pub(super) depth: usize,
    /// Whether statements at hand may run beside others.
    pub(super) beside: bool,
    /// Whether constructs that this version does not run are written too.
    pub(super) all: bool,
    /// Whether statements at hand stand in a handler, where one that fails is only recorded.
    pub(super) lenient: bool,
    /// Whether the statements of the body at hand have an order.
    pub(super) sequential: bool,
    /// Whether those of the next body have none.
    pub(super) together: bool,
    /// The checkpoints of the body at hand.
    pub(super) checkpoints: Vec<String>,
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
        last_of_body: None,
        callables: Vec::new(),
        reach: Vec::new(),
        secrets: Vec::new(),
        aliases: Vec::new(),
        went_on: false,
        budget: 0,
        weight: 1,
        depth: 0,
        beside: false,
        all: false,
        lenient: false,
        sequential: true,
        together: false,
        checkpoints: Vec::new(),
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
    let declarations: String = globals.iter().map(|(text, _)| format!("{text}\n")).collect();
    let (mut library, mut import) = (String::new(), String::new());
    if !parts.is_empty() && writer.tape().percent(30) {
        library = format!("{declarations}\n{}", parts.join("\n"));
        parts.clear();
        import = writer.import();
    }
    writer.budget = 4 + writer.tape().below(12);
    let arguments = writer.workflow("main", &globals);
    parts.push(std::mem::take(&mut writer.text));
    if writer.tape().percent(30) {
        parts.reverse();
    }
    let text = format!("{import}{declarations}\n{}", parts.join("\n"));
    let Writer { races, concurrent, failures, .. } = writer;
    Generated { text, library, races, concurrent, failures, arguments }
}

impl<'a> Writer<'a> {
    pub(super) fn tape(&mut self) -> &mut Tape<'a> {
        &mut self.expressions.tape
    }

    pub(super) fn line(&mut self, line: &str) {
        let blanks = "  ".repeat(self.indentation);
        let comment = if self.tape().percent(3) { self.tape().pick(&["# why", "#", "#: \"not closed"]) } else { "" };
        let above = !comment.is_empty() && (line.contains('\n') || self.tape().percent(50));
        let text = match comment {
            "" => format!("{blanks}{line}\n"),
            comment if above => format!("\n{blanks}{comment}\n{blanks}{line}\n"),
            comment => format!("{blanks}{line}   {comment}\n"),
        };
        self.text.push_str(&text);
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

    /// How the workflows so far come from another file.
    fn import(&mut self) -> String {
        if self.tape().percent(50) {
            let names: Vec<&str> = self.callables.iter().map(|callable| callable.name.as_str()).collect();
            return format!("use \"./lib.wf\" ({})\n", names.join(", "));
        }
        let alias = self.expressions.fresh("lib");
        for callable in &mut self.callables {
            callable.name = format!("{alias}.{}", callable.name);
        }
        format!("use \"./lib.wf\" as {alias}\n")
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
                self.aliases.push((type_, name));
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
        self.secrets.clear();
        let mut callable = Callable { name: name.to_owned(), required: Vec::new(), optional: Vec::new(), outputs: Vec::new() };
        if self.tape().percent(20) {
            self.line("## What it does: `nothing`, \"mostly\".");
        }
        self.open(&format!("workflow {name}"));
        self.settings();
        let arguments = self.parameters(&mut callable);
        self.declare_secrets();
        let start = self.expressions.known.len();
        let least = 1 + self.tape().below(4);
        self.statements(least);
        for _ in 0..self.tape().below(4) {
            self.output(&mut callable);
        }
        self.handlers(start, 55);
        if self.all {
            self.triggers(&callable);
        }
        self.close();
        if self.all && self.tape().percent(30) {
            self.test(&callable);
        }
        self.callables.push(callable);
        arguments
    }

    fn declare_secrets(&mut self) {
        for _ in 0..self.tape().below(3).saturating_sub(1) {
            let name = self.expressions.fresh("secret");
            self.line(&format!("secret {name} from env \"WF_GENERATED\" or file \"./none\""));
            self.secrets.push(name);
        }
    }

    fn triggers(&mut self, callable: &Callable) {
        if callable.required.is_empty() && self.tape().percent(20) {
            let written = [
                "trigger schedule \"0 2 * * 1-5\" timezone \"Europe/Berlin\" overlap queue catch up all",
                "trigger change \"data/**/*.csv\" settle 500ms",
            ];
            let written = self.tape().pick(&written);
            self.line(written);
        }
    }

    /// A `test` of a workflow.
    fn test(&mut self, callable: &Callable) {
        self.open(&format!("test \"{} goes on\"", callable.name));
        self.expressions.known.clear();
        let with: Vec<String> = callable
            .required
            .iter()
            .map(|(name, type_)| format!("{name}: {}", self.expressions.literal(type_, 1, true)))
            .collect();
        let with = if with.is_empty() { String::new() } else { format!(" with {{ {} }}", with.join(", ")) };
        self.line(&format!("run {}{with}", callable.name));
        self.line("expect run.status == \"succeeded\" or run.duration < 2h");
        self.close();
    }

    /// A type as it may be written: by its own name where it has one.
    pub(super) fn type_text(&mut self, type_: &Type) -> String {
        let named = self.aliases.iter().find(|(of, _)| of == type_).map(|(_, name)| name.clone());
        named.filter(|_| self.tape().percent(60)).unwrap_or_else(|| type_.to_string())
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
                let written = self.type_text(&type_);
                self.line(&format!("param {name}: {written}"));
                let optional = matches!(type_, Type::Optional(_));
                let of = if optional { &mut callable.optional } else { &mut callable.required };
                of.push((name.clone(), type_.clone()));
            } else {
                let default = self.expressions.expected(&type_);
                let constraint = if self.tape().percent(10) { format!(" where {name} == {name}") } else { String::new() };
                let written = self.type_text(&type_);
                self.line(&format!("param {name}: {written} = {default}{constraint}"));
                callable.optional.push((name.clone(), type_.clone()));
            }
            self.know(&name, type_);
        }
        arguments
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
        let written = self.type_text(&type_);
        self.line(&format!("output {name}: {written} = {value}"));
        callable.outputs.push((name, type_));
    }
}
