//! What could stand at a place that somebody is typing at: the check knows it when it comes to that place.

use std::sync::Arc;
use wf_model::types::Type;

/// What a name that is being typed could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// A value.
    Values {
        /// The names that can be used there, with their types.
        visible: Vec<(Arc<str>, Type)>,
        /// The functions.
        functions: Vec<Member>,
        /// The type that is wanted, where one is.
        expected: Option<Type>,
    },
    /// What stands behind a dot.
    Members(Vec<Member>),
    /// A function.
    Functions(Vec<Member>),
    /// A type.
    Types(Vec<Arc<str>>),
    /// A step kind, or one of these workflows.
    Kinds(Vec<Arc<str>>),
    /// One of these workflows.
    Workflows(Vec<Arc<str>>),
    /// One of these statements.
    Statements(Vec<Arc<str>>),
    /// One of these texts.
    Words(Vec<Arc<str>>),
}

/// A field, a method or a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// What it is or gives.
    pub type_: Type,
    /// What it takes; `None` for what is not called.
    pub arguments: Option<Vec<Type>>,
}
