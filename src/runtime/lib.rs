//! The pure engine, the dispatcher around it, and the real world it drives.

pub mod dispatcher;
pub mod engine;
pub mod executor;
pub mod guard;
pub mod mask;
pub mod need;
pub mod parameters;
pub mod process;
pub mod script;
pub mod secrets;
pub mod simulation;
mod system;

pub use system::{give_back_memory, share_memory};
