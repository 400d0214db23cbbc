//! Values as JSON and back.

use super::{Map, Value};
use serde_json::{Number, Value as Json};
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

fn from_number(number: &Number) -> Value {
    number.as_i64().map_or_else(|| number.as_f64().map_or(Value::Null, Value::Float), Value::Int)
}
