//! Files, workflows, bodies and what stands in them.

use crate::ast::{Clause, Expression, Handler, Name, TypeExpression};
use wf_model::span::Span;

/// A whole file; items that could not be read are left out, a diagnostic stands for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Declarations in written order.
    pub items: Vec<Item>,
}

/// A declaration of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `use …`
    Use(Use),
    /// `type Name = T`
    Type(TypeDeclaration),
    /// `let name = …`
    Let(Let),
    /// `workflow name { … }`
    Workflow(Workflow),
    /// `test "name" { … }`
    Test(Test),
}

/// The `##` lines above a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    /// The text without the marks, lines joined by line breaks.
    pub text: String,
    /// From the first mark to the end of the last line.
    pub span: Span,
}

/// `use std.slack`, `use "./k8s.wf" as k8s`, `use std.deploy (promote)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// What is imported.
    pub target: UseTarget,
    /// Where that stands.
    pub target_span: Span,
    /// The name it gets.
    pub alias: Option<Name>,
    /// The single names that are taken instead.
    pub names: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// What a `use` imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseTarget {
    /// A file, relative to this one.
    File(String),
    /// A module of the standard library, such as `std.slack`.
    Module(String),
}

/// `type Build = { tag: string }`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDeclaration {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What it means.
    pub type_: TypeExpression,
    /// All of it.
    pub span: Span,
}

/// `workflow name { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What it does.
    pub body: Body,
    /// All of it.
    pub span: Span,
}

/// `test "name" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// What it shows.
    pub name: String,
    /// Where that stands.
    pub name_span: Span,
    /// `run`, `mock` and `expect` in written order.
    pub body: Body,
    /// All of it.
    pub span: Span,
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Entries in written order; those that could not be read are left out, a diagnostic stands for each.
    pub entries: Vec<Entry>,
    /// Whether some were left out.
    pub unread: bool,
    /// From the opening brace to the closing one.
    pub span: Span,
}

/// What may stand in a body; where it may stand is the checker's business. Boxed, because a body of ten thousand steps is a list of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// `param …`
    Param(Box<Param>),
    /// `secret …`
    Secret(Box<Secret>),
    /// `let …`
    Let(Box<Let>),
    /// `output …`
    Output(Box<Output>),
    /// `name: expr`: an attribute of a kind, or a setting.
    Attribute(Box<Attribute>),
    /// `step …`
    Step(Box<Step>),
    /// `if …`
    If(Box<If>),
    /// `stage`, `parallel`, `for each`, `repeat`.
    Block(Box<Block>),
    /// `rollback …`
    Rollback(Box<Rollback>),
    /// `checkpoint NAME`
    Checkpoint(Name, Span),
    /// `commit`
    Commit(Span),
    /// A clause.
    Clause(Box<Clause>),
    /// A handler.
    Handler(Box<Handler>),
    /// `trigger …`
    Trigger(Box<Trigger>),
    /// `run WORKFLOW with { … }`, in a test.
    Run(Box<TestRun>),
    /// `mock …`, in a test.
    Mock(Box<Mock>),
}

/// `param name: T = default where cond`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub type_: Option<TypeExpression>,
    /// What it is when nobody gives it.
    pub default: Option<Expression>,
    /// What has to hold.
    pub constraint: Option<Expression>,
    /// All of it.
    pub span: Span,
}

/// `secret name from … or …`
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Sources in the order in which they are tried.
    pub sources: Vec<SecretSource>,
    /// All of it.
    pub span: Span,
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SecretSource {
    /// `env "X"`
    Environment(Expression),
    /// `file "path"`
    File(Expression),
    /// `command ["pass", "show", "x"]`
    Command(Expression),
}

/// `let name: T = expr`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Its type, where it is written.
    pub type_: Option<TypeExpression>,
    /// What it is.
    pub value: Expression,
    /// All of it.
    pub span: Span,
}

/// `output name: T = expr`
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Its type, where it is written.
    pub type_: Option<TypeExpression>,
    /// What it is.
    pub value: Expression,
    /// All of it.
    pub span: Span,
}

/// `name: expr`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub value: Expression,
    /// All of it.
    pub span: Span,
}

/// A kind or workflow with its attributes: of a step, an undo or a check.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// `k8s` of `k8s.deploy`.
    pub module: Option<Name>,
    /// The kind or workflow; an empty name where it could not be read, which was reported.
    pub kind: Name,
    /// The main attribute.
    pub literal: Option<Expression>,
    /// `-> T`
    pub decode: Option<TypeExpression>,
    /// `when COND`
    pub when: Option<Expression>,
    /// Attributes and clauses.
    pub body: Option<Body>,
    /// From the kind to the end of the body.
    pub span: Span,
}

