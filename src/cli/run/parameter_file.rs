//! The file of `--params`: one JSON object, each key once.

use crate::text::{self, Sort, Unreadable};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;
use wf_model::value::NotJson;

/// Reads the parameters of a file, in written order; `-` is stdin.
pub(super) fn read(file: &str) -> Result<Map<String, Json>, Unreadable> {
    let text = text::read_as(file, Sort::Parameters)?;
    match parse(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
        Ok(Json::Object(entries)) => Ok(entries),
        Ok(other) => Err(refused(format!("{} holds {} where an object is wanted", text::name(file), sort(&other)))),
        Err(error) => {
            // What the text says, rather than how it is written, is this reader's own complaint.
            let is_json = error.is_data();
            let error = NotJson::of(&error);
            let what = if error.too_deep || is_json { "" } else { "is not JSON: " };
            Err(refused(format!("{} {what}{error}", text::name(file))))
        }
    }
}

fn refused(message: String) -> Unreadable {
    Unreadable { message, help: "Write parameters by name: `{ \"version\": \"v1.2.3\" }`.".to_owned() }
}

fn sort(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

fn parse(text: &str) -> Result<Json, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let json = Unique.deserialize(&mut reader)?;
    reader.end()?;
    Ok(json)
}

/// Any JSON value in which no object has a key twice: of two values for one name nobody knows which was meant.
#[derive(Clone, Copy)]
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut entries = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            if entries.contains_key(&key) {
                return Err(A::Error::custom(format!("has key `{}` twice", key.escape_debug())));
            }
            entries.insert(key, object.next_value_seed(self)?);
        }
        Ok(Json::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn json_is_read_as_it_is_and_no_key_comes_twice() {
        let text = r#"{"a":null,"b":[true,-1,18446744073709551615,0.5,"é"],"c":{"a":1}}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        let error = parse("{\"a\": {\n  \"b\": 1, \"b\": 2\n}}").unwrap_err().to_string();
        assert_eq!(error, "has key `b` twice at line 2 column 13");
        assert!(parse("{} {}").is_err() && parse(&"[".repeat(100_000)).is_err());
    }
}
