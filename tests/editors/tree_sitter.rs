//! The tree-sitter grammar reads what the compiler reads, and its queries say the same of it, in a real Neovim.

use super::{Class, agree, root, succeeds, texts, written};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Neovim, where `tests/setup` installed it.
pub(super) fn neovim() -> PathBuf {
    let path = root().join("target/editors/bin/nvim");
    assert!(path.exists(), "{} is not there: run tests/setup", path.display());
    path
}

/// A copy of the grammar and of the package for Neovim, with its parser built.
pub(super) fn package() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for folder in ["grammar", "editors"] {
        succeeds(Command::new("cp").arg("-r").arg(root().join(folder)).arg(copy.path()));
    }
    // One that was built here before may be of another grammar.
    let _ = fs::remove_dir_all(copy.path().join("editors/neovim/parser"));
    succeeds(Command::new("make").current_dir(copy.path().join("editors/neovim")));
    copy
}

/// What the queries say last of the bytes that begin at places; `None` where they say nothing.
fn captures(told: &Value) -> HashMap<u64, String> {
    let mut found: HashMap<u64, (u64, String)> = HashMap::new();
    for capture in told["captures"].as_array().expect("a list") {
        let place = |index: usize| capture[index].as_u64().expect("an offset");
        let (from, to, name) = (place(0), place(1), capture[2].as_str().expect("a name"));
        if name == "spell" || name == "none" || name.starts_with('_') {
            continue;
        }
        // What is inside says more than what is around it, and of the same piece the last word counts.
        let before = found.get(&from);
        if before.is_none_or(|(end, _)| to <= *end) {
            found.insert(from, (to, name.to_owned()));
        }
    }
    found.into_iter().map(|(from, (_, name))| (from, name)).collect()
}

fn fits(class: Class, name: &str) -> bool {
    match class {
        Class::Comment => name == "comment",
        Class::Doc => name == "comment.documentation",
        Class::Keyword => name.starts_with("keyword"),
        Class::Constant => name == "boolean" || name == "constant.builtin",
        Class::Number => name.starts_with("number"),
        Class::Text => name == "string" || name == "property",
        Class::Sign => name == "operator" || name.starts_with("punctuation"),
    }
}

#[test]
fn neovim_reads_every_text_as_the_compiler_does() {
    let (package, texts) = (package(), texts());
    assert!(texts.len() > 350, "{}", texts.len());
    let (_place, files) = written(&texts);
    let mut command = Command::new(neovim());
    command.arg("-l").arg(root().join("tests/editors/captures.lua")).arg(package.path().join("editors/neovim")).args(&files);
    let told = String::from_utf8(succeeds(&mut command)).expect("UTF-8");
    assert_eq!(told.lines().count(), texts.len());
    let told = told.lines().zip(&texts).map(|(line, (name, text))| {
        let told: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(told["broken"], false, "{name}\n{text}");
        captures(&told)
    });
    agree(&texts, told, fits);
}

#[test]
fn the_parser_is_that_of_the_grammar() {
    let copy = tempfile::tempdir().expect("a folder");
    let grammar = root().join("grammar/tree-sitter");
    succeeds(Command::new("cp").arg("-r").arg(&grammar).arg(copy.path()));
    let made = copy.path().join("tree-sitter");
    succeeds(Command::new("tree-sitter").args(["generate", "--abi", "14"]).current_dir(&made));
    let read = |folder: &Path| fs::read(folder.join("src/parser.c")).expect("a file");
    assert!(read(&made) == read(&grammar), "grammar/tree-sitter/src/parser.c is old: tree-sitter generate --abi 14");
}
