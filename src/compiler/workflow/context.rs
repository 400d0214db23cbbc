//! What all workflows of a file share: types, kinds and what is imported.

use crate::findings::{DuplicateName, UnknownImport, Unused};
use crate::globals::Globals;
use crate::index::{Recorder, Symbol};
use crate::load::Module;
use crate::suggestions::Suggestions;
use crate::types::TypeNames;
use foldhash::{HashMap, HashSet};
use std::cell::RefCell;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::kind::Registry;
use wf_model::program::WorkflowId;
use wf_model::span::Span;
use wf_model::suggest::near;
use wf_syntax::ast::{Invocation, Item, TypeDeclaration, TypeExpression, TypeKind};

type Workflows = HashMap<Arc<str>, WorkflowId>;

/// A module, and what names it in its `use`.
struct Imported {
    workflows: Workflows,
    place: Span,
}

/// What all workflows of a file share.
pub(crate) struct FileContext<'a> {
    pub(crate) here: Arc<str>,
    text: Arc<str>,
    pub(crate) types: TypeNames,
    pub(crate) kinds: &'a Registry,
    /// Own ones, and those that are imported by name.
    workflows: Workflows,
    /// `use "…" as NAME`
    modules: HashMap<Arc<str>, Imported>,
    /// Modules and names that lead nowhere, which was reported.
    broken: HashSet<Arc<str>>,
    /// Whether everything in the file could be read.
    whole: bool,
    /// Names of modules, imports and types that were used.
    used: RefCell<HashSet<Arc<str>>>,
    pub(crate) suggestions: Suggestions,
    pub(crate) recorder: Recorder,
}

impl<'a> FileContext<'a> {
    /// Resolves types and imports of the file at `index`; `own` holds each file's own workflows.
    pub(crate) fn new(
        index: usize,
        module: &Module,
        own: &[Workflows],
        kinds: &'a Registry,
        recorder: &Recorder,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let declarations: Vec<&TypeDeclaration> =
            module.file.items.iter().filter_map(|item| if let Item::Type(type_) = item { Some(type_) } else { None }).collect();
        let mut context = Self {
            here: module.here.clone(),
            text: module.text.clone(),
            types: TypeNames::new(&declarations, recorder, diagnostics),
            kinds,
            workflows: own.get(index).cloned().unwrap_or_default(),
            modules: HashMap::default(),
            broken: HashSet::default(),
            whole: module.whole,
            used: RefCell::new(HashSet::default()),
            suggestions: Suggestions::default(),
            recorder: recorder.clone(),
        };
        for declaration in declarations {
            context.note_types(&declaration.type_);
        }
        context.import(module, own, diagnostics);
        context
    }

    fn import(&mut self, module: &Module, own: &[Workflows], diagnostics: &mut Vec<Diagnostic>) {
        let uses = module.file.items.iter().filter_map(|item| if let Item::Use(use_) = item { Some(use_) } else { None });
        for (use_, target) in uses.zip(&module.uses) {
            let theirs = target.and_then(|target| own.get(target)).cloned().unwrap_or_default();
            for name in &use_.names {
                match theirs.get(&name.text) {
                    Some(id) if !self.workflows.contains_key(&name.text) && self.kinds.get(&name.text).is_none() => {
                        self.recorder.calls(name.span, *id);
                        self.workflows.insert(name.text.clone(), *id);
                    }
                    Some(_) => diagnostics.push(
                        DuplicateName { name: &name.text, span: name.span, first: None, what: "workflow or step kind" }
                            .diagnostic(),
                    ),
                    None => {
                        if target.is_some() {
                            let mut names: Vec<&str> = theirs.keys().map(|name| &**name).collect();
                            names.sort_unstable();
                            let near = near(&name.text, names);
                            diagnostics.push(UnknownImport { name: &name.text, span: name.span, near }.diagnostic());
                        }
                        self.used.borrow_mut().insert(name.text.clone());
                        self.broken.insert(name.text.clone());
                    }
                }
            }
            if let Some(alias) = module_name(use_) {
                let place = use_.alias.as_ref().map_or(use_.target_span, |alias| alias.span);
                self.recorder.declared(place, Symbol::Module(place), None);
                if self.modules.contains_key(&alias) {
                    let found = DuplicateName { name: &alias, span: use_.span, first: None, what: "module" };
                    diagnostics.push(found.diagnostic());
                }
                if target.is_none() {
                    self.used.borrow_mut().insert(alias.clone());
                    self.broken.insert(alias.clone());
                }
                self.modules.insert(alias, Imported { workflows: theirs, place });
            }
        }
    }

