//! The pure engine, the dispatcher around it, and the real world it drives.

pub mod executor;
pub mod parameters;
pub mod secrets;
