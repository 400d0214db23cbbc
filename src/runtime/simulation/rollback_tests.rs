//! Handlers and rollbacks, on a virtual clock.

use super::Simulation;
use super::draft::{
    Draft, continued, expecting, expression, field, holds, name, numbers, program, retry, seconds, text, undoing,
};
use super::tests::{Script, run, simulate, state};
use crate::engine::Options;
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{CancelCause, EventKind, Instance, InstanceId, InstanceKind, SettledUndo, SkipReason};
use wf_model::expression::{ExpressionKind, Reference};
use wf_model::program::{Callee, HandlerCause, Program, Rollback, StatementKind, StepClauses, Wait, WorkflowId};
use wf_model::run::{RunRecord, RunState, UndoStatus};
use wf_model::script::Argument;
use wf_model::unit::Duration;
use wf_model::value::Value;

fn failing(paths: &[&'static str]) -> Script {
    Script { fails: paths.iter().map(|path| (*path, u32::MAX)).collect(), ..Script::default() }
}

/// Somebody asks for a rollback; `settled` are steps, and whether they were undone by hand.
fn requested(settled: &[(InstanceId, bool)]) -> EventKind {
    let settled = settled.iter().map(|(step, undone)| SettledUndo { step: *step, undone: *undone }).collect();
    EventKind::RollbackRequested { settled, reason: None }
}

/// What happened, one short line each; undos are told as such.
fn told(simulation: &Simulation<Script>) -> Vec<String> {
    let mut undos: BTreeMap<InstanceId, ()> = BTreeMap::new();
    let mut lines = Vec::new();
    for event in simulation.events() {
        let word = |instance: &Instance, word: &str| format!("{word} {}", instance.path);
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                undos.insert(instance.id, ());
            }
            EventKind::Skipped { instance, kind: InstanceKind::Undo(_), reason } => {
                lines.push(word(instance, if *reason == SkipReason::Blocked { "blocked" } else { "nothing to undo of" }));
            }
            EventKind::Started { instance, attempt: 1 } => {
                lines.push(word(instance, if undos.contains_key(&instance.id) { "undo" } else { "do" }));
            }
            EventKind::Failed { instance, .. } if undos.contains_key(&instance.id) => lines.push(word(instance, "cannot undo")),
            EventKind::HandlerOpened { cause, .. } => lines.push(format!("{cause:?}").to_lowercase()),
            EventKind::RunEnded { state, .. } => lines.push(state.name().to_owned()),
            _ => {}
        }
    }
    lines
}

fn story(program: Arc<Program>, script: Script) -> Vec<String> {
    told(&simulate(program, script))
}

#[test]
fn a_rollback_undoes_the_last_step_first_and_never_one_that_did_not_start() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.step("reads");
    draft.undoable("b");
    draft.undoable("c");
    draft.undoable("never");
    draft.on(HandlerCause::Failure, |draft| {
        draft.step("before");
        draft.rollback();
        draft.step("after");
    });
    draft.on(HandlerCause::Finally, |draft| {
        draft.step("last");
    });
    let told = story(draft.program(), failing(&["c"]));
    let expected =
        ["do a", "do reads", "do b", "do c", "failure", "do before", "undo c", "undo b", "undo a", "do after", "finally"];
    assert_eq!(told, [&expected[..], &["do last", "rolled_back"]].concat());
}

#[test]
fn without_a_rollback_nothing_is_undone() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.step("b");
    draft.on(HandlerCause::Failure, |draft| {
        draft.step("alert");
    });
    assert_eq!(story(draft.program(), failing(&["b"])), ["do a", "do b", "failure", "do alert", "failed"]);
}

#[test]
fn a_step_that_fails_in_a_handler_stops_neither_it_nor_the_rollback() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.step("b");
    draft.on(HandlerCause::Failure, |draft| {
        draft.step("alert");
        draft.stage(None, |draft| {
            draft.step("page");
            draft.step("tell");
        });
        draft.rollback();
    });
    let told = story(draft.program(), failing(&["b", "alert", "page"]));
    assert_eq!(told, ["do a", "do b", "failure", "do alert", "do page", "do tell", "undo a", "rolled_back"]);
}

