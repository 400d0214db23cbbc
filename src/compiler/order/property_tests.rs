//! Few edges say the same as all of them: compared with a graph that repeats every rule for every pair of statements.

use super::{Depends, resolve};
use crate::sample::Sample;
use foldhash::HashSet;
use proptest::prelude::*;
use wf_model::program::{Body, BodyId, Place, Statement, StatementId, Wait, Workflow};

/// One step of building a workflow: numbers pick a body or a statement out of those that are there.
#[derive(Clone, Debug)]
enum Move {
    Step { body: usize },
    Stage { body: usize },
    Parallel { body: usize },
    Uses { user: usize, producer: usize },
    DependsOn { user: usize, on: usize },
    DependsOnNothing { user: usize },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let number = || 0_usize..64;
    let one = prop_oneof![
        4 => number().prop_map(|body| Move::Step { body }),
        1 => number().prop_map(|body| Move::Stage { body }),
        1 => number().prop_map(|body| Move::Parallel { body }),
        3 => (number(), number()).prop_map(|(user, producer)| Move::Uses { user, producer }),
        2 => (number(), number()).prop_map(|(user, on)| Move::DependsOn { user, on }),
        1 => number().prop_map(|user| Move::DependsOnNothing { user }),
    ];
    proptest::collection::vec(one, 1..30)
}

/// The workflow with what its steps use, by statement.
fn build(moves: &[Move]) -> (Sample, Vec<(StatementId, StatementId)>) {
    let mut sample = Sample::new();
    let mut bodies = vec![sample.root()];
    let mut steps = vec![sample.step(bodies[0], "first")];
    let mut uses = Vec::new();
    for (number, step) in moves.iter().enumerate() {
        let name = format!("s{number}");
        let statement = |number: usize| steps[number % steps.len()];
        match *step {
            Move::Step { body } => steps.push(sample.step(bodies[body % bodies.len()], &name)),
            Move::Stage { body } => bodies.push(sample.stage(bodies[body % bodies.len()], &name).1),
            Move::Parallel { body } => bodies.push(sample.parallel(bodies[body % bodies.len()], &name, Wait::All).1),
            Move::Uses { user, producer } => {
                let (user, producer) = (statement(user), statement(producer));
                sample.uses(user, producer);
                uses.push((user, producer));
            }
            Move::DependsOn { user, on } => {
                let (user, on) = (statement(user), statement(on));
                sample.depends(user, &[on]);
            }
            Move::DependsOnNothing { user } => sample.depends(statement(user), &[]),
        }
    }
    (sample, uses)
}

/// `reaches[a][b]`: whether node a can come only after node b. A statement starts at twice its number and ends one behind.
fn closure(workflow: &Workflow, waits: &[(StatementId, StatementId)]) -> Vec<Vec<bool>> {
    let nodes = 2 * workflow.statements.len();
    let (start, end) = (|id: StatementId| 2 * id.index(), |id: StatementId| 2 * id.index() + 1);
    let mut reaches = vec![vec![false; nodes]; nodes];
    for (id, statement) in workflow.statements.iter() {
        reaches[end(id)][start(id)] = true;
        for inner in statement.kind.bodies().iter().flat_map(|body| &workflow.bodies.get(*body).unwrap().statements) {
            reaches[start(*inner)][start(id)] = true;
            reaches[end(id)][end(*inner)] = true;
        }
    }
    for (user, on) in waits {
        reaches[start(*user)][end(*on)] = true;
    }
    for middle in 0..nodes {
        for from in 0..nodes {
            if reaches[from][middle] {
                let further = reaches[middle].clone();
                reaches[from].iter_mut().zip(further).for_each(|(known, new)| *known |= new);
            }
        }
    }
    reaches
}

/// Every wait that the rules name, each written out.
fn all_waits(sample: &Sample, uses: &[(StatementId, StatementId)]) -> Vec<(StatementId, StatementId)> {
    let workflow = &sample.workflow;
    let mut waits = Vec::new();
    let parallel: HashSet<BodyId> =
        workflow.statements.iter().filter(is_parallel).flat_map(|(_, block)| block.kind.bodies()).collect();
    for (_, body) in workflow.bodies.iter().filter(|(id, _)| !parallel.contains(id)) {
        for (position, user) in body.statements.iter().enumerate().filter(|(_, user)| !sample.depends.contains_key(user)) {
            waits.extend(body.statements[..position].iter().map(|above| (*user, *above)));
        }
    }
    for (user, depends) in &sample.depends {
        let Depends::On(names) = depends else { continue };
        waits.extend(names.iter().map(|(on, _)| (*user, *on)));
    }
    for (user, producer) in uses {
        waits.push((holder_beside(workflow, *user, *producer), *producer));
    }
    waits
}

fn is_parallel((_, statement): &(StatementId, &Statement)) -> bool {
    matches!(statement.kind, wf_model::program::StatementKind::Parallel(_))
}

/// The statement that is or holds `inner` in the innermost body that also holds `other`.
fn holder_beside(workflow: &Workflow, inner: StatementId, other: StatementId) -> StatementId {
    let chain = |statement: StatementId| {
        let body_of = |statement| {
            workflow.bodies.iter().find(|(_, body): &(BodyId, &Body)| body.statements.contains(&statement)).unwrap().0
        };
        let owner = |body| workflow.statements.iter().find(|(_, block)| block.kind.bodies().contains(&body)).map(|(id, _)| id);
        std::iter::successors(Some((statement, body_of(statement))), move |(_, body)| owner(*body).map(|id| (id, body_of(id))))
            .collect::<Vec<_>>()
    };
    let bodies: HashSet<_> = chain(other).into_iter().map(|(_, body)| body).collect();
    chain(inner).into_iter().find(|(_, body)| bodies.contains(body)).unwrap().0
}

proptest! {
    #[test]
    fn few_edges_say_the_same_as_all(moves in moves()) {
        let (mut sample, uses) = build(&moves);
        let expected = closure(&sample.workflow, &all_waits(&sample, &uses));
        let mut diagnostics = Vec::new();
        resolve(&mut sample.workflow, &sample.depends, &mut diagnostics);
        if diagnostics.iter().any(|found| found.slug == "value-used-before") {
            return Ok(());
        }
        let in_circle = (0..expected.len()).any(|node| expected[node][node]);
        prop_assert_eq!(!diagnostics.is_empty(), in_circle, "{:?}", diagnostics);
        if !in_circle {
            let statements = sample.workflow.statements.iter();
            let waits: Vec<_> = statements.flat_map(|(id, user)| user.after.iter().map(move |after| (id, after.on))).collect();
            prop_assert_eq!(closure(&sample.workflow, &waits), expected);
        }
    }
}
