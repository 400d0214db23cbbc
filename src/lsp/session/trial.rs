//! What would be wrong with other texts: nothing is changed that breaks a program.

use super::{Document, Session};
use crate::features::{completion::Probe, diagnostics, rename::Changes};
use crate::position::Lines;
use crate::snapshot::{OWN, Snapshot};
use crate::types::Uri;
use std::collections::BTreeMap;
use std::rc::Rc;
use wf_model::diagnostic::{Diagnostic, Severity};
use wf_model::span::Span;

impl Session {
    /// What would be known of a document with a name at the cursor.
    pub(crate) fn probed(&self, uri: &Uri, probe: &Probe) -> Option<Snapshot> {
        let path = self.path(uri);
        let mut documents = self.documents.clone();
        documents.get_mut(&path)?.text.clone_from(&probe.text);
        let cursor = Span::new(OWN, probe.name.start, probe.name.end);
        self.look(&path, &documents, Some(cursor))
    }

    /// What would be wrong with any of these documents after changes that is not wrong now.
    pub(crate) fn objection(&self, everywhere: &[Rc<Snapshot>], changes: &Changes) -> Option<String> {
        let documents = self.changed_documents(everywhere, changes);
        let concerned = everywhere.iter().filter(|snapshot| snapshot.looked_at.iter().any(|path| documents.contains_key(path)));
        concerned.into_iter().find_map(|before| {
            let path = self.path(&before.uri);
            let after = self.look(&path, &documents, None)?;
            new_error(before, &after).map(|error| error.message.clone())
        })
    }

    /// The texts of all documents that are open or change, as they would be.
    fn changed_documents(&self, everywhere: &[Rc<Snapshot>], changes: &Changes) -> BTreeMap<String, Document> {
        let mut documents = self.documents.clone();
        for (uri, edits) in changes {
            let path = self.path(uri);
            let text = self.text(&path, everywhere);
            let lines = Lines::new(&text);
            let offset = |position| lines.offset(&text, position, self.abilities.encoding);
            let mut changed = text.clone();
            // From the end on, so that what is before an edit stands where it stood.
            for edit in edits.iter().rev() {
                changed.replace_range(offset(edit.range.start)..offset(edit.range.end), &edit.new_text);
            }
            documents.insert(path, Document { uri: uri.clone(), version: 0, text: changed });
        }
        documents
    }

    fn text(&self, path: &str, everywhere: &[Rc<Snapshot>]) -> String {
        if let Some(document) = self.documents.get(path) {
            return document.text.clone();
        }
        let mut sources = everywhere.iter().flat_map(|snapshot| snapshot.analysis.compilation.sources.iter());
        sources.find(|(_, source)| *source.path == *path).map(|(_, source)| source.text.to_string()).unwrap_or_default()
    }
}

/// An error of the later of two that the earlier has fewer of.
fn new_error<'a>(before: &Snapshot, after: &'a Snapshot) -> Option<&'a Diagnostic> {
    let errors = |snapshot: &'_ Snapshot, slug: &str| {
        diagnostics::found(snapshot).filter(|found| found.slug == slug && is_error(snapshot, found)).count()
    };
    diagnostics::found(after)
        .filter(|found| is_error(after, found))
        .find(|found| errors(after, found.slug) > errors(before, found.slug))
}

fn is_error(snapshot: &Snapshot, found: &Diagnostic) -> bool {
    found.severity(snapshot.level) == Some(Severity::Error)
}
