//! The nouns of `wfc`, without any I/O: where text stands, what may be said about it, what a program means once it is checked,
//! and what happens to it in a run.

pub mod diagnostic;
pub mod estimate;
pub mod event;
pub mod expression;
pub mod failure;
pub mod kind;
pub mod noun;
pub mod plan;
pub mod program;
pub mod run;
pub mod script;
pub mod source;
pub mod span;
pub mod suggest;
pub mod test;
pub mod types;
pub mod unit;
pub mod value;
