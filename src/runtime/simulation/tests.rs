//! What the engine does with every construct, on a virtual clock.

use super::draft::{
    Draft, continued, equal, expecting, expression, field, holds, int, literal, name, numbers, pausing, program, retry, seconds,
    text,
};
use super::{Cast, Course, Simulation};
use crate::dispatcher::{CacheAnswer, CachedValue};
use crate::engine::{CacheQuery, Command, Engine, Options, Running};
use crate::executor::{Stop, StopSignal};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, CacheMiss, CancelCause, Event, EventKind, Instance, SkipReason, Timestamp};
use wf_model::expression::{ExpressionKind, Function, Place, Reference};
use wf_model::failure::{Failure, FailureKind};
use wf_model::program::{Callee, Delay, Program, Retry, StepClauses, Wait, WorkflowId};
use wf_model::run::RunState;
use wf_model::script::{Argument, Call};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Every step takes a second and succeeds, but those that are named.
#[derive(Default)]
pub(super) struct Script {
    /// For a path, how many attempts fail first.
    pub(super) fails: BTreeMap<&'static str, u32>,
    /// For a path, how many seconds it takes.
    pub(super) takes: BTreeMap<&'static str, i64>,
    /// For a path, how many attempts of its undo fail first.
    pub(super) undo_fails: BTreeMap<&'static str, u32>,
    /// For a path, for how many seconds the first failure asks to be left alone.
    pub(super) asks: BTreeMap<&'static str, i64>,
    /// What was called, by path.
    pub(super) calls: Vec<(Arc<str>, Call)>,
    /// For a path, what an earlier success gave.
    pub(super) cached: BTreeMap<&'static str, Value>,
    /// How often it looked outside.
    pub(super) looks: i64,
}

pub(super) fn failure() -> Failure {
    Failure { exit_code: Some(1), retryable: true, ..Failure::final_of(FailureKind::Exit, "exit code 1") }
}

pub(super) fn result(value: &str) -> Value {
    Value::map([("stdout", Value::string(value)), ("exit_code", Value::Int(0))])
}

impl Cast for Script {
    fn attempt(&mut self, running: &Running, _: &Engine, _: Option<Duration>) -> Course {
        let Running { instance, attempt, call, .. } = running;
        let attempt = *attempt;
        let path = &*instance.path;
        self.calls.push((instance.path.clone(), Call::clone(call)));
        let undone = || self.calls.iter().filter(|(of, call)| **of == *path && &*call.kind == "revert").count();
        let fails = if &*call.kind == "revert" {
            self.undo_fails.get(path).is_some_and(|times| undone() <= *times as usize)
        } else {
            self.fails.get(path).is_some_and(|times| attempt <= *times)
        };
        let takes = Duration::from_seconds(self.takes.get(path).copied().unwrap_or(1));
        let succeeded = AttemptOutcome::Succeeded { result: result(path), decoded: None };
        let retry_after = self.asks.get(path).filter(|_| attempt == 1).map(|asked| Duration::from_seconds(*asked));
        let failed = AttemptOutcome::Failed(Failure { retry_after, ..failure() });
        Course { takes, outcome: if fails { failed } else { succeeded } }
    }

    fn look_up(&mut self, instance: &Instance, _: &CacheQuery) -> CacheAnswer {
        match self.cached.get(&*instance.path).cloned() {
            Some(result) => CacheAnswer::Hit {
                from: "earlier".into(),
                value: CachedValue { result, decoded: None },
                restored: 1,
                digest: "digest".into(),
            },
            None => CacheAnswer::Missed { reason: CacheMiss::New, digest: Some("digest".into()) },
        }
    }

    fn observe(&mut self, function: Function, arguments: &[Value], _: Timestamp) -> Result<Value, Arc<str>> {
        self.looks += 1;
        match arguments {
            [Value::String(name)] if **name == *"MISSING" => Err("nothing is there".into()),
            _ => Ok(Value::string(&format!("{} {}", function.name(), self.looks))),
        }
    }
}

pub(super) fn simulate(program: Arc<Program>, script: Script) -> Simulation<Script> {
    run(Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), script))
}

pub(super) fn run(mut simulation: Simulation<Script>) -> Simulation<Script> {
    simulation.run().unwrap();
    check_replay(&simulation);
    simulation
}

