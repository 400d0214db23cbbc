//! Statements of a body.

use crate::expression::{Expression, ValueId};
use crate::program::{BodyId, StatementId, StepClauses, WorkflowId};
use crate::script::Script;
use crate::span::Span;
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Its name, where it has one.
    pub name: Option<Arc<str>>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
    /// The value that it sets.
    pub value: Option<ValueId>,
    /// What has to have ended before it starts. Implied ones are left out: a chain of a thousand statements has 999.
    pub after: Vec<Dependency>,
    /// What has to hold; otherwise it is skipped.
    pub when: Option<Expression>,
    /// What it is.
    pub kind: StatementKind,
    /// From its first word to the end of its head.
    pub span: Span,
}

/// A statement that has to end first, in this body, an enclosing one, or a block above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The statement.
    pub on: StatementId,
    /// Why.
    pub reason: DependencyReason,
}

/// Why a statement waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DependencyReason {
    /// It stands below.
    WrittenOrder,
    /// `depends on` says so.
    DependsOn,
    /// It uses its value.
    Value,
}

/// The sorts of statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementKind {
    /// `let name = …`
    Let(Let),
    /// `step name: kind …`
    Step(Box<Step>),
    /// `if … { … } else { … }`
    If(If),
    /// `stage { … }`
    Stage(BodyId),
    /// `parallel … { … }`
    Parallel(Parallel),
    /// `for each … { … }`
    ForEach(Box<ForEach>),
    /// `repeat until … { … }`
    Repeat(Box<Repeat>),
    /// `rollback`, in handlers.
    Rollback(Rollback),
    /// `checkpoint NAME`
    Checkpoint(Arc<str>),
    /// `commit`
    Commit,
}

/// `let name = …`; the statement's `value` is set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Let {
    /// What it evaluates to.
    pub expression: Expression,
}

/// A step: what is called, and the clauses around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub invocation: Invocation,
    /// Clauses and handlers.
    pub clauses: StepClauses,
}

/// A kind or workflow with its attributes: of a step, an undo or a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invocation {
    /// What is called.
    pub callee: Callee,
    /// Attributes in written order, main ones by their name.
    pub attributes: Vec<Attribute>,
    /// `-> T`.
    pub decode: Option<Type>,
    /// Where it stands.
    pub span: Span,
}

/// What an invocation calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callee {
    /// A step kind, by name.
    Kind(Arc<str>),
    /// A workflow as a child.
    Workflow(WorkflowId),
}

/// An attribute of an invocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub value: AttributeValue,
}

/// What an attribute is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeValue {
    /// Data.
    Expression(Expression),
    /// Shell text with data in it.
    Script(Script<Expression>),
}

/// `if … { … } else if … { … } else { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct If {
    /// Conditions with their bodies; the first that holds is taken.
    pub branches: Vec<Branch>,
    /// What runs when none holds.
    pub otherwise: Option<BodyId>,
}

/// A condition and what runs when it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// A bool.
    pub condition: Expression,
    /// What runs.
    pub body: BodyId,
}

/// When a block that runs things side by side ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// When all have ended.
    #[default]
    All,
    /// At the first success.
    Any,
    /// At the first end.
    First,
}

/// `parallel …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parallel {
    /// When it ends.
    pub wait: Wait,
    /// How many run at a time: an int.
    pub max: Option<Expression>,
    /// What runs.
    pub body: BodyId,
    /// For a named race: which parts of its value are used.
    pub race: Option<Race>,
}

/// The value of a named race: `winner`, and `value` where all branches are steps of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Race {
    /// Whether `NAME.value` exists.
    pub has_value: bool,
}

/// `for each …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    /// What is gone through; several give all pairs, the last fastest.
    pub iterators: Vec<Iterator>,
    /// `None` where one iteration follows the other.
    pub parallel: Option<Wait>,
    /// How many iterations run at a time: an int.
    pub max: Option<Expression>,
    /// What runs for each.
    pub body: BodyId,
    /// What is kept of each iteration because something behind the loop uses it.
    pub exports: Vec<Export>,
}

/// A variable of a loop and its list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iterator {
    /// The index, or the key of a map.
    pub index: Option<ValueId>,
    /// The element, or the value of a map.
    pub item: ValueId,
    /// A list or a map.
    pub list: Expression,
}

/// A value of an iteration that becomes a list behind the loop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The field's name behind the loop.
    pub name: Arc<str>,
    /// The value inside.
    pub value: ValueId,
}

/// `repeat until …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// Looked at after each iteration; sees the body's names.
    pub until: Expression,
    /// From the end of one iteration to the start of the next: a duration.
    pub pause: Option<Expression>,
    /// How often at most: an int.
    pub max: Expression,
    /// What runs.
    pub body: BodyId,
}

/// `rollback …`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollback {
    /// Everything of the body.
    Everything,
    /// What came after a checkpoint.
    To(Arc<str>),
    /// Pause and leave it to `wfc rollback`.
    Manually,
}

impl Statement {
    /// How messages call it: "step `build`", "loop `ship`", or "the `for each` block" where it has no name.
    #[must_use]
    pub fn title(&self) -> String {
        let (sort, word) = match &self.kind {
            StatementKind::Let(_) => ("value", "let"),
            StatementKind::Step(_) => ("step", "step"),
            StatementKind::If(_) => ("block", "if"),
            StatementKind::Stage(_) => ("stage", "stage"),
            StatementKind::Parallel(_) => ("block", "parallel"),
            StatementKind::ForEach(_) => ("loop", "for each"),
            StatementKind::Repeat(_) => ("loop", "repeat"),
            StatementKind::Rollback(_) => return "`rollback`".to_owned(),
            StatementKind::Checkpoint(name) => return format!("checkpoint `{name}`"),
            StatementKind::Commit => return "`commit`".to_owned(),
        };
        self.name.as_ref().map_or_else(|| format!("the `{word}` block"), |name| format!("{sort} `{name}`"))
    }
}
