//! Annotations of GitHub Actions ("Workflow commands for GitHub Actions", setting an error message).

use super::{shown, word};
use crate::report::escape::{cut, printable};
use std::fmt::Write as _;
use wf_model::diagnostic::{Diagnostic, Level};
use wf_model::source::Sources;

/// One workflow command for each diagnostic, a line each.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], sources: &Sources, level: Level) -> String {
    shown(diagnostics, level).iter().fold(String::new(), |mut lines, shown| {
        let message = match &shown.diagnostic.help {
            Some(help) => format!("{}\n{help}", shown.diagnostic.message),
            None => shown.diagnostic.message.clone(),
        };
        let place = place(shown.diagnostic, sources);
        let title = property(shown.diagnostic.slug);
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "::{} {place}title={title}::{}", word(shown.severity), data(&printable(&cut(&message))));
        lines
    })
}

/// The properties that say where, each followed by a comma; empty where the text is not known.
fn place(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let span = diagnostic.primary.span;
    let Some(source) = sources.get(span.source) else { return String::new() };
    let (start, end) = (source.position(span.start), source.position(span.end));
    format!("file={},line={},col={},endLine={},", property(&source.name), start.line, start.column, end.line)
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
