//! What every name of a program means and of what type it is: written down while the check resolves it, where somebody asks.

mod recorder;
#[cfg(test)]
mod tests;

pub(crate) use recorder::Recorder;

use std::sync::Arc;
use wf_model::span::{SourceId, Span};
use wf_model::types::Type;

/// What a name means. Two names mean the same where their symbols are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A value of a workflow or a file, or a named block, by the first place that declares it.
    Value(Span),
    /// A workflow, by its name.
    Workflow(Span),
    /// A type, by its name.
    Type(Span),
    /// A module, by what names it in its `use`.
    Module(Span),
    /// An output of a workflow, by its name.
    Output(Span),
    /// A checkpoint, by its name.
    Checkpoint(Span),
    /// A step kind.
    Kind(Arc<str>),
    /// An attribute of a step kind.
    Attribute {
        /// The kind.
        kind: Arc<str>,
        /// The attribute.
        name: Arc<str>,
    },
    /// A function.
    Function(Arc<str>),
    /// A method or property.
    Method(Arc<str>),
    /// A field of a record that nothing declares by itself.
    Field(Arc<str>),
    /// `run`, `here`, `result`, `failure`, `event`.
    Always(Arc<str>),
    /// A type that every file knows.
    PlainType(Arc<str>),
}

impl Symbol {
    /// The name that declares it; `None` for what belongs to the language.
    #[must_use]
    pub fn declaration(&self) -> Option<Span> {
        match self {
            Self::Value(span)
            | Self::Workflow(span)
            | Self::Type(span)
            | Self::Module(span)
            | Self::Output(span)
            | Self::Checkpoint(span) => Some(*span),
            Self::Kind(_)
            | Self::Attribute { .. }
            | Self::Function(_)
            | Self::Method(_)
            | Self::Field(_)
            | Self::Always(_)
            | Self::PlainType(_) => None,
        }
    }
}

impl Symbol {
    /// The same symbol where its declaration stands in a text of another number; what belongs to the language stays.
    #[must_use]
    pub fn moved(&self, source: SourceId) -> Self {
        let moved = |span: &Span| Span { source, ..*span };
        match self {
            Self::Value(span) => Self::Value(moved(span)),
            Self::Workflow(span) => Self::Workflow(moved(span)),
            Self::Type(span) => Self::Type(moved(span)),
            Self::Module(span) => Self::Module(moved(span)),
            Self::Output(span) => Self::Output(moved(span)),
            Self::Checkpoint(span) => Self::Checkpoint(moved(span)),
            Self::Kind(_)
            | Self::Attribute { .. }
            | Self::Function(_)
            | Self::Method(_)
            | Self::Field(_)
            | Self::Always(_)
            | Self::PlainType(_) => self.clone(),
        }
    }
}

/// A name where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Where.
    pub span: Span,
    /// What it means.
    pub symbol: Symbol,
    /// The type of the value there; `None` for what is no value.
    pub type_: Option<Type>,
    /// Whether it declares what it names.
    pub declares: bool,
}

/// All names of a program that mean something.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// In the order of the texts, none twice.
    occurrences: Vec<Occurrence>,
}

impl Index {
    /// The name that `offset` touches; of two the one that begins there.
    #[must_use]
    pub fn at(&self, source: SourceId, offset: usize) -> Option<&Occurrence> {
        let place = Span::at(source, offset);
        let behind = self.occurrences.partition_point(|occurrence| occurrence.span.before() <= place);
        let touched = |occurrence: &&Occurrence| occurrence.span.source == source && occurrence.span.touches(offset);
        self.occurrences.get(..behind)?.last().filter(touched)
    }

    /// Every name that means this, in the order of the texts.
    pub fn of<'a>(&'a self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Occurrence> {
        self.occurrences.iter().filter(move |occurrence| occurrence.symbol == *symbol)
    }

    /// Every name of one text.
    #[must_use]
    pub fn in_source(&self, source: SourceId) -> &[Occurrence] {
        let start = self.occurrences.partition_point(|occurrence| occurrence.span.source < source);
        let end = self.occurrences.partition_point(|occurrence| occurrence.span.source <= source);
        self.occurrences.get(start..end).unwrap_or_default()
    }
}
