//! Everything that `wfc` prints: results on stdout, all else on stderr.

mod output;

pub use output::Output;
