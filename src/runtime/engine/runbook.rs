//! What a rollback would do, told without doing it.
//!
//! The engine is brought to where a rollback of the run begins, as if all that is done until then did well; each undo that comes
//! due is written down with its kept values instead of being begun, and counts as done.

use super::Engine;
use super::command::{Command, IllegalTransition};
use super::evaluate::{Extras, Hindrance, Spot};
use super::numbering::Origin;
use super::trace::Undoable;
use super::undo::backwards;
use std::collections::VecDeque;
use std::sync::Arc;
use wf_model::event::{AttemptOutcome, CacheMiss, CancelCause, Event, EventKind, Instance, InstanceId, LostAnswer, Timestamp};
use wf_model::expression::Expression;
use wf_model::failure::Failure;
use wf_model::program::{AttributeValue, Callee, Invocation, StatementKind, WorkflowId};
use wf_model::run::RunState;
use wf_model::script::Call;
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::unit::Duration;
use wf_model::value::{Secret, Value};

/// What is told of a secret in a journal.
const MASKED: &str = "***";

/// More is not told: a handler may go on for ever where everything does well.
const MOST_ANSWERS: usize = 100_000;

/// Something that a rollback would do.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The step that it undoes, or the step of a handler.
    pub step: Arc<str>,
    /// The instance that does it.
    pub id: InstanceId,
    /// What it is.
    pub action: PlannedAction,
}

/// What a rollback would do.
#[derive(Clone, Debug)]
pub enum PlannedAction {
    /// An undo of a kind.
    Undo(Arc<Call>),
    /// An undo that runs a workflow with these arguments.
    Workflow(WorkflowId, Vec<(Arc<str>, Value)>),
    /// Nothing: the `when` of the undo is false.
    Nothing {
        /// Where the condition stands.
        when: Span,
    },
    /// An undo that has to look outside first.
    Unseen {
        /// Where it stands.
        undo: Span,
        /// The expressions that look outside.
        looks: Vec<Span>,
    },
    /// An undo whose expressions fail.
    Failing {
        /// Where it stands.
        undo: Span,
        /// How.
        failure: Failure,
    },
    /// A step of a handler, which is no undo.
    Handler,
}

impl Engine {
    /// An event of a journal with what its step gave as a secret, where it gave one.
    pub(super) fn with_placeholder(&self, event: &Event, secret: &dyn Fn(&str) -> Value) -> Option<Event> {
        let EventKind::AttemptEnded { instance, attempt, outcome, leaked } = &event.kind else { return None };
        let AttemptOutcome::Succeeded { result, decoded: Some(decoded) } = outcome else { return None };
        let call = self.call_of(instance.id)?;
        call.decode.as_ref().filter(|type_| type_.holds_secret())?;
        let decoded = Some(with_secrets(decoded, &instance.path, secret));
        let outcome = AttemptOutcome::Succeeded { result: result.clone(), decoded };
        let kind = EventKind::AttemptEnded { instance: instance.clone(), attempt: *attempt, outcome, leaked: *leaked };
        Some(Event { at: event.at, kind })
    }

    /// What a rollback of the run would do from here, in order. The run is first brought to where it begins: one that goes on is
    /// cancelled.
    ///
    /// # Errors
    /// When the run does not get there, which would be a mistake of this program.
    pub fn runbook(mut self, boot: Option<&str>) -> Result<Vec<Planned>, IllegalTransition> {
        self.planned = Some(Vec::new());
        let goes_on = match self.state {
            RunState::Running => true,
            RunState::Paused => self.waits_for_rollback.is_none(),
            _ => false,
        };
        if goes_on {
            self.call_off(boot)?;
        }
        if matches!(self.state, RunState::Paused | RunState::Failed | RunState::Cancelled | RunState::RollbackFailed) {
            let request = EventKind::RollbackRequested { settled: Vec::new(), reason: None };
            if self.waits_for_rollback.is_some() || self.state != RunState::Paused {
                self.go_through(VecDeque::from([request]))?;
            }
        }
        Ok(self.planned.take().unwrap_or_default())
    }

