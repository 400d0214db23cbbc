//! The texts that the compiler sees: those of the editor before those on disk.

use super::Document;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use wf_compiler::{FileProblem, Files};

/// The editor's texts in front of the disk's, for one compilation.
pub(super) struct Overlay<'a> {
    pub(super) documents: &'a BTreeMap<String, Document>,
    pub(super) disk: &'a (dyn Files + Send),
    /// What the document that is compiled is called, and its path.
    pub(super) own: (&'a str, &'a str),
    /// Every path that was asked for.
    pub(super) looked_at: RefCell<BTreeSet<String>>,
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        self.looked_at.borrow_mut().insert(path.to_owned());
        match self.documents.get(path) {
            Some(document) => Ok(document.text.clone()),
            None => self.disk.read(path),
        }
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let (name, own) = self.own;
        if folder.is_empty() && path == name { own.to_owned() } else { self.disk.resolve(folder, path) }
    }
}
