//! Types as written, to types as meant.

mod findings;
#[cfg(test)]
mod tests;

use crate::index::{Recorder, Symbol};
use crate::offer::Offer;
use crate::suggestions::Suggestions;
use findings::{DuplicateField, DuplicateType, RecursiveType, RepeatedMember, TypeTooLarge, UnknownType};
use foldhash::{HashMap, HashSet};
use std::sync::Arc;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_model::suggest::{Near, near};
use wf_model::types::{Field, Type};
use wf_syntax::ast::{Name, TypeDeclaration, TypeExpression, TypeKind};

/// The types that every file knows.
const BUILT_IN: [(&str, Type); 11] = [
    ("string", Type::String),
    ("int", Type::Int),
    ("float", Type::Float),
    ("bool", Type::Bool),
    ("duration", Type::Duration),
    ("size", Type::Size),
    ("path", Type::Path),
    ("url", Type::Url),
    ("json", Type::Json),
    ("secret", Type::Secret),
    ("channel", Type::Channel),
];

/// No type goes deeper, names replaced by what they stand for.
const DEEPEST: usize = 32;

/// No type has more parts, names replaced by what they stand for.
const MOST_PARTS: usize = 10_000;

/// What other languages call a type.
const FOREIGN: [(&str, &str); 13] = [
    ("str", "string"),
    ("text", "string"),
    ("String", "string"),
    ("integer", "int"),
    ("i64", "int"),
    ("double", "float"),
    ("boolean", "bool"),
    ("time", "duration"),
    ("bytes", "size"),
    ("file", "path"),
    ("uri", "url"),
    ("any", "json"),
    ("object", "json"),
];

/// What other languages call a type of which more has to be said here, and what to write.
const LOOSE: [(&str, &str); 10] = [
    ("number", "Write `int` for whole numbers, `float` for all others."),
    ("list", "Write what the list holds: `[string]`."),
    ("array", "Write what the list holds: `[string]`."),
    ("List", "Write what the list holds: `[string]`."),
    ("map", "Write what the keys lead to: `[string: int]`."),
    ("dict", "Write what the keys lead to: `[string: int]`."),
    ("Map", "Write what the keys lead to: `[string: int]`."),
    ("Optional", "Put a `?` behind the type: `string?`."),
    ("Option", "Put a `?` behind the type: `string?`."),
    ("enum", "List the strings: `\"a\" | \"b\"`."),
];

/// The named types of a file.
#[derive(Debug, Default)]
pub(crate) struct TypeNames {
    types: HashMap<Arc<str>, Measured>,
    /// The names of the declarations.
    places: HashMap<Arc<str>, Span>,
    suggestions: Suggestions,
    pub(crate) recorder: Recorder,
}

/// A type with its measures.
#[derive(Clone, Debug)]
struct Measured {
    type_: Type,
    /// Number of its parts, itself included.
    parts: usize,
    /// Levels of its parts, its own included.
    depth: usize,
}

impl TypeNames {
    /// Resolves the `type` declarations of a file; a name that is declared twice, or by itself, is reported.
    #[must_use]
    pub(crate) fn new(declarations: &[&TypeDeclaration], recorder: &Recorder, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut declared: HashMap<&str, &TypeDeclaration> = HashMap::default();
        for declaration in declarations {
            match declared.get(&*declaration.name.text) {
                Some(first) => {
                    diagnostics.push(DuplicateType { name: &declaration.name, first: first.name.span }.diagnostic());
                }
                None => {
                    declared.insert(&declaration.name.text, declaration);
                }
            }
        }
        let places = declared.values().map(|declaration| (declaration.name.text.clone(), declaration.name.span)).collect();
        let known = Self { places, recorder: recorder.clone(), ..Self::default() };
        let mut resolver =
            Resolver { declared: &declared, known: &known, done: HashMap::default(), open: Vec::new(), diagnostics };
        for declaration in declarations {
            resolver.named(&declaration.name.text, declaration.name.span);
        }
        let types = resolver.done;
        Self { types, ..known }
    }
}

impl TypeNames {
    /// Every type that the file knows by a name.
    fn names(&self) -> Vec<Arc<str>> {
        BUILT_IN.iter().map(|(name, _)| (*name).into()).chain(self.places.keys().cloned()).collect()
    }
}

