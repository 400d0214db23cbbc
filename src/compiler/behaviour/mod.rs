//! Whole files, and all that is said of them.

mod blocks;
mod clauses;
mod declarations;
mod files;
mod handlers;
mod names;
mod programs;
mod rehearsals;
mod steps;
mod triggers;

use crate::compile::{Compilation, compile};
use crate::files::{FileProblem, Files};
use foldhash::HashMap;
use wf_model::diagnostic::Level;
use wf_model::program::Program;

/// Files by absolute path, all in `/work`.
struct Memory(HashMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<String, FileProblem> {
        let missing = || FileProblem { message: format!("there is no file `{path}`"), help: "Look at the path.".to_owned() };
        self.0.get(path).cloned().ok_or_else(missing)
    }

    fn resolve(&self, folder: &str, path: &str) -> String {
        let folder = if folder.is_empty() { "/work" } else { folder };
        format!("{folder}/{}", path.trim_start_matches("./"))
    }
}

/// Compiles `main.wf` of these files.
pub(crate) fn compiled(files: &[(&str, &str)]) -> Compilation {
    let files = files.iter().map(|(name, text)| (format!("/work/{name}"), (*text).to_owned())).collect();
    compile("main.wf", &Memory(files), wf_steps::registry(), Level::Standard)
}

/// What is shown of these files: slugs with the text that each points at.
fn said_of(files: &[(&str, &str)]) -> Vec<String> {
    let Compilation { sources, diagnostics, .. } = compiled(files);
    let shown = diagnostics.iter().filter(|found| found.severity(Level::Standard).is_some());
    shown.map(|found| format!("{} @ {}", found.slug, sources.slice(found.primary.span))).collect()
}

/// What is shown of a workflow with this body.
fn said(body: &str) -> Vec<String> {
    said_of(&[("main.wf", &format!("workflow main {{\n{body}\n}}\n"))])
}

/// The program of a workflow with this body, which has to check.
fn program(body: &str) -> Program {
    let text = format!("workflow main {{\n{body}\n}}\n");
    let Compilation { program, diagnostics, .. } = compiled(&[("main.wf", &text)]);
    program.unwrap_or_else(|| panic!("{text}\n{diagnostics:#?}"))
}

const NOTHING: [&str; 0] = [];
