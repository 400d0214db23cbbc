//! The outcome of a run as one JSON object.

use serde_json::{Value as Json, json};
use wf_runtime::dispatcher::RunEnded;

/// `{"run": …, "state": …, "outputs": {…} | null, "failure": {…} | null}`, on one line.
pub(super) fn result(ended: &RunEnded, id: &str, place: Option<String>) -> String {
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
    let object = json!({ "run": id, "state": ended.state.name(), "outputs": ended.outputs.to_json(), "failure": failure });
    format!("{object}\n")
}
