//! Entries, their heads and bodies, and the recovery from brackets that do not match.

use super::findings::{BraceBelow, MissingBrace, StrayBrace, StrayBracket, UnclosedBracket};
use super::lines::Lines;
use super::tokens::Unread;
use super::{Body, Entry, Head, Part, Reading, Token, TokenKind};
use crate::parse::NestedTooDeep;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::Span;

/// Bodies and brackets nest no deeper.
const DEEPEST: usize = 64;

/// Words behind which a `{` is a literal, and behind which a line goes on.
const OPERATOR_WORDS: [&str; 12] = ["in", "then", "else", "with", "as", "and", "or", "not", "where", "contains", "matches", "if"];

/// Words that make a line go on the one above it.
const CONTINUING_WORDS: [&str; 9] = ["and", "or", "in", "contains", "matches", "then", "depends", "when", "where"];

/// Signs that make a line go on the one above it.
const CONTINUING_SIGNS: [&str; 20] =
    ["+", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "??", "..", "->", ".", "?.", "|", "===", "!==", "&&", "||"];

/// Signs behind which an operand ends, so that a `{` opens a body.
const ENDING_SIGNS: [&str; 5] = [")", "]", "}", "?", "%"];

/// The words that begin an item of a file.
const ITEM_WORDS: [&str; 4] = ["workflow", "test", "type", "use"];

/// Words that begin a statement where an operand follows.
const STATEMENT_WORDS: [&str; 19] = [
    "step", "let", "param", "output", "secret", "workflow", "test", "parallel", "stage", "for", "repeat", "retry", "timeout",
    "if", "on", "undo", "reads", "finally", "trigger",
];

/// A body that is open.
#[derive(Clone, Copy)]
struct Opener {
    /// Its brace.
    token: usize,
    /// The indentation of the brace's line.
    indentation: u32,
}

struct Builder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    lines: Lines,
    unread: &'a Unread,
    at: usize,
    /// How many opening braces have no closing one, as far as is not yet reported.
    missing: usize,
    /// How many closing braces are too many.
    surplus: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// The entries of a file.
pub(super) fn entries(text: &str, tokens: &[Token], unread: &Unread, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let (missing, surplus) = balance(text, tokens);
    let lines = Lines::of(tokens);
    let mut builder = Builder { text, tokens, lines, unread, at: 0, missing, surplus, diagnostics };
    builder.entries(None, 0)
}

/// How many braces are not closed, and how many close nothing.
fn balance(text: &str, tokens: &[Token]) -> (usize, usize) {
    let (mut open, mut surplus) = (0_usize, 0_usize);
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Sign) {
        match text.get(token.span.range()) {
            Some("{") => open += 1,
            Some("}") if open > 0 => open -= 1,
            Some("}") => surplus += 1,
            _ => {}
        }
    }
    (open, surplus)
}

