//! Steps that wait for somebody: what comes when, what becomes of it, and that nothing else waits for them.

use super::draft::{Draft, holds, numbers, pausing, seconds, text};
use super::tests::check_replay;
use super::{Cast, Course, Reply, Simulation};
use crate::engine::{Engine, Options, Running, Teller};
use proptest::prelude::*;
use std::sync::Arc;
use wf_model::event::{Answer, AttemptOutcome, Awaited, CancelCause, Event, EventKind, Timestamp};
use wf_model::expression::{Expression, Function};
use wf_model::program::{Callee, HandlerCause, Program, StepClauses, Wait, WorkflowId};
use wf_model::run::{RunRecord, RunState, Status};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Every attempt takes a second; somebody answers after so many seconds, or nobody does.
#[derive(Clone, Copy)]
struct People(Option<(i64, bool)>);

impl Cast for People {
    fn attempt(&mut self, _: &Running, _: &Engine, _: Option<Duration>) -> Course {
        let outcome = AttemptOutcome::Succeeded { result: Value::map([]), decoded: None };
        Course { takes: Duration::from_seconds(1), outcome }
    }

    fn answer(&mut self, _: &Running, awaited: &Awaited, _: &Engine) -> Option<Reply> {
        self.0.map(|(after, approved)| Reply::somebody(Duration::from_seconds(after), approved, awaited))
    }

    fn observe(&mut self, _: Function, _: &[Value], _: Timestamp) -> Result<Value, Arc<str>> {
        Ok(Value::string("seen"))
    }
}

fn played(program: &Arc<Program>, jobs: usize, people: People) -> Simulation<People> {
    let options = Options { jobs, ..Options::default() };
    let mut simulation = Simulation::new(program.clone(), WorkflowId(0), Vec::new(), options, people);
    simulation.run().unwrap();
    check_replay(&simulation);
    simulation
}

fn waits(draft: &mut Draft, name: &str, kind: &str, given: Vec<(&str, Expression)>, timeout: Option<i64>) {
    let clauses = StepClauses { timeout: timeout.map(seconds), ..StepClauses::default() };
    draft.call(name, Callee::Kind(kind.into()), given, clauses);
}

/// A program whose only step waits.
fn alone(kind: &str, given: Vec<(&str, Expression)>, timeout: Option<i64>) -> Arc<Program> {
    let mut draft = Draft::new("main");
    waits(&mut draft, "w", kind, given, timeout);
    draft.program()
}

fn ended(simulation: &Simulation<People>) -> (RunState, i64, String) {
    let failed = simulation.events().iter().find_map(|event| match &event.kind {
        EventKind::Failed { cause, .. } => Some(format!("{}: {}", cause.failure.kind.name(), cause.failure.message)),
        _ => None,
    });
    (simulation.engine().state(), simulation.clock().milliseconds / 1000, failed.unwrap_or_default())
}

#[test]
fn an_answer_or_a_signal_lets_a_step_go_on() {
    let approval = alone("approval", vec![("message", text("Ship?"))], Some(60));
    assert_eq!(ended(&played(&approval, 1, People(Some((5, true))))), (RunState::Succeeded, 5, String::new()));
    let rejected = (RunState::Failed, 5, "rejected: rejected by somebody".to_owned());
    assert_eq!(ended(&played(&approval, 1, People(Some((5, false))))), rejected);
    let signal = alone("signal", vec![("name", text("s"))], Some(60));
    assert_eq!(ended(&played(&signal, 1, People(Some((7, true))))), (RunState::Succeeded, 7, String::new()));
}

#[test]
fn nobody_is_waited_for_longer_than_the_timeout_says() {
    let strict = alone("approval", vec![("message", text("Ship?"))], Some(60));
    let late = (RunState::Failed, 60, "rejected: rejected because nobody answered within 1m".to_owned());
    assert_eq!(ended(&played(&strict, 1, People(None))), late);
    let lenient = alone("approval", vec![("message", text("?")), ("on_timeout", text("approve"))], Some(60));
    assert_eq!(ended(&played(&lenient, 1, People(None))), (RunState::Succeeded, 60, String::new()));
    let signal = alone("signal", vec![("name", text("s"))], Some(9));
    let late = (RunState::Failed, 9, "timeout: no signal `s` came within 9s".to_owned());
    assert_eq!(ended(&played(&signal, 1, People(None))), late);
}

