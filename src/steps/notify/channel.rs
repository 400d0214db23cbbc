//! Where a message goes, as its step says it.

use super::mail::Mail;
use super::signature::SigningKey;
use crate::process::not_started;
use reqwest::Url;
use wf_model::failure::Failure;
use wf_model::value::{Channel, Secret, Value};

/// A place that takes messages.
#[derive(Debug)]
pub(super) enum Destination {
    /// An incoming webhook of Slack, or of a service that takes the same.
    Slack(Url),
    /// A server that takes the message as JSON, signed where there is a key.
    Webhook(Url, Option<SigningKey>),
    /// A server of mail, with those whom it is for.
    Mail(Box<Mail>),
    /// The desktop of whoever started the run.
    Desktop,
}

impl Destination {
    /// Reads a channel.
    ///
    /// # Errors
    /// What of it cannot be used.
    pub(super) fn of(channel: &Channel) -> Result<Self, Failure> {
        match (&*channel.kind, channel.arguments.as_slice()) {
            ("slack", [url]) => Ok(Self::Slack(web(&channel.kind, url)?)),
            ("webhook", [url]) => Ok(Self::Webhook(web(&channel.kind, url)?, None)),
            ("webhook", [url, key]) => {
                let key = SigningKey::of(&key.exposed()).map_err(|error| not_started(&error.to_string()))?;
                Ok(Self::Webhook(web(&channel.kind, url)?, Some(key)))
            }
            ("email", [to, smtp]) => Mail::of(&texts(to), &smtp.exposed()).map(|mail| Self::Mail(Box::new(mail))),
            ("desktop", []) => Ok(Self::Desktop),
            (kind, _) => Err(not_started(&format!("channel `{kind}` is not served by this version"))),
        }
    }

    /// How messages name it; nothing of it is a secret.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Slack(url) => format!("`slack` at {}", crate::web::host(url)),
            Self::Webhook(url, _) => format!("`webhook` at {}", crate::web::host(url)),
            Self::Mail(mail) => mail.name(),
            Self::Desktop => "`desktop`".to_owned(),
        }
    }
}

/// The texts of an argument, which is one or a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(texts) => texts.iter().map(Value::exposed).collect(),
        one => vec![one.exposed()],
    }
}

fn web(kind: &str, argument: &Value) -> Result<Url, Failure> {
    // The text may hold a secret, so it is not shown.
    let mut url = Url::parse(argument.exposed().trim())
        .map_err(|error| not_started(&format!("the URL of `{kind}` is not read as one: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("the URL of `{kind}` begins with `{}:`; it has to be http:// or https://", url.scheme());
        return Err(not_started(&message));
    }
    url.set_fragment(None);
    Ok(url)
}

/// What of a channel's arguments gives power to whoever reads it, beside the whole of them: a server may tell a part of it.
pub(super) fn confidential_parts(channel: &Channel) -> Vec<Value> {
    let mut parts = Vec::new();
    for url in channel.arguments.iter().filter_map(|argument| Url::parse(argument.exposed().trim()).ok()) {
        let segments = url.path_segments().into_iter().flatten();
        parts.extend(segments.filter(|segment| segment.len() >= SHORTEST_TOKEN).map(str::to_owned));
        parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()).filter(|value| value.len() >= SHORTEST_TOKEN));
        if let Some(password) = url.password() {
            let plain = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
            parts.extend([password.to_owned(), plain]);
        }
    }
    parts.iter().filter(|part| !part.is_empty()).map(|part| Value::Secret(Secret::new(part))).collect()
}

/// A part of a URL that is shorter is a word rather than a token.
const SHORTEST_TOKEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::{Destination, confidential_parts};
    use wf_model::value::{Channel, Secret, Value};

    fn channel(kind: &str, arguments: &[&str]) -> Channel {
        let secret = |text: &&str| Value::Secret(Secret::new(text));
        Channel { kind: kind.into(), arguments: arguments.iter().map(secret).collect() }
    }

    #[test]
    fn channels_name_their_hosts_alone() {
        for (kind, arguments, name) in [
            ("slack", &["https://hooks.example.com/services/T0/B0/abcdefgh"][..], "`slack` at hooks.example.com"),
            ("webhook", &[" http://me:secret@127.0.0.1:8080/x\n"], "`webhook` at 127.0.0.1:8080"),
            ("webhook", &["https://a.example.com/", "key"], "`webhook` at a.example.com"),
            ("desktop", &[], "`desktop`"),
        ] {
            assert_eq!(Destination::of(&channel(kind, arguments)).unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_no_place_is_told_without_its_text() {
        for (kind, arguments) in [
            ("slack", &["canary"][..]),
            ("slack", &["ftp://canary/"]),
            ("webhook", &["https://canary:x/"]),
            ("webhook", &["https://a.example.com/", "whsec_canary!"]),
        ] {
            let failure = Destination::of(&channel(kind, arguments)).unwrap_err();
            assert!(!failure.message.contains("canary"), "{}", failure.message);
        }
    }

    #[test]
    fn parts_of_a_url_are_confidential() {
        let found = confidential_parts(&channel(
            "slack",
            &["https://u:pa%20ss@a.example.com/services/T0000/B0000/tokentoken?key=abcdefghi&a=b"],
        ));
        let secret = |text: &str| Value::Secret(Secret::new(text));
        assert_eq!(found, ["services", "tokentoken", "abcdefghi", "pa%20ss", "pa ss"].map(secret));
    }
}
