//! Heads that are written in another form: said once, with the form they have here, and read as that.

use super::body::rules;
use super::{Parser, Patch};
use crate::ast::{Block, Entry as Statement, Name};
use crate::scan::{Entry, Part};
use std::ops::Range;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// A head in the form of another language, or nearly in its own.
struct FormElsewhere<'a> {
    head: Span,
    /// Its first words.
    written: &'a str,
    right: &'a str,
}

impl Finding for FormElsewhere<'_> {
    const SLUG: &'static str = "syntax-error";

    fn diagnostic(&self) -> Diagnostic {
        let right = self.right;
        Self::at(self.head, format!("`{}` is written in another way here", self.written))
            .labelled(format!("`{right}` means this"))
            .with_help(format!("Write `{right}`."))
            .with_fix(format!("Write `{right}`"), self.head, right)
    }
}

/// `on failure: { … }`
struct HandlerWithColon<'a> {
    colon: Span,
    handler: &'a str,
}

impl Finding for HandlerWithColon<'_> {
    const SLUG: &'static str = "clause-with-colon";

    fn diagnostic(&self) -> Diagnostic {
        Self::at(self.colon, format!("`{}` takes no colon", self.handler))
            .labelled("nothing stands here")
            .with_help(format!("Write `{} {{ … }}`.", self.handler))
            .with_fix("Remove the colon", self.colon, "")
    }
}

/// What is written otherwise for a whole head, and what it is here.
const WHOLE: [(&str, &str); 15] = [
    ("catch", "on failure"),
    ("rescue", "on failure"),
    ("except", "on failure"),
    ("on_failure", "on failure"),
    ("on_error", "on failure"),
    ("on_success", "on success"),
    ("on_cancel", "on cancel"),
    ("on-failure", "on failure"),
    ("on-success", "on success"),
    ("on-cancel", "on cancel"),
    ("reads-only", "reads only"),
    ("readonly", "reads only"),
    ("read-only", "reads only"),
    ("read_only", "reads only"),
    ("reads_only", "reads only"),
];

