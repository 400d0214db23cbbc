//! Diagnostics as people and machines read them; every form shows the same findings in the same order.

mod github;
mod json;
mod sarif;
#[cfg(test)]
mod tests;
mod text;

pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use text::text;

use wf_model::diagnostic::{Diagnostic, Level, Severity};

/// A diagnostic that the level shows.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    severity: Severity,
}

/// What `level` shows, sorted by place.
fn shown(diagnostics: &[Diagnostic], level: Level) -> Vec<Shown<'_>> {
    let with_severity = |diagnostic| Some(Shown { diagnostic, severity: Diagnostic::severity(diagnostic, level)? });
    let mut shown: Vec<_> = diagnostics.iter().filter_map(with_severity).collect();
    shown.sort_by_key(|shown| (shown.diagnostic.primary.span, shown.diagnostic.slug));
    shown
}

/// The word that all forms use.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
