//! Imports, names, types, effects, secrets, shell quoting and lints: tree to typed program; pure.

pub mod effects;
mod nesting;
pub mod order;
#[cfg(test)]
mod sample;
