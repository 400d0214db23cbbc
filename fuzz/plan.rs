//! What compiles can be planned, and plans hold together.

use crate::check::compile;
use wf_compiler::Compilation;
use wf_compiler::plan::{Outlook, Request, plan};
use wf_model::plan::{Node, Plan};

/// A world of which nothing is known.
struct Nothing;

impl Outlook for Nothing {}

/// Plans every workflow of a text that compiles, and stores and loads the plan.
pub fn planned(text: &str) {
    let Compilation { sources, program: Some(program), .. } = compile(text) else { return };
    for (workflow, _) in program.workflows.iter() {
        let kinds = wf_steps::registry();
        let request = Request { program: &program, workflow, sources: &sources, kinds, file: "main.wf", arguments: &[], jobs: 4 };
        let plan = plan(&request, &mut Nothing);
        assert!(plan.outlook.p50 <= plan.outlook.p90, "{:?}", plan.outlook);
        plan.nodes.iter().for_each(|node| holds_together(&plan, node));
        loads_as_stored(&plan);
    }
}

fn holds_together(plan: &Plan, node: &Node) {
    let inside =
        node.parent.and_then(|parent| plan.node(parent)).is_none_or(|around| around.id < node.id && node.end <= around.end);
    let is_placed = plan.node(node.id).is_some_and(|same| same.id == node.id) && node.end > node.id;
    assert!(inside && is_placed && node.end.index() <= plan.nodes.len(), "{node:?} is out of place");
    let Some(timing) = node.timing else { return };
    let over = |id| {
        plan.node(id)
            .and_then(|before| before.timing)
            .map(|timing| timing.starts.milliseconds.saturating_add(timing.takes.milliseconds))
    };
    let waits = node.after.iter().all(|before| over(*before).is_none_or(|over| over <= timing.starts.milliseconds));
    let is_positive = timing.starts.milliseconds >= 0 && timing.takes.milliseconds >= 0;
    let slack = timing.slack.is_none_or(|slack| slack.milliseconds >= 0);
    assert!(waits && is_positive && slack, "{node:?} starts before what it waits for has ended, or never");
}

fn loads_as_stored(plan: &Plan) {
    let stored = serde_json::to_string(plan).unwrap_or_else(|error| panic!("not stored: {error}"));
    let loaded: Plan = serde_json::from_str(&stored).unwrap_or_else(|error| panic!("not loaded: {error}\n{stored}"));
    assert!(loaded == *plan, "loaded as another plan: {stored}");
}
