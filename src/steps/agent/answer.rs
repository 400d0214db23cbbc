//! What a model said, as the value that was asked for.

use super::schema::{ONLY, is_text};
use serde_json::Value as Json;
use wf_model::types::Type;
use wf_model::value::{DecodeError, Value, decode_json, decode_output_file, decode_text, parse_json};

/// What a model said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// What it took to read the question and to write the answer.
    pub(super) tokens: i64,
    /// What a command wrote to the file of `$WF_OUTPUT`.
    pub(super) written: Option<String>,
}

impl Answer {
    /// The answer as a value of a type.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(&self, type_: &Type) -> Result<Value, DecodeError> {
        match &self.written {
            Some(written) => decode_output_file(written, type_),
            None => read(&self.text, type_),
        }
    }
}

fn read(text: &str, type_: &Type) -> Result<Value, DecodeError> {
    if is_text(type_) {
        return decode_text(text, type_);
    }
    let text = unfenced(text);
    match parse_json(text) {
        Ok(json) => decode_json(unwrapped(&json, type_), type_),
        // Commands know nothing of objects around a word or a number.
        Err(_) if is_scalar(type_.required()) => decode_text(text, type_),
        Err(error) => {
            let found = format!("text that is not JSON ({error})");
            Err(DecodeError { expected: type_.clone(), place: String::new(), found })
        }
    }
}

/// The value in the object that was asked for where the type is no record.
fn unwrapped<'a>(json: &'a Json, type_: &Type) -> &'a Json {
    let only = json.as_object().filter(|object| object.len() == 1).and_then(|object| object.get(ONLY));
    only.filter(|_| !matches!(type_, Type::Record(_))).unwrap_or(json)
}

const fn is_scalar(type_: &Type) -> bool {
    matches!(type_, Type::Int | Type::Float | Type::Bool | Type::Duration | Type::Size | Type::Union(_))
}

/// The content of a text that is one block of Markdown, as models like to write code.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inside = inside.and_then(|inside| inside.split_once('\n')).filter(|(language, _)| !language.contains(['{', '[', '"']));
    inside.map_or(text, |(_, content)| content.trim())
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use wf_model::types::Type;
    use wf_model::value::Value;

    fn read(text: &str, type_: &Type) -> Result<Value, String> {
        let answer = Answer { text: text.to_owned(), ..Answer::default() };
        answer.read(type_).map_err(|error| error.to_string())
    }

    #[test]
    fn answers_are_read_as_models_and_commands_write_them() {
        let record = Type::record([("value", Type::Int)]);
        for (text, type_, value) in [
            (" two\nlines\n", Type::String, Value::string(" two\nlines")),
            ("{\"value\": 7}", Type::Int, Value::Int(7)),
            ("7\n", Type::Int, Value::Int(7)),
            ("high", Type::union(["low", "high"]), Value::string("high")),
            ("\"high\"", Type::union(["low", "high"]), Value::string("high")),
            ("{\"value\": \"high\"}", Type::union(["low", "high"]), Value::string("high")),
            ("{\"value\": 7}", record.clone(), Value::map([("value", Value::Int(7))])),
            ("```json\n{\"value\": 7}\n```\n", record, Value::map([("value", Value::Int(7))])),
            ("{\"value\": [\"a\"]}", Type::list(Type::String), Value::list([Value::string("a")])),
            ("{\"a\": 1}", Type::Json, Value::map([("a", Value::Int(1))])),
            ("{\"value\": null}", Type::optional(Type::Int), Value::Null),
        ] {
            assert_eq!(read(text, &type_), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let record = Type::record([("lines", Type::list(Type::Int))]);
        let error = read("{\"lines\": [1, \"x\"]}", &record).unwrap_err();
        assert!(error.contains("expected int at `.lines[1]`"), "{error}");
        let error = read("Sure! Here it is.", &Type::list(Type::String)).unwrap_err();
        assert!(error.contains("text that is not JSON"), "{error}");
        assert!(read("middle", &Type::union(["low", "high"])).is_err());
    }
}
