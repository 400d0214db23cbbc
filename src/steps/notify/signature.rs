//! Signatures of webhooks, as Standard Webhooks (https://www.standardwebhooks.com) says.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// What a key begins with that is written in base64.
const ENCODED: &str = "whsec_";

/// What a receiver knows a sender by.
pub(super) struct SigningKey(Vec<u8>);

/// Says that a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAKey {
    /// There is nothing in it.
    #[error("the key of `webhook` is empty; leave it out where nothing is to be signed")]
    Empty,
    /// It says that it is written in base64 and is not.
    #[error("the key of `webhook` begins with `whsec_` but does not go on in base64")]
    NotBase64,
}

impl SigningKey {
    /// Reads a key: behind `whsec_` base64, otherwise the text itself.
    pub(super) fn of(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim();
        let bytes = match text.strip_prefix(ENCODED) {
            Some(encoded) => BASE64_STANDARD.decode(encoded).map_err(|_| NotAKey::NotBase64)?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.is_empty() { Err(NotAKey::Empty) } else { Ok(Self(bytes)) }
    }

    /// The signature of a message by its id, when it is sent in seconds, and its body.
    pub(super) fn signature(&self, id: &str, timestamp: i64, body: &str) -> String {
        // HMAC takes keys of every length.
        let Ok(mut code) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        code.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(code.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAKey, SigningKey};

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The example of the specification.
        let key = SigningKey::of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let plain = SigningKey::of("key").unwrap();
        assert_ne!(plain.signature("a", 1, "b"), plain.signature("a", 2, "b"));
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert_eq!(SigningKey::of("whsec_!").unwrap_err(), NotAKey::NotBase64);
        assert_eq!(SigningKey::of(" \n").unwrap_err(), NotAKey::Empty);
        assert_eq!(SigningKey::of("whsec_").unwrap_err(), NotAKey::Empty);
    }
}
