//! Programs that an interpreter reads: their text or file, the values that they get as variables, and how they say why they failed.

use super::{Command, folder, not_started, perform};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::kind::{Kind, is_variable};
use wf_model::value::{Map, Value};
use wf_runtime::executor::{Attempt, Ended};
use wf_runtime::mask::Masker;

/// The file of the values, in the scratch folder.
const INPUTS: &str = "inputs.json";

/// The file in which a program's last error is told.
const ERROR: &str = "error.json";

/// Bytes of an error's text that a failure's message shows at most.
const LONGEST_MESSAGE: usize = 500;

/// Integers beyond it are not exact as a float, which all numbers are to some languages.
const LARGEST_EXACT: u64 = 1 << 53;

/// A language whose programs a step runs.
pub(crate) struct Language {
    /// How messages name it.
    pub(crate) name: &'static str,
    /// The kind that runs it.
    pub(crate) kind: fn() -> Kind,
    /// The command that runs a program, with what has to stand in the scratch folder for it.
    pub(crate) command: fn(&Program, &Path) -> Result<Command, Failure>,
}

/// Where a program comes from.
pub(crate) enum Program {
    /// Its text.
    Code(String),
    /// The file that it stands in: absolute.
    File(PathBuf),
}

/// Runs a program as an attempt.
pub(crate) async fn interpret(attempt: Attempt, language: &'static Language) -> Ended {
    let command = match prepared(&attempt, language) {
        Ok(command) => command,
        Err(failure) => return Ended { outcome: Err(failure), decoded: None, leaked: false },
    };
    let (scratch, secrets, call) = (attempt.scratch.clone(), Arc::clone(&attempt.secrets), attempt.call.clone());
    let ended = perform(attempt, command).await;
    let explained = |failure| explained(failure, &scratch, &Masker::of_values(&secrets), call.value("file"));
    Ended { outcome: ended.outcome.map_err(explained), ..ended }
}

fn prepared(attempt: &Attempt, language: &Language) -> Result<Command, Failure> {
    let program = program(attempt)?;
    let reserved = (language.kind)().attribute("inputs").and_then(|inputs| inputs.variables).unwrap_or_default();
    let inputs = match attempt.call.value("inputs") {
        Some(Value::Map(inputs)) => Arc::clone(inputs),
        _ => Arc::default(),
    };
    if let Some(name) = inputs.keys().find(|name| !is_variable(name, reserved)) {
        return Err(not_started(&format!("`inputs` has {name:?}, which is no name of a variable in {}", language.name)));
    }
    // A program without inputs need not start by reading how there are none.
    if !inputs.is_empty() {
        keep(&attempt.scratch.join(INPUTS), document(&inputs).to_string().as_bytes())?;
    }
    (language.command)(&program, &attempt.scratch)
}

fn program(attempt: &Attempt) -> Result<Program, Failure> {
    if let Some(code) = attempt.call.value("code") {
        let code = code.exposed();
        return Ok(Program::Code(code));
    }
    let file = attempt.call.value("file").ok_or_else(|| not_started("there is neither `code` nor `file`"))?;
    let file = PathBuf::from(file.exposed());
    let path = folder(&attempt.call, &attempt.folder).join(&file);
    let shown = file.display();
    match path.metadata() {
        Ok(found) if found.is_file() => Ok(Program::File(path)),
        Ok(_) => Err(not_started(&format!("`{shown}` is no file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(not_started(&format!("file `{shown}` is not there"))),
        Err(error) => Err(not_started(&format!("file `{shown}` cannot be read: {error}"))),
    }
}

/// What the interpreter reads: the values, and the places of integers that are no exact floats.
fn document(inputs: &Arc<Map>) -> Json {
    let values = Value::Map(Arc::clone(inputs));
    let mut large = Vec::new();
    find_large(&values, &mut Vec::new(), &mut large);
    json!({ "values": values.to_json(), "large": large })
}

/// Depth is that of JSON, which is bounded where values come in.
fn find_large(value: &Value, place: &mut Vec<Json>, large: &mut Vec<Json>) {
    match value {
        Value::Int(number) if number.unsigned_abs() >= LARGEST_EXACT => {
            large.push(json!({ "place": place, "value": number.to_string() }));
        }
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                place.push(index.into());
                find_large(element, place, large);
                place.pop();
            }
        }
        Value::Map(map) => {
            for (key, element) in map.iter() {
                place.push((**key).into());
                find_large(element, place, large);
                place.pop();
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Secret(_)
        | Value::Channel(_) => {}
    }
}

/// Writes a file that only this user can read.
pub(crate) fn keep(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write =
        || -> io::Result<()> { OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content) };
    write().map_err(|error| not_started(&format!("the program cannot be passed by a file: {error}")))
}

/// The error that ended a program, as it tells it itself.
#[derive(Deserialize)]
struct Told {
    message: String,
    line: Option<u32>,
}

/// A failure by exit code with the error that led to it.
fn explained(failure: Failure, scratch: &Path, masker: &Masker, file: Option<&Value>) -> Failure {
    let Some(told) = told(&scratch.join(ERROR)).filter(|_| failure.kind == FailureKind::Exit) else { return failure };
    let program = if let Some(Value::String(file)) = file { &**file } else { "[eval1]" };
    let line = told.line.or_else(|| unread(&failure.stderr, program));
    let (place, of_code) = match (line, file) {
        (None, _) => (String::new(), None),
        (Some(line), Some(Value::String(file))) => {
            (format!(", line {line} of {}", Path::new(&**file).file_name().unwrap_or_default().display()), None)
        }
        (Some(line), _) => (format!(", line {line} of the code"), Some(line)),
    };
    let message = masker.text(&told.message);
    let message = message.lines().next().unwrap_or_default().trim();
    let message = shortened(message);
    Failure { message: format!("{}: {message}{place}", failure.message).into(), line: of_code, ..failure }
}

/// The line that cannot be read: `node` tells it nowhere but on stderr, behind the program's name.
fn unread(stderr: &str, program: &str) -> Option<u32> {
    let line = |line: &str| {
        let (place, number) = line.rsplit_once(':')?;
        number.parse().ok().filter(|_| place.ends_with(program))
    };
    stderr.lines().find_map(line)
}

fn told(path: &Path) -> Option<Told> {
    let mut text = String::new();
    // The program itself can write there too.
    std::fs::File::open(path).ok()?.take(1 << 20).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{document, shortened};
    use serde_json::json;
    use std::sync::Arc;
    use wf_model::value::{Map, Value};

    #[test]
    fn large_integers_are_listed_with_their_places() {
        let inner = Value::map([("b", Value::Int(i64::MIN)), ("c", Value::Int(7))]);
        let inputs = Arc::new(Map::from_iter([(Arc::from("a"), Value::list([Value::Null, inner]))]));
        let listed = json!([{ "place": ["a", 1, "b"], "value": "-9223372036854775808" }]);
        assert_eq!(document(&inputs), json!({ "values": { "a": [null, { "b": i64::MIN, "c": 7 }] }, "large": listed }));
        assert_eq!(document(&Arc::default()), json!({ "values": {}, "large": [] }));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"é".repeat(600)), format!("{}…", "é".repeat(500)));
    }
}