/// Units of time, as words.
const UNITS: [(&str, &str); 14] = [
    ("second", "s"),
    ("seconds", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("s", "s"),
    ("minute", "m"),
    ("minutes", "m"),
    ("min", "m"),
    ("mins", "m"),
    ("m", "m"),
    ("hour", "h"),
    ("hours", "h"),
    ("h", "h"),
    ("days", "d"),
];

impl Parser<'_> {
    /// An entry whose head is one in another form; `None` where it is not.
    pub(super) fn form_elsewhere(&mut self, entry: &Entry, head: Span) -> Option<Option<Statement>> {
        if self.patch.is_some() || self.readings.contains_key(&head.start) {
            return None;
        }
        self.handler_with_colon(entry, head).or_else(|| self.other_form(entry, head))
    }

    /// `on failure: { … }`, `finally: rollback`
    fn handler_with_colon(&mut self, entry: &Entry, head: Span) -> Option<Option<Statement>> {
        let text = self.slice(head);
        let (handler, behind) = text.split_once(':')?;
        let handler = handler.trim_end();
        let known = ["on failure", "on success", "on cancel", "on failure or cancel", "finally"];
        if !known.contains(&handler) {
            return None;
        }
        let colon = head.start as usize + text.len() - behind.len() - 1;
        let colon = self.span(colon, colon + 1);
        let patch = Patch::replacing(head, self.text, colon, "");
        let word = handler.split(' ').next()?;
        if !rules(word).iter().any(|rule| Self::fits(*rule, &patch.text)) {
            return None;
        }
        self.diagnostics.push(HandlerWithColon { colon, handler }.diagnostic());
        Some(self.patched(patch, |parser| parser.known(entry, word, head).flatten()))
    }

    fn other_form(&mut self, entry: &Entry, head: Span) -> Option<Option<Statement>> {
        let text = self.slice(head);
        let has_body = entry.parts.iter().any(|part| matches!(part, Part::Body(_)));
        let whole = WHOLE.iter().find(|(theirs, ours)| *theirs == text && has_body == (*ours != "reads only"));
        if let (None, true) = (whole, has_body) {
            return self.block_with_name(entry, head);
        }
        let edit = whole.map(|(_, ours)| (0..text.len(), (*ours).to_owned())).or_else(|| clause(text))?;
        let (place, replacement) = edit;
        let (before, behind) = (text.get(..place.start)?, text.get(place.end..)?);
        let right = format!("{before}{replacement}{behind}");
        let keyword = right.split(' ').next()?.to_owned();
        if !rules(&keyword).iter().any(|rule| Self::fits(*rule, &right)) {
            return None;
        }
        self.diagnostics.push(FormElsewhere { head, written: &first_words(text), right: &right }.diagnostic());
        let start = head.start as usize;
        let patch = Patch::replacing(head, self.text, self.span(start + place.start, start + place.end), &replacement);
        Some(self.patched(patch, |parser| match keyword.as_str() {
            "on" => parser.on_cause(entry, right.split(' ').nth(1)?, false, head),
            _ => parser.known(entry, &keyword, head).flatten(),
        }))
    }

    /// `stage build { … }`, which is `build: stage { … }` here.
    fn block_with_name(&mut self, entry: &Entry, head: Span) -> Option<Option<Statement>> {
        let text = self.slice(head);
        let (before, name) = named_at_end(text)?;
        let right = format!("{name}: {before}");
        let keyword = before.split(' ').next()?;
        if !rules(keyword).iter().any(|rule| Self::fits(*rule, &right)) {
            return None;
        }
        self.diagnostics.push(FormElsewhere { head, written: &first_words(text), right: &right }.diagnostic());
        let end = head.end as usize;
        let patch = Patch::replacing(head, self.text, self.span(head.start as usize + before.len(), end), "");
        let name = Name { text: name.into(), span: self.span(end - name.len(), end) };
        Some(self.patched(patch, |parser| {
            let block = parser.block(entry, keyword, head)?;
            Some(Statement::Block(Box::new(Block { name: Some(name), ..block })))
        }))
    }
}

fn first_words(text: &str) -> String {
    text.split_whitespace().take(4).collect::<Vec<&str>>().join(" ")
}

/// `stage build`: the block, and the name that stands at the end.
fn named_at_end(text: &str) -> Option<(&str, &str)> {
    let (before, name) = text.rsplit_once(' ')?;
    let before = before.trim_end();
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let block = matches!(before, "stage" | "parallel") || before.starts_with("for each ") && !before.ends_with(['+', ',']);
    (plain && block && !text.contains('\n') && !KEYWORDS.contains(&name)).then_some((before, name))
}

/// Words that go on with a head.
const KEYWORDS: [&str; 8] = ["parallel", "when", "in", "max", "wait", "depends", "on", "until"];

/// A clause in another form, such as `retry 3`, `timeout 5 minutes`, `undo "rm x"`: what is to be replaced in it, and by what.
fn clause(text: &str) -> Option<(Range<usize>, String)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = |part: &str| text.find(part);
    match *words.as_slice() {
        ["retry", times] if is_number(times) => Some((text.len()..text.len(), " times".to_owned())),
        ["retry", times, "time", ..] if is_number(times) => at(" time").map(|at| (at + 5..at + 5, "s".to_owned())),
        ["retry", times, "times", "with", ..] if is_number(times) => at(" with ").map(|at| (at..at + 5, String::new())),
        ["timeout" | "estimate", amount, unit] if is_number(amount) => {
            let unit = UNITS.iter().find(|(word, _)| *word == unit).map(|(_, short)| *short)?;
            at(amount).map(|at| (at..text.len(), format!("{amount}{unit}")))
        }
        ["undo:", first, ..] if first.starts_with(['"', '\'']) => at(":").map(|at| (at..at + 1, " shell".to_owned())),
        ["undo", first, ..] if first.starts_with(['"', '\'']) => Some((4..4, " shell".to_owned())),
        _ => None,
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
