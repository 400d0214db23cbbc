//! `textDocument/completion`: what may stand where somebody types.
//!
//! The text is compiled with a name at the cursor, and the check says what that could be (`wf_compiler::offer`). Where it never
//! comes to the name, the words of the language are offered that may begin or go on with what stands there.

use super::hover;
use super::surroundings::{self, Surroundings};
use super::{tokens, words};
use crate::snapshot::{OWN, Snapshot};
use crate::types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat, MarkupContent, MarkupKind, Range,
    TextEdit,
};
use std::collections::BTreeSet;
use std::ops::Range as Offsets;
use wf_compiler::index::Symbol;
use wf_compiler::offer::{Member, Offer};
use wf_model::span::Span;
use wf_model::types::Type;
use wf_syntax::ast::{Entry, Invocation, Item, Param};
use wf_syntax::scan::TokenKind;

/// What stands behind what was typed of a name, so that there is one.
const REST: &str = "zz";

/// A text with a name at the cursor.
pub(crate) struct Probe {
    pub(crate) text: String,
    /// What was typed of the name.
    pub(crate) typed: Offsets<usize>,
    /// The whole name.
    pub(crate) name: Offsets<usize>,
}

/// The text with a name at `offset`.
pub(crate) fn probe(text: &str, offset: usize) -> Probe {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.len() - tokens::word_before(before).len();
    let probed = format!("{before}{REST}{}", text.get(offset..).unwrap_or(""));
    Probe { text: probed, typed: start..before.len(), name: start..before.len() + REST.len() }
}

/// What could be typed. `probed` is the document as [`probe`] made it; what is replaced stands at `replaced` in the editor's text.
pub(crate) fn items(probed: &Snapshot, probe: &Probe, replaced: Range, snippets: bool) -> Vec<CompletionItem> {
    let mut list = List { items: Vec::new(), seen: BTreeSet::new(), replaced, snippets };
    match &probed.analysis.offer {
        Some(Offer::Values { visible, functions, expected }) => {
            list.expected(expected.as_ref());
            visible.iter().for_each(|(name, type_)| list.value(name, type_));
            functions.iter().for_each(|function| list.member(function, CompletionItemKind::FUNCTION));
            ["true", "false", "null", "if", "not"].into_iter().for_each(|word| list.word(word, word));
        }
        Some(Offer::Members(members)) => members.iter().for_each(|member| list.member(member, CompletionItemKind::METHOD)),
        Some(Offer::Functions(functions)) => {
            functions.iter().for_each(|function| list.member(function, CompletionItemKind::FUNCTION));
        }
        Some(Offer::Types(types)) => types.iter().for_each(|name| list.plain(name, CompletionItemKind::STRUCT)),
        Some(Offer::Kinds(workflows)) => {
            probed.kinds.iter().for_each(|kind| list.told(kind.name, CompletionItemKind::CLASS, "step kind", kind.doc));
            workflows.iter().for_each(|name| list.plain(name, CompletionItemKind::MODULE));
        }
        Some(Offer::Workflows(workflows)) => workflows.iter().for_each(|name| list.plain(name, CompletionItemKind::MODULE)),
        Some(Offer::Statements(names)) => names.iter().for_each(|name| list.plain(name, CompletionItemKind::REFERENCE)),
        Some(Offer::Words(members)) => members.iter().for_each(|name| list.plain(name, CompletionItemKind::ENUM_MEMBER)),
        None => of_language(probed, probe, &mut list),
    }
    list.items
}

/// What the language has for a place that the check does not come to.
fn of_language(probed: &Snapshot, probe: &Probe, list: &mut List) {
    let scan = tokens::scanned(probed);
    let Some(place) = scan.tokens.iter().position(|token| token.span.touches(probe.name.end) && token.kind == TokenKind::Word)
    else {
        return;
    };
    let is_blank = |kind| matches!(kind, TokenKind::Blank);
    let mut before = scan.tokens.get(..place).unwrap_or_default().iter().rev().filter(|token| !is_blank(token.kind));
    let previous = before.next().map_or("\n", |token| probed.slice(token.span));
    let surroundings = surroundings::of(probed.file(), probe.name.start);
    if previous.starts_with(['\n', '\r', '{', '}', ',', '#']) {
        words::beginning(surroundings).into_iter().for_each(|(word, snippet)| list.word(word, snippet));
        if let Surroundings::Invocation(invocation) = surroundings {
            attributes(probed, invocation, list);
        }
        return;
    }
    let line = probed.text().get(..probe.name.start).and_then(|text| text.rsplit('\n').next()).unwrap_or("");
    let first = line.split_whitespace().next().unwrap_or("");
    words::following(first, previous).iter().for_each(|word| list.word(word, word));
}

