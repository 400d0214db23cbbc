//! Diagnostics as one JSON object.

use super::{Shown, shown};
use serde::Serialize;
use wf_model::diagnostic::{Diagnostic, Fix, Label, Level, Severity};
use wf_model::source::Sources;
use wf_model::span::Span;

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    slug: &'a str,
    severity: Severity,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
    labels: Vec<Further<'a>>,
    help: Option<&'a str>,
    fix: Option<Mending<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    span: Region,
}

#[derive(Serialize)]
struct Region {
    start: u32,
    end: u32,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Further<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Mending<'a> {
    title: &'a str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// `{"diagnostics": […]}`, indented; offsets are bytes from 0, lines and columns (of characters) count from 1.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources, level: Level) -> String {
    let diagnostics = shown(diagnostics, level).iter().map(|shown| entry(shown, sources)).collect();
    // Only strings and numbers are in it, which always serialize.
    let text = serde_json::to_string_pretty(&Report { diagnostics }).unwrap_or_default();
    text + "\n"
}

fn entry<'a>(shown: &Shown<'a>, sources: &'a Sources) -> Entry<'a> {
    let diagnostic = shown.diagnostic;
    Entry {
        slug: diagnostic.slug,
        severity: shown.severity,
        message: &diagnostic.message,
        place: place(diagnostic.primary.span, sources),
        label: &diagnostic.primary.text,
        labels: diagnostic.labels.iter().map(|label| further(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| mending(fix, sources)),
    }
}

fn place(span: Span, sources: &Sources) -> Place<'_> {
    let Some(source) = sources.get(span.source) else {
        return Place {
            file: "",
            span: Region { start: span.start, end: span.end, line: 1, column: 1, end_line: 1, end_column: 1 },
        };
    };
    let (from, to) = (source.position(span.start), source.position(span.end));
    let (line, column, end_line, end_column) = (from.line, from.column, to.line, to.column);
    Place { file: &source.name, span: Region { start: span.start, end: span.end, line, column, end_line, end_column } }
}

fn further<'a>(label: &'a Label, sources: &'a Sources) -> Further<'a> {
    Further { place: place(label.span, sources), text: &label.text }
}

fn mending<'a>(fix: &'a Fix, sources: &'a Sources) -> Mending<'a> {
    let edits = fix.edits.iter();
    let edits = edits.map(|edit| Replacement { place: place(edit.span, sources), replacement: &edit.replacement });
    Mending { title: &fix.title, edits: edits.collect() }
}
