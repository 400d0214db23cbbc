//! What an answer means for its step.

use super::retry_after::retry_after;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::sync::Arc;
use wf_model::failure::{Failure, FailureKind};
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Map, Secret, Value, decode_text};
use wf_runtime::mask::Masker;

/// Characters of a body that a message shows at most.
const LONGEST_EXCERPT: usize = 200;

/// Bytes of a body that a failure keeps at most.
const LONGEST_KEPT: usize = 8 * 1024;

/// The longest time that a server may ask a retry to wait.
const LONGEST_WAIT: Duration = Duration::from_seconds(60 * 60);

/// An answer with its body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) elapsed: Duration,
}

impl Answer {
    /// The result of the step, and what `-> T` asks for.
    ///
    /// # Errors
    /// Where the body is no `T`.
    pub(super) fn result(self, decode: Option<&Type>, masker: &Masker) -> Result<(Value, Option<Value>), Failure> {
        let secret = decode.is_some_and(Type::holds_secret);
        let body = if secret { self.body } else { masker.bytes(&self.body) };
        let body = String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let decoded = decode.map(|type_| decoded(&body, type_, secret, masker)).transpose()?;
        let json = if secret { Value::Null } else { Value::from_json_text(&body).unwrap_or(Value::Null) };
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

/// The failure of a step whose server answered with a status that it does not take; `asked` is the method and the host.
pub(super) fn refused(asked: &str, status: StatusCode, headers: &HeaderMap, body: &[u8], masker: &Masker) -> Failure {
    let body = String::from_utf8_lossy(&masker.bytes(body)).into_owned();
    let wait = headers.get(RETRY_AFTER).and_then(|wait| retry_after(wait.to_str().ok()?, Timestamp::now()));
    let too_long = wait.filter(|wait| *wait > LONGEST_WAIT);
    let mut message = format!("{asked} is answered by {status}");
    if let Some(wait) = too_long {
        message.push_str(&format!(", to be tried again in {wait}, which is longer than the {LONGEST_WAIT} that a retry waits"));
    }
    let excerpt = excerpt(&body);
    if !excerpt.is_empty() {
        message.push_str(&format!(": {excerpt}"));
    }
    Failure {
        status: Some(status.as_u16().into()),
        stderr: beginning(&body, LONGEST_KEPT).into(),
        retryable: is_passing(status) && too_long.is_none(),
        retry_after: wait,
        ..Failure::final_of(FailureKind::Exit, &masker.text(&message))
    }
}

/// Whether what a status says may have passed when the same is asked again.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// The beginning of a text in one line, without what a terminal would obey.
fn excerpt(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let beginning: String = line.chars().take(LONGEST_EXCERPT).collect();
    if beginning.len() < line.len() { format!("{beginning}…") } else { beginning }
}

fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
