//! What names mean before a run, and the values of expressions that use nothing else.

use super::Outlook;
use foldhash::{HashMap, HashSet};
use std::cell::Cell;
use wf_model::expression::{Expression, Function, GlobalId, Place, Scope, Stop, ValueId, evaluate};
use wf_model::plan::Certainty;
use wf_model::program::Workflow;
use wf_model::types::Type;
use wf_model::value::{Secret, Value};

/// A value that is known, and how sure it is.
pub(super) type Known = (Value, Certainty);

/// The values of a workflow that are known where its statements are gone through.
#[derive(Debug, Default)]
pub(super) struct Values {
    known: HashMap<ValueId, Known>,
    /// In the order in which they became known.
    order: Vec<ValueId>,
    /// Those of statements that may run.
    held: HashSet<ValueId>,
}

impl Values {
    pub(super) fn set(&mut self, id: ValueId, known: Known) {
        self.known.insert(id, known);
        self.order.push(id);
    }

    /// A statement that sets it may run: unless more becomes known, only the run knows it.
    pub(super) fn hold(&mut self, id: ValueId) {
        self.known.remove(&id);
        self.held.insert(id);
    }

    /// No statement that sets it runs, as far as is known; branches of one `if` may share a name.
    pub(super) fn leave_empty(&mut self, id: ValueId, certainty: Certainty) {
        if !self.held.contains(&id) {
            self.set(id, (Value::Null, certainty));
        }
    }

    pub(super) fn get(&self, id: ValueId) -> Option<&Known> {
        self.known.get(&id)
    }

    /// How much is known.
    pub(super) fn mark(&self) -> usize {
        self.order.len()
    }

    /// Forgets what became known since: it stands in something that may not run, or in a loop.
    pub(super) fn forget_since(&mut self, mark: usize) {
        for id in self.order.drain(mark.min(self.order.len())..) {
            self.known.remove(&id);
        }
    }
}

/// What expressions see.
pub(super) struct Sight<'a> {
    pub(super) values: &'a Values,
    pub(super) globals: &'a HashMap<GlobalId, Known>,
    pub(super) outlook: &'a mut dyn Outlook,
    /// What the variables of loops are in the iteration that is looked at.
    iteration: &'a [(ValueId, Known)],
    /// Whose secrets have a value that is nobody's.
    stand_ins: Option<&'a Workflow>,
    certainty: Cell<Certainty>,
    /// Whether a name was looked at that has no value yet.
    is_open: Cell<bool>,
    /// Why the expression that was evaluated last will fail.
    pub(super) failure: Option<String>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(values: &'a Values, globals: &'a HashMap<GlobalId, Known>, outlook: &'a mut dyn Outlook) -> Self {
        Self {
            values,
            globals,
            outlook,
            iteration: &[],
            stand_ins: None,
            certainty: Cell::default(),
            is_open: Cell::default(),
            failure: None,
        }
    }

    /// The same in an iteration of the loops around.
    pub(super) fn in_iteration(self, iteration: &'a [(ValueId, Known)]) -> Self {
        Self { iteration, ..self }
    }

    /// The same, where secrets of the workflow have a value: what is made with it may be hashed and not shown.
    pub(super) fn with_stand_ins(self, workflow: &'a Workflow) -> Self {
        Self { stand_ins: Some(workflow), ..self }
    }

    /// The value of an expression; `None` where only the run knows it, or where it will fail.
    pub(super) fn fold(&mut self, expression: &Expression) -> Option<Known> {
        (self.certainty, self.is_open, self.failure) = Default::default();
        match evaluate(expression, self) {
            Ok(value) => Some((value, self.certainty.get())),
            Err(Stop::Failed(error)) if !self.is_open.get() => {
                self.failure = Some(error.message);
                None
            }
            Err(Stop::Failed(_) | Stop::Pending) => None,
        }
    }

    fn seen(&self, known: Option<&Known>) -> Option<Value> {
        let Some((value, certainty)) = known else {
            self.is_open.set(true);
            return None;
        };
        self.certainty.set(self.certainty.get().max(*certainty));
        Some(value.clone())
    }
}

impl Scope for Sight<'_> {
    fn value(&self, id: ValueId) -> Option<Value> {
        let declared = self.stand_ins.and_then(|workflow| workflow.values.get(id));
        if declared.is_some_and(|declared| declared.type_ == Type::Secret) {
            return Some(Value::Secret(Secret::new("")));
        }
        let own = self.iteration.iter().rev().find(|(own, _)| *own == id).map(|(_, known)| known);
        self.seen(own.or_else(|| self.values.get(id)))
    }

    fn global(&self, id: GlobalId) -> Option<Value> {
        self.seen(self.globals.get(&id))
    }

    fn run(&self) -> Option<Value> {
        self.seen(None)
    }

    fn result(&self) -> Option<Value> {
        self.seen(None)
    }

    fn failure(&self) -> Option<Value> {
        self.seen(None)
    }

    fn observe(&mut self, _: Place, _: u32, function: Function, arguments: &[Value]) -> Result<Value, Stop> {
        self.certainty.set(Certainty::Assumed);
        self.outlook.observe(function, arguments).ok_or(Stop::Pending)
    }
}