/// `depends on a, b` or `depends on nothing`.
#[derive(Clone, Debug, PartialEq)]
pub struct Depends {
    /// The statements; none for `nothing`.
    pub names: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// `step name: …`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What is done, with the step's `when`, attributes, clauses and handlers.
    pub invocation: Invocation,
    /// `depends on`
    pub depends: Option<Depends>,
    /// All of it.
    pub span: Span,
}

/// `name: if … { … } else if … { … } else { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Option<Name>,
    /// Conditions with their bodies.
    pub branches: Vec<Branch>,
    /// What runs when none holds.
    pub otherwise: Option<Body>,
    /// `depends on`
    pub depends: Option<Depends>,
    /// `when`
    pub when: Option<Expression>,
    /// All of it.
    pub span: Span,
}

/// A condition and its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// The condition.
    pub condition: Expression,
    /// What runs when it holds.
    pub body: Body,
}

/// `stage`, `parallel`, `for each` or `repeat`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Option<Name>,
    /// What sort it is.
    pub kind: BlockKind,
    /// `depends on`
    pub depends: Option<Depends>,
    /// `when`
    pub when: Option<Expression>,
    /// What stands in it.
    pub body: Body,
    /// Its head, without the name.
    pub head: Span,
    /// All of it.
    pub span: Span,
}

/// The sorts of block with one body.
#[derive(Clone, Debug, PartialEq)]
pub enum BlockKind {
    /// `stage`
    Stage,
    /// `parallel …`
    Parallel(Concurrency),
    /// `for each …`
    ForEach {
        /// Variables and lists.
        iterators: Vec<Iterator>,
        /// `parallel …` behind them.
        concurrency: Option<Concurrency>,
    },
    /// `repeat until …`
    Repeat {
        /// The condition.
        until: Expression,
        /// `pause D`
        pause: Option<Expression>,
        /// `max N times`
        max: Expression,
    },
    /// What could not be read; it was reported. The body stands, and the name means anything.
    Missing,
}

/// `wait … max N`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Concurrency {
    /// When the block ends.
    pub wait: wf_model::program::Wait,
    /// How many run at a time.
    pub max: Option<Expression>,
}

/// `x in list`, `i, x in list`
#[derive(Clone, Debug, PartialEq)]
pub struct Iterator {
    /// The index or key.
    pub index: Option<Name>,
    /// The element or value.
    pub item: Name,
    /// What is gone through.
    pub list: Expression,
}

/// `rollback`, `rollback to NAME`, `rollback manually`
#[derive(Clone, Debug, PartialEq)]
pub struct Rollback {
    /// How far.
    pub extent: RollbackExtent,
    /// All of it.
    pub span: Span,
}

/// How far a rollback goes.
#[derive(Clone, Debug, PartialEq)]
pub enum RollbackExtent {
    /// Everything of the body.
    Everything,
    /// To a checkpoint.
    To(Name),
    /// Pause and leave it to `wfc rollback`.
    Manually,
}

/// `trigger …`
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// Its doc comment.
    pub doc: Option<Doc>,
    /// `schedule`, `change` or `webhook`.
    pub kind: Name,
    /// The cron line, pattern or path.
    pub subject: Expression,
    /// `timezone`, `overlap`, `catch up`, `settle`, `signed by`, `with`, by their first word.
    pub options: Vec<TriggerOption>,
    /// All of it.
    pub span: Span,
}

/// What stands behind a trigger's subject.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerOption {
    /// Its first word.
    pub name: Name,
    /// What follows.
    pub value: Expression,
}

/// `run deploy with { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct TestRun {
    /// The workflow.
    pub workflow: Name,
    /// Its parameters.
    pub with: Option<Expression>,
    /// All of it.
    pub span: Span,
}

/// `mock PATH …` or `mock glob("…") gives …`
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// A step's path, such as `ship.health[1]`, or a call that looks outside.
    pub target: Expression,
    /// What happens instead.
    pub outcome: MockOutcome,
    /// `after D`
    pub after: Option<Expression>,
    /// `N times`
    pub times: Option<Expression>,
    /// All of it.
    pub span: Span,
}

/// What a mock does.
#[derive(Clone, Debug, PartialEq)]
pub enum MockOutcome {
    /// `succeeds with { … }`
    Succeeds(Option<Expression>),
    /// `fails "text"`
    Fails(Option<Expression>),
    /// `times out`
    TimesOut,
    /// `crashes`
    Crashes,
    /// `gives value`
    Gives(Expression),
}
