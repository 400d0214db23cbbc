//! `reads only` over a shell text that writes a file.

use super::{Check, Seen};
use std::iter::Peekable;
use std::str::Chars;
use wf_model::diagnostic::{Diagnostic, Finding, Strictness};
use wf_model::expression::{Expression, ExpressionKind, TextPart};
use wf_model::kind::TextSyntax;
use wf_model::program::{Attribute, AttributeValue, Callee, EffectClause};
use wf_model::script::ScriptPart;
use wf_model::span::Span;

/// Stands for a value in a text.
const VALUE: char = '\u{0}';

/// Places that may be written to without changing anything.
const HARMLESS: [&str; 6] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "$WF_OUTPUT", "${WF_OUTPUT}"];

/// Reports a step that says `reads only` and sends output to a file.
pub(super) fn check(check: &mut Check<'_, '_>, seen: &Seen<'_>) {
    let Callee::Kind(name) = &seen.step.invocation.callee else { return };
    if seen.step.clauses.effect != EffectClause::ReadsOnly {
        return;
    }
    let kind = check.room.kinds.get(name);
    let is_shell = |attribute: &&Attribute| {
        kind.and_then(|kind| kind.attribute(&attribute.name)).is_some_and(|attribute| attribute.text == TextSyntax::Shell)
    };
    let texts = seen.step.invocation.attributes.iter().filter(is_shell).filter_map(shell_text);
    if let Some(target) = texts.filter_map(|text| redirection(&text)).next() {
        check.report(&ReadsOnlyRedirects { step: seen.statement.title(), span: seen.statement.span, target });
    }
}

/// The text that a shell reads; a list of arguments is none.
fn shell_text(attribute: &Attribute) -> Option<String> {
    match &attribute.value {
        AttributeValue::Script(script) => {
            let part = |part: &ScriptPart<Expression>| match part {
                ScriptPart::Literal(text) => text.to_string(),
                ScriptPart::Value { .. } => VALUE.to_string(),
            };
            Some(script.parts.iter().map(part).collect())
        }
        AttributeValue::Expression(expression) => match &expression.kind {
            ExpressionKind::Text(parts) => Some(parts.iter().map(text_part).collect()),
            _ => expression.constant_text(),
        },
    }
}

fn text_part(part: &TextPart) -> String {
    match part {
        TextPart::Literal(text) => text.to_string(),
        TextPart::Value(_) => VALUE.to_string(),
    }
}

/// The first file that a shell text writes to by a redirection, as written; empty where a value names it.
fn redirection(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text.chars().peekable(), word_begins: true, documents: Vec::new() };
    while let Some(character) = reader.rest.next() {
        let word_began = std::mem::replace(&mut reader.word_begins, character.is_whitespace() || ";|&(".contains(character));
        match character {
            '\\' => _ = reader.rest.next(),
            '\'' => reader.skip_past('\''),
            '"' => reader.skip_quoted(),
            '#' if word_began => reader.skip_line(),
            '\n' => reader.skip_documents(),
            '(' if reader.take('(') => reader.skip_past_both(')'),
            '[' if word_began && reader.take('[') => reader.skip_past_both(']'),
            '<' if reader.take('<') => reader.note_document(),
            '>' => match reader.target() {
                Some(target) if !HARMLESS.contains(&target.as_str()) => return Some(target.replace(VALUE, "")),
                Some(_) | None => {}
            },
            _ => {}
        }
    }
    None
}

/// Reads a shell text just well enough to tell redirections from all else.
struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    word_begins: bool,
    /// Ends of the here-documents that begin with the next line, each with whether tabs before it do not count.
    documents: Vec<(String, bool)>,
}

