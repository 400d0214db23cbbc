//! The nodes of a plan: statements, the branches of an `if`, and handlers.

use crate::program::{HandlerCause, Wait};
use crate::unit::Duration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A node of a plan, by its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The place of a node.
    #[must_use]
    pub fn of(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The place as a number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A statement, a branch of an `if`, or a handler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its place among the nodes.
    pub id: NodeId,
    /// The node around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeId>,
    /// The first node behind it and all that is inside it.
    pub end: NodeId,
    /// Its path as in a run, without places of loops, such as `ship.health`.
    pub path: Arc<str>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<Arc<str>>,
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands.
    pub location: Location,
    /// Whether it runs.
    pub state: State,
    /// How sure that is, and what it is given.
    pub certainty: Certainty,
    /// What it does in words of the program, with the values that are known; secrets by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Arc<str>>,
    /// Of a loop: how often its body runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    /// Of what stands in loops and has a condition: in how many of their iterations it holds, where it does so in some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<Iterations>,
    /// Of a step: what it does to the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Of a step: what undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoOutlook>,
    /// Of a step with a `cache`: whether an earlier success counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheOutlook>,
    /// The secrets that it uses, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Arc<str>>,
    /// For whom it waits, such as `approval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Arc<str>>,
    /// What it would change, in lines, where that can be told before it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Arc<str>>,
    /// Why it will fail, where that follows from what is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Arc<str>>,
    /// What has to end before it starts, beside what the node around it waits for; what follows from others is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<NodeId>,
    /// Of a step: how long it takes once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// When it would run; `None` where it does not, or only as a handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "sort")]
pub enum NodeKind {
    /// `let`
    Let,
    /// A step of a kind.
    Step {
        /// The kind.
        kind: Arc<str>,
    },
    /// A step that calls a workflow; what is inside it is the workflow's.
    Call {
        /// The workflow.
        workflow: Arc<str>,
        /// Whether what is inside it is left out, because the plan would grow too long.
        folded: bool,
    },
    /// `if`; its branches are inside it.
    If,
    /// A branch of an `if`.
    Branch,
    /// `stage`
    Stage,
    /// `parallel`
    Parallel {
        /// When it ends.
        wait: Wait,
        /// How many run at a time, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// `for each`
    ForEach {
        /// When it ends, where iterations run side by side.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parallel: Option<Wait>,
        /// How many run at a time, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// `repeat`
    Repeat,
    /// A handler of the node around it.
    Handler {
        /// When it runs.
        cause: HandlerCause,
    },
    /// `rollback`
    Rollback,
    /// `checkpoint`
    Checkpoint,
    /// `commit`
    Commit,
}

impl NodeKind {
    /// The word that stands for it in reports: a step's kind, a call's workflow, otherwise the word of the language.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Let => "let",
            Self::Step { kind } => kind,
            Self::Call { workflow, .. } => workflow,
            Self::If => "if",
            Self::Branch => "branch",
            Self::Stage => "stage",
            Self::Parallel { wait: Wait::All, .. } => "parallel",
            Self::Parallel { wait: Wait::Any, .. } => "parallel wait any",
            Self::Parallel { wait: Wait::First, .. } => "parallel wait first",
            Self::ForEach { .. } => "for each",
            Self::Repeat => "repeat",
            Self::Handler { cause } => cause.text(),
            Self::Rollback => "rollback",
            Self::Checkpoint => "checkpoint",
            Self::Commit => "commit",
        }
    }

    /// Whether it is a step: of a kind, or one that calls a workflow.
    #[must_use]
    pub const fn is_step(&self) -> bool {
        matches!(self, Self::Step { .. } | Self::Call { .. })
    }
}

/// A place in a file as people count it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub file: Arc<str>,
    /// The line, from one.
    pub line: u32,
}

/// Whether a node runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// It does, unless something fails before it.
    Runs {
        /// The condition that holds, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    },
    /// It does not.
    NotTaken {
        /// The condition that does not hold; `None` where it stands inside something that does not run, or in the branch that is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    },
    /// Only the run decides.
    Open {
        /// The condition; `None` where it stands inside something that is open, or in a handler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    },
}

impl State {
    /// The condition that decides.
    #[must_use]
    pub const fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Runs { condition } | Self::NotTaken { condition } | Self::Open { condition } => condition.as_ref(),
        }
    }

    /// Whether it may run.
    #[must_use]
    pub const fn may_run(&self) -> bool {
        matches!(self, Self::Runs { .. } | Self::Open { .. })
    }
}

/// A condition as it is written, with the values of its names that are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its text.
    pub text: Arc<str>,
    /// What it looks at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Named>,
}

/// A name with its value, as the language writes it; without one where only the run knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: Arc<str>,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Arc<str>>,
}

/// How sure something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It follows from the program and its arguments.
    #[default]
    Known,
    /// It follows from what the machine looks like now, or from a number that is assumed.
    Assumed,
    /// Only the run knows it.
    AtRunTime,
}

/// How often the body of a loop runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How often, or what is assumed.
    pub count: u64,
    /// Whether it is assumed.
    pub assumed: bool,
}

/// In how many iterations something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iterations {
    /// In so many.
    pub runs: u64,
    /// Of so many.
    pub of: u64,
}

/// What a step does to the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// It only reads.
    Reads,
    /// It changes the world.
    Changes,
    /// It changes the world, and says why nothing undoes it.
    NoUndo {
        /// Why.
        reason: Arc<str>,
    },
    /// It changes the world and undoes itself.
    UndoesItself,
    /// It does what is inside it.
    Inside,
}

/// What undoes a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOutlook {
    /// What would run, in words of the program, with the values that are known.
    pub action: Arc<str>,
    /// When there is something to undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Arc<str>>,
}

/// Whether an earlier success of a step counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheOutlook {
    /// Whether it does; `None` where only the run knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<bool>,
    /// Why.
    pub reason: Arc<str>,
}

/// How long a step takes once, all of its attempts together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Half of all take no longer.
    pub p50: Duration,
    /// Nine of ten do.
    pub p90: Duration,
    /// Where that is from.
    #[serde(flatten)]
    pub basis: crate::estimate::Basis,
}

/// When a node runs where every step takes its P50 and there is a slot for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// When it starts, from the beginning of the run.
    pub starts: Duration,
    /// How long it takes, all iterations together.
    pub takes: Duration,
    /// How much later it could end without making the run longer; `None` where nothing waits for it, as for losers of a race.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Duration>,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// Of how many steps in a row it is one at least; from one.
    pub wave: u32,
}