/// Told from its journal, a run comes to the same conclusions and asks for the same.
pub(super) fn check_replay<C: Cast>(simulation: &Simulation<C>) {
    let fresh = &simulation.engine;
    let options = Options { jobs: fresh.options().jobs, ..Options::default() };
    let mut again = Engine::new(fresh.program().clone(), WorkflowId(0), fresh.arguments().to_vec(), options);
    for event in simulation.events() {
        again.apply(event).unwrap();
    }
    assert_eq!(again.commands(), simulation.commands());
    assert_eq!((again.concluded(), again.state()), (Vec::new(), fresh.state()));
    assert_eq!(again.outputs(), fresh.outputs());
}

/// What happened to steps, one short line each: when, what, where.
pub(super) fn story(simulation: &Simulation<Script>) -> Vec<String> {
    let line = |event: &Event| {
        let word = match &event.kind {
            EventKind::Started { .. } => "starts".to_owned(),
            EventKind::AttemptEnded { outcome: AttemptOutcome::Cancelled, .. } => "stopped".to_owned(),
            EventKind::Succeeded { .. } => "done".to_owned(),
            EventKind::Failed { continued: true, .. } => "failed but continued".to_owned(),
            EventKind::Failed { cause, .. } => format!("failed {}", cause.failure.kind.name()),
            EventKind::Skipped { reason, .. } => format!("skipped {reason:?}"),
            EventKind::CacheHit { .. } => "found".to_owned(),
            EventKind::CacheMissed { .. } => "not found".to_owned(),
            EventKind::CacheKept { .. } => "kept".to_owned(),
            EventKind::Cached { .. } => "cached".to_owned(),
            EventKind::LockAwaited { lock, .. } => format!("waits for {lock}"),
            EventKind::LockAcquired { lock, .. } => format!("holds {lock}"),
            EventKind::LockReleased { lock, .. } => format!("lets go of {lock}"),
            EventKind::Cancelled { reason, .. } => format!("cancelled {reason:?}"),
            EventKind::RunEnded { state, .. } => format!("run {}", state.name()),
            _ => return None,
        };
        let path = event.kind.instance().map(|instance| format!(" {}", instance.path)).unwrap_or_default();
        Some(format!("{} {word}{path}", event.at.milliseconds / 1000))
    };
    simulation.events().iter().filter_map(line).collect()
}

fn starts(simulation: &Simulation<Script>) -> Vec<String> {
    story(simulation).into_iter().filter(|line| line.contains("starts")).collect()
}

pub(super) fn state(simulation: &Simulation<Script>) -> RunState {
    simulation.engine().state()
}

fn cause(simulation: &Simulation<Script>) -> (String, FailureKind) {
    let ended = simulation.events().iter().find_map(|event| match &event.kind {
        EventKind::RunEnded { cause: Some(cause), .. } => Some((cause.path.to_string(), cause.failure.kind)),
        _ => None,
    });
    ended.unwrap()
}

#[test]
fn statements_run_in_written_order() {
    let mut draft = Draft::new("main");
    draft.step("a");
    let b = draft.binding("b", int(7));
    let b = draft.value_of(b);
    draft.step("c");
    draft.output("number", name(b));
    let simulation = simulate(draft.program(), Script::default());
    assert_eq!(story(&simulation), ["0 starts a", "1 done a", "1 starts c", "2 done c", "2 run succeeded"]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("number", Value::Int(7))]));
}

#[test]
fn a_parallel_block_runs_side_by_side_within_its_max_and_the_jobs() {
    let block = |max| {
        let mut draft = Draft::new("main");
        draft.parallel(None, Wait::All, max, |draft| {
            for name in ["a", "b", "c"] {
                draft.step(name);
            }
        });
        draft.step("d");
        simulate(draft.program(), Script::default())
    };
    assert_eq!(starts(&block(None)), ["0 starts a", "0 starts b", "0 starts c", "1 starts d"]);
    assert_eq!(starts(&block(Some(2))), ["0 starts a", "0 starts b", "1 starts c", "2 starts d"]);
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step("a");
        draft.step("b");
    });
    let one = Options { jobs: 1, ..Options::default() };
    let simulation = run(Simulation::new(draft.program(), WorkflowId(0), Vec::new(), one, Script::default()));
    assert_eq!(starts(&simulation), ["0 starts a", "1 starts b"]);
}

