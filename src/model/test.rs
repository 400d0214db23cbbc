//! Tests of workflows (§10), as data: what runs, what happens instead of the world, and what is expected.

use crate::expression::Expression;
use crate::program::{Expectation, StatementId, WorkflowId};
use crate::span::Span;
use std::sync::Arc;

/// One `test` declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it shows.
    pub name: Arc<str>,
    /// Where that stands.
    pub span: Span,
    /// What runs.
    pub workflow: WorkflowId,
    /// Its parameters by name; those that are left out have their defaults.
    pub arguments: Vec<(Arc<str>, Expression)>,
    /// In written order.
    pub mocks: Vec<Mock>,
    /// In written order; they see the outcomes of steps, and `run`.
    pub expectations: Vec<Expectation>,
}

/// What happens instead of an attempt, or of a look at the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// Instead of what.
    pub target: MockTarget,
    /// What.
    pub outcome: MockOutcome,
    /// How long it takes: a duration.
    pub after: Option<Expression>,
    /// For how many attempts of each step: an int. Without it for all, but a crash happens once.
    pub times: Option<Expression>,
    /// All of it.
    pub span: Span,
}

/// What a mock stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum MockTarget {
    /// A step.
    Step {
        /// Its path; without numbers it means every iteration.
        path: Arc<str>,
        /// The workflow that its statement belongs to.
        workflow: WorkflowId,
        /// The statement.
        statement: StatementId,
    },
    /// A call that looks outside; its arguments say which.
    Call(Expression),
}

/// What a mock does.
#[derive(Clone, Debug, PartialEq)]
pub enum MockOutcome {
    /// It succeeds, with this value of the step, or these fields of it.
    Succeeds(Option<Expression>),
    /// It fails with this message.
    Fails(Option<Expression>),
    /// It goes on until its time is over.
    TimesOut,
    /// The process of the run dies.
    Crashes,
    /// The call gives this.
    Gives(Expression),
}
