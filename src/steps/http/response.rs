//! What an answer means for its step.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::script::Call;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Map, Secret, Value, decode_text};
use wf_runtime::mask::Masker;

/// An answer with its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// What is kept of the body, masked unless it is asked for as a secret.
    pub(super) body: String,
    pub(super) elapsed: Duration,
}

impl Answer {
    /// The result of the step, and what `-> T` asks for; a body whose step nobody reads is not looked at as JSON.
    ///
    /// # Errors
    /// Where the body is no `T`.
    pub(super) fn result(self, call: &Call, masker: &Masker) -> Result<(Value, Option<Value>), Failure> {
        let decode = call.decode.as_ref();
        let secret = decode.is_some_and(Type::holds_secret);
        let body = self.body;
        let decoded = decode.map(|type_| decoded(&body, type_, secret, masker)).transpose()?;
        let json = if secret || call.is_unread { Value::Null } else { Value::from_json_text(&body).unwrap_or(Value::Null) };
        let headers = Value::Map(Arc::new(headers(&self.headers, masker)));
        let body = if secret { Value::Secret(Secret::new(&body)) } else { Value::String(body.into()) };
        let result = Value::map([
            ("status", Value::Int(self.status.as_u16().into())),
            ("headers", headers),
            ("body", body),
            ("json", json),
            ("elapsed", Value::Duration(self.elapsed)),
        ]);
        Ok((result, decoded))
    }
}

fn decoded(body: &str, type_: &Type, secret: bool, masker: &Masker) -> Result<Value, Failure> {
    decode_text(body, type_).map_err(|error| {
        let message = if secret { error.without_value() } else { masker.text(&error.to_string()) };
        Failure::final_of(FailureKind::Decode, &message)
    })
}

/// Headers by their names in lower case; several of one name become one, as RFC 9110 joins them.
fn headers(headers: &HeaderMap, masker: &Masker) -> Map {
    let mut map = Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        // A cookie may hold a comma.
        let separator = if name == "set-cookie" { "\n" } else { ", " };
        map.insert(masker.text(name.as_str()).into(), Value::string(&masker.text(&values.join(separator))));
    }
    map
}
