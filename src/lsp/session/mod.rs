//! The state of a conversation: texts, what the client can do, and what the compiler said of each text.

mod abilities;
mod document;
mod files;
mod queue;
mod settings;
mod trial;
mod workspace;

pub(crate) use abilities::Abilities;
pub(crate) use document::Document;
pub(crate) use queue::{Message, serve};
pub(crate) use settings::Settings;

use crate::features::diagnostics;
use crate::position::Lines;
use crate::snapshot::Snapshot;
use crate::types::{Diagnostic, TextDocumentContentChangeEvent, Uri};
use crate::{World, location};
use files::Overlay;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;
use wf_compiler::analyse;
use wf_model::span::Span;

/// Tells the client what it did not ask for.
pub(crate) trait Listener: Send {
    /// What is to be said of a document.
    fn diagnostics(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>);
    /// What was said of documents that did not change themselves may be true no more.
    fn refresh(&self);
}

/// A conversation with one client.
pub(crate) struct Session {
    world: World,
    listener: Box<dyn Listener>,
    pub(crate) abilities: Abilities,
    pub(crate) settings: Settings,
    folders: BTreeSet<String>,
    /// What the editor holds, by path.
    documents: BTreeMap<String, Document>,
    /// What is known, by path, as long as nothing that it looked at changes.
    snapshots: HashMap<String, Rc<Snapshot>>,
    /// The paths of open documents of which something else may have to be said now.
    unreported: BTreeSet<String>,
}

impl Session {
    /// One that knows nothing yet.
    pub(crate) fn new(world: World, listener: Box<dyn Listener>) -> Self {
        Self {
            world,
            listener,
            abilities: Abilities::default(),
            settings: Settings::default(),
            folders: BTreeSet::new(),
            documents: BTreeMap::new(),
            snapshots: HashMap::new(),
            unreported: BTreeSet::new(),
        }
    }

    fn initialize(&mut self, abilities: Abilities, folders: &[Uri], settings: Option<Settings>) {
        self.abilities = abilities;
        self.settings = settings.unwrap_or_default();
        self.folders(folders, &[]);
    }

    fn open(&mut self, uri: Uri, version: i32, text: String) {
        let path = self.path(&uri);
        self.documents.insert(path.clone(), Document { uri, version, text });
        self.changed(&path);
    }

    fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let path = self.path(uri);
        if let Some(document) = self.documents.get_mut(&path) {
            document.change(version, changes, self.abilities.encoding);
            self.changed(&path);
        }
    }

    fn close(&mut self, uri: &Uri) {
        let path = self.path(uri);
        self.documents.remove(&path);
        self.changed(&path);
        self.unreported.remove(&path);
        if !self.abilities.pulls {
            self.listener.diagnostics(uri.clone(), None, Vec::new());
        }
    }

    fn files_changed(&mut self, uris: &[Uri]) {
        for uri in uris {
            let path = self.path(uri);
            if !self.documents.contains_key(&path) {
                self.changed(&path);
            }
        }
    }

    fn configure(&mut self, settings: Settings) {
        self.settings = settings;
        self.forget();
    }

    fn folders(&mut self, added: &[Uri], removed: &[Uri]) {
        for uri in removed {
            let path = self.path(uri);
            self.folders.remove(&path);
        }
        for uri in added {
            let path = self.path(uri);
            self.folders.insert(path);
        }
    }

    /// Forgets what is known, so that all is looked at again.
    fn forget(&mut self) {
        self.snapshots.clear();
        self.unreported.extend(self.documents.keys().cloned());
    }

    /// Forgets what is known through the text at a path.
    fn changed(&mut self, path: &str) {
        let mut gone: Vec<String> = Vec::new();
        self.snapshots.retain(|other, snapshot| {
            let stays = other != path && !snapshot.looked_at.contains(path);
            if !stays {
                gone.push(other.clone());
            }
            stays
        });
        gone.push(path.to_owned());
        self.unreported.extend(gone.into_iter().filter(|path| self.documents.contains_key(path)));
    }

    /// Says what changed of open documents.
    fn report(&mut self) {
        let unreported = std::mem::take(&mut self.unreported);
        if self.abilities.pulls {
            if !unreported.is_empty() && self.abilities.refreshes && self.documents.len() > 1 {
                self.listener.refresh();
            }
            return;
        }
        for path in unreported {
            if let Some(snapshot) = self.at(&path) {
                self.listener.diagnostics(snapshot.uri.clone(), snapshot.version, diagnostics::of(&snapshot));
            }
        }
    }

    /// The path of a document, one for each.
    fn path(&self, uri: &Uri) -> String {
        let path = location::path(uri);
        if path.starts_with('/') { self.world.files.resolve("", &path) } else { path }
    }

    /// What is known of a document.
    pub(crate) fn snapshot(&mut self, uri: &Uri) -> Option<Rc<Snapshot>> {
        let path = self.path(uri);
        self.at(&path)
    }

    fn at(&mut self, path: &str) -> Option<Rc<Snapshot>> {
        if let Some(known) = self.snapshots.get(path) {
            return Some(known.clone());
        }
        let snapshot = Rc::new(self.look(path, &self.documents, None)?);
        self.snapshots.insert(path.to_owned(), snapshot.clone());
        Some(snapshot)
    }

    /// Looks at a document among `documents`, where somebody may be typing the name at `cursor`.
    fn look(&self, path: &str, documents: &BTreeMap<String, Document>, cursor: Option<Span>) -> Option<Snapshot> {
        let document = documents.get(path);
        let uri = document.map(|document| document.uri.clone()).or_else(|| location::uri(path))?;
        let name = self.name(path);
        let looked_at = RefCell::new(BTreeSet::from([path.to_owned()]));
        let overlay = Overlay { documents, disk: &*self.world.files, own: (&name, path), looked_at };
        let level = self.settings.level.unwrap_or(self.world.level);
        let analysis = analyse(&name, &overlay, self.world.kinds, level, cursor);
        let lines = analysis.compilation.sources.iter().map(|(_, source)| Lines::new(&source.text)).collect();
        Some(Snapshot {
            uri,
            version: document.map(|document| document.version),
            lines,
            analysis,
            kinds: self.world.kinds,
            level,
            encoding: self.abilities.encoding,
            looked_at: overlay.looked_at.into_inner(),
            open: documents.iter().map(|(path, document)| (path.clone(), document.uri.clone())).collect(),
        })
    }

    /// What people call a document: its path in the folder that is open, or its name.
    fn name(&self, path: &str) -> String {
        let inside = self.folders.iter().find_map(|folder| Path::new(path).strip_prefix(folder).ok());
        let name = inside.map(|inside| inside.display().to_string());
        name.unwrap_or_else(|| path.rsplit('/').next().unwrap_or(path).to_owned())
    }

    /// What is known of every document that is open or lies in an open folder.
    pub(crate) fn everywhere(&mut self) -> Vec<Rc<Snapshot>> {
        if !self.abilities.watches {
            // Nobody says when a file changes that is not open.
            let documents = &self.documents;
            self.snapshots.retain(|path, _| documents.contains_key(path));
        }
        let mut paths = workspace::files(&self.folders);
        paths.extend(self.documents.keys().cloned());
        paths.iter().filter_map(|path| self.at(path)).collect()
    }
}
