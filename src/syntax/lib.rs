//! From text to a lossless tree with diagnostics, and back through the formatter; never fails.

pub mod ast;
mod format;
mod parse;
pub mod scan;
mod tree;

pub use format::format;
pub use parse::{parse_expression, parse_type};
pub use tree::{Parsed, parse};
