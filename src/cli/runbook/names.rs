//! Secrets by name: a mark stands for each while commands are made, and the name of a variable in what is written.

use crate::drive::secrets::called;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use wf_model::expression::ValueId;
use wf_model::program::{Program, SecretDeclaration, SecretSource, WorkflowId};
use wf_model::value::{Secret, Value};

/// The marks of a run's secrets.
#[derive(Debug)]
pub(super) struct Names {
    /// What each mark begins with; nobody else writes this.
    salt: String,
    secrets: RefCell<Vec<Named>>,
}

/// A secret as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    variable: String,
    /// Where it comes from.
    origin: String,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// The scratch folder.
    Scratch,
    /// A secret, by its number and variable.
    Secret(usize, String),
}

impl Names {
    /// Marks of small letters.
    pub(super) fn small() -> Self {
        Self { salt: format!("mark{}x", random()), secrets: RefCell::default() }
    }

    /// Longer marks of other letters, so that what changes or measures a text gives something else with them.
    pub(super) fn large() -> Self {
        Self { salt: format!("OTHER{}{}X", random(), random()), secrets: RefCell::default() }
    }

    /// The folder of files that a command reads.
    pub(super) fn scratch(&self) -> String {
        format!("{}s;", self.salt)
    }

    /// Marks of all secrets that are declared in a workflow and in what it calls.
    pub(super) fn declared(&self, program: &Program, workflow: WorkflowId) -> BTreeMap<(WorkflowId, ValueId), Value> {
        let mut marks = BTreeMap::new();
        for id in called(program, workflow) {
            let declared = program.workflows.get(id).map_or(&[][..], |workflow| &workflow.secrets);
            for declaration in declared {
                marks.insert((id, declaration.value), self.mark(variable(declaration), origin(declaration)));
            }
        }
        marks
    }

    /// The mark of a secret that a step gave.
    pub(super) fn given(&self, step: &str) -> Value {
        self.mark(identifier(step), format!("step `{step}` gave it; it was kept nowhere"))
    }

    fn mark(&self, variable: String, origin: String) -> Value {
        let mut secrets = self.secrets.borrow_mut();
        let known = secrets.iter().position(|named| named.origin == origin && named.variable.starts_with(&variable));
        let index = known.unwrap_or_else(|| {
            let taken = |name: &str| secrets.iter().any(|named| named.variable == name);
            let variable = if taken(&variable) { format!("{variable}_{}", secrets.len()) } else { variable };
            secrets.push(Named { variable, origin });
            secrets.len() - 1
        });
        Value::Secret(Secret::new(&format!("{}{index};", self.salt)))
    }

    /// A text without its marks.
    pub(super) fn pieces<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let secrets = self.secrets.borrow();
        let mut parts = text.split(&*self.salt);
        let mut pieces: Vec<Piece<'a>> = parts.next().map(Piece::Text).into_iter().collect();
        for part in parts {
            let marked = part.split_once(';').and_then(|(mark, rest)| {
                let index = || mark.parse::<usize>().ok();
                let secret = || index().and_then(|index| Some(Piece::Secret(index, secrets.get(index)?.variable.clone())));
                Some((if mark == "s" { Some(Piece::Scratch) } else { secret() }?, rest))
            });
            match marked {
                Some((mark, rest)) => pieces.extend([mark, Piece::Text(rest)]),
                None => pieces.push(Piece::Text(part)),
            }
        }
        pieces.retain(|piece| *piece != Piece::Text(""));
        pieces
    }

    /// What a script says of the secrets that it needs, and demands.
    pub(super) fn demands(&self, used: &BTreeSet<usize>) -> String {
        let mut text = String::new();
        let secrets = self.secrets.borrow();
        for Named { variable, origin } in used.iter().filter_map(|index| secrets.get(*index)) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# Secret {variable}: {}", super::one_line(origin));
            let _ = writeln!(text, ": \"${{{variable}:?}}\"");
        }
        text
    }
}

fn random() -> String {
    format!("{:016x}", RandomState::new().hash_one(0_u8))
}

/// The variables that secrets are read from.
pub(super) fn variables(program: &Program, workflow: WorkflowId) -> BTreeSet<String> {
    let workflows = called(program, workflow).into_iter().filter_map(|id| program.workflows.get(id));
    let sources = workflows.flat_map(|workflow| &workflow.secrets).flat_map(|declaration| &declaration.sources);
    sources.filter_map(SecretSource::variable).map(str::to_owned).collect()
}

/// The variable of a secret: that which it is read from, else one with its name.
fn variable(declaration: &SecretDeclaration) -> String {
    let read = declaration.sources.iter().find_map(SecretSource::variable);
    read.filter(|name| is_identifier(name)).map_or_else(|| identifier(&declaration.name), str::to_owned)
}

/// Whether a shell takes a name for a variable.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    first && characters.all(|character| character == '_' || character.is_ascii_alphanumeric())
}

/// A variable with such a name.
fn identifier(name: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(plain).collect();
    format!("SECRET_{}", name.trim_matches('_'))
}

fn origin(declaration: &SecretDeclaration) -> String {
    let source = |source: &SecretSource| match source {
        SecretSource::Environment(name) => format!("the variable {name}"),
        SecretSource::File(path) => format!("the file {path}"),
        SecretSource::Command(words) => format!("the output of {}", words.join(" ")),
    };
    let sources: Vec<String> = declaration.sources.iter().map(source).collect();
    format!("`{}`, from {}", declaration.name, sources.join(", else "))
}

#[cfg(test)]
mod tests {
    use super::{Names, Piece};
    use wf_model::value::Value;

    #[test]
    fn marks_are_found_again_in_a_text() {
        let names = Names::small();
        let Value::Secret(mark) = names.given("ship.login[1]") else { panic!("a secret") };
        let text = format!("-u {}:x", mark.expose());
        let secret = Piece::Secret(0, "SECRET_SHIP_LOGIN_1".to_owned());
        assert_eq!(names.pieces(&text), [Piece::Text("-u "), secret, Piece::Text(":x")]);
        assert_eq!(names.pieces(&names.scratch()), [Piece::Scratch]);
        assert_eq!(names.given("ship.login[1]"), Value::Secret(mark));
    }
}
