//! The TextMate grammar says of every text what the compiler reads in it, by the library that VS Code colours with.

use super::{Class, agree, root, succeeds, texts, written};
use serde_json::Value;
use std::collections::HashMap;
use std::process::Command;

/// What is said of the bytes that begin at places.
fn scopes(line: &str) -> HashMap<u64, String> {
    let told: Value = serde_json::from_str(line).expect("JSON");
    let pieces = told["pieces"].as_array().expect("a list");
    // A piece goes on over what begins inside it and is not told apart.
    let bytes = |piece: &Value| {
        let scopes = piece[2].as_str().expect("names").to_owned();
        let (from, to) = (piece[0].as_u64().expect("an offset"), piece[1].as_u64().expect("an offset"));
        (from..to.max(from + 1)).map(move |place| (place, scopes.clone())).collect::<Vec<_>>()
    };
    pieces.iter().flat_map(bytes).collect()
}

fn fits(class: Class, scopes: &str) -> bool {
    let last = scopes.rsplit(' ').next().unwrap_or_default();
    match class {
        Class::Comment => last.starts_with("comment.line.number-sign"),
        Class::Doc => last.starts_with("comment.line.documentation"),
        Class::Keyword => last.starts_with("keyword"),
        Class::Constant => last.starts_with("constant.language"),
        Class::Number => last.starts_with("constant.numeric"),
        Class::Text => scopes.contains("string.quoted"),
        Class::Sign => last.starts_with("keyword.operator") || last.starts_with("punctuation"),
    }
}

#[test]
fn textmate_reads_every_text_as_the_compiler_does() {
    let texts = texts();
    let (_place, files) = written(&texts);
    let folder = root().join("tests/editors/textmate");
    assert!(folder.join("node_modules").exists(), "{} lacks its packages: run tests/setup", folder.display());
    let mut command = Command::new(root().join("target/editors/bin/node"));
    command.arg(folder.join("scopes.js")).arg(root().join("editors/vscode/syntaxes/wf.tmLanguage.json")).args(files);
    let told = String::from_utf8(succeeds(&mut command)).expect("UTF-8");
    assert_eq!(told.lines().count(), texts.len());
    agree(&texts, told.lines().map(scopes), fits);
}
