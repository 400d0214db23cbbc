//! Declarations of a file.

use super::findings::{BodyMissing, BodyNotExpected, UnknownStatement};
use super::pasted::{Gathered, Surroundings};
use super::words::{ITEMS, foreign};
use super::{Parser, Patch};
use crate::ast::{Body, Doc, Item, Workflow};
use crate::parse::Rule;
use crate::scan::{Entry, Part};
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;
use wf_model::suggest::{is_typing_mistake, nearest};

/// Words that begin nothing but a declaration of a file.
const ONLY_ITEMS: [&str; 4] = ["use", "type", "workflow", "test"];

impl Parser<'_> {
    /// The declarations of a file; where the brace of a workflow is missing, what stands below it is its body, and that its
    /// closing brace closes nothing, which stands in `scanned`, is not said.
    pub(super) fn items(&mut self, entries: &[Entry], scanned: &[Diagnostic]) -> Vec<Item> {
        let mut items = Gathered::new(self, Surroundings::File);
        let mut rest = entries;
        while let Some((entry, behind)) = rest.split_first() {
            let length = if self.lacks_body(entry) { self.length_of_body(behind) } else { 0 };
            let (body, next) = behind.split_at_checked(length).unwrap_or((behind, &[]));
            items.add(self, entry, |parser| match body.split_first() {
                None => parser.item(entry),
                Some(_) => parser.without_brace(entry, body, next, scanned).map(Item::Workflow),
            });
            rest = next;
        }
        items.finish(self)
    }

    fn begins_with(&self, entry: &Entry, words: &[&str]) -> bool {
        let Some(Part::Head(head)) = entry.parts.first() else { return false };
        self.name_at(head.span).is_some_and(|word| words.contains(&&*word.text))
    }

    fn lacks_body(&self, entry: &Entry) -> bool {
        entry.parts.len() == 1 && self.begins_with(entry, &["workflow"])
    }

    /// How many entries stand before the next one that only a file holds.
    fn length_of_body(&self, entries: &[Entry]) -> usize {
        entries.iter().position(|entry| self.begins_with(entry, &ONLY_ITEMS)).unwrap_or(entries.len())
    }

    /// A workflow whose opening brace is missing.
    fn without_brace(&mut self, entry: &Entry, body: &[Entry], next: &[Entry], scanned: &[Diagnostic]) -> Option<Workflow> {
        let Some(Part::Head(head)) = entry.parts.first() else { return None };
        let end = next.first().map_or(self.text.len(), |next| next.span.start as usize);
        // They stand in the order of the text.
        let before = |place: usize| scanned.partition_point(|found| (found.primary.span.start as usize) < place);
        let inside = scanned.get(before(head.span.end as usize)..before(end)).unwrap_or_default();
        let stray = inside.iter().rfind(|found| found.slug == "stray-brace");
        let closed = stray.is_some();
        let name = self.head(Rule::workflow_head, head.span, |head| head.declared())?;
        let example = format!("workflow {} {{ … }}", name.text);
        let missing = BodyMissing { statement: "workflow", example: &example, at: head.span, add: closed };
        self.diagnostics.push(missing.diagnostic());
        let entries = self.gathered(body, Surroundings::Statements);
        self.said.extend(stray.map(|stray| stray.primary.span));
        let last = body.last().map_or(entry.span, |last| last.span);
        let unread = entries.len() < body.len();
        let body = Body { entries, unread, span: head.span.after().to(last) };
        Some(Workflow { doc: self.doc(entry), name, body, span: entry.span.to(last) })
    }

    /// One declaration of the file; `None` where it could not be read.
    pub(super) fn item(&mut self, entry: &Entry) -> Option<Item> {
        let (word, head) = self.first_word(entry)?;
        match self.slice(word) {
            "use" => self.only_head(entry).and_then(|head| self.use_item(head)).map(Item::Use),
            "type" => self.only_head(entry).and_then(|head| self.type_item(entry, head)).map(Item::Type),
            "let" => self.only_head(entry).and_then(|head| self.let_(entry, head)).map(Item::Let),
            "workflow" => self.workflow(entry, head).map(Item::Workflow),
            "test" => self.test(entry, head).map(Item::Test),
            _ => self.unknown_item(entry, word, head),
        }
    }

    fn workflow(&mut self, entry: &Entry, head: Span) -> Option<Workflow> {
        let name = self.head(Rule::workflow_head, head, |head| head.declared());
        let example = name.as_ref().map(|name| format!("workflow {} {{ … }}", name.text));
        self.declared.clear();
        let body = self.one_body(entry, "workflow", example.as_deref().unwrap_or("workflow main { … }"))?;
        // A workflow whose name cannot be read is checked under a name that nobody can write.
        let name = name.unwrap_or_else(|| crate::ast::Name { text: "".into(), span: head });
        Some(Workflow { doc: self.doc(entry), name, body, span: entry.span })
    }

    /// A declaration that begins with a word that begins none: read as what it resembles, so that it costs one diagnostic.
    fn unknown_item(&mut self, entry: &Entry, word: Span, head: Span) -> Option<Item> {
        let written = self.slice(word).to_owned();
        let meant = foreign(&written).filter(|ours| ITEMS.contains(ours)).or_else(|| nearest(&written, ITEMS));
        let of_item = |meant| {
            let mended = Patch::replacing(head, self.text, word, meant);
            is_typing_mistake(&written, meant) && (meant != "let" || Self::fits(Rule::let_head, &mended.text))
        };
        if !meant.is_some_and(of_item) && self.habit_of_file(entry, word, head) {
            return None;
        }
        let fits = foreign(&written).is_some();
        let nested = meant.is_none() && super::words::ENTRIES.contains(&written.as_str());
        self.diagnostics.push(UnknownStatement { word, written, meant, nested, of_file: true, fits }.diagnostic());
        if meant == Some("workflow") {
            // The name stands behind the word, whatever the word is.
            let name = self.word_behind(word, head)?;
            let body = self.one_body(entry, "workflow", "workflow deploy { … }")?;
            return Some(Item::Workflow(Workflow { doc: self.doc(entry), name, body, span: entry.span }));
        }
        None
    }

    /// The doc comment of a declaration, its marks removed.
    pub(super) fn doc(&self, entry: &Entry) -> Option<Doc> {
        let span = entry.doc?;
        let lines = self.slice(span).lines().map(|line| {
            let text = line.trim_start().trim_start_matches('#');
            text.strip_prefix(' ').unwrap_or(text).trim_end()
        });
        Some(Doc { text: lines.collect::<Vec<_>>().join("\n"), span })
    }

    /// The head of a statement that has no body; reports a body that stands there.
    pub(super) fn only_head(&mut self, entry: &Entry) -> Option<Span> {
        let mut parts = entry.parts.iter();
        let Some(Part::Head(head)) = parts.next() else { return None };
        if let Some(Part::Body(body)) = parts.next() {
            let statement = self.words(head.span);
            self.diagnostics.push(BodyNotExpected { statement, head: head.span, brace: body.open }.diagnostic());
        }
        Some(head.span)
    }

    /// The body of a statement that has exactly one; reports that there is none.
    pub(super) fn one_body(&mut self, entry: &Entry, statement: &'static str, example: &str) -> Option<Body> {
        let mut bodies = entry.parts.iter().filter_map(|part| match part {
            Part::Body(body) => Some(body),
            Part::Head(_) => None,
        });
        let Some(body) = bodies.next() else {
            self.diagnostics.push(BodyMissing { statement, example, at: entry.span, add: false }.diagnostic());
            return None;
        };
        let outer = std::mem::replace(&mut self.in_invocation, false);
        let read = self.body(body);
        self.in_invocation = outer;
        Some(read)
    }
}
