//! Values as JSON and back.

use super::{Map, NotJson, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value as Json};
use std::fmt;
use std::sync::Arc;

impl Value {
    /// The value as JSON: durations and sizes as their text, a secret as `***`, a channel as its kind.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::Number((*value).into()),
            Self::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
            Self::String(text) => Json::String(text.to_string()),
            Self::Duration(duration) => Json::String(duration.to_string()),
            Self::Size(size) => Json::String(size.to_string()),
            Self::List(elements) => Json::Array(elements.iter().map(Self::to_json).collect()),
            Self::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect()),
            Self::Secret(_) => Json::String("***".to_owned()),
            Self::Channel(channel) => Json::String(channel.kind.to_string()),
        }
    }

    /// The value that a JSON text means without a type: whole numbers of 64 bits are integers, other numbers floats.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => from_number(number),
            Json::String(text) => Self::string(text),
            Json::Array(elements) => Self::list(elements.iter().map(Self::from_json)),
            Json::Object(object) => Self::Map(Arc::new(
                object.iter().map(|(key, value)| (key.as_str().into(), Self::from_json(value))).collect::<Map>(),
            )),
        }
    }
}

impl Value {
    /// Reads a JSON text as [`Value::from_json`] reads JSON, without making that first.
    ///
    /// # Errors
    /// Where it is none, or nests deeper than [`super::DEEPEST_JSON`].
    pub fn from_json_text(text: &str) -> Result<Self, NotJson> {
        serde_json::from_str(text).map(|Read(value)| value).map_err(|error| NotJson::of(&error))
    }
}

/// A value that is read from JSON.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| from_number(&value.into()), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, |number| from_number(&number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Read(element)) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Read(value))) = entries.next_entry::<String, Read>()? {
            map.insert(key.into(), value);
        }
        Ok(Value::Map(Arc::new(map)))
    }
}

fn from_number(number: &Number) -> Value {
    number.as_i64().map_or_else(|| number.as_f64().map_or(Value::Null, Value::Float), Value::Int)
}

#[cfg(test)]
mod tests {
    use super::super::parse_json;
    use super::Value;
    use proptest::prelude::*;

    /// What both ways make of a text.
    fn both(text: &str) -> [Result<Value, String>; 2] {
        let long = parse_json(text).map(|json| Value::from_json(&json)).map_err(|error| error.to_string());
        [long, Value::from_json_text(text).map_err(|error| error.to_string())]
    }

    #[test]
    fn a_text_is_read_as_its_json_is() {
        for text in [
            "null",
            "[true, -1, 9223372036854775807, 9223372036854775808, 1.0, 1e999, -0.0, 1E3]",
            r#"{"b": 1, "a": {"é\u0000\n": []}, "b": [2]}"#,
            "[1,",
            "",
            "[1] 2",
        ] {
            let [long, short] = both(text);
            assert_eq!(long, short, "{text}");
        }
        for depth in [127, 128] {
            let [long, short] = both(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            assert_eq!(long, short);
            assert_eq!(short.is_ok(), depth == 127);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_its_json_is(text in r#"[\[\]{}:,"\\ 0-9eE.truefalsn-]{0,24}"#) {
            let [long, short] = both(&text);
            prop_assert_eq!(long, short);
        }
    }
}
