//! The typed program: what a checked file means, as data that can be stored and sent.
//!
//! Statements, bodies and values of a workflow stand in flat tables and name each other by their place there, so that a plan of a
//! hundred thousand steps is three vectors, and the engine's cost for an event does not depend on the size of the program.

mod clause;
mod content;
mod correspondence;
mod effect;
mod statement;
mod table;
mod walk;

pub use clause::{
    Cache, Continuation, Delay, EffectClause, Expectation, Handler, HandlerCause, Lock, LockElse, Retry, StepClauses, Undo,
    UnknownAnswer, UnknownCheck,
};
pub use content::Contents;
pub use correspondence::Correspondence;
pub use effect::Effect;
pub use statement::{
    Attribute, AttributeValue, Branch, Callee, Dependency, DependencyReason, Export, ForEach, If, Invocation, Iterator, Let,
    Parallel, Race, Repeat, Rollback, Statement, StatementKind, Step, Wait,
};
pub use table::{Place, Table};

use crate::expression::{Expression, GlobalId, ValueId};
use crate::span::Span;
use crate::types::Type;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything that a run of a file may need, imports included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// All workflows; those of the file that was asked for come first, in written order.
    pub workflows: Table<WorkflowId, Workflow>,
    /// The `let`s of files, in an order in which each uses only earlier ones.
    pub globals: Table<GlobalId, Global>,
    /// The texts that it was made of.
    pub sources: Vec<ProgramSource>,
}

impl Program {
    /// Reads a program that was written with `serde_json`.
    ///
    /// # Errors
    /// Where the text is not one, or is damaged.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        // Expressions of a checked file nest deeper than the 128 levels of JSON that serde_json reads, but not without bound.
        reader.disable_recursion_limit();
        let program = Self::deserialize(&mut reader)?;
        reader.end()?;
        Ok(program)
    }
}

/// A text that the program was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSource {
    /// What people call it.
    pub name: Arc<str>,
    /// BLAKE3 of its bytes, in hex.
    pub blake3: String,
}

/// A `let` of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Global {
    /// Its name.
    pub name: Arc<str>,
    /// What it evaluates to.
    pub expression: Expression,
}

/// Names a workflow of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkflowId(pub u32);

/// Names a body of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BodyId(pub u32);

/// Names a statement of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementId(pub u32);

/// One `workflow` declaration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its name.
    pub name: Arc<str>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
    /// Where its name is declared.
    pub span: Span,
    /// What `here` is in it: the absolute path of the file's directory.
    pub here: Arc<str>,
    /// `param`s in written order.
    pub parameters: Vec<Parameter>,
    /// `secret`s in written order.
    pub secrets: Vec<SecretDeclaration>,
    /// `output`s in written order.
    pub outputs: Vec<Output>,
    /// What holds for every step inside.
    pub settings: Settings,
    /// Every value name.
    pub values: Table<ValueId, ValueDeclaration>,
    /// Every statement, of all bodies.
    pub statements: Table<StatementId, Statement>,
    /// Every body, of all blocks and handlers.
    pub bodies: Table<BodyId, Body>,
    /// The workflow's own body.
    pub root: BodyId,
    /// Triggers in written order.
    pub triggers: Vec<Trigger>,
}

impl Workflow {
    /// A workflow that holds nothing yet; the first body that is added is its own.
    #[must_use]
    pub fn empty(name: Arc<str>, here: Arc<str>, span: Span) -> Self {
        Self {
            name,
            doc: None,
            span,
            here,
            parameters: Vec::new(),
            secrets: Vec::new(),
            outputs: Vec::new(),
            settings: Settings::default(),
            values: Table::default(),
            statements: Table::default(),
            bodies: Table::default(),
            root: BodyId(0),
            triggers: Vec::new(),
        }
    }
}

/// A value name of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueDeclaration {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds where it is declared; where it is used it may be optional.
    #[serde(rename = "type")]
    pub type_: Type,
    /// What declares it.
    pub origin: ValueOrigin,
    /// Where.
    pub span: Span,
}

