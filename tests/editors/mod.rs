//! What editors show of a text agrees with what the compiler reads in it.

mod tree_sitter;

use crate::examples::files;
use crate::language::programs;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use wf_model::span::SourceId;
use wf_syntax::parse;
use wf_syntax::scan::{Entry, Part, Scan, TokenKind, scan};

/// Words that are never names.
const RESERVED: [&str; 11] = ["true", "false", "null", "and", "or", "not", "in", "as", "if", "then", "else"];

/// What a piece of text is to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Comment,
    Doc,
    Keyword,
    /// `true`, `false`, `null`
    Constant,
    Number,
    Text,
    Sign,
}

/// Every text that is written in the language as it should be: examples, workflows that are rehearsed, programs that prove the language.
fn texts() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["examples", "tests/rehearsal"].map(|folder| files(&root.join(folder))).concat();
    let written = folders.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "wf"));
    let read = |path: std::path::PathBuf| (path.display().to_string(), fs::read_to_string(&path).expect("a UTF-8 file"));
    let mut texts: BTreeMap<String, String> = written.map(read).collect();
    texts.extend(programs());
    texts.retain(|_, text| parse(SourceId(0), text).diagnostics.is_empty());
    texts
}

/// Where pieces of a text begin, and what they are; names are left out, because what they are called depends on where they stand.
fn classes(text: &str) -> Vec<(usize, Class)> {
    let Scan { tokens, entries, .. } = scan(SourceId(0), text);
    let mut first = Vec::new();
    entries.iter().for_each(|entry| first_words(entry, text, &mut first));
    let said: Vec<(usize, &str, TokenKind)> = tokens
        .iter()
        .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::LineBreak | TokenKind::Stray))
        .map(|token| (token.span.range().start, text.get(token.span.range()).expect("a token of the text"), token.kind))
        .collect();
    let class = |(place, (start, word, kind)): (usize, &(usize, &str, TokenKind))| {
        // A field may be called like any word.
        let is_field =
            place > 0 && matches!(said[place - 1].1, "." | "?.") || said.get(place + 1).is_some_and(|next| next.1 == ":");
        let class = match kind {
            TokenKind::Comment => Class::Comment,
            TokenKind::Doc => Class::Doc,
            TokenKind::Number => Class::Number,
            TokenKind::Text => Class::Text,
            // It may belong to the number before it.
            TokenKind::Sign if *word == "%" => return None,
            TokenKind::Sign => Class::Sign,
            TokenKind::Word if is_field => return None,
            TokenKind::Word => match *word {
                "true" | "false" | "null" => Class::Constant,
                word if RESERVED.contains(&word) || first.contains(start) => Class::Keyword,
                _ => return None,
            },
            TokenKind::Blank | TokenKind::LineBreak | TokenKind::Stray => return None,
        };
        Some((*start, class))
    };
    said.iter().enumerate().filter_map(class).collect()
}

/// Where the words stand that say what an entry is.
fn first_words(entry: &Entry, text: &str, found: &mut Vec<usize>) {
    for part in &entry.parts {
        match part {
            Part::Head(head) => {
                let head = head.span.range();
                let words = text.get(head.clone()).expect("a head of the text");
                let behind = words.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
                // `name: …` is an attribute, or a block with a name.
                if !behind.trim_start().starts_with(':') {
                    found.push(head.start);
                }
            }
            Part::Body(body) => body.entries.iter().for_each(|entry| first_words(entry, text, found)),
        }
    }
}
