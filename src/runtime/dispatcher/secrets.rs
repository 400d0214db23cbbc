//! The secrets that a run knows, so that none of them shows in what a step writes.

use std::sync::Arc;
use wf_model::value::Value;

/// All secrets that a run has come to know.
#[derive(Clone, Debug)]
pub(super) struct KnownSecrets {
    known: Arc<[Value]>,
}

impl KnownSecrets {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut secrets = Self { known: Arc::default() };
        values.into_iter().for_each(|value| secrets.learn(value));
        secrets
    }

    /// What an attempt that starts now has to keep to itself.
    pub(super) fn all(&self) -> Arc<[Value]> {
        Arc::clone(&self.known)
    }

    /// Takes in the secrets that are in a value.
    pub(super) fn learn(&mut self, value: &Value) {
        let mut found = Vec::new();
        collect(value, &mut found);
        found.retain(|secret| !self.known.contains(secret));
        if !found.is_empty() {
            self.known = self.known.iter().cloned().chain(found).collect();
        }
    }
}

fn collect(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Secret(secret) if !secret.expose().is_empty() => found.push(value.clone()),
        Value::List(elements) => elements.iter().for_each(|element| collect(element, found)),
        Value::Map(map) => map.values().for_each(|value| collect(value, found)),
        Value::Channel(channel) => channel.arguments.iter().for_each(|argument| collect(argument, found)),
        Value::Secret(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Size(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{KnownSecrets, Value};
    use wf_model::value::Secret;

    #[test]
    fn secrets_are_found_at_any_depth_and_kept_once() {
        let secret = |text: &str| Value::Secret(Secret::new(text));
        let mut secrets = KnownSecrets::new([&secret("a")]);
        secrets.learn(&Value::list([secret("a"), Value::map([("x", secret("b")), ("y", secret("")), ("z", Value::Int(1))])]));
        assert_eq!(&*secrets.all(), [secret("a"), secret("b")]);
    }
}