#[test]
fn handlers_run_for_what_they_are_for() {
    let program = || {
        let mut draft = Draft::new("main");
        draft.step("work");
        for (cause, name) in [
            (HandlerCause::Finally, "f"),
            (HandlerCause::Success, "s"),
            (HandlerCause::Failure, "x"),
            (HandlerCause::Cancel, "c"),
            (HandlerCause::FailureOrCancel, "xc"),
        ] {
            draft.on(cause, |draft| {
                draft.step(name);
            });
        }
        draft.program()
    };
    assert_eq!(story(program(), Script::default()), ["do work", "success", "do s", "finally", "do f", "succeeded"]);
    let failed = ["do work", "failure", "do x", "failureorcancel", "do xc", "finally", "do f", "failed"];
    assert_eq!(story(program(), failing(&["work"])), failed);
    let mut simulation = Simulation::new(program(), WorkflowId(0), Vec::new(), Options::default(), Script::default());
    simulation.cancel_after(Duration { milliseconds: 500 }, CancelCause::Interrupt);
    let cancelled = ["do work", "cancel", "do c", "failureorcancel", "do xc", "finally", "do f", "cancelled"];
    assert_eq!(told(&run(simulation)), cancelled);
}

#[test]
fn a_step_that_fails_on_success_fails_the_body() {
    let mut draft = Draft::new("main");
    draft.undoable("work");
    draft.on(HandlerCause::Success, |draft| {
        draft.step("announce");
    });
    draft.rolls_back();
    let told = story(draft.program(), failing(&["announce"]));
    assert_eq!(told, ["do work", "success", "do announce", "failure", "undo work", "rolled_back"]);
}

#[test]
fn handlers_of_a_step_see_its_failure() {
    let mut draft = Draft::new("main");
    let work = draft.step("work");
    draft.on_step(work, HandlerCause::Failure, |draft| {
        let failure = expression(ExpressionKind::Reference(Reference::Failure));
        let given = vec![("message", field(failure, "step"))];
        draft.call("alert", Callee::Kind("notify".into()), given, StepClauses::default());
    });
    let simulation = simulate(draft.program(), failing(&["work"]));
    assert_eq!(told(&simulation), ["do work", "failure", "do alert", "failed"]);
    let (_, call) = simulation.cast.calls.last().unwrap();
    assert_eq!(call.argument("message"), Some(&Argument::Value(Value::string("work"))));
}

#[test]
fn an_undo_sees_the_values_of_its_attempt_and_round() {
    let mut draft = Draft::new("main");
    draft.repeat(2, None, |draft| {
        let look =
            expression(ExpressionKind::Call(wf_model::expression::Function::Uuid, Vec::new(), wf_model::expression::Place(1)));
        let before = draft.binding("before", look);
        let before = draft.value_of(before);
        draft.step_with("a", undoing(vec![("to", name(before))]));
        holds(false)
    });
    draft.rolls_back();
    let simulation = simulate(draft.program(), Script::default());
    let undos: Vec<String> = simulation
        .cast
        .calls
        .iter()
        .filter(|(_, call)| &*call.kind == "revert")
        .map(|(_, call)| format!("{:?}", call.argument("to").unwrap()))
        .collect();
    assert_eq!(undos.len(), 2);
    assert!(undos[0].contains("uuid 2") && undos[1].contains("uuid 1"), "{undos:?}");
}

#[test]
fn an_undo_has_the_result_where_only_an_expectation_failed() {
    let draft = |fails: bool| {
        let mut draft = Draft::new("main");
        let charge = draft.value("charge");
        let own = name(charge);
        let clauses = undoing(vec![("id", own), ("result", expression(ExpressionKind::Reference(Reference::Result)))]);
        let clauses = StepClauses { expectations: vec![expecting(holds(false))], ..clauses };
        let id = draft.step_with("charge", clauses);
        draft.statement(id).value = Some(charge);
        draft.rolls_back();
        let simulation = simulate(draft.program(), if fails { failing(&["charge"]) } else { Script::default() });
        let (_, call) = simulation.cast.calls.last().unwrap();
        assert_eq!(&*call.kind, "revert");
        assert_eq!(call.argument("id"), call.argument("result"));
        call.argument("id") != Some(&Argument::Value(Value::Null))
    };
    assert!(draft(false));
    assert!(!draft(true));
}

