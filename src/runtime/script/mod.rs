//! Scripts with values: the text that a shell runs, and the variables and files that carry the values to it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;
use wf_model::script::{Script, ScriptPart, ScriptPlace};
use wf_model::value::Value;

/// A value of more bytes goes by a file: Linux takes no variable of more than 128 KiB.
const LARGEST_VARIABLE: usize = 100_000;

/// All variables together hold no more bytes; further values go by files, the largest ones first.
const LARGEST_ENVIRONMENT: usize = 500_000;

/// More values make shells slow, and crash some: each of them is a variable, and they look variables up one by one.
const MOST_VALUES: usize = 10_000;

/// What a variable takes beside its value: its name, `=`, a NUL and a pointer.
const VARIABLE_OVERHEAD: usize = 32;

/// A script as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// What the shell reads. Lines keep their numbers.
    pub text: String,
    /// Variables that the shell gets in its environment; they win over all others of these names.
    pub variables: Vec<(String, Vec<u8>)>,
    /// Files that have to be in the folder while the script runs, by name. They may hold secrets: only the user may read them.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Why a script cannot run with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// No variable can hold this character. The number counts the values of the script from 1.
    #[error("value {0} of the shell text holds a NUL character, which no variable of a process can")]
    Nul(usize),
    /// `null`, a list in a list, a map or a channel. The number counts the values of the script from 1.
    #[error("value {0} of the shell text has no text of its own")]
    NoText(usize),
    /// More than 10,000 different values.
    #[error(
        "the shell text takes in {0} values, more than a command takes; pass a long list through `stdin: list.join(\"\\n\")`"
    )]
    TooMany(usize),
    /// The folder of the files is not UTF-8, so the script cannot name it.
    #[error("the scratch directory of the step is not UTF-8")]
    Folder,
}

/// Renders a script for a shell with the quoting of POSIX; files are taken to stand in `folder`, an absolute path.
///
/// Each value keeps a variable's name in the text: `"${WF_VALUE_1}"` outside quotes, `${WF_VALUE_1}` inside double quotes. A list
/// is one such word for each element. Equal values share a variable.
///
/// # Errors
/// Where a value cannot reach a shell as it is.
pub fn render(script: &Script<Value>, folder: &Path) -> Result<Rendered, RenderError> {
    let mut values = Values::default();
    let mut text = String::new();
    let mut number = 0;
    for part in &script.parts {
        match part {
            ScriptPart::Literal(literal) => text.push_str(literal),
            ScriptPart::Value { value, place } => {
                number += 1;
                values.write(value, *place, number, &mut text)?;
            }
        }
    }
    values.finish(text, folder)
}

/// The different values, in the order in which they came.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Values {
    /// Writes what stands for a value in the text.
    fn write(&mut self, value: &Value, place: ScriptPlace, number: usize, text: &mut String) -> Result<(), RenderError> {
        match (value, place) {
            (Value::List(elements), ScriptPlace::Bare) => {
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { " " });
                    self.write_scalar(element, place, number, text)?;
                }
                Ok(())
            }
            _ => self.write_scalar(value, place, number, text),
        }
    }

    fn write_scalar(&mut self, value: &Value, place: ScriptPlace, number: usize, text: &mut String) -> Result<(), RenderError> {
        let content = content(value).ok_or(RenderError::NoText(number))?;
        if content.contains('\0') {
            return Err(RenderError::Nul(number));
        }
        match place {
            ScriptPlace::Raw => text.push_str(&content),
            // Writing to a string cannot fail.
            ScriptPlace::Bare => drop(write!(text, "\"${{{}}}\"", name(self.index(content)))),
            ScriptPlace::Quoted => drop(write!(text, "${{{}}}", name(self.index(content)))),
        }
        Ok(())
    }

    fn index(&mut self, content: String) -> usize {
        if let Some(index) = self.known.get(&content) {
            return *index;
        }
        let index = self.texts.len();
        self.texts.push(content.clone());
        self.known.insert(content, index);
        index
    }

    /// Which values go by files.
    fn filed(&self) -> BTreeSet<usize> {
        let size = |index: &usize| self.texts.get(*index).map_or(0, |text| text.len() + VARIABLE_OVERHEAD);
        let mut by_size: Vec<usize> = (0..self.texts.len()).collect();
        by_size.sort_by_key(|index| std::cmp::Reverse(size(index)));
        let mut total: usize = by_size.iter().map(size).sum();
        let goes = |index: &usize| {
            let filed = size(index) > LARGEST_VARIABLE + VARIABLE_OVERHEAD || total > LARGEST_ENVIRONMENT;
            total -= if filed { size(index) } else { 0 };
            filed
        };
        by_size.into_iter().take_while(goes).collect()
    }

    fn finish(self, text: String, folder: &Path) -> Result<Rendered, RenderError> {
        if self.texts.len() > MOST_VALUES {
            return Err(RenderError::TooMany(self.texts.len()));
        }
        let filed = self.filed();
        let mut rendered = Rendered { text: String::new(), variables: Vec::new(), files: Vec::new() };
        for (index, content) in self.texts.into_iter().enumerate() {
            let name = name(index);
            if filed.contains(&index) {
                rendered.text.push_str(&reading(&name, folder)?);
                rendered.files.push((name, content.into_bytes()));
            } else {
                rendered.variables.push((name, content.into_bytes()));
            }
        }
        rendered.text.push_str(&text);
        Ok(rendered)
    }
}

/// The variable of a value.
fn name(index: usize) -> String {
    format!("WF_VALUE_{}", index + 1)
}

/// The text of a value as the shell gets it.
fn content(value: &Value) -> Option<String> {
    match value {
        Value::Secret(secret) => Some(secret.expose().to_string()),
        _ => value.render(),
    }
}

/// Shell text, without a line break, that reads a file into a variable; command substitution would drop line breaks at its end.
///
/// A variable of that name that is inherited would hand the large value on to every program, none of which could start. A file
/// that cannot be read ends the script also in bash, whose substitutions go on behind a failure.
fn reading(name: &str, folder: &Path) -> Result<String, RenderError> {
    let path = folder.join(name);
    let path = path.to_str().ok_or(RenderError::Folder)?.replace('\'', r"'\''");
    Ok(format!("unset {name}; {name}=$(cat '{path}' && printf x); {name}=${{{name}%x}}; "))
}
