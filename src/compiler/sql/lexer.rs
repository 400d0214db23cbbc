//! The words and signs of an SQL text outside quotes and comments, and the values inside them.

use wf_syntax::ast::{Text, TextPart};

/// What stands outside quotes and comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word or number, in lower case; a quoted name is one too.
    Word(String),
    /// Any other character.
    Sign(char),
    /// A value, by its place among the values.
    Value(usize),
}

/// A token, and whether it touches the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) touches: bool,
}

/// Where characters are no words and signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// `'…'` or `$tag$…$tag$`
    Text,
    /// `"…"` or `` `…` ``
    Name,
    /// `-- …` or `/* … */`
    Comment,
}

/// A text that was read.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// What stands outside.
    pub(super) bare: Vec<Token>,
    /// Values that stand inside something.
    pub(super) enclosed: Vec<(usize, Region)>,
}

/// Reads a text whose values may stand anywhere.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    tokens: Tokens,
    values: usize,
    /// The region around, with what ends it.
    open: Option<(Region, String)>,
    gap: bool,
}

impl Lexer {
    /// Takes a text apart.
    pub(super) fn read(text: &Text) -> Tokens {
        let mut lexer = Self { gap: true, ..Self::default() };
        for part in &text.parts {
            match part {
                TextPart::Literal { text, .. } => lexer.literal(text),
                TextPart::Value { .. } => lexer.value(),
            }
        }
        lexer.tokens
    }

    fn value(&mut self) {
        let value = self.values;
        self.values += 1;
        match &self.open {
            Some((region, _)) => self.tokens.enclosed.push((value, region.clone())),
            None => self.push(TokenKind::Value(value)),
        }
    }

    fn push(&mut self, kind: TokenKind) {
        self.tokens.bare.push(Token { kind, touches: !std::mem::take(&mut self.gap) });
    }

    fn literal(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match &self.open {
                Some((_, end)) => self.inside(rest, &end.clone()),
                None => self.outside(rest, first),
            };
            rest = rest.get(length.max(first.len_utf8())..).unwrap_or("");
        }
    }

    /// Goes on to the end of the region around; how many bytes that are.
    fn inside(&mut self, rest: &str, end: &str) -> usize {
        let Some(at) = rest.find(end) else { return rest.len() };
        // A doubled quote is one inside; reading it as an end and a new beginning comes to the same.
        self.open = None;
        self.gap = false;
        at + end.len()
    }

    /// Reads one token, or the beginning of a region; how many bytes that are.
    fn outside(&mut self, rest: &str, first: char) -> usize {
        if let Some((region, begin, end)) = region(rest) {
            if region == Region::Name {
                self.push(TokenKind::Word(String::new()));
            }
            self.open = Some((region, end));
            return begin;
        }
        if first.is_whitespace() {
            self.gap = true;
            return first.len_utf8();
        }
        if !is_word(first) {
            self.push(TokenKind::Sign(first));
            return first.len_utf8();
        }
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        self.push(TokenKind::Word(rest.get(..length).unwrap_or("").to_lowercase()));
        length
    }
}

/// The region that begins here: how long its beginning is, and what ends it.
fn region(rest: &str) -> Option<(Region, usize, String)> {
    let simple = [
        ("'", Region::Text, "'"),
        ("\"", Region::Name, "\""),
        ("`", Region::Name, "`"),
        ("--", Region::Comment, "\n"),
        ("/*", Region::Comment, "*/"),
    ];
    let found = simple.into_iter().find(|(begin, _, _)| rest.starts_with(begin));
    if let Some((begin, region, end)) = found {
        return Some((region, begin.len(), end.to_owned()));
    }
    // `$$ … $$` and `$tag$ … $tag$` of PostgreSQL.
    let tag = rest.strip_prefix('$')?;
    let length =
        tag.find(|character| !is_word(character)).filter(|length| tag.get(*length..).is_some_and(|end| end.starts_with('$')))?;
    let quote = rest.get(..length + 2)?;
    let is_tag = !tag.starts_with(|first: char| first.is_ascii_digit());
    is_tag.then(|| (Region::Text, quote.len(), quote.to_owned()))
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