#[test]
fn the_longest_way_goes_first() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step("leaf");
        let first = draft.step("first");
        let second = draft.step("second");
        draft.after(second, &[first]);
        draft.stage(None, |draft| {
            for name in ["x", "y", "z"] {
                draft.step(name);
            }
        });
    });
    let one = Options { jobs: 1, ..Options::default() };
    let simulation = run(Simulation::new(draft.program(), WorkflowId(0), Vec::new(), one, Script::default()));
    let order = ["0 starts x", "1 starts first", "2 starts y", "3 starts leaf", "4 starts second", "5 starts z"];
    assert_eq!(starts(&simulation), order);
}

#[test]
fn a_failure_lets_siblings_finish_and_starts_nothing_more() {
    let mut draft = Draft::new("main");
    draft.parallel(Some("both"), Wait::All, None, |draft| {
        draft.step("bad");
        let good = draft.step("good");
        let late = draft.step("late");
        draft.after(late, &[good]);
    });
    draft.step("behind");
    let fails = BTreeMap::from([("both.bad", 9)]);
    let simulation = simulate(draft.program(), Script { fails, takes: BTreeMap::from([("both.good", 3)]), ..Script::default() });
    let expected = [
        "0 starts both.good",
        "0 starts both.bad",
        "1 failed exit both.bad",
        "1 skipped BodyFailed both.late",
        "3 done both.good",
        "3 failed exit both",
        "3 skipped BodyFailed behind",
        "3 run failed",
    ];
    assert_eq!(story(&simulation), expected);
    assert_eq!(cause(&simulation), ("both.bad".to_owned(), FailureKind::Exit));
}

#[test]
fn fail_fast_cancels_what_runs() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.clauses().fail_fast = true;
        draft.step("bad");
        draft.step("slow");
    });
    let (fails, takes) = (BTreeMap::from([("bad", 9)]), BTreeMap::from([("slow", 60)]));
    let simulation = simulate(draft.program(), Script { fails, takes, ..Script::default() });
    assert!(story(&simulation).contains(&"1 cancelled BodyFailed slow".to_owned()), "{:#?}", story(&simulation));
    assert_eq!(simulation.clock().milliseconds, 1000);
}

#[test]
fn a_failure_that_continues_leaves_null_behind() {
    let mut draft = Draft::new("main");
    let bad = draft.step_with("bad", StepClauses { continuation: continued(), ..StepClauses::default() });
    let bad = draft.value_of(bad);
    draft.step("next");
    draft.output("bad", name(bad));
    let simulation = simulate(draft.program(), Script { fails: BTreeMap::from([("bad", 1)]), ..Script::default() });
    assert_eq!(starts(&simulation), ["0 starts bad", "1 starts next"]);
    assert_eq!(state(&simulation), RunState::Succeeded);
    assert_eq!(simulation.engine().outputs(), &Value::map([("bad", Value::Null)]));
}

#[test]
fn a_race_is_won_by_the_first_success() {
    let mut draft = Draft::new("main");
    let race = draft.parallel(Some("mirror"), Wait::Any, None, |draft| {
        for name in ["bad", "slow", "quick"] {
            draft.step(name);
        }
    });
    let race = draft.value_of(race);
    draft.output("winner", field(name(race), "winner"));
    draft.output("value", field(name(race), "value"));
    let fails = BTreeMap::from([("mirror.bad", 9)]);
    let takes = BTreeMap::from([("mirror.slow", 60), ("mirror.quick", 2)]);
    let simulation = simulate(draft.program(), Script { fails, takes, ..Script::default() });
    let outputs = Value::map([("winner", Value::string("quick")), ("value", result("mirror.quick"))]);
    assert_eq!((state(&simulation), simulation.engine().outputs()), (RunState::Succeeded, &outputs));
    assert!(story(&simulation).contains(&"2 cancelled LostRace mirror.slow".to_owned()), "{:#?}", story(&simulation));
}

