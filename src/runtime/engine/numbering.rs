//! Numbers of instances. They are given out in the order in which instances come to be; where a run changed what it goes by, what had
//! come to be before keeps its number.

use super::Engine;
use std::collections::{HashMap, HashSet, VecDeque};
use wf_model::event::InstanceId;
use wf_model::program::{Correspondence, HandlerCause, StatementId, WorkflowId};

/// What an instance comes to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// A statement of a body, in one of its attempts; of a branch that was not taken, of the `if` in none.
    Statement {
        /// The body, or the `if`.
        around: InstanceId,
        /// Which attempt, from one.
        attempt: u32,
        /// Whose statement it is.
        workflow: WorkflowId,
        /// The statement.
        statement: StatementId,
    },
    /// The body of the workflow that a step calls.
    Call(InstanceId),
    /// An iteration or round of a loop, from zero.
    Iteration(InstanceId, u64),
    /// A handler of a body or step.
    Handler(InstanceId, HandlerCause),
    /// The undo of a step.
    Undo(InstanceId),
}

/// The numbers that were given out, in their order where several things come from one.
pub(super) type Numbers = HashMap<Origin, VecDeque<InstanceId>>;

/// The numbers of a run that changes what it goes by.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Those that were given out.
    made: Numbers,
    given: HashSet<InstanceId>,
    /// Those of the former definition that were not given out again.
    former: Numbers,
    correspondence: Correspondence,
}

impl Numbering {
    /// Goes on with the numbers of the former definition.
    pub(super) fn after(former: Numbers, correspondence: Correspondence) -> Self {
        Self { former, correspondence, ..Self::default() }
    }

    pub(super) const fn made(&self) -> &Numbers {
        &self.made
    }

    /// Whether something has this number.
    pub(super) fn has(&self, id: InstanceId) -> bool {
        self.given.contains(&id)
    }

    /// The number that this had before.
    fn known(&mut self, origin: Origin) -> Option<InstanceId> {
        let origin = match origin {
            Origin::Statement { around, attempt, workflow, statement } => {
                let (workflow, statement) = self.correspondence.former(workflow, statement)?;
                Origin::Statement { around, attempt, workflow, statement }
            }
            origin => origin,
        };
        self.former.get_mut(&origin).and_then(VecDeque::pop_front)
    }
}

impl Engine {
    /// The number of something that comes to be.
    pub(super) fn next_id(&mut self, origin: Origin) -> InstanceId {
        let known = self.numbering.as_mut().and_then(|numbering| numbering.known(origin));
        let id = known.unwrap_or_else(|| {
            let id = InstanceId(self.next_instance);
            self.next_instance += 1;
            id
        });
        if let Some(numbering) = &mut self.numbering {
            numbering.made.entry(origin).or_default().push_back(id);
            numbering.given.insert(id);
        }
        id
    }
}
