//! Tests of the project as a whole, in one executable.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod adding_a_kind;
mod arrows;
mod cli;
mod corruptions;
mod crash;
mod editors;
mod examples;
mod generated;
mod injection;
mod kinds;
mod language;
mod numbers;
mod pages;
mod patterns;
mod rehearsed;
mod steps;
mod tidy;