/// What the kind or the workflow takes that is not given yet.
fn attributes(probed: &Snapshot, invocation: &Invocation, list: &mut List) {
    let entries = invocation.body.iter().flat_map(|body| &body.entries);
    let given: BTreeSet<&str> =
        entries.filter_map(|entry| if let Entry::Attribute(given) = entry { Some(&*given.name.text) } else { None }).collect();
    let Some(callee) = probed.analysis.index.at(OWN, invocation.kind.span.range().start) else { return };
    if let Symbol::Kind(name) = &callee.symbol {
        let attributes = probed.kinds.get(name).into_iter().flat_map(|kind| &kind.attributes);
        for attribute in attributes.filter(|attribute| !given.contains(attribute.name)) {
            let told = hover::attribute(attribute);
            list.attribute(attribute.name, &told.code, &told.text);
        }
    }
    if let Symbol::Workflow(place) = &callee.symbol {
        for param in parameters(probed, *place).filter(|param| !given.contains(&*param.name.text)) {
            let doc = param.doc.as_ref().map_or("", |doc| doc.text.as_str());
            list.attribute(&param.name.text, probed.slice(param.span), doc);
        }
    }
}

/// The parameters of the workflow whose name stands at a place.
fn parameters(probed: &Snapshot, name: Span) -> impl Iterator<Item = &Param> {
    let items = probed.analysis.files.get(usize::from(name.source.0)).into_iter().flat_map(|file| &file.items);
    let called = items.filter_map(move |item| match item {
        Item::Workflow(workflow) => Some(workflow).filter(|workflow| workflow.name.span == name),
        Item::Use(_) | Item::Type(_) | Item::Let(_) | Item::Test(_) => None,
    });
    let entries = called.flat_map(|workflow| &workflow.body.entries);
    entries.filter_map(|entry| if let Entry::Param(param) = entry { Some(&**param) } else { None })
}

/// What is offered, none of it twice.
struct List {
    items: Vec<CompletionItem>,
    seen: BTreeSet<String>,
    replaced: Range,
    snippets: bool,
}

impl List {
    fn add(&mut self, label: &str, kind: CompletionItemKind, inserted: &str, snippet: bool) -> Option<&mut CompletionItem> {
        if !self.seen.insert(label.to_owned()) {
            return None;
        }
        let (snippet, new_text) = if self.snippets && snippet { (true, inserted) } else { (false, label) };
        self.items.push(CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            insert_text_format: Some(if snippet { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT }),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range: self.replaced, new_text: new_text.to_owned() })),
            // In the order in which they are found, what fits best first.
            sort_text: Some(format!("{:05}", self.items.len())),
            ..CompletionItem::default()
        });
        self.items.last_mut()
    }

    /// The texts that a wanted type lists.
    fn expected(&mut self, expected: Option<&Type>) {
        if let Some(Type::Union(members)) = expected.map(Type::required) {
            members.iter().for_each(|member| self.plain(&format!("\"{member}\""), CompletionItemKind::ENUM_MEMBER));
        }
    }

    fn plain(&mut self, name: &str, kind: CompletionItemKind) {
        self.add(name, kind, name, false);
    }

    fn word(&mut self, word: &str, snippet: &str) {
        self.add(word, CompletionItemKind::KEYWORD, snippet, word != snippet);
    }

    fn value(&mut self, name: &str, type_: &Type) {
        if name.ends_with(REST) {
            return;
        }
        if let Some(item) = self.add(name, CompletionItemKind::VARIABLE, name, false) {
            item.detail = Some(type_.to_string());
        }
    }

    fn member(&mut self, member: &Member, called: CompletionItemKind) {
        let Some(arguments) = &member.arguments else {
            if let Some(item) = self.add(&member.name, CompletionItemKind::FIELD, &member.name, false) {
                item.detail = Some(member.type_.to_string());
            }
            return;
        };
        let inserted = if arguments.is_empty() { format!("{}()", member.name) } else { format!("{}($1)", member.name) };
        if let Some(item) = self.add(&member.name, called, &inserted, true) {
            item.detail = Some(signature(member));
        }
    }

    fn attribute(&mut self, name: &str, detail: &str, doc: &str) {
        if let Some(item) = self.add(name, CompletionItemKind::PROPERTY, &format!("{name}: $0"), true) {
            item.detail = Some(detail.to_owned());
            item.documentation = documentation(doc);
        }
    }

    fn told(&mut self, name: &str, kind: CompletionItemKind, detail: &str, doc: &str) {
        if let Some(item) = self.add(name, kind, name, false) {
            item.detail = Some(detail.to_owned());
            item.documentation = documentation(doc);
        }
    }
}

fn documentation(doc: &str) -> Option<Documentation> {
    let markup = MarkupContent { kind: MarkupKind::Markdown, value: doc.to_owned() };
    (!doc.is_empty()).then_some(Documentation::MarkupContent(markup))
}

/// A type of a signature; a function that takes several says so.
pub(crate) fn shown(type_: &Type) -> String {
    if *type_ == Type::Unknown { "value".to_owned() } else { type_.to_string() }
}

/// What a method or function takes and gives.
pub(crate) fn signature(member: &Member) -> String {
    let arguments: Vec<String> = member.arguments.iter().flatten().map(shown).collect();
    format!("{}({}): {}", member.name, arguments.join(", "), shown(&member.type_))
}