#[test]
fn a_race_that_nobody_wins_fails() {
    let race = |wait| {
        let mut draft = Draft::new("main");
        draft.parallel(Some("r"), wait, None, |draft| {
            draft.step("a");
            draft.step("b");
        });
        let takes = BTreeMap::from([("r.b", 5)]);
        simulate(draft.program(), Script { fails: BTreeMap::from([("r.a", 9), ("r.b", 9)]), takes, ..Script::default() })
    };
    assert_eq!(cause(&race(Wait::Any)), ("r".to_owned(), FailureKind::Race));
    let first = race(Wait::First);
    assert_eq!(cause(&first), ("r.a".to_owned(), FailureKind::Exit));
    assert_eq!(first.clock().milliseconds, 1000);
}

#[test]
fn a_loop_keeps_the_order_of_its_elements() {
    let each = |parallel, max| {
        let mut draft = Draft::new("main");
        let list = literal(Value::list(["x", "y", "z"].map(Value::string)));
        let each = draft.each("ship", list, parallel, max, |draft, item| {
            let label = draft.binding("label", name(item));
            let step = draft.step("go");
            vec![step, label]
        });
        let each = draft.value_of(each);
        draft.output("labels", field(name(each), "label"));
        simulate(draft.program(), Script { takes: BTreeMap::from([("ship.go[0]", 5)]), ..Script::default() })
    };
    let labels = Value::map([("labels", Value::list(["x", "y", "z"].map(Value::string)))]);
    let sequential = each(None, None);
    assert_eq!(starts(&sequential), ["0 starts ship.go[0]", "5 starts ship.go[1]", "6 starts ship.go[2]"]);
    assert_eq!(sequential.engine().outputs(), &labels);
    let parallel = each(Some(Wait::All), Some(2));
    assert_eq!(starts(&parallel), ["0 starts ship.go[0]", "0 starts ship.go[1]", "1 starts ship.go[2]"]);
    assert_eq!(parallel.engine().outputs(), &labels);
    let race = each(Some(Wait::Any), None);
    assert_eq!(race.engine().outputs(), &Value::map([("labels", Value::string("y"))]));
}

#[test]
fn nested_loops_give_records_of_lists() {
    let mut draft = Draft::new("main");
    let outer = draft.each("outer", numbers(2), None, None, |draft, _| {
        let inner = draft.each("inner", numbers(2), None, None, |draft, item| vec![draft.binding("n", name(item))]);
        vec![inner]
    });
    let outer = draft.value_of(outer);
    draft.output("all", name(outer));
    let simulation = simulate(draft.program(), Script::default());
    let inner = Value::map([("n", Value::list([Value::Int(0), Value::Int(1)]))]);
    let all = Value::map([("inner", Value::list([inner.clone(), inner]))]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("all", all)]));
}

#[test]
fn a_failed_iteration_ends_a_loop_unless_it_continues() {
    let each = |go_on: bool| {
        let mut draft = Draft::new("main");
        let each = draft.each("e", numbers(3), Some(Wait::All), Some(1), |draft, _| {
            draft.clauses().continuation = if go_on { continued() } else { None };
            vec![draft.step("s")]
        });
        let each = draft.value_of(each);
        draft.output("s", field(name(each), "s"));
        simulate(draft.program(), Script { fails: BTreeMap::from([("e.s[1]", 9)]), ..Script::default() })
    };
    let ended = each(false);
    assert_eq!((starts(&ended).len(), cause(&ended).0), (2, "e.s[1]".to_owned()));
    let list = Value::list([result("e.s[0]"), Value::Null, result("e.s[2]")]);
    assert_eq!(each(true).engine().outputs(), &Value::map([("s", list)]));
}

#[test]
fn an_empty_loop_succeeds_with_empty_lists() {
    let mut draft = Draft::new("main");
    let each = draft.each("e", numbers(0), Some(Wait::All), None, |draft, _| vec![draft.step("s")]);
    let each = draft.value_of(each);
    draft.output("s", field(name(each), "s"));
    assert_eq!(simulate(draft.program(), Script::default()).engine().outputs(), &Value::map([("s", Value::list([]))]));
}

