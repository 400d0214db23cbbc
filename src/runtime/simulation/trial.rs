//! One test: a simulated run with its mocks, and what is expected of it.

use super::mocks::{Ending, Mock, Mocks, Target};
use super::outcomes::{Outcomes, Side, state, why};
use super::subject::Subject;
use super::{Cast, Simulation};
use crate::engine::{Engine, IllegalTransition, Options};
use std::collections::BTreeSet;
use std::sync::Arc;
use wf_model::event::{Event, Timestamp};
use wf_model::expression::{Expression, ExpressionKind, Scope, evaluate};
use wf_model::program::{Callee, Expectation, Output, Program, StatementId, StatementKind, Step, Workflow, WorkflowId};
use wf_model::run::{RunRecord, RunState};
use wf_model::span::Span;
use wf_model::test::{Mock as Written, MockOutcome, MockTarget, Test};
use wf_model::types::{Field, Type};
use wf_model::unit::Duration;
use wf_model::value::Value;

/// When simulated runs begin: 2026-01-01T00:00:00Z.
pub(super) const BEGINNING: Timestamp = Timestamp { milliseconds: 1_767_225_600_000 };

/// How many attempts run at a time: what the machine with the fewest processors does.
pub(super) const JOBS: usize = 4;

/// A run whose process died so often is not resumed again.
const MOST_CRASHES: usize = 1_000;

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How the run stands at the end.
    pub record: RunRecord,
    /// How it ended, `paused` where it waits for somebody.
    pub state: RunState,
    /// How long it took on the virtual clock.
    pub duration: Duration,
    /// Steps of which nobody can say what became of them.
    pub unknown: Vec<Arc<str>>,
    /// What does not hold.
    pub unmet: Vec<Unmet>,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// The condition.
    pub span: Span,
    /// What the test says of it.
    pub message: Option<String>,
    /// The values in it.
    pub sides: Vec<Side>,
    /// Why it could not be evaluated, where that is so.
    pub problem: Option<String>,
}

/// Why a test could not run.
#[derive(Clone, Debug, PartialEq)]
pub struct Unrunnable {
    /// What is wrong.
    pub span: Span,
    /// One fact, lower case, without a full stop.
    pub message: String,
}

/// Nothing of a test can be looked up.
struct Constants;

impl Scope for Constants {}

/// Runs a test.
///
/// # Errors
/// Where a value in it cannot be evaluated.
pub fn trial(subject: &Arc<Subject>, test: &Test) -> Result<Trial, Unrunnable> {
    let (arguments, mocks, subject) = prepared(subject, test)?;
    let cast = Mocks::new(subject.clone(), mocks);
    let broken = |error: IllegalTransition| Unrunnable { span: test.span, message: error.to_string() };
    let played = play(&subject, test.workflow, &arguments, cast, None).map_err(broken)?;
    if let Some(problem) = played.cast.problems().first() {
        return Err(Unrunnable { span: test.span, message: problem.clone() });
    }
    Ok(judged(played, &test.expectations))
}

/// What a test runs with, and its mocks; steps whose values are made are expected nothing of.
type Prepared = (Vec<(Arc<str>, Value)>, Vec<Mock>, Arc<Subject>);

/// Evaluates what a test says.
///
/// # Errors
/// Where a value in it cannot be evaluated.
pub(super) fn prepared(subject: &Arc<Subject>, test: &Test) -> Result<Prepared, Unrunnable> {
    let argument = |(name, value): &(Arc<str>, Expression)| Ok((name.clone(), constant(value)?));
    let arguments = test.arguments.iter().map(argument).collect::<Result<Vec<_>, _>>()?;
    let mocks = test.mocks.iter().map(mock).collect::<Result<Vec<_>, _>>()?;
    Ok((arguments, mocks, Arc::new(subject.with_program(mocked(subject, &test.mocks)))))
}

/// A simulated run to its end, resumed each time its process died.
pub(super) struct Played<C> {
    pub(super) engine: Engine,
    pub(super) cast: C,
    pub(super) events: Vec<Event>,
    pub(super) unknown: Vec<Arc<str>>,
    pub(super) end: Timestamp,
}

/// Plays a run, from its beginning or behind what happened before its process died.
pub(super) fn play<C: Cast>(
    subject: &Subject,
    workflow: WorkflowId,
    arguments: &[(Arc<str>, Value)],
    cast: C,
    history: Option<&[Event]>,
) -> Result<Played<C>, IllegalTransition> {
    let program = || (subject.program.clone(), workflow, arguments.to_vec());
    let options = || Options { jobs: JOBS, secrets: subject.secrets(), plan: None };
    let (code, id, given) = program();
    let mut simulation = match history {
        None => Simulation::beginning(BEGINNING, code, id, given, options(), cast),
        Some(history) => Simulation::resumed_at(BEGINNING, code, id, given, options(), cast, history)?,
    };
    simulation.run()?;
    for _ in 0..MOST_CRASHES {
        if !simulation.has_crashed() {
            break;
        }
        let clock = simulation.clock();
        let (_, cast, events) = simulation.into_parts();
        let (code, id, given) = program();
        simulation = Simulation::resumed_at(clock, code, id, given, options(), cast, &events)?;
        simulation.run()?;
    }
    let (end, unknown) = (simulation.clock(), simulation.unknown().to_vec());
    let (engine, cast, events) = simulation.into_parts();
    Ok(Played { engine, cast, events, unknown, end })
}

fn judged(played: Played<Mocks>, expectations: &[Expectation]) -> Trial {
    let Played { events, unknown, end, .. } = played;
    let record = RunRecord::of(&events);
    let end = record.ended_at.unwrap_or(end);
    let mut outcomes = Outcomes { record: &record, end };
    let unmet = expectations.iter().filter_map(|expected| unmet(expected, &mut outcomes)).collect();
    let (state, duration) = (state(&record), outcomes.duration());
    Trial { state, duration, unknown, unmet, record }
}