#[test]
fn a_gate_that_pauses_lets_the_run_wait_for_somebody() {
    let given = || vec![("check", holds(false)), ("otherwise", text("pause"))];
    let gate = alone("gate", given(), None);
    assert_eq!(ended(&played(&gate, 1, People(None))).0, RunState::Paused);
    assert_eq!(ended(&played(&gate, 1, People(Some((3, true))))), (RunState::Succeeded, 3, String::new()));
    let rejected = ended(&played(&gate, 1, People(Some((3, false)))));
    assert_eq!(rejected, (RunState::Failed, 3, "rejected: rejected by somebody".to_owned()));
    let open = alone("gate", vec![("check", holds(true)), ("otherwise", text("pause"))], None);
    assert_eq!(ended(&played(&open, 1, People(None))).0, RunState::Succeeded);
    // Whoever resumes it looks again, and it waits again.
    let history = played(&gate, 1, People(None)).events().to_vec();
    let options = Options { jobs: 1, ..Options::default() };
    let mut again = Simulation::resumed(gate, WorkflowId(0), Vec::new(), options, People(None), &history).unwrap();
    assert_eq!(again.run().unwrap(), RunState::Paused);
    assert_eq!(again.events().iter().filter(|event| matches!(event.kind, EventKind::Waiting { .. })).count(), 1);
}

#[test]
fn others_go_on_beside_a_gate_that_pauses_and_then_the_run_waits() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        waits(draft, "g", "gate", vec![("check", holds(false)), ("otherwise", text("pause"))], None);
        draft.step("a");
    });
    let simulation = played(&draft.program(), 1, People(None));
    assert_eq!((ended(&simulation).0, ended(&simulation).1), (RunState::Paused, 1));
}

#[test]
fn an_expiry_is_a_point_in_time_that_survives_the_process() {
    let program = alone("approval", vec![("message", text("Ship?"))], Some(60));
    let whole = played(&program, 1, People(None)).events().to_vec();
    let until = whole.iter().position(|event| matches!(event.kind, EventKind::Waiting { .. })).unwrap() + 1;
    let mut later =
        Simulation::resumed(program, WorkflowId(0), Vec::new(), Options::default(), People(None), &whole[..until]).unwrap();
    assert_eq!(later.run().unwrap(), RunState::Failed);
    assert_eq!(ended(&later).1, 60);
}

#[test]
fn signals_that_nobody_waits_for_are_kept_and_each_is_taken_once() {
    let mut draft = Draft::new("main");
    draft.step("before");
    for name in ["a", "b"] {
        waits(&mut draft, name, "signal", vec![("name", text("s"))], Some(60));
    }
    let program = draft.program();
    let mut simulation = Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), People(None));
    for data in [1, 2] {
        let (name, by) = ("s".into(), "somebody".into());
        simulation.plan(Duration::default(), EventKind::Signalled { message: 0, name, data: Value::Int(data), by });
    }
    assert_eq!(simulation.run().unwrap(), RunState::Succeeded);
    let record = RunRecord::of(simulation.events());
    for (path, data) in [("a", 1), ("b", 2)] {
        let expected = Status::Succeeded(Value::map([("data", Value::Int(data))]));
        assert_eq!(record.at(path).unwrap().status, expected);
    }
    assert_eq!(simulation.clock().milliseconds, 1000);
}

#[test]
fn a_step_that_waits_is_cancelled_at_once() {
    let mut draft = Draft::new("main");
    waits(&mut draft, "w", "signal", vec![("name", text("s"))], None);
    draft.on(HandlerCause::Cancel, |draft| {
        draft.step("said");
    });
    let program = draft.program();
    let mut simulation = Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), People(None));
    simulation.cancel_after(Duration::from_seconds(4), CancelCause::Interrupt);
    assert_eq!(simulation.run().unwrap(), RunState::Cancelled);
    assert_eq!((simulation.clock().milliseconds, simulation.engine().kept()), (5000, [0; 7]));
}

#[test]
fn ten_thousand_signals_wait_for_ten_thousand_steps() {
    const MANY: i64 = 10_000;
    let mut draft = Draft::new("main");
    draft.step("before");
    let each = draft.each("parts", numbers(MANY), Some(Wait::All), None, |draft, _| {
        vec![draft.call("s", Callee::Kind("signal".into()), vec![("name", text("s"))], StepClauses::default())]
    });
    let parts = super::draft::name(draft.value_of(each));
    draft.output("parts", parts);
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), People(None));
    for data in 0..MANY {
        let (name, by) = ("s".into(), "somebody".into());
        simulation.plan(Duration::default(), EventKind::Signalled { message: 0, name, data: Value::Int(data), by });
    }
    assert_eq!(simulation.run().unwrap(), RunState::Succeeded);
    let Value::Map(outputs) = simulation.engine().outputs() else { panic!("a record") };
    let Some(Value::List(parts)) = outputs.get("parts").and_then(|parts| parts.get("s")) else { panic!("a list") };
    // The first step takes the first signal.
    assert!(parts.iter().enumerate().all(|(place, part)| part.get("data") == Some(&Value::Int(i64::try_from(place).unwrap()))));
}

