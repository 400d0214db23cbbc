//! Messages that go over the net.

use super::channel::Destination;
use super::message::Message;
use crate::process::not_started;
use crate::web::address::AddressPolicy;
use crate::web::client::Clients;
use crate::web::host;
use crate::web::refusal::{refusal, refused};
use crate::web::trouble::Trouble;
use crate::web::trust::Trust;
use jiff::Timestamp;
use reqwest::Url;
use wf_model::failure::Failure;
use wf_runtime::mask::Masker;

/// What requests of a step go over.
pub(super) struct Post<'a> {
    pub(super) clients: &'a Clients,
    pub(super) trust: &'a Trust,
    pub(super) masker: &'a Masker,
}

/// A request that a server gets.
struct Letter<'a> {
    url: &'a Url,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Post<'_> {
    /// Sends a message where it goes over the net; any other channel has it in another way.
    pub(super) async fn send(&self, destination: &Destination, message: &Message) -> Result<(), Failure> {
        let key = ("idempotency-key", message.key.clone());
        let letter = match destination {
            Destination::Slack(url) => Letter { url, headers: vec![key], body: message.slack() },
            Destination::Webhook(url, signing) => {
                let (body, now) = (message.json(), Timestamp::now().as_second());
                let mut headers = vec![key, ("webhook-id", message.key.clone()), ("webhook-timestamp", now.to_string())];
                if let Some(signing) = signing {
                    headers.push(("webhook-signature", signing.signature(&message.key, now, &body)));
                }
                Letter { url, headers, body }
            }
            Destination::Mail(mail) => return mail.send(message, self.trust).await,
            Destination::Desktop => return Ok(()),
        };
        self.posted(letter).await
    }

    async fn posted(&self, letter: Letter<'_>) -> Result<(), Failure> {
        let Letter { url, headers, body } = letter;
        let target = host(url);
        let addresses = AddressPolicy::default();
        addresses
            .check_host(url)
            .map_err(|refused| not_started(&format!("request to {target} is not sent: {}", refused.without_attribute())))?;
        let encrypted = url.scheme() == "https";
        let client = match encrypted && !self.trust.is_empty() {
            true => self.clients.trusting(self.trust, false, &addresses),
            // A connection that its server closes just then would leave nobody knowing whether the message has come.
            false => self.clients.client(encrypted, false, &addresses),
        };
        let client = client.map_err(|message| not_started(&message))?;
        let request = client.post(url.clone()).header("content-type", "application/json").body(body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let sent = request.send().await;
        let response = sent.map_err(|error| Trouble::of(&error.without_url(), &target).failure(false))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(());
        }
        Err(refused(&format!("POST {target}"), status, &headers, &refusal(response).await, self.masker))
    }
}
