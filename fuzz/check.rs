//! Compiling always ends with a program or with diagnostics that point into the texts.

use crate::spans;
use wf_compiler::{Compilation, FileProblem, Files};
use wf_model::diagnostic::Level;
use wf_model::program::Program;

/// Compiles a text, and stores the program and loads it where there is one.
pub fn check(text: &str) {
    let Compilation { sources, program, tests: _, diagnostics } = compile(text);
    spans::lie_inside(&diagnostics, |span| sources.get(span.source).map(|source| &*source.text));
    match program {
        Some(program) => loads_as_stored(&program),
        None => assert!(!diagnostics.is_empty(), "neither a program nor a word why"),
    }
}

/// Compiles a text as the file `main.wf`, beside which others stand.
pub(crate) fn compile(text: &str) -> Compilation {
    wf_compiler::compile("main.wf", &Beside(text), wf_steps::registry(), Level::Basic)
}

fn loads_as_stored(program: &Program) {
    let stored = serde_json::to_string(program).unwrap_or_else(|error| panic!("not stored: {error}"));
    let loaded = Program::from_json(&stored).unwrap_or_else(|error| panic!("not loaded: {error}\n{stored}"));
    assert!(loaded == *program, "loaded as another program: {stored}");
}

/// What every text finds beside itself.
const LIBRARY: &str = "let region = \"eu\"\ntype Build = { tag: string }\nworkflow build {\n  param tag: string = region\n  \
    step make: shell \"make\" -> string { reads only }\n  output made: string = make\n}\n";

struct Beside<'a>(&'a str);

impl Files for Beside<'_> {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        match path {
            "/fuzz/main.wf" => Ok(self.0.to_owned()),
            "/fuzz/lib.wf" => Ok(LIBRARY.to_owned()),
            _ => Err(FileProblem { message: "there is no such file".to_owned(), help: "Write it.".to_owned() }),
        }
    }

    fn resolve(&self, _: &str, path: &str) -> String {
        format!("/fuzz/{}", path.trim_start_matches("./"))
    }
}