/// Reports a type that goes too deep or has too many parts, which stands for nothing then.
pub(crate) fn bounded(type_: Type, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Type {
    if !is_too_large(&type_) {
        return type_;
    }
    diagnostics.push(TypeTooLarge { span }.diagnostic());
    Type::Unknown
}

/// Whether a type goes too deep or has too many parts; looks at no more of it than that takes.
fn is_too_large(type_: &Type) -> bool {
    let mut left = vec![(type_, 1)];
    let mut parts = 0;
    while let Some((type_, depth)) = left.pop() {
        parts += match type_ {
            Type::Union(members) => members.len(),
            _ => 1,
        };
        // A `?` around a type that just fits is no reason to refuse it.
        if parts > 2 * MOST_PARTS || depth > 2 * DEEPEST {
            return true;
        }
        match type_ {
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => left.push((inner, depth + 1)),
            Type::Record(fields) => left.extend(fields.iter().map(|field| (&field.type_, depth + 1))),
            Type::Union(_) | Type::Unknown | Type::Never | Type::String | Type::Int | Type::Float | Type::Bool => {}
            Type::Duration | Type::Size | Type::Path | Type::Url | Type::Json | Type::Secret | Type::Channel => {}
        }
    }
    false
}

/// The type that an expression names; [`Type::Unknown`] where it names none, which is reported.
pub(crate) fn resolve(expression: &TypeExpression, names: &TypeNames, diagnostics: &mut Vec<Diagnostic>) -> Type {
    let none = HashMap::default();
    let mut resolver = Resolver { declared: &none, known: names, done: HashMap::default(), open: Vec::new(), diagnostics };
    resolver.type_(expression).type_
}

impl Measured {
    /// A type without parts.
    fn leaf(type_: Type) -> Self {
        Self { type_, parts: 1, depth: 1 }
    }

    /// A type around this one.
    fn wrapped(self, wrap: impl FnOnce(Type) -> Type) -> Self {
        Self { type_: wrap(self.type_), parts: self.parts.saturating_add(1), depth: self.depth + 1 }
    }
}

struct Resolver<'a> {
    declared: &'a HashMap<&'a str, &'a TypeDeclaration>,
    /// Types of an earlier resolution.
    known: &'a TypeNames,
    done: HashMap<Arc<str>, Measured>,
    /// Names that are being resolved, outermost first.
    open: Vec<Arc<str>>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Resolver<'_> {
    fn type_(&mut self, expression: &TypeExpression) -> Measured {
        let sized = match &expression.kind {
            TypeKind::Named(name) => self.named(name, expression.span),
            TypeKind::Union(members) => Measured { parts: members.len(), ..Measured::leaf(self.union(members)) },
            TypeKind::List(element) => self.type_(element).wrapped(Type::list),
            TypeKind::Map(element) => self.type_(element).wrapped(Type::map),
            TypeKind::Record(fields) => self.record(fields),
            TypeKind::Optional(inner) => self.type_(inner).wrapped(Type::optional),
            TypeKind::Missing => Measured::leaf(Type::Unknown),
        };
        if sized.parts > MOST_PARTS || sized.depth > DEEPEST {
            self.diagnostics.push(TypeTooLarge { span: expression.span }.diagnostic());
            return Measured::leaf(Type::Unknown);
        }
        sized
    }

    fn named(&mut self, name: &Arc<str>, span: Span) -> Measured {
        if let Some((_, type_)) = BUILT_IN.iter().find(|(known, _)| **known == **name) {
            self.known.recorder.used(span, Symbol::PlainType(name.clone()));
            return Measured::leaf(type_.clone());
        }
        self.known.recorder.offer(span, || Offer::Types(self.known.names()));
        match self.known.places.get(name) {
            Some(place) if *place == span => self.known.recorder.declared(span, Symbol::Type(*place), None),
            Some(place) => self.known.recorder.used(span, Symbol::Type(*place)),
            None => {}
        }
        if let Some(sized) = self.done.get(name).or_else(|| self.known.types.get(name)) {
            return sized.clone();
        }
        if self.open.contains(name) {
            self.diagnostics.push(RecursiveType { name, span }.diagnostic());
            return Measured::leaf(Type::Unknown);
        }
        let Some(declaration) = self.declared.get(&**name) else {
            self.diagnostics.push(self.unknown(name, span));
            return Measured::leaf(Type::Unknown);
        };
        if self.open.len() >= DEEPEST {
            self.diagnostics.push(TypeTooLarge { span }.diagnostic());
            return Measured::leaf(Type::Unknown);
        }
        self.open.push(name.clone());
        let sized = self.type_(&declaration.type_);
        self.open.pop();
        self.done.insert(name.clone(), sized.clone());
        sized
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        if let Some((_, help)) = LOOSE.iter().find(|(theirs, _)| *theirs == name) {
            return UnknownType { name, span, near: None, help: Some(help) }.diagnostic();
        }
        let foreign = FOREIGN.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
        let mut names: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
        if self.known.suggestions.wanted() {
            names.extend(self.declared.keys());
            names.extend(self.known.types.keys().map(|name| &**name));
        }
        // The order of a hash map must not decide which of two near names is suggested.
        names.sort_unstable();
        let near = foreign.map(Near::surely).or_else(|| near(name, names.iter().copied()));
        UnknownType { name, span, near, help: None }.diagnostic()
    }

    fn union(&mut self, members: &[(Arc<str>, Span)]) -> Type {
        let mut known = HashSet::default();
        let mut kept: Vec<Arc<str>> = Vec::new();
        for (member, span) in members {
            if known.insert(member) {
                kept.push(member.clone());
            } else {
                self.diagnostics.push(RepeatedMember { member, span: *span }.diagnostic());
            }
        }
        Type::Union(kept.into())
    }

    fn record(&mut self, fields: &[(Name, TypeExpression)]) -> Measured {
        let mut known: HashMap<&str, Span> = HashMap::default();
        let mut kept: Vec<Field> = Vec::new();
        let (mut parts, mut depth) = (1_usize, 0);
        for (name, type_) in fields {
            let sized = self.type_(type_);
            if let Some(first) = known.get(&*name.text) {
                self.diagnostics.push(DuplicateField { name, first: *first }.diagnostic());
                continue;
            }
            known.insert(&name.text, name.span);
            parts = parts.saturating_add(sized.parts);
            depth = depth.max(sized.depth);
            kept.push(Field { name: name.text.clone(), type_: sized.type_ });
        }
        Measured { type_: Type::Record(kept.into()), parts, depth: depth + 1 }
    }
}