impl<'a> Builder<'a> {
    fn slice(&self, token: usize) -> &'a str {
        self.tokens.get(token).and_then(|token| self.text.get(token.span.range())).unwrap_or("")
    }

    fn kind(&self, token: usize) -> Option<TokenKind> {
        self.tokens.get(token).map(|token| token.kind)
    }

    fn span(&self, token: usize) -> Span {
        let last = self.tokens.last().map(|token| token.span.after()).unwrap_or_default();
        self.tokens.get(token).map_or(last, |token| token.span)
    }

    fn is(&self, token: usize, sign: &str) -> bool {
        self.kind(token) == Some(TokenKind::Sign) && self.slice(token) == sign
    }

    /// Whether a token is a `;`, which was reported, and is then nothing.
    fn is_semicolon(&self, token: usize) -> bool {
        self.kind(token) == Some(TokenKind::Stray) && self.slice(token).trim_end_matches(';').is_empty()
    }

    /// The first token from `token` on that is no blank, break or comment.
    fn significant(&self, mut token: usize) -> usize {
        while matches!(self.kind(token), Some(TokenKind::Blank | TokenKind::LineBreak | TokenKind::Comment | TokenKind::Doc)) {
            token += 1;
        }
        token
    }

    /// The entries up to the brace that closes `opener`, or up to the end.
    fn entries(&mut self, opener: Option<Opener>, depth: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            let doc = self.trivia();
            if self.kind(self.at).is_none() {
                return entries;
            }
            if self.is_semicolon(self.at) || self.is(self.at, ",") {
                self.at += 1;
            } else if self.is(self.at, "}") {
                if self.closes(opener) {
                    return entries;
                }
                self.at += 1;
            } else if opener.is_some_and(|opener| self.left_behind(opener)) {
                return entries;
            } else {
                let before = self.at;
                entries.extend(self.entry(doc, depth));
                // An entry that takes nothing would be met for ever.
                self.at = self.at.max(before + 1);
            }
        }
    }

    /// Skips blanks, breaks and comments; the `##` lines right above what follows.
    fn trivia(&mut self) -> Option<Span> {
        let mut doc: Option<Span> = None;
        let mut breaks = 0;
        loop {
            match self.kind(self.at) {
                Some(TokenKind::LineBreak) => breaks += 1,
                Some(TokenKind::Blank) => {}
                Some(TokenKind::Doc) if self.lines.is_first(self.at) => {
                    let span = self.span(self.at);
                    doc = Some(doc.filter(|_| breaks <= 1).map_or(span, |doc| doc.to(span)));
                    breaks = 0;
                }
                Some(TokenKind::Comment | TokenKind::Doc) => {
                    doc = None;
                    breaks = 0;
                }
                _ => return doc.filter(|_| breaks <= 1),
            }
            self.at += 1;
        }
    }

    /// Whether the `}` at hand closes `opener`; reports one that closes nothing, which is skipped.
    fn closes(&mut self, opener: Option<Opener>) -> bool {
        let here = self.span(self.at);
        let Some(opener) = opener else {
            self.surplus = self.surplus.saturating_sub(1);
            self.diagnostics.push(StrayBrace { span: here }.diagnostic());
            return false;
        };
        let too_many = self.surplus > 0
            && self.lines.is_first(self.at)
            && self.lines.indentation(self.at) > opener.indentation
            && self.lines.indentation(self.at) != self.lines.indentation(opener.token);
        if too_many {
            self.surplus -= 1;
            self.diagnostics.push(StrayBrace { span: here }.diagnostic());
        }
        !too_many
    }

    /// Whether the line at hand stands outside the body of `opener`, whose closing brace is missing.
    fn left_behind(&self, opener: Opener) -> bool {
        if self.missing == 0 || !self.lines.is_first(self.at) {
            return false;
        }
        let indentation = self.lines.indentation(self.at);
        let item = indentation == 0 && ITEM_WORDS.contains(&self.slice(self.at));
        item || indentation <= opener.indentation
    }

    fn entry(&mut self, doc: Option<Span>, depth: usize) -> Option<Entry> {
        let start = self.span(self.at);
        // Most entries are a head, or a head and a body.
        let mut parts = Vec::with_capacity(2);
        let chained = self.begins_if();
        loop {
            if !self.is(self.at, "{") {
                parts.push(Part::Head(self.head()));
            }
            if !self.is(self.at, "{") && !self.brace_below(parts.last()) {
                break;
            }
            if depth >= DEEPEST {
                self.too_deep();
                break;
            }
            parts.push(Part::Body(self.body(depth)));
            let next = self.significant(self.at);
            if !(chained && self.slice(next) == "else" && self.kind(next) == Some(TokenKind::Word)) {
                break;
            }
            self.at = next;
        }
        let end = match parts.last()? {
            Part::Head(head) => head.span,
            Part::Body(body) => body.close.or_else(|| body.entries.last().map(|entry| entry.span)).unwrap_or(body.open),
        };
        Some(Entry { span: start.to(end), doc, parts })
    }

    /// Whether the brace of a body stands on the line below its head, which is reported; moves on to it.
    fn brace_below(&mut self, head: Option<&Part>) -> bool {
        let next = self.significant(self.at);
        let Some(Part::Head(head)) = head else { return false };
        if !self.is(next, "{") || !self.lines.is_first(next) {
            return false;
        }
        let (end, brace) = (head.span.after(), self.span(next));
        let between = self.text.get(end.end as usize..brace.start as usize).unwrap_or("");
        let comment = between.contains('#');
        self.diagnostics.push(BraceBelow { head: end, brace, comment }.diagnostic());
        self.at = next;
        true
    }

    /// Whether the entry at hand is an `if`, with a name or without.
    fn begins_if(&self) -> bool {
        let colon = self.significant(self.at + 1);
        let behind = if self.is(colon, ":") { self.significant(colon + 1) } else { self.at };
        self.slice(self.at) == "if" || self.slice(behind) == "if"
    }

    fn body(&mut self, depth: usize) -> Body {
        let opener = Opener { token: self.at, indentation: self.lines.indentation(self.at) };
        let open = self.span(self.at);
        self.at += 1;
        let entries = self.entries(Some(opener), depth + 1);
        let mut close = None;
        if self.is(self.at, "}") && !self.closes_further_out(opener) {
            close = Some(self.span(self.at));
            self.at += 1;
        } else {
            self.missing = self.missing.saturating_sub(1);
            let end = self.end_before(self.at);
            // Behind a string that is not closed nobody knows where something ends.
            let sure = self.unread.is_empty();
            self.diagnostics.push(MissingBrace { open, end, sure }.diagnostic());
        }
        Body { open, close, entries }
    }

    /// Whether a brace is missing and the one at hand stands too far left to be it.
    fn closes_further_out(&self, opener: Opener) -> bool {
        self.missing > 0 && self.lines.is_first(self.at) && self.lines.indentation(self.at) < opener.indentation
    }

    /// The end of the last token before `token` that says something.
    fn end_before(&self, token: usize) -> Span {
        let before = self.tokens.get(..token).unwrap_or_default();
        before.iter().rev().find(|token| says_something(token.kind)).map(|token| token.span.after()).unwrap_or_default()
    }

    /// Brackets or bodies nest too deeply: skips to where this one closes.
    fn too_deep(&mut self) {
        let what = if self.is(self.at, "{") { "braces" } else { "brackets" };
        self.diagnostics.push(NestedTooDeep { span: self.span(self.at), what, deepest: DEEPEST }.diagnostic());
        let mut depth = 0_usize;
        while self.kind(self.at).is_some() {
            match (self.kind(self.at), self.slice(self.at)) {
                (Some(TokenKind::Sign), "{" | "[" | "(") => depth += 1,
                (Some(TokenKind::Sign), "}" | "]" | ")") => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// Whether a token is no blank, break or comment.
pub(super) fn says_something(kind: TokenKind) -> bool {
    !matches!(kind, TokenKind::Blank | TokenKind::LineBreak | TokenKind::Comment | TokenKind::Doc)
}

/// What is known of the head at hand.
struct HeadState {
    /// Its first token.
    first: usize,
    /// The last token of it that says something.
    last: Option<usize>,
    /// Brackets that are open: their tokens.
    brackets: Vec<usize>,
    /// Whether `then` stood in it.
    conditional: bool,
    /// How many `if`s behind its first word have no `then` yet.
    open_conditions: usize,
    /// Whether the last `then` belongs to none of them.
    stray_then: bool,
    /// The last comma between names of `depends on`.
    dependencies: Option<usize>,
    reading: Reading,
}

impl Builder<'_> {
    /// The head that begins at hand; stops at the brace of a body, at the end of the entry, or at the body's closing brace.
    fn head(&mut self) -> Head {
        let mut state = HeadState {
            first: self.at,
            last: None,
            brackets: Vec::new(),
            conditional: false,
            open_conditions: 0,
            stray_then: false,
            dependencies: None,
            reading: Reading::AsWritten,
        };
        while let Some(kind) = self.kind(self.at) {
            let ends = match kind {
                TokenKind::Blank | TokenKind::Comment | TokenKind::Doc => false,
                TokenKind::LineBreak if self.line_ends_head(&mut state) => true,
                TokenKind::LineBreak => {
                    // All breaks of a gap decide alike.
                    self.at = self.significant(self.at);
                    continue;
                }
                TokenKind::Sign => self.sign_ends_head(&mut state),
                TokenKind::Stray if state.brackets.is_empty() && self.is_semicolon(self.at) => true,
                TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Stray => {
                    self.operand(kind, &mut state);
                    false
                }
            };
            if ends {
                break;
            }
            if !matches!(kind, TokenKind::Blank | TokenKind::LineBreak | TokenKind::Comment | TokenKind::Doc) {
                state.last = Some(self.at);
            }
            self.at += 1;
        }
        self.unclosed(&mut state);
        let start = self.span(state.first);
        let end = state.last.map_or(start, |last| self.span(last));
        Head { span: start.to(end), reading: state.reading }
    }

    fn operand(&mut self, kind: TokenKind, state: &mut HeadState) {
        match kind {
            TokenKind::Word if state.brackets.is_empty() => match self.slice(self.at) {
                "then" => {
                    (state.conditional, state.stray_then) = (true, state.open_conditions == 0);
                    state.open_conditions = state.open_conditions.saturating_sub(1);
                }
                "if" if self.at != state.first => state.open_conditions += 1,
                _ => {}
            },
            TokenKind::Text => {
                if let Some(lacks) = self.unread.get(&self.span(self.at).start) {
                    let end = self.span(self.at);
                    if state.reading != Reading::AsWritten {
                        state.reading = Reading::Not;
                        return;
                    }
                    // Read as if it were closed, which costs nothing but the sign at its end.
                    let written = self.text.get(self.span(state.first).start as usize..end.end as usize).unwrap_or("");
                    state.reading = lacks.map_or(Reading::Not, |quotes| Reading::Mended(format!("{written}{quotes}")));
                }
            }
            TokenKind::Stray => state.reading = Reading::Not,
            _ => {}
        }
    }

    /// Whether the break at hand ends the entry.
    fn line_ends_head(&mut self, state: &mut HeadState) -> bool {
        let next = self.significant(self.at);
        if !state.brackets.is_empty() {
            return self.bracket_left_open(state, next);
        }
        let unfinished = self.ends_with_operator(state) && !self.begins_statement(next);
        !unfinished && !self.goes_on(state, next)
    }

    /// Whether the line above the break at hand ends with an operator.
    fn ends_with_operator(&self, state: &HeadState) -> bool {
        let Some(last) = state.last else { return false };
        match self.kind(last) {
            Some(TokenKind::Word) => last != state.first && self.is_operator_word(last),
            Some(TokenKind::Sign) => !ENDING_SIGNS.contains(&self.slice(last)),
            _ => false,
        }
    }

    /// Whether the word is an operator, and no field that is called like one.
    fn is_operator_word(&self, word: usize) -> bool {
        let before = self.tokens.get(..word).unwrap_or_default();
        let before = before.iter().rev().find(|token| says_something(token.kind));
        let dot = before.is_some_and(|token| matches!(self.text.get(token.span.range()), Some("." | "?.")));
        OPERATOR_WORDS.contains(&self.slice(word)) && !dot
    }

    /// Whether the line that begins with `next` goes on this one.
    fn goes_on(&self, state: &HeadState, next: usize) -> bool {
        let word = self.slice(next);
        match self.kind(next) {
            Some(TokenKind::Sign) => CONTINUING_SIGNS.contains(&word),
            Some(TokenKind::Word) if word == "else" => state.conditional || matches!(self.slice(state.first), "expect" | "lock"),
            Some(TokenKind::Word) if word == "not" => self.slice(self.significant(next + 1)) == "in",
            Some(TokenKind::Word) => CONTINUING_WORDS.contains(&word) && !self.is(self.significant(next + 1), ":"),
            _ => false,
        }
    }

    /// Whether a bracket is open that the next line cannot belong to any more: only where braces or brackets do not match.
    fn bracket_left_open(&mut self, state: &mut HeadState, next: usize) -> bool {
        let Some(open) = state.brackets.last().copied() else { return false };
        let outside = self.lines.indentation(next) <= self.lines.indentation(state.first);
        let closer = self.kind(next) == Some(TokenKind::Sign) && matches!(self.slice(next), ")" | "]" | "}");
        let unmatched = match self.slice(open) {
            "{" => self.missing > 0 && (!closer || self.lines.indentation(next) < self.lines.indentation(state.first)),
            _ => !closer && self.begins_statement(next),
        };
        outside && unmatched || self.kind(next).is_none()
    }

    /// Whether the line that begins with `token` is surely a statement: a keyword, and behind it what no expression has there.
    fn begins_statement(&self, token: usize) -> bool {
        let behind = self.significant(token + 1);
        let operand = match self.kind(behind) {
            Some(TokenKind::Word) => !OPERATOR_WORDS.contains(&self.slice(behind)),
            Some(TokenKind::Number | TokenKind::Text) => true,
            Some(TokenKind::Sign) => self.slice(behind) == "{",
            _ => false,
        };
        self.kind(token) == Some(TokenKind::Word)
            && STATEMENT_WORDS.contains(&self.slice(token))
            && operand
            && !self.lines.is_first(behind)
    }

    /// Whether the sign at hand ends the head.
    fn sign_ends_head(&mut self, state: &mut HeadState) -> bool {
        let sign = self.slice(self.at);
        match sign {
            "{" if self.opens_body(state) && (state.brackets.is_empty() || !self.lines.is_first(self.at)) => true,
            "{" | "[" | "(" => self.open_bracket(state),
            "}" | "]" | ")" => self.close_bracket(sign, state),
            "," => state.brackets.is_empty() && !self.comma_goes_on(state),
            _ => false,
        }
    }

    fn open_bracket(&mut self, state: &mut HeadState) -> bool {
        if state.brackets.len() < DEEPEST {
            state.brackets.push(self.at);
            return false;
        }
        if state.reading != Reading::Not {
            state.reading = Reading::Not;
            self.too_deep();
            // What was skipped is part of the head.
            self.at = self.at.saturating_sub(1);
        }
        false
    }

    fn close_bracket(&mut self, sign: &str, state: &mut HeadState) -> bool {
        let Some(open) = state.brackets.last().copied() else {
            if sign == "}" {
                return true;
            }
            if state.reading != Reading::Not {
                self.diagnostics.push(StrayBracket { span: self.span(self.at) }.diagnostic());
                state.reading = Reading::Not;
            }
            return false;
        };
        let fits = matches!((self.slice(open), sign), ("{", "}") | ("[", "]") | ("(", ")"));
        if fits {
            state.brackets.pop();
            return false;
        }
        // `}` of a body ends what was left open in it; another bracket belongs to one further out, or to nothing.
        let further_out =
            state.brackets.iter().any(|open| matches!((self.slice(*open), sign), ("{", "}") | ("[", "]") | ("(", ")")));
        if sign == "}" && !further_out {
            return true;
        }
        if state.reading == Reading::AsWritten {
            let found = UnclosedBracket { open: self.span(open), sign: self.slice(open), at: self.span(self.at) };
            let found = found.diagnostic();
            self.diagnostics.push(found);
        }
        state.reading = Reading::Not;
        while let Some(open) = state.brackets.pop() {
            if matches!((self.slice(open), sign), ("{", "}") | ("[", "]") | ("(", ")")) {
                break;
            }
        }
        false
    }

    /// Whether the `{` at hand opens a body: an operand ends right before it.
    fn opens_body(&self, state: &HeadState) -> bool {
        let Some(last) = state.last else { return true };
        let word = self.slice(last);
        match self.kind(last) {
            Some(TokenKind::Word) if word == "else" => last == state.first || self.names_workflow(last, state),
            // `if ready then {`, which is reported.
            Some(TokenKind::Word) if word == "then" && self.slice(state.first) == "if" && state.stray_then => {
                self.lines.is_first(self.significant(self.at + 1))
            }
            Some(TokenKind::Word) => !self.is_operator_word(last) || self.names_workflow(last, state),
            Some(TokenKind::Sign) => ENDING_SIGNS.contains(&word) || word == ":" && self.names_handler(last, state),
            _ => true,
        }
    }

    /// Whether a word stands where the name of a workflow is declared, which every word does.
    fn names_workflow(&self, last: usize, state: &HeadState) -> bool {
        self.slice(state.first) == "workflow" && self.significant(state.first + 1) == last
    }

    /// Whether the colon stands behind `finally` or `on failure`, where none belongs.
    fn names_handler(&self, colon: usize, state: &HeadState) -> bool {
        if !state.brackets.is_empty() {
            return false;
        }
        let second = self.significant(state.first + 1);
        match self.slice(state.first) {
            "finally" => second == colon,
            "on" => self.kind(second) == Some(TokenKind::Word),
            _ => false,
        }
    }

    /// Whether the comma at hand stands between the variables of `for` or the names of `depends on`.
    fn comma_goes_on(&self, state: &mut HeadState) -> bool {
        let named = self.significant(state.first + 1);
        let second = if self.is(named, ":") { self.significant(named + 1) } else { state.first };
        if self.slice(second) == "for" || self.slice(state.first) == "for" {
            return true;
        }
        let next = self.significant(self.at + 1);
        let mut behind = self.significant(next + 1);
        // A name with a hyphen, which is reported.
        while self.is(behind, "-") && self.kind(behind + 1) == Some(TokenKind::Word) {
            behind = self.significant(behind + 2);
        }
        let ends = |token: usize| {
            self.kind(token).is_none()
                || self.is(token, ",")
                || self.is(token, "{")
                || self.is(token, "}")
                || self.is(token, "->")
                || self.slice(token) == "when"
                || self.lines.is_first(token)
        };
        let named = self.kind(next) == Some(TokenKind::Word) && ends(behind) && self.names_dependencies(state);
        state.dependencies = if named { Some(self.at) } else { state.dependencies };
        named
    }

    /// Whether what stands before the comma at hand is `depends on` and names.
    fn names_dependencies(&self, state: &HeadState) -> bool {
        let mut token = self.at;
        while token > state.first {
            token -= 1;
            match self.kind(token) {
                Some(TokenKind::Word) if self.slice(token) == "on" => {
                    let before = self.tokens.get(state.first..token).unwrap_or_default();
                    let depends = before.iter().rev().find(|token| token.kind == TokenKind::Word);
                    return depends.is_some_and(|token| self.text.get(token.span.range()) == Some("depends"));
                }
                Some(TokenKind::Word | TokenKind::Blank | TokenKind::LineBreak | TokenKind::Comment | TokenKind::Doc) => {}
                Some(TokenKind::Sign) if Some(token) == state.dependencies => return true,
                Some(TokenKind::Sign) if matches!(self.slice(token), "," | "-") => {}
                _ => return false,
            }
        }
        false
    }

    /// Brackets that are still open when the head ends: reported once, and read as if they were closed.
    fn unclosed(&mut self, state: &mut HeadState) {
        let Some(open) = state.brackets.last().copied() else { return };
        if state.brackets.iter().any(|open| self.slice(*open) == "{") {
            self.missing = self.missing.saturating_sub(1);
        }
        if state.reading != Reading::AsWritten {
            return;
        }
        let at = self.end_before(self.at);
        let found = UnclosedBracket { open: self.span(open), sign: self.slice(open), at }.diagnostic();
        self.diagnostics.push(found);
        let closers = state.brackets.iter().rev().map(|open| match self.slice(*open) {
            "{" => "}",
            "[" => "]",
            _ => ")",
        });
        let written = self.text.get(self.span(state.first).start as usize..at.end as usize).unwrap_or("");
        state.reading = Reading::Mended(format!("{}{}", written.trim_end().trim_end_matches(','), closers.collect::<String>()));
    }
}