    /// Cancels the run; what was under way counts as ended.
    fn call_off(&mut self, boot: Option<&str>) -> Result<(), IllegalTransition> {
        let mut happened = VecDeque::from([EventKind::RunResumed { boot: None, jobs: None }]);
        if !self.is_cancelled() {
            happened.push_back(EventKind::CancelRequested { cause: CancelCause::Request });
        }
        let lost = self.running(boot).into_iter();
        happened.extend(lost.map(|running| EventKind::Lost {
            instance: running.instance,
            attempt: running.attempt,
            answer: LostAnswer::Rerun,
        }));
        let outstanding = self.outstanding();
        self.commands = outstanding;
        self.go_through(happened)
    }

    /// Takes these events in, and the answers to all that follows from them.
    fn go_through(&mut self, mut happened: VecDeque<EventKind>) -> Result<(), IllegalTransition> {
        for _ in 0..MOST_ANSWERS {
            if happened.is_empty() {
                let commands = std::mem::take(&mut self.commands);
                happened.extend(commands.into_iter().filter_map(|command| self.answer(command)));
                self.concluded.clear();
            }
            let Some(kind) = happened.pop_front() else { return Ok(()) };
            let event = Event { at: self.time_of(&kind), kind };
            let demands = matches!(event.kind, EventKind::RollbackRequested { .. } | EventKind::CancelRequested { .. });
            // What is answered may have been given up since.
            if demands || self.wants(&event) {
                self.apply(&event)?;
            }
        }
        Ok(())
    }

    fn time_of(&self, kind: &EventKind) -> Timestamp {
        match kind {
            EventKind::TimerWoke { instance, timer } => {
                self.timers.get(&(instance.id, *timer)).map_or(self.now, |due| (*due).max(self.now))
            }
            _ => self.now,
        }
    }

    /// How a command is answered where all does well.
    fn answer(&mut self, command: Command) -> Option<EventKind> {
        Some(match command {
            Command::Start { instance, attempt, call, .. } => {
                self.plan_start(&instance, &call);
                let (result, decoded) = (plain_result(), call.decode.as_ref().map(plain_value));
                let outcome = AttemptOutcome::Succeeded { result, decoded };
                EventKind::AttemptEnded { instance, attempt, outcome, leaked: false }
            }
            Command::Observe { instance, place, occurrence, function, .. } => {
                EventKind::Observed { instance, place, occurrence, function, answer: Err("nobody looks".into()) }
            }
            Command::WakeAt { instance, timer, .. } => EventKind::TimerWoke { instance, timer },
            Command::Draw { instance, .. } => EventKind::JitterDrawn { instance, delay: Duration::default() },
            Command::Acquire { instance, lock, .. } => EventKind::LockAcquired { instance, lock },
            Command::LookUp { instance, .. } => EventKind::CacheMissed { instance, reason: CacheMiss::New, digest: None },
            Command::Keep { instance, .. } => EventKind::CacheKept { instance, problem: None },
            Command::Forget { .. }
            | Command::Release { .. }
            | Command::Stop { .. }
            | Command::Suspend
            | Command::Finish { .. } => return None,
        })
    }

    fn plan_start(&mut self, instance: &Instance, call: &Arc<Call>) {
        let is_undo = self.nodes.get(&instance.id).is_some_and(|node| node.undo.is_some());
        let action = if is_undo { PlannedAction::Undo(Arc::clone(call)) } else { PlannedAction::Handler };
        self.note(Planned { step: instance.path.clone(), id: instance.id, action });
    }

    fn note(&mut self, planned: Planned) {
        self.planned.get_or_insert_default().push(planned);
    }

