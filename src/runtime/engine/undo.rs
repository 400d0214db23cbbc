//! Undos: what a step did is undone by an invocation of its own, with attempts like a step.

use super::Engine;
use super::evaluate::{Extras, Hindrance, Spot};
use super::lock::WantedLock;
use super::node::statement_of;
use super::numbering::Origin;
use super::state::{Node, NodeState, Outcome, StepRun, Task};
use super::trace::Undoable;
use std::sync::Arc;
use wf_model::event::{Instance, InstanceId, SkipReason};
use wf_model::expression::{Expression, ExpressionKind};
use wf_model::program::{Delay, Expectation, Invocation, Program, Retry, StatementKind, Undo};
use wf_model::script::Call;
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// The undo of a step, as a node.
#[derive(Debug)]
pub(super) struct UndoRun {
    /// The rollback that it belongs to, and its vertex there.
    pub(super) rollback: InstanceId,
    pub(super) vertex: usize,
    /// The step.
    pub(super) of: InstanceId,
    pub(super) way: super::state::Way,
    /// The locks under which the step ran, in the order in which they were taken.
    pub(super) locks: Vec<WantedLock>,
    /// How often it gave back the locks that it had, so that others could go on.
    pub(super) yields: u32,
    /// The call that undoes a step whose kind undoes itself.
    call: Option<Arc<Call>>,
}

/// What a node of a step or of an undo does.
pub(super) struct Action<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) retry: Option<std::borrow::Cow<'a, Retry>>,
    pub(super) expectations: &'a [Expectation],
}

/// What a node does; `None` where it is no step.
pub(super) fn action_of<'a>(program: &'a Program, node: &Node) -> Option<Action<'a>> {
    let step = statement_of(program, node.workflow, node.statement)?.kind.step()?;
    let clauses = &step.clauses;
    if node.undo.is_none() {
        let retry = clauses.retry.as_deref().map(std::borrow::Cow::Borrowed);
        return Some(Action { invocation: &step.invocation, retry, expectations: &clauses.expectations });
    }
    let (invocation, retry) = match clauses.undo() {
        Some(undo) => (&undo.invocation, undo.retry.as_ref()),
        None => (&step.invocation, None),
    };
    let retry = retry.map_or_else(|| std::borrow::Cow::Owned(three_attempts()), std::borrow::Cow::Borrowed);
    Some(Action { invocation, retry: Some(retry), expectations: &[] })
}

/// How an undo is tried that says nothing of it.
fn three_attempts() -> Retry {
    let literal = |value, type_| Expression { kind: ExpressionKind::Literal(value), type_, span: Span::default() };
    let seconds = |count| literal(Value::Duration(Duration::from_seconds(count)), Type::Duration);
    let delay = Some(Delay::Backoff { from: seconds(1), to: seconds(10) });
    Retry { times: literal(Value::Int(2), Type::Int), delay, within: None, when: None }
}

impl Engine {
    /// Keeps what the undo of a step will see, where the step may have taken effect.
    pub(super) fn trace_step(&mut self, id: InstanceId) {
        let Some(node) = self.nodes.get(&id).filter(|node| node.undo.is_none()) else { return };
        let NodeState::Step(step) = &node.state else { return };
        let (workflow, statement, spot) = (node.workflow, node.statement, node.spot());
        let program = Arc::clone(&self.program);
        let clauses = statement_of(&program, workflow, statement).and_then(|statement| statement.kind.step());
        let Some(clauses) = clauses.map(|step| &step.clauses).filter(|clauses| step.touched && clauses.is_undoable()) else {
            return;
        };
        let result = step.result.clone();
        let call = step.call.clone().filter(|_| clauses.undo().is_none());
        let own = statement_of(&program, workflow, statement).and_then(|statement| statement.value);
        let Some(way) = self.bodies.get(&node.body).map(|run| run.way.clone()) else { return };
        let instance = node.instance.clone();
        let settings = self.settings_of(spot.frame);
        let plan = self.plan(workflow);
        let (result, own_value) = result.unwrap_or((Value::Null, Value::Null));
        let uses = plan.place(statement).map_or(&[][..], |place| &place.undo_uses);
        let value = |id| if Some(id) == own { own_value.clone() } else { self.seen_from(spot.frame, id) };
        let values = uses.iter().map(|&id| (id, value(id))).collect();
        let locks = self.locks_over(id);
        let undoable = Undoable { instance, workflow, statement, way, values, result, settings, locks, call };
        if let Some(node) = self.nodes.get_mut(&id) {
            node.trace.own = Some(Box::new(undoable));
        }
    }

