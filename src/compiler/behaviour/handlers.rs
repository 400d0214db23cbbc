//! Handlers and what stands in them only (§8).

use super::{NOTHING, said};

#[test]
fn handlers_see_the_steps_of_their_body_as_optional() {
    let with = |cause: &str, text: &str| {
        said(&format!("step a: shell \"x\" -> string\n{cause} {{\n  step b: shell \"echo ${{{text}}}\"\n}}"))
    };
    assert_eq!(with("on failure", "a"), ["may-be-missing @ a"]);
    assert_eq!(with("finally", "a ?? \"\""), NOTHING);
    assert_eq!(with("on success", "a"), NOTHING);
}

#[test]
fn failure_is_there_where_something_failed() {
    let with =
        |cause: &str, text: &str| said(&format!("step a: shell \"x\"\n{cause} {{\n  step b: shell \"echo ${{{text}}}\"\n}}"));
    assert_eq!(with("on failure", "failure.step"), NOTHING);
    assert_eq!(with("finally", "failure.step"), ["may-be-missing @ failure"]);
    assert_eq!(with("on failure or cancel", "failure?.step ?? \"\""), NOTHING);
    assert_eq!(with("on success", "failure.step"), ["not-here @ failure"]);
    assert_eq!(with("on cancel", "failure.step"), ["not-here @ failure"]);
}

#[test]
fn parameters_are_there_in_every_handler() {
    assert_eq!(said("param p: string\nstep a: shell \"x\"\non failure {\n  step b: shell \"echo ${p}\"\n}"), NOTHING);
}

#[test]
fn rollback_stands_in_handlers_only() {
    assert_eq!(said("step a: shell \"x\" { reads only }\nrollback"), ["rollback-outside-handler @ rollback"]);
    assert_eq!(said("step a: shell \"x\" { reads only }\non failure rollback"), NOTHING);
    assert_eq!(said("step a: shell \"x\" { reads only }\non failure {\n  rollback manually\n}"), NOTHING);
}

#[test]
fn a_checkpoint_is_one_of_a_sequential_body() {
    let to = |name: &str| {
        said(&format!(
            "step a: shell \"x\" {{ reads only }}\ncheckpoint half\nstep b: shell \"y\" {{ reads only }}\non failure {{\n  rollback to {name}\n}}"
        ))
    };
    assert_eq!(to("half"), NOTHING);
    assert_eq!(to("hlaf"), ["unknown-checkpoint @ hlaf"]);
    let parallel = said("parallel {\n  step a: shell \"x\"\n  checkpoint half\n}");
    assert_eq!(parallel.len(), 1, "{parallel:?}");
}

#[test]
fn a_checkpoint_belongs_to_the_body_of_the_handler() {
    let stage = "stage {\n  checkpoint half\n  step a: shell \"x\" { reads only }\n  on failure {\n    if failure.attempts > 1 { rollback to half }\n  }\n}\n";
    assert_eq!(said(stage), NOTHING);
    let outside = said(&format!("{stage}on failure {{\n  rollback to half\n}}"));
    assert_eq!(outside, ["unknown-checkpoint @ half"]);
    let of_step = said("checkpoint half\nstep a: shell \"x\" {\n  reads only\n  on failure {\n    rollback to half\n  }\n}");
    assert_eq!(of_step, ["unknown-checkpoint @ half"]);
}

#[test]
fn only_a_whole_run_waits_before_it_rolls_back() {
    let inside = said("stage {\n  step a: shell \"x\" { reads only }\n  on failure {\n    rollback manually\n  }\n}");
    assert_eq!(inside, ["manual-rollback-inside @ rollback manually"]);
}

#[test]
fn an_undo_has_no_handlers() {
    let shown = said("step a: shell \"x\" {\n  undo shell \"y\" {\n    finally rollback\n  }\n}\non failure rollback");
    assert_eq!(shown, ["stray-handler @ finally rollback"]);
}

#[test]
fn a_handler_has_no_handlers() {
    let shown = said("step a: shell \"x\"\non failure {\n  step b: shell \"y\"\n  on failure {\n    step c: shell \"z\"\n  }\n}");
    assert_eq!(shown.len(), 1, "{shown:?}");
}

#[test]
fn what_a_handler_declares_stays_in_it() {
    let shown = said(
        "step a: shell \"x\"\non failure {\n  step b: shell \"y\" -> string\n}\nfinally {\n  step c: shell \"echo ${b}\"\n}",
    );
    assert_eq!(shown, ["not-visible @ b"]);
}
