//! What steps wait for that only somebody can give them, and what comes of it.

use super::{EventKind, Instance};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// Somebody who approves or rejects.
    Approval {
        /// The question.
        message: Arc<str>,
        /// Who may answer; everybody where nobody is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<Arc<str>>,
        /// What whoever approves chooses from.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        choices: Vec<Arc<str>>,
        /// Whether it counts as approved when nobody has answered in time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lenient: bool,
    },
    /// Somebody who lets the run pass a gate whose check does not hold.
    Gate {
        /// What does not hold.
        message: Arc<str>,
    },
    /// A signal.
    Signal {
        /// Its name.
        name: Arc<str>,
    },
}

impl Awaited {
    /// The question, where there is one that somebody answers.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Approval { message, .. } | Self::Gate { message } => Some(message),
            Self::Signal { .. } => None,
        }
    }

    /// What whoever approves chooses from.
    #[must_use]
    pub fn choices(&self) -> &[Arc<str>] {
        match self {
            Self::Approval { choices, .. } => choices,
            Self::Gate { .. } | Self::Signal { .. } => &[],
        }
    }

    /// Why an answer does not count, in one lower case fact; nothing where it does.
    #[must_use]
    pub fn refuses(&self, answer: &Answer) -> Option<String> {
        let (approvers, choices): (&[Arc<str>], &[Arc<str>]) = match self {
            Self::Approval { approvers, choices, .. } => (approvers, choices),
            Self::Gate { .. } => (&[], &[]),
            Self::Signal { name } => return Some(format!("step waits for the signal `{name}`")),
        };
        if !approvers.is_empty() && !approvers.contains(&answer.by) {
            return Some(format!("`{}` is none of the approvers {}", answer.by, approvers.join(", ")));
        }
        match &answer.choice {
            Some(_) if !answer.approved => Some("a rejection has no choice".to_owned()),
            Some(choice) if !choices.contains(choice) && choices.is_empty() => Some("there is nothing to choose from".to_owned()),
            Some(choice) if !choices.contains(choice) => {
                Some(format!("`{choice}` is none of the choices {}", choices.join(", ")))
            }
            None if answer.approved && !choices.is_empty() => {
                Some(format!("one of the choices {} is missing", choices.join(", ")))
            }
            Some(_) | None => None,
        }
    }
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether they approved.
    pub approved: bool,
    /// Who they are.
    pub by: Arc<str>,
    /// What they chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Arc<str>>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Arc<str>>,
}

/// What somebody has to say to a run, as it is kept until the run takes it in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A signal.
    Signal {
        /// Its name.
        name: Arc<str>,
        /// What comes with it.
        data: serde_json::Value,
        /// Who sends it.
        by: Arc<str>,
    },
    /// An answer.
    Answer {
        /// The step that asks.
        instance: Instance,
        /// What it asks, as [`EventKind::Waiting`] names it.
        question: Arc<str>,
        /// What is answered.
        answer: Answer,
    },
}

impl Message {
    /// What happens to the run that takes it in; `message` is its number.
    #[must_use]
    pub fn event(self, message: u64) -> EventKind {
        match self {
            Self::Signal { name, data, by } => EventKind::Signalled { message, name, data: Value::from_json(&data), by },
            Self::Answer { instance, question, answer } => EventKind::Answered { message, instance, question, answer },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Awaited};

    fn refused(approvers: &[&str], choices: &[&str], approved: bool, choice: Option<&str>) -> Option<String> {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
        let awaited =
            Awaited::Approval { message: "?".into(), approvers: list(approvers), choices: list(choices), lenient: false };
        awaited.refuses(&Answer { approved, by: "ada".into(), choice: choice.map(Into::into), comment: None })
    }

    #[test]
    fn an_answer_counts_where_it_is_one_that_may_be_given() {
        assert_eq!(refused(&[], &[], true, None), None);
        assert_eq!(refused(&["ada"], &["eu", "us"], true, Some("eu")), None);
        assert_eq!(refused(&["ada"], &["eu", "us"], false, None), None);
        assert_eq!(refused(&["bob"], &[], false, None).unwrap(), "`ada` is none of the approvers bob");
        assert_eq!(refused(&[], &["eu"], true, None).unwrap(), "one of the choices eu is missing");
        assert_eq!(refused(&[], &["eu"], true, Some("us")).unwrap(), "`us` is none of the choices eu");
        assert_eq!(refused(&[], &[], true, Some("us")).unwrap(), "there is nothing to choose from");
        assert_eq!(refused(&[], &["eu"], false, Some("eu")).unwrap(), "a rejection has no choice");
    }
}
