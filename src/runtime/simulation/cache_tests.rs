//! Steps whose earlier success counts.

use super::draft::{Draft, cache, equal, expecting, expression, field, literal, name, program as program_of, retry, undoing};
use super::tests::{Script, result, simulate, story};
use super::{Cast, Course, Simulation};
use crate::dispatcher::CacheAnswer;
use crate::engine::{CacheQuery, CachedAction, Command, Engine, Options, Running};
use std::sync::Arc;
use wf_model::event::{Event, EventKind, Instance, LostAnswer, Timestamp};
use wf_model::expression::{ExpressionKind, Function, Reference};
use wf_model::program::{Callee, HandlerCause, Program, StepClauses, WorkflowId};
use wf_model::unit::Duration;
use wf_model::value::Value;

fn cached() -> StepClauses {
    StepClauses { cache: Some(Box::new(cache())), ..StepClauses::default() }
}

/// A step with a `cache` and a handler, and one that uses it.
fn program(clauses: StepClauses) -> Arc<Program> {
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

/// A step with a `cache` that calls a workflow of one step, with another behind it.
fn calling(inside: impl FnOnce(&mut Draft), behind: impl FnOnce(&mut Draft)) -> Arc<Program> {
    let mut draft = Draft::new("main");
    let given = vec![("x", literal(Value::Int(1)))];
    let part = draft.call("part", Callee::Workflow(WorkflowId(1)), given, cached());
    behind(&mut draft);
    let value = draft.value_of(part);
    draft.output("o", field(name(value), "p"));
    let mut other = Draft::new("other");
    other.parameter("x", None);
    other.workflow.settings.cwd = Some(literal(Value::string("its own")));
    inside(&mut other);
    draft.workflow.settings.cwd = Some(literal(Value::string("sub")));
    program_of([draft, other])
}

/// One step, whose result is the workflow's output.
fn one_step(draft: &mut Draft) {
    let step = draft.step_with("a", undoing(Vec::new()));
    let value = draft.value_of(step);
    draft.output("p", field(name(value), "stdout"));
}

#[test]
fn a_call_that_succeeded_before_runs_nothing_inside() {
    let earlier = Value::map([("p", Value::string("earlier"))]);
    let script = Script { cached: [("part", earlier)].into(), fails: [("b", 1)].into(), ..Script::default() };
    let program = calling(one_step, |draft| {
        draft.step("b");
        draft.rolls_back();
    });
    let simulation = simulate(program, script);
    // The rollback finds nothing to undo.
    assert_eq!(
        story(&simulation),
        ["0 found part", "0 cached part", "0 starts b", "1 failed exit b", "1 done ", "1 run rolled_back"]
    );
}

#[test]
fn a_call_that_is_new_runs_and_is_kept_with_its_outputs() {
    let simulation = simulate(calling(one_step, |_| {}), Script::default());
    let expected = ["0 not found part", "0 starts part.a", "1 done part.a", "1 kept part", "1 done part", "1 run succeeded"];
    assert_eq!(story(&simulation), expected);
    let (query, result) = kept(&simulation).unwrap();
    let outputs = Value::map([("p", Value::string("part.a"))]);
    assert_eq!((&*query.place, query.action.folder(), result), ("main part", Some("sub"), outputs));
    let CachedAction::Workflow(called) = &query.action else { panic!("it calls a workflow") };
    assert_eq!(*called.given, [("x".into(), Value::Int(1))]);
    assert_eq!(called.contents.keys().map(|name| &**name).collect::<Vec<_>>(), ["other"]);
}

fn kept<C: Cast>(simulation: &Simulation<C>) -> Option<(Arc<CacheQuery>, Value)> {
    simulation.commands().iter().find_map(|command| match command {
        Command::Keep { query, result, .. } => Some((query.clone(), result.clone())),
        _ => None,
    })
}

#[test]
fn a_call_that_fails_inside_is_not_kept_and_undone_as_ever() {
    let script = Script { fails: [("b", 1)].into(), ..Script::default() };
    let program = calling(one_step, |draft| {
        draft.step("b");
        draft.rolls_back();
    });
    let simulation = simulate(program, script);
    let undone = simulation.cast.calls.iter().filter(|(_, call)| &*call.kind == "revert").count();
    assert_eq!((undone, kept(&simulation).is_some()), (1, true));
    let script = Script { fails: [("part.a", 1)].into(), ..Script::default() };
    assert!(kept(&simulate(calling(one_step, |_| {}), script)).is_none());
}

/// Somebody says that what was lost was done.
struct Vouched(Script);

impl Cast for Vouched {
    fn attempt(&mut self, running: &Running, engine: &Engine, _: Option<Duration>) -> Course {
        self.0.attempt(running, engine, None)
    }

    fn look_up(&mut self, instance: &Instance, query: &CacheQuery) -> CacheAnswer {
        self.0.look_up(instance, query)
    }

    fn observe(&mut self, function: Function, arguments: &[Value], now: Timestamp) -> Result<Value, Arc<str>> {
        self.0.observe(function, arguments, now)
    }

    fn lost(&mut self, _: &Running, _: &Engine) -> Option<LostAnswer> {
        Some(LostAnswer::Done(result("said")))
    }
}

/// What a run of a call gives that goes on after a history, and whether the call is kept.
fn taken_up<C: Cast>(cast: C, history: &[Event]) -> (Value, bool) {
    let (program, options) = (calling(one_step, |_| {}), Options::default());
    let mut simulation = Simulation::resumed(program, WorkflowId(0), Vec::new(), options, cast, history).unwrap();
    simulation.run().unwrap();
    (simulation.engine().outputs().clone(), kept(&simulation).is_some())
}

#[test]
fn a_call_goes_on_in_the_middle_and_what_somebody_gave_is_not_kept() {
    let fresh = simulate(calling(one_step, |_| {}), Script::default());
    let events = fresh.events();
    let place = |wanted: fn(&EventKind) -> bool| events.iter().position(|event| wanted(&event.kind)).unwrap();
    let started = place(|kind| matches!(kind, EventKind::Started { .. }));
    let ended = place(|kind| matches!(kind, EventKind::AttemptEnded { .. }));
    for length in 1..events.len() {
        let history = events.get(..length).unwrap();
        assert_eq!(taken_up(Script::default(), history).0, *fresh.engine().outputs(), "after {length} events");
        if started < length && length <= ended {
            let said = Value::map([("o", Value::string("said"))]);
            assert_eq!(taken_up(Vouched(Script::default()), history), (said, false), "after {length} events");
        }
    }
}
