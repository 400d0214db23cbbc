//! What a file declares, in the shape of the file: for symbols, hover and lenses.

use wf_model::span::Span;
use wf_syntax::ast::{self, BlockKind, Body, Doc, Entry, Item, Name};

/// What a declaration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A workflow.
    Workflow,
    /// A test.
    Test,
    /// A type.
    Type,
    /// A `let`.
    Let,
    /// A parameter.
    Param,
    /// A secret.
    Secret,
    /// An output.
    Output,
    /// A step.
    Step,
    /// A block, named or not.
    Block,
    /// A variable of a loop.
    Variable,
    /// A checkpoint.
    Checkpoint,
    /// A handler.
    Handler,
}

impl What {
    /// The word of the language for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Test => "test",
            Self::Type => "type",
            Self::Let => "let",
            Self::Param => "param",
            Self::Secret => "secret",
            Self::Output => "output",
            Self::Step => "step",
            Self::Block => "block",
            Self::Variable => "variable",
            Self::Checkpoint => "checkpoint",
            Self::Handler => "handler",
        }
    }
}

/// A declaration with those inside it.
#[derive(Debug)]
pub(crate) struct Declaration<'a> {
    pub(crate) what: What,
    /// Its name; `None` for a block without one.
    pub(crate) name: Option<&'a str>,
    /// Where the name stands, or the head of what has none.
    pub(crate) name_span: Span,
    pub(crate) span: Span,
    pub(crate) doc: Option<&'a str>,
    pub(crate) inside: Vec<Self>,
}

/// Everything that a file declares.
pub(crate) fn of(file: &ast::File) -> Vec<Declaration<'_>> {
    file.items.iter().filter_map(item).collect()
}

/// The declaration whose name stands at `span`.
pub(crate) fn find<'o, 'a>(outline: &'o [Declaration<'a>], span: Span) -> Option<&'o Declaration<'a>> {
    let mut left: Vec<&Declaration<'a>> = outline.iter().collect();
    while let Some(declaration) = left.pop() {
        if declaration.name_span == span {
            return Some(declaration);
        }
        left.extend(&declaration.inside);
    }
    None
}

fn item(item: &Item) -> Option<Declaration<'_>> {
    Some(match item {
        Item::Use(_) => return None,
        Item::Type(type_) => named(What::Type, &type_.name, type_.span, type_.doc.as_ref()),
        Item::Let(let_) => named(What::Let, &let_.name, let_.span, let_.doc.as_ref()),
        Item::Workflow(workflow) => {
            let declaration = named(What::Workflow, &workflow.name, workflow.span, workflow.doc.as_ref());
            Declaration { inside: body(&workflow.body), ..declaration }
        }
        Item::Test(test) => Declaration {
            what: What::Test,
            name: Some(&test.name),
            name_span: test.name_span,
            span: test.span,
            doc: test.doc.as_ref().map(|doc| doc.text.as_str()),
            inside: Vec::new(),
        },
    })
}

fn named<'a>(what: What, name: &'a Name, span: Span, doc: Option<&'a Doc>) -> Declaration<'a> {
    let doc = doc.map(|doc| doc.text.as_str());
    Declaration { what, name: Some(&name.text), name_span: name.span, span, doc, inside: Vec::new() }
}

fn body(body: &Body) -> Vec<Declaration<'_>> {
    body.entries.iter().flat_map(entry).collect()
}

fn entry(entry: &Entry) -> Vec<Declaration<'_>> {
    vec![match entry {
        Entry::Param(param) => named(What::Param, &param.name, param.span, param.doc.as_ref()),
        Entry::Secret(secret) => named(What::Secret, &secret.name, secret.span, secret.doc.as_ref()),
        Entry::Let(let_) => named(What::Let, &let_.name, let_.span, let_.doc.as_ref()),
        Entry::Output(output) => named(What::Output, &output.name, output.span, output.doc.as_ref()),
        Entry::Checkpoint(name, span) => named(What::Checkpoint, name, *span, None),
        Entry::Step(step) => {
            let inside = step.invocation.body.as_ref().map(body).unwrap_or_default();
            Declaration { inside, ..named(What::Step, &step.name, step.span, step.doc.as_ref()) }
        }
        Entry::If(if_) => {
            let bodies = if_.branches.iter().map(|branch| &branch.body).chain(&if_.otherwise);
            let inside = bodies.flat_map(body).collect();
            let head = if_.branches.first().map_or(if_.span, |branch| if_.span.before().to(branch.condition.span));
            block(if_.name.as_ref(), head, if_.span, if_.doc.as_ref(), inside)
        }
        Entry::Block(found) => {
            let mut inside = variables(&found.kind);
            inside.extend(body(&found.body));
            block(found.name.as_ref(), found.head, found.span, found.doc.as_ref(), inside)
        }
        Entry::Handler(handler) => {
            let inside = body(&handler.body);
            let (name_span, span) = (handler.head, handler.span);
            Declaration { what: What::Handler, name: None, name_span, span, doc: None, inside }
        }
        Entry::Attribute(_)
        | Entry::Rollback(_)
        | Entry::Commit(_)
        | Entry::Clause(_)
        | Entry::Trigger(_)
        | Entry::Run(_)
        | Entry::Mock(_) => return Vec::new(),
    }]
}

fn block<'a>(
    name: Option<&'a Name>,
    head: Span,
    span: Span,
    doc: Option<&'a Doc>,
    inside: Vec<Declaration<'a>>,
) -> Declaration<'a> {
    let (text, name_span) = name.map_or((None, head), |name| (Some(&*name.text), name.span));
    Declaration { what: What::Block, name: text, name_span, span, doc: doc.map(|doc| doc.text.as_str()), inside }
}

fn variables(kind: &BlockKind) -> Vec<Declaration<'_>> {
    match kind {
        BlockKind::ForEach { iterators, .. } => {
            let names = iterators.iter().flat_map(|iterator| iterator.index.iter().chain([&iterator.item]));
            names.map(|name| named(What::Variable, name, name.span, None)).collect()
        }
        BlockKind::Stage | BlockKind::Parallel(_) | BlockKind::Repeat { .. } | BlockKind::Missing => Vec::new(),
    }
}
