//! The `let`s of a file.

mod order;

use crate::expression::{Checker, Lookup, Names};
use crate::findings::{DuplicateName, GlobalSeesNothing};
use crate::index::Symbol;
use crate::load::Module;
use crate::workflow::FileContext;
use foldhash::{HashMap, HashSet};
use order::Ordered;
use std::cell::RefCell;
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::expression::{GlobalId, Reference, ValueId};
use wf_model::program::{Global, Table};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{Item, Let};

/// The `let`s of one file by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    pub(crate) known: HashMap<Arc<str>, (GlobalId, Type, Span)>,
    used: RefCell<HashSet<GlobalId>>,
}

impl Globals {
    /// What a name means; asking is a use.
    pub(crate) fn lookup(&self, name: &str) -> Option<Lookup> {
        let (id, type_, _) = self.known.get(name)?;
        self.used.borrow_mut().insert(*id);
        Some(Lookup::Found(Reference::Global(*id), type_.clone()))
    }

    /// The name of a `let` of the file.
    pub(crate) fn declaration(&self, name: &str) -> Option<Span> {
        self.known.get(name).map(|(_, _, span)| *span)
    }

    /// Those that nothing uses, by name and place.
    pub(crate) fn unused(&self) -> impl Iterator<Item = (&str, Span)> {
        let used = self.used.borrow();
        self.known.iter().filter(move |(_, (id, _, _))| !used.contains(id)).map(|(name, (_, _, span))| (&**name, *span))
    }
}

/// What the `let` of a file sees: the others, `here` and nothing of a run.
struct Others<'a> {
    globals: &'a Globals,
    /// Names that need themselves in a circle, which was reported.
    circular: &'a HashSet<&'a str>,
    here: bool,
}

impl Names for Others<'_> {
    fn lookup(&mut self, name: &str, span: Span) -> Lookup {
        if let Some(found) = self.globals.lookup(name) {
            return found;
        }
        match name {
            _ if self.circular.contains(name) => Lookup::Reported,
            "run" | "result" | "failure" | "event" => {
                self.here = false;
                Lookup::Refused(Box::new(GlobalSeesNothing { name, span }.diagnostic()))
            }
            _ => Lookup::Unknown,
        }
    }

    fn candidates(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.globals.known.keys().cloned().collect();
        names.sort();
        names
    }

    fn visible(&self) -> Vec<(Arc<str>, Type)> {
        let globals = self.globals.known.iter().map(|(name, (_, type_, _))| (name.clone(), type_.clone()));
        globals.chain([("here".into(), Type::Path)]).collect()
    }

    fn declaration(&self, name: &str, _: &Reference) -> Option<Span> {
        self.globals.declaration(name)
    }

    fn is_visible(&self, name: &str) -> bool {
        self.globals.known.contains_key(name)
    }

    fn trail(&self, _: ValueId) -> Vec<(Span, String)> {
        Vec::new()
    }
}

/// Checks the `let`s of a file, each behind those that it uses.
pub(crate) fn check(
    module: &Module,
    context: &FileContext<'_>,
    table: &mut Table<GlobalId, Global>,
    places: &mut u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Globals {
    let mut globals = Globals::default();
    let lets: Vec<&Let> =
        module.file.items.iter().filter_map(|item| if let Item::Let(let_) = item { Some(let_) } else { None }).collect();
    let Ordered { lets, circular } = order::ordered(&lets, diagnostics);
    for let_ in lets {
        let mut others = Others { globals: &globals, circular: &circular, here: true };
        let mut checker = Checker::new(&mut others, &context.types, &module.here, diagnostics, places);
        let expression = match &let_.type_ {
            Some(type_) => {
                let type_ = crate::types::resolve(type_, &context.types, checker.diagnostics);
                checker.check(&let_.value, &type_)
            }
            None => checker.infer(&let_.value, None),
        };
        let name = &let_.name;
        if let Some((_, _, first)) = globals.known.get(&name.text) {
            diagnostics
                .push(DuplicateName { name: &name.text, span: name.span, first: Some(*first), what: "value" }.diagnostic());
            continue;
        }
        let type_ = expression.type_.clone();
        context.recorder.declared(name.span, Symbol::Value(name.span), Some(&type_));
        let id = table.add(Global { name: name.text.clone(), expression });
        globals.known.insert(name.text.clone(), (id, type_, name.span));
    }
    globals
}