    /// Writes down the undo of a step.
    pub(super) fn plan_undo(&mut self, undoable: Undoable) {
        let program = Arc::clone(&self.program);
        let Undoable { instance, workflow, statement, values, result, settings, call, .. } = undoable;
        if let Some(call) = call {
            let (id, action) = (self.next_id(Origin::Undo(instance.id)), PlannedAction::Undo(backwards(&call, instance.id)));
            return self.note(Planned { step: instance.path, id, action });
        }
        let statements = program.workflows.get(workflow).map(|workflow| &workflow.statements);
        let Some(StatementKind::Step(step)) = statements.and_then(|all| all.get(statement)).map(|statement| &statement.kind)
        else {
            return;
        };
        let Some(undo) = step.clauses.undo() else { return };
        let (id, frame) = (self.next_id(Origin::Undo(instance.id)), self.new_frame(workflow, None));
        if let Some(frame) = self.frames.get_mut(&frame) {
            frame.values.extend(values);
            (frame.result, frame.settings) = (Some(result), settings);
        }
        let spot = Spot { instance: id, frame };
        let action = match self.holds(spot, &Extras::default(), undo.when.as_ref()) {
            Ok(true) => self.planned_action(spot, workflow, &undo.invocation),
            Ok(false) => Ok(PlannedAction::Nothing { when: undo.when.as_ref().map(|when| when.span).unwrap_or_default() }),
            Err(hindrance) => Err(hindrance),
        };
        let action = action.unwrap_or_else(|hindrance| match hindrance {
            Hindrance::Failed(failure) => PlannedAction::Failing { undo: undo.invocation.span, failure },
            Hindrance::Pending(_) => {
                let expressions = undo.when.iter().chain(expressions(&undo.invocation));
                let looks = expressions.filter(|expression| {
                    matches!(self.evaluate(spot, &Extras::default(), expression), Err(Hindrance::Pending(_)))
                });
                PlannedAction::Unseen { undo: undo.invocation.span, looks: looks.map(|expression| expression.span).collect() }
            }
        });
        self.frames.remove(&frame);
        self.note(Planned { step: instance.path, id, action });
    }

    fn planned_action(&mut self, spot: Spot, workflow: WorkflowId, invocation: &Invocation) -> Result<PlannedAction, Hindrance> {
        Ok(match &invocation.callee {
            Callee::Kind(kind) => PlannedAction::Undo(Arc::new(self.build_call(spot, workflow, kind, invocation)?)),
            Callee::Workflow(callee) => PlannedAction::Workflow(*callee, self.build_given(spot, invocation)?),
        })
    }
}

/// A value of a journal with its secrets in it.
fn with_secrets(value: &Value, path: &str, secret: &dyn Fn(&str) -> Value) -> Value {
    match value {
        Value::Secret(_) => secret(path),
        Value::String(text) if **text == *MASKED => secret(path),
        Value::List(elements) => {
            let elements = elements.iter().enumerate();
            Value::list(elements.map(|(index, element)| with_secrets(element, &format!("{path}.{index}"), secret)))
        }
        Value::Map(fields) => {
            let field =
                |(name, value): (&Arc<str>, &Value)| (name.clone(), with_secrets(value, &format!("{path}.{name}"), secret));
            Value::Map(Arc::new(fields.iter().map(field).collect()))
        }
        _ => value.clone(),
    }
}

/// The expressions of an invocation.
fn expressions(invocation: &Invocation) -> impl Iterator<Item = &Expression> {
    invocation.attributes.iter().flat_map(|attribute| match &attribute.value {
        AttributeValue::Expression(expression) => vec![expression],
        AttributeValue::Script(script) => script.values().collect(),
    })
}

/// What a command that does well gives.
fn plain_result() -> Value {
    Value::map([("stdout", Value::string("")), ("stderr", Value::string("")), ("exit_code", Value::Int(0))])
}

/// Some value of a type that a handler's step asks for.
fn plain_value(type_: &Type) -> Value {
    match type_ {
        Type::Secret => Value::Secret(Secret::new(MASKED)),
        Type::String => Value::string(""),
        Type::Int => Value::Int(0),
        Type::Bool => Value::Bool(true),
        Type::List(_) => Value::list([]),
        _ => Value::Null,
    }
}
