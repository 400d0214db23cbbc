//! Rehearsals as one JSON object.

use super::{Refused, Rehearsed, schedule};
use serde_json::{Value, json};
use wf_model::run::RunRecord;
use wf_runtime::simulation::rehearsal::{Fault, Finding, Scenario};

pub(super) fn json(rehearsed: &[Rehearsed], refused: &[Refused]) -> String {
    let workflows: Vec<Value> = rehearsed.iter().map(described).collect();
    let not_rehearsed = |refused: &Refused| json!({ "file": refused.file, "workflow": refused.workflow, "why": refused.why });
    let refused: Vec<Value> = refused.iter().map(not_rehearsed).collect();
    format!("{:#}\n", json!({ "workflows": workflows, "refused": refused }))
}

fn described(workflow: &Rehearsed) -> Value {
    let rehearsal = &workflow.rehearsal;
    let finding = |(finding, place): &(Finding, usize)| {
        let scenario = rehearsal.scenarios.get(*place);
        json!({
            "sort": finding.sort.name(),
            "step": &*finding.step,
            "place": workflow.place(finding.span),
            "message": finding.message,
            "help": finding.help,
            "schedule": scenario.map(schedule),
            "seed": scenario.map(|scenario| &scenario.seed),
        })
    };
    let unreached = rehearsal.unreached.iter().map(|(name, span)| json!({ "step": &**name, "place": workflow.place(*span) }));
    json!({
        "file": workflow.file,
        "workflow": &*workflow.workflow,
        "scenarios": rehearsal.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "findings": rehearsal.findings.iter().map(finding).collect::<Vec<_>>(),
        "unreached": unreached.collect::<Vec<_>>(),
        "coverage": { "changing": rehearsal.changing, "undone": rehearsal.undone, "excused": rehearsal.excused },
        "left_out": rehearsal.left_out,
    })
}

fn scenario(scenario: &Scenario) -> Value {
    let record = (!scenario.events.is_empty()).then(|| RunRecord::of(&scenario.events));
    let faults = |faults: &[Fault]| faults.iter().map(Fault::to_string).collect::<Vec<_>>();
    json!({
        "seed": scenario.seed,
        "given": scenario.arrangement,
        "faults": faults(&scenario.faults),
        "did_not_happen": faults(&scenario.unfired),
        "dies_behind": scenario.dies_behind,
        "status": scenario.state.name(),
        "order": scenario.order,
        "undone": scenario.undone,
        "left": scenario.left,
        "handlers": scenario.handlers,
        "record": record,
    })
}
