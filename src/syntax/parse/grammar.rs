//! The grammar, as pest derives a parser from it.

// The derived enum and its parser carry the `///` lines of the grammar, but not on every variant.
#![allow(missing_docs, clippy::too_many_lines)]

/// The parser of `grammar/wf.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/wf.pest"]
pub(crate) struct Grammar;