    /// Begins the undo of a step.
    pub(super) fn begin_undo(&mut self, rollback: InstanceId, vertex: usize, undoable: Undoable) {
        let Undoable { instance: step, workflow, statement, way, values, result, settings, locks, call } = undoable;
        let (id, frame) = (self.next_id(Origin::Undo(step.id)), self.new_frame(workflow, None));
        if let Some(frame) = self.frames.get_mut(&frame) {
            frame.values.extend(values);
            (frame.result, frame.settings) = (Some(result), settings);
        }
        let node = Node {
            instance: Instance { id, path: step.path },
            body: rollback,
            position: 0,
            statement,
            workflow,
            frame,
            // Nothing is behind an undo; but nothing is more urgent.
            rank: u32::MAX,
            told: false,
            state: NodeState::Preparing,
            trace: super::trace::Trace::default(),
            undo: Some(Box::new(UndoRun {
                rollback,
                vertex,
                of: step.id,
                way,
                locks,
                yields: 0,
                call: call.map(|call| backwards(&call, step.id)),
            })),
        };
        self.nodes.insert(id, node);
        self.when_told(id, Task::Prepare(id));
    }

    /// Looks whether there is something to undo, and gets it going, under the locks that the step had.
    pub(super) fn prepare_undo(&mut self, id: InstanceId, spot: Spot) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let when = undo_of(&program, node).and_then(|undo| undo.when.as_ref());
        if !self.holds(spot, &Extras::default(), when)? {
            self.end_statement(id, Outcome::Skipped(SkipReason::Condition));
            return Ok(());
        }
        match self.lock_of_undo(id) {
            Some(lock) => {
                self.tell_ready(id);
                self.ask_for_lock(id, lock);
                Ok(())
            }
            None => self.act_to_undo(id, spot),
        }
    }

    /// Gets an undo going that has its locks.
    pub(super) fn act_to_undo(&mut self, id: InstanceId, spot: Spot) -> Result<(), Hindrance> {
        let program = Arc::clone(&self.program);
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        if let Some(call) = node.undo.as_ref().and_then(|undo| undo.call.clone()) {
            self.begin_action(id, StepRun { call: Some(call), ..StepRun::default() });
            return Ok(());
        }
        let Some(undo) = undo_of(&program, node) else { return Ok(()) };
        let within = undo.retry.as_ref().and_then(|retry| retry.within.as_ref());
        let run = StepRun {
            timeout: self.evaluate_duration_of(spot, undo.timeout.as_ref())?,
            within: self.evaluate_duration_of(spot, within)?,
            ..StepRun::default()
        };
        let workflow = node.workflow;
        self.prepare_action(id, spot, workflow, &undo.invocation, run)
    }
}

/// The call that undoes what a call of a step did.
pub(super) fn backwards(call: &Call, step: InstanceId) -> Arc<Call> {
    Arc::new(Call { decode: None, undoes: Some(step), ..call.clone() })
}

fn undo_of<'a>(program: &'a Program, node: &Node) -> Option<&'a Undo> {
    match &statement_of(program, node.workflow, node.statement)?.kind {
        StatementKind::Step(step) => step.clauses.undo(),
        _ => None,
    }
}
