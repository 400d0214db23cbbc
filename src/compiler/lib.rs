//! Imports, names, types, effects, secrets, shell quoting and lints: tree to typed program; pure.

pub mod effects;
pub mod expression;
mod nesting;
pub mod order;
#[cfg(test)]
mod sample;
pub mod types;
