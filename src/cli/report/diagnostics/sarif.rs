//! Diagnostics as SARIF 2.1.0 (OASIS standard), for code scanning.

use super::{Shown, shown, word};
use crate::explain;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Value, json};
use std::fmt::Write as _;
use wf_model::diagnostic::{Diagnostic, Edit, Fix, Label, Level};
use wf_model::source::Sources;
use wf_model::span::{SourceId, Span};

/// One log with one run; rules are those that have results.
#[must_use]
pub fn sarif(diagnostics: &[Diagnostic], sources: &Sources, level: Level) -> String {
    let shown = shown(diagnostics, level);
    let slugs: IndexSet<&str> = shown.iter().map(|shown| shown.diagnostic.slug).collect();
    let rules: Vec<_> = slugs.iter().map(|slug| rule(slug)).collect();
    let results: Vec<_> = shown.iter().map(|shown| result(shown, &slugs, sources)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "wfc", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(slug: &str) -> Value {
    match explain::known(slug) {
        Some(page) => json!({
            "id": slug,
            "shortDescription": { "text": explain::first_sentence(page) },
            "help": { "text": page, "markdown": page },
        }),
        None => json!({ "id": slug }),
    }
}

fn result(shown: &Shown<'_>, slugs: &IndexSet<&str>, sources: &Sources) -> Value {
    let diagnostic = shown.diagnostic;
    let text = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.slug,
        "ruleIndex": slugs.get_index_of(diagnostic.slug),
        "level": word(shown.severity),
        "message": { "text": text },
        "locations": [location(&diagnostic.primary, sources)],
    });
    let further: Vec<_> = diagnostic.labels.iter().map(|label| location(label, sources)).collect();
    if let Value::Object(fields) = &mut result {
        fields.insert("relatedLocations".to_owned(), further.into());
        fields.insert("fixes".to_owned(), diagnostic.fix.iter().map(|fix| mending(fix, sources)).collect());
    }
    result
}

fn location(label: &Label, sources: &Sources) -> Value {
    let physical = json!({ "artifactLocation": artifact(label.span.source, sources), "region": region(label.span, sources) });
    if label.text.is_empty() {
        return json!({ "physicalLocation": physical });
    }
    json!({ "physicalLocation": physical, "message": { "text": label.text } })
}

fn mending(fix: &Fix, sources: &Sources) -> Value {
    let mut files: IndexMap<SourceId, Vec<Value>> = IndexMap::new();
    for edit in &fix.edits {
        files.entry(edit.span.source).or_default().push(replacement(edit, sources));
    }
    let change = |(id, replacements): (&SourceId, &Vec<Value>)| json!({ "artifactLocation": artifact(*id, sources), "replacements": replacements });
    json!({ "description": { "text": fix.title }, "artifactChanges": files.iter().map(change).collect::<Vec<_>>() })
}

fn replacement(edit: &Edit, sources: &Sources) -> Value {
    json!({ "deletedRegion": region(edit.span, sources), "insertedContent": { "text": edit.replacement } })
}

fn region(span: Span, sources: &Sources) -> Value {
    let Some(source) = sources.get(span.source) else { return json!({ "startLine": 1 }) };
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

fn artifact(id: SourceId, sources: &Sources) -> Value {
    json!({ "uri": uri(sources.get(id).map_or("", |source| &source.name)) })
}

/// A path as a URI reference: absolute ones become `file://…`, and only unreserved characters and `/` stay as they are.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    path.bytes().fold(scheme.to_owned(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}