    /// Takes down that a name is used.
    fn note(&self, name: &str) {
        let mut used = self.used.borrow_mut();
        if !used.contains(name) {
            used.insert(name.into());
        }
    }

    /// The workflow that a step's kind names.
    pub(crate) fn workflow_named(&self, module: Option<&str>, name: &str) -> Option<WorkflowId> {
        match module {
            Some(module) => {
                self.note(module);
                self.modules.get(module)?.workflows.get(name).copied()
            }
            None => {
                self.note(name);
                self.workflows.get(name).copied()
            }
        }
    }

    /// Takes down where a workflow is called.
    pub(crate) fn record_call(&self, invocation: &Invocation, id: WorkflowId) {
        self.recorder.calls(invocation.kind.span, id);
        if let Some(module) = &invocation.module
            && let Some(imported) = self.modules.get(&module.text)
        {
            self.recorder.used(module.span, Symbol::Module(imported.place));
        }
    }

    /// Whether a module of this name is imported.
    pub(crate) fn knows_module(&self, name: &str) -> bool {
        self.modules.contains_key(name)
    }

    /// Whether something was reported already about where this name comes from.
    pub(crate) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// Whether everything in the file could be read, so that what is not used there is used nowhere.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The text of a span of this file.
    pub(crate) fn slice(&self, span: Span) -> Arc<str> {
        self.text.get(span.range()).unwrap_or("").into()
    }

    /// The workflows that a step may call, those of modules with the module's name before theirs.
    pub(crate) fn callable(&self) -> Vec<Arc<str>> {
        let of_modules = self
            .modules
            .iter()
            .flat_map(|(module, imported)| imported.workflows.keys().map(move |workflow| format!("{module}.{workflow}").into()));
        self.workflows.keys().cloned().chain(of_modules).collect()
    }

    /// The workflows of a module.
    pub(crate) fn callable_of(&self, module: &str) -> Vec<Arc<str>> {
        self.modules.get(module).map(|imported| imported.workflows.keys().cloned().collect()).unwrap_or_default()
    }

    /// Names that a step's kind could be; only the built-in ones where many were unknown already.
    pub(crate) fn kind_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.kinds.iter().map(|kind| kind.name.to_owned()).collect();
        if !self.suggestions.wanted() {
            return names;
        }
        let mut others: Vec<String> = self.workflows.keys().map(ToString::to_string).collect();
        for (module, imported) in &self.modules {
            others.extend(imported.workflows.keys().map(|workflow| format!("{module}.{workflow}")));
        }
        others.sort();
        names.extend(others);
        names
    }

    /// Takes down which types an expression names.
    pub(crate) fn note_types(&self, expression: &TypeExpression) {
        match &expression.kind {
            TypeKind::Named(name) => {
                self.used.borrow_mut().insert(name.clone());
            }
            TypeKind::List(inner) | TypeKind::Map(inner) | TypeKind::Optional(inner) => self.note_types(inner),
            TypeKind::Record(fields) => fields.iter().for_each(|(_, type_)| self.note_types(type_)),
            TypeKind::Union(_) | TypeKind::Missing => {}
        }
    }

    /// Reports imports, types and `let`s of the file that nothing uses.
    pub(crate) fn report_unused(&self, module: &Module, globals: &Globals, diagnostics: &mut Vec<Diagnostic>) {
        if !self.whole {
            return;
        }
        let used = self.used.borrow();
        let mut unused = |what, name: &str, span: Span| {
            if !used.contains(name) {
                diagnostics.push(Unused { what, name, span }.diagnostic());
            }
        };
        for item in &module.file.items {
            match item {
                Item::Type(type_) => unused("type", &type_.name.text, type_.name.span),
                Item::Use(use_) => {
                    use_.names.iter().for_each(|name| unused("import", &name.text, name.span));
                    if let Some(alias) = module_name(use_) {
                        unused("import", &alias, use_.target_span);
                    }
                }
                Item::Let(_) | Item::Workflow(_) | Item::Test(_) => {}
            }
        }
        diagnostics.extend(globals.unused().map(|(name, span)| Unused { what: "let", name, span }.diagnostic()));
    }
}

/// The name that a `use` gives to a whole module: written, or its file's.
fn module_name(use_: &wf_syntax::ast::Use) -> Option<Arc<str>> {
    if let Some(alias) = &use_.alias {
        return Some(alias.text.clone());
    }
    if !use_.names.is_empty() {
        return None;
    }
    let path = match &use_.target {
        wf_syntax::ast::UseTarget::File(path) => path.rsplit('/').next()?.trim_end_matches(".wf").to_owned(),
        wf_syntax::ast::UseTarget::Module(module) => module.rsplit('.').next()?.to_owned(),
    };
    Some(path.into())
}
