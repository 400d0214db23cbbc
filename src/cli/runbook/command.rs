//! The command of an undo, as a shell reads it.

use super::excerpt;
use super::names::{Names, Piece, is_identifier};
use crate::report::printable_line;
use crate::text::quote;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use wf_model::program::Program;
use wf_model::script::{Argument, Call, ScriptPart};
use wf_model::source::Sources;
use wf_model::value::Value;
use wf_runtime::engine::{Planned, PlannedAction};
use wf_steps::file::restoring;
use wf_steps::shell::{Line, line};

/// What the commands of a run are made with.
pub(super) struct Undoing<'a> {
    pub(super) names: &'a Names,
    pub(super) run: &'a str,
    pub(super) folder: &'a Path,
    /// Where steps keep what undoes them.
    pub(super) kept: &'a Path,
    /// Variables that no step inherits.
    pub(super) withheld: &'a BTreeSet<String>,
    pub(super) sources: &'a Sources,
    pub(super) program: &'a Program,
}

/// A part of the script, and the secrets that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is called, such as "undo of step `a`".
    pub(super) what: String,
    /// What is said of it, in comments.
    pub(super) text: String,
    pub(super) act: Act,
    pub(super) secrets: BTreeSet<usize>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing.
    #[default]
    Nothing,
    /// What no shell can do, or what nobody can say for it.
    ByHand,
    /// This text of a shell.
    Command(String),
}

impl Part {
    /// Says why somebody has to do it.
    fn by_hand(&mut self, text: &str) {
        self.act = Act::ByHand;
        self.comment(text);
    }

    fn comment(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# {}", one_line(text));
    }

    /// A line that belongs to the one before it.
    fn detail(&mut self, text: &str) {
        let _ = writeln!(self.text, "#   {}", one_line(text));
    }
}

