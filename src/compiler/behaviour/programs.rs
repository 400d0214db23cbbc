//! What programs mean.

use super::program;
use wf_model::program::{Program, Statement, StatementKind, Workflow};

fn main(body: &str) -> Workflow {
    program(body).workflows.iter().next().expect("a workflow").1.clone()
}

fn named<'a>(workflow: &'a Workflow, name: &str) -> &'a Statement {
    let mut all = workflow.statements.iter().map(|(_, statement)| statement);
    all.find(|statement| statement.name.as_deref() == Some(name)).expect("a statement of this name")
}

fn exports(statement: &Statement) -> Vec<&str> {
    match &statement.kind {
        StatementKind::ForEach(for_each) => for_each.exports.iter().map(|export| &*export.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_loop_keeps_what_is_used_behind_it() {
    let workflow = main(
        "ship: for each r in [\"eu\"] {\n  step a: shell \"echo ${r}\" -> string\n  step b: shell \"x\"\n}\nstep c: shell \"echo ${ship.a}\"",
    );
    assert_eq!(exports(named(&workflow, "ship")), ["a"]);
}

#[test]
fn loops_inside_keep_what_is_used_through_the_outer_one() {
    let workflow = main(
        "outer: for each r in [\"eu\"] {\n  inner: for each n in 1..2 {\n    step a: shell \"echo ${r} ${n}\" -> int\n  }\n}\nstep c: shell \"echo ${outer.inner[0].a}\"",
    );
    assert_eq!(exports(named(&workflow, "outer")), ["inner"]);
    assert_eq!(exports(named(&workflow, "inner")), ["a"]);
}

#[test]
fn a_step_of_both_branches_is_one_value() {
    let workflow = main(
        "param p: bool\nif p {\n  step a: shell \"x\"\n} else {\n  step a: shell \"y\"\n}\nstep b: shell \"echo ${a.stdout}\"",
    );
    let values: Vec<_> = workflow.values.iter().filter(|(_, value)| &*value.name == "a").collect();
    assert_eq!(values.len(), 1);
    let setting = workflow.statements.iter().filter(|(_, statement)| statement.name.as_deref() == Some("a"));
    assert!(setting.map(|(_, statement)| statement.value).all(|value| value == values.first().map(|(id, _)| *id)));
}

#[test]
fn branches_that_may_skip_their_step_share_its_value_too() {
    let workflow = main(
        "param p: bool\nif p {\n  step a: shell \"x\" when p\n} else {\n  step a: shell \"y\"\n}\nstep b: shell \"echo ${a?.stdout ?? \"\"}\"",
    );
    assert_eq!(workflow.values.iter().filter(|(_, value)| &*value.name == "a").count(), 1);
}

#[test]
fn a_program_loads_as_it_was_stored_however_deep_its_expressions_are() {
    for expression in ["a + ".repeat(90) + "a", "[".repeat(60) + "a" + &"]".repeat(60), "if a > 1 then 1 else ".repeat(90) + "a"]
    {
        let written = program(&format!("param a: int\nlet b = {expression}\nstep c: shell \"x\" when b == b {{ reads only }}"));
        let stored = serde_json::to_string(&written).expect("a program is JSON");
        assert_eq!(Program::from_json(&stored).expect("what was stored"), written);
    }
}
