//! What value names mean at a place.

use crate::expression::{Lookup, Names};
use crate::findings::{NotHere, NotVisible, UsedBeforeDeclared};
use crate::globals::Globals;
use crate::suggestions::Suggestions;
use foldhash::{HashMap, HashSet};
use std::sync::Arc;
use wf_model::diagnostic::Finding;
use wf_model::expression::{Reference, ValueId};
use wf_model::failure::Failure;
use wf_model::noun::with_article;
use wf_model::program::{Table, ValueDeclaration};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_model::value::Value;

/// A name that is declared somewhere in the workflow, or in its file.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The value, once its declaration was checked.
    pub(super) value: Option<ValueId>,
    /// The declaration.
    pub(super) span: Span,
    pub(super) visibility: Visibility,
    /// The branches that lead to the declaration.
    pub(super) branches: Vec<(u32, u32)>,
    /// Whether it is a `let` of the file.
    pub(super) global: bool,
}

/// Whether a name can be used where the check is now.
#[derive(Clone, Debug)]
pub(super) enum Visibility {
    /// As this.
    Visible(Type),
    /// Its declaration stands below; it will be this, where that is known.
    Below(Type),
    /// It stands in a loop: only the loop's name leads to it.
    InLoop(Option<Arc<str>>),
    /// It stands in a handler or a block that is over.
    Over(&'static str),
    /// Branches declare it with different types.
    Differs,
    /// It names a block without a value.
    Block(&'static str),
}

impl Known {
    /// Whether a declaration at `branches` may share the name: it stands in another branch of the same `if`.
    pub(super) fn may_share(&self, branches: &[(u32, u32)]) -> bool {
        let apart = self.branches.iter().zip(branches).find(|(mine, theirs)| mine != theirs);
        apart.is_some_and(|(mine, theirs)| mine.0 == theirs.0 && mine.1 != theirs.1)
    }
}

/// The names that expressions see.
pub(super) struct Scope<'a> {
    pub(super) known: &'a HashMap<Arc<str>, Known>,
    pub(super) in_blocks: &'a HashMap<Arc<str>, Span>,
    pub(super) globals: &'a Globals,
    pub(super) result: Option<&'a Type>,
    pub(super) failure: Option<&'a Type>,
    pub(super) event: Option<&'a Type>,
    pub(super) free_order: bool,
    pub(super) early: bool,
    pub(super) here: &'a Arc<str>,
    pub(super) trails: &'a HashMap<ValueId, Vec<(Span, String)>>,
    pub(super) used: &'a mut HashSet<ValueId>,
    pub(super) mentioned: &'a mut HashSet<Arc<str>>,
    pub(super) suggestions: &'a Suggestions,
    pub(super) values: &'a Table<ValueId, ValueDeclaration>,
}

/// The type of `run`.
pub(crate) fn run_type() -> Type {
    Type::record([
        ("id", Type::String),
        ("workflow", Type::String),
        ("started", Type::String),
        ("resumes", Type::Int),
        ("dir", Type::Path),
    ])
}

/// The type of `failure` where there may be none.
pub(super) fn optional_failure() -> Type {
    Type::optional(Failure::type_())
}

impl Scope<'_> {
    fn always(&self, name: &str, span: Span) -> Option<Lookup> {
        let reserved = matches!(name, "run" | "here" | "result" | "failure" | "event");
        if reserved && self.known.contains_key(name) {
            // Its declaration was reported.
            return Some(Lookup::Reported);
        }
        let given = |type_: Option<&Type>, reference, place| match type_ {
            Some(type_) => Lookup::Found(reference, type_.clone()),
            None => Lookup::Refused(Box::new(NotHere { name, span, place }.diagnostic())),
        };
        Some(match name {
            "run" => Lookup::Found(Reference::Run, run_type()),
            "here" => Lookup::Constant(Value::String(self.here.clone()), Type::Path),
            "result" => given(self.result, Reference::Result, "in `expect`, `undo` and `on unknown check` of a step"),
            "failure" => given(
                self.failure,
                Reference::Failure,
                "in `on failure`, `on failure or cancel` and `finally`, and in the `when` of `retry` and `on failure continue`",
            ),
            "event" => given(self.event, Reference::Event, "in the `with` of a trigger"),
            _ => return None,
        })
    }