impl Reader<'_> {
    fn take(&mut self, expected: char) -> bool {
        self.rest.next_if_eq(&expected).is_some()
    }

    fn skip_past(&mut self, end: char) {
        self.rest.by_ref().find(|character| *character == end);
    }

    fn skip_past_both(&mut self, end: char) {
        while let Some(character) = self.rest.next() {
            if character == end && self.take(end) {
                return;
            }
        }
    }

    fn skip_quoted(&mut self) {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => _ = self.rest.next(),
                '"' => return,
                _ => {}
            }
        }
    }

    fn skip_line(&mut self) {
        while self.rest.next_if(|character| *character != '\n').is_some() {}
    }

    fn skip_blanks(&mut self) {
        while self.rest.next_if(|character| matches!(character, ' ' | '\t')).is_some() {}
    }

    /// A word without its quotes.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.rest.next_if(|character| !character.is_whitespace() && !";|&()<>".contains(*character)) {
            match character {
                '\'' | '"' => word.extend(self.rest.by_ref().take_while(|inner| *inner != character)),
                '\\' => word.extend(self.rest.next()),
                _ => word.push(character),
            }
        }
        word
    }

    /// Where a `>` that was just read sends output; `None` for another stream, a process and arithmetic.
    fn target(&mut self) -> Option<String> {
        if self.rest.peek() == Some(&'(') {
            return None;
        }
        if self.take('&') {
            self.skip_blanks();
            let target = self.word();
            return (!target.chars().all(|character| character.is_ascii_digit() || character == '-')).then_some(target);
        }
        if !self.take('>') {
            self.take('|');
        }
        self.skip_blanks();
        Some(self.word())
    }

    /// Reads what follows `<<`: the end of a here-document, or the third `<` of a here-string.
    fn note_document(&mut self) {
        if self.take('<') {
            return;
        }
        let tabs = self.take('-');
        self.skip_blanks();
        let end = self.word();
        self.documents.push((end, tabs));
    }

    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.documents) {
            while self.rest.peek().is_some() {
                let line: String = self.rest.by_ref().take_while(|character| *character != '\n').collect();
                let line = if tabs { line.trim_start_matches('\t') } else { &line };
                if line == end {
                    break;
                }
            }
        }
        self.word_begins = true;
    }
}

/// A step that says it only reads and writes a file.
struct ReadsOnlyRedirects {
    step: String,
    span: Span,
    /// The file; empty where a value names it.
    target: String,
}

impl Finding for ReadsOnlyRedirects {
    const SLUG: &'static str = "reads-only-redirects";
    const STRICTNESS: Strictness = Strictness::STRICT_WARNING;

    fn diagnostic(&self) -> Diagnostic {
        let file = if self.target.is_empty() { "a file".to_owned() } else { format!("`{}`", self.target) };
        Self::at(self.span, format!("{} says `reads only`, but its command writes to {file}", self.step))
            .labelled("it redirects its output with `>`")
            .with_help("Say `undo …` or `no undo \"why\"` instead, or read the output from the step's `stdout`.")
    }
}

#[cfg(test)]
mod tests {
    use super::redirection;

    #[test]
    fn only_redirections_to_files_count() {
        for (text, target) in [
            ("make > build.log", Some("build.log")),
            ("make >>build.log 2>&1", Some("build.log")),
            ("make >| 'build log'", Some("build log")),
            ("make 2>errors; true", Some("errors")),
            ("make &>all", Some("all")),
            ("make >& all", Some("all")),
            ("make > \u{0}", Some("")),
            ("make > \"dir/\u{0}.log\"", Some("dir/.log")),
            ("cat <<END > page.html\n<p>\nEND", Some("page.html")),
            ("cat <<END\n<p>\nEND\nls > x", Some("x")),
            ("cat <<-'END'\n\t<p>\n\tEND\nls > y", Some("y")),
            ("make >/dev/null 2>&1", None),
            ("echo n=1 >> \"$WF_OUTPUT\"", None),
            ("make 2>&- >&2", None),
            ("echo 'a > b' \"c > d\" \\> e # > f", None),
            ("[[ a > b ]] && echo $(( 3 > 2 ))", None),
            ("diff <(ls a) <(ls b) > >(cat)", Some("")),
            ("tee >(cat)", None),
            ("grep x <<< 'a > b'", None),
            ("cat <<END\n<p>\nEND\n", None),
        ] {
            assert_eq!(redirection(text).as_deref(), target, "{text:?}");
        }
    }
}
