//! Rollbacks of random graphs, against a model that knows nothing of the engine.

use super::draft::{Draft, undoing};
use super::tests::{failure, result};
use super::{Cast, Course, Simulation};
use crate::engine::{Engine, Options};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, Event, EventKind, Instance, InstanceId, InstanceKind};
use wf_model::expression::Function;
use wf_model::program::{Program, StepClauses, Wait, WorkflowId};
use wf_model::run::{RunRecord, RunState, UndoStatus};
use wf_model::script::Call;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// A step of a random graph: on which earlier ones it depends, and how it and its undo go.
#[derive(Clone, Debug)]
struct Member {
    depends: BTreeSet<usize>,
    undo: bool,
    fails: bool,
    undo_fails: bool,
    takes: i64,
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let member = (
        proptest::collection::vec(0..40_usize, 0..4),
        proptest::bool::weighted(0.7),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
        0..5_i64,
    );
    proptest::collection::vec(member, 1..24).prop_map(|members| {
        let member = |(index, (depends, undo, fails, undo_fails, takes)): (usize, (Vec<usize>, bool, bool, bool, i64))| Member {
            depends: depends.into_iter().filter(|_| index > 0).map(|on| on % index.max(1)).collect(),
            undo,
            fails,
            undo_fails,
            takes,
        };
        members.into_iter().enumerate().map(member).collect()
    })
}

#[derive(Clone)]
struct Graph(Arc<Vec<Member>>);

impl Graph {
    fn member(&self, path: &str) -> Option<&Member> {
        self.0.get(path.strip_prefix('s')?.parse::<usize>().ok()?)
    }
}

impl Cast for Graph {
    fn attempt(&mut self, instance: &Instance, _: u32, call: &Call) -> Course {
        let Some(member) = self.member(&instance.path) else { return Course { takes: Duration::default(), outcome: done() } };
        let fails = if &*call.kind == "revert" { member.undo_fails } else { member.fails };
        let outcome = if fails { AttemptOutcome::Failed(failure()) } else { done() };
        Course { takes: Duration::from_seconds(member.takes), outcome }
    }

    fn observe(&mut self, _: Function, _: &[Value]) -> Result<Value, Arc<str>> {
        Ok(Value::Null)
    }
}

fn done() -> AttemptOutcome {
    AttemptOutcome::Succeeded { result: result("x"), decoded: None }
}

fn write(members: &[Member], staged: bool) -> Arc<Program> {
    let mut draft = Draft::new("main");
    draft.parallel(None, Wait::All, None, |draft| {
        let mut steps = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let clauses = if member.undo { undoing(Vec::new()) } else { StepClauses::default() };
            let mut step = None;
            let name = format!("s{index}");
            // A stage of its own makes every dependency lead from one body into another.
            if staged && index % 3 == 0 {
                draft.stage(None, |draft| step = Some(draft.step_with(&name, clauses)));
            } else {
                step = Some(draft.step_with(&name, clauses));
            }
            let step = step.unwrap();
            let depends: Vec<_> = member.depends.iter().filter_map(|on| steps.get(*on).copied()).collect();
            draft.after(step, &depends);
            steps.push(step);
        }
    });
    draft.step("end");
    draft.rolls_back();
    draft.program()
}

/// What has to become of the undo of each step that started: the model.
fn expected(members: &[Member], started: &BTreeSet<usize>) -> BTreeMap<usize, UndoStatus> {
    let mut blocked = vec![false; members.len()];
    let mut expected = BTreeMap::new();
    for index in (0..members.len()).rev() {
        let acts = members[index].undo && started.contains(&index);
        let bad = blocked[index] || (acts && members[index].undo_fails);
        if acts {
            let status = match (blocked[index], members[index].undo_fails) {
                (true, _) => UndoStatus::Blocked,
                (false, true) => UndoStatus::Failed,
                (false, false) => UndoStatus::Undone,
            };
            expected.insert(index, status);
        }
        if bad {
            members[index].depends.iter().for_each(|on| blocked[*on] = true);
        }
    }
    expected
}

/// Everything that a step depends on, at any distance.
fn below(members: &[Member], index: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        open.extend(members[index].depends.iter().filter(|on| found.insert(**on)));
    }
    found
}

/// When the undo of each step began and ended, counted in events.
fn undos(events: &[Event]) -> BTreeMap<usize, (usize, usize)> {
    let mut of: BTreeMap<InstanceId, usize> = BTreeMap::new();
    let mut spans: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        match &event.kind {
            EventKind::Ready { instance, kind: InstanceKind::Undo(_), .. } => {
                of.insert(instance.id, instance.path.trim_start_matches('s').parse().unwrap());
            }
            EventKind::Started { instance, attempt: 1 } if of.contains_key(&instance.id) => {
                assert!(spans.insert(of[&instance.id], (place, usize::MAX)).is_none(), "{} is undone twice", instance.path);
            }
            EventKind::Succeeded { instance, .. } | EventKind::Failed { instance, .. } if of.contains_key(&instance.id) => {
                spans.get_mut(&of[&instance.id]).unwrap().1 = place;
            }
            _ => {}
        }
    }
    spans
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn rollbacks_are_the_set_and_the_order_of_the_model(members in members(), staged in any::<bool>(), jobs in 1..5_usize) {
        let program = write(&members, staged);
        let options = Options { jobs, ..Options::default() };
        let graph = Graph(Arc::new(members.clone()));
        let mut simulation = Simulation::new(program.clone(), WorkflowId(0), Vec::new(), options.clone(), graph);
        let state = simulation.run().unwrap();
        let record = RunRecord::of(simulation.events());
        let number = |path: &str| path.strip_prefix('s').and_then(|number| number.parse::<usize>().ok());
        let started: BTreeSet<usize> = record.order.iter().filter_map(|path| number(path)).collect();
        let fails = members.iter().enumerate().any(|(index, member)| member.fails && started.contains(&index));
        let expected = if fails { expected(&members, &started) } else { BTreeMap::new() };
        for index in 0..members.len() {
            let status = record.at(&format!("s{index}")).map_or(UndoStatus::None, |record| record.undo);
            prop_assert_eq!(status, expected.get(&index).copied().unwrap_or_default(), "s{}", index);
        }
        let whole = expected.values().all(|status| *status == UndoStatus::Undone);
        let rolled_back = if whole { RunState::RolledBack } else { RunState::RollbackFailed };
        prop_assert_eq!(state, if fails { rolled_back } else { RunState::Succeeded });
        let undos = undos(simulation.events());
        for (&index, &(began, _)) in &undos {
            for (&above, &(_, ended)) in undos.iter().filter(|(above, _)| below(&members, **above).contains(&index)) {
                prop_assert!(ended < began, "s{} stands on s{} and is undone after it", above, index);
            }
        }
        let mut again = Engine::new(program, WorkflowId(0), Vec::new(), options);
        for event in simulation.events() {
            again.apply(event).unwrap();
        }
        prop_assert_eq!(again.commands(), simulation.commands());
        prop_assert_eq!(again.kept(), [0; 7]);
    }
}