#[test]
fn side_by_side_steps_are_undone_side_by_side_and_sequential_loops_last_first() {
    let mut draft = Draft::new("main");
    draft.undoable("first");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.undoable("p");
        draft.stage(None, |draft| {
            draft.undoable("q1");
            draft.undoable("q2");
        });
    });
    draft.each("loop", numbers(3), None, None, |draft, _| {
        draft.undoable("x");
        Vec::new()
    });
    draft.step("end");
    draft.rolls_back();
    let told = story(draft.program(), failing(&["end"]));
    let undos: Vec<&str> = told.iter().filter_map(|line| line.strip_prefix("undo ")).collect();
    assert_eq!(undos[..3], ["loop.x[2]", "loop.x[1]", "loop.x[0]"]);
    assert_eq!(undos[3..6].iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert!(undos.iter().position(|path| *path == "q2") < undos.iter().position(|path| *path == "q1"));
    assert_eq!(undos.last(), Some(&"first"));
}

#[test]
fn a_parallel_loop_is_undone_within_its_max() {
    let mut draft = Draft::new("main");
    draft.each("loop", numbers(6), Some(Wait::All), Some(2), |draft, _| {
        draft.undoable("x");
        Vec::new()
    });
    draft.step("end");
    draft.rolls_back();
    let simulation = simulate(draft.program(), failing(&["end"]));
    let mut undos = std::collections::BTreeSet::new();
    let (mut running, mut most) = (0_usize, 0);
    for event in simulation.events() {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                undos.insert(instance.id);
            }
            EventKind::Started { instance, .. } if undos.contains(&instance.id) => running += 1,
            EventKind::AttemptEnded { instance, .. } if undos.contains(&instance.id) => running -= 1,
            _ => {}
        }
        most = most.max(running);
    }
    assert_eq!((undos.len(), most, state(&simulation)), (6, 2, RunState::RolledBack));
}

#[test]
fn an_undo_is_tried_three_times_and_blocks_only_what_it_stands_on() {
    let script = |times: u32| Script { undo_fails: [("b1", times)].into(), ..failing(&["end"]) };
    let program = || {
        let mut draft = Draft::new("main");
        draft.undoable("network");
        draft.parallel(None, Wait::All, None, |draft| {
            draft.stage(None, |draft| {
                draft.undoable("b0");
                draft.undoable("b1");
            });
            draft.undoable("c");
        });
        draft.step("end");
        draft.on(HandlerCause::Failure, |draft| {
            draft.rollback();
            draft.step("alert");
        });
        draft.program()
    };
    assert_eq!(state(&simulate(program(), script(2))), RunState::RolledBack);
    let simulation = simulate(program(), script(3));
    let told = told(&simulation);
    let after = &told[told.iter().position(|line| line == "failure").unwrap()..];
    assert_eq!(after.iter().filter(|line| line.starts_with("undo")).count(), 2, "{after:?}");
    assert!(after.contains(&"undo c".to_owned()) && after.contains(&"cannot undo b1".to_owned()), "{after:?}");
    assert!(after.contains(&"blocked b0".to_owned()) && after.contains(&"blocked network".to_owned()), "{after:?}");
    assert_eq!(after[after.len() - 2..], ["do alert", "rollback_failed"]);
    let record = RunRecord::of(simulation.events());
    let undo = |path| record.at(path).unwrap().undo;
    assert_eq!(undo("c"), UndoStatus::Undone);
    assert_eq!(undo("b1"), UndoStatus::Failed);
    assert_eq!([undo("b0"), undo("network")], [UndoStatus::Blocked; 2]);
}

/// A stage that rolls back, in a body that does.
fn nested() -> Arc<Program> {
    let mut draft = Draft::new("main");
    draft.undoable("below");
    draft.stage(None, |draft| {
        draft.undoable("a");
        draft.step("end");
        draft.rolls_back();
        draft.clauses().continuation = continued();
    });
    draft.step("not reached");
    draft.rolls_back();
    draft.program()
}

/// Whose step is at a path.
fn step_at(simulation: &Simulation<Script>, path: &str) -> InstanceId {
    RunRecord::of(simulation.events()).at(path).unwrap().instance.id
}