/// A text on one line of a comment.
pub(super) fn one_line(text: &str) -> String {
    printable_line(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl Undoing<'_> {
    /// What is to be done.
    pub(super) fn text(&self, planned: &Planned) -> Part {
        let mut part = self.title(planned);
        match &planned.action {
            PlannedAction::Undo(call) if &*call.kind == "shell" => self.shell(planned, call, &mut part),
            PlannedAction::Undo(call) if &*call.kind == "file" && call.undoes.is_some() => self.file(call, &mut part),
            PlannedAction::Undo(call) => self.by_hand(call, &mut part),
            PlannedAction::Workflow(workflow, given) => {
                let name = self.program.workflows.get(*workflow).map_or("", |workflow| &workflow.name);
                part.by_hand(&format!("Nothing runs here: do what workflow `{name}` does, with"));
                given.iter().for_each(|(name, value)| part.detail(&format!("{name}: {}", self.shown(value))));
            }
            PlannedAction::Nothing { when } => {
                part.comment(&format!("There is nothing to undo: `{}` does not hold.", excerpt(self.sources, *when)));
            }
            PlannedAction::Unseen { undo, looks } => {
                part.by_hand("Nothing runs here: this is known only to who looks outside. Look, then do");
                part.detail(&excerpt(self.sources, *undo));
                looks.iter().for_each(|look| part.comment(&format!("where one looks: {}", excerpt(self.sources, *look))));
            }
            PlannedAction::Failing { undo, failure } => {
                part.by_hand(&format!("Nothing runs here: what it needs cannot be computed ({})", failure.kind.name()));
                part.detail(&excerpt(self.sources, *undo));
            }
            PlannedAction::Handler => {}
        }
        part
    }

    /// What is to be done by hand, because a secret in it cannot be named.
    pub(super) fn hidden(&self, planned: &Planned) -> Part {
        let mut part = self.title(planned);
        part.by_hand("Nothing runs here: a value in it is computed from a secret. Do it by hand:");
        if let PlannedAction::Undo(call) = &planned.action {
            for (name, argument) in &call.arguments {
                part.detail(&format!("{name}: {}", self.argument(argument)));
            }
        }
        part
    }

    fn title(&self, planned: &Planned) -> Part {
        let mut part = Part { what: format!("undo of step `{}`", planned.step), text: "\n".to_owned(), ..Part::default() };
        part.comment(&match planned.action {
            PlannedAction::Handler => format!("A handler of the run does step `{}` here, which undoes nothing.", planned.step),
            _ => format!("Undo of step `{}`", planned.step),
        });
        part
    }

    /// Says what a kind does that is no command.
    fn by_hand(&self, call: &Call, part: &mut Part) {
        part.by_hand(&format!("Nothing runs here: do what kind `{}` does, with", call.kind));
        for (name, argument) in &call.arguments {
            part.detail(&format!("{name}: {}", self.argument(argument)));
        }
    }

    /// Gives a file back what stood in it before.
    fn file(&self, call: &Call, part: &mut Part) {
        let step = call.undoes.map(|step| step.0.to_string()).unwrap_or_default();
        let commands = match restoring(&self.kept.join(step)) {
            Ok(commands) => commands,
            Err(reason) => return part.by_hand(&format!("Nothing runs here: what stood in the file is not known ({reason})")),
        };
        if commands.is_empty() {
            return part.comment("There is nothing to undo: it changed nothing.");
        }
        let mut secrets = BTreeSet::new();
        let words = |words: &Vec<PathBuf>, secrets: &mut BTreeSet<usize>| {
            words.iter().map(|word| self.quoted(word.to_str()?, secrets)).collect::<Option<Vec<_>>>().map(|words| words.join(" "))
        };
        let lines: Option<Vec<String>> = commands.iter().map(|command| words(command, &mut secrets)).collect();
        match lines {
            Some(lines) => {
                part.act = Act::Command(lines.iter().map(|line| format!("{line}\n")).collect());
                part.secrets = secrets;
            }
            None => part.by_hand("Nothing runs here: no shell can say this, because of text that is not UTF-8."),
        }
    }

    fn argument(&self, argument: &Argument) -> String {
        match argument {
            Argument::Value(value) => self.shown(value),
            Argument::Script(script) => {
                let parts = script.parts.iter().map(|part| match part {
                    ScriptPart::Literal(text) => text.to_string(),
                    ScriptPart::Value { value, .. } => self.shown(value),
                });
                parts.collect()
            }
        }
    }

    /// A value for people; secrets stay hidden.
    fn shown(&self, value: &Value) -> String {
        let json = value.to_json().to_string();
        let pieces = self.names.pieces(&json).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Scratch => String::new(),
            Piece::Secret(_, variable) => format!("${{{variable}}}"),
        });
        pieces.collect()
    }

    fn shell(&self, planned: &Planned, call: &Call, part: &mut Part) {
        let scratch = self.names.scratch();
        let line = match line(call, self.folder, Path::new(&scratch)) {
            Ok(line) => line,
            Err(failure) => return part.by_hand(&format!("It cannot be started: {}", failure.message)),
        };
        let mut secrets = BTreeSet::new();
        match self.command(planned, &line, &mut secrets) {
            Some(command) => {
                part.act = Act::Command(command);
                part.secrets = secrets;
            }
            None => part.by_hand("Nothing runs here: no shell can say this, because of a NUL or of text that is not UTF-8."),
        }
    }

    /// The command; `None` where no shell can say it.
    fn command(&self, planned: &Planned, line: &Line, secrets: &mut BTreeSet<usize>) -> Option<String> {
        let mut text = String::new();
        for (name, content) in &line.files {
            let content = self.quoted(std::str::from_utf8(content).ok()?, secrets)?;
            text += &format!("printf '%s' {content} > \"$scratch\"/{name}\n");
        }
        if let Some(input) = &line.input {
            text += &format!("printf '%s' {} | ", self.quoted(std::str::from_utf8(input).ok()?, secrets)?);
        }
        text += &format!("(cd {} && ", self.quoted(line.folder.to_str()?, secrets)?);
        text += &self.environment(planned, line, secrets)?;
        for word in std::iter::once(&line.program).chain(&line.arguments) {
            text += " ";
            text += &self.quoted(word.to_str()?, secrets)?;
        }
        text += ")";
        if line.input.is_none() {
            text += " < /dev/null";
        }
        if !line.allowed.is_empty() {
            let codes: Vec<String> = line.allowed.iter().map(i64::to_string).collect();
            text += &format!(" || case $? in {}) ;; *) exit 1 ;; esac", codes.join(" | "));
        }
        if !line.files.is_empty() {
            text += "\nrm -f";
            for (name, _) in &line.files {
                text += &format!(" \"$scratch\"/{name}");
            }
        }
        Some(text + "\n")
    }

    /// `env` with its variables; those that hold secrets stand before it, where no list of processes shows them.
    fn environment(&self, planned: &Planned, line: &Line, secrets: &mut BTreeSet<usize>) -> Option<String> {
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, value) in &line.environment {
            variables.push((name.to_str()?.to_owned(), value.to_str()?.to_owned()));
        }
        variables.extend([
            ("WF_RUN".to_owned(), self.run.to_owned()),
            ("WF_STEP".to_owned(), planned.step.to_string()),
            ("WF_ATTEMPT".to_owned(), "1".to_owned()),
            ("WF_KEY".to_owned(), format!("{}-{}", self.run, planned.id.0)),
            ("WF_OUTPUT".to_owned(), "/dev/null".to_owned()),
        ]);
        for (name, value) in &line.variables {
            variables.push((name.clone(), std::str::from_utf8(value).ok()?.to_owned()));
        }
        let (mut before, mut after) = (String::new(), String::new());
        let mut hidden = BTreeSet::new();
        for (name, value) in &variables {
            let mut own = BTreeSet::new();
            let quoted = self.quoted(value, &mut own)?;
            if !own.is_empty() && is_identifier(name) {
                before += &format!("{name}={quoted} ");
                hidden.insert(name.as_str());
            } else {
                let name = if is_identifier(name) { name.clone() } else { self.quoted(name, &mut own)? };
                after += &format!(" {name}={quoted}");
            }
            secrets.extend(own);
        }
        let unset: String = self
            .withheld
            .iter()
            .filter(|name| !hidden.contains(name.as_str()))
            .map(|name| format!(" -u {}", quote(name)))
            .collect();
        Some(format!("{before}env{unset}{after}"))
    }

    /// A text as one word; `None` where it holds a NUL.
    fn quoted(&self, text: &str, secrets: &mut BTreeSet<usize>) -> Option<String> {
        if text.contains('\0') {
            return None;
        }
        let pieces = self.names.pieces(text);
        let mut word = if pieces.is_empty() { "''".to_owned() } else { String::new() };
        for piece in pieces {
            match piece {
                Piece::Text(text) => word += &quote(text),
                Piece::Scratch => word += "\"$scratch\"",
                Piece::Secret(index, variable) => {
                    secrets.insert(index);
                    word += &format!("\"${{{variable}:?}}\"");
                }
            }
        }
        Some(word)
    }
}
