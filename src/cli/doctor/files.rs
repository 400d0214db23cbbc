//! Workflow files, and what they lack here.

use crate::files::Disk;
use crate::machine::{self, Machine};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use wf_compiler::compile;
use wf_model::diagnostic::{Diagnostic, Level, Severity};
use wf_model::program::{Callee, Program};
use wf_model::source::Sources;
use wf_runtime::secrets::{Lookup, read};

/// How far below a directory files are looked for.
const DEEPEST: usize = 3;

/// More files than this are not looked at unless they are named.
const MOST: usize = 200;

/// What was found of one file.
#[derive(Debug, Serialize)]
pub(super) struct Examined {
    pub(super) file: String,
    /// Errors of `wfc check`.
    pub(super) errors: usize,
    /// The kinds of its steps.
    pub(super) kinds: Vec<String>,
    /// What it needs and this machine lacks.
    pub(super) lacks: Vec<Lacking>,
}

/// What a file needs and is not there.
#[derive(Debug, Serialize)]
pub(super) struct Lacking {
    pub(super) line: Option<u32>,
    pub(super) problem: String,
    pub(super) remedy: Option<String>,
}

impl Examined {
    /// Whether nothing keeps it from running here.
    pub(super) fn is_well(&self) -> bool {
        self.errors == 0 && self.lacks.is_empty()
    }
}

/// The workflow files in a directory and some levels below, in the order of their paths.
pub(super) fn around(folder: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![(folder.to_path_buf(), 0)]);
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let passed = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST && !passed => open.push((path, depth + 1)),
                Ok(kind) if !kind.is_dir() && path.extension().is_some_and(|extension| extension == "wf") && !passed => {
                    found.push(path.strip_prefix(".").unwrap_or(&path).display().to_string());
                }
                _ => {}
            }
        }
    }
    found.sort_unstable();
    found.truncate(MOST);
    found
}

/// Checks a file, and looks for what its steps need.
pub(super) fn examine(file: &str) -> Examined {
    let registry = wf_steps::registry();
    let compilation = compile(file, &Disk::default(), registry, Level::Standard);
    let is_error = |found: &&Diagnostic| found.severity(Level::Standard) == Some(Severity::Error);
    let errors = compilation.diagnostics.iter().filter(is_error).count();
    let Some(program) = compilation.program.filter(|_| errors == 0) else {
        return Examined { file: file.to_owned(), errors: errors.max(1), kinds: Vec::new(), lacks: Vec::new() };
    };
    let found = missing_secrets(&program).into_iter().chain(machine::check(&program, registry, &Machine::this()));
    let mut lacks: Vec<Lacking> = found.map(|found| lacking(found, &compilation.sources)).collect();
    lacks.sort_by_key(|lacking| lacking.line);
    Examined { file: file.to_owned(), errors, kinds: kinds(&program), lacks }
}

/// Secrets without a value; programs that would give one are not started.
fn missing_secrets(program: &Program) -> Vec<Diagnostic> {
    let lookup = Lookup { variable: &|name: &str| std::env::var_os(name), command: &|_, _| Ok(b"not asked".to_vec()) };
    program.workflows.iter().filter_map(|(_, workflow)| read(workflow, lookup).err()).flatten().collect()
}

fn lacking(found: Diagnostic, sources: &Sources) -> Lacking {
    let span = found.primary.span;
    let line = sources.get(span.source).map(|source| source.position(span.start).line);
    Lacking { line, problem: found.message, remedy: found.help }
}

fn kinds(program: &Program) -> Vec<String> {
    let steps = program.workflows.iter().flat_map(|(_, workflow)| workflow.statements.iter());
    let steps = steps.filter_map(|(_, statement)| statement.kind.step());
    let kinds = steps.filter_map(|step| match &step.invocation.callee {
        Callee::Kind(kind) => Some(kind.to_string()),
        Callee::Workflow(_) => None,
    });
    kinds.collect::<BTreeSet<_>>().into_iter().collect()
}