#[test]
fn a_rollback_that_failed_goes_on_where_somebody_mended_it() {
    for (fails, settled, rest, end) in [
        (3, None, &["undo a", "undo below"][..], "rolled_back"),
        (6, None, &["undo a", "cannot undo a"], "rollback_failed"),
        (9, Some(true), &["undo below"], "rolled_back"),
        (9, Some(false), &["undo below"], "rolled_back"),
    ] {
        let script = Script { undo_fails: [("a", fails)].into(), ..failing(&["end"]) };
        let mut simulation = simulate(nested(), script);
        assert_eq!(state(&simulation), RunState::RollbackFailed);
        let before = told(&simulation).len();
        let settled: Vec<(InstanceId, bool)> = settled.map(|undone| (step_at(&simulation, "a"), undone)).into_iter().collect();
        simulation.plan(Duration::from_seconds(600), requested(&settled));
        let simulation = run(simulation);
        assert_eq!(told(&simulation)[before..], [rest, &[end]].concat(), "{fails} {settled:?}");
        let undo = |path| RunRecord::of(simulation.events()).at(path).unwrap().undo;
        let expected = match (end, settled.first()) {
            ("rollback_failed", _) => [UndoStatus::Failed, UndoStatus::Blocked],
            (_, Some((_, false))) => [UndoStatus::Skipped, UndoStatus::Undone],
            _ => [UndoStatus::Undone; 2],
        };
        assert_eq!([undo("a"), undo("below")], expected);
    }
}

#[test]
fn a_run_that_rolled_back_well_is_not_rolled_back_again() {
    let mut simulation = simulate(nested(), failing(&["not reached"]));
    assert_eq!(state(&simulation), RunState::RolledBack);
    simulation.plan(Duration::from_seconds(60), requested(&[]));
    assert!(simulation.run().is_err());
}

#[test]
fn what_an_inner_rollback_could_not_undo_blocks_the_outer_one() {
    let script = Script { undo_fails: [("a", 3)].into(), ..failing(&["end"]) };
    let told = story(nested(), script);
    let rest = ["failure", "undo a", "cannot undo a", "failure", "blocked below", "rollback_failed"];
    assert_eq!(told, [&["do below", "do a", "do end"][..], &rest].concat());
}

#[test]
fn a_failure_goes_on_up_and_an_outer_rollback_undoes_what_is_still_done() {
    let mut draft = Draft::new("main");
    draft.undoable("outer");
    draft.stage(None, |draft| {
        draft.undoable("inner");
        draft.step("end");
        draft.rolls_back();
    });
    draft.rolls_back();
    let told = story(draft.program(), failing(&["end"]));
    assert_eq!(told, ["do outer", "do inner", "do end", "failure", "undo inner", "failure", "undo outer", "rolled_back"]);
}

#[test]
fn with_continue_beside_it_the_run_goes_on_behind_a_rolled_back_body() {
    let mut draft = Draft::new("main");
    draft.stage(None, |draft| {
        draft.undoable("a");
        draft.step("end");
        draft.clauses().continuation = continued();
        draft.rolls_back();
    });
    draft.step("behind");
    assert_eq!(story(draft.program(), failing(&["end"])), ["do a", "do end", "failure", "undo a", "do behind", "succeeded"]);
}

#[test]
fn a_body_that_rolls_back_does_so_before_each_further_attempt() {
    let mut draft = Draft::new("main");
    draft.stage(None, |draft| {
        draft.clauses().retry = Some(retry(1));
        draft.undoable("a");
        draft.step("end");
        draft.on(HandlerCause::Failure, |draft| {
            draft.step("alert");
            draft.rollback();
        });
    });
    let told = story(draft.program(), failing(&["end"]));
    let attempt = ["do a", "do end", "undo a"];
    assert_eq!(told, [&attempt[..], &["do a", "do end", "failure", "do alert", "undo a", "rolled_back"]].concat());
}

