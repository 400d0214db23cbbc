//! What holds for every text, whatever it is: properties that the fuzz targets and a test try on texts without end.
//!
//! Each property is a function of a text that panics where it does not hold.

#![allow(clippy::panic, reason = "a property that does not hold ends the search")]

mod check;
mod format;
#[cfg(test)]
mod mutate;
mod parse;
mod plan;
mod rehearse;
mod seeds;
mod shell;
mod spans;
#[cfg(test)]
mod tests;

pub use check::check;
pub use format::format;
pub use parse::parse;
pub use plan::planned;
pub use rehearse::rehearsed;
pub use seeds::{dictionary, findings, texts};
pub use shell::{shell, shell_texts};

/// A property of texts.
pub struct Target {
    /// The name of its fuzz target.
    pub name: &'static str,
    /// Panics on a text that it does not hold for.
    pub property: fn(&str),
    /// The texts that a search begins with.
    pub seeds: fn() -> Vec<String>,
}

/// All properties.
pub const TARGETS: [Target; 6] = [
    Target { name: "parse", property: parse, seeds: texts },
    Target { name: "format", property: format, seeds: texts },
    Target { name: "check", property: check, seeds: texts },
    Target { name: "plan", property: planned, seeds: texts },
    Target { name: "rehearse", property: rehearsed, seeds: texts },
    Target { name: "shell", property: shell, seeds: shell_texts },
];
