//! Locks: who holds them when, and what becomes of those who do not get them.

use super::draft::{Draft, continued, expression, lock, name, numbers, retry, seconds, text, undoing};
use super::tests::{Script, run, simulate, story};
use super::{Cast, Simulation};
use crate::engine::{Options, Standstill};
use std::sync::Arc;
use wf_model::event::{CancelCause, EventKind};
use wf_model::expression::{ExpressionKind, Function, Place};
use wf_model::program::{Callee, HandlerCause, LockElse, Program, StepClauses, Wait, WorkflowId};
use wf_model::run::RunState;
use wf_model::unit::Duration;
use wf_model::value::Value;

fn locked(key: &str, otherwise: LockElse) -> StepClauses {
    StepClauses { lock: Some(Box::new(lock(key, 1, otherwise))), ..StepClauses::default() }
}

fn fresh<C: Cast>(program: Arc<Program>, script: C) -> Simulation<C> {
    Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), script)
}

/// A run beside one that holds `x` for five seconds.
fn beside(program: Arc<Program>) -> Simulation<Script> {
    let mut simulation = fresh(program, Script::default());
    simulation.hold_elsewhere("x", "other", Duration::from_seconds(5));
    run(simulation)
}

#[test]
fn steps_of_one_lock_go_one_after_the_other() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step_with("a", locked("x", LockElse::Wait));
        draft.step_with("b", locked("x", LockElse::Wait));
        draft.step_with("c", locked("y", LockElse::Wait));
    });
    let simulation = simulate(draft.program(), Script::default());
    let story = story(&simulation);
    for line in ["0 waits for x b", "0 starts a", "0 starts c", "1 lets go of x a", "1 holds x b", "1 starts b", "2 done b"] {
        assert!(story.contains(&line.to_owned()), "{line}: {story:#?}");
    }
}

#[test]
fn a_lock_is_held_over_all_attempts_and_handlers_and_a_waiting_step_holds_no_slot() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        let clauses = StepClauses { retry: Some(Box::new(retry(2))), ..locked("x", LockElse::Wait) };
        let a = draft.step_with("a", clauses);
        draft.on_step(a, HandlerCause::Finally, |draft| {
            draft.step("f");
        });
        draft.step_with("b", locked("x", LockElse::Wait));
        draft.step("c");
    });
    let script = Script { fails: [("a", 1)].into(), ..Script::default() };
    let options = Options { jobs: 2, ..Options::default() };
    let simulation = run(Simulation::new(draft.program(), WorkflowId(0), Vec::new(), options, script));
    let story = story(&simulation);
    for line in ["0 starts c", "1 starts a", "2 starts f", "3 lets go of x a", "3 starts b"] {
        assert!(story.contains(&line.to_owned()), "{line}: {story:#?}");
    }
}

#[test]
fn a_body_holds_its_lock_through_its_handlers_and_what_is_inside_has_it_already() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.stage(Some("s"), |draft| {
            draft.clauses().lock = Some(lock("x", 1, LockElse::Wait));
            draft.step_with("a", locked("x", LockElse::Fail));
            draft.call("w", Callee::Workflow(WorkflowId(1)), Vec::new(), StepClauses::default());
            draft.on(HandlerCause::Finally, |draft| {
                draft.step_with("f", locked("x", LockElse::Skip));
            });
        });
        draft.stage(None, |draft| {
            draft.step("before");
            draft.step_with("b", locked("x", LockElse::Wait));
        });
    });
    let mut child = Draft::new("child");
    child.clauses().lock = Some(lock("x", 1, LockElse::Wait));
    child.step("inner");
    let simulation = simulate(super::draft::program([draft, child]), Script::default());
    let story = story(&simulation);
    for line in ["1 done s.a", "2 done s.w.inner", "3 done s.f", "3 lets go of x s", "3 starts b"] {
        assert!(story.contains(&line.to_owned()), "{line}: {story:#?}");
    }
    assert_eq!(simulation.engine().kept(), [0; 7]);
}

#[test]
fn a_lock_of_another_run_is_waited_for_skips_or_fails() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step_with("waits", locked("x", LockElse::Wait));
        draft.step_with("skips", locked("x", LockElse::Skip));
        let fails = StepClauses { continuation: continued(), retry: Some(Box::new(retry(3))), ..locked("x", LockElse::Fail) };
        let fails = draft.step_with("fails", fails);
        draft.on_step(fails, HandlerCause::Finally, |draft| {
            draft.step("never");
        });
    });
    draft.step("behind");
    let simulation = beside(draft.program());
    let story = story(&simulation);
    for line in ["0 skipped Locked skips", "0 failed but continued fails", "5 starts waits", "6 starts behind"] {
        assert!(story.contains(&line.to_owned()), "{line}: {story:#?}");
    }
    assert!(!story.iter().any(|line| line.contains("never")), "{story:#?}");
    let message = simulation.events().iter().find_map(|event| match &event.kind {
        EventKind::Failed { cause, .. } => Some(cause.failure.message.to_string()),
        _ => None,
    });
    assert_eq!(message.as_deref(), Some("lock `x` is held by run other"));
}

