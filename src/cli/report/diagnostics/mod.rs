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

use crate::report::Look;
use wf_model::diagnostic::{Diagnostic, Level, Severity};
use wf_model::source::Sources;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, with the source.
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, which code scanning reads.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// The findings in a format.
#[must_use]
pub fn write(format: Format, diagnostics: &[Diagnostic], sources: &Sources, level: Level, look: Look) -> String {
    match format {
        Format::Text => text(diagnostics, sources, level, look),
        Format::Json => json(diagnostics, sources, level),
        Format::Sarif => sarif(diagnostics, sources, level),
        Format::Github => github(diagnostics, sources, level),
    }
}

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
