//! Results of tests as one JSON object.

use super::{Case, FileReport};
use serde_json::{Value, json};
use wf_runtime::simulation::{Side, Unmet};

pub(super) fn json(reports: &[FileReport]) -> String {
    let tests: Vec<Value> =
        reports.iter().flat_map(|report| report.cases.iter().map(move |case| described(report, case))).collect();
    let cases = || reports.iter().flat_map(|report| &report.cases);
    let failed = cases().filter(|case| !case.has_passed()).count();
    format!("{:#}\n", json!({ "tests": tests, "passed": cases().count() - failed, "failed": failed }))
}

fn described(report: &FileReport, case: &Case) -> Value {
    let line = report.position(case.span).map(|position| position.line);
    let mut test = json!({
        "file": report.name,
        "line": line,
        "name": &*case.name,
        "passed": case.has_passed(),
    });
    let Some(fields) = test.as_object_mut() else { return test };
    match &case.outcome {
        Ok(trial) => {
            fields.insert("status".to_owned(), json!(trial.state.name()));
            fields.insert("duration_ms".to_owned(), json!(trial.duration.milliseconds));
            fields.insert("order".to_owned(), json!(trial.record.order));
            let unmet: Vec<Value> = trial.unmet.iter().map(|unmet| expectation(report, unmet)).collect();
            fields.insert("unmet".to_owned(), json!(unmet));
        }
        Err(unrunnable) => {
            fields.insert("problem".to_owned(), json!(unrunnable.message));
        }
    }
    test
}

fn expectation(report: &FileReport, unmet: &Unmet) -> Value {
    let side = |side: &Side| match &side.value {
        Ok(value) => json!({ "text": report.slice(side.span), "value": value.to_json() }),
        Err(problem) => json!({ "text": report.slice(side.span), "problem": problem }),
    };
    json!({
        "line": report.position(unmet.span).map(|position| position.line),
        "text": report.slice(unmet.span),
        "message": unmet.message,
        "problem": unmet.problem,
        "values": unmet.sides.iter().map(side).collect::<Vec<_>>(),
    })
}
