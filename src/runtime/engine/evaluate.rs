//! Evaluation of expressions where a statement stands.

use super::Engine;
use super::state::{Frame, FrameId, Observations, Wanted};
use super::table::Table;
use wf_model::event::InstanceId;
use wf_model::expression::{EvaluationError, Expression, Function, GlobalId, Place, Scope, Stop, ValueId, evaluate};
use wf_model::failure::{Failure, FailureKind};
use wf_model::span::Span;
use wf_model::unit::Duration;
use wf_model::value::Value;

/// Why a task cannot go on.
#[derive(Debug)]
pub(super) enum Hindrance {
    /// An observation has no answer yet.
    Pending(Wanted),
    /// It failed, and will fail again.
    Failed(Failure),
}

impl Hindrance {
    pub(super) fn failed(message: &str) -> Self {
        Self::Failed(Failure::final_of(FailureKind::Engine, message))
    }

    /// An expression that failed.
    pub(super) fn at(span: Span, message: &str) -> Self {
        Self::Failed(Failure::of_expression(span, message))
    }
}

/// Names that mean something only here.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    pub(super) result: Option<Value>,
    pub(super) failure: Option<Value>,
    /// A step's own value before anybody else sees it.
    pub(super) own: Option<(ValueId, Value)>,
}

/// Where an evaluation happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Whose observations count.
    pub(super) instance: InstanceId,
    pub(super) frame: FrameId,
}

struct Sight<'a> {
    frames: &'a Table<FrameId, Frame>,
    globals: &'a [Value],
    run: &'a Value,
    observations: Option<&'a Observations>,
    frame: FrameId,
    extras: &'a Extras,
    wanted: Option<Wanted>,
}

impl Sight<'_> {
    fn of_frames(&self, said: impl Fn(&Frame) -> Option<&Value>) -> Option<Value> {
        innermost(self.frames, self.frame, said)
    }
}

/// What the innermost frame says that says anything.
fn innermost(frames: &Table<FrameId, Frame>, frame: FrameId, said: impl Fn(&Frame) -> Option<&Value>) -> Option<Value> {
    let mut frame = frames.get(&frame);
    while let Some(current) = frame {
        if let Some(value) = said(current) {
            return Some(value.clone());
        }
        frame = current.parent.and_then(|parent| frames.get(&parent));
    }
    None
}

impl Scope for Sight<'_> {
    fn value(&self, id: ValueId) -> Option<Value> {
        if let Some((own, value)) = &self.extras.own
            && *own == id
        {
            return Some(value.clone());
        }
        Some(self.of_frames(|frame| frame.values.get(&id)).unwrap_or(Value::Null))
    }

    fn global(&self, id: GlobalId) -> Option<Value> {
        self.globals.get(id.0 as usize).cloned()
    }

    fn run(&self) -> Option<Value> {
        Some(self.run.clone())
    }

    fn result(&self) -> Option<Value> {
        self.extras.result.clone().or_else(|| self.of_frames(|frame| frame.result.as_ref()))
    }

    fn failure(&self) -> Option<Value> {
        self.extras.failure.clone().or_else(|| self.of_frames(|frame| frame.failure.as_ref()))
    }

    fn observe(&mut self, place: Place, occurrence: u32, function: Function, arguments: &[Value]) -> Result<Value, Stop> {
        match self.observations.and_then(|seen| seen.get(&(place, occurrence))) {
            Some(Ok(value)) => Ok(value.clone()),
            Some(Err(message)) => Err(Stop::Failed(EvaluationError { span: Span::default(), message: message.to_string() })),
            None => {
                self.wanted = Some(Wanted { place, occurrence, function, arguments: arguments.to_vec() });
                Err(Stop::Pending)
            }
        }
    }
}

impl Engine {
    /// The value of a name as an expression in a frame sees it.
    pub(super) fn seen_from(&self, frame: FrameId, id: ValueId) -> Value {
        innermost(&self.frames, frame, |frame| frame.values.get(&id)).unwrap_or(Value::Null)
    }

    pub(super) fn evaluate(&self, spot: Spot, extras: &Extras, expression: &Expression) -> Result<Value, Hindrance> {
        let mut sight = Sight {
            frames: &self.frames,
            globals: &self.globals,
            run: &self.run,
            observations: self.observations.get(&spot.instance),
            frame: spot.frame,
            extras,
            wanted: None,
        };
        let outcome = evaluate(expression, &mut sight);
        match (outcome, sight.wanted) {
            (Ok(value), _) => Ok(value),
            (Err(Stop::Pending), Some(wanted)) => Err(Hindrance::Pending(wanted)),
            (Err(Stop::Pending), None) => Err(Hindrance::failed("an observation is missing")),
            (Err(Stop::Failed(error)), _) => {
                // What an observation failed of does not know where it stands.
                let span = if error.span == Span::default() { expression.span } else { error.span };
                Err(Hindrance::at(span, &error.message))
            }
        }
    }

    /// What an expression is where a step stands, where `own` are the step's value, by its name, and what its action gave; `None` where
    /// that cannot be told.
    #[must_use]
    pub fn sight(&self, step: InstanceId, expression: &Expression, own: Option<(ValueId, &Value, &Value)>) -> Option<Value> {
        let node = self.nodes.get(&step)?;
        let result = own.map(|(_, _, result)| result.clone());
        let own = own.map(|(id, value, _)| (id, value.clone()));
        self.evaluate(node.spot(), &Extras { result, failure: None, own }, expression).ok()
    }

    pub(super) fn evaluate_bool(&self, spot: Spot, extras: &Extras, expression: &Expression) -> Result<bool, Hindrance> {
        match self.evaluate(spot, extras, expression)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Hindrance::at(expression.span, "condition is not a bool")),
        }
    }

    /// Whether a condition that may be left out holds.
    pub(super) fn holds(&self, spot: Spot, extras: &Extras, condition: Option<&Expression>) -> Result<bool, Hindrance> {
        condition.map_or(Ok(true), |condition| self.evaluate_bool(spot, extras, condition))
    }

    /// A duration that is not negative.
    pub(super) fn evaluate_duration(&self, spot: Spot, expression: &Expression) -> Result<Duration, Hindrance> {
        match self.evaluate(spot, &Extras::default(), expression)? {
            Value::Duration(duration) if duration.milliseconds >= 0 => Ok(duration),
            Value::Duration(_) => Err(Hindrance::at(expression.span, "duration is negative")),
            _ => Err(Hindrance::at(expression.span, "value is not a duration")),
        }
    }

    pub(super) fn evaluate_duration_of(
        &self,
        spot: Spot,
        expression: Option<&Expression>,
    ) -> Result<Option<Duration>, Hindrance> {
        expression.map(|expression| self.evaluate_duration(spot, expression)).transpose()
    }

    /// An int of at least `least`.
    pub(super) fn evaluate_count(&self, spot: Spot, expression: &Expression, least: u32) -> Result<u32, Hindrance> {
        match self.evaluate(spot, &Extras::default(), expression)? {
            Value::Int(count) if count >= i64::from(least) => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            Value::Int(count) => Err(Hindrance::at(expression.span, &format!("{count} is less than {least}"))),
            _ => Err(Hindrance::at(expression.span, "value is not an int")),
        }
    }

    /// `max` of a block: at least one; no bound where it is left out.
    pub(super) fn evaluate_max(&self, spot: Spot, expression: Option<&Expression>) -> Result<usize, Hindrance> {
        expression.map_or(Ok(usize::MAX), |max| Ok(self.evaluate_count(spot, max, 1)? as usize))
    }
}