#[test]
fn a_repeat_goes_on_until_its_condition_holds() {
    let again = |max| {
        let mut draft = Draft::new("main");
        draft.repeat(max, Some(10), |draft| {
            draft.step("poll");
            let now = expression(ExpressionKind::Call(Function::Uuid, Vec::new(), Place(0)));
            equal(now, text("uuid 3"))
        });
        simulate(draft.program(), Script::default())
    };
    assert_eq!(starts(&again(5)), ["0 starts again.poll", "11 starts again.poll", "22 starts again.poll"]);
    assert_eq!(cause(&again(2)), ("again".to_owned(), FailureKind::Loop));
}

#[test]
fn a_step_is_tried_again_after_its_pause() {
    let mut draft = Draft::new("main");
    draft.step_with("flaky", StepClauses { retry: Some(Box::new(pausing(3, 5))), ..StepClauses::default() });
    let program = draft.program();
    let flaky = |times| simulate(program.clone(), Script { fails: BTreeMap::from([("flaky", times)]), ..Script::default() });
    assert_eq!(starts(&flaky(2)), ["0 starts flaky", "6 starts flaky", "12 starts flaky"]);
    let failed = flaky(9);
    assert_eq!((starts(&failed).len(), cause(&failed).1), (4, FailureKind::Exit));
}

#[test]
fn backoff_asks_for_delays_that_double() {
    let mut draft = Draft::new("main");
    let delay = Some(Delay::Backoff { from: seconds(2), to: seconds(5) });
    draft.step_with("flaky", StepClauses { retry: Some(Box::new(Retry { delay, ..retry(4) })), ..StepClauses::default() });
    let simulation = simulate(draft.program(), Script { fails: BTreeMap::from([("flaky", 3)]), ..Script::default() });
    let draws = simulation.commands().iter().filter_map(|command| match command {
        Command::Draw { upper, .. } => Some(upper.milliseconds / 1000),
        _ => None,
    });
    assert_eq!(draws.collect::<Vec<_>>(), [2, 4, 5]);
    assert_eq!(starts(&simulation), ["0 starts flaky", "3 starts flaky", "8 starts flaky", "14 starts flaky"]);
}

#[test]
fn a_retry_ends_when_its_time_is_over_or_its_condition_is_false() {
    let flaky = |retry| {
        let mut draft = Draft::new("main");
        draft.step_with("flaky", StepClauses { retry: Some(Box::new(retry)), ..StepClauses::default() });
        starts(&simulate(draft.program(), Script { fails: BTreeMap::from([("flaky", 9)]), ..Script::default() })).len()
    };
    assert_eq!(flaky(Retry { within: Some(seconds(12)), ..pausing(9, 5) }), 2);
    let kind = field(expression(ExpressionKind::Reference(Reference::Failure)), "kind");
    assert_eq!(flaky(Retry { when: Some(equal(kind.clone(), text("timeout"))), ..retry(3) }), 1);
    assert_eq!(flaky(Retry { when: Some(equal(kind, text("exit"))), ..retry(3) }), 4);
}

#[test]
fn whoever_asks_to_be_left_alone_is() {
    let started = |retry| {
        let mut draft = Draft::new("main");
        draft.step_with("busy", StepClauses { retry: Some(Box::new(retry)), ..StepClauses::default() });
        let script = Script { fails: BTreeMap::from([("busy", 9)]), asks: BTreeMap::from([("busy", 20)]), ..Script::default() };
        starts(&simulate(draft.program(), script))
    };
    assert_eq!(started(retry(2)), ["0 starts busy", "21 starts busy", "22 starts busy"]);
    assert_eq!(started(pausing(2, 5)), ["0 starts busy", "21 starts busy", "27 starts busy"]);
    assert_eq!(started(pausing(1, 30)), ["0 starts busy", "31 starts busy"]);
    let backoff = |to| Some(Delay::Backoff { from: seconds(2), to: seconds(to) });
    assert_eq!(started(Retry { delay: backoff(2), ..retry(2) }), ["0 starts busy", "21 starts busy", "24 starts busy"]);
    assert_eq!(started(Retry { within: Some(seconds(20)), ..retry(2) }), ["0 starts busy"]);
    assert_eq!(started(Retry { within: Some(seconds(20)), delay: backoff(2), ..retry(2) }), ["0 starts busy"]);
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    struct Final;
    impl Cast for Final {
        fn attempt(&mut self, _: &Running, _: &Engine, _: Option<Duration>) -> Course {
            let failure = Failure::final_of(FailureKind::Decode, "no number");
            Course { takes: Duration::default(), outcome: AttemptOutcome::Failed(failure) }
        }
        fn observe(&mut self, _: Function, _: &[Value], _: Timestamp) -> Result<Value, Arc<str>> {
            Err("nothing".into())
        }
    }
    let mut draft = Draft::new("main");
    draft.step_with("a", StepClauses { retry: Some(Box::new(retry(5))), ..StepClauses::default() });
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), Final);
    assert_eq!(simulation.run(), Ok(RunState::Failed));
    assert_eq!(simulation.commands().iter().filter(|command| matches!(command, Command::Start { .. })).count(), 1);
}

