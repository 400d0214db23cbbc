//! Reading of the pages.

use std::fs;
use std::path::Path;

/// A page of the folder.
pub(super) struct Page {
    pub(super) name: String,
    /// The sections it proves, as its first lines name them.
    pub(super) proves: String,
    pub(super) cases: Vec<Case>,
}

/// A file with what holds of it.
pub(super) struct Case {
    /// Where it begins in its page, for the report.
    pub(super) line: usize,
    /// Names and texts; `main.wf` first.
    pub(super) files: Vec<(String, String)>,
    pub(super) expectations: Vec<Expectation>,
}

/// Something that holds of a file.
pub(super) enum Expectation {
    Diagnostics { level: String, text: String },
    Run { arguments: String, text: String },
    Test(String),
    Stderr(String),
    Formatted(String),
}

struct Block {
    line: usize,
    info: String,
    text: String,
}

/// All pages, sorted by name.
pub(super) fn pages() -> Vec<Page> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let entries = fs::read_dir(folder).expect("the folder of the pages");
    let paths = entries.map(|entry| entry.expect("an entry of the checkout").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    paths.sort();
    paths.iter().map(|path| page(path)).collect()
}

fn page(path: &Path) -> Page {
    let text = fs::read_to_string(path).expect("a UTF-8 page");
    let name = path.file_name().expect("a file name").to_string_lossy().into_owned();
    let proves = text.lines().find_map(|line| line.strip_prefix("Proves: ")).unwrap_or_else(|| panic!("{name} proves nothing"));
    Page { proves: format!("{proves}, "), cases: cases(&name, &text), name }
}

fn cases(name: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for Block { line, info, text } in blocks(text) {
        let (kind, rest) = info.split_once(' ').unwrap_or((info.as_str(), ""));
        if info == "wf" {
            cases.push(Case { line, files: vec![("main.wf".to_owned(), text)], expectations: Vec::new() });
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("{name}:{line}: a block before the first `wf` block"));
        let rest = rest.to_owned();
        match kind {
            "wf" | "file" => case.files.push((rest, text)),
            "diagnostics" => {
                let level = if rest.is_empty() { "standard".to_owned() } else { rest };
                case.expectations.push(Expectation::Diagnostics { level, text });
            }
            "run" => case.expectations.push(Expectation::Run { arguments: rest, text }),
            "test" => case.expectations.push(Expectation::Test(text)),
            "stderr" => case.expectations.push(Expectation::Stderr(text)),
            "formatted" => case.expectations.push(Expectation::Formatted(text)),
            _ => panic!("{name}:{line}: no block is called {kind:?}"),
        }
    }
    cases
}

/// The fenced blocks of a page; a fence of four ticks holds what has three.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let ticks = line.chars().take_while(|character| *character == '`').count();
        if ticks < 3 {
            continue;
        }
        let fence = "`".repeat(ticks);
        let body: Vec<&str> = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != fence).collect();
        let text = body.iter().map(|line| format!("{line}\n")).collect();
        blocks.push(Block { line: number, info: line.trim_start_matches('`').trim().to_owned(), text });
    }
    blocks
}
