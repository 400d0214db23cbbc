//! Steps whose earlier success counts.

use super::draft::{Draft, cache, equal, expecting, expression, field, literal, name, retry};
use super::tests::{Script, result, simulate, story};
use crate::engine::Command;
use wf_model::expression::{ExpressionKind, Reference};
use wf_model::program::{HandlerCause, StepClauses};
use wf_model::value::Value;

fn cached() -> StepClauses {
    StepClauses { cache: Some(Box::new(cache())), ..StepClauses::default() }
}

/// A step with a `cache` and a handler, and one that uses it.
fn program(clauses: StepClauses) -> std::sync::Arc<wf_model::program::Program> {
    let mut draft = Draft::new("main");
    let a = draft.step_with("a", clauses);
    draft.on_step(a, HandlerCause::Finally, |draft| {
        draft.step("f");
    });
    let value = draft.value_of(a);
    draft.output("o", field(name(value), "stdout"));
    draft.program()
}

#[test]
fn a_step_that_succeeded_before_does_not_run() {
    let script = Script { cached: [("a", result("earlier"))].into(), ..Script::default() };
    let simulation = simulate(program(cached()), script);
    assert_eq!(story(&simulation), ["0 found a", "0 cached a", "0 run succeeded"]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("o", Value::string("earlier"))]));
    assert_eq!(simulation.engine().kept(), [0; 7]);
}

#[test]
fn a_step_that_is_new_runs_and_is_kept_before_anybody_hears_of_it() {
    let script = Script { fails: [("a", 1)].into(), ..Script::default() };
    let clauses = StepClauses { retry: Some(Box::new(retry(1))), ..cached() };
    let simulation = simulate(program(clauses), script);
    let expected =
        ["0 not found a", "0 starts a", "1 starts a", "2 kept a", "2 starts f", "3 done f", "3 done a", "3 run succeeded"];
    assert_eq!(story(&simulation), expected);
    let kept = simulation.commands().iter().find_map(|command| match command {
        Command::Keep { query, digest, result, .. } => Some((query.place.clone(), digest.clone(), result.clone())),
        _ => None,
    });
    assert_eq!(kept, Some(("main a".into(), "digest".into(), result("a"))));
}

#[test]
fn a_step_that_fails_is_not_kept() {
    let script = Script { fails: [("a", 1)].into(), ..Script::default() };
    let simulation = simulate(program(cached()), script);
    assert!(!story(&simulation).iter().any(|line| line.contains("kept")), "{:#?}", story(&simulation));
}

#[test]
fn what_is_expected_now_counts() {
    let stdout = field(expression(ExpressionKind::Reference(Reference::Result)), "stdout");
    let expectations = vec![expecting(equal(stdout, literal(Value::string("a"))))];
    let script = Script { cached: [("a", result("earlier"))].into(), ..Script::default() };
    let simulation = simulate(program(StepClauses { expectations, ..cached() }), script);
    let story = story(&simulation);
    assert_eq!(story.get(..3).unwrap(), ["0 found a", "0 starts a", "1 kept a"]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("o", Value::string("a"))]));
}
