//! The secrets that a run knows, so that none of them shows in what a step writes.

use crate::mask::Masker;
use std::sync::Arc;
use wf_model::script::{Argument, Call};
use wf_model::value::Value;

/// All secrets that a run has come to know.
#[derive(Clone, Debug)]
pub(super) struct KnownSecrets {
    known: Arc<[Value]>,
    /// Finds them; made anew only when there are more, because every look outside needs it.
    masker: Masker,
}

impl KnownSecrets {
    pub(super) fn new<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut secrets = Self { known: Arc::default(), masker: Masker::default() };
        values.into_iter().for_each(|value| secrets.learn(value));
        secrets
    }

    /// What an attempt that starts now has to keep to itself: all of them, and what was made of them for this call.
    pub(super) fn of(&self, call: &Call) -> Arc<[Value]> {
        let mut made = Vec::new();
        for (_, argument) in &call.arguments {
            match argument {
                Argument::Value(value) => collect(value, &mut made),
                Argument::Script(script) => script.values().for_each(|value| collect(value, &mut made)),
            }
        }
        made.retain(|secret| !self.known.contains(secret));
        if made.is_empty() { Arc::clone(&self.known) } else { self.known.iter().cloned().chain(made).collect() }
    }

    /// What keeps them out of texts.
    pub(super) fn masker(&self) -> &Masker {
        &self.masker
    }

    /// Takes in the secrets that are in a value.
    pub(super) fn learn(&mut self, value: &Value) {
        let mut found = Vec::new();
        collect(value, &mut found);
        found.retain(|secret| !self.known.contains(secret));
        if !found.is_empty() {
            self.known = self.known.iter().cloned().chain(found).collect();
            self.masker = Masker::of_values(&self.known);
        }
    }
}

/// The value with every secret that stands in its texts masked.
pub(super) fn masked(value: &Value, masker: &Masker) -> Value {
    value.map_texts(&|text| Value::string(&masker.text(text)), &|key| masker.text(key).into())
}

/// Whether a secret stands in a value.
pub(super) fn holds_secret(value: &Value) -> bool {
    let mut found = Vec::new();
    collect(value, &mut found);
    !found.is_empty()
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
    use super::{Argument, Call, KnownSecrets, Value, masked};
    use wf_model::script::{Script, ScriptPart, ScriptPlace};
    use wf_model::value::Secret;

    #[test]
    fn secrets_are_found_at_any_depth_and_kept_once() {
        let secret = |text: &str| Value::Secret(Secret::new(text));
        let mut secrets = KnownSecrets::new([&secret("a")]);
        secrets.learn(&Value::list([secret("a"), Value::map([("x", secret("b")), ("y", secret("")), ("z", Value::Int(1))])]));
        assert_eq!(&*secrets.known, [secret("a"), secret("b")]);
    }

    #[test]
    fn what_is_seen_outside_loses_its_secrets() {
        let masker = KnownSecrets::new([&Value::Secret(Secret::new("hunter2"))]).masker().clone();
        let seen = Value::list([Value::string("a hunter2 b"), Value::map([("hunter2", Value::Int(1))])]);
        assert_eq!(masked(&seen, &masker), Value::list([Value::string("a *** b"), Value::map([("***", Value::Int(1))])]));
    }

    #[test]
    fn what_a_call_makes_of_a_secret_is_one_for_its_attempt() {
        let secret = |text: &str| Value::Secret(Secret::new(text));
        let secrets = KnownSecrets::new([&secret("a")]);
        let place = ScriptPlace::Bare;
        let script = Script { parts: vec![ScriptPart::Value { value: secret("A"), place }] };
        let environment = Value::map([("K", secret("a")), ("L", secret("a b")), ("M", Value::string("c"))]);
        let arguments = vec![("run".into(), Argument::Script(script)), ("env".into(), Argument::Value(environment))];
        let call = Call { kind: "shell".into(), arguments, decode: None, is_unread: false, undoes: None };
        assert_eq!(&*secrets.of(&call), [secret("a"), secret("A"), secret("a b")]);
        assert_eq!(&*secrets.known, [secret("a")]);
    }
}
