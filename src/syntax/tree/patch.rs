//! Heads that are read as something else than what stands there, once that was reported.

use super::Parser;
use crate::ast::Name;
use crate::parse::Origin;
use crate::scan::Reading;
use std::borrow::Cow;
use wf_model::span::Span;

/// Another text for one head.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    /// The head.
    pub(super) head: Span,
    /// What is read in its place.
    pub(super) text: String,
    /// Where it stands in the file.
    origin: Origin,
}

impl Patch {
    /// The head with `replacement` at `place`, which lies inside it.
    pub(super) fn replacing(head: Span, file: &str, place: Span, replacement: &str) -> Self {
        let before = file.get(head.start as usize..place.start as usize).unwrap_or("");
        // A colon takes the place of the blank that stands behind a word, where there is one.
        let blank =
            replacement == ":" && place.length() == 0 && file.get(place.end as usize..).is_some_and(|rest| rest.starts_with(' '));
        let end = place.end as usize + usize::from(blank);
        let behind = file.get(end..head.end as usize).unwrap_or("");
        let text = format!("{before}{replacement}{behind}");
        let (start, at) = (head.start as usize, place.start as usize);
        let change = (at.saturating_sub(start), end.saturating_sub(at), replacement.len());
        Self { head, text, origin: Origin { start, end: head.end as usize, change } }
    }

    /// The head with `words` before it.
    pub(super) fn inserting_before(head: Span, file: &str, words: &str) -> Self {
        Self::replacing(head, file, head.before(), words)
    }
}

impl<'a> Parser<'a> {
    /// Reads with a patch in force.
    pub(super) fn patched<T>(&mut self, patch: Patch, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let outer = self.patch.replace(patch);
        let made = read(self);
        self.patch = outer;
        made
    }

    /// The text of a head as it is read, and where that stands in the file; `None` where it is not to be read.
    pub(super) fn head_text(&self, head: Span) -> Option<(Cow<'a, str>, Origin)> {
        if let Some(patch) = self.patch.as_ref().filter(|patch| patch.head == head) {
            return Some((Cow::Owned(patch.text.clone()), patch.origin));
        }
        let plain = Origin::plain(head.start as usize, head.end as usize);
        match self.readings.get(&head.start) {
            Some(Reading::Not) => None,
            Some(Reading::Mended(text)) => Some((Cow::Borrowed(text), plain)),
            Some(Reading::AsWritten) | None => Some((Cow::Borrowed(self.slice(head)), plain)),
        }
    }

    /// The word that begins a head.
    pub(super) fn name_at(&self, head: Span) -> Option<Name> {
        self.word_at(head.start as usize, head)
    }

    /// The second word of a head.
    pub(super) fn second_word(&self, head: Span) -> Option<Name> {
        let first = self.name_at(head)?;
        self.word_at(first.span.end as usize, head)
    }

    /// The word behind `word`.
    pub(super) fn word_behind(&self, word: Span, head: Span) -> Option<Name> {
        self.word_at(word.end as usize, head)
    }

    /// The word that follows the first occurrence of the word `before`.
    pub(super) fn word_after(&self, before: &str, head: Span) -> Option<Name> {
        let mut at = self.name_at(head)?;
        while &*at.text != before {
            at = self.word_at(at.span.end as usize, head)?;
        }
        self.word_at(at.span.end as usize, head)
    }

    /// The word that begins at `offset`, blanks and a colon skipped.
    pub(super) fn word_at(&self, offset: usize, head: Span) -> Option<Name> {
        let rest = self.text.get(offset..head.end as usize)?;
        let start = offset + rest.find(|c: char| !c.is_whitespace() && c != ':')?;
        let rest = self.text.get(start..head.end as usize)?;
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let text = rest.get(..length).filter(|text| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))?;
        Some(Name { text: text.into(), span: self.span(start, start + length) })
    }

    /// The colon behind the first word.
    pub(super) fn colon_behind(&self, word: Span, head: Span) -> Span {
        self.character_behind(word, head, ':')
    }

    /// The `=` behind the first word.
    pub(super) fn equals_behind(&self, word: Span, head: Span) -> Span {
        self.character_behind(word, head, '=')
    }

    fn character_behind(&self, word: Span, head: Span, character: char) -> Span {
        let rest = self.text.get(word.end as usize..head.end as usize).unwrap_or("");
        let at = word.end as usize + rest.find(character).unwrap_or(0);
        self.span(at, at + 1)
    }

    /// The first words of a head, to call a statement by: `let version`.
    pub(super) fn words(&self, head: Span) -> String {
        let first = self.name_at(head).map(|name| name.text.to_string()).unwrap_or_default();
        match self.second_word(head) {
            Some(second) => format!("{first} {}", second.text),
            None => first,
        }
    }
}
