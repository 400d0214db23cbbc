//! What a run did that can be undone, kept where the statements that did it stand.

use super::lock::WantedLock;
use super::state::{Settings, Way};
use std::collections::BTreeMap;
use std::sync::Arc;
use wf_model::event::{Instance, InstanceId};
use wf_model::expression::ValueId;
use wf_model::program::{BodyId, StatementId, WorkflowId};
use wf_model::script::Call;
use wf_model::value::Value;

/// A step that may have taken effect, with what its undo will see: values change afterwards, where a body is tried again.
#[derive(Clone, Debug)]
pub(super) struct Undoable {
    pub(super) instance: Instance,
    pub(super) workflow: WorkflowId,
    pub(super) statement: StatementId,
    /// The way to the step.
    pub(super) way: Way,
    pub(super) values: Vec<(ValueId, Value)>,
    /// What the action gave.
    pub(super) result: Value,
    pub(super) settings: Option<Settings>,
    /// The locks under which it ran, in the order in which they were taken.
    pub(super) locks: Vec<WantedLock>,
    /// What its kind undoes itself.
    pub(super) call: Option<Arc<Call>>,
}

/// What a statement did.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) own: Option<Box<Undoable>>,
    /// Attempts, rounds or iterations, in the order in which they ended.
    pub(super) inside: Vec<BodyTrace>,
    /// How many of those inside were done side by side; they followed each other where it is left out.
    pub(super) side_by_side: Option<usize>,
    /// Whether something in it could not be undone.
    pub(super) stuck: bool,
}

/// What an attempt of a body did.
#[derive(Debug)]
pub(super) struct BodyTrace {
    pub(super) workflow: WorkflowId,
    pub(super) body: BodyId,
    /// By the positions of statements; those that did nothing which can be undone are left out.
    pub(super) statements: BTreeMap<usize, Trace>,
    /// The checkpoints that were reached, with their positions.
    pub(super) checkpoints: Vec<(Arc<str>, usize)>,
    /// Whether something in it could not be undone.
    pub(super) stuck: bool,
}

impl Trace {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_none() && self.inside.is_empty() && !self.stuck
    }
}

impl BodyTrace {
    pub(super) const fn new(workflow: WorkflowId, body: BodyId) -> Self {
        Self { workflow, body, statements: BTreeMap::new(), checkpoints: Vec::new(), stuck: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.statements.is_empty() && !self.stuck
    }

    /// Takes everything out of it.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.workflow, self.body))
    }

    /// Takes out what came after a checkpoint; everything where it was not reached.
    pub(super) fn take_after(&mut self, checkpoint: &str) -> Self {
        let Some(position) = self.checkpoints.iter().find(|(name, _)| **name == *checkpoint).map(|(_, position)| *position)
        else {
            return self.take();
        };
        let after = self.statements.split_off(&position);
        Self { statements: after, stuck: self.stuck, ..Self::new(self.workflow, self.body) }
    }
}

/// The steps that these did, in the order in which they came to be.
pub(super) fn steps<'a>(bodies: impl IntoIterator<Item = &'a BodyTrace>) -> Vec<InstanceId> {
    let mut found = Vec::new();
    let mut open: Vec<&BodyTrace> = bodies.into_iter().collect();
    while let Some(body) = open.pop() {
        for trace in body.statements.values() {
            found.extend(trace.own.iter().map(|undoable| undoable.instance.id));
            open.extend(&trace.inside);
        }
    }
    found.sort_unstable();
    found
}
