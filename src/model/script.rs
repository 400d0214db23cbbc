//! Text that a shell reads, with values that must reach it as data.

use crate::event::InstanceId;
use crate::types::Type;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A shell text with the places of its values: `V` is an expression in a program and a value in an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script<V> {
    /// Literal parts and values in the order of the text.
    pub parts: Vec<ScriptPart<V>>,
}

/// A piece of a shell text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptPart<V> {
    /// Shell text as written.
    Literal(Arc<str>),
    /// A value.
    Value {
        /// What goes over.
        value: V,
        /// How the shell reads the place.
        place: ScriptPlace,
    },
}

/// How the shell reads the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptPlace {
    /// Outside quotes: the value is one word or a part of one, a list one word for each element.
    Bare,
    /// Inside double quotes or an unquoted here-document: the value is part of the text around it.
    Quoted,
    /// Opted out with `raw(x)`: the value's text is shell text.
    Raw,
}

impl<V> Script<V> {
    /// The same text with other values; the first failure ends it.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn try_map<W, E>(&self, mut change: impl FnMut(&V) -> Result<W, E>) -> Result<Script<W>, E> {
        let part = |part: &ScriptPart<V>| match part {
            ScriptPart::Literal(text) => Ok(ScriptPart::Literal(text.clone())),
            ScriptPart::Value { value, place } => Ok(ScriptPart::Value { value: change(value)?, place: *place }),
        };
        Ok(Script { parts: self.parts.iter().map(part).collect::<Result<_, E>>()? })
    }

    /// All values in the order of the text.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.parts.iter().filter_map(|part| match part {
            ScriptPart::Literal(_) => None,
            ScriptPart::Value { value, .. } => Some(value),
        })
    }
}

/// What an attribute is once its expressions are evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Argument {
    /// Data.
    Value(Value),
    /// Shell text with data in it.
    Script(Script<Value>),
}

/// A kind with everything an executor has to know of one attempt that does not depend on the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The step kind, by name.
    pub kind: Arc<str>,
    /// Attributes that are given, by name; settings of the workflow are merged in already.
    pub arguments: Vec<(Arc<str>, Argument)>,
    /// `-> T`: what the step's value is decoded as.
    pub decode: Option<Type>,
    /// Whether nobody reads the step's value, so that little has to be kept of what a program writes.
    #[serde(skip)]
    pub is_unread: bool,
    /// The step that it undoes, where it is a step's own call done backwards because its kind undoes itself.
    #[serde(skip)]
    pub undoes: Option<InstanceId>,
}

impl Call {
    /// The argument called `name`.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|(given, _)| &**given == name).map(|(_, argument)| argument)
    }

    /// The argument called `name` where it is data.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        match self.argument(name) {
            Some(Argument::Value(value)) => Some(value),
            Some(Argument::Script(_)) | None => None,
        }
    }
}

/// Adds a setting of a workflow where a step does not say it itself; maps are merged key by key.
pub fn add_setting(arguments: &mut Vec<(Arc<str>, Argument)>, name: &Arc<str>, setting: &Argument) {
    let Some((_, own)) = arguments.iter_mut().find(|(given, _)| given == name) else {
        arguments.push((name.clone(), setting.clone()));
        return;
    };
    if let (Argument::Value(Value::Map(mine)), Argument::Value(Value::Map(theirs))) = (&mut *own, setting) {
        let mut merged = (**theirs).clone();
        merged.extend(mine.iter().map(|(key, value)| (key.clone(), value.clone())));
        *own = Argument::Value(Value::Map(Arc::new(merged)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Script, ScriptPart, ScriptPlace};

    #[test]
    fn values_change_and_places_stay() {
        let value = ScriptPart::Value { value: 1, place: ScriptPlace::Bare };
        let script = Script { parts: vec![ScriptPart::Literal("echo ".into()), value] };
        let text = script.try_map(|value| Ok::<_, ()>(value.to_string())).unwrap();
        assert_eq!(text.values().collect::<Vec<_>>(), ["1"]);
        assert_eq!(script.try_map(|_| Err::<(), _>("no")), Err("no"));
    }
}
