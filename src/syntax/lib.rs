//! From text to a lossless tree with diagnostics, and back through the formatter; never fails.

pub mod ast;
