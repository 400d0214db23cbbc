//! Tokens.

use super::entries::says_something;
use super::findings::{StrayCharacter, UnclosedInterpolation, UnclosedString};
use super::{Token, TokenKind};
use std::collections::HashMap;
use wf_model::diagnostic::{Diagnostic, Finding};
use wf_model::span::{SourceId, Span};

/// Signs of more than one character, longest first.
const LONG_SIGNS: [&str; 12] = ["===", "!==", "->", "??", "?.", "..", "==", "!=", "<=", ">=", "&&", "||"];

/// Strings and values nest no deeper in each other.
const DEEPEST: usize = 64;

/// What a string that is not closed is read as: its text with what it lacks, or nothing where that is not known.
pub(super) type Unread = HashMap<u32, Option<&'static str>>;

/// What the lexer is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// A string with these quotes.
    Quotes(&'static str),
    /// `${…}`, with so many braces open in it; it begins at the offset.
    Value { braces: u32, start: usize },
}

struct Lexer<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    diagnostics: Vec<Diagnostic>,
    unread: Unread,
}

/// All tokens, what is wrong with them, and the strings that are not closed, by where they begin.
pub(super) fn tokens(source: SourceId, text: &str) -> (Vec<Token>, Vec<Diagnostic>, Unread) {
    let mut lexer = Lexer { source, text, at: 0, tokens: Vec::new(), diagnostics: Vec::new(), unread: HashMap::new() };
    while let Some(character) = lexer.rest().chars().next() {
        let start = lexer.at;
        let kind = lexer.token(character);
        // Every branch moves on; a loop that does not would never end.
        lexer.at = lexer.at.max(start + character.len_utf8());
        lexer.tokens.push(Token { kind, span: Span::new(source, start, lexer.at) });
    }
    (lexer.tokens, lexer.diagnostics, lexer.unread)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Goes on while `more` holds.
    fn skip(&mut self, more: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !more(c)).unwrap_or(rest.len());
    }

    /// Goes on while `more` holds, as it does for all that is not ASCII.
    fn skip_bytes(&mut self, more: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.at += rest.bytes().position(|byte| !more(byte)).unwrap_or(rest.len());
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.source, start, self.at)
    }

    fn token(&mut self, character: char) -> TokenKind {
        match character {
            ' ' | '\t' => self.while_(TokenKind::Blank, |c| c == ' ' || c == '\t'),
            '\u{feff}' if self.at == 0 => TokenKind::Blank,
            '\r' if self.rest().starts_with("\r\n") => self.sign("\r\n", TokenKind::LineBreak),
            '\n' => TokenKind::LineBreak,
            '#' => self.comment(),
            '"' | '\'' => self.string(),
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.while_(TokenKind::Word, |c| c.is_ascii_alphanumeric() || c == '_'),
            _ => self.sign_or_stray(character),
        }
    }

    fn while_(&mut self, kind: TokenKind, more: impl Fn(char) -> bool) -> TokenKind {
        self.skip(more);
        kind
    }

    fn sign(&mut self, sign: &str, kind: TokenKind) -> TokenKind {
        self.at += sign.len();
        kind
    }

    fn comment(&mut self) -> TokenKind {
        let doc = self.rest().starts_with("##");
        let start = self.at;
        self.skip(|c| c != '\n');
        if self.text.get(start..self.at).is_some_and(|line| line.ends_with('\r')) {
            self.at -= 1;
        }
        if doc { TokenKind::Doc } else { TokenKind::Comment }
    }

    fn number(&mut self) -> TokenKind {
        self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
        let mut behind = self.rest().chars();
        if behind.next() == Some('.') && behind.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
        }
        TokenKind::Number
    }

    fn sign_or_stray(&mut self, character: char) -> TokenKind {
        let rest = self.rest();
        let may_be_long = matches!(rest.as_bytes().get(1), Some(b'=' | b'>' | b'?' | b'.' | b'&' | b'|'));
        if let Some(sign) = LONG_SIGNS.into_iter().find(|sign| may_be_long && rest.starts_with(sign)) {
            return self.sign(sign, TokenKind::Sign);
        }
        if "+-*/%<>=?.,:|()[]{}!".contains(character) {
            return TokenKind::Sign;
        }
        let start = self.at;
        self.skip(is_stray);
        self.at = self.at.max(start + character.len_utf8());
        if self.text.get(start..self.at) == Some("$") && self.rest().starts_with('{') {
            // A value as it would stand in a string.
            let inside = self.rest().get(1..).unwrap_or("");
            let end = inside
                .find(['\n', '"', '\'', '#', '{', '}'])
                .filter(|end| inside.get(*end..).is_some_and(|rest| rest.starts_with('}')));
            self.at += end.map_or(0, |end| end + 2);
        }
        if self.text.get(start..self.at) == Some("`") {
            // All up to the other one is a command.
            let line = self.rest().split(['\n', '{', '}']).next().unwrap_or("");
            self.at += line.find('`').map_or(0, |end| end + 1);
        }
        let written = self.text.get(start..self.at).unwrap_or("");
        // A comment or a closing brace ends what stands on a line, as its break does.
        let behind = self.rest().trim_start_matches([' ', '\t']).chars().next();
        let line_ends = behind.is_none_or(|next| "\r\n#})];".contains(next));
        let before = self.rest().chars().next();
        self.diagnostics.push(StrayCharacter { span: self.span(start), written, line_ends, before }.diagnostic());
        TokenKind::Stray
    }

    /// A whole string; one that is not closed is reported, and ends with its line.
    fn string(&mut self) -> TokenKind {
        let start = self.at;
        let mut inside = vec![Inside::Quotes(self.open_quotes())];
        while let Some(place) = inside.last().copied() {
            let rest = self.rest();
            let Some(character) = rest.chars().next() else {
                self.unclosed(start, &inside);
                break;
            };
            let one_line = inside.iter().any(|outer| matches!(outer, Inside::Quotes("\"" | "'")));
            if character == '\n' && (one_line || self.item_follows()) || inside.len() > DEEPEST {
                self.unclosed(start, &inside);
                break;
            }
            match place {
                Inside::Quotes(quotes) => self.in_quotes(quotes, character, &mut inside),
                Inside::Value { braces, start } => self.in_value(braces, start, character, &mut inside),
            }
        }
        TokenKind::Text
    }

    fn open_quotes(&mut self) -> &'static str {
        let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| self.rest().starts_with(quotes)).unwrap_or("\"");
        self.at += quotes.len();
        quotes
    }

    fn in_quotes(&mut self, quotes: &'static str, character: char, inside: &mut Vec<Inside>) {
        let rest = self.rest();
        if rest.starts_with(quotes) {
            self.at += quotes.len();
            inside.pop();
        } else if quotes == "\"" && character == '\\' || quotes == "\"\"\"" && rest.starts_with("\\${") {
            let escaped = rest.chars().nth(1).filter(|c| *c != '\n').map_or(0, char::len_utf8);
            self.at += 1 + escaped;
        } else if quotes.starts_with('"') && rest.starts_with("${") {
            inside.push(Inside::Value { braces: 0, start: self.at });
            self.at += 2;
        } else {
            self.at += character.len_utf8();
            self.skip_bytes(|byte| !matches!(byte, b'"' | b'\'' | b'\\' | b'$' | b'\n'));
        }
    }

    fn in_value(&mut self, braces: u32, start: usize, character: char, inside: &mut Vec<Inside>) {
        match character {
            '"' | '\'' => {
                let quotes = self.open_quotes();
                inside.push(Inside::Quotes(quotes));
            }
            '}' if braces == 0 => {
                self.at += 1;
                inside.pop();
            }
            '{' | '}' => {
                self.at += 1;
                let braces = if character == '{' { braces.saturating_add(1) } else { braces - 1 };
                inside.pop();
                inside.push(Inside::Value { braces, start });
            }
            _ => {
                self.at += character.len_utf8();
                self.skip_bytes(|byte| !matches!(byte, b'"' | b'\'' | b'{' | b'}' | b'\n'));
            }
        }
    }

    /// Whether the next line begins an item in the first column: then a block string above it is not closed.
    fn item_follows(&self) -> bool {
        let next = self.rest().get(1..).unwrap_or("");
        let named = |word: &str| {
            let rest = next.strip_prefix(word)?;
            let line = rest.lines().next()?;
            Some(line.trim_end().ends_with('{') && !line.contains(['(', ';']))
        };
        named("workflow ").or_else(|| named("test \"")).unwrap_or(false)
    }

    fn unclosed(&mut self, start: usize, inside: &[Inside]) {
        let quotes = match inside.first() {
            Some(Inside::Quotes(quotes)) => quotes,
            _ => "\"",
        };
        let value = inside.iter().rev().find_map(|place| match place {
            Inside::Value { start, .. } => Some(*start),
            Inside::Quotes(_) => None,
        });
        if self.text.get(..self.at).is_some_and(|text| text.ends_with('\r')) {
            self.at -= 1;
        }
        if quotes.len() == 1 {
            self.leave_brace(start);
        } else if self.seems_to_close(start) {
            self.at = start + quotes.len();
        } else {
            self.leave_closing_lines(start);
        }
        let start_key = u32::try_from(start).unwrap_or(u32::MAX);
        match value {
            Some(value) => {
                let place = Span::new(self.source, value, value + 2);
                self.diagnostics.push(UnclosedInterpolation { place }.diagnostic());
                self.unread.insert(start_key, None);
            }
            None => {
                let open = Span::new(self.source, start, start + quotes.len());
                let written = self.text.get(start..self.at).unwrap_or("");
                // A quote behind a backslash would be text.
                let escapes = quotes == "\"" && (written.len() - written.trim_end_matches('\\').len()) % 2 == 1;
                let end = (!(escapes || quotes.len() == 1 && swallows(written))).then(|| self.span(start).after());
                self.diagnostics.push(UnclosedString { open, end, quotes }.diagnostic());
                self.unread.insert(start_key, (!escapes).then_some(quotes));
            }
        }
    }

    /// Whether the quotes of a block string stand first on their line where no value can begin: what opens the string is broken then.
    fn seems_to_close(&self, start: usize) -> bool {
        let line = self.text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
        let before = self.tokens.iter().rev().find(|token| says_something(token.kind));
        let opens = |token: &Token| {
            let sign = self.text.get(token.span.range()).unwrap_or("");
            token.kind == TokenKind::Sign && !matches!(sign, ")" | "]" | "}")
        };
        line.trim().is_empty() && !before.is_some_and(opens)
    }

    /// A brace at the end of a line that a string swallowed most likely opens a body.
    fn leave_brace(&mut self, start: usize) {
        let written = self.text.get(start..self.at).unwrap_or("");
        let trimmed = written.trim_end();
        if let Some(length) = clauses_behind(trimmed) {
            self.at = start + length;
        } else if trimmed.ends_with(" {") {
            self.at = start + trimmed.len() - 2;
        } else {
            self.at = start + trimmed.len().max(1);
        }
    }

    /// Closing braces on lines of their own, further left than the line of a block string that swallowed them, most likely close
    /// the bodies around it.
    fn leave_closing_lines(&mut self, start: usize) {
        let before = self.text.get(..start).unwrap_or("");
        let indentation = blanks(before.rsplit('\n').next().unwrap_or(""));
        let written = self.text.get(start..self.at).unwrap_or("");
        let mut kept = written;
        while let Some((rest, line)) = kept.rsplit_once('\n') {
            let closes = line.trim() == "}" && blanks(line) < indentation;
            if !closes && !line.trim().is_empty() {
                break;
            }
            kept = rest;
        }
        if kept.len() < written.trim_end().len() {
            self.at = start + kept.trim_end_matches('\r').len();
        }
    }
}

/// How long an unclosed string is that swallowed a body behind it, where what stands between the braces begins like a clause.
fn clauses_behind(written: &str) -> Option<usize> {
    let (before, inside) = written.strip_suffix('}')?.rsplit_once(" {")?;
    let word = inside.trim_start().split([' ', ':']).next()?;
    (BEGIN_BODIES.contains(&word) && !inside.contains('{')).then(|| before.trim_end().len())
}

/// First words of clauses and attributes that a body on one line most likely begins with.
const BEGIN_BODIES: [&str; 13] =
    ["reads", "timeout", "retry", "undo", "no", "expect", "on", "cache", "lock", "estimate", "env", "cwd", "shell"];

/// Whether an unclosed string seems to hold more than text: a body or a part of a head.
fn swallows(written: &str) -> bool {
    [" { ", " }", " -> ", " depends on ", " when "].iter().any(|sign| written.contains(sign))
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_stray(character: char) -> bool {
    !character.is_ascii_alphanumeric() && !" \t\r\n#\"'_+-*/%<>=?.,:|()[]{}!&".contains(character)
}
