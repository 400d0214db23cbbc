//! Steps that wait for somebody, in words.

use crate::time::local;
use wf_model::event::{Answer, Awaited, Timestamp};

/// What a step waits for.
pub(super) fn awaits(awaited: &Awaited, due: Option<Timestamp>) -> String {
    let until = due.map(|due| format!(", until {}", local(due))).unwrap_or_default();
    match awaited {
        Awaited::Approval { message, approvers, choices, .. } => {
            let of = if approvers.is_empty() { "somebody".to_owned() } else { approvers.join(" or ") };
            let choices = if choices.is_empty() { String::new() } else { format!(" (choices {})", choices.join(", ")) };
            format!("waits for the approval of {of}{until}: {message}{choices}")
        }
        Awaited::Gate { message } => format!("waits for somebody who lets it pass{until}: {message}"),
        Awaited::Signal { name } => format!("waits for signal `{name}`{until}"),
    }
}

/// What somebody answered.
pub(super) fn answered(answer: &Answer) -> String {
    let said = if answer.approved { "approved" } else { "rejected" };
    let choice = answer.choice.as_ref().map(|choice| format!(", choosing {choice}")).unwrap_or_default();
    let comment = answer.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
    format!("{said} by {}{choice}{comment}", answer.by)
}
