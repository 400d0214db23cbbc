//! Statistics as programs read them; all times are milliseconds.

use super::Statistics;
use super::story::Waits;
use super::sums::{Step, Sums};
use super::took::{Slow, Took};
use crate::time::utc;
use serde_json::{Value, json};
use std::sync::Arc;

impl Statistics {
    /// One object.
    pub(super) fn json(&self) -> String {
        let workflows: Vec<Value> = self.workflows.iter().map(|((name, file), sums)| workflow(name, file, sums)).collect();
        let told = json!({
            "since": utc(self.since),
            "until": utc(self.until),
            "workflows": workflows,
            "unread": self.unread.iter().map(|(run, _)| run).collect::<Vec<_>>(),
        });
        serde_json::to_string_pretty(&told).unwrap_or_default() + "\n"
    }
}

fn workflow(name: &str, file: &str, sums: &Sums) -> Value {
    let steps: Vec<Value> = sums.by_share().into_iter().map(|(path, step)| of_step(path, step, sums.share(step))).collect();
    json!({
        "workflow": name,
        "file": file,
        "runs": sums.number(),
        "open": sums.open,
        "ended": sums.ended,
        "success_percent": sums.success(),
        "took_ms": took(&sums.took),
        "slow": slow(sums.slow()),
        "retries": sums.retries,
        "rollbacks": sums.rollbacks,
        "waited_ms": waited(&sums.waits),
        "steps": steps,
    })
}

fn of_step(path: &str, step: &Step, share: i64) -> Value {
    json!({
        "step": path,
        "kind": step.kind,
        "ran": step.ran,
        "cached": step.cached,
        "failed": step.failed,
        "cancelled": step.cancelled,
        "retries": step.retries,
        "undone": step.undone,
        "undo_failed": step.undo_failed,
        "took_ms": took(&step.took),
        "slow": slow(step.slow()),
        "waited_ms": waited(&step.waits),
        "critical_percent": share,
    })
}

fn took(took: &Took) -> Value {
    took.summary().map_or(Value::Null, |summary| {
        json!({
            "p50": summary.p50.milliseconds,
            "p90": summary.p90.milliseconds,
            "p99": summary.p99.milliseconds,
            "trend_percent": summary.trend,
        })
    })
}

fn slow(slow: Option<(Slow, &Arc<str>)>) -> Value {
    slow.map_or(
        Value::Null,
        |(slow, run)| json!({ "run": run, "took_ms": slow.took.milliseconds, "p90_ms_before": slow.usual.milliseconds }),
    )
}

fn waited(waits: &Waits) -> Value {
    json!({ "slots": waits.slots, "locks": waits.locks, "somebody": waits.somebody, "retries": waits.retries })
}
