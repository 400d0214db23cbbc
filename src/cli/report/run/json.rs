//! The outcome of a run as one JSON object.

use super::left::NotUndone;
use serde_json::{Value as Json, json};
use wf_model::run::RunState;
use wf_runtime::dispatcher::RunEnded;

/// `{"run": …, "state": …, "outputs": {…} | null, "failure": {…} | null, "not_undone": […]}`, on one line.
pub(super) fn result(ended: &RunEnded, id: &str, place: Option<String>, left: &[NotUndone]) -> String {
    let failure = ended.failure.as_ref().map_or(Json::Null, |failed| {
        json!({
            "step": *failed.path,
            "message": *failed.failure.message,
            "kind": failed.failure.kind.name(),
            "exit_code": failed.failure.exit_code,
            "attempts": failed.attempts,
            "place": place,
            "stderr": *failed.failure.stderr,
        })
    });
    // What was interrupted twice has not ended, and nothing goes on.
    let state = if ended.state == RunState::Running { RunState::Cancelled } else { ended.state };
    let left: Vec<Json> = left.iter().map(|left| json!({ "step": *left.step, "reason": left.reason })).collect();
    let object = json!({
        "run": id,
        "state": state.name(),
        "outputs": ended.outputs.to_json(),
        "failure": failure,
        "not_undone": left,
    });
    format!("{object}\n")
}