/// What declares a value name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueOrigin {
    /// `param`
    Parameter,
    /// `secret`
    Secret,
    /// `let`
    Let,
    /// `step`
    Step,
    /// A name before a block.
    Block,
    /// A variable of `for each`.
    LoopVariable,
}

/// A `param`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
    /// The value that it sets.
    pub value: ValueId,
    /// What it takes.
    #[serde(rename = "type")]
    pub type_: Type,
    /// What it is when nobody gives it; uses only earlier parameters.
    pub default: Option<Expression>,
    /// What has to hold; may use it and earlier parameters.
    pub constraint: Option<Expression>,
    /// The declaration.
    pub span: Span,
}

/// A `secret` with its sources, tried in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretDeclaration {
    /// Its name.
    pub name: Arc<str>,
    /// The value that it sets.
    pub value: ValueId,
    /// Where it may come from.
    pub sources: Vec<SecretSource>,
    /// The declaration.
    pub span: Span,
}

/// Where a secret comes from; an empty value counts as missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// An environment variable.
    Environment(Arc<str>),
    /// A file's content without its last line break; relative to the declaring file.
    File(Arc<str>),
    /// The standard output of a program, without its last line break.
    Command(Vec<Arc<str>>),
}

impl SecretSource {
    /// The environment variable that it is; `None` for the others.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Environment(name) => Some(name),
            Self::File(_) | Self::Command(_) => None,
        }
    }
}

/// An `output`, evaluated when the run has succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: Arc<str>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
    /// What it is, converted to its declared type.
    pub expression: Expression,
}

/// What holds for every step inside, unless the step says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Variables of the environment: a map of text, which may be secret.
    pub env: Option<Expression>,
    /// The directory that steps run in.
    pub cwd: Option<Expression>,
    /// The shell that runs `shell` steps.
    pub shell: Option<Expression>,
}

impl Settings {
    /// Those that are set, by the names of the attributes that they stand for.
    pub fn named(&self) -> impl std::iter::Iterator<Item = (&'static str, &Expression)> {
        let all = [("env", &self.env), ("cwd", &self.cwd), ("shell", &self.shell)];
        all.into_iter().filter_map(|(name, setting)| Some((name, setting.as_ref()?)))
    }
}

/// Statements that belong together, with the clauses and handlers of their body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The statements in written order.
    pub statements: Vec<StatementId>,
    /// What belongs to the block.
    pub clauses: BodyClauses,
    /// Handlers in written order.
    pub handlers: Vec<Handler>,
    /// From the opening to the closing brace.
    pub span: Span,
}

/// Clauses at the beginning of a body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BodyClauses {
    /// For the whole block, all attempts: a duration.
    pub timeout: Option<Expression>,
    /// The block again.
    pub retry: Option<Retry>,
    /// `on failure continue`.
    pub continuation: Option<Continuation>,
    /// `fail fast`.
    pub fail_fast: bool,
    /// `lock`.
    pub lock: Option<Lock>,
}

/// What starts a run by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// What it waits for.
    pub kind: TriggerKind,
    /// The parameters that it gives, by name; may use `event`.
    pub arguments: Vec<(Arc<str>, Expression)>,
    /// The declaration.
    pub span: Span,
}

/// What a trigger waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// A time of the clock.
    Schedule {
        /// The cron line, as written.
        cron: Arc<str>,
        /// The IANA time zone.
        timezone: Arc<str>,
        /// What happens when the last run still goes on.
        overlap: Overlap,
        /// Which missed times are made up for.
        catch_up: CatchUp,
    },
    /// A file that changes.
    Change {
        /// Path pattern.
        pattern: Arc<str>,
        /// Quiet time before it counts.
        settle: Option<crate::unit::Duration>,
    },
    /// A signed request.
    Webhook {
        /// Path of the URL.
        path: Arc<str>,
        /// The secret that signs it.
        secret: Option<ValueId>,
    },
}

/// What a schedule does when the last run still goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlap {
    /// The new run does not start.
    #[default]
    Skip,
    /// The new run waits.
    Queue,
    /// The old run is cancelled.
    Replace,
    /// Both go on.
    Allow,
}

/// Which missed times a schedule makes up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatchUp {
    /// None.
    None,
    /// The latest.
    #[default]
    Latest,
    /// All.
    All,
}