#[test]
fn a_message_that_was_taken_is_not_taken_again() {
    let program = alone("signal", vec![("name", text("other"))], None);
    let mut engine = engine(&program);
    played(&program, 1, People(None)).events().iter().for_each(|event| engine.apply(event).unwrap());
    let signal = |message| {
        let kind = EventKind::Signalled { message, name: "s".into(), data: Value::Null, by: "somebody".into() };
        Event { at: Timestamp::default(), kind }
    };
    engine.apply(&signal(7)).unwrap();
    assert_eq!(engine.messages(), 7);
    for message in [7, 3] {
        assert_eq!(engine.apply(&signal(message)).unwrap_err().reason, format!("message {message} was taken in already"));
    }
    engine.apply(&signal(9)).unwrap();
}

fn engine(program: &Arc<Program>) -> Engine {
    Engine::new(program.clone(), WorkflowId(0), Vec::new(), Options::default())
}

#[test]
fn a_question_is_asked_again_by_another_definition_and_the_former_is_not_answered() {
    let ask = |message: &str| alone("approval", vec![("message", text(message))], None);
    let (before, now) = (ask("Ship 1?"), ask("Ship 2?"));
    let history = played(&before, 1, People(None)).events().to_vec();
    let mut teller = Teller::new(engine(&before), [engine(&now)]);
    history.iter().for_each(|event| teller.tell(event).unwrap());
    let changed = Event { at: Timestamp::default(), kind: EventKind::DefinitionChanged { definition: "other".into() } };
    teller.tell(&changed).unwrap();
    let mut engine = teller.into_engine();
    let again: Vec<Event> = engine.concluded();
    let question = |events: &[Event]| {
        events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Waiting { instance, awaited, question, .. } => Some((instance.clone(), awaited.clone(), question.clone())),
            _ => None,
        })
    };
    let ((instance, _, former), (_, awaited, present)) = (question(&history).unwrap(), question(&again).unwrap());
    assert_eq!(awaited.message(), Some("Ship 2?"));
    let answered = |question| {
        let answer = Answer { approved: true, by: "somebody".into(), choice: None, comment: None };
        Event { at: Timestamp::default(), kind: EventKind::Answered { message: 1, instance: instance.clone(), question, answer } }
    };
    let refused = engine.apply(&answered(former)).unwrap_err();
    assert_eq!(refused.reason, "step `w` asks something else");
    engine.apply(&answered(present)).unwrap();
    assert_eq!(engine.state(), RunState::Succeeded);
    // A second answer comes too late.
    assert!(engine.apply(&answered("x".into())).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_waits_for_somebody_holds_no_slot(
        waiting in 0..40_i64,
        works in 1..12_i64,
        jobs in 1..4_usize,
        after in 0..30_i64,
        timeout in proptest::option::of(1..20_i64),
        kind in prop::sample::select(vec!["approval", "signal", "gate"]),
    ) {
        let mut draft = Draft::new("main");
        draft.parallel(None, Wait::All, None, |draft| {
            draft.each("waits", numbers(waiting), Some(Wait::All), None, |draft, _| {
                let given = vec![("name", text("s")), ("otherwise", text("pause")), ("on_timeout", text("approve"))];
                let clauses = StepClauses { timeout: timeout.map(seconds), retry: Some(Box::new(pausing(1, 2))), continuation: super::draft::continued(), ..StepClauses::default() };
                vec![draft.call("w", Callee::Kind(kind.into()), given, clauses)]
            });
            for work in 0..works {
                draft.step(&format!("s{work}"));
            }
        });
        let simulation = played(&draft.program(), jobs, People(Some((after, true))));
        prop_assert_eq!(simulation.engine().state(), RunState::Succeeded);
        let done = simulation.events().iter().filter(|event| {
            matches!(&event.kind, EventKind::AttemptEnded { .. })
        }).map(|event| event.at.milliseconds / 1000).max().unwrap();
        prop_assert_eq!(done, (works + i64::try_from(jobs).unwrap() - 1) / i64::try_from(jobs).unwrap());
    }
}