#[test]
fn a_workflow_whose_lock_is_held_is_skipped() {
    let mut draft = Draft::new("main");
    draft.clauses().lock = Some(lock("x", 1, LockElse::Skip));
    let step = draft.step("a");
    let value = draft.value_of(step);
    draft.output("o", name(value));
    draft.on(HandlerCause::Finally, |draft| {
        draft.step("f");
    });
    let simulation = beside(draft.program());
    assert_eq!(story(&simulation), ["0 run succeeded"]);
    assert_eq!(simulation.engine().outputs(), &Value::map([("o", Value::Null)]));
}

#[test]
fn who_waits_for_a_lock_can_be_cancelled_or_run_out_of_time() {
    let mut draft = Draft::new("main");
    draft.stage(Some("s"), |draft| {
        draft.clauses().lock = Some(lock("x", 1, LockElse::Wait));
        draft.clauses().timeout = Some(seconds(2));
        draft.step("a");
        draft.on(HandlerCause::Finally, |draft| {
            draft.step("f");
        });
    });
    let program = draft.program();
    let simulation = beside(program.clone());
    assert_eq!(story(&simulation), ["0 waits for x s", "2 failed timeout s", "2 run failed"]);
    let mut simulation = fresh(program, Script::default());
    simulation.hold_elsewhere("x", "other", Duration::from_seconds(5));
    simulation.cancel_after(Duration::from_seconds(1), CancelCause::Interrupt);
    let simulation = run(simulation);
    assert_eq!(story(&simulation), ["0 waits for x s", "1 cancelled Cancelled s", "1 run cancelled"]);
    assert_eq!(simulation.engine().kept(), [0; 7]);
}

#[test]
fn attributes_are_looked_at_when_the_lock_is_held() {
    let mut draft = Draft::new("main");
    let look = expression(ExpressionKind::Call(Function::Env, vec![text("X")], Place(1)));
    draft.call("a", Callee::Kind("shell".into()), vec![("run", look)], locked("x", LockElse::Wait));
    let simulation = beside(draft.program());
    let looked = simulation.events().iter().find(|event| matches!(event.kind, EventKind::Observed { .. }));
    assert_eq!(looked.map(|event| event.at.milliseconds), Some(5000));
}

#[test]
fn locks_of_one_run_that_wait_for_each_other_fail_what_came_last() {
    let mut draft = Draft::new("main");
    let nested = |draft: &mut Draft, name: &str, outer: &str, inner: &str| {
        draft.stage(Some(name), |draft| {
            draft.clauses().lock = Some(lock(outer, 1, LockElse::Wait));
            draft.step(&format!("{name}1"));
            draft.step_with(&format!("{name}2"), locked(inner, LockElse::Wait));
        });
    };
    draft.parallel(None, Wait::All, None, |draft| {
        nested(draft, "p", "x", "y");
        nested(draft, "q", "y", "x");
    });
    let simulation = simulate(draft.program(), Script::default());
    assert_eq!(simulation.engine().state(), RunState::Failed);
    let story = story(&simulation);
    assert!(story.contains(&"2 done p.p2".to_owned()), "{story:#?}");
    assert!(story.contains(&"1 failed engine q.q2".to_owned()), "{story:#?}");
}

#[test]
fn iterations_take_locks_of_their_own() {
    let mut draft = Draft::new("main");
    draft.each("e", numbers(3), Some(Wait::All), None, |draft, _| {
        draft.clauses().lock = Some(lock("x", 2, LockElse::Wait));
        vec![draft.step("a")]
    });
    let simulation = simulate(draft.program(), Script::default());
    assert_eq!(simulation.clock().milliseconds, 2000, "{:#?}", story(&simulation));
    let mut draft = Draft::new("main");
    draft.each("e", numbers(3), None, None, |draft, _| {
        draft.clauses().lock = Some(lock("x", 1, LockElse::Skip));
        vec![draft.step("a")]
    });
    let simulation = beside(draft.program());
    assert_eq!(simulation.engine().state(), RunState::Succeeded);
    assert_eq!(story(&simulation).last().unwrap(), "0 run succeeded");
}

