//! When what runs: the graph of all that has to happen, its longest path, and how long runs take when slots are few.

mod graph;
mod longest;
mod simulation;
#[cfg(test)]
mod tests;

pub(super) use graph::Graph;
pub(super) use simulation::simulate;