#[test]
fn an_attempt_that_takes_too_long_fails() {
    let mut draft = Draft::new("main");
    draft.step_with("slow", StepClauses { timeout: Some(seconds(5)), retry: Some(Box::new(retry(1))), ..StepClauses::default() });
    let simulation = simulate(draft.program(), Script { takes: BTreeMap::from([("slow", 60)]), ..Script::default() });
    assert_eq!(cause(&simulation), ("slow".to_owned(), FailureKind::Timeout));
    assert_eq!(simulation.clock().milliseconds, 10_000);
}

#[test]
fn a_block_that_takes_too_long_is_stopped_and_fails() {
    let mut draft = Draft::new("main");
    draft.stage(Some("s"), |draft| {
        draft.clauses().timeout = Some(seconds(3));
        draft.step("a");
        draft.step("b");
        draft.step("c");
    });
    let simulation = simulate(draft.program(), Script { takes: BTreeMap::from([("s.b", 60)]), ..Script::default() });
    let expected = [
        "0 starts s.a",
        "1 done s.a",
        "1 starts s.b",
        "3 skipped Cancelled s.c",
        "3 stopped s.b",
        "3 cancelled Cancelled s.b",
        "3 failed timeout s",
        "3 run failed",
    ];
    assert_eq!(story(&simulation), expected);
}

#[test]
fn a_body_is_tried_again_as_a_whole() {
    let mut draft = Draft::new("main");
    draft.stage(Some("s"), |draft| {
        draft.clauses().retry = Some(pausing(2, 10));
        draft.step("a");
        draft.step_with("b", StepClauses { expectations: vec![expecting(holds(false))], ..StepClauses::default() });
    });
    let simulation = simulate(draft.program(), Script::default());
    let expected = ["0 starts s.a", "1 starts s.b", "12 starts s.a", "13 starts s.b", "24 starts s.a", "25 starts s.b"];
    assert_eq!(starts(&simulation), expected);
    assert_eq!(cause(&simulation), ("s.b".to_owned(), FailureKind::Expect));
}

#[test]
fn expectations_see_the_result() {
    let expect = |code| {
        let result = field(expression(ExpressionKind::Reference(Reference::Result)), "exit_code");
        let mut draft = Draft::new("main");
        let expectations = vec![expecting(equal(result, int(code)))];
        draft.step_with("a", StepClauses { expectations, ..StepClauses::default() });
        state(&simulate(draft.program(), Script::default()))
    };
    assert_eq!((expect(0), expect(1)), (RunState::Succeeded, RunState::Failed));
}

#[test]
fn what_is_not_taken_is_skipped_and_null() {
    let mut draft = Draft::new("main");
    let skipped = draft.step("skipped");
    draft.statement(skipped).when = Some(holds(false));
    let mut left = None;
    draft.choice(
        holds(true),
        |draft| {
            draft.step("yes");
        },
        |draft| left = Some(draft.step("no")),
    );
    let (skipped, left) = (draft.value_of(skipped), draft.value_of(left.unwrap()));
    draft.output("skipped", name(skipped));
    draft.output("left", name(left));
    let simulation = simulate(draft.program(), Script::default());
    let expected = [
        "0 skipped Condition skipped",
        "0 skipped BranchNotTaken no",
        "0 starts yes",
        "1 done yes",
        "1 done ",
        "1 run succeeded",
    ];
    assert_eq!(story(&simulation), expected);
    assert_eq!(simulation.engine().outputs(), &Value::map([("skipped", Value::Null), ("left", Value::Null)]));
}