/// A step that can be undone, under a lock.
fn undoable(key: &str, otherwise: LockElse) -> StepClauses {
    StepClauses { lock: Some(Box::new(lock(key, 1, otherwise))), ..undoing(Vec::new()) }
}

fn failing(program: Arc<Program>, path: &'static str) -> Simulation<Script> {
    run(fresh(program, Script { fails: [(path, u32::MAX)].into(), ..Script::default() }))
}

fn asked_for_rollback(mut simulation: Simulation<Script>) -> Simulation<Script> {
    let request = EventKind::RollbackRequested { settled: Vec::new(), reason: None };
    simulation.plan(Duration::default(), request);
    run(simulation)
}

#[test]
fn an_undo_waits_for_the_lock_of_its_step_whatever_the_step_does_without_it() {
    for otherwise in [LockElse::Wait, LockElse::Fail, LockElse::Skip] {
        let mut draft = Draft::new("main");
        draft.step_with("a", undoable("x", otherwise));
        draft.step("breaks");
        let mut simulation = failing(draft.program(), "breaks");
        simulation.hold_elsewhere("x", "other", Duration::from_seconds(5));
        let simulation = asked_for_rollback(simulation);
        let story = story(&simulation);
        let expected = ["2 waits for x a", "7 holds x a", "7 starts a", "8 lets go of x a", "8 done a", "8 run rolled_back"];
        assert_eq!(story[story.len() - expected.len()..], expected, "{story:#?}");
        assert_eq!(simulation.engine().kept(), [0; 7]);
    }
}

#[test]
fn an_undo_takes_the_lock_of_the_body_of_its_step_where_no_one_around_holds_it() {
    let program = |inside: bool| {
        let mut draft = Draft::new("main");
        draft.stage(Some("s"), |draft| {
            draft.clauses().lock = Some(lock("x", 1, LockElse::Wait));
            draft.undoable("a");
            draft.step("inner");
            if inside {
                draft.rolls_back();
            }
        });
        draft.step("outer");
        draft.rolls_back();
        draft.program()
    };
    let holds =
        |simulation: &Simulation<Script>| story(simulation).into_iter().filter(|line| line.contains(" x ")).collect::<Vec<_>>();
    let inside = failing(program(true), "s.inner");
    assert_eq!(holds(&inside), ["0 holds x s", "3 lets go of x s"]);
    let outside = failing(program(false), "outer");
    assert_eq!(holds(&outside), ["0 holds x s", "2 lets go of x s", "3 holds x s.a", "4 lets go of x s.a"]);
}

/// A stage under one lock with a step under another, which can be undone.
fn nested(draft: &mut Draft, names: [&str; 2], locks: [&str; 2]) {
    draft.stage(Some(names[0]), |draft| {
        draft.clauses().lock = Some(lock(locks[0], 1, LockElse::Wait));
        draft.step_with(names[1], undoable(locks[1], LockElse::Wait));
    });
}

/// What happened to locks, and when undos began, from the second on.
fn locking(simulation: &Simulation<Script>, since: &str) -> Vec<String> {
    let story = story(simulation);
    let begins = story.iter().position(|line| line.contains(since)).unwrap();
    let is_meant = |line: &String| ["holds", "waits", "lets go", "starts"].iter().any(|word| line.contains(word));
    story.into_iter().skip(begins + 1).filter(is_meant).collect()
}

#[test]
fn an_undo_takes_all_locks_of_its_step_in_their_order() {
    let mut draft = Draft::new("main");
    nested(&mut draft, ["s", "a"], ["x", "y"]);
    draft.step("breaks");
    let mut simulation = failing(draft.program(), "breaks");
    simulation.hold_elsewhere("y", "other", Duration::from_seconds(5));
    let simulation = asked_for_rollback(simulation);
    let expected =
        ["2 holds x s.a", "2 waits for y s.a", "7 holds y s.a", "7 starts s.a", "8 lets go of y s.a", "8 lets go of x s.a"];
    assert_eq!(locking(&simulation, "run failed"), expected);
    assert_eq!(simulation.engine().kept(), [0; 7]);
}