fn unmet(expected: &Expectation, outcomes: &mut Outcomes<'_>) -> Option<Unmet> {
    let problem = match evaluate(&expected.condition, outcomes) {
        Ok(Value::Bool(true)) => return None,
        Ok(_) => None,
        Err(stop) => Some(why(&stop)),
    };
    let message = expected.message.as_ref().map(|message| match evaluate(message, outcomes) {
        Ok(value) => value.render().unwrap_or_else(|| value.write_literal()),
        Err(stop) => why(&stop),
    });
    let sides = outcomes.sides(&expected.condition);
    Some(Unmet { span: expected.condition.span, message, sides, problem })
}

fn constant(expression: &Expression) -> Result<Value, Unrunnable> {
    evaluate(expression, &mut Constants).map_err(|stop| Unrunnable { span: expression.span, message: why(&stop) })
}

fn mock(written: &Written) -> Result<Mock, Unrunnable> {
    let wrong = |span: Span, message: &str| Unrunnable { span, message: message.to_owned() };
    let optional = |expression: &Option<Expression>| expression.as_ref().map(constant).transpose();
    let target = match &written.target {
        MockTarget::Step { path, .. } => Target::Step(path.clone()),
        MockTarget::Call(call) => match &call.kind {
            ExpressionKind::Call(function, arguments, _) => {
                Target::Call(*function, arguments.iter().map(constant).collect::<Result<_, _>>()?)
            }
            _ => return Err(wrong(call.span, "this is no call that looks outside")),
        },
    };
    let ending = match &written.outcome {
        MockOutcome::Succeeds(value) => Ending::Succeeds(optional(value)?),
        MockOutcome::Gives(value) => Ending::Succeeds(Some(constant(value)?)),
        MockOutcome::Fails(message) => Ending::Fails(optional(message)?.and_then(|message| message.render()).map(Into::into)),
        MockOutcome::TimesOut => Ending::TimesOut,
        MockOutcome::Crashes => Ending::Crashes,
    };
    let after = match optional(&written.after)? {
        Some(Value::Duration(after)) if after.milliseconds < 0 => return Err(wrong(written.span, "`after` is negative")),
        Some(Value::Duration(after)) => Some(after),
        _ => None,
    };
    let times = match (optional(&written.times)?, &written.outcome) {
        (Some(Value::Int(times)), _) if times < 0 => return Err(wrong(written.span, "a number of times is negative")),
        (Some(Value::Int(times)), _) => u32::try_from(times).unwrap_or(u32::MAX),
        // A run that dies at every attempt never ends.
        (_, MockOutcome::Crashes) => 1,
        _ => u32::MAX,
    };
    Ok(Mock { target, ending, after, times })
}

/// The program with what mocks take the place of: a mocked call of a workflow starts nothing, and what is expected of a step holds of
/// values that nobody gave.
pub(super) fn mocked(subject: &Subject, mocks: &[Written]) -> Arc<Program> {
    let (mut given, mut calls) = (BTreeSet::new(), BTreeSet::new());
    for written in mocks {
        let MockTarget::Step { workflow, statement, .. } = &written.target else { continue };
        let place = (*workflow, *statement);
        if matches!(written.outcome, MockOutcome::Succeeds(Some(_)) | MockOutcome::Gives(_)) {
            given.insert(place);
        }
        let step = subject.statement_at(*workflow, *statement).and_then(|statement| statement.kind.step());
        if step.is_some_and(|step| matches!(step.invocation.callee, Callee::Workflow(_))) {
            calls.insert(place);
        }
    }
    let before = &subject.program;
    let unexpected = unexpected(before, &given);
    if unexpected.is_empty() && calls.is_empty() {
        return before.clone();
    }
    let mut program = Program::clone(before);
    for place in unexpected {
        if let Some(step) = step_mut(&mut program, place) {
            step.clauses.expectations.clear();
        }
    }
    for place in calls {
        if let Some(step) = step_mut(&mut program, place) {
            replace_call(before, step);
        }
    }
    Arc::new(program)
}

/// The steps of which something is expected and to which no mock gives a value.
fn unexpected(program: &Program, given: &BTreeSet<(WorkflowId, StatementId)>) -> Vec<(WorkflowId, StatementId)> {
    let of_workflow = |(id, workflow): (WorkflowId, &Workflow)| {
        let expecting = workflow
            .statements
            .iter()
            .filter(|(_, statement)| statement.kind.step().is_some_and(|step| !step.clauses.expectations.is_empty()));
        expecting.map(|(statement, _)| (id, statement)).filter(|place| !given.contains(place)).collect::<Vec<_>>()
    };
    program.workflows.iter().flat_map(of_workflow).collect()
}

fn step_mut(program: &mut Program, (workflow, statement): (WorkflowId, StatementId)) -> Option<&mut Step> {
    match &mut program.workflows.get_mut(workflow)?.statements.get_mut(statement)?.kind {
        StatementKind::Step(step) => Some(step),
        _ => None,
    }
}

/// A call of a workflow as a step of a kind of the workflow's name, which gives its outputs.
fn replace_call(program: &Program, step: &mut Step) {
    let Callee::Workflow(id) = step.invocation.callee else { return };
    let Some(workflow) = program.workflows.get(id) else { return };
    let field = |output: &Output| Field { name: output.name.clone(), type_: output.expression.type_.clone() };
    step.invocation.decode = Some(Type::Record(workflow.outputs.iter().map(field).collect()));
    step.invocation.callee = Callee::Kind(workflow.name.clone());
}