#[test]
fn attempts_that_nobody_undid_are_undone_later() {
    let mut draft = Draft::new("main");
    draft.stage(None, |draft| {
        draft.clauses().retry = Some(retry(1));
        draft.undoable("a");
        draft.step("end");
    });
    draft.rolls_back();
    let told = story(draft.program(), failing(&["end"]));
    assert_eq!(told, ["do a", "do end", "do a", "do end", "failure", "undo a", "undo a", "rolled_back"]);
}

#[test]
fn checkpoints_bound_a_rollback_and_a_commit_ends_it() {
    let program = |with: fn(&mut Draft)| {
        let mut draft = Draft::new("main");
        draft.undoable("a");
        with(&mut draft);
        draft.undoable("b");
        draft.step("end");
        draft.on(HandlerCause::Failure, |draft| {
            draft.add(None, StatementKind::Rollback(Rollback::To("half".into())));
        });
        draft.program()
    };
    let reached = program(|draft| {
        draft.add(None, StatementKind::Checkpoint("half".into()));
    });
    assert_eq!(story(reached, failing(&["end"])), ["do a", "do b", "do end", "failure", "undo b", "rolled_back"]);
    let committed = program(|draft| {
        draft.stage(None, |draft| {
            draft.undoable("c");
            draft.add(None, StatementKind::Commit);
        });
    });
    assert_eq!(story(committed, failing(&["end"])), ["do a", "do c", "do b", "do end", "failure", "undo b", "rolled_back"]);
    let early = program(|draft| {
        draft.add(None, StatementKind::Checkpoint("half".into()));
    });
    assert_eq!(story(early, failing(&["a"])), ["do a", "failure", "undo a", "rolled_back"]);
}

#[test]
fn losers_of_a_race_are_undone_before_it_ends() {
    let mut draft = Draft::new("main");
    draft.parallel(Some("race"), Wait::Any, None, |draft| {
        draft.undoable("fast");
        draft.undoable("slow");
        draft.undoable("broken");
    });
    draft.step("behind");
    let script = Script { takes: [("fast", 2), ("slow", 9)].into(), ..failing(&["race.broken"]) };
    let script = Script { takes: [("race.fast", 2), ("race.slow", 9)].into(), ..script };
    let told = story(draft.program(), script);
    assert_eq!(told.len(), 7, "{told:?}");
    assert!(told[3..5].contains(&"undo race.slow".to_owned()) && told[3..5].contains(&"undo race.broken".to_owned()), "{told:?}");
    assert_eq!(told[5..], ["do behind", "succeeded"]);
}

#[test]
fn a_loser_that_cannot_be_undone_lets_the_winner_go_on() {
    let mut draft = Draft::new("main");
    draft.each("race", numbers(2), Some(Wait::Any), None, |draft, _| {
        draft.undoable("x");
        Vec::new()
    });
    draft.step("behind");
    let script = Script { takes: [("race.x[1]", 9)].into(), undo_fails: [("race.x[1]", 3)].into(), ..Script::default() };
    let told = story(draft.program(), script);
    assert_eq!(told, ["do race.x[0]", "do race.x[1]", "undo race.x[1]", "cannot undo race.x[1]", "do behind", "rollback_failed"]);
}

#[test]
fn children_are_undone_inside_their_callers() {
    let mut child = Draft::new("child");
    child.undoable("inside");
    child.step("more");
    let mut main = Draft::new("main");
    main.undoable("before");
    main.call("eu", Callee::Workflow(WorkflowId(1)), Vec::new(), undoing(vec![("what", text("eu"))]));
    main.step("end");
    main.rolls_back();
    let told = story(program([main, child]), failing(&["end"]));
    let rest = ["failure", "undo eu", "undo eu.inside", "undo before", "rolled_back"];
    assert_eq!(told, [&["do before", "do eu.inside", "do eu.more", "do end"][..], &rest].concat());
}

#[test]
fn a_first_interrupt_does_not_stop_a_rollback() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.undoable("b");
    draft.step("end");
    draft.on(HandlerCause::Failure, |draft| {
        draft.rollback();
        draft.step("alert");
    });
    let script = failing(&["end"]);
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), script);
    simulation.cancel_after(Duration { milliseconds: 3_500 }, CancelCause::Interrupt);
    let told = told(&run(simulation));
    assert_eq!(told, ["do a", "do b", "do end", "failure", "undo b", "undo a", "do alert", "rolled_back"]);
}

