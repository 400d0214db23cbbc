//! Imports, names, types, effects, secrets, shell quoting and lints: tree to typed program; pure.

#[cfg(test)]
mod behaviour;
mod compile;
#[cfg(test)]
mod content_tests;
mod effects;
mod expression;
mod files;
mod findings;
mod globals;
pub mod index;
mod load;
mod nesting;
pub mod offer;
mod order;
mod pattern;
pub mod plan;
#[cfg(test)]
mod sample;
mod shell;
mod signature;
mod sql;
mod suggestions;
mod test;
mod types;
mod workflow;

pub use compile::{Analysis, Compilation, analyse, compile};
pub use files::{FileProblem, Files};
