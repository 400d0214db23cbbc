//! What editors show of a text agrees with what the compiler reads in it.

mod neovim;
mod textmate;
mod tree_sitter;

use crate::examples::files;
use crate::language::programs;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
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
    let folders = ["examples", "tests/rehearsal"].map(|folder| files(&root().join(folder))).concat();
    let written = folders.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "wf"));
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).expect("a UTF-8 file"));
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn succeeds(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The texts as files, in their order.
fn written(texts: &BTreeMap<String, String>) -> (tempfile::TempDir, Vec<PathBuf>) {
    let place = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = (0..texts.len()).map(|number| place.path().join(format!("{number}.wf"))).collect();
    for (file, text) in files.iter().zip(texts.values()) {
        fs::write(file, text).expect("a file");
    }
    (place, files)
}

/// Looks whether what an editor says of the pieces of each text, by where they begin, fits what they are.
fn agree(texts: &BTreeMap<String, String>, told: impl Iterator<Item = HashMap<u64, String>>, fits: impl Fn(Class, &str) -> bool) {
    assert!(texts.len() > 350, "{}", texts.len());
    let mut looked_at = 0;
    for (said, (name, text)) in told.zip(texts) {
        for (start, class) in classes(text) {
            let said = said.get(&(start as u64)).map_or("", String::as_str);
            let rest: String = text.get(start..).unwrap_or_default().chars().take(20).collect();
            assert!(fits(class, said), "{name}: {class:?} is {said:?} at {rest:?}\n{text}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 10_000, "{looked_at}");
}