#[test]
fn a_second_interrupt_leaves_a_run_that_has_not_ended() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.on(HandlerCause::Finally, |draft| {
        draft.step("killed");
        draft.step("last");
    });
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), Script::default());
    for milliseconds in [500, 600] {
        simulation.cancel_after(Duration { milliseconds }, CancelCause::Interrupt);
    }
    simulation.run().unwrap();
    assert_eq!(told(&simulation), ["do a", "finally", "do killed"]);
    assert!(simulation.commands().contains(&crate::engine::Command::Suspend));
}

fn manual() -> Arc<Program> {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.step("end");
    draft.on(HandlerCause::Failure, |draft| {
        draft.add(None, StatementKind::Rollback(Rollback::Manually));
        draft.step("after");
    });
    draft.program()
}

#[test]
fn a_manual_rollback_waits_until_somebody_asks() {
    let program = manual();
    let simulation = simulate(program.clone(), failing(&["end"]));
    assert_eq!(
        (told(&simulation), state(&simulation)),
        (["do a", "do end", "failure"].map(str::to_owned).to_vec(), RunState::Paused)
    );
    let mut simulation = Simulation::new(program, WorkflowId(0), Vec::new(), Options::default(), failing(&["end"]));
    simulation.plan(Duration::from_seconds(9), requested(&[]));
    assert_eq!(told(&run(simulation)), ["do a", "do end", "failure", "undo a", "do after", "rolled_back"]);
    let mut simulation = Simulation::new(manual(), WorkflowId(0), Vec::new(), Options::default(), failing(&["end"]));
    simulation.cancel_after(Duration::from_seconds(9), CancelCause::Request);
    assert_eq!(told(&run(simulation)), ["do a", "do end", "failure", "do after", "failed"]);
}

#[test]
fn a_run_that_ended_can_be_rolled_back_later() {
    let mut draft = Draft::new("main");
    draft.undoable("a");
    draft.stage(None, |draft| {
        draft.undoable("b");
    });
    draft.step("end");
    let mut simulation = simulate(draft.program(), failing(&["end"]));
    assert_eq!(state(&simulation), RunState::Failed);
    simulation.plan(Duration::from_seconds(60), requested(&[]));
    assert_eq!(told(&run(simulation)), ["do a", "do b", "do end", "failed", "undo b", "undo a", "rolled_back"]);
}

#[test]
fn a_timeout_of_a_block_cancels_what_is_inside_and_fails_the_block() {
    let mut draft = Draft::new("main");
    draft.stage(None, |draft| {
        draft.clauses().timeout = Some(seconds(1));
        draft.stage(None, |draft| {
            draft.undoable("a");
            draft.on(HandlerCause::Cancel, |draft| {
                draft.step("inner");
            });
        });
        draft.on(HandlerCause::Failure, |draft| {
            draft.rollback();
            draft.step("outer");
        });
    });
    let script = Script { takes: [("a", 5)].into(), ..Script::default() };
    assert_eq!(story(draft.program(), script), ["do a", "cancel", "do inner", "failure", "undo a", "do outer", "rolled_back"]);
}

#[test]
fn a_pause_lets_what_runs_end_and_starts_nothing_until_the_run_goes_on() {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        draft.step("a");
        draft.step("b");
    });
    draft.step("c");
    let script = Script { takes: [("b", 5)].into(), ..failing(&["c"]) };
    let mut simulation = Simulation::new(draft.program(), WorkflowId(0), Vec::new(), Options::default(), script);
    simulation.plan(Duration { milliseconds: 500 }, EventKind::PauseRequested);
    simulation.plan(Duration::from_seconds(60), EventKind::RunResumed { boot: None, jobs: None });
    let events = run(simulation).events().to_vec();
    let at = |wanted: fn(&EventKind) -> bool| events.iter().find(|event| wanted(&event.kind)).unwrap().at.milliseconds;
    let began = at(|kind| matches!(kind, EventKind::RunStarted { .. }));
    assert_eq!(at(|kind| matches!(kind, EventKind::Paused)) - began, 5_000);
    assert_eq!(at(|kind| matches!(kind, EventKind::Started { instance, .. } if *instance.path == *"c")) - began, 60_000);
}