#[test]
fn a_step_inside_a_block_above_can_be_waited_for_alone() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        let mut quick = None;
        draft.stage(Some("s"), |draft| {
            quick = Some(draft.step("quick"));
            draft.step("slow");
        });
        let user = draft.step("user");
        draft.after(user, &[quick.unwrap()]);
    });
    let simulation = simulate(draft.program(), Script { takes: BTreeMap::from([("s.slow", 9)]), ..Script::default() });
    assert_eq!(starts(&simulation), ["0 starts s.quick", "1 starts s.slow", "1 starts user"]);
}

#[test]
fn a_step_inside_a_branch_that_is_not_taken_holds_nobody_up() {
    let mut draft = Draft::new("main");
    let mut inside = None;
    draft.choice(holds(false), |draft| inside = Some(draft.step("inside")), |_| {});
    let user = draft.step("user");
    draft.after(user, &[inside.unwrap()]);
    assert_eq!(starts(&simulate(draft.program(), Script::default())), ["0 starts user"]);
}

fn calling(clauses: StepClauses) -> Draft {
    let mut draft = Draft::new("main");
    let call = draft.call("eu", Callee::Workflow(WorkflowId(1)), vec![("region", text("eu"))], clauses);
    let call = draft.value_of(call);
    draft.output("said", field(name(call), "said"));
    draft
}

fn child() -> Draft {
    let mut child = Draft::new("child");
    let region = child.parameter("region", None);
    let other = child.parameter("other", Some(name(region)));
    child.step("build");
    child.output("said", name(other));
    child
}

#[test]
fn a_workflow_is_called_with_parameters_and_gives_outputs() {
    let main = calling(StepClauses::default());
    let simulation = simulate(program([main, child()]), Script::default());
    assert_eq!(story(&simulation), ["0 starts eu.build", "1 done eu.build", "1 done eu", "1 run succeeded"]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("said", Value::string("eu"))]));
}

#[test]
fn a_called_workflow_fails_is_tried_again_and_runs_out_of_time() {
    let once = Script { fails: BTreeMap::from([("eu.build", 9)]), ..Script::default() };
    let failed = simulate(program([calling(StepClauses::default()), child()]), once);
    assert_eq!(cause(&failed), ("eu.build".to_owned(), FailureKind::Child));
    let clauses = StepClauses { timeout: Some(seconds(5)), retry: Some(Box::new(retry(1))), ..StepClauses::default() };
    let slow = Script { takes: BTreeMap::from([("eu.build", 60)]), ..Script::default() };
    let late = simulate(program([calling(clauses), child()]), slow);
    assert_eq!(starts(&late), ["0 starts eu.build", "5 starts eu.build"]);
    assert_eq!(cause(&late), ("eu".to_owned(), FailureKind::Timeout));
}

#[test]
fn settings_stand_behind_what_a_step_says_itself() {
    let mut draft = Draft::new("main");
    draft.workflow.settings.env = Some(literal(Value::map([("A", Value::string("1")), ("B", Value::string("2"))])));
    draft.workflow.settings.shell = Some(text("bash"));
    let env = literal(Value::map([("B", Value::string("3"))]));
    draft.call("a", Callee::Kind("shell".into()), vec![("env", env)], StepClauses::default());
    let simulation = simulate(draft.program(), Script::default());
    let (_, call) = &simulation.cast.calls[0];
    let merged = Value::map([("A", Value::string("1")), ("B", Value::string("3"))]);
    assert_eq!(call.argument("env"), Some(&Argument::Value(merged)));
    assert_eq!(call.value("shell"), Some(&Value::string("bash")));
}

#[test]
fn what_was_seen_once_stays() {
    let look = |name: &str| expression(ExpressionKind::Call(Function::Env, vec![text(name)], Place(1)));
    let mut draft = Draft::new("main");
    let seen = draft.binding("seen", look("HOME"));
    let seen = draft.value_of(seen);
    draft.output("seen", name(seen));
    let simulation = simulate(draft.program(), Script::default());
    assert_eq!(simulation.engine().outputs(), &Value::map([("seen", Value::string("env 1"))]));
    let mut draft = Draft::new("main");
    draft.binding("seen", look("MISSING"));
    assert_eq!(cause(&simulate(draft.program(), Script::default())), ("seen".to_owned(), FailureKind::Engine));
}

