//! Everything that `wfc` prints: results on stdout, all else on stderr.

pub mod diagnostics;
mod escape;
mod look;
mod output;
pub mod plan;
pub mod rehearsal;
pub mod run;
mod table;
pub mod test;

pub(crate) use escape::{cut, markup, printable, printable_line};
pub use look::Look;
pub(crate) use look::somebody_is_there;
pub use output::Output;
pub(crate) use table::aligned;