    /// A name that nothing above declares; a block further down may.
    fn below(&mut self, name: &str, span: Span) -> Lookup {
        let Some(declared) = self.in_blocks.get(name).copied() else { return Lookup::Unknown };
        self.mentioned.insert(name.into());
        let reason = ("stands in a block further down".to_owned(), "Move the use behind that block.".to_owned());
        Lookup::Refused(Box::new(NotVisible { name, span, declared, reason }.diagnostic()))
    }

    fn known(&mut self, name: &str, known: &Known, span: Span) -> Lookup {
        let type_ = match &known.visibility {
            Visibility::Visible(type_) => type_,
            Visibility::Below(type_) if self.free_order && known.value.is_some() => type_,
            Visibility::Below(_) => {
                self.mentioned.insert(name.into());
                // Only steps are known before the check comes to them.
                let of_step = known.value.is_some();
                let found = UsedBeforeDeclared { name, span, declared: known.span, early: self.early, of_step };
                return Lookup::Refused(Box::new(found.diagnostic()));
            }
            hidden => {
                self.mentioned.insert(name.into());
                let found = NotVisible { name, span, declared: known.span, reason: reason(name, hidden) };
                return Lookup::Refused(Box::new(found.diagnostic()));
            }
        };
        match known.value {
            Some(value) => {
                self.used.insert(value);
                Lookup::Found(Reference::Value(value), type_.clone())
            }
            // One whose declaration could not be checked is not there.
            None => self.globals.lookup(name).filter(|_| known.global).unwrap_or(Lookup::Reported),
        }
    }
}

/// Why a name is not visible, and what leads to it.
fn reason(name: &str, hidden: &Visibility) -> (String, String) {
    match hidden {
        Visibility::InLoop(Some(block)) => {
            ("stands in a loop".to_owned(), format!("Behind the loop its values are a list: `{block}.{name}`."))
        }
        Visibility::InLoop(None) => (
            "stands in a loop without a name".to_owned(),
            format!("Name the loop, `NAME: for each …`; behind it the values are the list `NAME.{name}`."),
        ),
        Visibility::Over(place) => (format!("stands in {place}"), "Use it there, or declare it before.".to_owned()),
        Visibility::Differs => (
            "has different types in the branches".to_owned(),
            "Give the steps of the branches the same `->` type, or different names.".to_owned(),
        ),
        Visibility::Block(kind) => {
            (format!("names {}", with_article(kind)), "It has no value; its steps are visible by their own names.".to_owned())
        }
        Visibility::Visible(_) | Visibility::Below(_) => (String::new(), String::new()),
    }
}

impl Names for Scope<'_> {
    fn lookup(&mut self, name: &str, span: Span) -> Lookup {
        if let Some(found) = self.always(name, span) {
            return found;
        }
        match self.known.get(name) {
            Some(known) => self.known(name, known, span),
            None => self.below(name, span),
        }
    }

    fn candidates(&self) -> Vec<Arc<str>> {
        if !self.suggestions.wanted() {
            return Vec::new();
        }
        let mut names: Vec<Arc<str>> = self.known.keys().cloned().collect();
        names.sort();
        names
    }

    fn visible(&self) -> Vec<(Arc<str>, Type)> {
        let declared = self.known.iter().filter_map(|(name, known)| match &known.visibility {
            Visibility::Visible(type_) => Some((name.clone(), type_.clone())),
            Visibility::Below(type_) if self.free_order && known.value.is_some() => Some((name.clone(), type_.clone())),
            _ => None,
        });
        let given = [("result", self.result), ("failure", self.failure), ("event", self.event)];
        let given = given.into_iter().filter_map(|(name, type_)| Some((name.into(), type_?.clone())));
        declared.chain([("run".into(), run_type()), ("here".into(), Type::Path)]).chain(given).collect()
    }

    fn declaration(&self, name: &str, reference: &Reference) -> Option<Span> {
        match reference {
            Reference::Value(value) => self.values.get(*value).map(|declaration| declaration.span),
            Reference::Global(_) => self.globals.declaration(name),
            Reference::Local(_)
            | Reference::Run
            | Reference::Result
            | Reference::Failure
            | Reference::Event
            | Reference::Outcome(_) => None,
        }
    }

    fn is_visible(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|known| matches!(known.visibility, Visibility::Visible(_)))
    }

    fn through_loop(&self, name: &str) -> Option<String> {
        let visibility = &self.known.get(name)?.visibility;
        matches!(visibility, Visibility::InLoop(_)).then(|| reason(name, visibility).1)
    }

    fn trail(&self, value: ValueId) -> Vec<(Span, String)> {
        self.trails.get(&value).cloned().unwrap_or_default()
    }
}
