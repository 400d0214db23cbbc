//! `textDocument/diagnostic`, `workspace/diagnostic` and what is pushed: what `wfc check` says, in the words of the protocol.

use crate::snapshot::{OWN, Snapshot};
use crate::types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, FullDocumentDiagnosticReport, NumberOrString,
    PreviousResultId, UnchangedDocumentDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};
use std::hash::{DefaultHasher, Hash, Hasher};
use wf_model::diagnostic::{Diagnostic as Finding, Severity};

/// What is to be said of a document itself.
pub(crate) fn of(snapshot: &Snapshot) -> Vec<Diagnostic> {
    found(snapshot).filter_map(|finding| shown(snapshot, finding)).collect()
}

/// A name for these diagnostics, the same as long as they are.
pub(crate) fn result_id(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{diagnostics:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What is to be said of a document where the whole workspace is asked for; `known` is what the client has.
pub(crate) fn workspace(snapshot: &Snapshot, known: &[PreviousResultId]) -> WorkspaceDocumentDiagnosticReport {
    let items = of(snapshot);
    let (uri, version, id) = (snapshot.uri.clone(), snapshot.version.map(i64::from), result_id(&items));
    if known.iter().any(|known| known.uri == uri && known.value == id) {
        let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id: id };
        return WorkspaceUnchangedDocumentDiagnosticReport { uri, version, unchanged_document_diagnostic_report }.into();
    }
    let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: Some(id), items };
    WorkspaceFullDocumentDiagnosticReport { uri, version, full_document_diagnostic_report }.into()
}

/// The findings about a document itself; what is wrong with those that it uses is said there.
pub(crate) fn found(snapshot: &Snapshot) -> impl Iterator<Item = &Finding> {
    snapshot.analysis.compilation.diagnostics.iter().filter(|finding| finding.primary.span.source == OWN)
}

/// A finding as the protocol writes it; `None` where the level does not show it.
pub(crate) fn shown(snapshot: &Snapshot, finding: &Finding) -> Option<Diagnostic> {
    let severity = match finding.severity(snapshot.level)? {
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Error => DiagnosticSeverity::ERROR,
    };
    let related = finding.labels.iter().filter_map(|label| {
        let location = snapshot.location(label.span)?;
        let message = if label.text.is_empty() { finding.message.clone() } else { label.text.clone() };
        Some(DiagnosticRelatedInformation { location, message })
    });
    let related: Vec<_> = related.collect();
    Some(Diagnostic {
        range: snapshot.range(finding.primary.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.slug.to_owned())),
        code_description: None,
        source: Some("wfc".to_owned()),
        message: message(finding),
        related_information: (!related.is_empty()).then_some(related),
        tags: (finding.slug == "unused").then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    })
}

/// The fact, what the place is, and what helps.
fn message(finding: &Finding) -> String {
    let mut message = finding.message.clone();
    if !finding.primary.text.is_empty() {
        message.extend(["\n", &finding.primary.text]);
    }
    if let Some(help) = &finding.help {
        message.extend(["\nhelp: ", help]);
    }
    message
}