#[test]
fn an_undo_that_holds_one_lock_and_waits_for_another_does_so_when_its_process_died() {
    let mut draft = Draft::new("main");
    nested(&mut draft, ["s", "a"], ["x", "y"]);
    draft.step("breaks");
    let program = draft.program();
    let mut simulation = failing(program.clone(), "breaks");
    simulation.hold_elsewhere("y", "other", Duration::from_seconds(5));
    let simulation = asked_for_rollback(simulation);
    let waits = simulation.events().iter().position(|event| matches!(event.kind, EventKind::LockAwaited { .. })).unwrap();
    let history = &simulation.events()[..=waits];
    let resumed = Simulation::resumed(program, WorkflowId(0), Vec::new(), Options::default(), Script::default(), history);
    let mut resumed = resumed.unwrap();
    assert_eq!(resumed.engine().held_locks().len(), 1);
    assert_eq!(resumed.engine().standstill(), Some(Standstill { held: 1, awaited: 1 }));
    resumed.run().unwrap();
    let expected = ["2 holds y s.a", "2 starts s.a", "3 lets go of y s.a", "3 lets go of x s.a"];
    assert_eq!(locking(&resumed, "waits for y s.a"), expected);
    assert_eq!(resumed.engine().state(), RunState::RolledBack);
}

#[test]
fn undos_that_take_the_same_locks_in_other_orders_give_way_to_each_other() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        nested(draft, ["p", "a"], ["x", "y"]);
        draft.stage(None, |draft| {
            draft.step("before");
            nested(draft, ["q", "b"], ["y", "x"]);
        });
    });
    draft.step("breaks");
    draft.rolls_back();
    let simulation = failing(draft.program(), "breaks");
    assert_eq!(simulation.engine().state(), RunState::RolledBack, "{:#?}", story(&simulation));
    let expected = [
        "3 holds x p.a",
        "3 holds y q.b",
        "3 lets go of y q.b",
        "3 waits for y p.a",
        "3 holds y p.a",
        "3 starts p.a",
        "3 waits for y q.b",
        "4 lets go of y p.a",
        "4 lets go of x p.a",
        "4 holds y q.b",
        "4 holds x q.b",
        "4 starts q.b",
        "5 lets go of x q.b",
        "5 lets go of y q.b",
    ];
    assert_eq!(locking(&simulation, "failed exit breaks"), expected);
    assert_eq!(simulation.engine().kept(), [0; 7]);
}

#[test]
fn undos_of_one_lock_go_one_after_the_other() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step_with("a", undoable("x", LockElse::Wait));
        draft.step_with("b", undoable("x", LockElse::Wait));
        draft.step_with("c", undoable("y", LockElse::Wait));
    });
    draft.step("breaks");
    draft.rolls_back();
    let story = story(&failing(draft.program(), "breaks"));
    let starts: Vec<&str> = story.iter().filter(|line| line.contains("starts")).map(|line| &**line).collect();
    assert_eq!(starts[4..], ["3 starts a", "3 starts c", "4 starts b"], "{story:#?}");
}

#[test]
fn an_undo_that_waits_for_its_lock_goes_on_waiting_when_its_process_died() {
    let mut draft = Draft::new("main");
    draft.step_with("a", undoable("x", LockElse::Wait));
    draft.step("breaks");
    let program = draft.program();
    let mut simulation = failing(program.clone(), "breaks");
    simulation.hold_elsewhere("x", "other", Duration::from_seconds(5));
    let simulation = asked_for_rollback(simulation);
    let waits = simulation.events().iter().position(|event| matches!(event.kind, EventKind::LockAwaited { .. })).unwrap();
    let history = &simulation.events()[..=waits];
    let resumed = Simulation::resumed(program, WorkflowId(0), Vec::new(), Options::default(), Script::default(), history);
    let mut resumed = resumed.unwrap();
    resumed.run().unwrap();
    let story = story(&resumed);
    assert_eq!(story[story.len() - 3..], ["3 lets go of x a", "3 done a", "3 run rolled_back"], "{story:#?}");
}

#[test]
fn a_step_gives_way_to_an_undo_that_waits_for_the_same_locks() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.stage(Some("p"), |draft| {
            draft.clauses().lock = Some(lock("y", 1, LockElse::Wait));
            draft.step_with("a", undoable("x", LockElse::Wait));
            draft.step("breaks");
            draft.rolls_back();
        });
        draft.stage(None, |draft| {
            draft.step("before");
            draft.stage(Some("q"), |draft| {
                draft.clauses().lock = Some(lock("x", 1, LockElse::Wait));
                draft.step("b");
                draft.step_with("c", locked("y", LockElse::Wait));
            });
        });
    });
    let simulation = failing(draft.program(), "p.breaks");
    let story = story(&simulation);
    for line in ["2 failed engine q.c", "2 holds x p.a", "3 done p.a", "3 run rolled_back"] {
        assert!(story.contains(&line.to_owned()), "{line}: {story:#?}");
    }
}
