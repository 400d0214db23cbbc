//! Hashes of values, which agree with their equality.

use super::Value;
use std::hash::{Hash, Hasher};

/// Floats of the language are finite, so every value equals itself.
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            // The two zeros are equal.
            Self::Float(value) => (value + 0.0).to_bits().hash(state),
            Self::String(text) => text.hash(state),
            Self::Duration(duration) => duration.hash(state),
            Self::Size(size) => size.hash(state),
            Self::List(elements) => elements.hash(state),
            Self::Map(map) => {
                // The order of keys does not count.
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                entries.hash(state);
            }
            Self::Secret(secret) => secret.expose().hash(state),
            Self::Channel(channel) => (&channel.kind, &channel.arguments).hash(state),
        }
    }
}
