//! A model behind an API that speaks as that of OpenAI.

use super::answer::Answer;
use super::conversation::Conversation;
use super::events::{End, Events, Fault};
use crate::process::not_started;
use crate::text::one_line;
use crate::web::address::AddressPolicy;
use crate::web::client::Clients;
use crate::web::log::Log;
use crate::web::refusal::{refusal, refused};
use crate::web::trouble::{self, Trouble};
use crate::web::trust::Trust;
use crate::web::{host, shown};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};
use serde_json::{Value as Json, json};
use std::path::Path;
use wf_model::failure::{Failure, FailureKind};
use wf_model::script::Call;
use wf_model::value::Value;
use wf_runtime::process::KEPT;

/// The end of the path at which chats are completed.
const PATH: [&str; 2] = ["chat", "completions"];

/// An API, and who asks it.
pub(super) struct Endpoint {
    url: Url,
    key: Option<HeaderValue>,
    addresses: AddressPolicy,
    trust: Trust,
}

impl Endpoint {
    /// That of a step; the file of `ca` is one of `folder` where its path is relative.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub(super) fn of(call: &Call, folder: &Path) -> Result<Self, Failure> {
        let text = call.value("endpoint").and_then(Value::render).unwrap_or_default();
        let url = Url::parse(&text).map_err(|error| not_started(&format!("`endpoint` is not read as a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(not_started(&format!("`endpoint` begins with `{}:`; it has to be http:// or https://", url.scheme())));
        }
        Ok(Self {
            url: completions(url),
            key: call.value("key").map(bearer).transpose()?,
            addresses: AddressPolicy::of(call.value("allow_address")).map_err(|error| not_started(&error.to_string()))?,
            trust: Trust::of(call.value("ca"), None, folder)?,
        })
    }

    /// Asks a question; `key` is the same when the same is asked again.
    pub(super) async fn ask(
        &self,
        conversation: &Conversation,
        key: &str,
        clients: &Clients,
        log: &mut Log,
    ) -> Result<Answer, Failure> {
        let target = host(&self.url);
        let earlier = conversation.number() > 1;
        let unsent = |message: &str| {
            let failure = not_started(message);
            Failure { kind: if earlier { FailureKind::Exit } else { failure.kind }, ..failure }
        };
        self.addresses.check_host(&self.url).map_err(|refused| unsent(&format!("request to {target} is not sent: {refused}")))?;
        let encrypted = self.url.scheme() == "https";
        let client = match encrypted && !self.trust.is_empty() {
            true => clients.trusting(&self.trust, false, &self.addresses),
            false => clients.client(encrypted, false, &self.addresses),
        };
        let mut body = conversation.body();
        body.insert("stream".to_owned(), json!(true));
        body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        let mut request = client.map_err(|message| unsent(&message))?.post(self.url.clone());
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        request = request.header(CONTENT_TYPE, "application/json").header("accept", "text/event-stream");
        request =
            request.header("idempotency-key", format!("{key}-{}", conversation.number())).body(Json::Object(body).to_string());
        log.line(&format!("> POST {}", shown(&self.url)));
        log.waits_for(&target);
        let response = request.send().await.map_err(|error| Trouble::of(&error.without_url(), &target).failure(earlier))?;
        log.line(&format!("< {}", response.status()));
        if !response.status().is_success() {
            let (status, headers) = (response.status(), response.headers().clone());
            let body = if log.is_open() { refusal(response).await } else { Vec::new() };
            return Err(refused(&format!("POST {target}"), status, &headers, &body, &log.masker));
        }
        answer(response, &target, log).await
    }
}

/// Where chats are completed, at an endpoint that may say so itself.
fn completions(mut url: Url) -> Url {
    url.set_fragment(None);
    if url.path().trim_end_matches('/').ends_with("/chat/completions") {
        return url;
    }
    // A URL of HTTP has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(PATH);
    }
    url
}

fn bearer(key: &Value) -> Result<HeaderValue, Failure> {
    let header = HeaderValue::from_str(&format!("Bearer {}", key.exposed()));
    let mut header = header.map_err(|_| not_started("`key` holds a character that no header can, such as a line break"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Reads an answer, whether it comes in pieces or whole.
async fn answer(mut response: Response, target: &str, log: &mut Log) -> Result<Answer, Failure> {
    let whole = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let (mut events, mut body, mut length) = (Events::default(), Vec::new(), 0);
    while !events.is_done() {
        log.has_read(length as u64);
        let piece = response.chunk().await.map_err(|error| trouble::broken(&error, target, length as u64))?;
        let Some(piece) = piece else { break };
        length += piece.len();
        if length > KEPT {
            return Err(strange(target, "is larger than 64MB"));
        }
        if whole {
            body.extend_from_slice(&piece);
        } else {
            let text = events.push(&piece).map_err(|fault| faulty(fault, target))?;
            log.body(text.as_bytes());
        }
    }
    if whole {
        events.take(&String::from_utf8_lossy(&body)).map_err(|fault| faulty(fault, target))?;
        log.body(events.text.as_bytes());
    } else if !events.is_done() {
        let text = events.finish().map_err(|fault| faulty(fault, target))?;
        log.body(text.as_bytes());
    }
    log.end_body();
    ended(events, target, length, log)
}

fn ended(events: Events, target: &str, length: usize, log: &Log) -> Result<Answer, Failure> {
    match events.end {
        Some(End::Whole) => Ok(Answer { text: events.text, tokens: events.tokens, written: None }),
        Some(End::Cut) => {
            let message = format!("answer of {target} is cut where the model may say no more: ask for less, or raise its limit");
            Err(Failure::final_of(FailureKind::Decode, &message))
        }
        Some(End::Refused(why)) => {
            let why = if log.is_open() { one_line(&why) } else { "it says why".to_owned() };
            Err(Failure::final_of(FailureKind::Decode, &format!("model of {target} does not answer: {why}")))
        }
        None if length == 0 || events.text.is_empty() && events.tokens == 0 => Err(strange(
            target,
            "is no chat completion: see whether `endpoint` is the base of such an API, such as https://host/v1",
        )),
        None => {
            let message = format!("connection to {target} broke after {length} bytes of the answer: see what it logs");
            Err(Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, &message) })
        }
    }
}

fn faulty(fault: Fault, target: &str) -> Failure {
    match fault {
        Fault::Told(error) => {
            let error = one_line(&error);
            let message = format!("{target} ends its answer with an error: {error}");
            Failure { retryable: true, ..Failure::final_of(FailureKind::Exit, &message) }
        }
        Fault::Strange => {
            strange(target, "is no chat completion: see whether `endpoint` is the base of such an API, such as https://host/v1")
        }
    }
}

fn strange(target: &str, what: &str) -> Failure {
    Failure::final_of(FailureKind::Decode, &format!("answer of {target} {what}"))
}

#[cfg(test)]
mod tests {
    use super::completions;

    #[test]
    fn an_endpoint_is_a_base_or_the_place_itself() {
        for (given, asked) in [
            ("https://a/v1", "https://a/v1/chat/completions"),
            ("https://a/v1/", "https://a/v1/chat/completions"),
            ("https://a", "https://a/chat/completions"),
            ("https://a/x/chat/completions?v=1#f", "https://a/x/chat/completions?v=1"),
            ("https://a/openai?api-version=1", "https://a/openai/chat/completions?api-version=1"),
        ] {
            assert_eq!(completions(given.parse().unwrap()).as_str(), asked);
        }
    }
}
