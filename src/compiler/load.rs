//! Files and what they use: texts are read once, circles are found.

use crate::files::{FileProblem, Files};
use crate::findings::{EmptyFile, ImportCycle, ImportUnreadable, NoStandardLibrary};
use foldhash::HashMap;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::source::{Source, Sources};
use wf_model::span::{SourceId, Span};
use wf_syntax::ast::{File, Item, Use, UseTarget};

/// All files of a compilation.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    /// In the order of `sources`.
    pub(crate) modules: Vec<Module>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A file that was read.
pub(crate) struct Module {
    pub(crate) file: File,
    pub(crate) text: Arc<str>,
    /// Whether everything in it could be read.
    pub(crate) whole: bool,
    /// The absolute directory.
    pub(crate) here: Arc<str>,
    /// For each `use`, in written order, the module that it names; `None` where that could not be read.
    pub(crate) uses: Vec<Option<usize>>,
}

struct Loader<'a> {
    files: &'a dyn Files,
    sources: Sources,
    modules: Vec<Module>,
    diagnostics: Vec<Diagnostic>,
    /// Modules by absolute path.
    known: HashMap<String, usize>,
    /// Files that are being loaded, outermost first, with the `use` that led on from each.
    open: Vec<(usize, Span)>,
}

/// Files use each other no deeper.
const DEEPEST: usize = 64;

/// Reads the file at `path` and everything that it uses.
pub(crate) fn load(path: &str, files: &dyn Files) -> Loaded {
    let mut loader = Loader {
        files,
        sources: Sources::default(),
        modules: Vec::new(),
        diagnostics: Vec::new(),
        known: HashMap::default(),
        open: Vec::new(),
    };
    let absolute = files.resolve("", path);
    let name = if path == "-" { "<stdin>" } else { path };
    match files.read(&absolute) {
        Ok(text) => {
            loader.module(name, absolute, text);
        }
        Err(FileProblem { message, help }) => {
            loader.sources.add(Source::new(name, &absolute, "".into()));
            loader.diagnostics.push(crate::compile::unreadable(&message, &help));
        }
    }
    Loaded { sources: loader.sources, modules: loader.modules, diagnostics: loader.diagnostics }
}

impl Loader<'_> {
    /// Takes in a text that was read; `None` where there are too many.
    fn module(&mut self, name: &str, absolute: String, text: String) -> Option<usize> {
        let shared: Arc<str> = text.as_str().into();
        let source = self.sources.add(Source::new(name, &absolute, shared.clone()))?;
        let parsed = wf_syntax::parse(source, &text);
        let whole = parsed.diagnostics.is_empty();
        self.diagnostics.extend(parsed.diagnostics);
        if whole && parsed.file.items.is_empty() {
            self.diagnostics.push(EmptyFile { span: Span::new(source, 0, 0) }.diagnostic());
        }
        let index = self.modules.len();
        let folder = absolute.rsplit_once('/').map_or("", |(folder, _)| folder);
        let here: Arc<str> = if folder.is_empty() { "/".into() } else { folder.into() };
        let uses: Vec<Use> = parsed
            .file
            .items
            .iter()
            .filter_map(|item| if let Item::Use(use_) = item { Some(use_.clone()) } else { None })
            .collect();
        self.known.insert(absolute.clone(), index);
        self.modules.push(Module { file: parsed.file, text: shared, whole, here: here.clone(), uses: Vec::new() });
        for use_ in &uses {
            self.open.push((index, use_.target_span));
            let target = self.target(use_, name, &here, &absolute);
            self.open.pop();
            if let Some(module) = self.modules.get_mut(index) {
                module.uses.push(target);
            }
        }
        Some(index)
    }

    fn target(&mut self, use_: &Use, from: &str, here: &str, own: &str) -> Option<usize> {
        let path = match &use_.target {
            UseTarget::File(path) => path,
            UseTarget::Module(module) => {
                self.diagnostics.push(NoStandardLibrary { module, span: use_.target_span }.diagnostic());
                return None;
            }
        };
        let absolute = self.files.resolve(here, path);
        if let Some(known) = self.known.get(&absolute).copied() {
            return self.without_circle(known);
        }
        if self.open.len() > DEEPEST {
            return None;
        }
        match self.files.read(&absolute) {
            Ok(text) => self.module(&beside(from, path), absolute, text),
            Err(FileProblem { message, mut help }) => {
                // No file is meant to use itself.
                if help.contains(own) {
                    help = "Look at the spelling of its path, which is relative to this file.".to_owned();
                }
                self.diagnostics.push(ImportUnreadable { message: &message, help: &help, span: use_.target_span }.diagnostic());
                None
            }
        }
    }

    /// A module that is loaded, unless it is one that is being loaded: then the circle is reported.
    fn without_circle(&mut self, known: usize) -> Option<usize> {
        let Some(start) = self.open.iter().position(|(module, _)| *module == known) else { return Some(known) };
        let links = self.open.get(start..).unwrap_or_default();
        let named: Vec<(Span, String)> = links.iter().map(|(module, span)| (*span, self.name(*module))).collect();
        self.diagnostics.push(ImportCycle { links: &named }.diagnostic());
        None
    }

    fn name(&self, module: usize) -> String {
        let id = SourceId(u16::try_from(module).unwrap_or(u16::MAX));
        self.sources.get(id).map(|source| source.name.to_string()).unwrap_or_default()
    }
}

/// What people call a file that another one names relative to itself.
fn beside(from: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    match from.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{path}"),
        None => path.to_owned(),
    }
}