#[test]
fn a_cancelled_run_stops_what_runs_and_starts_nothing() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step("a");
        draft.each("e", numbers(3), None, None, |draft, _| vec![draft.step("s")]);
        draft.step_with("paused", StepClauses { retry: Some(Box::new(pausing(5, 60))), ..StepClauses::default() });
    });
    draft.step("behind");
    let script = Script {
        fails: BTreeMap::from([("paused", 9)]),
        takes: BTreeMap::from([("a", 60), ("e.s[0]", 60)]),
        ..Script::default()
    };
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), script);
    simulation.cancel_after(Duration::from_seconds(3), CancelCause::Interrupt);
    let simulation = run(simulation);
    assert_eq!((state(&simulation), simulation.clock().milliseconds), (RunState::Cancelled, 3000));
    let stops = simulation.commands().iter().filter_map(|command| match command {
        Command::Stop { stop, .. } => Some(*stop),
        _ => None,
    });
    assert!(stops.eq([Stop::Gracefully(StopSignal::Interrupt); 2]));
    assert!(story(&simulation).contains(&format!("3 skipped {:?} behind", SkipReason::Cancelled)));
}

#[test]
fn a_second_cancel_stops_at_once() {
    let mut draft = Draft::new("main");
    draft.step("a");
    let mut engine = Engine::new(draft.program(), WorkflowId(0), Vec::new(), Options::default());
    let mut tell = |kind| engine.apply(&Event { at: Timestamp::default(), kind }).unwrap();
    let (run, workflow, directory) = ("r".into(), "main".into(), "/".into());
    tell(EventKind::RunStarted { run, workflow, arguments: Vec::new(), directory, boot: None });
    tell(EventKind::CancelRequested { cause: CancelCause::Interrupt });
    tell(EventKind::CancelRequested { cause: CancelCause::Interrupt });
    let commands = engine.commands();
    assert!(matches!(commands.last(), Some(Command::Stop { stop: Stop::Now, .. })), "{commands:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut draft = Draft::new("main");
    draft.step("a");
    let mut engine = Engine::new(draft.program(), WorkflowId(0), Vec::new(), Options::default());
    let at = |kind| Event { at: Timestamp::default(), kind };
    let instance = Instance { id: wf_model::event::InstanceId(1), path: "a".into() };
    let started = at(EventKind::Started { instance: instance.clone(), attempt: 1 });
    assert_eq!(engine.apply(&started).unwrap_err().to_string(), "event does not fit the run: run is queued");
    let (run, workflow, directory) = ("r".into(), "main".into(), "/".into());
    let begin = at(EventKind::RunStarted { run, workflow, arguments: Vec::new(), directory, boot: None });
    engine.apply(&begin).unwrap();
    assert!(engine.apply(&begin).is_err());
    engine.apply(&started).unwrap();
    assert!(engine.apply(&started).is_err());
    let other = at(EventKind::Succeeded { instance: instance.clone(), value: Value::Null });
    assert!(engine.apply(&other).is_err());
    let jitter = at(EventKind::JitterDrawn { instance, delay: Duration::default() });
    assert!(engine.apply(&jitter).is_err());
    assert_eq!(engine.running(None).len(), 1);
}

#[test]
fn statements_that_wait_for_each_other_end_the_run() {
    let mut draft = Draft::new("main");
    let a = draft.step("a");
    let b = draft.step("b");
    draft.after(a, &[b]);
    assert_eq!(cause(&simulate(draft.program(), Script::default())), (String::new(), FailureKind::Engine));
}

#[test]
fn long_chains_and_wide_blocks_take_linear_time() {
    let mut draft = Draft::new("main");
    for _ in 0..20_000 {
        draft.step("a");
    }
    draft.parallel(None, Wait::All, None, |draft| {
        for _ in 0..20_000 {
            draft.step("b");
        }
    });
    draft.each("e", numbers(20_000), Some(Wait::All), None, |draft, _| vec![draft.step("c")]);
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), Script::default());
    assert_eq!(simulation.run(), Ok(RunState::Succeeded));
}
