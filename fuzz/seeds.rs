//! Where a search begins: the files of the project, and the words of the grammar.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the fuzz targets use.
const GRAMMAR: &str = include_str!("../grammar/wf.pest");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below `folder` whose names end with `.` and `extension`, in the order of their paths.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort_unstable();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found
}

fn read_all(folder: &str, extension: &str) -> Vec<String> {
    files(&root().join(folder), extension).into_iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// The `.wf` files of the project, and the examples in the pages of all diagnostics.
#[must_use]
pub fn texts() -> Vec<String> {
    let mut texts: Vec<String> = ["examples", "tests/data", "src"].iter().flat_map(|folder| read_all(folder, "wf")).collect();
    for page in read_all("docs/diagnostics", "md") {
        let blocks = page.split("```wf\n").skip(1).filter_map(|behind| behind.split("```").next());
        texts.extend(blocks.map(str::to_owned));
    }
    texts
}

/// Texts for which a property once did not hold.
#[must_use]
pub fn findings(target: &str) -> Vec<String> {
    read_all(&format!("fuzz/findings/{target}"), "txt")
}

/// The words and signs of the grammar, and what shells know.
#[must_use]
pub fn dictionary() -> BTreeSet<String> {
    let code = GRAMMAR.lines().filter(|line| !line.starts_with("//"));
    let mut words: BTreeSet<String> = code.flat_map(literals).collect();
    words.extend(SHELL.iter().map(|&word| word.to_owned()));
    words
}

/// The `"…"` of a line of the grammar, escapes resolved.
fn literals(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = line.chars();
    while characters.by_ref().any(|c| c == '"') {
        let mut literal = String::new();
        while let Some(character) = characters.next().filter(|c| *c != '"') {
            match (character, character == '\\') {
                (_, true) => literal.extend(characters.next().map(|escaped| if escaped == 'n' { '\n' } else { escaped })),
                (plain, false) => literal.push(plain),
            }
        }
        found.push(literal);
    }
    found.retain(|literal| !literal.is_empty());
    found
}

/// Words and signs of shell text, and names of kinds, functions and methods that the grammar does not know.
const SHELL: [&str; 60] = [
    "$(",
    "$((",
    "((",
    "))",
    "`",
    "<<",
    "<<-",
    "<<EOF\n",
    "\nEOF\n",
    "<<'EOF'\n",
    ">&2",
    ">>",
    "<(",
    "$'",
    "${#",
    "${!",
    ":-",
    "&&",
    "||",
    ";;",
    ";",
    "|",
    "\\",
    "\\\n",
    "[[",
    "]]",
    "=~",
    "case ",
    " in ",
    "esac",
    "for ",
    "do ",
    "done",
    "if ",
    "then ",
    "fi",
    "eval ",
    "sh -c ",
    "awk ",
    "sed ",
    "python3 -c ",
    "xargs ",
    "ssh ",
    "\u{1}",
    "\u{2}",
    "\u{3}",
    "shell ",
    "string",
    "int",
    "workflow main {\n",
    "step a: ",
    "reads only",
    ".length",
    ".join(",
    "env(",
    "read(",
    "glob(",
    "now(",
    "raw(",
    "\n",
];
