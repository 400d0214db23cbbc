//! Which clauses stand where (§6).

use super::{NOTHING, said};

#[test]
fn a_step_takes_its_clauses_once() {
    let all = "step a: shell \"x\" {\n  timeout 5m\n  retry 2 times pause 5s within 10m when failure.kind == \"exit\"\n  expect result.exit_code == 0 else \"no\"\n  expect a.stdout != \"\"\n  reads only\n  on failure continue when failure.exit_code == 3\n  lock \"x\" max 2 else skip\n  estimate 5m\n  on unknown rerun\n}";
    assert_eq!(said(all), NOTHING);
    assert_eq!(said("step a: shell \"x\" {\n  timeout 5m\n  timeout 6m\n}"), ["repeated-clause @ timeout 6m"]);
    let effects = said("step a: shell \"x\" {\n  reads only\n  no undo \"why\"\n}");
    assert_eq!(effects, ["effect-contradicts @ no undo \"why\""]);
}

#[test]
fn clauses_of_steps_do_not_stand_in_blocks_nor_the_other_way() {
    assert_eq!(said("step a: shell \"x\" {\n  fail fast\n}"), ["stray-clause @ fail fast"]);
    assert_eq!(said("stage {\n  expect true\n  step a: shell \"x\"\n}"), ["stray-clause @ expect true"]);
    assert_eq!(said("stage {\n  reads only\n  step a: shell \"x\"\n}"), ["stray-clause @ reads only"]);
    assert_eq!(said("reads only\nstep a: shell \"x\""), ["stray-clause @ reads only"]);
    assert_eq!(said("timeout 5m\nretry 2 times\nlock \"x\"\nstep a: shell \"x\" { reads only }"), NOTHING);
    assert_eq!(said("parallel {\n  fail fast\n  step a: shell \"x\"\n}"), NOTHING);
}

#[test]
fn times_have_units_and_counts_have_none() {
    assert_eq!(said("step a: shell \"x\" {\n  timeout 30\n}"), ["bare-number @ 30"]);
    assert_eq!(said("step a: shell \"x\" {\n  timeout 5m\n  retry \"2\" times\n}"), ["type-mismatch @ \"2\""]);
}

#[test]
fn failure_and_result_are_where_they_are() {
    assert_eq!(said("step a: shell \"x\" {\n  expect failure.step == \"a\"\n}"), ["not-here @ failure"]);
    assert_eq!(said("step a: shell \"x\" {\n  timeout 5m\n  retry 2 times when result.exit_code == 3\n}"), ["not-here @ result"]);
    assert_eq!(said("step a: shell \"x\" {\n  timeout result.exit_code * 1s\n}"), ["not-here @ result"]);
}

#[test]
fn an_undo_sees_the_step_and_takes_timeout_and_retry() {
    let step =
        |undo: &str| said(&format!("step a: shell \"x\" -> string {{\n  timeout 5m\n  undo {undo}\n}}\non failure rollback"));
    assert_eq!(step("shell \"y\" {\n    timeout 5m\n    retry 2 times\n  }"), NOTHING);
    assert_eq!(step("shell \"y ${a}\" when a != null"), NOTHING);
    assert_eq!(step("shell \"y\" {\n    reads only\n  }"), ["stray-clause @ reads only"]);
    assert_eq!(step("shel \"y\""), ["unknown-kind @ shel"]);
}

#[test]
fn statements_do_not_stand_in_steps() {
    let shown = said("step a: shell \"x\" {\n  step b: shell \"y\"\n}");
    assert_eq!(shown.len(), 1, "{shown:?}");
}

#[test]
fn outputs_of_a_workflow_that_goes_on_may_be_missing() {
    let with = |clause: &str, output: &str| {
        said(&format!(
            "{clause}\nparam p: string\nstep a: shell \"echo ${{p}}\" -> string {{ reads only }}\noutput o: string = {output}"
        ))
    };
    assert_eq!(with("on failure continue", "a"), ["may-be-missing @ a"]);
    assert_eq!(with("on failure continue", "a ?? p"), NOTHING);
    assert_eq!(with("lock \"x\" else skip", "a"), ["may-be-missing @ a"]);
    assert_eq!(with("lock \"x\"", "a"), NOTHING);
    assert_eq!(with("timeout 1m", "a"), NOTHING);
}
